"""Models that look at single order days: last window, average, season, boosting. Mission row C1."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from regulars.core.accuracy import poisson_deviance
from regulars.core.lifetime import (
    NBD,
    AnchoredBoosting,
    Average,
    BetaGeoNBD,
    GammaGamma,
    History,
    LastWindow,
    ModifiedBetaGeoNBD,
    Seasonal,
    TooLittleHistory,
    UnusableSummary,
    moving_feasts,
)
from regulars.core.lifetime.history import day_number
from regulars.core.lifetime.moving_feasts import UnknownFeasts
from regulars.core.lifetime.negative_binomial import order_bounds
from regulars.core.lifetime.seasonal import near_feasts
from simulated_orders import FLAT, START, clockwork_orders, simulated_orders

Vector = npt.NDArray[np.float64]
SEASON = (0.5, 0.6, 0.8, 0.9, 1.0, 1.0, 0.8, 0.7, 1.1, 1.4, 1.9, 1.3)


def cut(orders: pa.Table, *, days: int, ahead_days: int, unit: str = "week") -> tuple[History, Vector]:
    """What was known on a day, and what came in the days after it."""
    whole = History.of(orders, as_of=START + timedelta(days=days + ahead_days), unit=unit)
    past = whole.at(START + timedelta(days=days))
    return past, whole.between(past.as_of, whole.as_of)[past.positions]


@pytest.fixture(scope="module")
def steady() -> tuple[History, Vector]:
    return cut(simulated_orders(41), days=600, ahead_days=91)


@pytest.fixture(scope="module")
def seasonal() -> tuple[History, Vector]:
    orders = simulated_orders(42, accounts=1500, days=1005, joining_days=600, season=SEASON)
    return cut(orders, days=913, ahead_days=91)  # from July to the end of September 2022


@pytest.fixture(scope="module")
def clockwork() -> tuple[History, Vector]:
    return cut(clockwork_orders(), days=700, ahead_days=91)


MODELS: dict[str, Any] = {
    "last window": LastWindow(window=13),
    "average": Average([BetaGeoNBD(), ModifiedBetaGeoNBD()]),
    "seasonal": Seasonal(BetaGeoNBD()),
    "weekly": Seasonal(BetaGeoNBD(), every="week"),
    "boosted": AnchoredBoosting(BetaGeoNBD(), periods=13),
}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_forecasts_come_true_on_average_and_bounds_hold(model: Any, steady: tuple[History, Vector]) -> None:
    past, came = steady
    assert model.fit(past) is model
    expected = model.expected_orders(past, periods=13)
    assert np.all(np.isfinite(expected) & (expected > 0))
    assert expected.sum() == pytest.approx(came.sum(), rel=0.2)
    low, high = model.interval(past, periods=13)
    assert np.all((low >= 0) & (low <= high))
    assert 0.87 <= np.mean((came >= low) & (came <= high)) <= 0.98  # zeros make bounds of whole numbers wide
    assert isinstance(model.notes_, list)


@pytest.mark.parametrize("name", ["last window", "seasonal", "boosted"])
def test_a_summary_alone_is_refused_with_a_way_out(name: str) -> None:
    with pytest.raises(UnusableSummary, match="History"):
        MODELS[name].fit({"frequency": [1.0], "recency": [1.0], "age": [2.0]})


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_a_history_of_first_orders_alone_is_refused(model: Any) -> None:
    orders = pa.table({"account": list(range(300)), "date": [START + timedelta(days=day) for day in range(300)]})
    with pytest.raises(TooLittleHistory):
        model.fit(History.of(orders, as_of=START + timedelta(days=500)))


@pytest.mark.parametrize(
    "make",
    [
        lambda window: LastWindow(window=window),
        lambda _: Seasonal(BetaGeoNBD()),
        lambda window: AnchoredBoosting(BetaGeoNBD(), periods=window),
    ],
)
def test_the_unit_of_time_does_not_matter(make: Any) -> None:
    orders = simulated_orders(43, accounts=400)
    answers = []
    for unit, periods in (("week", 13), ("second", 13 * 7 * 86_400)):
        past, _ = cut(orders, days=600, ahead_days=91, unit=unit)
        answers.append(make(periods).fit(past).expected_orders(past, periods=periods))
    assert answers[0] == pytest.approx(answers[1], rel=1e-4)


# Last window


def test_the_last_window_forecasts_what_it_saw_as_a_whole(steady: tuple[History, Vector]) -> None:
    past, _ = steady
    model = LastWindow(window=13).fit(past)
    grown = past["age"] >= 13
    seen = past.between(past.as_of - timedelta(days=91), past.as_of)[grown].sum()
    assert model.expected_orders(past, periods=13)[grown].sum() == pytest.approx(seen, rel=0.03)


def test_accounts_that_all_order_alike_get_one_rate_and_a_note() -> None:
    days = [START + timedelta(days=7 * week) for week in range(60)]
    orders = pa.table({"account": sorted(list(range(30)) * 60), "date": days * 30})
    model = LastWindow(window=10).fit(History.of(orders, as_of=days[-1]))
    assert model.notes_
    assert model.expected_orders(History.of(orders, as_of=days[-1]), periods=10) == pytest.approx([10] * 30, rel=1e-4)


# Average


def test_the_average_is_the_mean_and_leaves_out_who_cannot_learn(steady: tuple[History, Vector]) -> None:
    past, _ = steady
    alone = [model.fit(past).expected_orders(past, periods=13) for model in (BetaGeoNBD(), ModifiedBetaGeoNBD())]
    model = Average([BetaGeoNBD(), GammaGamma(), ModifiedBetaGeoNBD()]).fit(past)  # there are no values to learn from
    assert model.expected_orders(past, periods=13) == pytest.approx((alone[0] + alone[1]) / 2)
    assert len(model.models_) == 2
    assert any("GammaGamma is left out" in note for note in model.notes_)
    assert np.all(model.probability_alive(past) <= 1)
    assert "BetaGeoNBD.r" in model.params_


# Season


def test_the_season_is_found_again(seasonal: tuple[History, Vector]) -> None:
    past, _ = seasonal
    model = Seasonal(BetaGeoNBD()).fit(past)
    assert model.multipliers_.mean() == pytest.approx(1)
    assert model.multipliers_ == pytest.approx(np.array(SEASON) / np.mean(SEASON), abs=0.15)


def test_the_season_ahead_is_in_the_forecast(seasonal: tuple[History, Vector]) -> None:
    past, came = seasonal
    with_season, without = Seasonal(BetaGeoNBD()).fit(past), BetaGeoNBD().fit(past)
    expected = with_season.expected_orders(past, periods=13)
    assert expected.sum() == pytest.approx(came.sum(), rel=0.1)
    plain = without.expected_orders(past, periods=13)
    assert poisson_deviance(came, expected).mean() < poisson_deviance(came, plain).mean()
    four_weeks_and_the_rest = (
        with_season.expected_orders(past, periods=4),
        with_season.expected_orders(past, periods=13),
    )
    assert np.all(four_weeks_and_the_rest[0] < four_weeks_and_the_rest[1])


def test_a_feast_that_moves_through_the_year_is_found_again_and_expected() -> None:
    feasts = [date(2020, 5, 24), date(2021, 5, 13), date(2022, 5, 2), date(2023, 4, 21), date(2024, 4, 10)]
    chance = np.random.default_rng(8)
    near = near_feasts(np.arange(1600) + day_number(date(2020, 1, 1)), [day_number(feast) for feast in feasts])
    pace = np.array([1.0, 2.0, 0.5])[near]
    rates = chance.gamma(2.0, 0.02, 1200)
    account, day = np.nonzero(chance.random((1200, 1600)) < rates[:, None] * pace)
    orders = pa.table(
        {"account": account, "date": pa.array(day + day_number(date(2020, 1, 1)), pa.int32()).cast("date32")}
    )
    whole = History.of(orders, as_of=date(2024, 4, 17), unit="week")
    past = whole.at(date(2024, 3, 20))
    came = whole.between(past.as_of, whole.as_of)[past.positions]
    model = Seasonal(NBD(), feasts=feasts).fit(past)
    before, from_it_on = model.feast_multipliers_
    assert before == pytest.approx(2.0, rel=0.15)
    assert from_it_on == pytest.approx(0.5, rel=0.25)
    without = Seasonal(NBD()).fit(past)
    off = [abs(one.expected_orders(past, periods=4).sum() / came.sum() - 1) for one in (model, without)]
    assert off[0] < 0.08 < off[1]


def test_the_feasts_of_a_country_are_those_that_move() -> None:
    until = date(2025, 12, 31)
    diwali = moving_feasts("IN", since=date(2023, 1, 1), until=until, named=["Diwali"])
    assert diwali == [date(2023, 11, 12), date(2024, 10, 31), date(2025, 10, 20)]
    assert date(2024, 12, 25) not in moving_feasts("IN", since=date(2023, 1, 1), until=until)
    with pytest.raises(UnknownFeasts, match="XX"):
        moving_feasts("XX", since=date(2023, 1, 1), until=until)


def test_where_there_is_no_season_none_is_made_up(steady: tuple[History, Vector]) -> None:
    past, _ = steady
    model = Seasonal(BetaGeoNBD()).fit(past)
    assert model.multipliers_ == pytest.approx(FLAT, abs=0.12)


def test_less_than_a_year_teaches_no_season_and_changes_nothing(steady: tuple[History, Vector]) -> None:
    past = steady[0].at(START + timedelta(days=300))
    model, plain = Seasonal(BetaGeoNBD()).fit(past), BetaGeoNBD().fit(past)
    assert model.expected_orders(past, periods=26) == pytest.approx(plain.expected_orders(past, periods=26))
    assert model.probability_alive(past) == pytest.approx(plain.probability_alive(past))
    assert "No season is learned" in model.notes_[0]


def test_the_autumn_of_a_wholesaler_is_forecast_within_ten_percent(shared_data: Path) -> None:
    """C1. Without a season the forecast is 23 % too low."""
    lines = pq.read_table(shared_data / "uci_online_retail_ii.parquet")
    kept = pc.and_(
        pc.is_valid(lines["customer_id"]), pc.and_(pc.greater(lines["quantity"], 0), pc.greater(lines["price"], 0))
    )
    orders = pa.table({"account": lines["customer_id"], "date": lines["invoice_date"]}).filter(kept)
    whole = History.of(orders, as_of=date(2011, 12, 9))
    past = whole.at(date(2011, 9, 9))
    came = whole.between(past.as_of, whole.as_of)[past.positions].sum()
    expected = {
        type(model).__name__: model.fit(past).expected_orders(past, periods=13).sum() / came - 1
        for model in (BetaGeoNBD(), Seasonal(BetaGeoNBD()))
    }
    assert expected["BetaGeoNBD"] < -0.2
    assert abs(expected["Seasonal"]) < 0.1


# Boosting


def test_boosting_learns_what_the_model_cannot_see_and_keeps_its_total(clockwork: tuple[History, Vector]) -> None:
    """Accounts that order like clockwork: the model takes their gaps for chance."""
    past, came = clockwork
    plain = BetaGeoNBD().fit(past).expected_orders(past, periods=13)
    boosted = AnchoredBoosting(BetaGeoNBD(), periods=13).fit(past)
    expected = boosted.expected_orders(past, periods=13)
    assert expected.sum() == pytest.approx(plain.sum())
    assert poisson_deviance(came, expected).mean() < 0.9 * poisson_deviance(came, plain).mean()
    assert boosted.strength_ > 0
    assert boosted.probability_alive(past) == pytest.approx(BetaGeoNBD().fit(past).probability_alive(past))


def test_boosting_is_repeatable(clockwork: tuple[History, Vector]) -> None:
    past, _ = clockwork
    first, second = (
        AnchoredBoosting(BetaGeoNBD(), periods=13).fit(past).expected_orders(past, periods=13) for _ in "12"
    )
    assert np.array_equal(first, second)


def test_too_few_orders_leave_the_model_as_it_is_and_say_so() -> None:
    past, _ = cut(simulated_orders(44, accounts=25), days=300, ahead_days=28)
    model = AnchoredBoosting(BetaGeoNBD(), periods=4).fit(past)
    plain = BetaGeoNBD().fit(past)
    assert model.expected_orders(past, periods=4) == pytest.approx(plain.expected_orders(past, periods=4))
    assert model.interval(past, periods=4)[1].tolist() == plain.interval(past, periods=4)[1].tolist()
    assert any("too few orders" in note for note in model.notes_)


def test_a_time_ahead_longer_than_the_history_allows_is_learned_on_a_shorter_one(
    steady: tuple[History, Vector],
) -> None:
    model = AnchoredBoosting(BetaGeoNBD(), periods=104).fit(steady[0])
    assert any(note.startswith("The history is short") for note in model.notes_)
    assert np.all(np.isfinite(model.expected_orders(steady[0], periods=104)))


# Bounds


def test_bounds_of_a_negative_binomial_hold_as_often_as_said() -> None:
    random = np.random.default_rng(3)
    shape, mean = random.uniform(0.5, 5, 40_000), random.uniform(3, 60, 40_000)
    drawn = random.poisson(random.gamma(shape, mean / shape))
    low, high = order_bounds(shape, mean, level=0.9)
    assert np.mean((drawn >= low) & (drawn <= high)) == pytest.approx(0.9, abs=0.02)
    with pytest.raises(ValueError, match="level"):
        order_bounds(shape, mean, level=1.5)
