"""Accounts that have not ordered yet are on the list of the day, with what goes by records of their own (issue 5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from regulars.base.models import Member, Team
from regulars.facts.issues import open_issue
from regulars.facts.leads import Origin, take_lead
from regulars.facts.models import Account, Lead
from regulars.insight.models import Score, Snapshot
from regulars.plan.causes import CAUSES
from regulars.plan.customers_to_be import CAUSES_WITHOUT_ORDERS, usual_worth
from regulars.plan.handovers import open_handover, send_handover
from regulars.plan.leads import Given, win_lead
from regulars.plan.models import Action
from regulars.plan.opportunities import open_opportunity
from regulars.plan.plays import do_step, start_play
from regulars.plan.promises import keep_promise, make_promise
from regulars.plan.proposals import refresh_actions
from regulars.plan.today import todays_list

pytestmark = pytest.mark.django_db
Scored = Callable[..., Account]
AS_OF = date(2024, 12, 9)


@pytest.fixture
def anna(owner: Member) -> Member:
    return Member.objects.create(email="anna@example.com", name="Anna", role=Member.Role.ACCOUNT_MANAGER)


@pytest.fixture
def new(anna: Member) -> Account:
    return Account.objects.create(name="Alpine Gifts", owner=anna)


def causes(snapshot: Snapshot, days_later: int = 0) -> set[tuple[str, str]]:
    refresh_actions(snapshot=snapshot, today=AS_OF + timedelta(days=days_later))
    return set(Action.objects.filter(state=Action.State.OPEN).values_list("account__name", "cause"))


def test_a_step_of_a_playbook_of_a_customer_without_orders_is_on_the_list_of_the_day(
    snapshot: Snapshot, new: Account, anna: Member
) -> None:
    Score.objects.all().delete()
    play = start_play(account=new, playbook="unpaid", on=AS_OF - timedelta(days=7), member=anna)
    assert causes(snapshot) == {("Alpine Gifts", "play")}
    (card,) = todays_list(anna, AS_OF).items
    assert card.reason.step is not None
    assert card.reason.sentences[-1] == "It has not ordered anything yet."
    step = play.steps.order_by("position")[0]
    do_step(step=step, on=AS_OF, outcome="Called", member=anna)
    assert causes(snapshot) == set()


def test_a_lead_that_was_won_is_on_the_list_with_its_hand_over_and_promises(
    snapshot: Snapshot, scored: Scored, anna: Member, owner: Member
) -> None:
    growth = Team.objects.create(name="Growth")
    Member.objects.update(team=growth)
    anna.refresh_from_db()
    scored("Regular")
    moment = datetime(2024, 12, 2, 9, tzinfo=UTC)
    origin = Origin(channel=Lead.Channel.HAND)
    lead = take_lead(origin=origin, at=moment, member=owner, owner=owner, name="Alpine", email="a@b.example").lead
    promise = Given(text="Samples", due_on=AS_OF)
    won = win_lead(lead=lead, at=moment, member=owner, receiver=anna, work="Ten a month", promises=[promise])
    assert won.handover is not None
    send_handover(handover=won.handover, on=date(2024, 12, 2), member=owner)
    assert {cause for name, cause in causes(snapshot) if name == "Alpine"} == {"handover", "promise"}
    asked = {action.cause: action for action in Action.objects.select_related("member")}
    assert (asked["handover"].member, asked["promise"].member) == (anna, owner)
    assert asked["promise"].stake == usual_worth() == 10_000.0
    (card,) = todays_list(anna, AS_OF).items
    assert card.reason.sentences == [
        "Its hand-over was sent and is not accepted.",
        "It has not ordered anything yet; a usual customer of ours buys for €10,000 a year.",
    ]


def test_what_is_settled_before_the_first_order_closes_itself(snapshot: Snapshot, new: Account, anna: Member) -> None:
    promise = make_promise(account=new, text="Samples", due_on=AS_OF, on=AS_OF, member=anna)
    assert causes(snapshot) == {("Alpine Gifts", "promise")}
    assert causes(snapshot) == {("Alpine Gifts", "promise")}
    keep_promise(promise=promise, on=AS_OF, member=anna)
    assert causes(snapshot) == set()
    assert Action.objects.get().figures["closed"]["key"] == "settled"


def test_with_its_first_order_the_same_action_goes_on_with_its_figures(
    snapshot: Snapshot, scored: Scored, new: Account, anna: Member
) -> None:
    make_promise(account=new, text="Samples", due_on=AS_OF, on=AS_OF, member=anna)
    causes(snapshot)
    scored(account=new, first_order=AS_OF - timedelta(days=1), silence_days=1, order_days=1)
    assert ("Alpine Gifts", "promise") in causes(snapshot)
    action = Action.objects.get(cause="promise")
    assert "usual_worth" not in action.figures
    assert action.figures["last_order"] == "2024-12-08"


def test_every_cause_that_goes_by_records_of_its_own_is_asked(snapshot: Snapshot, new: Account, anna: Member) -> None:
    moment = datetime(2024, 11, 1, 9, tzinfo=UTC)
    open_issue(account=new, title="Broken", at=moment, due_at=moment + timedelta(days=2), member=anna)
    deal = open_opportunity(
        account=new, title="Repair", on=AS_OF - timedelta(days=30), member=anna, amount_minor=90_000
    )
    deal.next_step, deal.next_step_on = "Call", AS_OF - timedelta(days=9)
    deal.save()
    handed = open_handover(account=new, origin="won", on=AS_OF - timedelta(days=20), member=anna)
    assert handed.account == new
    assert {cause for _name, cause in causes(snapshot)} == {"issue", "opportunity", "handover"}


def test_what_goes_by_orders_says_nothing_of_who_has_none(
    snapshot: Snapshot, scored: Scored, new: Account, anna: Member, django_assert_max_num_queries: Any
) -> None:
    make_promise(account=new, text="Samples", due_on=AS_OF, on=AS_OF, member=anna)
    for number in range(30):
        other = Account.objects.create(name=f"New {number}", owner=anna)
        make_promise(account=other, text="Samples", due_on=AS_OF, on=AS_OF, member=anna)
    with django_assert_max_num_queries(110):
        found = causes(snapshot)
    assert {cause for _name, cause in found} == {"promise"}


def test_the_causes_that_may_be_asked_look_up_what_they_go_by() -> None:
    assert all(CAUSES[key].look_up is not None for key in CAUSES_WITHOUT_ORDERS)
