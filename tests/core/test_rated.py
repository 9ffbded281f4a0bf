"""Few ratings say little, and the interval says so (E8)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.core.rated import rated_mean

RATINGS = st.lists(st.integers(1, 7), min_size=1, max_size=40)


def test_no_rating_is_no_mean() -> None:
    assert rated_mean([], least=1, most=7) is None


def test_five_times_the_best_answer_leaves_room_for_doubt() -> None:
    found = rated_mean([7] * 5, least=1, most=7)
    assert found is not None
    assert found.mean == found.high == 7
    assert 4.5 < found.low < 6


def test_successes_and_failures_give_jeffreys_interval() -> None:
    """4 of 10: the 2.5 and 97.5 per cent points of Beta(4.5, 6.5)."""
    found = rated_mean([1] * 4 + [0] * 6, least=0, most=1)
    assert found is not None
    assert (round(found.low, 3), round(found.high, 3)) == (0.153, 0.696)


@given(RATINGS)
def test_the_interval_holds_the_mean_within_the_scale_and_narrows_with_more_of_the_same(ratings: list[int]) -> None:
    once, often = (rated_mean(ratings * times, least=1, most=7) for times in (1, 9))
    assert once is not None
    assert often is not None
    assert 1 <= once.low <= once.mean <= once.high <= 7
    assert often.high - often.low < once.high - once.low
    assert often.mean == pytest.approx(once.mean)
