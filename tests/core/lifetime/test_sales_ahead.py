"""The distribution of what an account buys in a time to come."""

from __future__ import annotations

import numpy as np
import pytest

from regulars.core.lifetime.sales_ahead import FittedModels, SalesAhead

MODELS = FittedModels(r=0.67, alpha=9.1, p=2.0, q=3.7, gamma=510.0)
PASTS = [(0, 3.0, 0.0), (3, 20.0, 400.0), (40, 100.0, 900.0)]


@pytest.mark.parametrize(("frequency", "age", "mean_value"), PASTS)
def test_quantiles_mean_and_chances_are_those_of_accounts_drawn_from_the_models(
    frequency: int, age: float, mean_value: float
) -> None:
    drawn = _drawn(frequency, age, mean_value, weeks=8.0, count=200_000)
    ahead = SalesAhead(MODELS, frequency=[frequency], age=[age], mean_value=[mean_value], periods=[8.0])
    for chance in (0.1, 0.5, 0.9):
        assert (drawn <= ahead.quantile(chance)[0]).mean() == pytest.approx(max(chance, (drawn == 0).mean()), abs=0.006)
    assert ahead.mean[0] == pytest.approx(drawn.mean(), rel=0.03)
    for sales in (0.0, 500.0, 3000.0):
        assert ahead.probability_up_to(sales)[0] == pytest.approx((drawn <= sales).mean(), abs=0.006)


def _drawn(frequency: int, age: float, mean_value: float, *, weeks: float, count: int) -> np.ndarray:
    random = np.random.default_rng(7)
    rate = random.gamma(MODELS.r + frequency, 1 / (MODELS.alpha + age), count)
    orders = random.poisson(rate * weeks)
    scale = random.gamma(MODELS.q + MODELS.p * frequency, 1 / (MODELS.gamma + frequency * mean_value), count)
    return np.where(orders > 0, random.gamma(np.maximum(MODELS.p * orders, 1e-9)) / scale, 0.0)


def test_who_orders_often_and_long_is_expected_within_narrower_bounds_than_a_beginner() -> None:
    beginner, regular = (
        SalesAhead(MODELS, frequency=[x], age=[age], mean_value=[500.0], periods=[13.0])
        for x, age in ((2, 10.0), (80, 400.0))
    )

    def width(ahead: SalesAhead) -> float:
        return float((ahead.quantile(0.9) - ahead.quantile(0.1))[0] / ahead.mean[0])

    assert width(regular) < width(beginner)


def test_without_a_mean_of_its_own_the_model_names_none() -> None:
    heavy = FittedModels(r=0.67, alpha=9.1, p=2.0, q=0.8, gamma=510.0)
    ahead = SalesAhead(heavy, frequency=[0, 5], age=[3.0, 30.0], mean_value=[0.0, 100.0], periods=[4.0, 4.0])
    assert np.isnan(ahead.mean[0])
    assert np.isfinite(ahead.mean[1])
    assert np.isfinite(ahead.quantile(0.9)).all()
