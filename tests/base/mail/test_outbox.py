"""What a mail is made of, what is refused, and who may see and move it."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from mail_receiver import MailReceiver
from regulars.base.audit import history_of
from regulars.base.mail.at_once import send_at_once
from regulars.base.mail.composing import Attachment, paragraphs
from regulars.base.mail.models import OutgoingMail
from regulars.base.mail.outbox import (
    MOST_ATTACHED_BYTES,
    MailWentOn,
    NoSuchMail,
    WrongMail,
    cancel_mail,
    confirm_mail,
    doubt_waiting,
    mails_about,
    resend_mail,
    send_mail,
    visible_mails,
)
from regulars.base.mail.sending import send_due
from regulars.base.models import Member

State = OutgoingMail.State
CALENDAR = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


def arrived(receiver: MailReceiver, **said: Any) -> EmailMessage:
    send_mail(**{"to": "ada@customer.example", "subject": "Review", "text": "Hello", **said})
    send_due()
    return receiver.taken[-1]


def content(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body(preferencelist=(kind,))
    assert body is not None
    return str(body.get_content())


def test_every_mail_has_a_text_and_the_same_as_html(organisation: Any, receiver: MailReceiver) -> None:
    mail = arrived(receiver, text="Dear Ada,\n\n5 < 7, see https://muster.example/a?b=1&c=2\nYours")
    assert content(mail, "plain").strip().endswith("Yours")
    page = content(mail, "html")
    assert "<p>Dear Ada,</p>" in page
    assert "5 &lt; 7" in page
    assert 'href="https://muster.example/a?b=1&amp;c=2"' in page
    assert '<html lang="en" dir="ltr">' in page


def test_a_mail_in_urdu_is_written_from_right_to_left(organisation: Any, receiver: MailReceiver) -> None:
    page = content(arrived(receiver, subject="جائزہ", text="السلام علیکم", language="ur"), "html")
    assert '<html lang="ur" dir="rtl">' in page
    assert "السلام علیکم" in page
    assert receiver.taken[0]["Subject"] == "جائزہ"


def test_it_comes_from_the_firm_or_from_one_of_its_people_with_the_address_of_the_firm(
    organisation: Any, receiver: MailReceiver, settings: Any
) -> None:
    assert arrived(receiver)["From"] == "Muster Druck <office@muster.example>"
    mail = arrived(receiver, sender_name="Olga Owner", reply_to=["olga@muster.example"])
    assert mail["From"] == '"Olga Owner, Muster Druck" <office@muster.example>'
    assert mail["Reply-To"] == "olga@muster.example"
    settings.DEFAULT_FROM_EMAIL = "Muster Service <service@muster.example>"
    assert arrived(receiver)["From"] == "Muster Service <service@muster.example>"


def test_machines_are_told_that_nobody_wrote_it_by_hand(organisation: Any, receiver: MailReceiver) -> None:
    assert arrived(receiver)["Auto-Submitted"] == "auto-generated"
    assert arrived(receiver, automatic=False)["Auto-Submitted"] is None


def test_mail_to_many_can_be_ended_with_one_click(organisation: Any, receiver: MailReceiver) -> None:
    mail = arrived(receiver, unsubscribe="https://muster.example/stop/7")
    assert mail["List-Unsubscribe"] == "<https://muster.example/stop/7>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    with pytest.raises(WrongMail):
        arrived(receiver, unsubscribe="https://muster.example/>\r\nBcc: all@muster.example")


def test_files_arrive_as_they_were(organisation: Any, receiver: MailReceiver) -> None:
    files = [
        Attachment(name="review.ics", content_type="text/calendar", content=CALENDAR),
        Attachment(name="प्रस्ताव.pdf", content_type="application/pdf", content=b"%PDF\x00\xff"),
    ]
    calendar, pdf = arrived(receiver, attachments=files).iter_attachments()
    assert (calendar.get_filename(), calendar.get_content_type()) == ("review.ics", "text/calendar")
    assert calendar.get_payload(decode=True).replace(b"\r\n", b"\n") == CALENDAR.replace(b"\r\n", b"\n")  # type: ignore[union-attr]
    assert (pdf.get_filename(), pdf.get_content()) == ("प्रस्ताव.pdf", b"%PDF\x00\xff")


def test_nothing_can_be_smuggled_into_the_headers(organisation: Any, receiver: MailReceiver) -> None:
    evil = "x\r\nBcc: all@muster.example"
    mail = arrived(receiver, subject=f"Review {evil}", name=f"Ada {evil}", sender_name=f"Olga {evil}")
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Review x Bcc: all@muster.example"
    for wrong in ({"to": f"ada@customer.example{evil}"}, {"reply_to": [evil]}, {"to": "nobody"}, {"subject": " \n"}):
        with pytest.raises(WrongMail):
            arrived(receiver, **wrong)
    file = Attachment(name=evil, content_type="application/pdf", content=b"x")
    assert [one["Bcc"] for one in arrived(receiver, attachments=[file]).walk()] == [None] * 5


def test_files_that_no_server_would_take_are_refused(organisation: Any) -> None:
    file = Attachment(name="big.pdf", content_type="application/pdf", content=b"0" * (MOST_ATTACHED_BYTES + 1))
    with pytest.raises(WrongMail, match="too large"):
        send_mail(to="ada@customer.example", subject="Big", text="", attachments=[file])
    assert not OutgoingMail.objects.exists()


@given(st.text())
def test_no_text_becomes_markup(text: str) -> None:
    shown = paragraphs(text)
    for tag in ("<p>", "</p>", "<br>"):
        shown = shown.replace(tag, "")  # type: ignore[assignment]
    assert "<script" not in shown.lower()


def test_what_carries_a_key_is_not_kept_but_is_a_mail_like_all(organisation: Any, receiver: MailReceiver) -> None:
    with translation.override("ur"):
        send_at_once(to="ada@customer.example", subject="Key", text="https://muster.example/invitation/abc/")
    (mail,) = receiver.taken
    assert 'dir="rtl"' in content(mail, "html")
    assert (mail["Auto-Submitted"], mail["From"]) == ("auto-generated", "Muster Druck <office@muster.example>")
    assert not OutgoingMail.objects.exists()


# Who may see it, and move it


@pytest.fixture
def seller(organisation: Any) -> Member:
    return Member.objects.create(email="s@firm.example", name="Sam", role=Member.Role.ACCOUNT_MANAGER)


def queued(**said: Any) -> OutgoingMail:
    return send_mail(**{"to": "ada@customer.example", "subject": "Review", "text": "Hello", **said})


def test_one_sees_what_one_asked_for_and_who_configures_sees_all(owner: Member, seller: Member) -> None:
    own, other = queued(member=seller), queued()
    assert list(visible_mails(seller)) == [own]
    assert list(visible_mails(owner)) == [other, own]
    with pytest.raises(NoSuchMail):
        cancel_mail(mail=other, member=seller)
    cancel_mail(mail=own, member=seller)
    assert [entry.verb for entry in history_of(own)] == ["cancel_mail", "send_mail"]
    seller.is_active = False
    assert not visible_mails(seller)


def test_a_mail_is_found_by_what_it_is_about(owner: Member, seller: Member) -> None:
    mail = queued(about=seller)
    queued()
    assert list(mails_about(seller)) == [mail]


@pytest.mark.parametrize("state", State)
def test_only_what_may_be_done_in_a_state_is_done(state: str, owner: Member) -> None:
    allowed = {
        cancel_mail: {State.QUEUED},
        confirm_mail: {State.UNKNOWN},
        resend_mail: {State.FAILED, State.UNKNOWN, State.CANCELLED},
    }
    for verb, states in allowed.items():
        mail = queued()
        OutgoingMail.objects.filter(pk=mail.pk).update(state=state)
        if state in states:
            verb(mail=mail, member=owner)
            continue
        with pytest.raises(MailWentOn):
            verb(mail=mail, member=owner)
        mail.refresh_from_db()
        assert mail.state == state


def test_what_waited_in_a_backup_is_not_sent_before_somebody_looked(organisation: Any, receiver: MailReceiver) -> None:
    mail = queued()
    assert doubt_waiting("It may have been sent since.") == 1
    assert send_due() == 0
    mail.refresh_from_db()
    assert (mail.state, mail.error) == (State.UNKNOWN, "It may have been sent since.")
