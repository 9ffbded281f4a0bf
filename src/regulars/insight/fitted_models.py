"""The models that a snapshot learned, asked again later: who is still a customer, and how fast that fades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from regulars.core.lifetime.history import CALENDAR, Clock, day_number
from regulars.core.lifetime.kept import model_from_data
from regulars.core.lifetime.negative_binomial import Spread
from regulars.core.lifetime.seasonal import SeasonalClock
from regulars.insight.forecast_choice import DAYS_A_WEEK, ForecastChoice, Why
from regulars.insight.models import Backtest, Snapshot

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]
    Days = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class FittedModels:
    """The structural models inside the forecast that scores (several for an average), in weeks of `clock`.

    `values` are the parameters of Gamma-Gamma, None where too little was known; `forecast` is the name of what scores;
    `spread` how far orders lay from it on the firm's own past, where the bounds of the scores come from that.
    """

    as_of: date
    forecast: str
    models: Sequence[Any]
    clock: Clock
    values: Mapping[str, float] | None
    spread: Spread | None

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self | None:
        """Those of a snapshot; None where it learned none, or keeps none because it is older than this version."""
        told = snapshot.lifetime_model
        kept = told.get("structural") or []
        if not kept:
            return None
        season, values = told.get("season"), told.get("values")
        return cls(
            as_of=snapshot.as_of,
            forecast=told["forecast"]["name"],
            models=[model_from_data(one) for one in kept],
            clock=SeasonalClock(tuple(season["multipliers"])) if season else CALENDAR,
            values=values["params"] if values else None,
            spread=_spread(told["forecast"]),
        )

    @property
    def has_season(self) -> bool:
        return self.clock is not CALENDAR

    def summary(self, *, order_days: Any, first: Days, last: Days) -> dict[str, Vector]:
        """The summary of accounts from their number of order days and the days of their first and last order."""
        began = self.clock.time(first)
        now = float(self.clock.time([day_number(self.as_of)])[0])
        return {
            "frequency": np.asarray(order_days, float) - 1,
            "recency": (self.clock.time(last) - began) / DAYS_A_WEEK,
            "age": (now - began) / DAYS_A_WEEK,
        }

    def periods(self, days: int) -> float:
        """So many days of the calendar from `as_of` on, in the time of the models."""
        today = day_number(self.as_of)
        now, then = self.clock.time([today, today + days])
        return float(then - now) / DAYS_A_WEEK


def _spread(told: Mapping[str, Any]) -> Spread | None:
    tried = Backtest.objects.filter(uid=told["backtest"]).first() if told["backtest"] else None
    choice = ForecastChoice(name=told["name"], horizon_days=told["horizon_days"], why=Why(told["why"]), backtest=tried)
    return choice.spread
