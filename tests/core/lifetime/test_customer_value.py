"""What an account is worth: discounted orders, margin, bounds of its sales. Mission row C1."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import gammaln, hyp2f1, hyperu

from regulars.core.lifetime import BetaGeoNBD, ModifiedBetaGeoNBD, ParetoNBD
from regulars.core.lifetime.customer_value import MarginShares, discounted_orders, mean_expected_orders, sales_bounds

YEAR = 365.25 / 7
ACCOUNTS = {
    "frequency": np.array([0.0, 2.0, 7.0, 26.0]),
    "recency": np.array([0.0, 30.43, 35.0, 30.86]),
    "age": np.array([38.86, 38.86, 77.86, 31.0]),
}
PARETO = {"r": 0.5533, "alpha": 10.578, "s": 0.6062, "beta": 11.668}  # of CDNOW, Fader, Hardie & Lee 2005


def pareto() -> ParetoNBD:
    model = ParetoNBD()
    model.params_ = PARETO
    model._spread = np.zeros((4, 0))
    return model


def residual_transactions(x: float, t_x: float, age: float, decay: float) -> float:
    """DERT as published: α^r β^s δ^(s-1) Γ(r+x+1) Ψ(s, s; δ(β+T)) / (Γ(r) (α+T)^(r+x+1) L), and L by ₂F₁."""
    r, alpha, s, beta = PARETO.values()
    assert alpha < beta

    def part(t: float) -> float:
        """Fader & Hardie 2005, for α ≤ β."""
        argument = (beta - alpha) / (beta + t)
        return float(hyp2f1(r + s + x, r + x, r + s + x + 1, argument) / (beta + t) ** (r + s + x))

    integral = part(t_x) - part(age)
    likelihood = np.exp(gammaln(r + x) - gammaln(r)) * alpha**r * beta**s
    likelihood *= 1 / ((alpha + age) ** (r + x) * (beta + age) ** s) + s / (r + s + x) * integral
    scaled = np.exp(gammaln(r + x + 1) - gammaln(r)) * alpha**r * beta**s * decay ** (s - 1)
    return float(scaled * hyperu(s, s, decay * (beta + age)) / ((alpha + age) ** (r + x + 1) * likelihood))


def test_with_a_far_horizon_it_is_the_published_discounted_expected_residual_transactions() -> None:
    """15 % a year, compounded continuously: δ = .0027 a week, as in the paper."""
    decay = 0.0027
    rate = float(np.expm1(decay * YEAR))
    found = discounted_orders([pareto()], ACCOUNTS, periods=5000.0, yearly_rate=rate, year=YEAR)
    published = [
        residual_transactions(x, t_x, age, decay)
        for x, t_x, age in zip(ACCOUNTS["frequency"], ACCOUNTS["recency"], ACCOUNTS["age"], strict=True)
    ]
    assert found == pytest.approx(published, rel=1e-5)


@pytest.mark.parametrize("make", [BetaGeoNBD, ModifiedBetaGeoNBD, ParetoNBD])
def test_it_is_the_sum_of_fine_steps_each_discounted(make: type[Any], cdnow_sample: Any) -> None:
    model = make().fit(cdnow_sample)
    weeks = np.linspace(0.0, 156.0, 1561)
    reached = np.array([model.expected_orders(ACCOUNTS, periods=float(week)) for week in weeks])
    middle = (weeks[1:] + weeks[:-1]) / 2
    by_steps = (np.diff(reached, axis=0) * (1.1 ** -(middle / YEAR))[:, np.newaxis]).sum(axis=0)
    found = discounted_orders([model], ACCOUNTS, periods=156.0, yearly_rate=0.1, year=YEAR)
    assert found == pytest.approx(by_steps, rel=1e-6)


def test_without_a_rate_nothing_is_discounted_and_a_higher_rate_leaves_less() -> None:
    plain = mean_expected_orders([pareto()], ACCOUNTS, periods=156.0)
    by_rate = [
        discounted_orders([pareto()], ACCOUNTS, periods=156.0, yearly_rate=rate, year=YEAR) for rate in (0, 0.1, 0.3)
    ]
    assert by_rate[0] == pytest.approx(plain)
    assert np.all(by_rate[1] < by_rate[0])
    assert np.all(by_rate[2] < by_rate[1])
    assert np.all(by_rate[1] > plain / 1.1**3)


def test_the_margin_of_an_account_is_its_own_as_far_as_its_orders_tell() -> None:
    random = np.random.default_rng(5)
    orders = random.integers(1, 60, 400).astype(float)
    true = random.normal(0.3, 0.08, 400)
    own = random.normal(true, 0.25 / np.sqrt(orders))
    sales = np.full(400, 1000.0)
    known = {"sales": sales, "margin": own * sales, "orders": orders}
    learned = MarginShares.learn(**known)
    assert learned is not None
    found = learned.of(**known)
    firm = own.mean()
    assert np.mean((found - true) ** 2) < 0.8 * np.mean((own - true) ** 2)
    assert np.mean((found - true) ** 2) < 0.5 * np.mean((firm - true) ** 2)
    kept = (found - firm) / (own - firm)
    assert np.median(kept[orders > 50]) > np.median(kept[orders < 4])
    assert np.all((kept >= 0) & (kept <= 1))


def test_where_no_cost_is_known_the_share_is_that_of_the_firm_or_unknown() -> None:
    nothing = np.full(3, np.nan)
    assert MarginShares.learn(sales=nothing, margin=nothing, orders=nothing) is None
    known = {"sales": [100.0, np.nan, 300.0], "margin": [10.0, np.nan, 90.0], "orders": [4, 5, 6]}
    learned = MarginShares.learn(**known)
    assert learned is not None
    assert learned.of(**known) == pytest.approx([0.25, 0.25, 0.25])  # three do not tell how far accounts differ


def test_the_sales_of_an_account_lie_within_their_bounds_as_often_as_asked_for() -> None:
    """Drawn from the models themselves: λ and the lifetime given the history, then orders, then their values."""
    p, q, gamma = 2.0, 3.7, 510.0
    x, t_x, age, z = 12.0, 60.0, 62.0, 400.0
    summary = {"frequency": [x], "recency": [t_x], "age": [age]}
    value = p * (gamma + x * z) / (p * x + q - 1)
    low, high = sales_bounds(
        [pareto()], summary, periods=26.0, order_value=value, values={"p": p, "q": q, "gamma": gamma}, level=0.8
    )
    random = np.random.default_rng(11)
    count = 200_000
    r, alpha, s, beta = PARETO.values()
    alive = random.random(count) < pareto().probability_alive(summary)[0]
    stays = np.minimum((beta + age) * (random.random(count) ** (-1 / s) - 1), 26.0) * alive
    orders = random.poisson(random.gamma(r + x, 1 / (alpha + age), count) * stays)
    scale = random.gamma(q + p * x, 1 / (gamma + x * z), count)
    sales = np.where(orders > 0, random.gamma(np.maximum(p * orders, 1e-9)) / scale, 0.0)
    assert (sales < low).mean() == pytest.approx(0.1, abs=0.005)
    assert (sales > high).mean() == pytest.approx(0.1, abs=0.005)


def test_who_may_well_order_nothing_has_no_least() -> None:
    silent = {"frequency": [1.0], "recency": [2.0], "age": [60.0]}
    values = {"p": 2.0, "q": 3.7, "gamma": 510.0}
    low, high = sales_bounds([pareto()], silent, periods=13.0, order_value=300.0, values=values)
    assert low == 0
    assert high >= 0


def test_a_wrong_rate_horizon_or_level_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="yearly_rate"):
        discounted_orders([pareto()], ACCOUNTS, periods=52.0, yearly_rate=-1.0, year=YEAR)
    with pytest.raises(ValueError, match="periods"):
        discounted_orders([pareto()], ACCOUNTS, periods=-1.0, yearly_rate=0.1, year=YEAR)
    with pytest.raises(ValueError, match="level"):
        sales_bounds([pareto()], ACCOUNTS, periods=1.0, order_value=1.0, values={"p": 1.0, "q": 2.0}, level=1.0)
