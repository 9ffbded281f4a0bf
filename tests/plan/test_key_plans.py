"""Plans of key accounts: lines with who and until when, visits of executives, what is due on Today (E12, E21)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from regulars.base.audit import history_of
from regulars.base.models import Member
from regulars.facts.interactions import record_interaction
from regulars.facts.merges import merge_accounts, undo_merge
from regulars.facts.models import Account
from regulars.insight.models import Snapshot
from regulars.plan.key_accounts import appoint_key_account
from regulars.plan.key_plans import (
    NoSuchPlanEntry,
    WrongPlanEntry,
    add_plan_entry,
    move_plan_entry,
    plan_of,
    reopen_plan_entry,
    settle_plan_entry,
)
from regulars.plan.models import Action, KeyPlanEntry
from regulars.plan.proposals import refresh_actions
from regulars.plan.today import told

pytestmark = pytest.mark.django_db
AS_OF = date(2024, 12, 9)
SOON = AS_OF + timedelta(days=2)


@pytest.fixture
def ben(owner: Member) -> Member:
    return Member.objects.create(email="ben@firm.example", name="Ben", role=Member.Role.ACCOUNT_MANAGER)


@pytest.fixture
def account(scored: Callable[..., Account], owner: Member, ben: Member) -> Account:
    made = scored("Harbour Gifts", owner=ben)
    appoint_key_account(account=made, manager=ben, on=AS_OF, member=owner)
    return made


def planned(
    account: Account, owner: Member, kind: str = "action", due_on: date = SOON, product: str = ""
) -> KeyPlanEntry:
    return add_plan_entry(
        account=account, kind=kind, text="Show them the plant", owner=owner, due_on=due_on, on=AS_OF, member=owner,
        product=product,
    )  # fmt: skip


def due(account: Account) -> Action | None:
    return Action.objects.filter(account=account, cause="key_plan", state=Action.State.OPEN).first()


def test_a_line_is_done_with_what_came_of_it_and_can_be_taken_back(account: Account, ben: Member) -> None:
    made = planned(account, ben)
    done = settle_plan_entry(entry=made, state="done", on=AS_OF, member=ben, result=" They were delighted ")
    assert (done.state, done.settled_on, done.result) == ("done", AS_OF, "They were delighted")
    with pytest.raises(WrongPlanEntry, match="settled: done"):
        settle_plan_entry(entry=made, state="dropped", on=AS_OF, member=ben, result="x")
    back = reopen_plan_entry(entry=made, member=ben)
    assert (back.state, back.settled_on, back.result) == ("open", None, "")
    with pytest.raises(WrongPlanEntry, match="why"):
        settle_plan_entry(entry=made, state="dropped", on=AS_OF, member=ben, result=" ")
    assert [entry.verb for entry in history_of(made)] == ["reopen_plan_entry", "settle_plan_entry", "add_plan_entry"]


def test_only_who_leads_makes_the_visit_of_an_executive(account: Account, owner: Member, ben: Member) -> None:
    with pytest.raises(WrongPlanEntry, match="does not lead"):
        planned(account, ben, kind="visit")
    visit = planned(account, owner, kind="visit")
    with pytest.raises(WrongPlanEntry, match="does not lead"):
        move_plan_entry(entry=visit, due_on=SOON, on=AS_OF, member=owner, owner=ben)
    moved = move_plan_entry(entry=visit, due_on=SOON + timedelta(days=9), on=AS_OF, member=owner)
    assert (moved.due_on, moved.owner) == (SOON + timedelta(days=9), owner)


def test_a_line_is_given_to_nobody_who_has_left(account: Account, owner: Member, ben: Member) -> None:
    made = planned(account, ben)
    gone = Member.objects.create(email="gone@firm.example", name="Gone", is_active=False)
    with pytest.raises(WrongPlanEntry, match="no longer active"):
        move_plan_entry(entry=made, due_on=AS_OF, on=AS_OF, member=owner, owner=gone)


def test_a_product_is_shown_once_and_nothing_is_planned_for_the_past(account: Account, ben: Member) -> None:
    shown = planned(account, ben, product="P1")
    with pytest.raises(WrongPlanEntry, match="in the plan already"):
        planned(account, ben, product="P1")
    settle_plan_entry(entry=shown, state="dropped", on=AS_OF, member=ben, result="Not made any more")
    planned(account, ben, product="P1")
    with pytest.raises(WrongPlanEntry, match="passed"):
        planned(account, ben, due_on=AS_OF - timedelta(days=1))


def test_others_cannot_touch_a_plan_and_who_is_to_do_a_line_can(account: Account, owner: Member, ben: Member) -> None:
    other = Member.objects.create(email="o@firm.example", name="Oda", role=Member.Role.NEW_BUSINESS_SELLER)
    made = planned(account, ben)
    with pytest.raises(NoSuchPlanEntry):
        settle_plan_entry(entry=made, state="done", on=AS_OF, member=other)
    given = move_plan_entry(entry=made, due_on=SOON, on=AS_OF, member=owner, owner=other)
    assert settle_plan_entry(entry=given, state="done", on=AS_OF, member=other).state == "done"


def test_the_plan_follows_a_merge_and_comes_back(account: Account, scored: Callable[..., Account], ben: Member) -> None:
    kept = scored("Harbour Gifts Ltd", owner=ben)
    made = planned(account, ben)
    merge = merge_accounts(kept=kept, merged=account, member=None)
    assert list(plan_of(kept)) == [made]
    undo_merge(merge=merge, member=None)
    assert (list(plan_of(kept)), list(plan_of(account))) == ([], [made])


def test_what_is_due_is_on_the_list_of_who_does_it(
    account: Account, owner: Member, ben: Member, snapshot: Snapshot
) -> None:
    planned(account, owner, kind="visit", due_on=AS_OF + timedelta(days=100))
    refresh_actions(snapshot=snapshot, today=AS_OF)
    assert due(account) is None
    line = planned(account, ben)
    planned(account, ben, kind="goal", due_on=SOON)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    action = due(account)
    assert action is not None
    assert action.member == ben
    assert "“Show them the plant”" in told(action).sentences[0]
    settle_plan_entry(entry=line, state="done", on=AS_OF, member=ben)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    assert due(account) is None


def test_the_visit_of_an_executive_is_due_half_a_year_after_the_last_one(
    account: Account, owner: Member, ben: Member, snapshot: Snapshot
) -> None:
    refresh_actions(snapshot=snapshot, today=AS_OF)
    action = due(account)
    assert action is not None
    assert (action.member, action.figures["kind"]) == (owner, "visit_due")
    assert "none of our executives has met it yet" in told(action).sentences[0]
    for member, days in ((ben, 1), (owner, 181)):
        record_interaction(account=account, kind="visit", on=AS_OF - timedelta(days=days), member=member)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    action.refresh_from_db()
    assert "for 181 days" in told(action).sentences[0]
    record_interaction(account=account, kind="meeting", on=AS_OF - timedelta(days=180), member=owner)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    assert due(account) is None
