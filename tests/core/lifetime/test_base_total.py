"""What all accounts together will order or buy, and how sure that is. Mission rows C1, E1."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from regulars.core.lifetime import NBD, BetaGeoNBD, GammaGamma, ModifiedBetaGeoNBD, ParetoNBD
from regulars.core.lifetime.base_total import SpreadUnknown, base_total, mean_square_orders

PARAMS = {
    BetaGeoNBD: {"r": 0.8, "alpha": 6.0, "a": 0.9, "b": 2.5},
    ModifiedBetaGeoNBD: {"r": 0.8, "alpha": 6.0, "a": 0.9, "b": 2.5},
    ParetoNBD: {"r": 0.8, "alpha": 6.0, "s": 0.6, "beta": 12.0},
}
VALUES = (6.0, 4.0, 15.0)


def true_model(make: type[Any]) -> Any:
    model = make()
    model.params_ = PARAMS[make]
    model._spread, model._ages = np.zeros((4, 0)), np.linspace(10, 80, 257)
    return model


@pytest.mark.parametrize("make", PARAMS)
@pytest.mark.parametrize("history", [(0, 0, 20), (3, 30, 38), (12, 30, 31), (60, 50, 50)])
def test_the_mean_square_of_orders_is_that_of_their_distribution(make: type[Any], history: tuple[float, ...]) -> None:
    model = true_model(make)
    row = {name: np.array([float(of)]) for name, of in zip(("frequency", "recency", "age"), history, strict=True)}
    n = np.arange(1, 600)
    at_least = model.probability_of_orders(
        {name: np.repeat(column, n.size) for name, column in row.items()}, periods=26.0, at_least=n
    )
    assert mean_square_orders(model, row, periods=26.0)[0] == pytest.approx(((2 * n - 1) * at_least).sum(), rel=1e-4)


def base(make: type[Any], seed: int, accounts: int = 200) -> tuple[dict[str, Any], np.ndarray]:
    """A base drawn from the model, and the sales that come from each account in 26 weeks."""
    drawn = true_model(make).simulate(seed=seed, accounts=accounts, periods=26.0)
    random = np.random.default_rng(seed)
    p, q, gamma = VALUES
    scale = random.gamma(q, 1 / gamma, accounts)
    x, ahead = drawn["frequency"], drawn["orders_ahead"]
    mean = np.where(x > 0, random.gamma(np.maximum(p * x, 1e-9)) / (np.maximum(x, 1) * scale), np.nan)
    sales = np.where(ahead > 0, random.gamma(np.maximum(p * ahead, 1e-9)) / scale, 0.0)
    return {**drawn, "mean_value": mean}, sales


def worth(summary: dict[str, Any]) -> np.ndarray:
    p, q, gamma = VALUES
    x, z = summary["frequency"], np.nan_to_num(summary["mean_value"])
    return np.asarray(p * (gamma + x * z) / (p * x + q - 1))


@pytest.mark.parametrize("make", PARAMS)
def test_the_sales_of_a_base_lie_within_their_bounds_nine_times_of_ten(make: type[Any]) -> None:
    values = dict(zip(("p", "q", "gamma"), VALUES, strict=True))
    within = []
    for seed in range(200):
        summary, sales = base(make, seed)
        told = base_total([true_model(make)], summary, periods=26.0, order_value=worth(summary), values=values)
        within.append(told.low <= sales.sum() <= told.high)
    assert 0.84 <= np.mean(within) <= 0.97


def test_parameters_learned_from_few_accounts_widen_the_bounds_as_far_as_needed() -> None:
    within, shares = [], []
    for seed in range(25):
        drawn = true_model(ParetoNBD).simulate(seed=seed, accounts=400, periods=52.0)
        fitted = ParetoNBD().fit(drawn)
        told = base_total([fitted], drawn, periods=52.0)
        within.append(told.low <= drawn["orders_ahead"].sum() <= told.high)
        shares.append(told.parameters)
    assert np.mean(within) >= 0.75
    assert np.min(shares) > 0.02


def test_a_model_that_errs_from_time_to_time_is_given_the_room_that_its_record_asks_for() -> None:
    """The world differs from the model by a factor of its own each time; three earlier factors are known."""
    random = np.random.default_rng(3)
    summary = {**base(ParetoNBD, 1)[0], "weight": np.full(200, 100.0)}  # so many that chance does not matter
    within = []
    for _time in range(200):
        factors = np.exp(random.normal(0, 0.12, 4))
        told = base_total([true_model(ParetoNBD)], summary, periods=26.0, biases=list(1 / factors[:3] - 1))
        within.append(told.low <= told.expected * factors[3] <= told.high)
    assert 0.85 <= np.mean(within) <= 0.96


def test_the_more_accounts_the_less_chance_matters_but_the_error_of_the_model_stays() -> None:
    model = true_model(BetaGeoNBD)
    small, large = (base(BetaGeoNBD, 4, accounts=count)[0] for count in (100, 10_000))
    told = [base_total([model], one, periods=26.0, biases=[0.1, -0.05, 0.02]) for one in (small, large)]
    assert told[1].chance < told[0].chance / 6
    assert (
        told[0].model_error == told[1].model_error == pytest.approx(np.sqrt(np.mean(np.log1p([0.1, -0.05, 0.02]) ** 2)))
    )
    assert base_total([model], small, periods=26.0).model_error is None


def test_a_row_that_stands_for_many_counts_as_many() -> None:
    model = true_model(BetaGeoNBD)
    one = {"frequency": [3.0], "recency": [30.0], "age": [38.0]}
    many = {name: np.repeat(column, 50) for name, column in one.items()}
    told = [base_total([model], table, periods=26.0) for table in ({**one, "weight": [50.0]}, many)]
    assert vars(told[0]) == pytest.approx(vars(told[1]))


def test_another_forecast_moves_the_total_and_the_model_only_says_how_it_varies() -> None:
    model = true_model(ParetoNBD)
    summary, _ = base(ParetoNBD, 9, accounts=300)
    own = base_total([model], summary, periods=26.0)
    doubled = base_total(
        [model],
        summary,
        periods=26.0,
        expected=2 * model.expected_orders(summary, periods=26.0),
        order_value=np.ones(300),
    )
    assert doubled.expected == pytest.approx(2 * own.expected)
    assert own.chance / np.sqrt(2) < doubled.chance < own.chance


def test_a_variance_that_is_known_better_counts() -> None:
    model = true_model(ParetoNBD)
    summary, _ = base(ParetoNBD, 9)
    own = base_total([model], summary, periods=26.0)
    expected = model.expected_orders(summary, periods=26.0)
    poisson = base_total([model], summary, periods=26.0, variance=expected)
    assert poisson.chance == pytest.approx(1 / np.sqrt(expected.sum()))
    assert poisson.chance < own.chance


def test_it_works_from_fitted_models_of_orders_and_values(cdnow_sample: Any) -> None:
    values = GammaGamma().fit(cdnow_sample)
    models = [make().fit(cdnow_sample) for make in PARAMS]
    told = base_total(
        models, cdnow_sample, periods=39.0, order_value=values.expected_value(cdnow_sample), values=values.params_
    )
    assert 0 < told.low < told.expected < told.high < 2 * told.expected


def test_nobody_orders_nothing() -> None:
    nobody = {name: np.empty(0) for name in ("frequency", "recency", "age")}
    told = base_total([true_model(BetaGeoNBD)], nobody, periods=26.0)
    assert (told.expected, told.low, told.high) == (0, 0, 0)


def test_a_model_without_lifetimes_says_that_it_does_not_know() -> None:
    model = NBD()
    model.params_ = {"r": 1.0, "alpha": 2.0}
    with pytest.raises(SpreadUnknown):
        mean_square_orders(model, {"frequency": [1.0], "recency": [1.0], "age": [2.0]}, periods=1.0)
