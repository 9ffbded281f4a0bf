"""Many accounts at once, taken back as one."""

from __future__ import annotations

from typing import Any

import pytest

from regulars.base.access import Forbidden
from regulars.base.models import AuditEntry, Member
from regulars.facts import bulk_changes
from regulars.facts.accounts import WrongAccount
from regulars.facts.bulk_changes import TooManyAccounts, assign_accounts, tag_accounts, take_back, untag_accounts
from regulars.facts.models import Account


@pytest.fixture
def some(organisation: Any) -> list[Account]:
    return [Account.objects.create(name=name) for name in ("Anna", "Berta", "Carla")]


def test_only_those_that_change_hands_are_counted_and_noted(some: list[Account], owner: Member) -> None:
    Account.objects.filter(name="Anna").update(owner=owner)
    done = assign_accounts(accounts=Account.objects.all(), owner=owner, member=owner)
    assert done.changed == 2
    assert set(AuditEntry.objects.values_list("account_id", flat=True)) == {some[1].pk, some[2].pk}


def test_a_change_taken_back_can_be_taken_back_itself(some: list[Account], owner: Member) -> None:
    done = tag_accounts(accounts=Account.objects.filter(name="Anna"), tags=["vip", "fair"], member=owner)
    back = take_back(moment=done.moment, member=owner)
    assert not some[0].tags.exists()
    take_back(moment=back.moment, member=owner)
    assert some[0].tags.count() == 2


def test_a_tag_put_on_by_somebody_else_meanwhile_stays(some: list[Account], owner: Member) -> None:
    done = tag_accounts(accounts=Account.objects.all(), tags=["vip"], member=owner)
    tag_accounts(accounts=Account.objects.filter(name="Berta"), tags=["fair"], member=None)
    take_back(moment=done.moment, member=owner)
    assert list(some[1].tags.values_list("name", flat=True)) == ["fair"]


def test_too_many_at_once_change_nothing(some: list[Account], owner: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_changes, "MOST_AT_ONCE", 2)
    with pytest.raises(TooManyAccounts):
        assign_accounts(accounts=Account.objects.all(), owner=owner, member=owner)
    assert not Account.objects.exclude(owner=None).exists()


def test_who_may_not_is_refused(some: list[Account], organisation: Any) -> None:
    seller = Member.objects.create(email="s@firm.example", name="S", role="account_manager")
    analyst = Member.objects.create(email="a@firm.example", name="A", role="analyst")
    with pytest.raises(Forbidden):
        assign_accounts(accounts=Account.objects.all(), owner=seller, member=seller)
    with pytest.raises(Forbidden):
        untag_accounts(accounts=Account.objects.all(), tags=["vip"], member=analyst)
    assert tag_accounts(accounts=Account.objects.all(), tags=["vip"], member=seller).changed == 0


def test_nothing_is_given_to_who_is_no_longer_active(some: list[Account], owner: Member) -> None:
    gone = Member.objects.create(email="g@firm.example", name="Gone", is_active=False)
    with pytest.raises(WrongAccount):
        assign_accounts(accounts=Account.objects.all(), owner=gone, member=owner)
