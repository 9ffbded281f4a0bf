"""What holds for every model: a new one is added to `MODELS` and has to pass."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pytest

from regulars.core.lifetime import (
    NBD,
    BetaGeoCNBD,
    BetaGeoNBD,
    GammaGamma,
    ModifiedBetaGeoCNBD,
    ModifiedBetaGeoNBD,
    ParetoNBD,
    TooLittleHistory,
    UnusableSummary,
    summarise,
)

Vector = npt.NDArray[np.float64]
Summary = dict[str, Vector]
MODELS = [BetaGeoNBD, ModifiedBetaGeoNBD, BetaGeoCNBD, ModifiedBetaGeoCNBD, ParetoNBD, NBD, GammaGamma]
pytestmark = pytest.mark.parametrize("model", MODELS)


def learned(model: Any) -> Vector:
    return np.array(list(model.params_.values()))


@pytest.fixture(scope="module")
def history(simulate: Callable[..., Summary]) -> Summary:
    return simulate(seed=11)


def test_fit_gives_the_model_back_and_learns_only_names_ending_in_an_underscore(model: Any, history: Summary) -> None:
    fresh = model()
    before = set(vars(fresh))
    assert fresh.fit(history) is fresh
    public = {name for name in set(vars(fresh)) - before if not name.startswith("_")}
    assert {"params_", "standard_errors_", "covariance_", "log_likelihood_", "converged_", "notes_"} <= public
    assert all(name.endswith("_") for name in public)


def test_fit_is_repeatable_and_leaves_its_input_alone(model: Any, history: Summary) -> None:
    given = copy.deepcopy(history)
    first = learned(model().fit(history))
    assert np.array_equal(first, learned(model().fit(history)))
    assert all(np.array_equal(given[name], history[name], equal_nan=True) for name in given)


def test_tables_of_all_kinds_give_the_same(model: Any, history: Summary) -> None:
    expected = learned(model().fit(history))
    lists = {name: values.tolist() for name, values in history.items()}
    for table in (pd.DataFrame(history), pa.table(history), lists):
        assert np.array_equal(learned(model().fit(table)), expected)


def test_a_summary_is_learned_from_as_it_comes(model: Any) -> None:
    dates = pd.to_datetime(["2024-01-01"] * 20 + [f"2024-02-{day:02d}" for day in range(1, 21)])
    orders = pd.DataFrame({"account": list(range(20)) * 2, "date": dates, "value": np.linspace(5, 90, 40)})
    fitted = model().fit(summarise(orders, as_of=pd.Timestamp("2024-06-30").date()))
    assert np.all(np.isfinite(learned(fitted)))


def test_weights_count_as_so_many_rows(model: Any, history: Summary) -> None:
    weight = np.random.default_rng(5).integers(0, 4, len(history["age"]))
    repeated = {name: np.repeat(values, weight) for name, values in history.items()}
    once, many = model().fit({**history, "weight": weight}), model().fit(repeated)
    assert learned(once) == pytest.approx(learned(many), rel=1e-6)
    assert once.log_likelihood_ == pytest.approx(many.log_likelihood_, rel=1e-10)
    assert once.covariance_ == pytest.approx(many.covariance_, rel=1e-4)


def test_the_sequence_of_the_rows_does_not_matter(model: Any, history: Summary) -> None:
    order = np.random.default_rng(6).permutation(len(history["age"]))
    shuffled = {name: values[order] for name, values in history.items()}
    assert learned(model().fit(shuffled)) == pytest.approx(learned(model().fit(history)), rel=1e-7)


def test_standard_errors_are_the_roots_of_the_diagonal_of_a_true_covariance(model: Any, history: Summary) -> None:
    fitted = model().fit(history)
    assert list(fitted.standard_errors_.values()) == pytest.approx(np.sqrt(np.diag(fitted.covariance_)))
    assert np.all(np.linalg.eigvalsh(fitted.covariance_) > 0)


def test_hardly_any_repeat_orders_are_refused_in_words(model: Any) -> None:
    """All customers one order: nothing can be learned about coming back."""
    single = {"frequency": [0] * 500, "recency": [0] * 500, "age": [30.0] * 500, "mean_value": [None] * 500}
    single["log_gap_sum"] = [0.0] * 500
    with pytest.raises(TooLittleHistory) as refused:
        model().fit(single)
    assert "t least 10" in refused.value.sentence
    assert refused.value.way_out


def test_an_empty_summary_is_refused(model: Any) -> None:
    with pytest.raises(TooLittleHistory):
        model().fit({"frequency": [], "recency": [], "age": [], "mean_value": [], "log_gap_sum": []})


def test_a_missing_column_is_named(model: Any, history: Summary) -> None:
    with pytest.raises(UnusableSummary, match="frequency"):
        model().fit({name: values for name, values in history.items() if name != "frequency"})


def test_negative_weights_are_refused(model: Any, history: Summary) -> None:
    with pytest.raises(UnusableSummary, match="weight"):
        model().fit({**history, "weight": -np.ones(len(history["age"]))})
