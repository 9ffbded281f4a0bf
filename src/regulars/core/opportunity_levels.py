"""How much more an account could buy: what it owns, what it could afford, what is worn out soon; in three levels.

Two things decide (mission B4): the *means* of an account, and the *room* that is left in it, which is the part of what
accounts of its size buy that it does not buy yet, or of what it spends that others get. The table below puts both into
bands that anybody can look at. In words: docs/methods/opportunity-levels.md.
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
"""What accounts like one buy is taken from so many of about its sales, or from a tenth of all where they are fewer."""
LEAST_PEERS: Final = 10
"""With fewer other accounts nobody knows what is usual."""
MOST_GROUPS: Final = 200
"""Product groups that are compared: those with most buyers."""


@dataclass(frozen=True, kw_only=True)
class LevelRules:
    """The limits of the bands."""

    little_means: float = 0.33  # the part of all accounts, by their sales, whose means are little
    much_means: float = 0.67  # from this part on means are ample
    some_room: float = 0.25  # from this share on there is room
    wide_room: float = 0.60


@dataclass(frozen=True, kw_only=True)
class Breadth:
    """What each account owns, against accounts of about its sales."""

    owned: Places  # product groups that it bought
    usual: Vector  # product groups that accounts like it bought, on average; NaN: unknown
    room: Vector  # the share of those, each counted as often as they buy it, that it did not buy; NaN: unknown


def breadth(sales: Vector, account_at: Places, group_at: Places) -> Breadth:
    """Compare what accounts own with what those of about the same sales own.

    `account_at` and `group_at` name each pair of account and product group that was bought, once; places in `sales`,
    and any numbers for groups. Of n accounts sorted by sales, those alike are the ones up to PEERS / 2 places away.
    """
    count = sales.size
    owned = np.bincount(account_at, minlength=count)
    unknown = np.full(count, np.nan)
    width = min(PEERS, max(count // 10, LEAST_PEERS)) // 2
    if count <= LEAST_PEERS or not group_at.size:
        return Breadth(owned=owned, usual=unknown, room=unknown.copy())
    place = np.empty(count, np.int64)
    place[np.argsort(sales, kind="stable")] = np.arange(count)
    low, high = np.maximum(place - width, 0), np.minimum(place + width + 1, count)
    usual, has = np.zeros(count), np.zeros(count)
    for group in _most_bought(group_at):
        buyers = account_at[group_at == group]
        before = np.concatenate([[0], np.cumsum(np.bincount(place[buyers], minlength=count))])
        share = (before[high] - before[low]) / (high - low)
        usual += share
        has[buyers] += share[buyers]
    return Breadth(owned=owned, usual=usual, room=np.where(usual > 0, 1 - has / np.where(usual > 0, usual, 1), np.nan))


def _most_bought(group_at: Places) -> Places:
    groups, buyers = np.unique(group_at, return_counts=True)
    return groups[np.argsort(-buyers, kind="stable")[:MOST_GROUPS]]


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
