"""Key accounts are appointed with a manager of their own, three at most each; exceptions have a reason (E10, E11)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from regulars.base.access import Forbidden
from regulars.base.audit import history_of
from regulars.base.models import Department, Member
from regulars.facts.merges import merge_accounts
from regulars.facts.models import Account
from regulars.insight.key_account_signs import Of, large_shares
from regulars.plan.key_accounts import (
    TooManyKeyAccounts,
    WrongKeyAccount,
    appoint_key_account,
    end_key_account,
    loads,
    restore_key_account,
    visible_key_accounts,
)
from regulars.plan.models import KeyAccount

pytestmark = pytest.mark.django_db
ON = date(2024, 12, 9)


@pytest.fixture
def manager(owner: Member) -> Member:
    return Member.objects.create(email="m@firm.example", name="Mia", role=Member.Role.ACCOUNT_MANAGER)


def accounts(count: int) -> list[Account]:
    return [Account.objects.create(name=f"Firm {number}") for number in range(count)]


def test_a_fourth_key_account_needs_a_reason_which_is_kept(manager: Member, owner: Member) -> None:
    """E11."""
    *three, fourth = accounts(4)
    for account in three:
        made = appoint_key_account(account=account, manager=manager, on=ON, member=owner, exception="not needed")
        assert made.exception == ""
    with pytest.raises(TooManyKeyAccounts, match="Mia has 3 key accounts already"):
        appoint_key_account(account=fourth, manager=manager, on=ON, member=owner, exception=" ")
    made = appoint_key_account(account=fourth, manager=manager, on=ON, member=owner, exception="Knows them all")
    assert made.exception == "Knows them all"
    assert loads()[manager.pk] == 4
    entry = history_of(made).first()
    assert entry is not None
    assert (entry.verb, entry.member, entry.after["exception"]) == ("appoint_key_account", owner, "Knows them all")


def test_only_the_heads_appoint_and_end(manager: Member, owner: Member) -> None:
    account = Account.objects.create(name="Firm", owner=manager)
    with pytest.raises(Forbidden):
        appoint_key_account(account=account, manager=manager, on=ON, member=manager)
    made = appoint_key_account(account=account, manager=manager, on=ON, member=owner)
    with pytest.raises(Forbidden):
        end_key_account(key_account=made, on=ON, reason="x", member=manager)
    assert list(visible_key_accounts(manager)) == [made]


def test_a_new_manager_takes_the_place_of_the_old_one(manager: Member, owner: Member) -> None:
    (account,) = accounts(1)
    before = appoint_key_account(account=account, manager=manager, on=ON, member=owner)
    with pytest.raises(WrongKeyAccount, match="manages this key account already"):
        appoint_key_account(account=account, manager=manager, on=ON, member=owner)
    after = appoint_key_account(account=account, manager=owner, on=ON, member=owner)
    before.refresh_from_db()
    assert before.until == ON
    assert list(visible_key_accounts(owner)) == [after]
    with pytest.raises(WrongKeyAccount):
        restore_key_account(key_account=before, member=owner)


def test_an_end_has_a_reason_and_can_be_taken_back(manager: Member, owner: Member) -> None:
    (account,) = accounts(1)
    made = appoint_key_account(account=account, manager=manager, on=ON, member=owner)
    with pytest.raises(WrongKeyAccount):
        end_key_account(key_account=made, on=ON, reason=" ", member=owner)
    end_key_account(key_account=made, on=ON, reason="Buys little now", member=owner)
    assert not visible_key_accounts(owner).exists()
    with pytest.raises(WrongKeyAccount, match="ended before"):
        end_key_account(key_account=made, on=ON, reason="again", member=owner)
    restore_key_account(key_account=made, member=owner)
    assert visible_key_accounts(owner).get().ended_because == ""


def test_who_has_left_manages_nothing_and_a_merged_account_is_the_one_it_is_part_of(
    manager: Member, owner: Member
) -> None:
    kept, merged = accounts(2)
    appoint_key_account(account=merged, manager=manager, on=ON, member=owner)
    merge_accounts(kept=kept, merged=merged, member=None)
    with pytest.raises(WrongKeyAccount, match="manages this key account already"):
        appoint_key_account(account=kept, manager=manager, on=ON, member=owner)
    manager.is_active = False
    manager.save()
    with pytest.raises(WrongKeyAccount, match="no longer works here"):
        appoint_key_account(account=kept, manager=manager, on=ON, member=owner)
    assert KeyAccount.objects.count() == 1


def test_large_shares_are_of_the_firm_of_a_department_and_of_a_manager(
    scored: Callable[..., Account], manager: Member, django_assert_num_queries: Any
) -> None:
    """E10: more than 10 % of sales of the company, of a department or of one manager."""
    north = Department.objects.create(name="North")
    large = scored("Large", sales_12m=90_000.0)
    daughter = scored("Daughter", sales_12m=10_000.0)
    Account.objects.filter(pk=daughter.pk).update(parent=large)
    local, other = scored("Local", sales_12m=5_000.0), scored("Other in the north", sales_12m=500.0)
    Account.objects.filter(pk__in=[local.pk, other.pk]).update(department=north)
    own = scored("Own", sales_12m=3_000.0, owner=manager)
    scored("Own and small", sales_12m=200.0, owner=manager)
    with django_assert_num_queries(9):
        found = large_shares(member=None)
    assert {account: [one.of for one in signs] for account, signs in found.items()} == {
        large.pk: [Of.FIRM],
        local.pk: [Of.DEPARTMENT],
        own.pk: [Of.MANAGER],
    }
    assert next(iter(found)) == large.pk
    assert "department North" in found[local.pk][0].sentence
    assert "Mia looks after" in found[own.pk][0].sentence
    with django_assert_num_queries(8):
        assert large_shares(member=None) == found, "kept"
    Account.objects.filter(pk=own.pk).update(owner=None)
    assert own.pk not in large_shares(member=None), "not kept when an account changes hands"
