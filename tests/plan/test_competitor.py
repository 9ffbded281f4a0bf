"""A competitor at a customer of value is on the list of the day, with the money at stake (mission B10)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from regulars.base.models import Member, Organisation
from regulars.base.organisation import change_thresholds
from regulars.facts.models import Account, Signal
from regulars.facts.signals import record_signal, withdraw_signal
from regulars.insight.models import Protection, Snapshot
from regulars.insight.protection import is_needed, protect_all
from regulars.plan.actions import mark_done
from regulars.plan.causes import CAUSES
from regulars.plan.closing import closing_sentence
from regulars.plan.daily import take_in_signals
from regulars.plan.models import Action
from regulars.plan.proposals import refresh_actions
from regulars.plan.today import todays_list

pytestmark = pytest.mark.django_db
AS_OF = date(2024, 12, 9)


def seen(account: Account, kind: str = "competitor_quoted", *, days_ago: int = 0, said: str = "") -> Signal:
    on = AS_OF - timedelta(days=days_ago)
    return record_signal(account=account, kind=kind, observed_on=on, member=None, said=said)


def refreshed(snapshot: Snapshot) -> list[Action]:
    protect_all(on=AS_OF)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    return list(Action.objects.filter(cause="competitor", state__in=Action.PENDING))


def test_an_attack_on_a_customer_of_value_is_proposed_with_words_and_money(
    scored: Callable[..., Account], snapshot: Snapshot, owner: Member
) -> None:
    account = scored("Attacked", owner=owner, pareto="A")
    seen(account, said="Ten per cent below us")
    seen(account, "price_pressure", days_ago=40)
    (action,) = refreshed(snapshot)
    risk = Protection.objects.get(account=account).risk
    assert risk is not None
    assert action.stake == pytest.approx(10_000 * risk)
    assert action.expected_money == pytest.approx(action.stake * 0.25)
    card = todays_list(owner, AS_OF).items[0]
    assert card.reason.action == action
    said = " ".join(card.reason.sentences)
    assert "A competitor has quoted, noted on" in said
    assert "“Ten per cent below us”." in said
    assert "1 more sign of a competitor" in said
    assert card.reason.advice
    assert card.reason.opening


def test_small_customers_old_attacks_other_signals_and_lost_customers_are_left_alone(
    scored: Callable[..., Account], snapshot: Snapshot
) -> None:
    seen(scored("Small", pareto="C"))
    seen(scored("Long ago"), days_ago=300)
    seen(scored("Only a complaint"), "complaint")
    seen(scored("Lost", silence_days=700, sales_12m=10.0, gap_typical_days=20.0))
    assert refreshed(snapshot) == []


def test_a_withdrawn_signal_closes_the_action_and_says_why(scored: Callable[..., Account], snapshot: Snapshot) -> None:
    signal = seen(scored("Attacked"))
    assert len(refreshed(snapshot)) == 1
    withdraw_signal(signal=signal, member=None, reason="Heard wrong")
    assert refreshed(snapshot) == []
    closed = Action.objects.get(cause="competitor")
    assert closed.state == Action.State.CLOSED
    assert "withdrawn" in closing_sentence(closed.figures["closed"])


def test_an_answered_attack_rests_until_there_is_another(
    scored: Callable[..., Account], snapshot: Snapshot, owner: Member
) -> None:
    account = scored("Attacked", owner=owner)
    seen(account, days_ago=5)
    (action,) = refreshed(snapshot)
    mark_done(action=action, on=AS_OF, outcome="Answered", member=owner)
    assert refreshed(snapshot) == []
    seen(account, "competitor_mentioned")
    assert len(refreshed(snapshot)) == 1


def test_a_signal_that_comes_in_during_the_day_is_taken_in_by_a_job(
    scored: Callable[..., Account], snapshot: Snapshot, organisation: Organisation
) -> None:
    account = scored("Attacked", pareto="A")
    protect_all(on=AS_OF)
    assert not is_needed()
    seen(account)
    assert is_needed()
    take_in_signals.func()
    assert not is_needed()
    assert Protection.objects.get(account=account).level == 3
    assert Action.objects.filter(cause="competitor", account=account).count() == 1


def test_switched_off_it_proposes_nothing(scored: Callable[..., Account], snapshot: Snapshot, owner: Member) -> None:
    assert CAUSES["competitor"].quiet_days
    change_thresholds(member=owner, values={"propose_competitor": False})
    seen(scored("Attacked"))
    assert refreshed(snapshot) == []
