"""What was taken back is put back as it was; who has left and what is no duplicate can be taken back as well."""

from __future__ import annotations

import uuid
from datetime import date

import pytest

from regulars.base.access import Forbidden
from regulars.base.audit import NothingRemoved, history_of
from regulars.base.models import Job, Member
from regulars.base.worker import run_worker
from regulars.facts.accounts import NoSuchAccount, create_account
from regulars.facts.contacts import activate_contact, create_contact, deactivate_contact
from regulars.facts.duplicates import (
    find_duplicates,
    found_pairs,
    is_looking_for_duplicates,
    last_look_for_duplicates,
    look_for_duplicates,
    mark_different,
    why_alike,
    withdraw_different,
)
from regulars.facts.interactions import WrongInteraction, record_interaction, restore_interaction, withdraw_interaction
from regulars.facts.merges import merge_accounts
from regulars.facts.models import Account, Interaction, NotDuplicates, Site
from regulars.facts.sites import WrongSite, add_site, remove_site, restore_site
from regulars.plan.today import todays_list

pytestmark = pytest.mark.django_db
ON = date(2024, 5, 6)


@pytest.fixture
def account(owner: Member) -> Account:
    return create_account(member=owner, name="Firm", owner=owner)


def test_a_talk_comes_back_with_its_people_and_its_name(account: Account, owner: Member) -> None:
    ada = create_contact(account=account, member=owner, name="Ada")
    call = record_interaction(account=account, kind="call", on=ON, member=owner, text="long", contacts=[ada])
    uid = call.uid
    withdraw_interaction(interaction=call, member=owner)
    again = restore_interaction(uid=uid, member=owner)
    assert (again.uid, again.text, again.on, again.member, list(again.contacts.all())) == (
        uid,
        "long",
        ON,
        owner,
        [ada],
    )
    with pytest.raises(WrongInteraction):
        restore_interaction(uid=uid, member=owner)
    withdraw_interaction(interaction=again, member=owner)  # as often as one likes
    assert restore_interaction(uid=uid, member=owner).text == "long"
    assert Interaction.objects.count() == 1


def test_what_comes_back_goes_to_the_account_that_its_own_is_part_of_now(account: Account, owner: Member) -> None:
    call = record_interaction(account=account, kind="call", on=ON, member=owner)
    uid = call.uid
    withdraw_interaction(interaction=call, member=owner)
    kept = create_account(member=owner, name="Kept")
    merge_accounts(kept=kept, merged=account, member=owner)
    assert restore_interaction(uid=uid, member=owner).account == kept


def test_a_place_comes_back_as_it_was_and_only_once(account: Account, owner: Member) -> None:
    site = add_site(account=account, member=owner, name="Plant", city="Bonn")
    uid = site.uid
    remove_site(site=site, member=owner)
    assert (restore_site(uid=uid, member=owner).city, Site.objects.get().uid) == ("Bonn", uid)
    with pytest.raises(WrongSite):
        restore_site(uid=uid, member=owner)


def test_only_who_may_write_there_puts_back(account: Account, owner: Member) -> None:
    site = add_site(account=account, member=owner, name="Plant")
    uid = site.uid
    remove_site(site=site, member=owner)
    seller = Member.objects.create(email="s@example.com", name="Sam", role="new_business_seller")
    analyst = Member.objects.create(email="a@example.com", name="Ann", role="analyst")
    with pytest.raises(NoSuchAccount):
        restore_site(uid=uid, member=seller)
    with pytest.raises(Forbidden):
        restore_site(uid=uid, member=analyst)
    with pytest.raises(NothingRemoved):
        restore_site(uid=uuid.uuid4(), member=owner)
    assert not Site.objects.exists()


def test_who_has_left_is_noted_and_may_be_there_again(account: Account, owner: Member) -> None:
    ada = create_contact(account=account, member=owner, name="Ada")
    assert not deactivate_contact(contact=ada, member=owner).active
    assert activate_contact(contact=ada, member=owner).active
    assert [entry.verb for entry in history_of(ada)] == ["activate_contact", "deactivate_contact", "create_contact"]
    seller = Member.objects.create(email="s@example.com", name="Sam", role="new_business_seller")
    with pytest.raises(NoSuchAccount):
        deactivate_contact(contact=ada, member=seller)


def test_the_list_of_the_day_names_somebody_who_is_still_there(account: Account, owner: Member) -> None:
    first, second = (create_contact(account=account, member=owner, name=name) for name in ("Ada", "Bob"))
    account.actions.create(
        cause="declining", stake=1.0, expected_money=1.0, proposed_on=ON, seen_on=ON, member=owner,
        figures={"as_of": str(ON), "currency": "EUR", "sales_12m": 1.0, "sales_previous_12m": 2.0, "trend": -0.5},
    )  # fmt: skip
    assert todays_list(owner, ON).items[0].contact == first
    deactivate_contact(contact=first, member=owner)
    assert todays_list(owner, ON).items[0].contact == second


# Searches that are kept


@pytest.fixture
def twins(owner: Member) -> list[Account]:
    return [
        create_account(member=owner, name=name, email="hello@acme.example", city="Bonn", country="Germany")
        for name in ("Acme Ltd", "ACME Limited")
    ]


def test_what_a_search_found_is_kept_with_its_reasons_until_the_next(owner: Member, twins: list[Account]) -> None:
    assert find_duplicates.func() == 1
    pair = found_pairs(owner).get()
    assert [pair.first, pair.second] == twins
    assert "the same e-mail address hello@acme.example" in why_alike(pair)
    assert find_duplicates.func() == 1
    assert found_pairs(None).count() == 1
    twins[1].delete()
    assert find_duplicates.func() == 0


def test_decided_merged_and_foreign_pairs_are_not_shown(owner: Member, twins: list[Account]) -> None:
    find_duplicates.func()
    seller = Member.objects.create(email="s@example.com", name="Sam", role="new_business_seller")
    assert not found_pairs(seller).exists()
    mark_different(first=twins[1], second=twins[0], member=owner)
    assert not found_pairs(owner).exists()
    withdraw_different(first=twins[0], second=twins[1], member=owner)
    withdraw_different(first=twins[0], second=twins[1], member=owner)  # nothing left to take back
    assert not NotDuplicates.objects.exists()
    assert found_pairs(owner).exists()
    merge_accounts(kept=twins[0], merged=twins[1], member=owner)
    assert not found_pairs(owner).exists()


@pytest.mark.django_db(transaction=True)
def test_one_search_at_a_time_is_asked_for_and_by_who_may_merge(owner: Member, twins: list[Account]) -> None:
    service = Member.objects.create(email="s@example.com", name="Sam", role="service")
    with pytest.raises(Forbidden):
        look_for_duplicates(member=service)
    assert not is_looking_for_duplicates()
    assert last_look_for_duplicates() is None
    look_for_duplicates(member=owner)
    look_for_duplicates(member=owner)
    assert Job.objects.count() == 1
    assert is_looking_for_duplicates()
    assert run_worker(once=True) == 1
    assert not is_looking_for_duplicates()
    assert last_look_for_duplicates() is not None
    assert found_pairs(owner).count() == 1
