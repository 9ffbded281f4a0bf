"""Spreading appointments over the weeks that people have for them: solved as one assignment, not first-come.

Every appointment has a day on which it is due, an interval in which it comes again, and a value. Every person has
places: a day each. Which appointment gets which place is the assignment of greatest gain (the Hungarian method as in
D. F. Crouse, On implementing 2D rectangular assignment algorithms, IEEE TAES 52(4), 2016, in SciPy's
`linear_sum_assignment`), where the gain of appointment i at place j is

    g(i, j) = v(i) · max(1 − a(i, j), 1/100) − c · n(j)        a = (due − day) / interval        if it is early
                                                               a = 2 (day − due) / interval      if it is late

v is its value relative to the mean, so that the valuable ones come nearest to their day and stay when not all fit; n is
how many places of the same week come before, so that equal weeks fill equally; c is small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]
    Days = NDArray[np.int64]

LATE: Final = 2.0
"""A day too late counts as much as so many too early."""
LEAST_GAIN: Final = 0.01
"""What is left of the value however far off its day: an appointment at a bad time is better than none."""
FULL_WEEK: Final = 0.02
"""c: a further one in the same week costs so much of the mean value."""
MOST_AT_ONCE: Final = 2000
"""So many appointments of greatest value compete for a person's places; the others would hardly get one."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The appointments of one person; arrays of one length. Days are day numbers (`date.toordinal`)."""

    due: Days
    interval_days: Days
    value: Vector


@dataclass(frozen=True, kw_only=True)
class Places:
    """The places that one person has; arrays of one length."""

    day: Days
    in_week: Days  # how many places of the same week are taken or come before


def assigned(wanted: Wanted, places: Places) -> Days:
    """The place of each appointment, −1 for those that do not fit. No place is given twice."""
    from scipy.optimize import linear_sum_assignment

    found = np.full(wanted.due.size, -1, np.int64)
    if not wanted.due.size or not places.day.size:
        return found
    chosen = np.sort(np.argsort(-wanted.value, kind="stable")[: max(MOST_AT_ONCE, 2 * places.day.size)])
    # Only of those that compete: of all customers of a large firm the table would not fit into memory.
    competing = Wanted(due=wanted.due[chosen], interval_days=wanted.interval_days[chosen], value=wanted.value[chosen])
    mean = float(wanted.value.mean())
    rows, columns = linear_sum_assignment(gains(competing, places, mean_value=mean), maximize=True)
    found[chosen[rows]] = columns
    return found


def gains(wanted: Wanted, places: Places, *, mean_value: float) -> NDArray[np.float64]:
    """What each appointment (row) gains at each place (column); `mean_value` is that of all there are."""
    off = (places.day[None, :] - wanted.due[:, None]) / np.maximum(wanted.interval_days, 1)[:, None]
    distance = np.where(off > 0, LATE * off, -off)
    value = wanted.value / max(mean_value, 1e-9)
    gain: NDArray[np.float64] = value[:, None] * np.maximum(1 - distance, LEAST_GAIN)
    return gain - FULL_WEEK * places.in_week[None, :]


def spread_due(values: Vector, interval_days: Days, *, start: int) -> Days:
    """First due days of appointments that never were: the valuable ones first, each kind evenly over its interval."""
    due = np.empty(values.size, np.int64)
    for interval in np.unique(interval_days):
        of_kind = np.flatnonzero(interval_days == interval)
        ranked = of_kind[np.argsort(-values[of_kind], kind="stable")]
        due[ranked] = start + (np.arange(ranked.size) * interval / ranked.size).astype(np.int64)
    return due
