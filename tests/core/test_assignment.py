"""Things are given to persons so that the sum is greatest and nobody has more than fits (mission E11)."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from regulars.core.assignment import assign


@given(st.data())
def test_no_other_assignment_has_a_greater_sum(data: st.DataObject) -> None:
    things, persons = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3))
    numbers = st.integers(0, 9)
    scores = np.array(
        data.draw(st.lists(st.lists(numbers, min_size=persons, max_size=persons), min_size=things, max_size=things)),
        float,
    )
    room = data.draw(st.lists(st.integers(-1, 3), min_size=persons, max_size=persons))
    given_ = assign(scores, room)
    fits = [max(one, 0) for one in room]
    assert all(given_.count(person) <= fits[person] for person in range(persons))
    assert sum(one is not None for one in given_) == min(things, sum(fits))

    def total(chosen: tuple[int | None, ...] | list[int | None]) -> float:
        return sum(float(scores[thing, one]) for thing, one in enumerate(chosen) if one is not None)

    choices: list[int | None] = [None, *range(persons)]
    possible = [one for one in product(choices, repeat=things) if all(one.count(p) <= fits[p] for p in range(persons))]
    assert total(given_) == max(map(total, possible))


def test_the_best_pairs_are_not_taken_first_come() -> None:
    """Who is good for both takes the one that nobody else is good for."""
    assert assign(np.array([[10.0, 9.0], [10.0, 0.0]]), [1, 1]) == [1, 0]


def test_without_room_nobody_gets_anything() -> None:
    assert assign(np.ones((2, 2)), [0, -1]) == [None, None]
    assert assign(np.empty((0, 2)), [3, 3]) == []
