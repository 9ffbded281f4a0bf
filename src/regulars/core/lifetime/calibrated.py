"""A model whose bounds are as wide as the firm's own past says.

A model takes the rate of an account as fixed while it stays. Where rates drift - households that change shops, firms
that grow - its expectations may be right and its bounds too narrow: on Complete Journey 79 of 100 accounts lie within
bounds of 90 %. So the spread is learned where it can be seen: on earlier days of the history the model is fitted to
what was known then, and the orders N that came are taken as negative binomial around what it expected, μ,

    Var N = μ + μ²/s(μ),    ln s = c + d ln μ,

μ being what is expected in the time learned about: an account's rate is not known any better for being looked at for
longer. c and d are those under which what came is most probable (bounds from past errors: Williams & Goodman, *Journal
of the American Statistical Association* 66, 1971; negative binomial: Lawless, *Canadian Journal of Statistics* 15,
1987). Expectations, parameters and the chance of still being a customer stay those of the model.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Self

import numpy as np

from regulars.core.lifetime.columns import Vector
from regulars.core.lifetime.history import History, as_history
from regulars.core.lifetime.lessons import LEAST_ORDERS, days_to_learn, forecast, lessons
from regulars.core.lifetime.negative_binomial import Spread
from regulars.core.lifetime.wrapped import AroundModel
from regulars.core.notes import Note, gettext_noop

MOST_ACCOUNTS = 50_000  # of which the spread is learned
TOO_LITTLE = gettext_noop(
    "Earlier days of this history hold too few orders to learn how far forecasts are off; "
    "the bounds are those of the model."
)


class Calibrated(AroundModel):
    """`model` with bounds that earlier days of the history teach.

    `periods` is the time ahead to learn for, in units; `origins` on how many earlier days.
    """

    def __init__(self, model: Any, *, periods: float, origins: int = 3) -> None:
        self.model = model
        self.periods = periods
        self.origins = origins

    spread_: Spread | None  # None where too little came on earlier days
    notes_: list[Note]

    def fit(self, summary: Any) -> Self:
        """Learn from a `History`."""
        history = as_history(summary)
        self.model_ = deepcopy(self.model).fit(history)
        self.notes_ = list(self.model_.notes_)
        self._days = days_to_learn(history, self.periods)
        learned = list(lessons(self.model, history.sample(MOST_ACCOUNTS), days=self._days, origins=self.origins))
        if sum(float(lesson.came.sum()) for lesson in learned) < LEAST_ORDERS:
            self.spread_ = None
            self.notes_.append(Note(TOO_LITTLE))
            return self
        expected, came = zip(*((lesson.levelled, lesson.came) for lesson in learned), strict=True)
        self.spread_ = Spread.of(np.concatenate(expected), np.concatenate(came))
        return self

    def expected_orders(self, summary: Any, *, periods: float) -> Vector:
        """Give the order days that the model expects of each account in the next `periods` units of time."""
        answers: Vector = self.model_.expected_orders(summary, periods=periods)
        return answers

    def interval(self, summary: Any, *, periods: float, level: float = 0.9) -> tuple[Vector, Vector]:
        """Give the bounds between which the orders of each account of a `History` lie with chance `level`."""
        if self.spread_ is None:
            low, high = self.model_.interval(summary, periods=periods, level=level)
            return low, high
        mean, learned_mean = self._means(as_history(summary), periods)
        return self.spread_.bounds(mean, level=level, learned_mean=learned_mean)

    def probability_of_orders(self, summary: Any, *, periods: float, at_least: Any = 1) -> Vector:
        """Give the chance of at least so many order days in the next `periods` units of time, for each account."""
        if self.spread_ is None:
            chances: Vector = self.model_.probability_of_orders(summary, periods=periods, at_least=at_least)
            return chances
        mean, learned_mean = self._means(as_history(summary), periods)
        return self.spread_.chances(mean, at_least, learned_mean=learned_mean)

    def _means(self, history: History, periods: float) -> tuple[Vector, Vector]:
        """Give what is expected in the time asked for, and in the one that the spread was learned about."""
        learned = self._days / history.unit_days
        mean = forecast(self.model_, history, periods)
        return mean, mean if periods == learned else forecast(self.model_, history, learned)
