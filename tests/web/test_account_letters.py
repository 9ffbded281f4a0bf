"""Writing to a contact from the page of an account."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail as django_mail
from django.test import Client

from regulars.base.mail.models import OutgoingMail
from regulars.base.mail.sending import send_due
from regulars.base.models import Member
from regulars.facts.letters import note_letters
from regulars.facts.models import Account, Contact

LETTER = {"subject": "Your visit", "text": "Dear Ada,\n\nsee you on Monday."}


@pytest.fixture
def ada(scored: Any, owner: Member) -> Contact:
    account: Account = scored("Acme", owner=owner, language="ur")
    return Contact.objects.create(account=account, name="Ada Ace", email="ada@acme.example")


def test_a_letter_is_written_and_stands_on_the_timeline_once_it_was_sent(browser: Client, ada: Contact) -> None:
    people = browser.get(f"/accounts/{ada.account.uid}/people/").content.decode()
    assert f'href="/accounts/people/{ada.uid}/write/"' in people
    page = browser.get(f"/accounts/people/{ada.uid}/write/").content.decode()
    assert "write in: اردو" in page
    answer = browser.post(f"/accounts/people/{ada.uid}/write/", LETTER, follow=True).content.decode()
    assert "The mail to Ada Ace is on its way." in answer
    timeline = f"/accounts/{ada.account.uid}/timeline/"
    assert "Your visit" not in browser.get(timeline).content.decode()
    send_due()
    note_letters.call()
    assert django_mail.outbox[0].reply_to == ["owner@example.com"]
    assert "Your visit" in browser.get(timeline).content.decode()


def test_it_is_stopped_while_it_waits_and_not_after(browser: Client, ada: Contact) -> None:
    answer = browser.post(f"/accounts/people/{ada.uid}/write/", LETTER, follow=True).content.decode()
    undo = re.search(r"/accounts/letters/[0-9a-f-]+/cancel/", answer)
    assert undo
    assert "The mail is not sent." in browser.post(undo[0], follow=True).content.decode()
    assert send_due() == 0
    assert "This cannot be done" in browser.post(undo[0], follow=True).content.decode()


def test_a_letter_without_words_or_without_an_address_is_refused(browser: Client, ada: Contact) -> None:
    where = f"/accounts/people/{ada.uid}/write/"
    assert browser.post(where, {"subject": "x"}).status_code == 422
    ada.email = ""
    ada.save()
    answer = browser.post(where, LETTER)
    assert answer.status_code == 422
    assert "No e-mail address of Ada Ace is known." in answer.content.decode()
    assert where not in browser.get(f"/accounts/{ada.account.uid}/people/").content.decode()
    assert not OutgoingMail.objects.exists()


def test_a_letter_of_a_colleague_is_not_ones_own_to_stop(
    browser: Client, ada: Contact, members: dict[str, Member], signed_in: Any
) -> None:
    browser.post(f"/accounts/people/{ada.uid}/write/", LETTER)
    letter = ada.letters.get()
    service = signed_in(members["service"])
    assert service.post(f"/accounts/letters/{letter.uid}/cancel/").status_code == 404
    assert send_due() == 1
