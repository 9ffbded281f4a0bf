"""BG/BB and the shifted beta-geometric, which count occasions instead of time. Mission row C1."""

from __future__ import annotations

import copy
import math
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betaln, logsumexp

from regulars.core.lifetime import (
    BetaGeoBetaBernoulli,
    ShiftedBetaGeometric,
    TooLittleHistory,
    UnusableSummary,
    bg_bb,
    rows_of_survivors,
    shifted_beta_geometric,
)

Vector = npt.NDArray[np.float64]
Summary = dict[str, Vector]
TRUTHS: dict[Any, tuple[float, ...]] = {BetaGeoBetaBernoulli: (1.2, 0.75, 0.66, 2.8), ShiftedBetaGeometric: (1.5, 4.0)}
MODELS = list(TRUTHS)
every_model = pytest.mark.parametrize("make", MODELS)


def with_params(make: Any, *params: float) -> Any:
    model = make()
    model.params_ = dict(zip(model.names, params, strict=True))
    return model


def drawn(make: Any, seed: int, accounts: int, *, periods: int = 0) -> Summary:
    print(f"seed {seed}")
    random = np.random.default_rng(seed)
    ages = random.integers(3, 12, accounts).astype(np.float64)
    summary: Summary = with_params(make, *TRUTHS[make])._histories(random, ages, periods=periods)
    return summary


def learned(model: Any) -> Vector:
    return np.array(list(model.params_.values()))


# What holds for both


@every_model
def test_simulated_parameters_are_found_again_within_their_errors(make: Any) -> None:
    model = make().fit(drawn(make, 20_26, 30_000))
    assert model.converged_
    assert model.notes_ == []
    for (name, found), true in zip(model.params_.items(), TRUTHS[make], strict=True):
        assert abs(found - true) < 4 * (model.standard_errors_[name] or 0), name


@every_model
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_gradient_and_hessian_are_those_of_the_likelihood(make: Any, data: st.DataObject) -> None:
    size = len(make.names)
    logs = np.array(data.draw(st.lists(st.floats(-3, 4), min_size=size, max_size=size)))
    module = bg_bb if make is BetaGeoBetaBernoulli else shifted_beta_geometric
    summary = drawn(make, 2, 300)
    columns = make()._read(summary)
    statistics = module.Statistics.of(*columns, np.ones(300))
    _, gradient, hessian = statistics.derivatives(logs)
    scale = 1 + float(np.abs(hessian).max())
    for place, step in enumerate(1e-5 * np.eye(size)):
        above, below = statistics.derivatives(logs + step), statistics.derivatives(logs - step)
        assert gradient[place] == pytest.approx((above[0] - below[0]) / 2e-5, abs=1e-6 * scale)
        assert hessian[place] == pytest.approx((above[1] - below[1]) / 2e-5, abs=1e-6 * scale)


@every_model
def test_tables_of_all_kinds_give_the_same_and_stay_as_they_are(make: Any) -> None:
    history = drawn(make, 3, 2000)
    given_ = copy.deepcopy(history)
    expected = learned(make().fit(history))
    lists = {name: values.tolist() for name, values in history.items()}
    for table in (pd.DataFrame(history), pa.table(history), lists):
        assert np.array_equal(learned(make().fit(table)), expected)
    assert all(np.array_equal(given_[name], history[name]) for name in given_)


@every_model
def test_weights_count_as_so_many_rows_in_any_sequence(make: Any) -> None:
    history = drawn(make, 4, 2000)
    random = np.random.default_rng(5)
    weight = random.integers(0, 4, 2000)
    order = np.argsort(np.argsort(random.random(weight.sum())))
    repeated = {name: np.repeat(values, weight)[order] for name, values in history.items()}
    once, many = make().fit({**history, "weight": weight}), make().fit(repeated)
    assert learned(once) == pytest.approx(learned(many), rel=1e-6)
    assert once.log_likelihood_ == pytest.approx(many.log_likelihood_, rel=1e-10)
    assert once.covariance_ == pytest.approx(many.covariance_, rel=1e-4)
    assert list(once.standard_errors_.values()) == pytest.approx(np.sqrt(np.diag(once.covariance_)))


@every_model
def test_bounds_hold_as_often_as_they_say_and_expectations_on_average(make: Any) -> None:
    periods = 24
    model = make().fit(drawn(make, 6, 5000))
    history = model.simulate(seed=7, accounts=20_000, periods=periods)
    came, expected = history["orders_ahead"], model.expected_orders(history, periods=periods)
    assert came.mean() == pytest.approx(expected.mean(), abs=4 * float(np.std(came - expected)) / math.sqrt(came.size))
    lower, upper = model.interval(history, periods=periods, level=0.9)
    assert ((lower <= came) & (came <= upper)).mean() >= 0.87
    more = model.probability_of_orders(history, periods=periods, at_least=came + 1)
    equal = model.probability_of_orders(history, periods=periods, at_least=came) - more
    place = more + np.random.default_rng(8).random(came.size) * equal
    assert ((place > 0.05) & (place < 0.95)).mean() == pytest.approx(0.9, abs=0.01)


@every_model
def test_chances_add_up_to_the_expectation(make: Any) -> None:
    model = with_params(make, *TRUTHS[make])
    history = drawn(make, 9, 200)
    columns = model._read(history)
    chances = [model._at_least(columns, np.full(200, float(n)), periods=30) for n in range(1, 32)]
    assert np.sum(chances, axis=0) == pytest.approx(model.expected_orders(history, periods=30), rel=1e-10)
    assert not np.any(chances[-1])


@every_model
def test_no_occasion_brings_nothing_and_only_whole_ones_can_be_asked_for(make: Any) -> None:
    model = make().fit(drawn(make, 10, 500))
    history = drawn(make, 11, 5)
    none = {name: values[:0] for name, values in history.items()}
    assert not np.any(model.expected_orders(history, periods=0))
    assert model.expected_orders(none, periods=3).size == 0
    assert model.interval(none, periods=3)[0].size == 0
    assert model.probability_alive(none).size == 0
    for ask in (model.expected_orders, model.interval):
        with pytest.raises(ValueError, match="whole number"):
            ask(history, periods=1.5)
    with pytest.raises(ValueError, match="at least 0"):
        model.expected_orders(history, periods=-1)


@every_model
def test_too_little_is_refused_in_words(make: Any) -> None:
    nothing = {"frequency": [0] * 50, "recency": [0] * 50, "age": [0] * 50, "lost": [0] * 50}
    none: dict[str, list[int]] = {name: [] for name in nothing}
    for table in (nothing, none):
        with pytest.raises(TooLittleHistory) as refused:
            make().fit(table)
        assert "t least 10" in refused.value.sentence
        assert refused.value.way_out


@every_model
def test_time_that_is_not_counted_in_occasions_is_refused(make: Any) -> None:
    history = drawn(make, 12, 100)
    with pytest.raises(UnusableSummary, match="whole number"):
        make().fit({**history, "age": history["age"] + 0.5})
    with pytest.raises(UnusableSummary, match="age"):
        make().fit({name: values for name, values in history.items() if name != "age"})


HARD: dict[str, tuple[Any, Summary]] = {
    "everyone orders always": (
        BetaGeoBetaBernoulli,
        {"frequency": np.full(50, 6.0), "recency": np.full(50, 6.0), "age": np.full(50, 6.0)},
    ),
    "everyone orders once, at once": (
        BetaGeoBetaBernoulli,
        {"frequency": np.ones(50), "recency": np.ones(50), "age": np.full(50, 8.0)},
    ),
    "a thousand occasions": (
        BetaGeoBetaBernoulli,
        {"frequency": np.arange(20.0), "recency": np.arange(20.0) * 50, "age": np.full(20, 1000.0)},
    ),
    "nobody is lost": (ShiftedBetaGeometric, {"age": np.full(50, 5.0), "lost": np.zeros(50)}),
    "all are lost at once": (ShiftedBetaGeometric, {"age": np.ones(50), "lost": np.ones(50)}),
    "half is lost at once, half never": (
        ShiftedBetaGeometric,
        {"age": np.repeat([1.0, 40.0], 50), "lost": np.repeat([1.0, 0.0], 50)},
    ),
}


@pytest.mark.parametrize(("make", "table"), HARD.values(), ids=HARD.keys())
def test_hard_data_give_numbers_and_what_is_wrong_in_words(make: Any, table: Summary) -> None:
    model = make().fit(table)
    assert model.converged_ or model.notes_
    assert all(np.isfinite(value) and value > 0 for value in model.params_.values())
    for periods in (0, 3, 200):
        lower, upper = model.interval(table, periods=periods)
        expected = model.expected_orders(table, periods=periods)
        assert np.all(np.isfinite(expected) & (expected >= 0) & (expected <= periods * (1 + 1e-12)))
        assert np.all((lower >= 0) & (lower <= upper) & (upper <= periods))


# BG/BB


def test_the_likelihood_of_bg_bb_is_the_papers() -> None:
    params = (1.2, 0.75, 0.66, 2.8)
    alpha, beta, gamma, delta = params
    summary = drawn(BetaGeoBetaBernoulli, 13, 200)
    x, t_x, n = (summary[name] for name in ("frequency", "recency", "age"))
    paper = 0.0
    for row in zip(x, t_x, n, strict=True):
        of_x, last, of_n = row
        i = np.arange(of_n - last)
        logs = betaln(alpha + of_x, beta + last - of_x + i) + betaln(gamma + 1, delta + last + i)
        alive = betaln(alpha + of_x, beta + of_n - of_x) + betaln(gamma, delta + of_n)
        paper += float(logsumexp([alive, *logs])) - float(betaln(alpha, beta) + betaln(gamma, delta))
    statistics = bg_bb.Statistics.of(x, t_x, n, np.ones(200))
    assert statistics.derivatives(np.log(params))[0] == pytest.approx(paper, rel=1e-12)


def test_the_chances_of_all_histories_of_bg_bb_add_up_to_one() -> None:
    """Four occasions: sixteen histories."""
    histories = np.array(list(product((0.0, 1.0), repeat=4)))
    x, t_x = histories.sum(axis=1), (histories * [1, 2, 3, 4]).max(axis=1)
    statistics = bg_bb.Statistics(x, t_x, np.full(16, 4.0), np.ones(16))
    terms = statistics.terms(np.array(TRUTHS[BetaGeoBetaBernoulli]))
    assert np.exp(statistics.shares(terms.logs)[0]).sum() == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("gamma", [0.66, 1.0, 2.5])
def test_the_expectation_of_bg_bb_is_equation_13_and_has_no_hole_at_gamma_equal_to_one(gamma: float) -> None:
    alpha, beta, delta, n, ahead = 1.2, 0.75, 2.8, 6, 5
    model = with_params(BetaGeoBetaBernoulli, alpha, beta, gamma, delta)
    found = model.expected_orders_if_alive({"frequency": [2], "recency": [4], "age": [n]}, periods=ahead)[0]

    def paper(of: float) -> float:
        ratio = math.exp(math.lgamma(of + delta + n) - math.lgamma(delta + n))
        whole = [math.exp(math.lgamma(1 + delta + n + t) - math.lgamma(of + delta + n + t)) for t in (0, ahead)]
        return (alpha + 2) / (alpha + beta + n) / (of - 1) * ratio * (whole[0] - whole[1])

    expected = (paper(gamma - 1e-5) + paper(gamma + 1e-5)) / 2
    assert found == pytest.approx(expected, rel=1e-6)


def test_who_ordered_at_the_last_occasion_was_alive_then() -> None:
    model = with_params(BetaGeoBetaBernoulli, *TRUTHS[BetaGeoBetaBernoulli])
    alive = model.probability_alive({"frequency": [6, 3, 0], "recency": [6, 3, 0], "age": [6, 6, 6]})
    assert alive[0] == pytest.approx(1)
    assert alive[0] > alive[1] > 0
    assert 0 < alive[2] < 0.5


@pytest.mark.parametrize(("x", "t_x", "n"), [(3, 2, 6), (2, 7, 6), (0, 3, 6), (-1, 0, 6)])
def test_impossible_histories_are_refused(x: int, t_x: int, n: int) -> None:
    table = {"frequency": [2.0] * 50 + [x], "recency": [4.0] * 50 + [t_x], "age": [6.0] * 50 + [n]}
    with pytest.raises(UnusableSummary):
        BetaGeoBetaBernoulli().fit(table)


# Shifted beta-geometric


def test_survival_retention_and_losses_fit_together() -> None:
    model = with_params(ShiftedBetaGeometric, 0.668, 3.806)
    survival = model.survival(np.arange(10))
    assert survival[0] == 1
    assert survival[1:] / survival[:-1] == pytest.approx(model.retention(np.arange(1, 10)))
    assert survival[7] == pytest.approx(math.exp(betaln(0.668, 3.806 + 7) - betaln(0.668, 3.806)))
    assert np.all(np.diff(model.retention(np.arange(1, 10))) > 0)


def test_the_likelihood_of_a_table_is_that_of_its_accounts() -> None:
    survivors = [1000, 631, 468, 382, 326, 289, 262, 241]
    model = ShiftedBetaGeometric().fit(rows_of_survivors(survivors))
    survival = model.survival(np.arange(8))
    losses = -np.diff(survivors) @ np.log(-np.diff(survival))
    assert model.log_likelihood_ == pytest.approx(losses + survivors[-1] * math.log(survival[-1]), rel=1e-12)


def test_the_remaining_lifetime_is_the_sum_of_the_chances_to_be_there() -> None:
    model = with_params(ShiftedBetaGeometric, 1.4, 3.8)
    table = {"age": [0, 3, 5], "lost": [0, 0, 1]}
    ahead = np.array([model.survival_ahead(table, periods=j) for j in range(1, 400)])
    rate = 1.1 ** -np.arange(1.0, 400)
    assert model.expected_remaining_lifetime(table, discount=0.1) == pytest.approx(rate @ ahead, rel=1e-9)
    assert model.expected_remaining_lifetime(table, horizon=7) == pytest.approx(ahead[:7].sum(axis=0))
    assert model.expected_orders(table, periods=7) == pytest.approx(ahead[:7].sum(axis=0))
    assert model.expected_orders_new(7) == pytest.approx(ahead[:7, 0].sum())
    assert model.expected_remaining_lifetime(table)[:2] == pytest.approx([3.8 / 0.4, 6.8 / 0.4])
    assert model.expected_remaining_lifetime(table)[2] == model.probability_alive(table)[2] == 0


def test_a_lifetime_without_bound_is_refused_and_not_infinite() -> None:
    model = with_params(ShiftedBetaGeometric, 0.7, 1.2)
    with pytest.raises(ValueError, match="horizon or a discount"):
        model.expected_remaining_lifetime({"age": [1], "lost": [0]})
    with pytest.raises(ValueError, match="discount"):
        model.expected_remaining_lifetime({"age": [1], "lost": [0]}, discount=-0.1)


def test_losses_that_cannot_be_are_refused() -> None:
    for lost, age in ((2, 3), (1, 0)):
        with pytest.raises(UnusableSummary, match="lost"):
            ShiftedBetaGeometric().fit({"age": [5.0] * 50 + [age], "lost": [0.0] * 50 + [lost]})
    for survivors in ([100], [100, 120], [100, math.nan]):
        with pytest.raises(UnusableSummary, match="survivors"):
            rows_of_survivors(survivors)
