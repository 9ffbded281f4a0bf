"""Who should have what: each thing goes to one person, nobody gets more than fits, and the sum of what speaks for the
pairs is the greatest there is.

A person with room for three is three slots of the rectangular assignment problem (Jonker-Volgenant as improved by
Crouse 2016, `scipy.optimize.linear_sum_assignment`). Where there is not room for all, those are left out whose pairs
have least to say for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def assign(scores: NDArray[np.float64], room: Sequence[int]) -> list[int | None]:
    """For each thing (row) the person (column) it goes to, or None where there is no room left for it.

    `scores` (things x persons): what speaks for each pair; `room`: how many things each person can still take.
    """
    from scipy.optimize import linear_sum_assignment  # takes longer to load than all the rest of a page

    things, persons = scores.shape
    assert persons == len(room), "room must be told of every person"
    slots = np.repeat(np.arange(persons), np.clip(room, 0, things))
    given: list[int | None] = [None] * things
    if things and slots.size:
        rows, columns = linear_sum_assignment(scores[:, slots], maximize=True)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            given[row] = int(slots[column])
    return given
