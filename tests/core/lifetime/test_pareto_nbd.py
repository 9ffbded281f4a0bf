"""Pareto/NBD and NBD: exact where the papers' formulas are, sensible where those break down. Mission row C1."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import gammaln, hyp2f1

from regulars.core.lifetime import NBD, ParetoNBD, UnusableSummary, nbd, pareto_nbd, pareto_nbd_likelihood
from regulars.core.lifetime.pareto_nbd_integrals import again_integral, left_integral
from regulars.core.lifetime.pareto_nbd_likelihood import Statistics

Vector = npt.NDArray[np.float64]
Summary = dict[str, Vector]
Simulate = Callable[..., Summary]
TRUTHS = [(0.55, 10.6, 0.6, 11.7), (3.0, 20.0, 0.3, 5.0), (0.4, 2.0, 2.5, 60.0)]
LOGS = st.lists(st.floats(-3, 4), min_size=4, max_size=4).map(np.array)


def with_params(r: float, alpha: float, s: float, beta: float) -> Any:
    model = ParetoNBD()
    model.params_ = {"r": r, "alpha": alpha, "s": s, "beta": beta}
    return model


def drawn(seed: int, accounts: int, truth: tuple[float, ...] = TRUTHS[0]) -> Summary:
    print(f"seed {seed}")
    random = np.random.default_rng(seed)
    summary: Summary = with_params(*truth)._histories(random, random.uniform(20, 80, accounts), periods=0.0)
    return summary


def statistics_of(summary: Summary) -> Statistics:
    return Statistics.of(summary["frequency"], summary["recency"], summary["age"], np.ones(summary["age"].size))


def by_the_paper(x: float, t_x: float, age: float, r: float, alpha: float, s: float, beta: float) -> float:
    """ln L with the hypergeometric function (Fader & Hardie 2005), for one account."""
    high, shape = max(alpha, beta), s + 1 if alpha >= beta else r + x
    whole = r + s + x

    def part(y: float) -> float:
        z = abs(alpha - beta) / (high + y)
        return float(hyp2f1(whole, shape, whole + 1, z) / (high + y) ** whole)

    alive = float((alpha + age) ** -(r + x) * (beta + age) ** -s)
    counts = float(gammaln(r + x) - gammaln(r)) + r * math.log(alpha) + s * math.log(beta)
    return counts + math.log(alive + s / whole * (part(t_x) - part(age)))


def integral(integrand: Callable[[float], float], low: float, high: float) -> float:
    cuts = [low, *[low + (high - low) * part for part in (1e-4, 1e-3, 1e-2, 0.1, 0.4)], high]
    return sum(float(quad(integrand, *ends, epsabs=0, epsrel=1e-11, limit=200)[0]) for ends in pairwise(cuts))


# Likelihood


@pytest.mark.parametrize("truth", [*TRUTHS, (1.3, 7.0, 0.8, 7.0)])
def test_the_likelihood_is_the_papers(truth: tuple[float, float, float, float]) -> None:
    """Also where alpha = beta, at which the hypergeometric function changes its form."""
    summary = drawn(1, 200, TRUTHS[0])
    statistics = statistics_of(summary)
    units = np.array([1, statistics.scale, 1, statistics.scale])
    found = statistics.derivatives(np.log(np.array(truth) / units))[0] - statistics.orders * math.log(statistics.scale)
    rows = zip(summary["frequency"], summary["recency"], summary["age"], strict=True)
    assert found == pytest.approx(sum(by_the_paper(*row, *truth) for row in rows), rel=1e-10)


@settings(deadline=None, max_examples=40)
@given(logs=LOGS)
def test_gradient_and_hessian_are_those_of_the_likelihood(logs: Vector) -> None:
    statistics = statistics_of(drawn(2, 200))
    _, gradient, hessian = statistics.derivatives(logs)
    size = 1 + float(np.abs(hessian).max())
    for place, step in enumerate(1e-5 * np.eye(4)):
        above, below = statistics.derivatives(logs + step), statistics.derivatives(logs - step)
        assert gradient[place] == pytest.approx((above[0] - below[0]) / 2e-5, abs=1e-6 * size)
        assert hessian[place] == pytest.approx((above[1] - below[1]) / 2e-5, abs=1e-6 * size)


@settings(deadline=None, max_examples=60)
@given(logs=LOGS, frequency=st.integers(0, 1200), t=st.floats(0, 5))
def test_the_two_cases_make_up_the_whole(logs: Vector, frequency: int, t: float) -> None:
    """It orders again, or it leaves before: e^U + e^V = (α+t)^-R (β+t)^-s, each by an integral of its own."""
    r, alpha, s, beta = np.exp(logs)
    shape, scale, life = r + frequency, np.array([alpha + t]), np.array([beta + t])
    left = left_integral(shape, scale, s, life)[0]
    again = again_integral(shape, scale, s, life)[0]
    whole = -shape * np.log(scale[0]) - s * np.log(life[0])
    assert np.logaddexp(left, again) == pytest.approx(whole, abs=1e-9, rel=1e-12)


def test_many_times_are_interpolated_without_a_loss() -> None:
    """Rows of one frequency go through some twenty points of time: no difference to one by one."""
    random = np.random.default_rng(4)
    for params in ((0.25, 4.4, 0.8, 2.4), (0.5, 0.001, 0.4, 300.0), (2.0, 200.0, 1.5, 0.01)):
        model = with_params(*params)
        for frequency in (0, 1, 30, 900):
            age = random.uniform(0.5, 2000, 3000)
            recency = age * random.random(3000) * (frequency > 0)
            table = {"frequency": np.full(3000, frequency), "recency": recency, "age": age}
            together = model.probability_alive(table)[:20]
            alone = [model.probability_alive({n: v[i : i + 1] for n, v in table.items()})[0] for i in range(20)]
            assert together == pytest.approx(alone, rel=1e-9, abs=1e-300)


def test_whole_days_and_no_two_alike_are_summed_in_the_same_way() -> None:
    """Few different times are looked up, many are interpolated: a grain of noise changes next to nothing."""
    whole = drawn(5, 4000)
    whole = {**whole, "recency": np.ceil(whole["recency"]), "age": np.ceil(whole["age"])}
    noise = np.random.default_rng(6).uniform(0, 1e-9, 4000)
    other = {**whole, "recency": np.where(whole["frequency"] > 0, whole["recency"] + noise, 0)}
    other["age"] = whole["age"] + 2 * noise
    first, second = ParetoNBD().fit(whole), ParetoNBD().fit(other)
    assert list(second.params_.values()) == pytest.approx(list(first.params_.values()), rel=1e-6)


@pytest.mark.parametrize("truth", TRUTHS)
def test_simulated_parameters_are_found_again_within_their_errors(truth: tuple[float, float, float, float]) -> None:
    model = ParetoNBD().fit(drawn(20_26, 20_000, truth))
    assert model.converged_
    for (name, found), true in zip(model.params_.items(), truth, strict=True):
        assert abs(found - true) < 4 * (model.standard_errors_[name] or 0), name


def test_the_covariance_is_right_off_the_diagonal_too() -> None:
    summary = drawn(3, 4000)
    model, statistics = ParetoNBD().fit(summary), statistics_of(summary)
    units = np.array([1, statistics.scale, 1, statistics.scale])
    params = np.array(list(model.params_.values())) / units

    def value(moved: Vector) -> float:
        return statistics.derivatives(np.log(moved))[0]

    steps = 1e-3 * np.diag(params)
    information = np.empty((4, 4))
    corners = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
    for i, first in enumerate(steps):
        for j, second in enumerate(steps):
            total = sum(a * b * value(params + a * first + b * second) for a, b in corners)
            information[i, j] = -total / (4 * first[i] * second[j])
    assert model.covariance_ == pytest.approx(np.linalg.inv(information) * np.outer(units, units), rel=0.01)


def test_a_large_history_is_learned_from_like_a_small_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parts that the search starts with change the speed, not the optimum."""
    summary = drawn(14, 6000)
    whole = ParetoNBD().fit(summary)
    monkeypatch.setattr(pareto_nbd_likelihood, "SAMPLE_ROWS", 200)
    started_with_parts = ParetoNBD().fit(summary)
    assert list(started_with_parts.params_.values()) == pytest.approx(list(whole.params_.values()), rel=1e-6)


# Answers


def test_the_expectation_is_equation_22_and_nothing_special_happens_at_s_equal_to_one() -> None:
    r, alpha, beta, t = 0.6, 8.0, 20.0, 30.0
    summary = {"frequency": [3], "recency": [10.0], "age": [25.0]}
    for s in (0.3, 2.5):
        life = beta + 25.0
        paper = (r + 3) * life / ((alpha + 25.0) * (s - 1)) * (1 - (life / (life + t)) ** (s - 1))
        found = with_params(r, alpha, s, beta).expected_orders_if_alive(summary, periods=t)[0]
        assert found == pytest.approx(paper, rel=1e-12)
    around = [
        with_params(r, alpha, s, beta).expected_orders_if_alive(summary, periods=t)[0] for s in (1 - 1e-9, 1, 1 + 1e-9)
    ]
    assert around == pytest.approx([around[1]] * 3, rel=1e-7)


def test_an_account_just_seen_is_alive_and_one_silent_for_long_is_not() -> None:
    model = with_params(0.55, 10.6, 0.6, 11.7)
    table = {"frequency": [8, 8, 8, 0], "recency": [30.0, 20.0, 3.0, 0.0], "age": [30.0] * 4}
    alive = model.probability_alive(table)
    assert alive[0] == pytest.approx(1, abs=1e-12)
    assert alive[0] > alive[1] > alive[2] < 0.01
    assert 0 < alive[3] < 1


@settings(deadline=None, max_examples=40)
@given(
    params=st.tuples(st.floats(0.1, 20), st.floats(0.5, 50), st.floats(0.1, 20), st.floats(0.5, 50)),
    frequency=st.integers(0, 100),
    orders=st.integers(1, 150),
    periods=st.floats(0.1, 300),
)
def test_the_chance_of_orders_is_that_of_numerical_integration(
    params: tuple[float, float, float, float], frequency: int, orders: int, periods: float
) -> None:
    r, alpha, s, beta = params
    age = 20.0
    shape, scale, life = r + frequency, alpha + age, beta + age
    logs = float(gammaln(shape + orders) - gammaln(shape) - gammaln(orders))

    def density(u: float) -> float:
        if u == 0:
            return 0.0 if orders > 1 else math.exp(logs) / scale
        rest = (orders - 1) * math.log(u / scale) - (shape + orders) * math.log1p(u / scale) - s * math.log1p(u / life)
        return math.exp(logs + rest) / scale

    exact = integral(density, 0.0, periods)
    of = np.array([shape]), np.array([scale])
    found = pareto_nbd._reached(np.array([float(orders)]), *of, s, np.array([life]), periods)[0]
    assert found == pytest.approx(exact, abs=1e-6)
    if orders < 13:
        chances = pareto_nbd._chances_if_alive(*of, s, np.array([life]), periods, 13)
        assert nbd.at_least(chances)[orders, 0] == pytest.approx(exact, abs=1e-3)


def test_no_time_brings_no_orders_and_more_time_more() -> None:
    for model in (with_params(0.55, 10.6, 0.6, 11.7), NBD().fit(drawn(7, 500))):
        expected = [model.expected_orders_new(periods) for periods in (0, 1, 10, 100, 1000)]
        assert expected[0] == 0
        assert expected == sorted(expected)
        with pytest.raises(ValueError, match="periods"):
            model.expected_orders_new(-1)


@settings(deadline=None, max_examples=60)
@given(
    logs=LOGS, frequency=st.integers(0, 2000), age=st.floats(0, 1000), share=st.floats(0, 1), periods=st.floats(0, 1e4)
)
def test_answers_are_always_numbers_within_their_bounds(
    logs: Vector, frequency: int, age: float, share: float, periods: float
) -> None:
    model = with_params(*np.exp(3 * logs))
    summary = {"frequency": [frequency], "recency": [age * share if frequency else 0], "age": [age]}
    alive = model.probability_alive(summary)[0]
    assert 0 <= alive <= 1
    assert 0 <= model.expected_orders(summary, periods=periods)[0] < math.inf


def test_rows_that_contradict_themselves_are_refused() -> None:
    for model in (ParetoNBD(), NBD()):
        with pytest.raises(UnusableSummary, match="last order"):
            model.fit({"frequency": [4.0] * 50, "recency": [31.0] * 50, "age": [30.0] * 50})


# NBD, the nested model


def test_where_nobody_leaves_pareto_nbd_is_nbd() -> None:
    """s → 0: the likelihood, the parameters and the forecasts of the simpler model."""
    random = np.random.default_rng(12)
    print("seed 12")
    simpler = NBD()
    simpler.params_ = {"r": 1.5, "alpha": 12.0}
    summary = simpler._histories(random, random.uniform(50, 100, 3000), periods=0.0)
    nested, full = NBD().fit(summary), ParetoNBD().fit(summary)
    assert full.log_likelihood_ >= nested.log_likelihood_ - 1e-6
    assert full.log_likelihood_ == pytest.approx(nested.log_likelihood_, abs=3)
    r, alpha = nested.params_.values()
    limit = with_params(r, alpha, 1e-9, 1.0)
    expected = nested.expected_orders(summary, periods=30)
    assert limit.expected_orders(summary, periods=30) == pytest.approx(expected, rel=1e-5)
    statistics = statistics_of(summary)
    logs = np.log(np.array([r, alpha / statistics.scale, 1e-9, 1.0]))
    value = statistics.derivatives(logs)[0] - statistics.orders * math.log(statistics.scale)
    assert value == pytest.approx(nested.log_likelihood_, abs=1e-3)


def test_the_likelihood_of_nbd_is_the_papers_and_so_are_its_derivatives() -> None:
    summary = drawn(8, 300)
    x, age = summary["frequency"], summary["age"]
    statistics = nbd.Statistics.of(x, age, np.ones(x.size))
    logs = np.log([0.7, 5.0 / statistics.scale])
    value, gradient, hessian = statistics.derivatives(logs)
    paper = float(np.sum(gammaln(0.7 + x) - gammaln(0.7) + 0.7 * math.log(5.0) - (0.7 + x) * np.log(5.0 + age)))
    assert value - statistics.orders * math.log(statistics.scale) == pytest.approx(paper, rel=1e-12)
    for place, step in enumerate(1e-5 * np.eye(2)):
        above, below = statistics.derivatives(logs + step), statistics.derivatives(logs - step)
        assert gradient[place] == pytest.approx((above[0] - below[0]) / 2e-5, rel=1e-6)
        assert hessian[place] == pytest.approx((above[1] - below[1]) / 2e-5, rel=1e-6)
