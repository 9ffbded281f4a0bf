"""How an account stands as of a snapshot, and the chances that it has left. Formulas: `docs/methods/actions.md`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from typing import Any, Final

from regulars.core import pauses
from regulars.insight.live_signals import LiveSignal
from regulars.plan.thresholds import PlanThresholds

YEAR = timedelta(days=365)


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """One account as of the snapshot; the fields are those of `insight.Score`, plus what other records say."""

    account_id: int
    order_days: int
    first_order: date
    last_order: date
    silence_days: int
    gap_typical_days: float | None
    gap_longest_days: float | None
    pauses_as_long: float | None
    sales_12m: float
    sales_previous_12m: float
    orders_12m: int
    trend: float | None
    mean_order_value: float | None
    rank: int | None
    share_of_firm: float | None
    pareto: str
    buyer: str
    probability_alive: float | None
    expected_value_365: float | None
    last_contact: date | None = None
    paused_last_year: bool | None = None
    """Did it pause in the same weeks a year before? None: it was no customer yet, so nobody knows."""
    signals: tuple[LiveSignal, ...] = ()
    """What was seen and heard of it and still counts, newest first."""
    risk: float | None = None
    """The chance to lose it within a year, by orders and signals; only looked up where there are signals."""
    found: Mapping[str, Any] = field(default_factory=dict)
    """What causes looked up of this account, by the key of the cause."""

    @property
    def has_ordered(self) -> bool:
        """Without, its days of orders are no days: see `customers_to_be.py`."""
        return self.order_days > 0


_FROM_ELSEWHERE: Final = {"last_contact", "paused_last_year", "signals", "risk", "found"}
SCORE_COLUMNS: Final = [one.name for one in fields(Standing) if one.name not in _FROM_ELSEWHERE]


def pause_chance(standing: Standing) -> float | None:
    """The chance that a pause of this account is at least as long as its silence now. None: too few pauses to say."""
    if standing.pauses_as_long is None:
        return None
    return pauses.pause_chance(standing.pauses_as_long, float(standing.order_days - 1))


def is_silent(standing: Standing, thresholds: PlanThresholds) -> bool:
    """Is the account silent beyond what its own rhythm explains?"""
    chance = pause_chance(standing)
    return (
        chance is not None
        and standing.gap_typical_days is not None
        and chance <= thresholds.silent_pause_chance
        and standing.silence_days >= thresholds.silent_least_days
        and standing.silence_days >= thresholds.silent_gaps * standing.gap_typical_days
    )


def is_lost(standing: Standing, thresholds: PlanThresholds) -> bool:
    """Told or silent for so long that it is a matter of winning it back, no longer of a call in time."""
    allowed = float(thresholds.silence.allowed_days(standing.gap_longest_days or 0.0))
    return "lost" in standing.found or standing.silence_days >= allowed


def worth_a_year(standing: Standing) -> float:
    """Sales a year while it was active: the last 12 months without the silence taken up to a year, at most its best."""
    best_year = max(standing.sales_12m, standing.sales_previous_12m)
    active_days = 365 - standing.silence_days
    if active_days < 30:  # too short a time to take up to a year
        return best_year
    return min(standing.sales_12m * 365 / active_days, best_year)


def chance_that_it_left(standing: Standing, thresholds: PlanThresholds) -> float:
    """By Bayes' rule from its own pauses, or by the lifetime model of the whole firm, whichever is the more alarming.

    Before anything is known, it left during the silence with the yearly loss rate; one who has not left is silent for
    so long with `pause_chance`, one who has left with certainty. The model knows little of one account's own
    regularity, and its pauses nothing of how customers leave: either may see what the other does not.
    """
    return max(chance_by_its_pauses(standing, thresholds), _chance_by_the_model(standing))


def chance_by_its_pauses(standing: Standing, thresholds: PlanThresholds) -> float:
    """The chance that it left, from its own pauses and the yearly loss rate alone."""
    chance = pause_chance(standing)
    so_long = 1.0 if chance is None else chance
    return pauses.left_chance(float(standing.silence_days), so_long, thresholds.yearly_loss_rate)


def _chance_by_the_model(standing: Standing) -> float:
    return 0.0 if standing.probability_alive is None else 1 - standing.probability_alive


def is_more_than_chance(standing: Standing, *, before: float) -> bool:
    """Is the change of yearly sales from `before` larger than the irregularity of orders explains (one-sided, 5 %)?

    Orders of a year are taken as Poisson, their values as spread like their mean: a year of n orders of mean value m
    has the variance 2 n m² then; see the methods page.
    """
    if not standing.mean_order_value or standing.mean_order_value <= 0:
        return False
    orders = standing.orders_12m + before / standing.mean_order_value
    return abs(standing.sales_12m - before) >= 1.645 * standing.mean_order_value * math.sqrt(2 * orders)
