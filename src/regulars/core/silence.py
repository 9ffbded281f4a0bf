"""When silence makes a customer a lost one, and how long customers stayed by it. In words: docs/methods/survival.md.

A loss that was declared is one. Where nobody declares it, silence has to tell: an account is lost if it has been
silent, up to the end of the history, for longer than `SilenceRule` allows, and it was lost on the day of its last
order. Its *lifespan* runs from its first order to that day. Whoever was silent for that long and ordered again is no
loss, but says that the rule calls losses too early: such accounts are marked.

Of a shorter silence nobody knows how it ends. So nothing is said of the last `least_days` of a history: all who are not
lost are seen up to the same day before them, whatever they did, as a survival curve needs. (An account that is allowed
a longer silence by its own pauses, and is within it, counts as a customer up to that day.)

Accounts that are first seen within the allowed silence from the beginning of a history may be old customers. They are
left out: who first orders later is new, or back after a silence that counts as a loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from regulars.core.lifetime.columns import Vector
from regulars.core.lifetime.history import Days, History, day_number

Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class SilenceRule:
    """When silence makes a customer a lost one: after the longer of these two."""

    least_days: int = 180
    pauses: float = 3.0  # times its own longest pause until then

    def allowed_days(self, longest_pause_days: float | Vector) -> Vector:
        """Give the days of silence after which accounts with these longest pauses (0: none) count as lost."""
        return np.maximum(float(self.least_days), np.ceil(self.pauses * longest_pause_days))


@dataclass(frozen=True, eq=False, kw_only=True)
class Lifespans:
    """One entry an account that was won within the history; days are numbers since 1970-01-01."""

    accounts: Any  # what they are called
    first: Days  # the day of the first order
    seen: Marks  # for long enough to tell silence from rhythm; of the others only the second order is known
    lasted_days: Vector  # from the first order to the loss, or to the last day of which all is known; 0 if not `seen`
    lost: Marks
    came_back: Marks  # after a silence too long, so that it would have been called lost; `lost` if it is lost again
    second_after_days: Vector  # from the first to the second order; infinite without one
    won_from: int  # accounts first seen before are left out
    end: int  # the last day of the history

    def part(self, chosen: npt.NDArray[Any]) -> Lifespans:
        """Some of the accounts, by a mask or by their places."""
        return Lifespans(
            accounts=self.accounts.take(np.arange(self.first.size)[chosen]),
            first=self.first[chosen],
            seen=self.seen[chosen],
            lasted_days=self.lasted_days[chosen],
            lost=self.lost[chosen],
            came_back=self.came_back[chosen],
            second_after_days=self.second_after_days[chosen],
            won_from=self.won_from,
            end=self.end,
        )


def lifespans(
    history: History, rule: SilenceRule, *, begins: date | None = None, declared: Marks | None = None
) -> Lifespans:
    """Give the lifespans of all accounts won within a history.

    `begins`: the first day of which orders are known, where that is not the first order of these accounts.
    `declared`: who of them is known to be lost, however short its silence is yet.
    """
    first, last = history.days[history.starts[:-1]], history.days[history.starts[1:] - 1]
    start = int(history.days.min(initial=history.today)) if begins is None else day_number(begins)
    won_from = start + rule.least_days
    known_until = history.today - rule.least_days
    lost = history.today - last >= rule.allowed_days(longest_pause_days(history))
    if declared is not None:  # all are seen up to the same day: a loss after it is none yet
        lost |= declared & (last <= known_until)
    lasted = np.where(lost, last, known_until) - first.astype(float)
    found = Lifespans(
        accounts=history.accounts,
        first=first,
        seen=first <= known_until,
        lasted_days=np.maximum(lasted, 0.0),
        lost=lost,
        came_back=_came_back(history, rule),
        second_after_days=_second_after(history),
        won_from=won_from,
        end=history.today,
    )
    return found.part(first >= won_from)


def gap_days(history: History) -> Vector:
    """Give the calendar days from the order day before; 0 on the first of an account."""
    return np.where(history.repeats, np.diff(history.days, prepend=history.days[:1]), 0).astype(float)


def longest_pause_days(history: History) -> Vector:
    """Give the longest pause of each account; 0 without one."""
    return np.asarray(np.maximum.reduceat(gap_days(history), history.starts[:-1])) if history.days.size else np.empty(0)


def typical_pause_days(history: History) -> Vector:
    """Give the median pause of each account; 0 without one."""
    repeats, pauses = history.repeats, np.diff(history.starts) - 1
    owner = np.repeat(np.arange(pauses.size), pauses)
    gaps = gap_days(history)[repeats]
    gaps = gaps[np.lexsort((gaps, owner))]
    start = np.cumsum(pauses) - pauses
    some = pauses > 0
    low, high = start + (pauses - 1) // 2, start + pauses // 2
    typical = np.zeros(pauses.size)
    typical[some] = (gaps[low[some]] + gaps[high[some]]) / 2
    return typical


def longest_pause_before(history: History) -> Vector:
    """Give, for each order day, the longest pause that its account had made before the last one; 0 without any."""
    gaps, counts = gap_days(history), np.diff(history.starts)
    # One running maximum over all accounts: each starts higher than the one before can have reached.
    floor = np.repeat(np.arange(counts.size) * (gaps.max(initial=0.0) + 1.0), counts)
    longest = np.maximum.accumulate(gaps + floor) - floor
    return np.where(history.repeats, np.concatenate([[0.0], longest[:-1]]), 0.0) if gaps.size else gaps


def _came_back(history: History, rule: SilenceRule) -> Marks:
    if not history.days.size:
        return np.zeros(0, dtype=bool)
    allowed = rule.allowed_days(longest_pause_before(history))
    return np.asarray(history.sums((history.repeats & (gap_days(history) >= allowed)).astype(float)) > 0)


def _second_after(history: History) -> Vector:
    found = np.full(len(history.accounts), np.inf)
    again = np.diff(history.starts) > 1
    found[again] = gap_days(history)[history.starts[:-1][again] + 1]
    return found
