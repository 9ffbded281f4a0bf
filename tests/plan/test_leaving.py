"""A member leaves: what they looked after passes on, all of it or nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from regulars.base.access import Forbidden
from regulars.base.audit import history_of
from regulars.base.members import LastOwner
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.models import Account
from regulars.plan import leaving
from regulars.plan.handovers import open_handover
from regulars.plan.leaving import hand_over_and_deactivate
from regulars.plan.models import Handover, Promise
from regulars.plan.promises import make_promise


@pytest.fixture
def seller(organisation: Any) -> Member:
    return Member.objects.create(email="sam@firm.example", name="Sam", role="account_manager")


def test_all_accounts_pass_on_however_many(owner: Member, seller: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaving, "_AT_ONCE", 3)
    accounts = [Account.objects.create(name=f"Firm {number}", owner=seller) for number in range(7)]
    assert hand_over_and_deactivate(person=seller, heir=owner, member=owner) == 7
    assert Account.objects.filter(owner=owner).count() == 7
    assert all(history_of(one).filter(verb="assign_owner").exists() for one in accounts)


def test_accounts_of_others_and_merged_ones_stay(owner: Member, seller: Member) -> None:
    kept = Account.objects.create(name="Kept", owner=owner)
    Account.objects.create(name="Merged", owner=seller, merged_into=kept)
    assert hand_over_and_deactivate(person=seller, heir=None, member=owner) == 0
    assert Account.objects.get(name="Kept").owner == owner


def test_nothing_changes_where_the_heir_has_left_too(owner: Member, seller: Member) -> None:
    gone = Member.objects.create(email="gone@firm.example", name="Gone", is_active=False)
    Account.objects.create(name="Firm", owner=seller)
    with pytest.raises(Refusal, match="no longer active"):
        hand_over_and_deactivate(person=seller, heir=gone, member=owner)
    assert Member.objects.get(pk=seller.pk).is_active
    assert Account.objects.get(name="Firm").owner == seller


def test_the_last_owner_does_not_leave(owner: Member, seller: Member) -> None:
    Account.objects.create(name="Firm", owner=owner)
    with pytest.raises(LastOwner):
        hand_over_and_deactivate(person=owner, heir=seller, member=owner)
    assert Account.objects.get(name="Firm").owner == owner


def test_who_may_not_manage_members_sends_nobody_away(owner: Member, seller: Member) -> None:
    with pytest.raises(Forbidden):
        hand_over_and_deactivate(person=owner, heir=seller, member=seller)


def test_promises_and_hand_overs_pass_on_to_the_heir(owner: Member, seller: Member) -> None:
    account = Account.objects.create(name="Firm", owner=seller)
    day = date(2024, 12, 9)
    make_promise(account=account, text="Samples", due_on=day, on=day, member=seller)
    open_handover(account=account, origin="other", on=day, member=owner, receiver=seller)
    hand_over_and_deactivate(person=seller, heir=owner, member=owner)
    assert Promise.objects.get().owner == owner
    assert Handover.objects.get().receiver == owner
