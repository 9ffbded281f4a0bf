"""What the models of order days read from a summary, and how much of it they need at least."""

from __future__ import annotations

from typing import Any

import numpy as np

from regulars.core.lifetime.columns import UnusableSummary, Vector, read_columns
from regulars.core.lifetime.maximum_likelihood import LONGER_HISTORY, TooLittleHistory
from regulars.core.notes import Note, gettext_noop

LEAST_REPEATERS = 10
TOO_FEW = gettext_noop(
    "Of %(accounts)s accounts %(repeaters)s ordered on a second day; "
    "at least %(least)s must have, to learn how this firm's customers come back."
)


def read_order_days(table: Any) -> tuple[Vector, Vector, Vector]:
    """Give frequency, recency (0 without a repeat order) and age; raises `UnusableSummary` if they contradict."""
    x, t_x, T = read_columns(table, ["frequency", "recency", "age"])
    if x.size and not np.all(np.isfinite([bound for one in (x, t_x, T) for bound in (one.min(), one.max())])):
        raise UnusableSummary("A frequency, recency or age is missing or infinite.", "Leave such accounts out.")
    if np.any(x < 0) or np.any(x != np.rint(x)):
        raise UnusableSummary("A frequency is no whole number of repeat orders.", "Count the repeat order days.")
    t_x = np.where(x > 0, t_x, 0.0)
    if np.any(t_x < 0) or np.any(t_x > T * (1 + 1e-12)):
        raise UnusableSummary(
            "An account's last order lies before its first or after the date of the summary.",
            "Check that recency and age are in the same unit and counted from the first order.",
        )
    return x, np.minimum(t_x, T), T


def demand_repeaters(x: Vector, weight: Vector) -> None:
    """Raise `TooLittleHistory` if fewer than `LEAST_REPEATERS` accounts have ordered on a second day."""
    repeaters = float(weight @ (x > 0))
    if repeaters < LEAST_REPEATERS:
        raise TooLittleHistory(
            Note(TOO_FEW, repeaters=repeaters, accounts=weight.sum(), least=LEAST_REPEATERS), Note(LONGER_HISTORY)
        )


def more_than(x: Vector, weight: Vector) -> Vector:
    """Give, for k = 0, 1, ..., the number of accounts with more than k repeat orders."""
    counts = np.bincount(x.astype(np.int64), weights=weight)
    return np.asarray(np.cumsum(counts[::-1])[::-1][1:])
