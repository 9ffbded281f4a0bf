"""Contacts and interactions: recorded, seen by who sees the account, the last contact known."""

from __future__ import annotations

from datetime import date

import pytest

from regulars.base.audit import history_of
from regulars.base.models import Member
from regulars.facts.accounts import NoSuchAccount, create_account
from regulars.facts.contacts import WrongContact, change_contact, create_contact, visible_contacts
from regulars.facts.interactions import (
    WrongInteraction,
    last_contacts,
    record_interaction,
    visible_interactions,
    withdraw_interaction,
)
from regulars.facts.models import Interaction

pytestmark = pytest.mark.django_db
ON = date(2024, 5, 6)


def test_a_call_is_recorded_with_its_people_and_audited(owner: Member) -> None:
    account = create_account(member=owner, name="Firm")
    contact = create_contact(account=account, member=owner, name="Ada", level="owner", email="ada@firm.example")
    call = record_interaction(
        account=account, kind="call", on=ON, member=owner, outcome="will order", contacts=[contact]
    )
    assert list(visible_interactions(owner)) == [call]
    assert list(call.contacts.all()) == [contact]
    assert history_of(call)[0].account_id == account.pk


def test_a_note_is_no_contact_and_the_last_contact_is_the_latest_until_the_day_asked(owner: Member) -> None:
    account = create_account(member=owner, name="Firm")
    for kind, on in [("call", ON), ("visit", date(2024, 6, 1)), ("note", date(2024, 7, 1))]:
        record_interaction(account=account, kind=kind, on=on, member=owner)
    assert last_contacts() == {account.pk: date(2024, 6, 1)}
    assert last_contacts(until=date(2024, 5, 31)) == {account.pk: ON}
    assert last_contacts(until=date(2024, 5, 1)) == {}


def test_an_unknown_kind_and_a_contact_of_another_account_are_refused(owner: Member) -> None:
    account, other = create_account(member=owner, name="Firm"), create_account(member=owner, name="Other")
    contact = create_contact(account=other, member=owner, name="Bob")
    with pytest.raises(WrongInteraction, match="telegram"):
        record_interaction(account=account, kind="telegram", on=ON, member=owner)
    with pytest.raises(WrongInteraction, match="belong to Firm"):
        record_interaction(account=account, kind="call", on=ON, member=owner, contacts=[contact])
    assert not Interaction.objects.exists()


def test_what_was_recorded_by_mistake_is_withdrawn_and_the_trail_keeps_it(owner: Member) -> None:
    account = create_account(member=owner, name="Firm")
    call = record_interaction(account=account, kind="call", on=ON, member=owner, text="wrong number")
    key = call.pk
    withdraw_interaction(interaction=call, member=owner)
    assert not Interaction.objects.exists()
    call.pk = key
    assert history_of(call)[0].before["text"] == "wrong number"


def test_people_and_talks_of_accounts_that_one_does_not_see_are_absent(owner: Member) -> None:
    account = create_account(member=owner, name="Firm")
    contact = create_contact(account=account, member=owner, name="Ada")
    record_interaction(account=account, kind="call", on=ON, member=owner)
    seller = Member.objects.create(email="s@example.com", name="Sam", role="new_business_seller")
    assert not visible_contacts(seller).exists()
    assert not visible_interactions(seller).exists()
    with pytest.raises(NoSuchAccount):
        change_contact(contact=contact, member=seller, name="Eve")
    with pytest.raises(NoSuchAccount):
        record_interaction(account=account, kind="call", on=ON, member=seller)


@pytest.mark.parametrize("fields", [{"name": " "}, {"level": "king"}, {"email": "x"}])
def test_a_contact_that_cannot_be_is_refused(owner: Member, fields: dict[str, str]) -> None:
    account = create_account(member=owner, name="Firm")
    contact = create_contact(account=account, member=owner, name="Ada")
    with pytest.raises(WrongContact):
        change_contact(contact=contact, member=owner, **fields)
    assert change_contact(contact=contact, member=owner, role="buyer").role == "buyer"
