"""Mail of a known contact stands among the interactions, once; of strangers somebody says who they are, once."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from regulars.base.audit import history_of
from regulars.base.mail.models import IncomingMail, Mailbox
from regulars.base.models import Member
from regulars.base.worker import run_worker
from regulars.core.errors import Refusal
from regulars.facts.incoming_mail import (
    MailSettled,
    assign_mail,
    ignore_mail,
    is_needed,
    restore_mail,
    take_in,
    visible_incoming,
)
from regulars.facts.merges import merge_accounts
from regulars.facts.models import Account, Contact, Interaction

State = IncomingMail.State


def came_in(sender: str = "ada@acme.example", **said: Any) -> IncomingMail:
    mailbox, _new = Mailbox.objects.get_or_create(address="post@mail.example/INBOX")
    number = IncomingMail.objects.count() + 1
    fields = {
        "subject": "Question",
        "text": "When do you deliver?",
        "sender_name": "Ada Ace",
        "written_at": datetime(2026, 3, 4, 23, 30, tzinfo=UTC),  # the 5th in Berlin
        **said,
    }
    return IncomingMail.objects.create(
        mailbox=mailbox, number=number, message_id=f"<{number}@x>", sender_address=sender, **fields
    )


@pytest.fixture
def acme(owner: Member) -> Account:
    return Account.objects.create(name="Acme", owner=owner)


@pytest.fixture
def ada(acme: Account) -> Contact:
    return Contact.objects.create(account=acme, name="Ada Ace", email="Ada@Acme.example")


def state_of(mail: IncomingMail) -> str:
    mail.refresh_from_db()
    return mail.state


def test_mail_of_a_contact_becomes_an_interaction_once(ada: Contact) -> None:
    mail = came_in()
    assert is_needed()
    assert take_in.call() == 1
    assert take_in.call() == 0
    noted = Interaction.objects.get()
    assert (noted.account, noted.kind, noted.on) == (ada.account, "mail", date(2026, 3, 5))
    assert noted.text == "Question\n\nWhen do you deliver?"
    assert list(noted.contacts.all()) == [ada]
    assert (state_of(mail), mail.account_id, mail.contact_id) == (State.TAKEN, ada.account_id, ada.pk)
    assert not is_needed()


def test_a_worker_takes_it_in(ada: Contact) -> None:
    came_in()
    run_worker(once=True)
    assert Interaction.objects.exists()


def test_mail_to_the_firm_as_such_stands_with_it(acme: Account) -> None:
    acme.email = "info@acme.example"
    acme.save()
    came_in("info@acme.example")
    take_in.call()
    assert Interaction.objects.get().account == acme


def test_a_sender_whom_two_accounts_know_or_none_waits_for_a_person(ada: Contact) -> None:
    Contact.objects.create(account=Account.objects.create(name="Other"), name="Ada", email="ada@acme.example")
    mails = [came_in(), came_in("nobody@else.example")]
    assert take_in.call() == 0
    assert [state_of(mail) for mail in mails] == [State.WAITING] * 2
    assert not Interaction.objects.exists()


def test_who_left_is_no_longer_taken_for_the_sender(ada: Contact) -> None:
    ada.active = False
    ada.save()
    mail = came_in()
    take_in.call()
    assert state_of(mail) == State.WAITING


def test_once_said_who_it_is_all_mails_of_the_sender_stand_there(acme: Account, owner: Member) -> None:
    first, second = came_in("bob@acme.example", sender_name="Bob"), came_in("bob@acme.example")
    take_in.call()
    contact = assign_mail(mail=first, account=acme, member=owner)
    assert (contact.name, contact.email, contact.account) == ("Bob", "bob@acme.example", acme)
    assert [state_of(mail) for mail in (first, second)] == [State.TAKEN] * 2
    assert Interaction.objects.filter(account=acme, contacts=contact).count() == 2
    assert history_of(first)[0].verb == "assign_mail"
    came_in("bob@acme.example")
    assert take_in.call() == 1, "now he is known"
    with pytest.raises(MailSettled):
        assign_mail(mail=first, account=acme, member=owner)


def test_a_contact_who_is_there_already_is_not_made_twice(ada: Contact, owner: Member) -> None:
    Contact.objects.create(account=Account.objects.create(name="Other"), name="Ada", email="ada@acme.example")
    mail = came_in()
    take_in.call()
    assert assign_mail(mail=mail, account=ada.account, member=owner) == ada


def test_it_goes_to_the_account_that_another_was_merged_into(acme: Account, owner: Member) -> None:
    kept = Account.objects.create(name="Acme Ltd", owner=owner)
    merge_accounts(kept=kept, merged=acme, member=owner)
    acme.refresh_from_db()
    mail = came_in()
    take_in.call()
    assert assign_mail(mail=mail, account=acme, member=owner).account == kept


def test_a_mail_that_is_nobodys_is_left_aside_and_comes_back(owner: Member) -> None:
    mail = came_in()
    take_in.call()
    ignore_mail(mail=mail, member=owner)
    assert state_of(mail) == State.IGNORED
    restore_mail(mail=mail, member=owner)
    assert state_of(mail) == State.WAITING
    assert [entry.verb for entry in history_of(mail)] == ["restore_mail", "ignore_mail"]


def test_only_who_may_configure_sees_mail_of_strangers(acme: Account) -> None:
    seller = Member.objects.create(email="s@firm.example", name="Sam", role=Member.Role.SERVICE)
    mail = came_in()
    take_in.call()
    assert not visible_incoming(seller)
    with pytest.raises(Refusal):
        assign_mail(mail=mail, account=acme, member=seller)
    with pytest.raises(Refusal):
        ignore_mail(mail=mail, member=seller)
    assert state_of(mail) == State.WAITING
