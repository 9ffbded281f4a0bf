"""A member leaves: what they looked after passes on, all of it or nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from regulars.base.access import Forbidden
from regulars.base.audit import history_of
from regulars.base.members import LastOwner
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.issues import Given, open_issue
from regulars.facts.leads import Origin, take_lead, visible_leads
from regulars.facts.models import Account, Issue, Lead
from regulars.plan import leaving
from regulars.plan.handovers import open_handover
from regulars.plan.joint_projects import propose_project
from regulars.plan.key_plans import add_plan_entry
from regulars.plan.leaving import hand_over_and_deactivate
from regulars.plan.models import Handover, JointProject, KeyPlanEntry, Promise, Review
from regulars.plan.promises import make_promise
from regulars.plan.reviews import schedule_review


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


DAY, AT = date(2024, 12, 9), datetime(2024, 12, 9, 10, tzinfo=UTC)


def test_work_in_hand_passes_on_to_the_heir(owner: Member, seller: Member) -> None:
    account = Account.objects.create(name="Firm", owner=seller)
    schedule_review(account=account, at=AT + timedelta(days=20), on=DAY, member=seller)
    add_plan_entry(account=account, kind="action", text="Show lamps", owner=seller, due_on=DAY, on=DAY, member=owner)
    propose_project(
        account=account, on=DAY, member=seller, title="Less waste", goal="Save", measure="Waste", baseline=Decimal(5)
    )
    open_issue(account=account, title="Broken", at=AT, due_at=AT, member=seller, given=Given(owner=seller))
    take_lead(origin=Origin(channel="hand"), at=AT, member=seller, owner=seller, name="Alpine", email="a@b.example")
    hand_over_and_deactivate(person=seller, heir=owner, member=owner)
    held: list[Any] = [
        Review.objects.get(),
        KeyPlanEntry.objects.get(),
        JointProject.objects.get(),
        Issue.objects.get(),
    ]
    assert {one.owner for one in [*held, Lead.objects.get()]} == {owner}
    assert all(history_of(one).filter(verb="reassign").exists() for one in held)


def test_a_visit_of_an_executive_passes_on_to_executives_alone(owner: Member, seller: Member) -> None:
    head = Member.objects.create(email="head@firm.example", name="Head", role="sales_head")
    account = Account.objects.create(name="Firm", owner=owner)
    add_plan_entry(account=account, kind="visit", text="Visit", owner=head, due_on=DAY, on=DAY, member=owner)
    hand_over_and_deactivate(person=head, heir=seller, member=owner)
    assert KeyPlanEntry.objects.get().owner == head, "no account manager makes it"


def test_leads_of_who_leaves_without_an_heir_go_to_whose_turn_it_is(owner: Member, seller: Member) -> None:
    nina = Member.objects.create(email="nina@firm.example", name="Nina", role="new_business_seller")
    lead = take_lead(
        origin=Origin(channel="hand"), at=AT, member=None, owner=seller, name="Alpine", email="a@b.example"
    )
    hand_over_and_deactivate(person=seller, heir=None, member=owner)
    lead.lead.refresh_from_db()
    assert lead.lead.owner == nina
    assert visible_leads(nina).get() == lead.lead
