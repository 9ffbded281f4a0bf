"""MBG/NBD and the models for regular buyers: exact where the papers integrate, the simpler model where k = 1. C1."""

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
from scipy.special import betaln, gammaincc, gammaln

from regulars.core.lifetime import (
    BetaGeoCNBD,
    BetaGeoNBD,
    ModifiedBetaGeoCNBD,
    ModifiedBetaGeoNBD,
    UnusableSummary,
    beta_geometric_likelihood,
)
from regulars.core.lifetime.beta_geometric_likelihood import Statistics

Params = tuple[float, float, float, float]
Vector = npt.NDArray[np.float64]
Summary = dict[str, Vector]
Simulate = Callable[..., Summary]
CASES = [(k, c) for k in (1, 2, 5, 8) for c in (0, 1)]
FAMILY = {0: BetaGeoCNBD, 1: ModifiedBetaGeoCNBD}


def with_params(k: int, c: int, *params: float) -> Any:
    model = FAMILY[c](k=k)
    model.k_ = k
    model.params_ = dict(zip(model.names, params, strict=True))
    return model


def statistics_of(summary: Summary, k: int, c: int) -> Statistics:
    x, t_x, age = (summary[name] for name in ("frequency", "recency", "age"))
    gaps = summary["log_gap_sum"]
    return Statistics.of(x, t_x, age, np.ones(x.size), occasions=c, log_gap_sum=gaps).with_events(k)


def by_integration(summary: Summary, row: int, k: int, c: int, params: Params) -> float:
    """The likelihood given λ and p of the papers, over λ by adaptive quadrature, over p as moments of Beta(a, b)."""
    r, alpha, a, b = params
    x, t_x, age, log_gaps = (float(summary[name][row]) for name in ("frequency", "recency", "age", "log_gap_sum"))

    def over_rates(then: Callable[[float], float]) -> float:
        def integrand(u: float) -> float:
            rate = math.exp(u)
            log_prior = r * math.log(alpha) - gammaln(r) + r * u - alpha * rate
            log_gaps_given_rate = k * x * u - rate * t_x + (k - 1) * log_gaps - x * gammaln(k)
            return math.exp(log_prior + log_gaps_given_rate) * then(rate)

        peak = math.log((r + k * x) / (alpha + t_x))
        cuts = [peak - 60 / (r + k * x), peak - 2, peak, peak + 2, peak + 6]
        return sum(float(quad(integrand, *ends, epsabs=0, epsrel=1e-10, limit=400)[0]) for ends in pairwise(cuts))

    stays = over_rates(lambda rate: float(gammaincc(k, rate * (age - t_x)))) if age > t_x else over_rates(lambda _: 1.0)
    total = math.exp(betaln(a, b + x + c) - betaln(a, b)) * stays
    if x + c:
        total += math.exp(betaln(a + 1, b + x + c - 1) - betaln(a, b)) * over_rates(lambda _: 1.0)
    return math.log(total)


# Likelihood


@pytest.mark.parametrize(("k", "c"), CASES)
def test_the_likelihood_is_that_of_the_papers_integrated_numerically(simulate: Simulate, k: int, c: int) -> None:
    summary = {name: values[:24] for name, values in simulate(seed=1, accounts=24, orders=(2, 6, 0.9, 2.5)).items()}
    statistics = statistics_of(summary, k, c)
    for params in ((0.6, 4.4 / k, 0.8, 2.4), (3.0, 40.0, 0.2, 0.3)):
        scaled = np.log(np.array(params) / [1, statistics.scale, 1, 1])
        found = statistics.derivatives(scaled)[0] - statistics.orders * math.log(statistics.scale)
        exact = sum(by_integration(summary, row, k, c, params) for row in range(24))
        assert found == pytest.approx(exact, rel=1e-8)


@pytest.mark.parametrize(("k", "c"), CASES)
@settings(deadline=None, max_examples=20)
@given(logs=st.lists(st.floats(-3, 4), min_size=4, max_size=4).map(np.array))
def test_gradient_and_hessian_are_those_of_the_likelihood(simulate: Simulate, k: int, c: int, logs: Vector) -> None:
    statistics = statistics_of(simulate(seed=2, accounts=200), k, c)
    _, gradient, hessian = statistics.derivatives(logs)
    size = 1 + float(np.abs(hessian).max())
    for place, step in enumerate(1e-5 * np.eye(4)):
        above, below = statistics.derivatives(logs + step), statistics.derivatives(logs - step)
        assert gradient[place] == pytest.approx((above[0] - below[0]) / 2e-5, abs=2e-6 * size)
        assert hessian[place] == pytest.approx((above[1] - below[1]) / 2e-5, abs=2e-6 * size)


@pytest.mark.parametrize(("simple", "general"), [(BetaGeoNBD, BetaGeoCNBD), (ModifiedBetaGeoNBD, ModifiedBetaGeoCNBD)])
def test_with_k_1_the_model_is_the_simpler_one(simple: Any, general: Any, cdnow_sample: Summary) -> None:
    """And needs no gaps."""
    first, second = simple().fit(cdnow_sample), general(k=1).fit(cdnow_sample)
    assert first.params_ == second.params_
    assert first.log_likelihood_ == second.log_likelihood_
    assert first.notes_ == second.notes_
    for ask in ("expected_orders", "interval", "probability_of_orders"):
        assert np.array_equal(
            getattr(first, ask)(cdnow_sample, periods=26), getattr(second, ask)(cdnow_sample, periods=26)
        )


@pytest.mark.parametrize("c", [0, 1])
@pytest.mark.parametrize("k", [2, 4])
def test_regularity_is_found_again_with_its_parameters(k: int, c: int) -> None:
    truth = {"r": 1.4, "alpha": 2.5, "a": 0.7, "b": 3.0}
    model = with_params(k, c, *truth.values())
    found = FAMILY[c]().fit(model.simulate(seed=20_26, accounts=8000, ages=np.linspace(20, 80, 8000)))
    assert found.k_ == k == max(found.log_likelihoods_, key=lambda tried: found.log_likelihoods_[tried])
    assert found.log_likelihood_ == found.log_likelihoods_[k]
    assert found.converged_
    for name, true in truth.items():
        assert abs(found.params_[name] - true) < 4 * (found.standard_errors_[name] or 0), name


def test_a_clockwork_is_said_to_be_one() -> None:
    model = with_params(8, 1, 2.0, 0.5, 0.5, 4.0)
    summary = model.simulate(seed=3, accounts=2000, ages=60.0)
    summary["log_gap_sum"] += 0.3 * summary["frequency"]  # still more even than Erlang-8
    found = ModifiedBetaGeoCNBD().fit(summary)
    assert found.k_ == 8
    assert any("regularly" in note for note in found.notes_)


def test_a_large_history_is_learned_from_like_a_small_one(simulate: Simulate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The part that the search starts with changes the speed, not the optimum."""
    summary = simulate(seed=14, accounts=6000)
    whole = ModifiedBetaGeoCNBD(k=2).fit(summary)
    monkeypatch.setattr(beta_geometric_likelihood, "SAMPLE_ROWS", 500)
    started_with_a_part = ModifiedBetaGeoCNBD(k=2).fit(summary)
    assert list(started_with_a_part.params_.values()) == pytest.approx(list(whole.params_.values()), rel=1e-6)


@pytest.mark.parametrize("k", [0, 9, 1.5])
def test_another_k_is_refused(k: Any) -> None:
    with pytest.raises(ValueError, match="whole number from 1 to 8"):
        BetaGeoCNBD(k=k)


def test_gaps_are_asked_for_where_they_are_needed(cdnow_sample: Summary) -> None:
    with pytest.raises(UnusableSummary, match="log_gap_sum"):
        BetaGeoCNBD().fit(cdnow_sample)
    with pytest.raises(UnusableSummary, match="logarithms of gaps"):
        BetaGeoCNBD(k=2).fit({**cdnow_sample, "log_gap_sum": np.full(cdnow_sample["age"].size, -np.inf)})


# Expectation


@settings(deadline=None, max_examples=80)
@given(
    params=st.tuples(st.floats(0.05, 30), st.floats(0.1, 200), st.floats(0.08, 20), st.floats(0.08, 20)),
    k=st.integers(1, 8),
    c=st.integers(0, 1),
    frequency=st.integers(0, 40),
    age=st.floats(0, 300),
    share=st.floats(0, 1),
    periods=st.floats(0.1, 100),
)
def test_the_expectation_is_the_sum_of_the_chances(
    params: Params, k: int, c: int, frequency: int, age: float, share: float, periods: float
) -> None:
    """Negative binomial tails times ratios of beta functions, one by one, as far as they last."""
    model = with_params(k, c, *params)
    columns = tuple(np.array([value]) for value in (float(frequency), age * share if frequency else 0.0, age))
    events = float((params[0] + k * frequency + k) * periods / (params[1] + age))
    last = int(3 * events / k + 40 * math.sqrt(events + 1) * (1 + periods / (params[1] + age)) + 40)
    if last > 20_000:
        return
    orders = np.arange(1.0, last)
    many = tuple(np.broadcast_to(column, orders.shape) for column in columns)
    chances = model._at_least(many, orders, periods=periods)
    summary = dict(zip(("frequency", "recency", "age"), columns, strict=True))
    expected = model.expected_orders(summary, periods=periods)[0]
    assert expected == pytest.approx(chances.sum(), rel=1e-7, abs=1e-11 + 1e3 * chances[-1])


@pytest.mark.parametrize(("k", "c"), CASES)
def test_one_by_one_and_directly_the_chances_are_the_same(simulate: Simulate, k: int, c: int) -> None:
    summary = simulate(seed=5, accounts=300)
    model = with_params(k, c, 0.8, 6.0 / k, 0.9, 2.5)
    columns = model._read(summary)
    stepwise = model._ladder(columns, 9, periods=30.0)
    for n in range(1, 10):
        assert stepwise[n] == pytest.approx(model._at_least(columns, np.full(300, float(n)), periods=30.0), abs=1e-12)
    assert np.all(stepwise[0] == 1)


@pytest.mark.parametrize(("k", "c"), [(2, 1), (3, 0), (8, 1)])
def test_many_ages_are_interpolated_without_a_loss(k: int, c: int) -> None:
    model = with_params(k, c, 0.25, 4.4, 0.8, 2.4)
    ages = np.random.default_rng(4).uniform(0, 2000, 500)
    for frequency in (0, 30, 900):
        many = {"frequency": np.full(500, frequency), "recency": 0.8 * ages, "age": ages}
        few = {name: values[:20] for name, values in many.items()}
        expected = model.expected_orders_if_alive(few, periods=52)
        assert model.expected_orders_if_alive(many, periods=52)[:20] == pytest.approx(expected, rel=1e-9, abs=1e-12)


@settings(deadline=None, max_examples=60)
@given(
    logs=st.lists(st.floats(-3, 4), min_size=4, max_size=4).map(np.array),
    k=st.integers(1, 8),
    c=st.integers(0, 1),
    frequency=st.integers(0, 2000),
    age=st.floats(0, 1000),
    share=st.floats(0, 1),
    periods=st.floats(0, 1e4),
)
def test_answers_are_always_numbers_within_their_bounds(
    logs: Vector, k: int, c: int, frequency: int, age: float, share: float, periods: float
) -> None:
    model = with_params(k, c, *np.exp(3 * logs))
    summary = {"frequency": [frequency], "recency": [age * share if frequency else 0], "age": [age]}
    alive = model.probability_alive(summary)[0]
    expected = model.expected_orders(summary, periods=periods)[0]
    assert 0 <= alive <= 1
    assert 0 <= expected < math.inf
    chance = model._at_least(model._read(summary), np.ones(1), periods=periods)[0]
    assert -1e-12 <= chance <= alive * (1 + 1e-9)
    assert chance <= expected * (1 + 1e-6) + 1e-9


def test_a_regular_customer_is_missed_sooner() -> None:
    """Of two with ten orders a week apart, silent for four weeks, the regular one has more likely left."""
    summary = {"frequency": [10], "recency": [10.0], "age": [14.0]}
    random, regular = (with_params(k, 1, 2.0, 2.0 / k, 0.6, 4.0).probability_alive(summary)[0] for k in (1, 4))
    assert regular < random / 3


def test_who_ordered_but_once_may_have_left_in_the_modified_models() -> None:
    summary = {"frequency": [0, 0], "recency": [0, 0], "age": [0.0, 80.0]}
    for k in (1, 3):
        alive = with_params(k, 1, 0.6, 5.0, 0.5, 1.5).probability_alive(summary)
        assert alive[0] == pytest.approx(1.5 / 2.0)
        assert alive[1] < alive[0]
        assert np.all(with_params(k, 0, 0.6, 5.0, 0.5, 1.5).probability_alive(summary) == 1)


def test_a_new_account_is_expected_to_order_as_simulated() -> None:
    for k, c in CASES:
        model = with_params(k, c, 1.5, 6.0 / k, 0.8, 2.5)
        orders = model.simulate(seed=6, accounts=20_000, ages=30.0)["frequency"]
        spread = float(orders.std()) / math.sqrt(orders.size)
        assert abs(model.expected_orders_new(30.0) - orders.mean()) < 4 * spread, (k, c)
