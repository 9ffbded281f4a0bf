"""Every forecast tried on the firm's own past, and what follows from it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from regulars.base.access import Forbidden
from regulars.base.jobs import waiting_jobs
from regulars.base.models import AuditEntry, Member
from regulars.core import backtest as core
from regulars.core.backtest import FALLBACK
from regulars.core.early_warning import EarlyWarning
from regulars.core.lifetime import BetaGeoNBD, LastWindow
from regulars.core.lifetime.negative_binomial import Spread
from regulars.insight import backtests
from regulars.insight.backtests import (
    NoOrdersYet,
    WrongHorizon,
    ask_for_backtest,
    backtest_again,
    backtest_on_its_way,
    is_due,
    make_backtest,
    outcome_as_data,
    outcome_of,
    run_backtest,
)
from regulars.insight.forecast_choice import (
    NoSuchForecast,
    NothingPinned,
    ReasonMissing,
    Why,
    chosen_forecast,
    forecast_names,
    pin_forecast,
    told_choice,
    unpin_forecast,
)
from regulars.insight.forecast_tracking import try_forecasts
from regulars.insight.histories import basis_in_force
from regulars.insight.models import Backtest, BacktestRequest, PinnedForecast, Score, Snapshot
from regulars.insight.snapshots import kept_snapshot, take_snapshot
from simulated_firm import AS_OF, firm_lines

pytestmark = pytest.mark.django_db

WriteHistory = Callable[[list[dict[str, Any]]], int]
FEW = {"last window": LastWindow(window=90 / 7), "BG/NBD": BetaGeoNBD()}


def kept(winner: str, **more: Any) -> Backtest:
    """A backtest that this forecast won."""
    return Backtest.objects.create(
        **{
            "as_of": AS_OF, "horizon_days": 90, "history_version": 1, "accounts": 1, "accounts_known": 1,
            "winner": winner, "outcome": {"level": 0.9, "records": [], "reasons": []}, **more,
        }
    )  # fmt: skip


def test_before_any_backtest_an_untried_average_scores_and_that_is_said(write_history: WriteHistory) -> None:
    write_history(firm_lines(1, accounts=60))
    snapshot = take_snapshot(as_of=AS_OF)
    assert snapshot.lifetime_model["forecast"] == {
        "name": FALLBACK, "why": "untried", "horizon_days": 90, "backtest": None,
    }  # fmt: skip
    names = [one["name"] for one in snapshot.lifetime_model["structural"]]
    assert names == ["BetaGeoNBD", "ModifiedBetaGeoNBD", "ParetoNBD"]
    assert "No forecast was tried" in told_choice(chosen_forecast())


def test_the_winner_scores_from_the_next_snapshot_on(write_history: WriteHistory) -> None:
    write_history(firm_lines(2))
    before = take_snapshot(as_of=AS_OF)
    expected = dict(Score.objects.values_list("account_id", "expected_orders_90"))
    made = run_backtest(as_of=AS_OF, tried=FEW)
    assert made.winner in FEW
    assert kept_snapshot(AS_OF, basis_in_force()) is None, "a snapshot of another forecast is not this one"
    after = take_snapshot(as_of=AS_OF)
    assert after != before
    assert after.lifetime_model["forecast"] == {
        "name": made.winner, "why": "won", "horizon_days": 90, "backtest": str(made.uid),
    }  # fmt: skip
    assert dict(Score.objects.values_list("account_id", "expected_orders_90")) != expected
    assert take_snapshot(as_of=AS_OF) == after, "nothing changed since"


def test_a_backtest_is_kept_with_all_that_it_found(write_history: WriteHistory) -> None:
    """§2: what a page shows is read from the record alone."""
    write_history(firm_lines(3))
    told: list[tuple[str, float]] = []
    made = run_backtest(as_of=AS_OF, tried=FEW, progress=lambda text, share: told.append((text, share)))
    made.refresh_from_db()
    outcome = outcome_of(made)
    assert [record.name for record in outcome.records] == list(FEW)
    record = outcome.record
    assert record is not None
    assert record.figures is not None
    assert len(record.origins) == 3
    assert record.origins[-1].until == AS_OF
    assert sum(one.figures.came for one in record.origins) == pytest.approx(record.figures.came)
    assert sum(one.came for one in record.tenths) == pytest.approx(record.figures.came)
    assert json.loads(json.dumps(outcome_as_data(outcome))) == made.outcome, "reading and keeping are inverse"
    assert [share for _, share in told] == sorted(share for _, share in told)
    assert any("BG/NBD" in text for text, _ in told)
    warnings = made.early_warning
    assert warnings is not None
    assert EarlyWarning.from_data(warnings).lost > 0
    assert (made.accounts, made.accounts_known) == (300, 300)


def test_bounds_are_those_that_the_past_taught_where_these_are_better(write_history: WriteHistory) -> None:
    write_history(firm_lines(4, accounts=80))
    made = run_backtest(as_of=AS_OF, tried={"BG/NBD": BetaGeoNBD()})
    names = ("account_id", "expected_orders_90", "orders_90_low", "orders_90_high")
    bounds: dict[bool, list[Any]] = {}
    for taught in (False, True):
        made.outcome["records"][0]["spread"] = {"level": -2.0, "slope": 0.0} if taught else None
        made.save()
        assert chosen_forecast().spread == (Spread(-2.0, 0.0) if taught else None)
        take_snapshot(as_of=AS_OF)
        bounds[taught] = list(Score.objects.order_by("account_id").values_list(*names))
    assert [one[:2] for one in bounds[False]] == [one[:2] for one in bounds[True]], "what is expected stays"
    low, high = Spread(-2.0, 0.0).bounds(np.array([one[1] for one in bounds[True]]), level=0.9)
    assert [one[2:] for one in bounds[True]] == list(zip(low.tolist(), high.tolist(), strict=True))
    assert bounds[False] != bounds[True]


def test_a_history_too_short_is_said_plainly_and_the_average_scores(write_history: WriteHistory) -> None:
    write_history([line for line in firm_lines(4, accounts=80) if line["business_date"] < dt.date(2020, 6, 1)])
    made = run_backtest(as_of=dt.date(2020, 6, 1), tried=FEW)
    assert made.too_short
    assert outcome_of(made).records == []
    assert "too short" in outcome_of(made).reasons[0]
    choice = chosen_forecast()
    assert (choice.name, choice.why) == (FALLBACK, Why.TOO_SHORT)
    assert "too short" in told_choice(choice)


def test_of_many_accounts_a_part_is_looked_at(write_history: WriteHistory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backtests, "MOST_ACCOUNTS", 100)
    write_history(firm_lines(5))
    made = run_backtest(as_of=AS_OF, tried=FEW)
    assert (made.accounts, made.accounts_known) == (100, 300)


def test_nothing_is_tried_without_orders_or_for_a_senseless_time(write_history: WriteHistory) -> None:
    with pytest.raises(NoOrdersYet):
        run_backtest(as_of=AS_OF)
    with pytest.raises(NoOrdersYet):
        ask_for_backtest(member=None)
    with pytest.raises(WrongHorizon):
        run_backtest(as_of=AS_OF, horizon_days=3)
    write_history(firm_lines(6, accounts=20))
    with pytest.raises(WrongHorizon):
        ask_for_backtest(member=None, horizon_days=100_000)


# Which one decides


def test_the_backtest_of_the_latest_day_decides_and_a_look_back_does_not() -> None:
    kept("BG/NBD")
    kept("MBG/NBD", as_of=AS_OF - dt.timedelta(days=90))
    assert chosen_forecast().name == "BG/NBD"
    kept("Pareto/NBD", horizon_days=180)
    assert (chosen_forecast().name, chosen_forecast().horizon_days) == ("Pareto/NBD", 180)


def test_a_winner_that_is_not_known_any_more_is_not_used() -> None:
    kept("model of long ago")
    assert (chosen_forecast().name, chosen_forecast().why) == (FALLBACK, Why.UNTRIED)


def test_a_pinned_forecast_scores_whatever_the_backtests_say(owner: Member) -> None:
    kept("BG/NBD")
    pin = pin_forecast(member=owner, name="Pareto/NBD", reason=" Our contracts end silently. ")
    choice = chosen_forecast()
    assert (choice.name, choice.why, choice.pin) == ("Pareto/NBD", Why.PINNED, pin)
    assert "Our contracts end silently." in told_choice(choice)
    kept("MBG/NBD")
    assert chosen_forecast().name == "Pareto/NBD"
    pin_forecast(member=owner, name="MBG/NBD", reason="Better.")
    assert PinnedForecast.objects.filter(in_force=True).count() == 1
    unpin_forecast(member=owner)
    assert (chosen_forecast().name, chosen_forecast().why) == ("MBG/NBD", Why.WON)
    assert AuditEntry.objects.filter(verb="pin_forecast", member=owner).count() == 2
    with pytest.raises(NothingPinned):
        unpin_forecast(member=owner)


@pytest.mark.parametrize("name", forecast_names())
def test_every_forecast_can_score(write_history: WriteHistory, name: str) -> None:
    write_history(firm_lines(7, accounts=120))
    pin_forecast(member=None, name=name, reason="to see it")
    snapshot = take_snapshot(as_of=AS_OF)
    assert snapshot.lifetime_model["forecast"]["name"] == name
    assert snapshot.lifetime_model["structural"], "a structural model says who is still a customer"
    for score in Score.objects.filter(order_days__gt=1):
        assert score.probability_alive is not None
        assert score.expected_orders_90 is not None
        assert score.orders_90_low is not None
        assert score.orders_90_high is not None
        assert score.value_at_risk is not None
        assert 0 <= score.probability_alive <= 1
        assert 0 <= score.orders_90_low <= score.orders_90_high
        assert 0 <= score.value_at_risk <= score.sales_12m


def test_only_known_forecasts_are_pinned_and_with_a_reason(owner: Member) -> None:
    with pytest.raises(NoSuchForecast):
        pin_forecast(member=owner, name="crystal ball", reason="It never fails.")
    with pytest.raises(ReasonMissing):
        pin_forecast(member=owner, name="BG/NBD", reason="  ")


def test_who_may_not_configure_neither_pins_nor_tries(owner: Member, write_history: WriteHistory) -> None:
    write_history(firm_lines(8, accounts=20))
    owner.role = Member.Role.ACCOUNT_MANAGER
    owner.save()
    with pytest.raises(Forbidden):
        pin_forecast(member=owner, name="BG/NBD", reason="mine")
    with pytest.raises(Forbidden):
        unpin_forecast(member=owner)
    with pytest.raises(Forbidden):
        ask_for_backtest(member=owner)


# Asking for one


def test_the_first_figures_call_for_the_first_backtest_once(write_history: WriteHistory) -> None:
    write_history(firm_lines(9, accounts=60))
    try_forecasts.func()
    assert not BacktestRequest.objects.exists(), "there are no figures yet"
    take_snapshot(as_of=AS_OF)
    try_forecasts.func()
    try_forecasts.func()
    request = BacktestRequest.objects.get()
    assert request == backtest_on_its_way()
    assert [job.pk for job in waiting_jobs()] == [request.job_id]
    assert ask_for_backtest(member=None) == request, "one is on its way already"


def test_the_job_makes_what_was_asked_for_and_may_begin_twice(
    write_history: WriteHistory, owner: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core, "default_contenders", lambda _periods: FEW)
    write_history(firm_lines(10))
    request = ask_for_backtest(member=owner, as_of=AS_OF, horizon_days=60)
    make_backtest.func(request_id=request.pk, language="en")
    make_backtest.func(request_id=request.pk, language="en")
    made = Backtest.objects.get()
    request.refresh_from_db()
    assert (request.made, made.horizon_days, made.as_of) == (made, 60, AS_OF)
    assert backtest_on_its_way() is None
    assert AuditEntry.objects.filter(verb="ask_for_backtest", member=owner).count() == 1


def test_a_request_that_is_refused_says_why(write_history: WriteHistory) -> None:
    write_history(firm_lines(11, accounts=20))
    request = ask_for_backtest(member=None, as_of=dt.date(1999, 1, 1))
    make_backtest.func(request_id=request.pk, language="en")
    request.refresh_from_db()
    assert "no orders" in request.refusal["sentence"]
    assert backtest_on_its_way() is None


def test_forecasts_are_tried_again_after_a_week(write_history: WriteHistory) -> None:
    backtest_again.func()
    assert not BacktestRequest.objects.exists(), "there are no orders yet"
    write_history(firm_lines(12, accounts=20))
    made = kept("BG/NBD")
    assert not is_due()
    Backtest.objects.filter(pk=made.pk).update(created_at=timezone.now() - dt.timedelta(days=8))
    backtest_again.func()
    assert BacktestRequest.objects.count() == 1
    assert not is_due()
    assert Snapshot.objects.count() == 0
