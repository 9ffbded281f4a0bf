"""Where the hours of a person bring most: visits are given to accounts one by one, each to where it adds most an hour.

What a number n of visits to an account is expected to bring within a year falls off with each:

    money(n) = stake × (1 − (1 − p)^n)

with the money at stake (what may be lost and what may be gained) and the chance p that one visit changes it. Money
grows less with every further visit, so giving each visit to the account where it adds most for its hours is the best
division as long as all visits take equally long (Fox 1966, "Discrete optimization via marginal analysis"); where they
do not, it is within one visit of it.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Visited:
    """An account that visits can be given to."""

    key: int
    stake: float
    """Money of a year."""
    chance: float
    """That one visit changes it, 0 … 1."""
    hours: float
    """Of one visit, with the way."""
    least: int = 0
    """Visits that were promised or decided, whatever they bring."""
    most: int = 12

    def gain(self, visits: int) -> float:
        """What the next visit adds after so many."""
        return self.stake * self.chance * (1.0 - self.chance) ** visits

    def money(self, visits: int) -> float:
        """What so many visits are expected to bring."""
        return self.stake * (1.0 - (1.0 - self.chance) ** visits)


@dataclass(frozen=True, kw_only=True)
class TimeBudget:
    """Visits by account, what is left, and what the last hour brought and the next would bring, in money an hour."""

    visits: Mapping[int, int]
    hours_used: float
    hours_missing: float
    """For the visits that were decided; 0 where they fit."""
    money: float
    last_hour: float | None
    next_hour: float | None


def allot(accounts: Sequence[Visited], *, hours: float, least_gain: float = 0.0) -> TimeBudget:
    """Give the hours of a year to accounts; no visit that brings less than `least_gain` money."""
    assert hours >= 0
    assert all(0 <= one.chance <= 1 and one.hours > 0 and one.least <= one.most for one in accounts)
    visits = {one.key: one.least for one in accounts}
    used = sum(one.least * one.hours for one in accounts)
    last: float | None = None
    waiting = [(-one.gain(one.least) / one.hours, place) for place, one in enumerate(accounts) if one.least < one.most]
    heapq.heapify(waiting)
    following: float | None = None
    while waiting:
        worst, place = heapq.heappop(waiting)
        one = accounts[place]
        if one.gain(visits[one.key]) <= least_gain:
            continue
        if used + one.hours > hours:
            following = max(following or 0.0, -worst)
            continue
        visits[one.key] += 1
        used, last = used + one.hours, -worst
        if visits[one.key] < one.most:
            heapq.heappush(waiting, (-one.gain(visits[one.key]) / one.hours, place))
    return TimeBudget(
        visits=visits,
        hours_used=used,
        hours_missing=max(used - hours, 0.0),
        money=sum(one.money(visits[one.key]) for one in accounts),
        last_hour=last,
        next_hour=following,
    )
