"""Bounds as wide as the past says, and chances of orders beside them. Mission row C1."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from regulars.core.accuracy import covered_by_lot
from regulars.core.backtest import backtest
from regulars.core.lifetime import BetaGeoNBD, Calibrated, History, Seasonal, UnusableSummary
from regulars.core.lifetime.negative_binomial import Spread, chance_of_orders
from simulated_orders import START, simulated_orders

Vector = npt.NDArray[np.float64]
AS_OF = START + timedelta(days=640)


def drifting_orders(*, accounts: int = 600, days: int = 731) -> pa.Table:
    """Orders at rates that wander off from week to week: what models with steady rates are too sure about."""
    random = np.random.default_rng(71)
    weeks = -(-days // 7)
    wandering = np.zeros((accounts, weeks))
    for week in range(1, weeks):
        wandering[:, week] = 0.95 * wandering[:, week - 1] + random.normal(0, 0.25, accounts)
    rates = random.gamma(2, 0.04, (accounts, 1)) * np.exp(wandering)
    ordered = random.random((accounts, 7 * weeks)) < np.minimum(np.repeat(rates, 7, axis=1), 0.9)
    account, place = np.nonzero(ordered[:, :days])
    return pa.table({"account": account, "date": np.datetime64(START) + place})


@pytest.fixture(scope="module")
def drifting() -> tuple[History, Vector]:
    whole = History.of(drifting_orders(), as_of=AS_OF + timedelta(days=91))
    past = whole.at(AS_OF)
    return past, whole.between(AS_OF, whole.as_of)[past.positions]


def test_where_rates_drift_bounds_learned_from_the_past_hold_and_those_of_the_model_do_not(
    drifting: tuple[History, Vector],
) -> None:
    past, came = drifting
    model = Calibrated(BetaGeoNBD(), periods=13).fit(past)
    assert model.params_ == BetaGeoNBD().fit(past).params_
    assert model.converged_
    covered = {}
    for fitted in (model, model.model_):
        low, high = fitted.interval(past, periods=13)
        covered[fitted] = float(np.mean((came >= low) & (came <= high)))
    assert covered[model.model_] < 0.84
    assert 0.86 <= covered[model] <= 0.95
    at_least, more_than = (model.probability_of_orders(past, periods=13, at_least=n) for n in (came, came + 1))
    assert 0.86 <= covered_by_lot(at_least, more_than, level=0.9).mean() <= 0.94
    assert np.all(model.expected_orders(past, periods=13) == model.model_.expected_orders(past, periods=13))


def test_the_backtest_sees_it_too_and_leaves_good_bounds_alone(drifting: tuple[History, Vector]) -> None:
    past, _ = drifting
    (record,) = backtest(past, as_of=AS_OF, periods=13, contenders={"BG/NBD": BetaGeoNBD()}).records
    assert record.figures is not None
    assert record.figures.randomised_coverage is not None
    assert record.figures.randomised_coverage < 0.84
    assert record.spread is not None
    assert record.spread.shape(np.array([5.0])) < 10
    steady = History.of(simulated_orders(41), as_of=AS_OF)
    (record,) = backtest(steady, as_of=AS_OF, periods=13, contenders={"BG/NBD": BetaGeoNBD()}).records
    assert record.figures is not None
    assert record.figures.randomised_coverage == pytest.approx(0.9, abs=0.03)


def test_too_little_leaves_the_bounds_to_the_model_and_says_so() -> None:
    past = History.of(simulated_orders(72, accounts=18), as_of=AS_OF)
    model = Calibrated(BetaGeoNBD(), periods=13).fit(past)
    assert any("how far forecasts are off" in note for note in model.notes_)
    assert np.array_equal(model.interval(past, periods=13), model.model_.interval(past, periods=13))
    inside = model.model_.probability_of_orders(past, periods=13, at_least=2)
    assert np.array_equal(model.probability_of_orders(past, periods=13, at_least=2), inside)


def test_a_summary_alone_is_refused() -> None:
    with pytest.raises(UnusableSummary, match="History"):
        Calibrated(BetaGeoNBD(), periods=13).fit({"frequency": [1.0], "recency": [1.0], "age": [2.0]})


def test_it_goes_around_a_season_too(drifting: tuple[History, Vector]) -> None:
    past, came = drifting
    low, high = Calibrated(Seasonal(BetaGeoNBD()), periods=13).fit(past).interval(past, periods=13)
    assert 0.86 <= np.mean((came >= low) & (came <= high)) <= 0.95


def test_the_spread_of_simulated_orders_is_found_again() -> None:
    random = np.random.default_rng(73)
    mean = random.gamma(1.0, 4.0, 30_000)
    truth = Spread(0.5, 0.7)
    shape = truth.shape(mean)
    came = random.poisson(random.gamma(shape, mean / shape)).astype(float)
    found = Spread.of(mean, came)
    assert (found.level, found.slope) == pytest.approx((truth.level, truth.slope), abs=0.08)


def test_bounds_of_very_many_accounts_are_those_of_each_but_for_means_that_hardly_differ() -> None:
    mean = np.random.default_rng(74).gamma(1.0, 4.0, 40_000) + 1e-9
    spread = Spread(0.5, 0.7)
    together, alone = spread.bounds(mean, level=0.9), spread.bounds(mean[:5000], level=0.9)
    for many, few in zip(together, alone, strict=True):
        assert np.mean(many[:5000] == few) > 0.99
        assert np.max(np.abs(many[:5000] - few)) <= 1


def test_a_rate_is_known_no_better_for_being_looked_at_for_longer() -> None:
    random = np.random.default_rng(75)
    quarter = random.gamma(2.0, 2.0, 20_000)
    spread = Spread(0.3, 0.6)
    rate = random.gamma(spread.shape(quarter), quarter / spread.shape(quarter))
    in_a_year = random.poisson(4 * rate).astype(float)
    low, high = spread.bounds(4 * quarter, level=0.9, learned_mean=quarter)
    assert np.mean((in_a_year >= low) & (in_a_year <= high)) == pytest.approx(0.9, abs=0.02)
    at_least, more_than = (spread.chances(4 * quarter, n, learned_mean=quarter) for n in (in_a_year, in_a_year + 1))
    assert covered_by_lot(at_least, more_than, level=0.9).mean() == pytest.approx(0.9, abs=0.01)
    many = np.tile(quarter, 3)
    shared = spread.bounds(4 * many, level=0.9, learned_mean=many)[1][:20_000]
    assert np.max(np.abs(shared - high)) <= 1 + 0.004 * high.max()


def test_chances_of_orders_are_those_of_the_negative_binomial() -> None:
    shape, mean = np.array([0.7, 3.0]), np.array([2.0, 5.0])
    none = (shape / (shape + mean)) ** shape
    assert chance_of_orders(shape, mean, 1) == pytest.approx(1 - none)
    assert chance_of_orders(shape, mean, [0, 2])[0] == 1
    one = none * shape * mean / (shape + mean)
    assert chance_of_orders(shape, mean, [2, 2]) == pytest.approx(1 - none - one)


@pytest.mark.parametrize("mean", [0.05, 0.6, 4.0, 60.0])
def test_a_right_forecast_covers_exactly_the_level_by_lot_however_few_orders_come(mean: float) -> None:
    orders = np.arange(400.0)
    at_least = chance_of_orders(np.full(400, 2.0), np.full(400, mean), orders)
    more_than = chance_of_orders(np.full(400, 2.0), np.full(400, mean), orders + 1)
    chance = at_least - more_than
    assert chance @ covered_by_lot(at_least, more_than, level=0.9) == pytest.approx(0.9, abs=1e-6)
