"""Opportunities are opened, moved, won and lost; the chances learn from it; a late step is on the list (A2, A3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from regulars.base.audit import history_of
from regulars.base.members import create_member
from regulars.base.models import Member
from regulars.facts.merges import merge_accounts, undo_merge
from regulars.facts.models import Account, Signal, Supply
from regulars.facts.offerings import record_offering
from regulars.insight.affinity import PRODUCT, Suggestion
from regulars.insight.models import Snapshot
from regulars.plan.closing import closing_sentence
from regulars.plan.leaving import hand_over_and_deactivate
from regulars.plan.models import Action, Handover, Opportunity
from regulars.plan.opportunities import (
    NoSuchOpportunity,
    WrongOpportunity,
    change_opportunity,
    lose_opportunity,
    move_opportunity,
    open_from_suggestion,
    open_opportunities,
    open_opportunity,
    reopen_opportunity,
    visible_opportunities,
    win_opportunity,
)
from regulars.plan.opportunity_stages import WrongStage, learned_chances, record_stage, remove_stage, stages
from regulars.plan.proposals import refresh_actions
from regulars.plan.today import told

pytestmark = pytest.mark.django_db
AS_OF = date(2024, 12, 9)


@pytest.fixture
def firm(scored: Callable[..., Account], owner: Member) -> Account:
    return scored("Harbour Gifts", owner=owner)


def opened(account: Account, owner: Member | None, **said: Any) -> Opportunity:
    values: dict[str, Any] = {"title": "Repair contract", "amount_minor": 100_000} | said
    return open_opportunity(account=account, on=AS_OF, member=owner, **values)


def signals(account: Account) -> list[str]:
    return list(Signal.objects.filter(account=account, withdrawn_at=None).values_list("kind", flat=True))


def test_an_opportunity_starts_in_the_first_stage_and_keeps_its_way(firm: Account, owner: Member) -> None:
    made = opened(firm, owner)
    assert (made.stage, made.owner, made.currency) == ("talk", owner, "EUR")
    moved = move_opportunity(opportunity=made, stage="offer", on=AS_OF, member=owner)
    change_opportunity(opportunity=moved, on=AS_OF, member=owner, amount_minor=120_000)
    assert [(step.stage, step.amount_minor) for step in made.steps.order_by("pk")] == [
        ("talk", 100_000),
        ("offer", 100_000),
        ("offer", 120_000),
    ]
    assert {entry.verb for entry in history_of(made)} == {"open_opportunity", "move_opportunity", "change_opportunity"}
    with pytest.raises(WrongStage, match="no stage"):
        move_opportunity(opportunity=made, stage="nowhere", on=AS_OF, member=owner)


def test_without_a_title_for_less_than_nothing_or_for_nobody_it_is_refused(
    firm: Account, scored: Callable[..., Account], owner: Member
) -> None:
    with pytest.raises(WrongOpportunity, match="what it is about"):
        opened(firm, owner, title=" ")
    with pytest.raises(WrongOpportunity, match="no amount"):
        opened(firm, owner, amount_minor=-1)
    with pytest.raises(WrongOpportunity, match="currency"):
        opened(firm, owner, currency="XXQ")
    with pytest.raises(WrongOpportunity, match="next step"):
        opened(firm, owner, next_step_on=AS_OF)
    with pytest.raises(WrongOpportunity, match="Nobody"):
        opened(scored("Nobody's"), None)
    assert Opportunity.objects.count() == 0


def test_winning_is_a_signal_fills_the_white_space_and_may_open_a_hand_over(firm: Account, owner: Member) -> None:
    offering = record_offering(name="Repair", member=owner)
    made = opened(firm, owner, offering=offering)
    won = win_opportunity(opportunity=made, on=AS_OF, member=owner, amount_minor=90_000, hand_over=True)
    assert (won.state, won.amount_minor, won.closed_on) == ("won", 90_000, AS_OF)
    assert signals(firm) == ["opportunity_won"]
    assert Supply.objects.get().state == "us"
    assert Handover.objects.get().origin == "won"
    with pytest.raises(WrongOpportunity, match="won"):
        lose_opportunity(opportunity=made, reason="price", on=AS_OF, member=owner)


def test_taking_back_the_end_takes_back_what_came_of_it(firm: Account, owner: Member) -> None:
    made = opened(firm, owner, offering=record_offering(name="Repair", member=owner))
    win_opportunity(opportunity=made, on=AS_OF, member=owner)
    again = reopen_opportunity(opportunity=made, on=AS_OF, member=owner)
    assert (again.state, again.closed_on) == ("open", None)
    assert signals(firm) == []
    assert not Supply.objects.filter(withdrawn_at=None).exists()
    with pytest.raises(WrongOpportunity, match="open"):
        reopen_opportunity(opportunity=made, on=AS_OF, member=owner)


def test_losing_needs_a_reason_and_to_a_competitor_it_is_a_signal(firm: Account, owner: Member) -> None:
    made = opened(firm, owner)
    with pytest.raises(WrongOpportunity, match="reason"):
        lose_opportunity(opportunity=made, reason="", on=AS_OF, member=owner)
    lost = lose_opportunity(opportunity=made, reason="competitor", on=AS_OF, member=owner, said="Cheaper")
    assert (lost.state, lost.reason, lost.closing_words) == ("lost", "competitor", "Cheaper")
    assert signals(firm) == ["tender_lost"]


def test_the_chance_of_a_stage_follows_what_became_of_others(firm: Account, owner: Member) -> None:
    assert learned_chances()["offer"].chance == pytest.approx(0.40)
    for _number in range(12):
        made = opened(firm, owner)
        move_opportunity(opportunity=made, stage="offer", on=AS_OF, member=owner)
        lose_opportunity(opportunity=made, reason="price", on=AS_OF, member=owner)
    found = learned_chances()
    assert (found["offer"].closed, found["decision"].closed) == (12, 0)
    assert found["offer"].chance == pytest.approx(0.40 * 8 / 20)
    assert found["decision"].chance == pytest.approx(0.65)


def test_the_firm_makes_its_own_stages_but_none_goes_with_opportunities_in_it(firm: Account, owner: Member) -> None:
    record_stage(name="Sample sent", usual_chance=0.3, place=2, member=owner)
    assert [one.name for one in stages()] == [
        "First talk",
        "Need is clear",
        "Sample sent",
        "Offer made",
        "About to decide",
    ]
    made = opened(firm, owner, stage="sample-sent")
    with pytest.raises(WrongStage, match="open in this stage"):
        remove_stage(stage="sample-sent", member=owner)
    lose_opportunity(opportunity=made, reason="later", on=AS_OF, member=owner)
    remove_stage(stage="sample-sent", member=owner)
    assert len(stages()) == 4
    assert reopen_opportunity(opportunity=made, on=AS_OF, member=owner).stage == "decision"
    with pytest.raises(WrongStage, match="chance"):
        record_stage(name="Sure", usual_chance=1.0, member=owner)


def test_a_suggestion_becomes_an_opportunity_once(firm: Account, owner: Member) -> None:
    found = Suggestion(
        kind=PRODUCT,
        item="22423",
        name="Cake stand",
        alike_buying=7,
        alike=20,
        because="",
        chance=0.2,
        first_year_sales=412.5,
        margin_share=None,
    )
    bakery = record_offering(name="Bakery", products=["22423"], member=owner)
    made = open_from_suggestion(account=firm, suggestion=found, on=AS_OF, member=owner)
    assert (made.title, made.amount_minor, made.offering, made.source) == ("Cake stand", 41_250, bakery, "suggestion")
    with pytest.raises(WrongOpportunity, match="already"):
        open_from_suggestion(account=firm, suggestion=found, on=AS_OF, member=owner)


def test_it_is_followed_when_its_account_is_merged(
    firm: Account, scored: Callable[..., Account], owner: Member
) -> None:
    other = scored("Harbour Gifts Ltd", owner=owner)
    made = opened(other, owner)
    merge = merge_accounts(kept=firm, merged=other, member=owner)
    assert list(open_opportunities(firm, member=owner)) == [made]
    undo_merge(merge=merge, member=owner)
    assert list(open_opportunities(firm, member=owner)) == []


def test_who_does_not_see_the_account_does_not_see_it_unless_it_is_theirs(
    firm: Account, organisation: object, owner: Member
) -> None:
    seller = create_member(member=None, email="s@example.com", name="Seller", role="new_business_seller")
    made = opened(firm, owner)
    assert not visible_opportunities(seller).exists()
    with pytest.raises(NoSuchOpportunity):
        move_opportunity(opportunity=made, stage="offer", on=AS_OF, member=seller)
    change_opportunity(opportunity=made, on=AS_OF, member=owner, owner=seller)
    assert visible_opportunities(seller).get() == made
    win_opportunity(opportunity=made, on=AS_OF, member=seller, hand_over=True)
    assert signals(firm) == ["opportunity_won"]


def test_who_leaves_passes_them_on(firm: Account, owner: Member) -> None:
    seller = create_member(member=None, email="s@example.com", name="Seller", role="service")
    made = opened(firm, seller)
    hand_over_and_deactivate(person=seller, heir=owner, member=owner)
    made.refresh_from_db()
    assert made.owner == owner


def test_a_late_step_is_on_the_list_of_who_follows_it_up_and_goes_with_a_new_day(
    firm: Account, snapshot: Snapshot, owner: Member
) -> None:
    made = opened(firm, owner, next_step="Send the offer", next_step_on=AS_OF - timedelta(days=4))
    refresh_actions(snapshot=snapshot, today=AS_OF)
    action = Action.objects.get(cause="opportunity")
    assert action.member == owner
    assert action.stake == pytest.approx(1000.0 * 0.10)
    assert any("Send the offer" in sentence for sentence in told(action).sentences)
    change_opportunity(opportunity=made, on=AS_OF, member=owner, next_step_on=AS_OF + timedelta(days=3))
    refresh_actions(snapshot=snapshot, today=AS_OF)
    action.refresh_from_db()
    assert action.state == Action.State.CLOSED
    assert "step was taken" in closing_sentence(action.figures["closed"])
