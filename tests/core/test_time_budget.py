"""Hours go where they bring most (C3)."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.core.time_budget import Visited, allot

ACCOUNTS = st.lists(
    st.tuples(st.floats(0, 10_000), st.floats(0.01, 0.9), st.integers(0, 2)), min_size=1, max_size=4
).map(
    lambda told: [
        Visited(key=key, stake=stake, chance=chance, hours=2.0, least=least, most=4)
        for key, (stake, chance, least) in enumerate(told)
    ]
)


@settings(max_examples=60)
@given(ACCOUNTS, st.integers(0, 20))
def test_no_other_division_of_equally_long_visits_brings_more(accounts: list[Visited], hours: int) -> None:
    found = allot(accounts, hours=hours)
    if found.hours_missing:
        assert found.visits == {one.key: one.least for one in accounts}
        return
    ways = product(*(range(one.least, one.most + 1) for one in accounts))
    best = max(
        sum(one.money(visits) for one, visits in zip(accounts, way, strict=True))
        for way in ways
        if 2 * sum(way) <= hours
    )
    assert found.money == pytest.approx(best)
    assert found.hours_used <= hours


def test_the_larger_stake_is_visited_first_and_again_before_a_small_one() -> None:
    large, small = (Visited(key=key, stake=stake, chance=0.2, hours=2) for key, stake in ((1, 1000), (2, 300)))
    assert [allot([large, small], hours=hours).visits for hours in (2, 4, 14)] == [
        {1: 1, 2: 0},
        {1: 2, 2: 0},
        {1: 6, 2: 1},
    ]


def test_it_tells_what_the_last_hour_brought_and_what_one_more_would_bring() -> None:
    found = allot([Visited(key=1, stake=1000, chance=0.5, hours=2)], hours=4)
    assert (found.last_hour, found.next_hour) == (125.0, 62.5)


def test_visits_that_were_decided_are_made_and_what_is_missing_is_told() -> None:
    found = allot([Visited(key=1, stake=0, chance=0.5, hours=3, least=4)], hours=6)
    assert (found.visits, found.hours_missing) == ({1: 4}, 6.0)


def test_nobody_is_visited_for_less_than_it_costs() -> None:
    one = Visited(key=1, stake=100, chance=0.1, hours=2)
    assert allot([one], hours=100, least_gain=10.0).visits == {1: 0}
    assert allot([one], hours=100, least_gain=9.0).visits == {1: 1}
