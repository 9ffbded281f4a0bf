"""Sales are divided into won, kept and grown (A6, C3)."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from regulars.core.sales_kinds import SalesKinds, sales_by_kind

SHAPE = (4, 12)
SALES = arrays(np.int64, SHAPE, elements=st.integers(-(10**6), 10**7))


def divided(now: list[int], before: list[int], *, new_months: int = 0) -> SalesKinds:
    is_new = np.arange(len(now)) < new_months
    return sales_by_kind(now=np.array([now]), before=np.array([before]), is_new=is_new[np.newaxis])


def test_what_it_bought_last_year_is_kept_and_what_comes_on_top_is_grown() -> None:
    found = divided([100, 100, 100], [50, 100, 50])
    assert found.kept.tolist() == [[50, 100, 50]]
    assert found.grown.tolist() == [[50, 0, 50]]


def test_an_order_that_comes_a_month_early_is_no_growth_in_the_end() -> None:
    found = divided([0, 100, 0, 0], [0, 0, 100, 0])
    assert found.grown.tolist() == [[0, 100, -100, 0]]
    assert found.kept.tolist() == [[0, 0, 100, 0]]


def test_for_a_year_after_its_first_order_all_is_new() -> None:
    found = divided([10, 20, 30], [0, 0, 25], new_months=2)
    assert found.new.tolist() == [[10, 20, 0]]
    assert (found.kept.tolist(), found.grown.tolist()) == ([[0, 0, 25]], [[0, 0, 5]])


def test_returns_take_away_from_what_was_grown_and_then_from_what_was_kept() -> None:
    found = divided([100, -30], [80, 0])
    assert (found.kept.tolist(), found.grown.tolist()) == ([[80, -10]], [[20, -20]])


@given(SALES, SALES, arrays(np.bool_, SHAPE))
def test_the_three_add_up_to_the_sales(now: np.ndarray, before: np.ndarray, is_new: np.ndarray) -> None:
    found = sales_by_kind(now=now, before=before, is_new=is_new)
    np.testing.assert_array_equal(found.total, now)
    assert (np.cumsum(found.grown, axis=1) >= 0).all()
