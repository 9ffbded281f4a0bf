"""Mail of strangers in the browser: who is it?"""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from regulars.base.mail.models import IncomingMail, Mailbox
from regulars.facts.models import Account, Interaction

State = IncomingMail.State


def waiting(sender: str = "bob@acme.example", **said: Any) -> IncomingMail:
    mailbox, _new = Mailbox.objects.get_or_create(address="post@mail.example/INBOX")
    number = IncomingMail.objects.count() + 1
    fields = {"subject": "Question", "text": "<b>When?</b>", "written_at": timezone.now(), "state": State.WAITING}
    return IncomingMail.objects.create(
        mailbox=mailbox, number=number, message_id=f"<{number}@x>", sender_address=sender, **{**fields, **said}
    )


def shown(browser: Client, query: str = "") -> str:
    return browser.get(f"/settings/inbox/{query}").content.decode()


def test_without_a_mailbox_it_says_how_to_have_one(browser: Client) -> None:
    page = shown(browser)
    assert "REGULARS_MAILBOX_URL" in page
    assert "Every sender is known" in page


def test_a_mailbox_that_cannot_be_opened_is_named_without_its_password(browser: Client, settings: Settings) -> None:
    settings.MAILBOX_URL = "imaps://post:geheim@mail.example/INBOX"
    Mailbox.objects.create(address="post@mail.example/INBOX", problem="Authentication failed", looked_at=timezone.now())
    page = shown(browser)
    assert "Authentication failed" in page
    assert "post@mail.example/INBOX" in page
    assert "geheim" not in page


def test_somebody_says_who_it_is(browser: Client, owner: Any) -> None:
    account = Account.objects.create(name="Acme", external_id="C-7", owner=owner)
    mail = waiting(files=[{"name": "plan.pdf", "bytes": 2000}])
    page = shown(browser)
    assert "&lt;b&gt;When?" in page
    assert "plan.pdf" in page
    done = browser.post(f"/settings/inbox/{mail.uid}/assign/", {"account": "C-7"}, follow=True).content.decode()
    assert "The mail stands with Acme" in done
    assert "Every sender is known" in done
    assert Interaction.objects.get().account == account
    assert f'href="/accounts/{account.uid}/"' in shown(browser, "?state=taken")


@pytest.mark.parametrize("named", ["", "Nowhere Ltd"])
def test_an_account_that_there_is_not_changes_nothing(browser: Client, named: str) -> None:
    mail = waiting()
    browser.post(f"/settings/inbox/{mail.uid}/assign/", {"account": named})
    mail.refresh_from_db()
    assert mail.state == State.WAITING


def test_what_is_nobodys_is_left_aside_and_taken_back(browser: Client) -> None:
    mail = waiting()
    done = browser.post(f"/settings/inbox/{mail.uid}/ignore/", follow=True).content.decode()
    assert "The mail is left aside." in done
    assert f'action="/settings/inbox/{mail.uid}/restore/"' in shown(browser, "?state=ignored")
    browser.post(f"/settings/inbox/{mail.uid}/restore/")
    assert "Question" in shown(browser)


def test_the_number_of_queries_does_not_grow_with_mails(browser: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(20):
        waiting(f"n{number}@x.example")
    with django_assert_max_num_queries(9):
        shown(browser)
