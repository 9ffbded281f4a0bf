"""What models around models tell of the ones inside: the same learned names, and simulated accounts."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from regulars.core.lifetime import (
    AnchoredBoosting,
    Average,
    BetaGeoNBD,
    Calibrated,
    History,
    LastWindow,
    ModifiedBetaGeoNBD,
    ParetoNBD,
    Seasonal,
)
from simulated_orders import FLAT, START, simulated_orders

AS_OF = START + timedelta(days=900)
WINTER = (1.8, 1.6, 1.2, 0.8, 0.6, 0.5, 0.5, 0.6, 0.8, 1.0, 1.2, 1.4)


@pytest.fixture(scope="module")
def history() -> History:
    orders = simulated_orders(81, accounts=500, days=901, joining_days=500, season=WINTER, leaving=(0.7, 8.0))
    return History.of(orders, as_of=AS_OF)


WRAPPERS: dict[str, Any] = {
    "average": Average([BetaGeoNBD(), ParetoNBD()]),
    "boosted": AnchoredBoosting(ModifiedBetaGeoNBD(), periods=13),
    "calibrated": Calibrated(BetaGeoNBD(), periods=13),
    "last window": LastWindow(window=26),
    "seasonal": Seasonal(BetaGeoNBD()),
}


@pytest.fixture(scope="module", params=list(WRAPPERS))
def fitted(request: pytest.FixtureRequest, history: History) -> Any:
    return WRAPPERS[request.param].fit(history)


def test_what_was_learned_is_told(fitted: Any) -> None:
    assert fitted.converged_
    assert all(np.isfinite(value) for value in fitted.params_.values())
    if not isinstance(fitted, LastWindow):
        assert fitted.standard_errors_.keys() == fitted.params_.keys()
        assert all(error > 0 for error in fitted.standard_errors_.values())
    if hasattr(fitted, "model_"):
        assert fitted.log_likelihood_ == fitted.model_.log_likelihood_
        assert fitted.covariance_.shape == (4, 4)
    else:
        assert not hasattr(fitted, "log_likelihood_")


def test_chances_of_orders_fall_with_their_number_and_agree_with_the_bounds(fitted: Any, history: History) -> None:
    chances = [fitted.probability_of_orders(history, periods=13, at_least=n) for n in (0, 1, 2, 5)]
    assert np.all(chances[0] == 1)
    assert all(np.all((later <= earlier) & (later >= 0)) for earlier, later in pairwise(chances))
    expected = fitted.expected_orders(history, periods=13)
    assert np.all(chances[1] <= expected * (1 + 1e-9) + 1e-5)  # Markov's inequality


def test_simulated_accounts_are_a_summary_that_can_be_drawn_again(fitted: Any) -> None:
    drawn, again = (fitted.simulate(seed=7, accounts=3000, ages=52.0, periods=13) for _ in range(2))
    assert all(np.array_equal(drawn[name], again[name]) for name in drawn)
    assert {"account", "frequency", "recency", "age", "orders_ahead"} <= drawn.keys()
    assert drawn["age"] == pytest.approx(np.full(3000, 52.0))
    assert np.all((drawn["recency"] >= 0) & (drawn["recency"] <= drawn["age"] + 1e-9))
    assert np.all((drawn["recency"] > 0) == (drawn["frequency"] > 0))
    assert np.all(drawn["orders_ahead"] >= 0)
    assert drawn["orders_ahead"].mean() > 0


def daily(unit: str) -> History:
    """Accounts of which half order every day for three years, and the others once or twice."""
    rows = [(account, day) for account in range(30) for day in range(1000 - 20 * account)]
    rows += [(account, day) for account in range(30, 60) for day in (account, 10 * account)]
    orders = pa.table({"account": [one for one, _ in rows], "date": [START + timedelta(days=day) for _, day in rows]})
    return History.of(orders, as_of=START + timedelta(days=1000), unit=unit)


@pytest.mark.parametrize("unit", ["week", "second"])
def test_a_thousand_orders_an_account_give_numbers_in_any_unit(unit: str) -> None:
    history = daily(unit)
    quarter = 91 / history.unit_days
    hard: list[Any] = [
        Average([BetaGeoNBD(), ModifiedBetaGeoNBD(), ParetoNBD()]),
        AnchoredBoosting(BetaGeoNBD(), periods=quarter),
        Calibrated(BetaGeoNBD(), periods=quarter),
        LastWindow(window=quarter),
        Seasonal(BetaGeoNBD()),
    ]
    for model in hard:
        model.fit(history)
        expected = model.expected_orders(history, periods=quarter)
        low, high = model.interval(history, periods=quarter)
        assert np.all(np.isfinite(expected) & (expected >= 0))
        assert np.all(np.isfinite(high) & (low >= 0) & (low <= high))
        assert expected[0] == pytest.approx(91, rel=0.15)
        assert model.converged_ or model.notes_


def test_simulated_accounts_order_in_season() -> None:
    orders = simulated_orders(82, accounts=500, days=901, joining_days=500, season=WINTER, leaving=None)
    midsummer = History.of(orders, as_of=START + timedelta(days=900)).at(START + timedelta(days=882))  # 1 June
    model = Seasonal(BetaGeoNBD()).fit(midsummer)
    ahead = {
        days: model.simulate(seed=8, accounts=20_000, ages=52.0, periods=days / 7)["orders_ahead"].mean()
        for days in (92, 184)
    }
    in_summer, in_autumn = ahead[92], ahead[184] - ahead[92]
    assert in_summer / in_autumn == pytest.approx(sum(WINTER[5:8]) / sum(WINTER[8:11]), rel=0.1)


def test_simulated_seasonal_accounts_have_the_ages_of_those_learned_from(history: History) -> None:
    model = Seasonal(BetaGeoNBD()).fit(history)
    drawn = model.simulate(seed=9, accounts=20_000)
    assert np.quantile(drawn["age"], [0.1, 0.5, 0.9]) == pytest.approx(
        np.quantile(history["age"], [0.1, 0.5, 0.9]), rel=0.02
    )
    flat = Seasonal(BetaGeoNBD()).fit(History.of(simulated_orders(83, season=FLAT), as_of=START + timedelta(days=380)))
    same = flat.model_.simulate(seed=9, accounts=100, periods=5)
    assert flat.simulate(seed=9, accounts=100, periods=5)["recency"] == pytest.approx(same["recency"])


def test_an_average_simulates_each_of_its_models(history: History) -> None:
    model = Average([BetaGeoNBD(), ModifiedBetaGeoNBD()]).fit(history)
    of_both = model.simulate(seed=10, accounts=40_000, ages=52.0, periods=13)["orders_ahead"].mean()
    alone = [
        one.simulate(seed=11, accounts=40_000, ages=52.0, periods=13)["orders_ahead"].mean() for one in model.models_
    ]
    assert of_both == pytest.approx(np.mean(alone), rel=0.05)
