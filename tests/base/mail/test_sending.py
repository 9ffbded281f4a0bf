"""Each mail goes out at most once, through a real server; where nobody can know whether it went, it is said."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from mail_receiver import MailReceiver
from regulars.base.locks import Busy
from regulars.base.mail.models import OutgoingMail
from regulars.base.mail.outbox import cancel_mail, confirm_mail, forget_old_mails, resend_mail, send_mail
from regulars.base.mail.sending import PAUSES_SECONDS, is_needed, send_due, send_waiting, tidy_mail
from regulars.base.worker import run_worker

State = OutgoingMail.State


def queued(to: str = "ada@customer.example", **said: Any) -> OutgoingMail:
    return send_mail(to=to, **{"subject": "Your machine", "text": "Dear Ada,\n\nit is ready.", **said})


def state_of(mail: OutgoingMail) -> str:
    mail.refresh_from_db()
    return mail.state


def test_a_mail_that_was_queued_goes_out_once_and_is_confirmed(organisation: Any, receiver: MailReceiver) -> None:
    mail = queued()
    assert is_needed()
    assert send_due() == 1
    assert send_due() == 0
    assert not is_needed()
    (taken,) = receiver.taken
    assert (taken["To"], taken["Subject"], taken["Message-ID"]) == (mail.to_address, "Your machine", mail.message_id)
    assert state_of(mail) == State.SENT
    assert mail.sent_at is not None


def test_a_change_that_is_taken_back_takes_its_mail_along(organisation: Any, receiver: MailReceiver) -> None:
    def change() -> None:
        with transaction.atomic():
            queued()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change()
    assert send_due() == 0
    assert not receiver.taken


def test_what_is_asked_for_once_is_sent_once(organisation: Any, receiver: MailReceiver) -> None:
    assert queued(once="review:7").pk == queued(once="review:7", subject="Other").pk
    send_due()
    assert [taken["Subject"] for taken in receiver.taken] == ["Your machine"]


def test_many_mails_share_a_connection(organisation: Any, receiver: MailReceiver) -> None:
    for number in range(5):
        queued(subject=f"Mail {number}")
    assert send_due() == 5
    assert [taken["Subject"] for taken in receiver.taken] == [f"Mail {number}" for number in range(5)]
    assert receiver.connections == 1


def test_a_worker_sends_what_waits(organisation: Any, receiver: MailReceiver) -> None:
    mail = queued()
    send_waiting.enqueue()
    run_worker(once=True)
    assert state_of(mail) == State.SENT


# Cut off in between


@pytest.mark.django_db(transaction=True)
def test_a_mail_cut_off_by_the_death_of_the_worker_is_never_sent_again_by_itself(
    organisation: Any, receiver: MailReceiver, start_python: Callable[..., subprocess.Popen[str]]
) -> None:
    receiver.hold = threading.Event()
    mail = queued()
    worker = start_python("-c", WORKER, env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])})
    assert receiver.given.wait(60), "the mail was handed over, and the server has not answered yet"
    assert state_of(mail) == State.CLAIMED
    with pytest.raises(Busy):
        send_due()
    worker.kill()
    worker.wait()
    receiver.hold.set()
    receiver.hold = None

    wait_until(lambda: state_of(mail) == State.UNKNOWN, meanwhile=send_waiting.call)
    assert "stopped while it handed" in mail.error
    assert send_due() == 0
    assert len(receiver.taken) == 1

    resend_mail(mail=mail, member=None)
    assert send_due() == 1
    assert [taken["Message-ID"] for taken in receiver.taken] == [mail.message_id] * 2, "the receiver knows it again"
    assert state_of(mail) == State.SENT


WORKER = "import django; django.setup(); from regulars.base.worker import run_worker; run_worker(interval=0.05)"


def wait_until(holds: Callable[[], object], *, meanwhile: Callable[[], object]) -> None:
    until = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < until, "waited in vain"
        meanwhile()
        time.sleep(0.05)


def test_a_connection_that_breaks_before_the_answer_leaves_a_doubt_that_a_person_settles(
    organisation: Any, owner: Any, receiver: MailReceiver
) -> None:
    receiver.answers = ["hang up"]
    doubtful, after = queued(), queued(subject="After it")
    assert send_due() == 1
    assert state_of(doubtful) == State.UNKNOWN
    assert "connection broke" in doubtful.error
    assert state_of(after) == State.SENT
    confirm_mail(mail=doubtful, member=owner)
    assert state_of(doubtful) == State.SENT
    assert doubtful.sent_at == doubtful.claimed_at
    assert send_due() == 0


# Refused, or nobody there


def test_without_a_server_nothing_is_in_doubt_and_it_is_tried_again_later(
    organisation: Any, receiver: MailReceiver, settings: Settings
) -> None:
    settings.EMAIL_PORT = 1
    first, second = queued(), queued()
    assert send_due() == 0
    for mail in (first, second):
        assert (state_of(mail), mail.attempts) == (State.QUEUED, 1)
        assert mail.error
    assert not is_needed()
    settings.EMAIL_PORT = receiver.port
    with time_machine.travel(timezone.now() + timedelta(seconds=PAUSES_SECONDS[0] + 1)):
        assert is_needed()
        assert send_due() == 2


def test_a_passing_refusal_is_tried_again_and_one_for_good_is_not(organisation: Any, receiver: MailReceiver) -> None:
    receiver.answers = ["451 try again later", "554 this looks like spam"]
    passing, final = queued(), queued(subject="Spam?")
    receiver.refused_addresses = {"nobody@customer.example": "550 no such person"}
    nobody = queued("nobody@customer.example")
    assert send_due() == 0
    assert (state_of(passing), passing.error) == (State.QUEUED, "451 try again later")
    assert (state_of(final), final.error) == (State.FAILED, "554 this looks like spam")
    assert (state_of(nobody), nobody.error) == (State.FAILED, "550 no such person")
    with time_machine.travel(passing.next_at):
        assert send_due() == 1
    assert [taken["Subject"] for taken in receiver.taken] == ["Your machine"]


def test_a_mail_that_fails_for_long_is_given_up(organisation: Any, receiver: MailReceiver, settings: Settings) -> None:
    settings.EMAIL_PORT = 1
    mail = queued()
    for _again in PAUSES_SECONDS:
        assert state_of(mail) == State.QUEUED
        with time_machine.travel(mail.next_at):
            send_due()
    assert state_of(mail) == State.QUEUED
    with time_machine.travel(mail.next_at):
        send_due()
    assert (state_of(mail), mail.attempts) == (State.FAILED, len(PAUSES_SECONDS) + 1)


def test_a_cancelled_mail_stays_here(organisation: Any, owner: Any, receiver: MailReceiver) -> None:
    mail = queued()
    cancel_mail(mail=mail, member=owner)
    assert send_due() == 0
    resend_mail(mail=mail, member=owner)
    assert send_due() == 1


# Kept, and forgotten


def test_what_was_sent_long_ago_is_forgotten_and_what_is_open_is_not(organisation: Any, receiver: MailReceiver) -> None:
    sent = queued()
    send_due()
    with time_machine.travel(timezone.now() + timedelta(days=399)):
        assert forget_old_mails(at=timezone.now()) == 0
        OutgoingMail.objects.create(
            to_address="x@customer.example", message_id="<1@x>", state=State.FAILED, next_at=timezone.now()
        )
    with time_machine.travel(timezone.now() + timedelta(days=900)):
        assert tidy_mail.call() == 1
    assert not OutgoingMail.objects.filter(pk=sent.pk).exists()
    assert OutgoingMail.objects.get().state == State.FAILED
