"""What a model would have forecast on earlier days of a history, and what came: the past as a teacher."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np

from regulars.core.errors import Refusal
from regulars.core.lifetime.columns import Vector
from regulars.core.lifetime.history import History

LEAST_FORECAST = 1e-6  # of the mean: a forecast of nothing would leave no room for learning
LEAST_SHARE = 2  # the history is at least so many times as long as the time ahead that is learned about
LEAST_ORDERS = 200  # of all lessons together


@dataclass(frozen=True)
class Lesson:
    """What was known on an earlier day, what the model fitted to it forecast, and what came."""

    past: History
    forecast: Vector
    came: Vector

    @property
    def levelled(self) -> Vector:
        """The forecast as if its total had been right: lessons are about accounts, totals are up to the model."""
        return np.asarray(self.forecast * (self.came.sum() / self.forecast.sum()))


def days_to_learn(history: History, periods: float) -> int:
    """Give for how many days ahead to look at earlier days: `periods` units of time, or less in a short history."""
    return min(round(periods * history.unit_days), history.days_long // LEAST_SHARE)


def lessons(model: Any, history: History, *, days: int, origins: int) -> Iterator[Lesson]:
    """Look back on some earlier days, and `days` ahead from each; not where the model could not have been fitted."""
    room = history.days_long - 1.5 * days  # before the earliest day lies half the time that is learned about
    apart = min(days, room / max(origins - 1, 1))
    for number in range(origins):
        start = history.as_of - timedelta(days=days + int(number * apart))
        past = history.at(start)
        try:
            fitted = deepcopy(model).fit(past)
        except Refusal:
            continue
        came = history.between(start, start + timedelta(days=days))[past.positions]
        if came.sum() > 0:
            yield Lesson(past, forecast(fitted, past, days / past.unit_days), came)


def forecast(model: Any, history: History, periods: float) -> Vector:
    """Give the order days that a fitted model expects, none of them 0."""
    expected: Vector = model.expected_orders(history, periods=periods)
    return np.maximum(expected, LEAST_FORECAST * max(float(expected.mean()), 1e-300))
