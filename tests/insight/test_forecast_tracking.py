"""What was expected, and what came of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from regulars.insight.forecast_choice import ForecastChoice, Why, chosen_forecast
from regulars.insight.forecast_tracking import (
    Decay,
    backtest_is_needed,
    decay,
    error_on_the_past,
    note_forecasts,
    try_forecasts,
)
from regulars.insight.lifetime import Ahead, spread_of_sum
from regulars.insight.models import Backtest, BacktestRequest, ForecastTrack
from regulars.insight.snapshots import take_snapshot, track_in_hindsight
from simulated_firm import AS_OF, firm_lines

pytestmark = pytest.mark.django_db

WriteHistory = Callable[[list[dict[str, Any]]], int]
Orders = Callable[..., list[dict[str, Any]]]
UNTRIED = ForecastChoice(name="BG/NBD", horizon_days=90, why=Why.UNTRIED)


def settled(expected: float, came: int, *, low: float, high: float, days: int = 90, **more: Any) -> ForecastTrack:
    as_of = dt.date(2024, 1, 1)
    return ForecastTrack.objects.create(
        **{
            "as_of": as_of, "until": as_of + dt.timedelta(days=days), "horizon_days": days, "forecast": "BG/NBD",
            "accounts": 10, "expected_orders": expected, "expected_orders_low": low, "expected_orders_high": high,
            "came_orders": came, "settled_at": timezone.now(), **more,
        }
    )  # fmt: skip


def test_a_snapshot_in_force_writes_down_what_it_expects_and_a_look_back_does_not(write_history: WriteHistory) -> None:
    write_history(firm_lines(1, accounts=150))
    take_snapshot(as_of=AS_OF - dt.timedelta(days=100), current=False)
    assert not ForecastTrack.objects.exists()
    take_snapshot(as_of=AS_OF)
    near, far = ForecastTrack.objects.order_by("horizon_days")
    assert (near.horizon_days, far.horizon_days, far.until) == (30, 90, AS_OF + dt.timedelta(days=90))
    assert 0 < near.expected_orders < far.expected_orders
    assert far.expected_orders_low < far.expected_orders < far.expected_orders_high
    assert far.expected_sales == pytest.approx(100 * far.expected_orders, rel=0.01), "every order is worth 100"
    take_snapshot(as_of=AS_OF, force=True)
    assert ForecastTrack.objects.count() == 2


def test_a_forecast_is_settled_when_the_history_reaches_its_end(write_history: WriteHistory) -> None:
    lines = firm_lines(2, accounts=150)
    then = AS_OF - dt.timedelta(days=60)
    write_history([line for line in lines if line["business_date"] <= then])
    take_snapshot(as_of=then)
    take_snapshot(as_of=AS_OF)
    assert not ForecastTrack.objects.filter(settled_at__isnull=False).exists(), "the days went by, but no orders came"
    write_history([line for line in lines if line["business_date"] > then])
    take_snapshot(as_of=AS_OF, force=True)
    track = ForecastTrack.objects.get(settled_at__isnull=False)
    known = {line["account_id"] for line in lines if line["business_date"] <= then}
    came = [line for line in lines if line["account_id"] in known and then < line["business_date"] <= track.until]
    assert (track.as_of, track.horizon_days) == (then, 30)
    assert (track.came_orders, track.came_sales) == (len(came), 100.0 * len(came))
    assert 0.5 < track.expected_orders / len(came) < 2


def test_new_customers_and_returns_are_no_orders_of_those_who_were_known(
    write_history: WriteHistory, orders: Orders
) -> None:
    then = dt.date(2024, 3, 31)
    write_history(
        [
            *orders(1, "2024-01-01", "2024-03-01", "2024-04-10", "2024-04-20"),
            *orders(1, "2024-04-20", net=-4_000, kind="return", line_no="2"),
            *orders(2, "2024-04-11"),
            *orders(None, "2024-04-12"),
            *orders(1, "2024-05-30"),
        ]
    )
    note_forecasts(as_of=then, ahead={30: Ahead(accounts=1, orders=2.0, spread=1.0, sales=200.0)}, choice=UNTRIED)
    take_snapshot(as_of=dt.date(2024, 5, 31))
    track = ForecastTrack.objects.get(as_of=then)
    assert (track.came_orders, track.came_sales) == (2, 160.0)


def test_bounds_of_a_total_are_as_wide_as_chance_and_as_the_record_say() -> None:
    by_chance = Ahead(accounts=100, orders=1_000.0, spread=200.0, sales=None)
    by_record = Ahead(accounts=100, orders=1_000.0, spread=10.0, sales=None)
    note_forecasts(as_of=AS_OF, ahead={90: by_chance}, choice=UNTRIED)
    wide = ForecastTrack.objects.get()
    assert wide.expected_orders_high - 1_000 == pytest.approx(1.6449 * 200, rel=1e-4)
    note_forecasts(as_of=AS_OF, ahead={90: by_record}, choice=UNTRIED)
    untried = ForecastTrack.objects.get()
    assert untried.expected_orders_high - 1_000 == pytest.approx(1.6449 * 100, rel=1e-4), "10 % where nothing is known"


def test_the_error_of_a_forecast_is_that_of_its_own_record() -> None:
    figures = {
        "accounts": 1, "bias": 0.0, "deviance": 1.0, "rmse": 1.0, "mae": 1.0, "gini": None, "calibration_error": 0.0,
        "coverage": None,
    }  # fmt: skip
    origins = [
        {"as_of": "2024-01-01", "until": "2024-03-31", "figures": figures | {"expected": 100.0, "came": came}}
        for came in (103.0, 96.0)
    ]
    record = {
        "name": "BG/NBD", "figures": figures | {"expected": 200.0, "came": 199.0}, "origins": origins, "tenths": [],
        "behind": 0.0, "behind_error": 0.0, "bias_error": 0.0, "failings": [],
    }  # fmt: skip
    Backtest.objects.create(
        as_of=AS_OF, horizon_days=90, history_version=1, accounts=1, accounts_known=1, winner="BG/NBD",
        outcome={"level": 0.9, "records": [record], "reasons": []},
    )  # fmt: skip
    assert error_on_the_past(chosen_forecast()) == pytest.approx(np.sqrt((0.03**2 + 0.04**2) / 2))


def test_the_spread_of_a_sum_is_that_of_independent_accounts() -> None:
    """Bounds 1.645 standard deviations around the mean; an account varies at least as orders at random do."""
    expected = np.full(100, 50.0)
    half = 1.6448536 * 10.0
    assert spread_of_sum(expected, expected - half, expected + half) == pytest.approx(100.0)
    assert spread_of_sum(np.full(400, 0.25), np.zeros(400), np.zeros(400)) == pytest.approx(10.0)


# Getting worse


def test_forecasts_within_what_their_record_allows_are_no_news() -> None:
    assert decay() is None
    settled(1_000.0, 1_090, low=990.0, high=1_010.0)
    assert decay() is None, "10 % is what a forecast may be off that is admitted"
    ForecastTrack.objects.all().delete()
    settled(1_000.0, 1_190, low=800.0, high=1_200.0)
    assert decay() is None, "its own record was no better"


@pytest.mark.parametrize(("came", "word"), [(700, "fewer"), (1_300, "more")])
def test_forecasts_that_got_worse_are_told_and_tried_again(write_history: WriteHistory, came: int, word: str) -> None:
    write_history(firm_lines(3, accounts=20))
    take_snapshot(as_of=AS_OF)
    settled(1_000.0, came, low=900.0, high=1_100.0)
    found = decay()
    assert isinstance(found, Decay)
    assert f"30% {word}" in found.sentence
    assert "1,000" in found.sentence
    kept = Backtest.objects.create(
        as_of=AS_OF, horizon_days=90, history_version=1, accounts=1, accounts_known=1, winner="BG/NBD"
    )
    assert not backtest_is_needed(), "it was tried since"
    Backtest.objects.filter(pk=kept.pk).update(created_at=timezone.now() - dt.timedelta(days=1))
    try_forecasts.func()
    assert BacktestRequest.objects.count() == 1
    assert not backtest_is_needed(), "once each time it is seen"


def test_the_longest_forecast_tells_whether_it_got_worse_and_hindsight_does_not() -> None:
    settled(1_000.0, 500, low=900.0, high=1_100.0, in_hindsight=True)
    assert decay() is None
    settled(300.0, 100, low=280.0, high=320.0, days=30)
    assert decay() is not None
    settled(1_000.0, 1_000, low=900.0, high=1_100.0, as_of=dt.date(2023, 9, 1), until=dt.date(2023, 11, 30))
    assert decay() is None


def test_in_hindsight_nothing_is_known_that_came_later(write_history: WriteHistory) -> None:
    """What would have been expected then is the same, whatever came afterwards."""
    lines = firm_lines(4, accounts=150)
    then = AS_OF - dt.timedelta(days=90)
    write_history([line for line in lines if line["business_date"] <= then])
    take_snapshot(as_of=then)
    expected = ForecastTrack.objects.get(as_of=then, horizon_days=90).expected_orders
    ForecastTrack.objects.all().delete()
    write_history([line for line in lines if line["business_date"] > then])
    track_in_hindsight(until=AS_OF, horizon_days=90, times=2)
    before, last = ForecastTrack.objects.order_by("as_of")
    assert (last.as_of, last.until, last.in_hindsight) == (then, AS_OF, True)
    assert last.expected_orders == pytest.approx(expected)
    known = {line["account_id"] for line in lines if line["business_date"] <= then}
    came = [line for line in lines if line["account_id"] in known and line["business_date"] > then]
    assert last.came_orders == len(came)
    assert (before.until, before.settled_at is not None) == (then, True)


def test_hindsight_leaves_alone_what_was_really_expected(write_history: WriteHistory) -> None:
    write_history(firm_lines(5, accounts=60))
    real = settled(77.0, 70, low=60.0, high=90.0, as_of=AS_OF - dt.timedelta(days=90), until=AS_OF)
    track_in_hindsight(until=AS_OF, horizon_days=90, times=1)
    assert ForecastTrack.objects.get() == real
    assert ForecastTrack.objects.get().expected_orders == 77.0
