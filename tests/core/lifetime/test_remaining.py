"""How long accounts will stay: against accounts whose ends are known, since they are simulated."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import beta

from regulars.core.lifetime import NBD, BetaGeoCNBD, BetaGeoNBD, ModifiedBetaGeoCNBD, ModifiedBetaGeoNBD, ParetoNBD
from regulars.core.lifetime.remaining import (
    NEW_CUSTOMER,
    NoLifetimes,
    lifetime_curve,
    mean_remaining_lifetime,
    probability_alive_after,
    remaining_lifetime,
)

Vector = npt.NDArray[np.float64]
Summary = dict[str, Vector]

BG: dict[str, float] = {"r": 0.8, "alpha": 6.0, "a": 0.9, "b": 2.5}
PARETO: dict[str, float] = {"r": 0.8, "alpha": 6.0, "s": 0.7, "beta": 20.0}
MODELS = [
    (BetaGeoNBD(), BG),
    (ModifiedBetaGeoNBD(), BG),
    (BetaGeoCNBD(k=2), BG | {"alpha": 3.0}),
    (ModifiedBetaGeoCNBD(k=3), BG | {"alpha": 2.0}),
    (ParetoNBD(), PARETO),
]
NAMED = [type(model).__name__ for model, _ in MODELS]


def knowing(model: Any, params: dict[str, float]) -> Any:
    """A model that knows the truth."""
    model.params_ = params
    return model


def lives(model: Any, ages: Vector, *, seed: int) -> tuple[Summary, Vector]:
    """Accounts of these ages, and how much longer each stays: negative for those that have left."""
    print(f"seed {seed}")
    random = np.random.default_rng(seed)
    p = model.params_
    rate = np.maximum(random.gamma(p["r"], 1 / p["alpha"], ages.size), 1e-12)
    if "s" in p:
        end = random.exponential(1.0, ages.size) / random.gamma(p["s"], 1 / p["beta"], ages.size)
        chance, events = np.zeros(ages.size), 1
    else:
        end = np.full(ages.size, np.inf)
        chance, events = random.beta(p["a"], p["b"], ages.size), getattr(model, "k", 1)
        if model.leaves_after_first:
            end[random.random(ages.size) < chance] = 0.0
    x, t_x, log_gaps, now = np.zeros((4, ages.size))
    going = np.flatnonzero(end > 0)
    while going.size:
        gap = random.gamma(events, 1 / rate[going])
        now[going] += gap
        stays = now[going] <= np.minimum(end[going], 2000.0)
        going, gap = going[stays], gap[stays]
        seen = now[going] <= ages[going]
        x[going[seen]] += 1
        t_x[going[seen]] = now[going[seen]]
        log_gaps[going[seen]] += np.log(gap[seen])
        left = random.random(going.size) < chance[going]
        end[going[left]] = now[going[left]]
        going = going[~left]
    return {"frequency": x, "recency": t_x, "age": ages, "log_gap_sum": log_gaps}, end - ages


@pytest.mark.parametrize(("model", "params"), MODELS, ids=NAMED)
def test_accounts_stay_as_long_as_expected(model: Any, params: dict[str, float]) -> None:
    """Of each kind of history by itself: new, beginners, and regulars."""
    known = knowing(model, params)
    for age, least, most in ((0.0, 0, 0), (30.0, 0, 1), (60.0, 2, 5), (60.0, 6, 400)):
        summary, left = lives(known, np.full(40_000, age), seed=int(age) + most)
        kind = (summary["frequency"] >= least) & (summary["frequency"] <= most)
        summary, left = {name: column[kind] for name, column in summary.items()}, left[kind]
        for periods in (0.0, 10.0, 200.0):
            expected = probability_alive_after(known, summary, periods=periods)
            assert expected.mean() == pytest.approx((left > periods).mean(), abs=4 * np.sqrt(0.25 / kind.sum()))
        stayed = np.clip(left, 0, 150)
        expected = remaining_lifetime(known, summary, horizon=150)
        assert expected.mean() == pytest.approx(stayed.mean(), abs=4 * stayed.std() / np.sqrt(kind.sum()))


@given(
    st.tuples(*(st.floats(0.2, 20) for _ in range(4))), st.integers(0, 200), st.floats(0, 100), st.floats(0.01, 1000)
)
def test_for_bg_nbd_an_account_leaves_at_its_rate_times_its_chance(
    params: tuple[float, float, float, float], x: int, age: float, periods: float
) -> None:
    """So S(t) = E[(1 + pt/(α+T))^-(r+x)]: the hypergeometric function, by quadrature, since SciPy's has holes."""
    r, alpha, a, b = params
    model = knowing(BetaGeoNBD(), dict(zip(BG, params, strict=True)))
    one = {"frequency": [x], "recency": [age if x else 0.0], "age": [age]}

    def density(u: float) -> float:  # of p = u^k, which takes the pole at 0 away
        p, k = u ** (1 / min(a, 1.0)), 1 / min(a, 1.0)
        stays = (1 + p * periods / (alpha + age)) ** -(r + x)
        return float(k * u ** (k * a - 1) * (1 - p) ** (b + x - 1) * stays / beta(a, b + x))

    halves = [quad(density, low, high, limit=500, epsabs=1e-12)[0] for low, high in pairwise([0, 1e-4, 0.01, 0.5, 1])]
    exactly = sum(halves)
    found = probability_alive_after(model, one, periods=periods) / model.probability_alive(one)
    assert found == pytest.approx(exactly, abs=1e-6)


@pytest.mark.parametrize(("model", "params"), MODELS, ids=NAMED)
def test_what_remains_is_the_area_under_the_curve(model: Any, params: dict[str, float]) -> None:
    known = knowing(model, params)
    for x, recency, age in ((0, 0, 0), (0, 0, 50), (3, 20, 30), (60, 49, 50)):
        one = {"frequency": [x], "recency": [recency], "age": [age], "log_gap_sum": [0.0]}
        area, _ = quad(lambda t, one=one: probability_alive_after(known, one, periods=t)[0], 0, 500, limit=200)
        assert remaining_lifetime(known, one, horizon=500)[0] == pytest.approx(area, rel=1e-5)


def test_the_unit_of_time_does_not_matter(simulate: Callable[..., Summary]) -> None:
    weeks = simulate(3, accounts=1500)
    days = weeks | {"recency": weeks["recency"] * 7, "age": weeks["age"] * 7}
    for model in (BetaGeoNBD, ParetoNBD):
        one, other = model().fit(weeks), model().fit(days)
        mean, longer = (
            mean_remaining_lifetime(one, weeks, horizon=260),
            mean_remaining_lifetime(other, days, horizon=1820),
        )
        assert (longer.value, longer.low, longer.high) == pytest.approx(
            (mean.value * 7, mean.low * 7, mean.high * 7), rel=1e-4
        )


def test_a_base_is_the_mean_of_its_accounts_and_alike_ones_are_counted_once(simulate: Callable[..., Summary]) -> None:
    base = simulate(4, accounts=1500)
    model = ModifiedBetaGeoNBD().fit(base)
    mean = mean_remaining_lifetime(model, base, horizon=260)
    each = remaining_lifetime(model, base, horizon=260)
    assert mean.value == pytest.approx(each.mean(), rel=0.02), "averaged over parameters, not at the most likely ones"
    assert mean.low < mean.value < mean.high <= 260
    of_alive = mean_remaining_lifetime(model, base, horizon=260, of_alive=True)
    assert of_alive.value == pytest.approx(each.sum() / model.probability_alive(base).sum(), rel=0.02)
    half = {name: column[:700] for name, column in base.items()}
    twice = {name: np.tile(column, 2) for name, column in half.items()}
    weighted = half | {"weight": np.full(700, 2.0)}
    assert mean_remaining_lifetime(model, twice, horizon=50).value == pytest.approx(
        mean_remaining_lifetime(model, weighted, horizon=50).value
    )


def test_a_curve_falls_from_those_who_are_customers_now(simulate: Callable[..., Summary]) -> None:
    base = simulate(5, accounts=1500)
    for model in (BetaGeoNBD().fit(base), ParetoNBD().fit(base)):
        curve = lifetime_curve(model, base, periods=[0, 10, 100, 1000])
        assert curve.alive[0] == pytest.approx(model.probability_alive(base).mean(), rel=0.02)
        assert np.all(np.diff(curve.alive) < 0)
        assert np.all((curve.low < curve.alive) & (curve.alive < curve.high))
        new = lifetime_curve(model, NEW_CUSTOMER, periods=[0, 52])
        assert (new.alive[0], new.low[0], new.high[0]) == (1, 1, 1), "who orders today is a customer today"


def test_bounds_hold_the_truth_about_as_often_as_they_say(simulate: Callable[..., Summary]) -> None:
    truth = remaining_lifetime(knowing(BetaGeoNBD(), BG), NEW_CUSTOMER, horizon=260)[0]
    found = [
        mean_remaining_lifetime(BetaGeoNBD().fit(simulate(seed, accounts=800)), NEW_CUSTOMER, horizon=260)
        for seed in range(100, 140)
    ]
    assert 0.8 <= np.mean([one.low <= truth <= one.high for one in found]) <= 1.0


def test_who_hardly_ever_leaves_stays_to_the_horizon_and_no_longer() -> None:
    """Without one the mean would be infinite."""
    never = knowing(ParetoNBD(), PARETO | {"s": 1e-9})
    assert remaining_lifetime(never, NEW_CUSTOMER, horizon=520)[0] == pytest.approx(520)
    for model in (never, knowing(BetaGeoNBD(), BG | {"a": 1e-9})):
        assert 519 <= remaining_lifetime(model, NEW_CUSTOMER, horizon=520)[0] <= 520


@pytest.mark.parametrize("params", [(1e8, 1e8, 1e8, 1e9), (1e-6, 1e-6, 1e-6, 1e-6), (1e3, 1e-4, 5.0, 1e-6)])
def test_extreme_parameters_give_numbers(params: tuple[float, ...]) -> None:
    some = {"frequency": [0, 3, 1000], "recency": [0, 2.0, 49.0], "age": [0, 50.0, 50.0]}
    for model, names in ((BetaGeoNBD(), BG), (ParetoNBD(), PARETO)):
        known = knowing(model, dict(zip(names, params, strict=True)))
        found = remaining_lifetime(known, some, horizon=520)
        assert np.all((found >= 0) & (found <= 520 * (1 + 1e-9)))


def test_a_model_in_which_nobody_leaves_has_no_lifetimes(simulate: Callable[..., Summary]) -> None:
    base = simulate(6, accounts=300)
    with pytest.raises(NoLifetimes, match="does not say"):
        remaining_lifetime(NBD().fit(base), base, horizon=52)
    with pytest.raises(ValueError, match="horizon"):
        remaining_lifetime(BetaGeoNBD().fit(base), base, horizon=0)
