"""A rule of thumb: in the time to come an account orders as often as in the last stretch of the same length.

Taken literally, whoever did not order would be expected never to order, so what chance explains is taken out first:
the orders c of each account in its last e units of time (e is the window, or the age where that is shorter) are
Poisson with a rate λ of its own, the rates are Gamma(r, α), and what is expected is the rate given c,

    E[λ | c, e] = (r + c) / (α + e)

(Greenwood & Yule, *Journal of the Royal Statistical Society* 83, 1920). r and α come from the mean m and the variance
s² of the rates, by moments: m = Σc / Σe, s² = Σ[(c - me)² - c] / Σe², r = m²/s², α = m/s². The first order of an
account is not counted. Nobody ever leaves; orders before the window are forgotten.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from regulars.core.lifetime.columns import Vector
from regulars.core.lifetime.forecasts import checked_periods
from regulars.core.lifetime.history import History, as_history
from regulars.core.lifetime.maximum_likelihood import TooLittleHistory
from regulars.core.lifetime.negative_binomial import chance_of_orders, order_bounds
from regulars.core.notes import Note, gettext_noop

LEAST_ORDERS = 10
ALIKE = gettext_noop("All accounts ordered at practically the same rate in the last window.")
TOO_FEW = gettext_noop("Repeat orders in the last window: %(orders)s. At least %(least)s are needed.")
MOST_ALIKE = 1e6  # orders that a prior may count for; beyond it all rates are the same
LEAST_R = 1e-6


class LastWindow:
    """The order rate of the last `window` units of time, pulled towards that of all as far as chance explains it."""

    def __init__(self, *, window: float) -> None:
        self.window = window

    params_: dict[str, float]
    converged_: bool  # always: moments need no search
    notes_: list[Note]

    def fit(self, summary: Any) -> Self:
        """Learn from a `History`. Raises `TooLittleHistory` if hardly anyone ordered again in the window."""
        if not self.window > 0:
            raise ValueError(f"window must be longer than 0, not {self.window}")
        orders, exposure = self._window(as_history(summary))
        if orders.sum() < LEAST_ORDERS:
            raise TooLittleHistory(
                Note(TOO_FEW, orders=orders.sum(), least=LEAST_ORDERS),
                Note(gettext_noop("Import a longer history, or look at a longer window.")),
            )
        mean = orders.sum() / exposure.sum()
        variance = float(np.sum((orders - mean * exposure) ** 2 - orders) / np.sum(exposure**2))
        r = MOST_ALIKE if variance <= 0 else min(max(mean**2 / variance, LEAST_R), MOST_ALIKE)
        self.params_ = {"r": float(r), "alpha": float(r / mean)}
        self.converged_ = True
        self.notes_ = [Note(ALIKE)] if r == MOST_ALIKE else []
        return self

    def expected_orders(self, summary: Any, *, periods: float) -> Vector:
        """Give the order days to expect of each account of a `History` in the next `periods` units of time."""
        shape, rate = self._posterior(as_history(summary))
        return shape / rate * checked_periods(periods)

    def interval(self, summary: Any, *, periods: float, level: float = 0.9) -> tuple[Vector, Vector]:
        """Give the bounds between which the orders of each account lie with chance `level`: negative binomial."""
        shape, rate = self._posterior(as_history(summary))
        return order_bounds(shape, shape / rate * checked_periods(periods), level=level)

    def probability_of_orders(self, summary: Any, *, periods: float, at_least: Any = 1) -> Vector:
        """Give the chance of at least so many order days in the next `periods` units of time, for each account."""
        shape, rate = self._posterior(as_history(summary))
        return chance_of_orders(shape, shape / rate * checked_periods(periods), at_least)

    def simulate(
        self, *, seed: int, accounts: int = 10_000, ages: Any = None, periods: float = 0.0
    ) -> dict[str, Vector]:
        """Draw accounts that order at random at their own steady rate; `ages`, one or one each, or else the window.

        Besides the columns of a summary there is `orders_ahead`: the order days in the `periods` after it.
        """
        random = np.random.default_rng(seed)
        age = np.array(np.broadcast_to(np.asarray(self.window if ages is None else ages, dtype=float), (accounts,)))
        rate = random.gamma(self.params_["r"], 1 / self.params_["alpha"], accounts)
        frequency = random.poisson(rate * age).astype(float)
        latest = np.where(frequency > 0, random.random(accounts) ** (1 / np.maximum(frequency, 1)), 0.0)
        return {
            "account": np.arange(accounts, dtype=float),
            "frequency": frequency,
            "recency": latest * age,  # the latest of some moments that lie anywhere
            "age": age,
            "orders_ahead": random.poisson(rate * checked_periods(periods)).astype(float),
        }

    def _posterior(self, history: History) -> tuple[Vector, Vector]:
        orders, exposure = self._window(history)
        return self.params_["r"] + orders, self.params_["alpha"] + exposure

    def _window(self, history: History) -> tuple[Vector, Vector]:
        """Give the repeat orders of each account in the window, and how much of the window it has lived."""
        hair = 1e-9 * self.window  # so that a day on the edge does not depend on the unit of time
        recent = history.repeats & (history.times > history.now - self.window + hair)
        return history.sums(recent.astype(float)), np.minimum(history["age"], self.window)
