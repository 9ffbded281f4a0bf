"""What holds for every model of orders: a new one is added to `MODELS` and has to pass. Mission row C1."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from regulars.core.lifetime import (
    NBD,
    BetaGeoCNBD,
    BetaGeoNBD,
    ModifiedBetaGeoCNBD,
    ModifiedBetaGeoNBD,
    ParetoNBD,
)
from regulars.core.lifetime.maximum_likelihood import BOX

Vector = npt.NDArray[np.float64]
Summary = dict[str, Vector]
Simulate = Callable[..., Summary]
MODELS = {
    "BG/NBD": BetaGeoNBD,
    "MBG/NBD": ModifiedBetaGeoNBD,
    "BG/CNBD": BetaGeoCNBD,
    "BG/CNBD-3": partial(BetaGeoCNBD, k=3),
    "MBG/CNBD-2": partial(ModifiedBetaGeoCNBD, k=2),
    "Pareto/NBD": ParetoNBD,
    "NBD": NBD,
}
pytestmark = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS.keys())
PERIODS = 26.0


@pytest.fixture(scope="module")
def history(simulate: Simulate) -> Summary:
    """Accounts of which many are active, so that chance has room on both sides."""
    return simulate(seed=31, accounts=2000, orders=(2.0, 5.0, 0.5, 5.0))


def test_time_may_be_counted_in_any_unit(make: Any, history: Summary) -> None:
    """Seconds, days, years for weeks: the same answers, the likelihood shifted by the change of unit alone."""
    in_weeks = make().fit(history)
    for unit in (7 * 86_400, 7, 7 / 365.25):
        table = {**history, "recency": history["recency"] * unit, "age": history["age"] * unit}
        table["log_gap_sum"] = history["log_gap_sum"] + history["frequency"] * math.log(unit)
        other = make().fit(table)
        shift = history["frequency"].sum() * math.log(unit)
        assert other.log_likelihood_ == pytest.approx(in_weeks.log_likelihood_ - shift, rel=1e-10)
        assert (other.converged_, other.notes_) == (in_weeks.converged_, in_weeks.notes_)
        expected = in_weeks.expected_orders(history, periods=PERIODS)
        assert other.expected_orders(table, periods=PERIODS * unit) == pytest.approx(expected, rel=1e-5, abs=1e-9)
        assert other.probability_alive(table) == pytest.approx(in_weeks.probability_alive(history), rel=1e-4, abs=1e-9)


def thousand_orders(simulate: Simulate) -> Summary:
    return simulate(seed=9, accounts=300, orders=(1.5, 0.05, 0.4, 150.0), ages=(50, 60))


def chances_of_leaving_near_0_and_1(simulate: Simulate) -> Summary:
    return simulate(seed=10, accounts=1500, orders=(0.6, 2.0, 0.3, 0.4))


def nobody_leaves(simulate: Simulate) -> Summary:
    return simulate(seed=12, accounts=1000, orders=(2.0, 20.0, 1e-9, 1.0))


def all_alike(_: Simulate) -> Summary:
    columns = {"frequency": 4.0, "recency": 28.0, "age": 30.0, "log_gap_sum": 4 * math.log(7)}
    return {name: np.full(50, value) for name, value in columns.items()}


def all_ordered_on_the_last_day(_: Simulate) -> Summary:
    again = np.arange(80) < 40
    age = np.where(again, 10.0, 0.0)
    return {"frequency": again * 1.0, "recency": age, "age": age, "log_gap_sum": again * math.log(10)}


def one_account_orders_all_the_time(simulate: Simulate) -> Summary:
    summary = simulate(seed=13, accounts=800)
    extreme = {"frequency": 5000.0, "recency": 79.0, "age": 79.0, "log_gap_sum": 5000 * math.log(79 / 5000)}
    return {name: np.append(summary[name], value) for name, value in extreme.items()}


HARD = [thousand_orders, chances_of_leaving_near_0_and_1, nobody_leaves, all_alike, all_ordered_on_the_last_day,
        one_account_orders_all_the_time]  # fmt: skip


def steepest(model: Any, summary: Summary) -> float:
    """The largest slope of the log-likelihood an account, by the logarithm of a parameter that is not at its end."""
    statistics = model._statistics(summary)
    if hasattr(model, "k"):
        statistics = statistics.with_events(model._events)
    units = [statistics.scale if name in ("alpha", "beta") else 1.0 for name in model.params_]
    logs = np.log(list(model.params_.values())) - np.log(units)
    slopes = np.abs(statistics.derivatives(logs)[1]) / statistics.accounts
    return float(np.max(slopes[np.abs(logs) < BOX - 1e-9], initial=0.0))


@pytest.mark.parametrize("hard", HARD)
def test_hard_data_give_numbers_and_what_is_wrong_in_words(make: Any, hard: Any, simulate: Simulate) -> None:
    summary = hard(simulate)
    model = make().fit(summary)
    assert model.converged_ or model.notes_
    assert not model.converged_ or steepest(model, summary) < 1e-6
    assert all(np.isfinite(value) and value > 0 for value in model.params_.values())
    alive = model.probability_alive(summary)
    assert np.all((alive >= 0) & (alive <= 1))
    for periods in (0.0, PERIODS, 10_000.0):
        expected = model.expected_orders(summary, periods=periods)
        lower, upper = model.interval(summary, periods=periods)
        assert np.all(np.isfinite(expected) & (expected >= 0))
        assert np.all(np.isfinite(upper) & (lower >= 0) & (lower <= upper))


def test_what_the_model_simulates_it_learns_again(make: Any, history: Summary) -> None:
    model = make().fit(history)
    drawn = model.simulate(seed=41, accounts=20_000)
    again = make().fit(drawn)
    assert again.converged_
    for name, true in model.params_.items():
        assert abs(again.params_[name] - true) < 4 * (again.standard_errors_[name] or 0), name
    assert np.quantile(drawn["age"], [0, 0.5, 1]) == pytest.approx(np.quantile(history["age"], [0, 0.5, 1]), rel=0.02)


def test_what_is_simulated_comes_as_often_as_expected(make: Any, history: Summary) -> None:
    model = make().fit(history)
    drawn = model.simulate(seed=42, accounts=20_000, periods=PERIODS)
    came, expected = drawn["orders_ahead"], model.expected_orders(drawn, periods=PERIODS)
    spread = float(np.std(came - expected)) / math.sqrt(came.size)
    assert abs(came.mean() - expected.mean()) < 4 * spread


def test_bounds_hold_as_often_as_they_say(make: Any, history: Summary) -> None:
    """Of 100 accounts with several orders to come 87 to 93; of all, as far as whole numbers let them."""
    model = make().fit(history)
    drawn = model.simulate(seed=43, accounts=20_000, periods=PERIODS)
    came, expected = drawn["orders_ahead"], model.expected_orders(drawn, periods=PERIODS)
    lower, upper = model.interval(drawn, periods=PERIODS, level=0.9)
    within = (lower <= came) & (came <= upper)
    assert 0.87 <= within[expected > 5].mean() <= 0.93
    assert within.mean() >= 0.87
    assert within[upper > 0].mean() < 0.97
    more = model.probability_of_orders(drawn, periods=PERIODS, at_least=came + 1)
    equal = model.probability_of_orders(drawn, periods=PERIODS, at_least=came) - more
    place = more + np.random.default_rng(44).random(came.size) * equal  # even between 0 and 1 if the chances are right
    assert ((place > 0.05) & (place < 0.95)).mean() == pytest.approx(0.9, abs=0.01)


def test_bounds_widen_when_the_parameters_are_less_certain(make: Any, history: Summary) -> None:
    few = {name: values[:60] for name, values in history.items()}
    model = make().fit(few)
    new = {name: np.zeros(1) for name in few}
    certain = make().fit(few)
    certain._spread = np.zeros((len(model.params_), 0))
    far = 500.0
    tails = [m.probability_of_orders(new, periods=far, at_least=int(3 * m.expected_orders(new, periods=far)[0]))[0]
             for m in (model, certain)]  # fmt: skip
    assert tails[0] > tails[1]


def test_chances_add_up_to_the_expectation(make: Any, history: Summary) -> None:
    model = make().fit(history)
    model._spread = np.zeros((len(model.params_), 0))
    some = {name: values[:40] for name, values in history.items()}
    chances = [model.probability_of_orders(some, periods=PERIODS, at_least=n) for n in range(1, 400)]
    assert np.sum(chances, axis=0) == pytest.approx(model.expected_orders(some, periods=PERIODS), rel=1e-8)
    assert np.all(np.diff(chances, axis=0) <= 1e-12)


def test_bounds_are_those_of_the_chances(make: Any, history: Summary) -> None:
    """The last numbers whose chance to be exceeded, counting half of their own, is above 5 and 95 %."""
    model = make().fit(history)
    some = {name: values[:60] for name, values in history.items()}
    chances = np.array([model.probability_of_orders(some, periods=PERIODS, at_least=n) for n in range(300)])
    middle = (chances[:-1] + chances[1:]) / 2
    lower, upper = model.interval(some, periods=PERIODS, level=0.9)
    assert np.array_equal(upper, (middle > 0.05).sum(axis=0) - 1)
    assert np.array_equal(lower, np.minimum((middle > 0.95).sum(axis=0), upper))


def test_no_time_and_no_rows_have_no_orders(make: Any, history: Summary) -> None:
    model = make().fit(history)
    assert not np.any(model.interval(history, periods=0)[1])
    assert not np.any(model.probability_of_orders(history, periods=0))
    none = {name: values[:0] for name, values in history.items()}
    assert [part.size for part in model.interval(none, periods=3)] == [0, 0]
    assert model.expected_orders(none, periods=3).size == 0


def test_a_senseless_question_is_refused(make: Any, history: Summary) -> None:
    model = make().fit(history)
    with pytest.raises(ValueError, match="level"):
        model.interval(history, periods=3, level=1.0)
    for ask in (model.interval, model.expected_orders, model.probability_of_orders):
        with pytest.raises(ValueError, match="periods"):
            ask(history, periods=-1.0)


def test_simulation_is_repeatable_and_for_ages_asked_for(make: Any, history: Summary) -> None:
    model = make().fit(history)
    first, second, other = (model.simulate(seed=seed, accounts=50, ages=30.0) for seed in (1, 1, 2))
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert not np.array_equal(first["recency"], other["recency"])
    assert np.all(first["age"] == 30)
    assert model.simulate(seed=1, ages=[3.0, 5.0])["age"].tolist() == [3.0, 5.0]
    assert set(first) >= {"account", "frequency", "recency", "age", "orders_ahead"}
