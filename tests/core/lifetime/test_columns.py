"""Rows that are alike become one row with a weight."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.core.lifetime import UnusableSummary, columns
from regulars.core.lifetime.columns import collapse, read_columns

ROWS = st.lists(st.tuples(st.sampled_from([0.0, -0.0, 1.0, 2.5]), st.sampled_from([1.0, 7.0]), st.integers(1, 5)))


def by_hand(rows: list[tuple[float, float, int]]) -> dict[tuple[float, float], float]:
    sums: dict[tuple[float, float], float] = {}
    for first, second, weight in rows:
        sums[first, second] = sums.get((first, second), 0) + weight
    return sums


def collapsed(rows: list[tuple[float, float, int]]) -> dict[tuple[float, float], float]:
    first, second, weight = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    (first, second), weight = collapse([first, second], weight)
    found = dict(zip(zip(first.tolist(), second.tolist(), strict=True), weight.tolist(), strict=True))
    assert len(found) == first.size
    return found


@given(ROWS.filter(bool))
def test_each_different_row_is_kept_once_with_the_weights_of_its_copies(rows: list[tuple[float, float, int]]) -> None:
    assert collapsed(rows) == by_hand(rows)


@given(ROWS.filter(bool))
def test_rows_that_share_a_hash_are_told_apart(rows: list[tuple[float, float, int]]) -> None:
    first, second, weight = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "_hashes", lambda given: np.zeros(given[0].size, dtype=np.uint64))
        kept, sums = collapse([first, second], weight)
    again = zip(kept[0].tolist(), kept[1].tolist(), sums.astype(int).tolist(), strict=True)
    assert by_hand(list(again)) == by_hand(rows), "a row may be kept twice, but never with another's weight"


def test_no_rows_stay_no_rows() -> None:
    (kept,), weight = collapse([np.empty(0)], np.empty(0))
    assert kept.size == weight.size == 0


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(UnusableSummary, match="length"):
        read_columns({"age": [1, 2], "recency": [1]}, ["age", "recency"])


@pytest.mark.parametrize("days_a_unit", [1.0, 7.0, 365.25 / 12, 365.25, 0.3])
def test_times_in_days_weeks_months_or_years_come_back_to_the_last_bit(days_a_unit: float) -> None:
    random = np.random.default_rng(4)
    rows = [random.integers(0, 30, 5_000).astype(float), random.integers(0, 900, 5_000) / days_a_unit]
    kept, copies = collapse(rows, np.full(5_000, 2.0))
    known: dict[tuple[float, float], float] = {}
    for row in zip(*(column.tolist() for column in rows), strict=True):
        known[row] = known.get(row, 0.0) + 2.0
    assert dict(zip(zip(*(column.tolist() for column in kept), strict=True), copies.tolist(), strict=True)) == known
