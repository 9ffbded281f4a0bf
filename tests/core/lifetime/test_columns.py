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
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "_hashes", lambda given: np.zeros(given[0].size, dtype=np.uint64))
        assert collapsed(rows) == by_hand(rows)


def test_no_rows_stay_no_rows() -> None:
    (kept,), weight = collapse([np.empty(0)], np.empty(0))
    assert kept.size == weight.size == 0


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(UnusableSummary, match="length"):
        read_columns({"age": [1, 2], "recency": [1]}, ["age", "recency"])
