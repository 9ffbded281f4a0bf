"""How much more an account could buy: what it owns, what it could afford, what is worn out soon; in three levels.

Two things decide (mission B4): the *means* of an account, and the *room* that is left in it, which is the part of what
an account of its size could own that it does not own yet, or of what it spends that others get. The table below puts
both into bands that anybody can look at. In words: docs/methods/opportunity-levels.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]
    Bands = NDArray[np.int64]
    Places = NDArray[np.int64]

LOW, MEDIUM, HIGH = 1, 2, 3
LITTLE, MIDDLE, MUCH = range(3)
"""Bands of means."""
FULL, SOME, WIDE = range(3)
"""Bands of room."""
UNKNOWN: Final = -1
"""The band of what is not known: it counts as the one in the middle, and is said to be unknown."""

LEVELS: Final = np.array(
    [
        [LOW, LOW, LOW],  # little: can barely afford one product
        [LOW, MEDIUM, MEDIUM],  # middling
        [LOW, MEDIUM, HIGH],  # ample: bought one or two products and has means for more
    ]
)
"""The level of each band of means (row) and of room (column), while nothing is due to be replaced."""

PEERS: Final = 200
"""An account is compared with so many of about its sales, or with a tenth of all where they are fewer."""
LEAST_PEERS: Final = 10
"""With fewer other accounts nobody knows what is usual."""
BROAD: Final = 0.9
"""What the broadest tenth of them owns is what an account of this size could own."""
AT_ONCE: Final = 20_000


@dataclass(frozen=True, kw_only=True)
class LevelRules:
    """The limits of the bands."""

    little_means: float = 0.33  # the part of all accounts, by their sales, whose means are little
    much_means: float = 0.67  # from this part on means are ample
    some_room: float = 0.25  # from this share on there is room
    wide_room: float = 0.60


def broad_for_size(spends: Vector, owned: Places) -> Vector:
    """How many different things the broadest tenth of the accounts of about the same size owns, at the least.

    Of accounts sorted by what they spend in a year, those alike are the nearest `PEERS`. NaN: too few to compare.
    """
    count = spends.size
    width = max(min(PEERS, count // 10), LEAST_PEERS)
    if count <= LEAST_PEERS:
        return np.full(count, np.nan)
    by_size = np.argsort(spends, kind="stable")
    windows = np.lib.stride_tricks.sliding_window_view(owned[by_size], width)
    broad_by_window = np.concatenate(
        [
            np.quantile(windows[start : start + AT_ONCE], BROAD, axis=1, method="lower")
            for start in range(0, len(windows), AT_ONCE)
        ]
    )
    found = np.empty(count)
    found[by_size] = broad_by_window[np.clip(np.arange(count) - width // 2, 0, len(windows) - 1)]
    return found


def room_in(owned: Places, broad: Vector) -> Vector:
    """The part of what it could own that an account does not own yet; NaN: unknown."""
    room: Vector = np.where(broad > 0, 1 - np.minimum(owned / np.where(broad > 0, broad, 1), 1), np.nan)
    return room


def sizes(sales: Vector) -> Vector:
    """The part of all accounts that are smaller than each, from 0 to 1; of equal ones half are."""
    if not sales.size:
        return sales.astype(np.float64)
    ordered = np.sort(sales)
    smaller = np.searchsorted(ordered, sales, side="left") + np.searchsorted(ordered, sales, side="right")
    found: Vector = smaller / (2 * sales.size)
    return found


def means_bands(size: Vector, rules: LevelRules) -> Bands:
    """The band of means by the size among all accounts; of such that bought nothing in two years it is unknown."""
    bands = np.select([size >= rules.much_means, size >= rules.little_means], [MUCH, MIDDLE], LITTLE)
    return np.where(np.isnan(size), UNKNOWN, bands)


def room_bands(room: Vector, rules: LevelRules) -> Bands:
    """The band of room."""
    bands = np.select([room >= rules.wide_room, room >= rules.some_room], [WIDE, SOME], FULL)
    return np.where(np.isnan(room), UNKNOWN, bands)


def levels(means: Bands, rooms: Bands, due: NDArray[np.bool_]) -> Bands:
    """The level of each account, 1 to 3. Where something is due to be bought again soon it is medium at least."""
    known = np.where(means == UNKNOWN, MIDDLE, means), np.where(rooms == UNKNOWN, SOME, rooms)
    found: Bands = np.where(due & (known[0] > LITTLE), np.maximum(LEVELS[known], MEDIUM), LEVELS[known])
    return found
