"""A real mailbox is looked into: each mail is taken once, nothing is changed there, machines are not answered."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from conftest import missing
from mail_box import MailBox, NoDovecot, dovecot
from regulars.base.mail.inbox import configured_place, is_needed, look, look_into_mailbox
from regulars.base.mail.models import IncomingMail, Mailbox
from regulars.base.mail.outbox import send_mail

State = IncomingMail.State


@pytest.fixture(scope="module")
def server() -> Iterator[MailBox]:
    # Not below pytest's own folder, which every other run of pytest closes to the user that opens the mails.
    with tempfile.TemporaryDirectory(prefix="regulars-dovecot-", ignore_cleanup_errors=True) as folder:
        try:
            with dovecot(Path(folder)) as box:
                yield box
        except NoDovecot as absent:
            missing(str(absent))


@pytest.fixture
def box(server: MailBox, organisation: Any, settings: Settings) -> MailBox:
    settings.MAILBOX_URL = server.url
    settings.DEFAULT_FROM_EMAIL = "office@muster.example"
    server.renew()
    return server


def mail(subject: str = "Question", *, number: int = 1, extra: str = "", body: str = "When do you deliver?") -> bytes:
    head = f"From: Ada Ace <Ada@customer.example>\r\nTo: office@muster.example\r\nSubject: {subject}\r\n"
    dated = f"Date: Wed, 04 Mar 2026 10:00:00 +0100\r\nMessage-ID: <{number}@customer.example>\r\n"
    return f"{head}{dated}{extra}\r\n{body}\r\n".encode()


def look_again() -> int:
    place = configured_place()
    assert place is not None
    return look(place)


def test_a_mail_is_taken_once_and_stays_unread(box: MailBox) -> None:
    box.put(mail())
    assert look_again() == 1
    assert look_again() == 0
    taken = IncomingMail.objects.get()
    assert (taken.sender_address, taken.sender_name) == ("ada@customer.example", "Ada Ace")
    assert (taken.subject, taken.text) == ("Question", "When do you deliver?")
    assert (taken.state, taken.written_at.isoformat()) == (State.NEW, "2026-03-04T09:00:00+00:00")
    assert box.unread() == 1


def test_what_comes_later_is_taken_later_and_the_rest_not_again(box: MailBox) -> None:
    box.put(mail(number=1))
    assert look_again() == 1
    box.put(mail(number=2))
    box.put(mail(number=3))
    assert look_again() == 2
    assert Mailbox.objects.get().last_number == 3


def test_a_mailbox_that_numbers_anew_brings_no_mail_twice(box: MailBox) -> None:
    for number in (1, 2):
        box.put(mail(number=number))
    look_again()
    before = Mailbox.objects.get().uid_validity
    box.renew()
    box.put(mail(number=2))
    box.put(mail(number=3))
    assert look_again() == 1
    assert Mailbox.objects.get().uid_validity != before
    assert IncomingMail.objects.count() == 3


@pytest.mark.parametrize(
    "extra",
    ["Auto-Submitted: auto-replied\r\n", "Precedence: bulk\r\n", "List-Id: <x.example>\r\n", "Return-Path: <>\r\n"],
)
def test_mail_of_machines_is_left_aside_without_its_text(box: MailBox, extra: str) -> None:
    box.put(mail(extra=extra))
    look_again()
    taken = IncomingMail.objects.get()
    assert (taken.state, taken.text) == (State.IGNORED, "")
    assert taken.reason


def test_our_own_mail_and_that_of_colleagues_is_no_customers(box: MailBox, owner: Any) -> None:
    for number, sender in enumerate(("office@muster.example", owner.email.upper())):
        box.put(mail(number=number).replace(b"Ada@customer.example", sender.encode()))
    look_again()
    assert [one.state for one in IncomingMail.objects.all()] == [State.IGNORED] * 2


def test_it_is_told_whether_a_mail_is_about_a_problem_and_what_it_answers(box: MailBox, organisation: Any) -> None:
    organisation.service_address = "Office@muster.example"
    organisation.save()
    letter = send_mail(to="ada@customer.example", subject="Your lamp", text="It comes back today.")
    box.put(mail(number=1))
    box.put(mail(number=2, extra=f"In-Reply-To: {letter.message_id}\r\n").replace(b"To: office@", b"To: olga@"))
    look_again()
    told = IncomingMail.objects.order_by("number").values_list("to_service", "answers")
    assert list(told) == [(True, None), (False, letter.pk)]


def test_it_is_looked_into_every_minute_where_one_is_configured(box: MailBox, settings: Settings) -> None:
    assert is_needed()
    look_into_mailbox.call()
    assert not is_needed()
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        assert is_needed()
    settings.MAILBOX_URL = ""
    assert not is_needed()
    assert look_into_mailbox.call() == 0


def test_what_goes_wrong_is_said_and_the_password_is_not(box: MailBox, settings: Settings) -> None:
    settings.MAILBOX_URL = box.url.replace("Customers", "Nowhere")
    assert look_again() == 0
    assert "Nowhere" in Mailbox.objects.get().problem or "exist" in Mailbox.objects.get().problem
    settings.MAILBOX_URL = box.url.replace("geheim-7", "wrong-one")
    assert look_again() == 0
    wrong = Mailbox.objects.get(address__endswith="/Customers")
    assert wrong.problem
    assert "wrong-one" not in f"{wrong.address} {wrong.problem}"
    settings.MAILBOX_URL = "imap://x:y@127.0.0.1:1/INBOX"
    assert look_again() == 0


def test_a_mail_that_is_too_large_is_named_and_stays_there(box: MailBox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("regulars.base.mail.inbox.LARGEST_BYTES", 2000)
    box.put(mail(body="x" * 3000))
    look_again()
    taken = IncomingMail.objects.get()
    assert taken.subject == "Question"
    assert taken.text == "This mail is too large to be taken in. Read it in the mailbox."


@pytest.mark.parametrize(
    ("url", "port", "folder"),
    [
        ("imaps://me%40x.example:p%2Fw@mail.example.com", 993, "INBOX"),
        ("imap://me:pw@mail.example.com:1143/Kunden/Neu", 1143, "Kunden/Neu"),
    ],
)
def test_the_address_says_where_the_mailbox_is(settings: Settings, url: str, port: int, folder: str) -> None:
    settings.MAILBOX_URL = url
    place = configured_place()
    assert place is not None
    assert (place.port, place.folder, place.encrypted) == (port, folder, port == 993)
