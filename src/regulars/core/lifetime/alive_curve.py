"""The chance that one account is still a customer, day after day: how it rose with each order and fell with silence.

A structural model gives P(alive | x, t_x, T): x repeat orders, the last at t_x, looked at when the account is T old.
The curve asks that for every few days of the account's past with what was known *on that day*, x(T) and t_x(T), and
for days ahead with what is known now, as if no further order came. The parameters are those learned from all that is
known today: the curve tells how an account stood, not what would have been said of it then.

What the models say of it (for BG/NBD Fader, Hardie & Lee 2005, equation 7 of their note on P(alive); for Pareto/NBD
Schmittlein, Morrison & Colombo 1987, equations 11-13):

- Between two orders the curve only falls, and the faster, the more often the account used to order.
- Right after an order P(alive) is 1 in Pareto/NBD, where an account leaves at a random time; (b+x-1)/(a+b+x-1) in
  BG/NBD and (b+x)/(a+b+x) in MBG/NBD, where it leaves with an order.
- In BG/NBD nobody leaves before the second order. That is an assumption, not knowledge: a model with which the chance
  of an account that ordered once is 1 whatever its silence is not asked until the second order.

Several models give the mean of what they say. With a season the models' time runs by its clock, so that silence out of
season counts for less.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from regulars.core.lifetime.columns import Vector
from regulars.core.lifetime.history import CALENDAR, EPOCH, Clock, day_number

EVERY_DAYS = 7
LONG_SILENCE = 1e6
"""Units of time after which every model that lets an account leave after its first order is sure that it has left."""


@dataclass(frozen=True, eq=False, kw_only=True)
class AliveCurve:
    """The chance at the end of each of `days`, NaN where no model knows it; `ordered` marks days with an order.

    Days after `as_of` are told as if no further order came.
    """

    as_of: date
    days: list[date]
    chances: Vector
    ordered: npt.NDArray[np.bool_]

    @property
    def now(self) -> float:
        """The chance at `as_of`; NaN if it is unknown."""
        return float(self.chances[self.days.index(self.as_of)])

    def falls_below(self, chance: float) -> date | None:
        """The first day from `as_of` on at whose end the chance is lower than this, if no order comes until then."""
        start = self.days.index(self.as_of)
        below = np.flatnonzero(self.chances[start:] < chance)
        return self.days[start + int(below[0])] if below.size else None


def alive_curve(
    models: Sequence[Any],
    order_days: Iterable[date],
    *,
    as_of: date,
    until: date | None = None,
    since: date | None = None,
    unit_days: float = 7.0,
    clock: Clock = CALENDAR,
    every_days: int = EVERY_DAYS,
) -> AliveCurve:
    """Give the chance that an account with these order days was, is and (without a further order) will be a customer.

    `models` are fitted, in units of `unit_days` days of `clock`; the curve runs from the first order, or from `since`
    if that is later, to `until` (`as_of` if not given). Raises ValueError without a model or an order by `as_of`.
    """
    ordered = np.unique([day_number(day) for day in order_days if day <= as_of])
    if not ordered.size or not models:
        raise ValueError("an alive curve needs an order by as_of, and a fitted model")
    first = max(int(ordered[0]), day_number(since) if since else int(ordered[0]))
    days = _days(ordered, first=first, today=day_number(as_of), last=day_number(until or as_of), every=every_days)
    known = _known(ordered, days, today=day_number(as_of), unit_days=unit_days, clock=clock)
    return AliveCurve(
        as_of=as_of,
        days=[EPOCH + timedelta(days=int(day)) for day in days],
        chances=_chances(models, known),
        ordered=np.isin(days, ordered),
    )


def _days(ordered: npt.NDArray[np.int64], *, first: int, today: int, last: int, every: int) -> npt.NDArray[np.int64]:
    """Every few days, and besides the days on which the curve jumps with the days before them."""
    days = np.concatenate([np.arange(first, last, every), ordered, ordered - 1, [first, min(today, last), last]])
    return np.unique(days[(days >= first) & (days <= max(last, first))])


def _known(
    ordered: npt.NDArray[np.int64], days: npt.NDArray[np.int64], *, today: int, unit_days: float, clock: Clock
) -> dict[str, Vector]:
    """The summary of the account at the end of each day, by what was known then, or is known today."""
    orders = np.searchsorted(ordered, np.minimum(days, today), side="right")
    began = float(clock.time(ordered[:1])[0])
    recency = (clock.time(ordered)[orders - 1] - began) / unit_days
    return {
        "frequency": orders - 1.0,
        "recency": recency,
        "age": np.maximum((clock.time(days) - began) / unit_days, recency),
    }


def _chances(models: Sequence[Any], known: dict[str, Vector]) -> Vector:
    each = np.array([model.probability_alive(known) for model in models])
    once = known["frequency"] == 0
    knowing = [one for model, one in zip(models, each, strict=True) if may_leave_after_first(model)]
    known_of_once = np.mean(knowing, axis=0) if knowing else np.full(once.size, np.nan)
    return np.where(once, known_of_once, each.mean(axis=0))


def may_leave_after_first(model: Any) -> bool:
    """Whether the model lets an account leave before its second order."""
    silent = {"frequency": np.zeros(1), "recency": np.zeros(1), "age": np.full(1, LONG_SILENCE)}
    return bool(model.probability_alive(silent)[0] < 1)
