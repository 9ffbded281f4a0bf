"""BG/NBD: exact where the paper's formulas are, sensible where they break down. Mission row C1."""

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
from scipy.special import betaln, gammaln, hyp2f1

from regulars.core.lifetime import BetaGeoNBD, UnusableSummary, beta_geometric_likelihood
from regulars.core.lifetime.beta_geometric_likelihood import Statistics

Params = tuple[float, float, float, float]
Vector = npt.NDArray[np.float64]
Summary = dict[str, Vector]
Simulate = Callable[..., Summary]
LOGS = st.lists(st.floats(-3, 4), min_size=4, max_size=4).map(np.array)


def statistics_of(summary: Summary) -> Statistics:
    x, t_x, age = summary["frequency"], summary["recency"], summary["age"]
    return Statistics.of(x, t_x, age, np.ones(x.size))


def with_params(r: float, alpha: float, a: float, b: float) -> Any:
    model = BetaGeoNBD()
    model.params_ = {"r": r, "alpha": alpha, "a": a, "b": b}
    return model


def if_alive(params: tuple[float, ...], *, frequency: int, age: float, periods: float) -> float:
    summary = {"frequency": [frequency], "recency": [age], "age": [age]}
    return float(with_params(*params).expected_orders_if_alive(summary, periods=periods)[0])


def by_the_paper(summary: Summary, r: float, alpha: float, a: float, b: float) -> float:
    x, t_x, age = (summary[name] for name in ("frequency", "recency", "age"))
    counts = betaln(a, b + x) - betaln(a, b) + gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    stayed = -(r + x) * np.log(alpha + age)
    left = np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + t_x)
    return float(np.sum(counts + np.where(x > 0, np.logaddexp(stayed, left), stayed)))


def by_integration(r: float, alpha: float, a: float, b: float, *, frequency: int, age: float, periods: float) -> float:
    """Equation 10 before it is solved, by adaptive quadrature in the logit of p."""
    shape, tau, stay = r + frequency, periods / (alpha + age), b + frequency

    def integrand(u: float) -> float:
        log_p, log_rest = -np.logaddexp(0, -u), -np.logaddexp(0, u)
        p = math.exp(log_p)
        return -math.expm1(-shape * math.log1p(p * tau)) / p * math.exp(a * log_p + stay * log_rest - betaln(a, stay))

    peak = math.log(a / stay)
    cuts = [peak - 10 - 45 / a, peak - 10, peak - 2, peak, peak + 2, peak + 10, peak + 10 + 45 / stay]
    return sum(float(quad(integrand, *ends, epsabs=0, epsrel=1e-11, limit=400)[0]) for ends in pairwise(cuts))


# Likelihood


def test_the_likelihood_is_the_papers(simulate: Simulate) -> None:
    summary = simulate(seed=1, accounts=300)
    statistics = statistics_of(summary)
    for params in ((0.243, 4.414, 0.793, 2.426), (3.0, 40.0, 0.2, 0.3)):
        scaled = np.log(np.array(params) / [1, statistics.scale, 1, 1])
        found = statistics.derivatives(scaled)[0] - statistics.orders * math.log(statistics.scale)
        assert found == pytest.approx(by_the_paper(summary, *params), rel=1e-12)


@settings(deadline=None, max_examples=60)
@given(logs=LOGS)
def test_gradient_and_hessian_are_those_of_the_likelihood(simulate: Simulate, logs: Vector) -> None:
    statistics = statistics_of(simulate(seed=2, accounts=200))
    _, gradient, hessian = statistics.derivatives(logs)
    size = 1 + float(np.abs(hessian).max())
    for place, step in enumerate(1e-5 * np.eye(4)):
        above, below = statistics.derivatives(logs + step), statistics.derivatives(logs - step)
        assert gradient[place] == pytest.approx((above[0] - below[0]) / 2e-5, abs=1e-6 * size)
        assert hessian[place] == pytest.approx((above[1] - below[1]) / 2e-5, abs=1e-6 * size)


def test_the_covariance_is_right_off_the_diagonal_too(simulate: Simulate) -> None:
    summary = simulate(seed=3)
    model = BetaGeoNBD().fit(summary)
    params = np.array(list(model.params_.values()))
    steps = 1e-4 * np.diag(params)
    information = np.empty((4, 4))
    for i, first in enumerate(steps):
        for j, second in enumerate(steps):
            corners = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
            total = sum(s * t * by_the_paper(summary, *(params + s * first + t * second)) for s, t in corners)
            information[i, j] = -total / (4 * first[i] * second[j])
    assert model.covariance_ == pytest.approx(np.linalg.inv(information), rel=0.01)


@pytest.mark.parametrize("truth", [(0.8, 6.0, 0.9, 2.5), (0.3, 5.0, 0.35, 0.45), (4.0, 10.0, 0.6, 4.0)])
def test_simulated_parameters_are_found_again_within_their_errors(simulate: Simulate, truth: Params) -> None:
    """Also where a + b < 1, at which others give NaN."""
    model = BetaGeoNBD().fit(simulate(seed=20_26, accounts=20_000, orders=truth))
    assert model.converged_
    for (name, found), true in zip(model.params_.items(), truth, strict=True):
        assert abs(found - true) < 4 * (model.standard_errors_[name] or 0), name


def test_expected_orders_come_true_on_average(simulate: Simulate) -> None:
    summary = simulate(seed=8, accounts=20_000, ages=(30, 30))
    model = BetaGeoNBD().fit(summary)
    whole = simulate(seed=8, accounts=20_000, ages=(30, 30))["frequency"].mean()
    assert model.expected_orders_new(30) == pytest.approx(whole, rel=0.02)


# Expectation


@settings(deadline=None, max_examples=80)
@given(
    params=st.tuples(st.floats(0.05, 30), st.floats(0.1, 200), st.floats(0.08, 20), st.floats(0.08, 20)),
    frequency=st.integers(0, 60),
    age=st.floats(0, 300),
    periods=st.floats(0.1, 1000),
)
def test_the_expectation_is_that_of_numerical_integration(
    params: Params, frequency: int, age: float, periods: float
) -> None:
    exact = by_integration(*params, frequency=frequency, age=age, periods=periods)
    assert if_alive(params, frequency=frequency, age=age, periods=periods) == pytest.approx(exact, rel=1e-8)


@settings(deadline=None, max_examples=60)
@given(a=st.floats(1.3, 6), b=st.floats(0.5, 6), frequency=st.integers(0, 12), periods=st.floats(1, 30))
def test_the_expectation_is_equation_10_where_that_is_stable(
    a: float, b: float, frequency: int, periods: float
) -> None:
    r, alpha, age = 0.6, 8.0, 25.0
    z = periods / (alpha + age + periods)
    whole = a + b + frequency - 1
    hyper = hyp2f1(r + frequency, b + frequency, whole, z)
    paper = whole / (a - 1) * (1 - (1 - z) ** (r + frequency) * hyper)
    assert if_alive((r, alpha, a, b), frequency=frequency, age=age, periods=periods) == pytest.approx(paper, rel=1e-8)


def test_nothing_special_happens_at_a_equal_to_one() -> None:
    around = [if_alive((0.5, 5, a, 2), frequency=3, age=20, periods=30) for a in (1 - 1e-9, 1, 1 + 1e-9)]
    assert around == pytest.approx([around[1]] * 3, rel=1e-8)


@pytest.mark.parametrize(("a", "b"), [(1e-6, 1.0), (1e-6, 1e6), (1e-3, 1e-3), (1e6, 1e6), (1e6, 1e-6), (0.5, 1e-6)])
def test_extreme_chances_of_leaving_give_their_limits(a: float, b: float) -> None:
    """Nobody leaves: the rate times the time. All leave with one chance p: (1 - (1 + pτ)^-R)/p."""
    r, alpha, x, age, periods = 0.7, 4.0, 5, 30.0, 12.0
    chance = a / (a + b + x)
    tau = periods / (alpha + age)
    if a <= 1e-3:
        limit = (r + x) * tau
    elif b == 1e6:
        limit = (1 - (1 + chance * tau) ** -(r + x)) / chance
    else:
        limit = by_integration(r, alpha, a, b, frequency=x, age=age, periods=periods)
    assert if_alive((r, alpha, a, b), frequency=x, age=age, periods=periods) == pytest.approx(limit, rel=2e-3)


def test_thousands_of_orders_and_a_far_horizon_stay_finite() -> None:
    expected = if_alive((0.2, 0.01, 0.3, 0.4), frequency=36_500, age=36_500, periods=1e6)
    assert math.isfinite(expected)
    assert expected > 0


def test_many_ages_are_interpolated_without_a_loss() -> None:
    model = with_params(0.25, 4.4, 0.8, 2.4)
    random = np.random.default_rng(4)
    for frequency in (0, 1, 30, 900):
        ages = random.uniform(0, 2000, 5000)
        table = {"frequency": np.full(5000, frequency), "recency": ages, "age": ages}
        together = model.expected_orders_if_alive(table, periods=52)
        alone = [if_alive((0.25, 4.4, 0.8, 2.4), frequency=frequency, age=age, periods=52) for age in ages[:40]]
        assert together[:40] == pytest.approx(alone, rel=1e-9)


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
    expected = model.expected_orders(summary, periods=periods)[0]
    assert 0 <= alive <= 1
    assert 0 <= expected < math.inf
    assert expected == pytest.approx(alive * model.expected_orders_if_alive(summary, periods=periods)[0])


def test_chances_follow_the_paper() -> None:
    params = (0.243, 4.414, 0.793, 2.426)
    summary = {"frequency": [0, 2, 10], "recency": [0, 30.43, 10], "age": [38.86, 38.86, 38.86]}
    r, alpha, a, b = params
    odds = a / (b + 2 - 1) * ((alpha + 38.86) / (alpha + 30.43)) ** (r + 2)
    alive = with_params(*params).probability_alive(summary)
    assert alive[0] == 1
    assert alive[1] == pytest.approx(1 / (1 + odds))
    assert alive[2] < 0.001


def test_no_time_brings_no_orders_and_more_time_more() -> None:
    model = with_params(0.243, 4.414, 0.793, 2.426)
    expected = [model.expected_orders_new(periods) for periods in (0, 1, 10, 100, 1000)]
    assert expected[0] == 0
    assert expected == sorted(expected)
    with pytest.raises(ValueError, match="periods"):
        model.expected_orders_new(-1)


def test_no_rows_give_no_answers() -> None:
    assert with_params(1, 1, 1, 1).expected_orders({"frequency": [], "recency": [], "age": []}, periods=3).size == 0


# Hard data


@pytest.mark.parametrize("unit", [7 * 86_400, 7, 1 / 52])
def test_the_unit_of_time_changes_nothing_but_alpha(cdnow_sample: Summary, unit: float) -> None:
    """Seconds as unit, days, years."""
    weeks = BetaGeoNBD().fit(cdnow_sample)
    table = {**cdnow_sample, "recency": cdnow_sample["recency"] * unit, "age": cdnow_sample["age"] * unit}
    other = BetaGeoNBD().fit(table)
    in_weeks = {**other.params_, "alpha": other.params_["alpha"] / unit}
    assert list(in_weeks.values()) == pytest.approx(list(weeks.params_.values()), rel=1e-7)
    assert other.standard_errors_["alpha"] == pytest.approx((weeks.standard_errors_["alpha"] or 0) * unit, rel=1e-5)
    shift = cdnow_sample["frequency"].sum() * math.log(unit)
    assert other.log_likelihood_ == pytest.approx(weeks.log_likelihood_ - shift, rel=1e-11)
    expected = weeks.expected_orders(cdnow_sample, periods=26)
    assert other.expected_orders(table, periods=26 * unit) == pytest.approx(expected, rel=1e-6)


def test_more_than_a_thousand_orders_a_customer_are_learned_from(simulate: Simulate) -> None:
    summary = simulate(seed=9, accounts=3000, orders=(1.5, 0.05, 0.4, 150.0), ages=(50, 60))
    assert summary["frequency"].max() > 1000
    model = BetaGeoNBD().fit(summary)
    assert model.converged_
    assert np.all(np.isfinite(model.expected_orders(summary, periods=20)))


def test_customers_who_never_leave_are_said_to_be_so() -> None:
    """A boundary optimum is reported in words, and forecasts stay sensible."""
    random = np.random.default_rng(12)
    age = np.full(3000, 100.0)
    frequency = random.poisson(random.gamma(2, 1 / 20, 3000) * age)
    recency = np.where(frequency > 0, age * random.random(3000) ** (1 / np.maximum(frequency, 1)), 0)
    model = BetaGeoNBD().fit({"frequency": frequency, "recency": recency, "age": age})
    assert model.covariance_ is None
    assert any("leaves for good" in note for note in model.notes_)
    table = {"frequency": frequency, "recency": recency, "age": age}
    assert model.expected_orders(table, periods=100).sum() == pytest.approx(frequency.sum(), rel=0.05)
    assert model.params_["r"] == pytest.approx(2, rel=0.15)


def test_accounts_that_are_all_alike_give_a_note_and_no_nonsense() -> None:
    table = {"frequency": [4] * 50, "recency": [28.0] * 50, "age": [30.0] * 50}
    model = BetaGeoNBD().fit(table)
    assert model.notes_
    assert 0 < model.expected_orders(table, periods=30)[0] < 6


def test_all_orders_on_the_day_of_the_summary_do_not_break_it() -> None:
    table = {"frequency": [1] * 40 + [0] * 40, "recency": [10.0] * 40 + [0] * 40, "age": [10.0] * 40 + [0.0] * 40}
    model = BetaGeoNBD().fit(table)
    assert np.all(np.isfinite(model.expected_orders(table, periods=5)))


@pytest.mark.parametrize(
    ("column", "value", "word"),
    [("recency", 31.0, "last order"), ("frequency", 1.5, "whole number"), ("frequency", -1, "whole number"),
     ("age", math.nan, "missing"), ("recency", math.inf, "missing")],
)  # fmt: skip
def test_rows_that_contradict_themselves_are_refused(column: str, value: float, word: str) -> None:
    table = {"frequency": [4.0] * 50, "recency": [28.0] * 50, "age": [30.0] * 50}
    table[column][7] = value
    with pytest.raises(UnusableSummary, match=word):
        BetaGeoNBD().fit(table)


def test_a_large_history_is_learned_from_like_a_small_one(simulate: Simulate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The part that the search starts with changes the speed, not the optimum."""
    summary = simulate(seed=14, accounts=6000)
    whole = BetaGeoNBD().fit(summary)
    monkeypatch.setattr(beta_geometric_likelihood, "SAMPLE_ROWS", 500)
    started_with_a_part = BetaGeoNBD().fit(summary)
    assert list(started_with_a_part.params_.values()) == pytest.approx(list(whole.params_.values()), rel=1e-6)
