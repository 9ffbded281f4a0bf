"""What is said about an account: changed by hand, made by hand, and told by the audit trail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from regulars.base.models import Member
from regulars.facts.accounts import change_account, tag
from regulars.facts.contacts import create_contact
from regulars.facts.custom_fields import create_custom_field
from regulars.facts.merges import merge_accounts
from regulars.facts.models import Account

Maker = Callable[..., Any]
Signer = Callable[[Member], Client]


@pytest.fixture
def firm(scored: Maker, owner: Member) -> Account:
    made: Account = scored("Harbour Gifts", owner=owner, city="Bristol")
    return made


def typed(browser: Client, account: Account, **changes: str) -> dict[str, str]:
    """What the form of the page would send."""
    form = browser.get(f"/accounts/{account.uid}/edit/").context["form"]
    said = {field.html_name: field.value() for field in form}
    return {**{name: str(value) for name, value in said.items() if value is not None}, **changes}


def test_everything_said_about_an_account_is_changed_in_one_form(
    browser: Client, firm: Account, owner: Member, scored: Maker
) -> None:
    create_custom_field(label="Machines", type="number", member=owner)
    create_custom_field(label="Serviced", type="yes_no", member=owner)
    priya = Member.objects.create(email="p@firm.example", name="Priya", role="account_manager")
    scored("Head office", external_id="C-1")
    tag(account=firm, tags=["old", "kept"], member=owner)
    said = typed(
        browser, firm, city="Bath", above="C-1", tag_names="kept, new", owner=str(priya.pk), own_machines="12.5",
        own_serviced="yes",
    )  # fmt: skip
    assert browser.post(f"/accounts/{firm.uid}/edit/", said).status_code == 302
    firm.refresh_from_db()
    assert (firm.city, firm.owner, firm.custom) == ("Bath", priya, {"machines": 12.5, "serviced": True})
    assert firm.parent
    assert firm.parent.name == "Head office"
    assert sorted(firm.tags.values_list("name", flat=True)) == ["kept", "new"]
    assert typed(browser, firm)["own_serviced"] == "yes"


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"email": "nowhere"}, {"above": "No such firm"}, {"above": "Harbour Gifts"}]
)
def test_a_form_that_fails_changes_nothing_and_keeps_what_was_typed(
    browser: Client, firm: Account, wrong: dict[str, str]
) -> None:
    answer = browser.post(f"/accounts/{firm.uid}/edit/", typed(browser, firm, city="Typed with care", **wrong))
    assert answer.status_code == 422
    assert "Typed with care" in answer.content.decode()
    assert Account.objects.get(pk=firm.pk).city == "Bristol"


def test_what_another_changed_meanwhile_is_not_overwritten_unseen(
    browser: Client, firm: Account, owner: Member
) -> None:
    said = typed(browser, firm, phone="1")
    change_account(account=firm, member=owner, phone="2")
    answer = browser.post(f"/accounts/{firm.uid}/edit/", said)
    assert answer.status_code == 422
    assert "Somebody changed this account" in answer.content.decode()
    assert Account.objects.get(pk=firm.pk).phone == "2"
    again = {**said, "seen_at": answer.context["form"]["seen_at"].value()}
    assert browser.post(f"/accounts/{firm.uid}/edit/", again).status_code == 302
    assert Account.objects.get(pk=firm.pk).phone == "1"


def test_who_may_not_assign_neither_sees_nor_sends_an_owner(
    members: dict[str, Member], signed_in: Signer, firm: Account
) -> None:
    manager = members["account_manager"]
    Account.objects.filter(pk=firm.pk).update(owner=manager)
    client = signed_in(manager)
    assert 'name="owner"' not in client.get(f"/accounts/{firm.uid}/edit/").content.decode()
    client.post(f"/accounts/{firm.uid}/edit/", {"name": "Harbour", "kind": "firm", "owner": str(members["owner"].pk)})
    firm.refresh_from_db()
    assert (firm.name, firm.owner) == ("Harbour", manager)


def test_confidential_fields_can_be_neither_read_nor_written_by_who_may_not_see_them(
    members: dict[str, Member], signed_in: Signer, firm: Account, owner: Member
) -> None:
    create_custom_field(label="Limit", confidential=True, member=owner)
    change_account(account=firm, member=owner, custom={"limit": "secret"})
    client = signed_in(members["service"])
    said = {"name": firm.name, "kind": "firm", "own_limit": "mine"}
    assert "secret" not in client.get(f"/accounts/{firm.uid}/edit/").content.decode()
    client.post(f"/accounts/{firm.uid}/edit/", said)
    firm.refresh_from_db()
    assert firm.custom == {"limit": "secret"}


# Made by hand


def test_an_account_is_made_by_hand_with_its_name_alone(members: dict[str, Member], signed_in: Signer) -> None:
    seller = members["new_business_seller"]
    answer = signed_in(seller).post("/accounts/new/", {"name": "Brand new", "kind": "firm"})
    made = Account.objects.get()
    assert answer.headers["Location"] == f"/accounts/{made.uid}/"
    assert (made.name, made.owner) == ("Brand new", seller)


def test_one_that_is_there_already_is_shown_before_it_is_made_twice(browser: Client, firm: Account) -> None:
    said = {"name": "harbour gifts", "kind": "firm", "phone": "0123", "owner": ""}
    answer = browser.post("/accounts/new/", said)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert f"/accounts/{firm.uid}/" in page
    assert "0123" in page
    assert browser.post("/accounts/new/", {**said, "anyway": "yes"}).status_code == 302
    assert Account.objects.count() == 2


# Who changed what


def test_the_trail_says_in_words_what_it_was_and_what_it_is(
    browser: Client, firm: Account, owner: Member, scored: Maker
) -> None:
    priya = Member.objects.create(email="p@firm.example", name="Priya Nair", role="account_manager")
    create_custom_field(label="Taste profile", member=owner)
    change_account(account=firm, member=owner, city="Bath", kind="person", custom={"taste_profile": "Baroque"})
    create_contact(account=firm, member=owner, name="Ada Vale", level="owner")
    said = typed(browser, firm, owner=str(priya.pk))
    browser.post(f"/accounts/{firm.uid}/edit/", said)
    merge_accounts(kept=firm, merged=scored("Harbour Gift"), member=owner)
    page = browser.get(f"/accounts/{firm.uid}/changes/").content.decode()
    for text in (
        "Account changed", "<del><bdi>Bristol</bdi></del>", "<ins><bdi>Bath</bdi></ins>", "private person",
        "Taste profile", "Baroque", "Contact added", "Ada Vale", "Given into other hands",
        "<ins><bdi>Priya Nair</bdi></ins>", "Two accounts made one", "Harbour Gift", "Olga Owner",
    ):  # fmt: skip
        assert text in page, text
    assert "owner_id" not in page


def test_the_trail_of_thirty_changes_costs_as_many_queries_as_that_of_one(
    browser: Client, firm: Account, owner: Member, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    change_account(account=firm, member=owner, city="Bath")
    where = f"/accounts/{firm.uid}/changes/"
    browser.get(where)
    with django_assert_max_num_queries(30) as one:
        browser.get(where)
    for number in range(40):
        change_account(account=firm, member=owner, city=f"Town {number}")
    with django_assert_max_num_queries(len(one)):
        browser.get(where)
    assert "Town 2<" in browser.get(f"{where}?page=2").content.decode()
