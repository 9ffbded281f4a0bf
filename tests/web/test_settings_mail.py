"""The outbox in the browser: what went, what did not, and what to do where nobody knows."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail as django_mail
from django.test import Client

from regulars.base.mail.composing import Attachment
from regulars.base.mail.models import OutgoingMail
from regulars.base.mail.outbox import send_mail
from regulars.base.mail.sending import send_due
from regulars.facts.models import Account

State = OutgoingMail.State


def queued(to: str = "ada@customer.example", **said: Any) -> OutgoingMail:
    return send_mail(to=to, **{"subject": "Your review", "text": "Dear Ada,\n\n<b>hello</b>", **said})


def shown(browser: Client, where: str = "/settings/mail/") -> str:
    return browser.get(where).content.decode()


def in_state(mail: OutgoingMail, state: str, error: str = "") -> OutgoingMail:
    OutgoingMail.objects.filter(pk=mail.pk).update(state=state, error=error)
    return mail


def test_an_empty_outbox_says_what_will_be_here(browser: Client) -> None:
    assert "No mail was sent yet" in shown(browser)


def test_mails_are_found_by_recipient_subject_and_state(browser: Client) -> None:
    queued()
    in_state(queued("bob@customer.example", subject="Price list"), State.FAILED)
    page = shown(browser)
    assert "Your review" in page
    assert "Price list" in page
    assert "Your review" not in shown(browser, "/settings/mail/?state=failed")
    assert "Price list" not in shown(browser, "/settings/mail/?q=ADA@")
    assert "Price list" in shown(browser, "/settings/mail/?q=price&state=failed")
    assert "No mail fits" in shown(browser, "/settings/mail/?q=nobody")


def test_one_mail_shows_what_it_says_and_never_as_markup(browser: Client) -> None:
    account = Account.objects.create(name="Acme")
    mail = queued(account_id=account.pk)
    page = shown(browser, f"/settings/mail/{mail.uid}/")
    assert "&lt;b&gt;hello" in page
    assert f'href="/accounts/{account.uid}/"' in page
    assert "Muster Druck" in page


def test_a_file_is_handed_over_to_keep(browser: Client) -> None:
    mail = queued(attachments=[Attachment(name="a.html", content_type="text/html", content=b"<script>")])
    page = shown(browser, f"/settings/mail/{mail.uid}/")
    where = f"/settings/mail/{mail.uid}/file/{mail.attachments.get().pk}/"
    assert where in page
    answer: Any = browser.get(where)
    assert answer.content == b"<script>"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert browser.get(f"/settings/mail/{queued().uid}/file/{mail.attachments.get().pk}/").status_code == 404


def test_a_mail_that_waits_is_stopped_and_sent_after_all(browser: Client) -> None:
    mail = queued()
    stopped = browser.post(f"/settings/mail/{mail.uid}/cancel/", follow=True).content.decode()
    assert "The mail is not sent." in stopped
    assert f'action="/settings/mail/{mail.uid}/resend/"' in stopped
    assert send_due() == 0
    browser.post(f"/settings/mail/{mail.uid}/resend/")
    assert send_due() == 1
    assert [one.subject for one in django_mail.outbox] == ["Your review"]
    late = browser.post(f"/settings/mail/{mail.uid}/cancel/", follow=True).content.decode()
    assert "This cannot be done: the mail is now “sent”." in late


def test_of_a_mail_in_doubt_a_person_decides(browser: Client) -> None:
    mail = in_state(queued(), State.UNKNOWN, "Regulars was stopped.")
    assert "Of 1 mail nobody knows" in shown(browser)
    page = shown(browser, f"/settings/mail/{mail.uid}/")
    assert "Regulars was stopped." in page
    assert "It was sent" in page
    assert "Send again" in page
    browser.post(f"/settings/mail/{mail.uid}/confirm/")
    mail.refresh_from_db()
    assert mail.state == State.SENT
    assert "nobody knows" not in shown(browser)


@pytest.mark.parametrize("state", State)
def test_only_what_can_be_done_is_offered(state: str, browser: Client) -> None:
    mail = in_state(queued(), state)
    page = shown(browser, f"/settings/mail/{mail.uid}/")
    offered = {verb for verb in ("resend", "cancel", "confirm") if f"/settings/mail/{mail.uid}/{verb}/" in page}
    wanted = {
        State.QUEUED: {"cancel"},
        State.UNKNOWN: {"confirm", "resend"},
        State.FAILED: {"resend"},
        State.CANCELLED: {"resend"},
    }
    assert offered == wanted.get(State(state), set())


def test_the_number_of_queries_does_not_grow_with_mails(browser: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        queued(subject=f"Mail {number}")
    with django_assert_max_num_queries(8):
        shown(browser)
