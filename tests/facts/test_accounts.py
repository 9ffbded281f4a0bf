"""Accounts: who sees which, finding, making and changing them, their order lines."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import transaction

from regulars.base.access import Forbidden
from regulars.base.audit import history_of
from regulars.base.models import Member, Team
from regulars.base.warehouse import open_engine
from regulars.facts.accounts import (
    NoSuchAccount,
    WrongAccount,
    account_family,
    assign_owner,
    change_account,
    create_account,
    find_account,
    lines_of_account,
    tag,
    untag,
    visible_accounts,
)
from regulars.facts.custom_fields import WrongCustomField, WrongValue, create_custom_field, validated_custom
from regulars.facts.history import HISTORY
from regulars.facts.merges import merge_accounts
from regulars.facts.models import Account

pytestmark = pytest.mark.django_db


@pytest.fixture
def growth(organisation: object) -> Team:
    return Team.objects.create(name="Growth")


def member(role: str, *, team: Team | None = None, name: str = "") -> Member:
    name = name or role
    return Member.objects.create(email=f"{name}@example.com", name=name, role=role, team=team)


# Who sees what


def test_an_account_manager_sees_own_and_team_accounts_and_a_seller_only_own_ones(growth: Team) -> None:
    manager = member("account_manager", team=growth)
    colleague = member("account_manager", team=growth, name="colleague")
    seller = member("new_business_seller", team=growth)
    own = Account.objects.create(name="own", owner=manager)
    of_colleague = Account.objects.create(name="of colleague", owner=colleague)
    of_team = Account.objects.create(name="of team", team=growth)
    sellers = Account.objects.create(name="seller's", owner=seller)
    Account.objects.create(name="somebody else's")
    assert set(visible_accounts(manager)) == {own, of_colleague, of_team, sellers}
    assert set(visible_accounts(seller)) == {sellers}
    assert visible_accounts(member("sales_head")).count() == 5
    assert visible_accounts(None).count() == 5


def test_nobody_sees_a_merged_account_and_who_left_sees_none(owner: Member) -> None:
    kept, merged = Account.objects.create(name="kept"), Account.objects.create(name="merged")
    merge_accounts(kept=kept, merged=merged, member=owner)
    assert list(visible_accounts(owner)) == [kept]
    owner.is_active = False
    assert list(visible_accounts(owner)) == []


# Finding


def test_an_account_is_found_by_uid_number_id_name_and_part_of_its_name(organisation: object) -> None:
    account = Account.objects.create(name="Blue Print Ltd", source="erp", external_id="17850")
    Account.objects.create(name="Red Ink Ltd", source="erp", external_id="17851")
    for wanted in (account.uid, str(account.uid), account.pk, f"#{account.pk}", "17850", "blue print ltd", "e Pri"):
        assert find_account(wanted) == account


def test_a_name_that_fits_several_accounts_is_refused_naming_them(organisation: object) -> None:
    Account.objects.create(name="Red Ink Ltd")
    Account.objects.create(name="Red Paper Ltd")
    with pytest.raises(NoSuchAccount, match=r"Red Ink Ltd \(#\d+\), Red Paper Ltd"):
        find_account("red")


def test_the_number_of_a_merged_account_finds_the_one_it_is_part_of(owner: Member) -> None:
    kept = Account.objects.create(name="Kept", external_id="1")
    merged = Account.objects.create(name="Merged", external_id="2")
    merge_accounts(kept=kept, merged=merged, member=owner)
    assert find_account("2") == kept
    assert account_family(kept) == [kept.pk, merged.pk]


@pytest.mark.parametrize("wanted", ["", "nobody", "#999", 999, "00000000-0000-0000-0000-000000000000", "#x"])
def test_who_is_not_there_is_refused(organisation: object, wanted: str | int) -> None:
    with pytest.raises(NoSuchAccount):
        find_account(wanted)


def test_a_forbidden_account_answers_like_an_absent_one(owner: Member) -> None:
    account = Account.objects.create(name="Secret", external_id="42")
    seller = member("new_business_seller")
    with pytest.raises(NoSuchAccount) as forbidden:
        find_account("42", member=seller)
    with pytest.raises(NoSuchAccount, match="There is no account"):
        change_account(account=account, member=seller, name="Mine")
    account.delete()
    with pytest.raises(NoSuchAccount) as absent:
        find_account("42", member=seller)
    assert str(forbidden.value) == str(absent.value)


# Making and changing


def test_a_seller_owns_what_a_seller_makes_and_the_change_is_audited(organisation: object) -> None:
    seller = member("new_business_seller")
    account = create_account(member=seller, name=" Neue Firma ", email="info@neu.example", tags=["print", "print "])
    assert (account.name, account.owner) == ("Neue Firma", seller)
    assert [one.name for one in account.tags.all()] == ["print"]
    change_account(account=account, member=seller, city="Bonn")
    entry = history_of(account)[0]
    assert (entry.verb, entry.member, entry.before, entry.after) == (
        "change_account",
        seller,
        {"city": ""},
        {"city": "Bonn"},
    )
    assert entry.account_id == account.pk


def test_an_analyst_may_not_write(organisation: object) -> None:
    with pytest.raises(Forbidden):
        create_account(member=member("analyst"), name="Firm")


@pytest.mark.parametrize(
    "fields",
    [{"name": ""}, {"name": "x" * 301}, {"kind": "club"}, {"email": "no address"}, {"city": "x" * 200}],
)
def test_an_account_that_cannot_be_is_refused_and_nothing_changes(owner: Member, fields: dict[str, str]) -> None:
    account = Account.objects.create(name="Firm")
    with pytest.raises(WrongAccount), transaction.atomic():
        change_account(account=account, member=owner, **fields)  # type: ignore[arg-type]
    account.refresh_from_db()
    assert (account.name, account.email, account.city) == ("Firm", "", "")


def test_a_circle_of_parents_is_refused(owner: Member) -> None:
    top = create_account(member=owner, name="Top")
    middle = create_account(member=owner, name="Middle", parent=top)
    below = create_account(member=owner, name="Below", parent=middle)
    for parent in (top, below):
        with pytest.raises(WrongAccount, match="lies below"):
            change_account(account=top, member=owner, parent=parent)
    assert change_account(account=below, member=owner, parent=None).parent is None


def test_owners_are_assigned_by_those_who_may(owner: Member) -> None:
    seller = member("new_business_seller")
    accounts = [create_account(member=owner, name=name) for name in "ab"]
    assert assign_owner(accounts=accounts, owner=seller, member=owner) == 2
    assert assign_owner(accounts=accounts, owner=seller, member=owner) == 0
    assert set(visible_accounts(seller)) == set(accounts)
    with pytest.raises(Forbidden):
        assign_owner(accounts=accounts, owner=None, member=seller)
    seller.is_active = False
    with pytest.raises(WrongAccount, match="no longer active"):
        assign_owner(accounts=accounts, owner=seller, member=owner)


def test_tags_are_put_on_and_taken_off(owner: Member) -> None:
    account = create_account(member=owner, name="Firm")
    tag(account=account, tags=["a", "b", " "], member=owner)
    untag(account=account, tags=["a", "never there"], member=owner)
    assert [one.name for one in account.tags.all()] == ["b"]
    assert [entry.verb for entry in history_of(account)][:2] == ["untag", "tag"]


# Fields of our own


@pytest.fixture
def own_fields(owner: Member) -> None:
    create_custom_field(label="Machines", type="number", member=owner)
    create_custom_field(label="Founded", type="date", member=owner)
    create_custom_field(label="Grade", type="choice", choices=["Gold", "Silver"], member=owner)
    create_custom_field(label="Exports", type="yes_no", member=owner)
    create_custom_field(label="Margin note", key="margin_note", confidential=True, member=owner)


@pytest.mark.usefixtures("own_fields")
def test_values_of_own_fields_are_kept_by_type(owner: Member) -> None:
    values = {
        "machines": "12.5",
        "founded": date(1987, 5, 1),
        "grade": "gold",
        "exports": "yes",
        "margin_note": " low ",
    }
    account = create_account(member=owner, name="Firm", custom=values)
    kept = {"machines": 12.5, "founded": "1987-05-01", "grade": "Gold", "exports": True, "margin_note": "low"}
    assert account.custom == kept
    account = change_account(account=account, member=owner, custom={"grade": "", "machines": 3})
    del kept["grade"]
    assert account.custom == {**kept, "machines": 3}


@pytest.mark.usefixtures("own_fields")
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("machines", "many"), ("machines", "nan"), ("machines", True), ("founded", "1.5.1987"),
        ("founded", "1987-02-30"),
        ("grade", "Bronze"), ("exports", "perhaps"), ("exports", 2), ("margin_note", 5), ("unknown", "x"),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_its_field_is_refused(key: str, value: object) -> None:
    with pytest.raises(WrongValue):
        validated_custom({key: value})


@pytest.mark.usefixtures("own_fields")
def test_a_confidential_field_is_absent_for_those_who_may_not_see_it() -> None:
    with pytest.raises(WrongValue, match="There is no field margin_note"):
        validated_custom({"margin_note": "x"}, member=member("new_business_seller"))


@pytest.mark.usefixtures("own_fields")
@pytest.mark.parametrize(
    "fields",
    [
        {"label": ""}, {"label": "ग्रेड"}, {"label": "Machines"}, {"label": "New", "type": "colour"},
        {"label": "New", "type": "choice"}, {"label": "New", "choices": ["a"]},
    ],
)  # fmt: skip
def test_a_field_that_cannot_be_is_refused(owner: Member, fields: dict[str, str]) -> None:
    with pytest.raises(WrongCustomField):
        create_custom_field(**fields, member=owner)  # type: ignore[arg-type]


# Order lines


def test_the_lines_of_an_account_come_newest_first_with_those_of_merged_accounts(owner: Member) -> None:
    kept, merged = create_account(member=owner, name="Kept"), create_account(member=owner, name="Merged")
    other = create_account(member=owner, name="Other")
    lines = ", ".join(
        f"('{order}', {account.pk}, DATE '{on}')"
        for order, account, on in [("1", kept, "2024-01-05"), ("2", merged, "2024-03-05"), ("3", other, "2024-04-05")]
    )
    written = {"source": "'erp'", "line_no": "'1'", "currency": "'EUR'", "kind": "'sale'", "net_minor": "100"}
    written |= {"net_base_minor": "100", "order_id": "o", "account_id": "a", "business_date": "d"}
    columns = ", ".join(f"{written.get(name, 'NULL')}::{kind} AS {name}" for name, kind in HISTORY.columns.items())
    with open_engine() as engine:
        HISTORY.writable()
        version = HISTORY.append(engine, f"SELECT {columns} FROM (VALUES {lines}) AS v(o, a, d)")
    HISTORY.put_in_force(version)
    assert [line.order_id for line in lines_of_account(kept)] == ["1"]
    merge_accounts(kept=kept, merged=merged, member=owner)
    assert [line.order_id for line in lines_of_account(kept)] == ["2", "1"]
    assert [line.business_date for line in lines_of_account(kept, limit=1, offset=1)] == [date(2024, 1, 5)]


def test_an_account_has_no_lines_before_anything_was_imported(owner: Member) -> None:
    assert lines_of_account(create_account(member=owner, name="Firm")) == []
