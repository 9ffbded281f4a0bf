"""An account's months against what was to be expected of each. In words: docs/methods/expected-months.md.

The expectation of a month is made of what was known when it began: the account's own orders until then, and the models
that were learned from all accounts. It is that of an account that is still a customer, so that an account that falls
silent falls below it, instead of taking it along.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from regulars.core.calendar import months_before
from regulars.core.lifetime.sales_ahead import FittedModels, SalesAhead

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

BAND = (0.1, 0.9)
"""Eight of ten months of an account that is still a customer lie within these."""
STRIKING = 0.01
"""A stretch of months is told to be less, or more, than expected if chance makes it so this seldom."""
KNOWN_BY = 4
"""A stretch begins when the account had ordered on so many days: a beginner's orders say nothing of a change."""
MORE_MONTHS = 12
"""More than a year ago is no news any more, unless it is that the account left."""
DAYS_A_WEEK = 7.0


@dataclass(frozen=True, kw_only=True)
class OrderDay:
    """A day with sales or returns of one account; money in units."""

    on: date
    is_order: bool
    sale: float
    net: float  # sales less returns


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """Sales to expect of a whole month, from what was known when it began."""

    month: date
    low: float
    high: float
    mean: float | None  # None: a few huge values leave the model without a mean


@dataclass(frozen=True, kw_only=True)
class Change:
    """Since the beginning of this month the account buys less, or more, than was expected then."""

    since: date
    less: bool
    chance: float  # that an account that goes on as before buys so little, or so much


@dataclass(frozen=True, kw_only=True)
class AgainstExpected:
    """Months that could be expected (those after the first order), and the change if there is one."""

    expectations: list[Expectation]
    change: Change | None


def against_expected(
    days: Sequence[OrderDay], *, months: Sequence[date], as_of: date, models: FittedModels
) -> AgainstExpected:
    """What was expected of each of these months (first days, ascending), and since when the account departs from it."""
    begun = [month for month in months if any(day.is_order and day.on < month for day in days)]
    if not begun:
        return AgainstExpected(expectations=[], change=None)
    pasts = _Pasts(days, begun)
    ahead = pasts.sales_ahead(models, until=[months_before(month, -1) for month in begun])
    low, high, mean = ahead.quantile(BAND[0]), ahead.quantile(BAND[1]), ahead.mean
    expectations = [
        Expectation(
            month=month,
            low=float(low[place]),
            high=float(high[place]),
            mean=None if np.isnan(mean[place]) else float(mean[place]),
        )
        for place, month in enumerate(begun)
    ]
    return AgainstExpected(expectations=expectations, change=_change(days, begun, as_of, models))


def _change(days: Sequence[OrderDay], months: Sequence[date], as_of: date, models: FittedModels) -> Change | None:
    """Of the stretches from the beginning of a month to the last whole month, the one that chance explains least."""
    end = _end_of_whole_months(as_of)
    known = sorted(day.on for day in days if day.is_order)[KNOWN_BY - 1 :][:1]
    starts = [month for month in months if known and known[0] < month < end]
    if not starts:
        return None
    bought = np.array([sum(day.net for day in days if start <= day.on < end) for start in starts])
    below = _Pasts(days, starts).sales_ahead(models, until=[end] * len(starts)).probability_up_to(bought)
    recent = np.array([start >= months_before(end, MORE_MONTHS) for start in starts])
    above = np.where(recent & (bought > 0), 1 - below, 1.0)
    likely = np.minimum(below, above)
    place = int(likely.argmin())
    if likely[place] > STRIKING:
        return None
    return Change(since=starts[place], less=bool(below[place] < above[place]), chance=float(likely[place]))


def _end_of_whole_months(as_of: date) -> date:
    """The day after the last month that is over."""
    tomorrow = as_of + timedelta(days=1)
    return tomorrow.replace(day=1)


class _Pasts:
    """What was known of the account at the beginning of each of several months."""

    def __init__(self, days: Sequence[OrderDay], starts: Sequence[date]) -> None:
        ordered = np.array([day.on.toordinal() for day in days if day.is_order], float)
        sales = np.array([day.sale for day in days if day.is_order])
        self._starts = np.array([start.toordinal() for start in starts], float)
        known = np.searchsorted(ordered, self._starts)  # order days before each start, at least one
        self.frequency = known - 1.0
        self.age = (self._starts - ordered[0]) / DAYS_A_WEEK
        repeats = np.cumsum(sales) - sales[0]
        self.mean_value = repeats[known - 1] / np.maximum(self.frequency, 1.0) * self._kept_share(days)

    def _kept_share(self, days: Sequence[OrderDay]) -> Vector:
        """The share of its sales that the account kept until each start; the rest came back."""
        on = np.array([day.on.toordinal() for day in days], float)
        known = np.searchsorted(on, self._starts) - 1
        sold = np.cumsum([day.sale for day in days])[known]
        kept = np.cumsum([day.net for day in days])[known]
        return np.clip(kept / np.where(sold > 0, sold, 1.0), 0.0, 1.0)

    def sales_ahead(self, models: FittedModels, *, until: Sequence[date]) -> SalesAhead:
        """The sales from each start to the day before each end."""
        ends = np.array([end.toordinal() for end in until], float)
        return SalesAhead(
            models,
            frequency=self.frequency,
            age=self.age,
            mean_value=self.mean_value,
            periods=(ends - self._starts) / DAYS_A_WEEK,
        )
