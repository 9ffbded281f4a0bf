"""Appointments are spread by one assignment: the valuable ones nearest to their day, none twice (mission B6)."""

from __future__ import annotations

import tracemalloc
from itertools import permutations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.core.scheduling import Places, Wanted, assigned, gains, spread_due

days = st.integers(min_value=0, max_value=400)


def wanted(due: list[int], values: list[float], interval_days: int = 90) -> Wanted:
    return Wanted(due=np.array(due), interval_days=np.full(len(due), interval_days), value=np.array(values))


def places(*at: int) -> Places:
    return Places(day=np.array(at), in_week=np.zeros(len(at), np.int64))


def test_everyone_gets_the_own_day_where_there_is_room() -> None:
    found = assigned(wanted([10, 40, 70], [1.0, 5.0, 2.0]), places(70, 10, 40))
    assert found.tolist() == [1, 2, 0]


def test_of_two_that_are_due_on_one_day_the_valuable_one_gets_it_and_the_other_comes_early_rather_than_late() -> None:
    found = assigned(wanted([30, 30], [1.0, 9.0]), places(20, 30, 40))
    assert found.tolist() == [0, 1]


def test_who_does_not_fit_is_the_least_valuable() -> None:
    found = assigned(wanted([5, 5, 5], [3.0, 1.0, 2.0]), places(5, 6))
    assert found[1] == -1
    assert sorted(found.tolist()) == [-1, 0, 1]


def test_equal_weeks_fill_equally() -> None:
    slots = Places(day=np.array([14, 15, 21, 22]), in_week=np.array([0, 1, 0, 1]))
    found = assigned(wanted([18, 18], [1.0, 1.0], interval_days=365), slots)
    assert sorted(slots.in_week[found].tolist()) == [0, 0]


def test_of_a_hundred_thousand_appointments_only_those_that_compete_are_weighed() -> None:
    """MOST_AT_ONCE: a table of all would take a gigabyte."""
    number = 100_000
    values = np.arange(number, dtype=float)
    many = Wanted(due=np.full(number, 30), interval_days=np.full(number, 90), value=values)
    tracemalloc.start()
    found = assigned(many, places(*range(200)))
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert set(np.flatnonzero(found >= 0)) == set(range(number - 200, number))
    assert peak_bytes < 100_000_000


def test_nobody_and_nowhere_are_no_mistake() -> None:
    assert assigned(wanted([], []), places(1)).size == 0
    assert assigned(wanted([1], [1.0]), places()).tolist() == [-1]


@settings(max_examples=60, deadline=None)
@given(
    due=st.lists(days, min_size=1, max_size=5),
    at=st.lists(days, min_size=1, max_size=5),
    values=st.lists(st.floats(min_value=1, max_value=1000), min_size=5, max_size=5),
)
def test_no_other_distribution_gains_more_and_no_place_is_given_twice(
    due: list[int], at: list[int], values: list[float]
) -> None:
    asked, slots = wanted(due, values[: len(due)]), places(*at)
    found = assigned(asked, slots)
    given_places = found[found >= 0]
    assert len(set(given_places.tolist())) == given_places.size == min(len(due), len(at))
    gain = gains(asked, slots, mean_value=float(asked.value.mean()))
    reached = sum(gain[row, place] for row, place in enumerate(found) if place >= 0)
    if len(due) <= len(at):
        best = max(
            sum(gain[row, place] for row, place in enumerate(one)) for one in permutations(range(len(at)), len(due))
        )
    else:
        best = max(
            sum(gain[row, place] for place, row in enumerate(one)) for one in permutations(range(len(due)), len(at))
        )
    assert reached >= best - 1e-9


def test_first_reviews_spread_over_the_interval_of_their_kind_the_valuable_ones_first() -> None:
    values = np.array([1.0, 5.0, 3.0, 7.0])
    due = spread_due(values, np.array([90, 90, 90, 365]), start=1000)
    assert due.tolist() == [1060, 1000, 1030, 1000]
