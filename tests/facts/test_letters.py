"""A letter to a contact goes out in their language and in one's own name, and then stands among the interactions."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.core import mail as django_mail

from regulars.base.mail.models import OutgoingMail
from regulars.base.mail.outbox import cancel_mail, confirm_mail, mails_about
from regulars.base.mail.sending import send_due
from regulars.base.models import Member
from regulars.base.worker import run_worker
from regulars.core.errors import Refusal
from regulars.facts.contacts import deactivate_contact
from regulars.facts.interactions import withdraw_interaction
from regulars.facts.letters import CannotWrite, is_needed, language_of, note_letters, write_to_contact
from regulars.facts.merges import merge_accounts
from regulars.facts.models import Account, Contact, Interaction, Letter


@pytest.fixture
def ada(owner: Member) -> Contact:
    account = Account.objects.create(name="Acme", owner=owner, language="th")
    return Contact.objects.create(account=account, name="Ada Ace", email="ada@acme.example")


def write(ada: Contact, member: Member | None, **said: Any) -> Letter:
    return write_to_contact(contact=ada, **{"subject": "Visit", "text": "Dear Ada", "member": member, **said})


def test_a_letter_goes_out_in_the_name_of_who_wrote_it(ada: Contact, owner: Member) -> None:
    letter = write(ada, owner, related=ada.account)
    send_due()
    (sent,) = django_mail.outbox
    assert sent.to == ["Ada Ace <ada@acme.example>"]
    assert sent.from_email.startswith('"Olga Owner, Muster Druck" <')
    assert sent.reply_to == [owner.email]
    assert "Auto-Submitted" not in sent.extra_headers
    assert (letter.mail.language, letter.mail.account_id) == ("th", ada.account_id)
    assert mails_about(ada.account).get() == letter.mail


def test_a_letter_that_nobody_wrote_says_so_to_machines(ada: Contact) -> None:
    assert write(ada, None).mail.headers == {"Auto-Submitted": "auto-generated"}


def test_the_language_is_that_of_the_contact_else_of_the_account(ada: Contact) -> None:
    assert language_of(ada) == "th"
    ada.language = "ur"
    assert language_of(ada) == "ur"
    assert 'dir="rtl"' in write(ada, None).mail.html
    ada.language = ada.account.language = ""
    assert language_of(ada) == "en"
    ada.language, ada.account.language = "german", "hi-IN"
    assert language_of(ada) == "hi", "a file may say anything; we write what we speak"


def test_once_it_went_out_it_stands_among_the_interactions_once(ada: Contact, owner: Member) -> None:
    with time_machine.travel(datetime(2026, 3, 4, 23, 30, tzinfo=UTC), tick=False):  # the 5th in Berlin
        letter = write(ada, owner, text="Dear Ada,\n\n" + "word " * 200)
        assert not is_needed()
        send_due()
        assert is_needed()
        note_letters.call()
        note_letters.call()
    noted = Interaction.objects.get()
    assert (noted.kind, noted.on, noted.member, noted.account) == ("mail", date(2026, 3, 5), owner, ada.account)
    assert list(noted.contacts.all()) == [ada]
    assert noted.text.startswith("Visit\n\nDear Ada,")
    assert noted.text.endswith("…")
    letter.refresh_from_db()
    assert letter.interaction == noted
    assert not is_needed()


def test_the_worker_does_both_by_itself(ada: Contact, owner: Member) -> None:
    write(ada, owner)
    for _look in range(2):
        run_worker(once=True)
    assert Interaction.objects.get().text.startswith("Visit")


def test_a_note_that_was_taken_back_does_not_come_again(ada: Contact, owner: Member) -> None:
    write(ada, owner)
    send_due()
    note_letters.call()
    withdraw_interaction(interaction=Interaction.objects.get(), member=owner)
    assert note_letters.call() == 0
    assert not Interaction.objects.exists()


def test_what_did_not_go_out_is_no_interaction_until_somebody_knows_that_it_did(ada: Contact, owner: Member) -> None:
    cancel_mail(mail=write(ada, owner).mail, member=owner)
    doubtful = write(ada, owner, subject="Doubtful").mail
    OutgoingMail.objects.filter(pk=doubtful.pk).update(state="unknown")
    assert note_letters.call() == 0
    confirm_mail(mail=doubtful, member=owner)
    assert note_letters.call() == 1
    assert Interaction.objects.get().text.startswith("Doubtful")


def test_after_a_merge_it_stands_with_the_account_that_was_kept(ada: Contact, owner: Member) -> None:
    write(ada, owner)
    kept = Account.objects.create(name="Acme Ltd", owner=owner)
    merge_accounts(kept=kept, merged=ada.account, member=owner)
    send_due()
    note_letters.call()
    assert Interaction.objects.get().account == kept


def test_who_wrote_it_may_have_left_since(ada: Contact, owner: Member) -> None:
    write(ada, owner)
    send_due()
    owner.is_active = False
    owner.save()
    note_letters.call()
    assert Interaction.objects.get().member is None


def test_what_is_asked_for_once_is_one_letter(ada: Contact, owner: Member) -> None:
    assert write(ada, owner, once="review:1").pk == write(ada, owner, once="review:1").pk
    assert Letter.objects.count() == 1


def test_nobody_is_written_to_who_left_or_has_no_address(ada: Contact, owner: Member) -> None:
    ada.email = ""
    with pytest.raises(CannotWrite, match="No e-mail address of Ada Ace"):
        write(ada, owner)
    ada = deactivate_contact(contact=ada, member=owner)
    with pytest.raises(CannotWrite, match="no longer there"):
        write(ada, owner)
    assert not OutgoingMail.objects.exists()


def test_a_foreign_contact_is_not_written_to(ada: Contact) -> None:
    stranger = Member.objects.create(email="far@example.com", name="Far", role="new_business_seller")
    with pytest.raises(Refusal):
        write(ada, stranger)
    assert not OutgoingMail.objects.exists()
