"""How the models of order days learn: a summary becomes statistics, and the parameters are those at their optimum."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Protocol, Self

import numpy as np

from regulars.core.lifetime.columns import Vector, as_columns
from regulars.core.lifetime.forecasts import OrderForecasts
from regulars.core.lifetime.maximum_likelihood import Optimum


class OrderDayStatistics(Protocol):
    """What the statistics of every such model give, in units of time in which ages are near 1."""

    @property
    def scale(self) -> float:
        """The unit of time."""

    @property
    def accounts(self) -> float:
        """How many accounts there are."""

    @property
    def orders(self) -> float:
        """How many repeat orders they have."""

    def maximise(self) -> Optimum:
        """Give the optimum."""

    def ages(self) -> tuple[Vector, Vector]:
        """Give how old the accounts are, in the unit of the summary, and how many."""


class OrderDayModel(OrderForecasts):
    """A model of order days by maximum likelihood. Time is in any unit, the same for `fit` and for questions."""

    times: ClassVar[tuple[str, ...]]
    """The parameters that are times; the others have no unit."""

    def fit(self, summary: Any) -> Self:
        """Learn from rows of (frequency, recency, age[, weight]); a row of weight w counts as w accounts.

        Raises `TooLittleHistory` if hardly anyone has ordered twice, `UnusableSummary` if rows contradict themselves.
        """
        statistics = self._statistics(as_columns(summary))
        self._settle(statistics, statistics.maximise())
        return self

    @abstractmethod
    def _statistics(self, table: Any) -> OrderDayStatistics:
        """Give all that the likelihood needs of a summary."""

    def _settle(self, statistics: OrderDayStatistics, optimum: Optimum) -> None:
        self._learn(
            optimum,
            units=np.array([statistics.scale if name in self.times else 1.0 for name in self.names]),
            log_likelihood=optimum.log_likelihood - statistics.orders * float(np.log(statistics.scale)),
            accounts=statistics.accounts,
        )
        self._learn_forecasts(optimum, *statistics.ages())
