"""Rows counted by an engine teach the same, and batches score the same wherever they are cut."""

from __future__ import annotations

from datetime import date
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pytest

from regulars.core.lifetime import (
    Average,
    BetaGeoNBD,
    GammaGamma,
    ModifiedBetaGeoNBD,
    SummaryScorer,
    counted_orders,
    counted_values,
    summarise,
)
from simulated_orders import simulated_orders

AS_OF = date(2021, 12, 30)
HORIZONS = {"90": 90 / 7, "365": 365 / 7}


@pytest.fixture(scope="module")
def summary() -> pa.Table:
    orders = simulated_orders(41)
    random = np.random.default_rng(5)
    own = random.choice([10.0, 25.0, 40.0, 90.0], 800)[orders["account"].to_numpy()]
    values = own * random.choice([0.5, 1.0, 1.5], orders.num_rows)
    return summarise(orders.append_column("value", pa.array(values)), as_of=AS_OF).order_by("account").to_pyarrow()


@pytest.fixture(scope="module")
def scorer(summary: pa.Table) -> SummaryScorer:
    return SummaryScorer(
        orders=Average([BetaGeoNBD(), ModifiedBetaGeoNBD()]).fit(summary),
        values=GammaGamma().fit(summary),
        horizons=HORIZONS,
    )


@pytest.mark.parametrize(("model", "counted"), [(BetaGeoNBD, counted_orders), (GammaGamma, counted_values)])
def test_a_model_learns_the_same_from_counted_rows(model: Any, counted: Any, summary: pa.Table) -> None:
    rows = counted(ibis.memtable(summary)).to_pyarrow()
    assert rows.num_rows < summary.num_rows
    from_rows, from_counts = model().fit(summary), model().fit(rows)
    assert from_counts.params_ == pytest.approx(from_rows.params_, rel=1e-7)
    assert from_counts.log_likelihood_ == pytest.approx(from_rows.log_likelihood_, rel=1e-12)


def test_counted_rows_stand_for_every_account(summary: pa.Table) -> None:
    orders, values = counted_orders(ibis.memtable(summary)), counted_values(ibis.memtable(summary))
    assert orders.weight.sum().to_pyarrow().as_py() == summary.num_rows
    repeaters = np.count_nonzero(summary["frequency"].to_numpy() > 0)
    assert values.weight.sum().to_pyarrow().as_py() == repeaters


def test_scores_are_what_the_models_say(scorer: SummaryScorer, summary: pa.Table) -> None:
    scores = pa.table(scorer(summary.combine_chunks().to_batches()[0]))
    assert scores["account"].equals(summary["account"])
    np.testing.assert_array_equal(scores["probability_alive"].to_numpy(), scorer.orders.probability_alive(summary))
    for name, periods in HORIZONS.items():
        expected = scorer.orders.expected_orders(summary, periods=periods)
        low, high = scorer.orders.interval(summary, periods=periods, level=0.9)
        assert scorer.values is not None
        each = scorer.values.expected_value(summary)
        for figure, column in {
            "expected_orders": expected,
            "orders_low": low,
            "orders_high": high,
            "expected_value": expected * each,
        }.items():
            np.testing.assert_array_equal(scores[f"{figure}_{name}"].to_numpy(), column)


@pytest.mark.parametrize("rows", [1, 37, 500])
def test_where_batches_are_cut_makes_no_difference(rows: int, scorer: SummaryScorer, summary: pa.Table) -> None:
    few = summary.slice(0, 120)
    whole = scorer(few.combine_chunks().to_batches()[0])
    pieces = pa.Table.from_batches([scorer(batch) for batch in few.to_batches(max_chunksize=rows)])
    for name in scorer.columns:
        np.testing.assert_allclose(pieces[name].to_numpy(), whole.column(name).to_numpy(), rtol=1e-12, atol=0)


def test_without_values_their_columns_are_unknown(scorer: SummaryScorer, summary: pa.Table) -> None:
    plain = SummaryScorer(orders=scorer.orders, values=None, horizons=HORIZONS)
    scores = plain(summary.drop_columns(["mean_value"]).to_batches()[0])
    assert scores.column("expected_value_90").null_count == scores.num_rows
    assert scores.column("expected_orders_90").null_count == 0


def test_a_batch_without_rows_gives_one_without_scores(scorer: SummaryScorer, summary: pa.Table) -> None:
    none = scorer(summary.combine_chunks().to_batches()[0].slice(0, 0))
    assert (none.num_rows, none.schema.names) == (0, ["account", *scorer.columns])
