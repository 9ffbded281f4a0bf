"""What every model of orders answers in the same way: the distribution of the orders to come, not only their mean.

A model of orders gives `P(N ≥ n)`, the chance of at least n order days in the time to come given an account's history
and the parameters; everything here follows from it.

*Parameters are uncertain.* Their logarithms are taken as normal around the optimum with the inverse of the observed
information; a chance is averaged over them by the spherical rule of degree 3 (Stroud 1957, the "cubature" of
Arasaratnam & Haykin 2009), at ±√d standard deviations along the d principal directions: 2d evaluations, no sampling.

*Orders are whole numbers.* Among them no bounds have exactly the level asked for, and bounds that have at least
that level have too much on average. So a bound is the last number whose mid-distribution function
P(N < n) + P(N = n)/2 lies within the level (Lancaster 1961, "Significance tests in discrete distributions"), which
covers as often as asked for on average as soon as several orders are expected. Of an account that most probably
orders nothing, the bounds are 0 and 0: they hold more often than the level, because no narrower ones exist.
"""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from regulars.core.lifetime.columns import Indices, Vector, as_columns, blocks, distinct
from regulars.core.lifetime.maximum_likelihood import Matrix, MaximumLikelihoodModel, Optimum

Columns = tuple[Vector, ...]

NEGLIGIBLE_SPREAD = 0.05  # of the logarithms: a narrower direction moves no chance by more than some 1e-4
FEW_ORDERS = 12  # up to this many the bounds are looked for one by one
AGES_KEPT, AGES_LOOKED_AT = 257, 50_000


class OrderForecasts(MaximumLikelihoodModel):
    """A fitted model of orders and what follows from its `_read`, `_at_least` and `_histories`.

    Times and `periods` are in the unit of time of the summary that the model learned from.
    """

    @abstractmethod
    def _read(self, table: Any) -> Columns:
        """Give the columns of a summary that forecasts depend on, checked; rows that are equal have equal forecasts."""

    @abstractmethod
    def _at_least(self, columns: Columns, orders: Vector, *, periods: float) -> Vector:
        """Give P(N ≥ orders) by `params_` for each row and its number of orders (whole, 1 or more)."""

    def _ladder(self, columns: Columns, last: int, *, periods: float) -> Matrix:
        """Give P(N ≥ n) for n = 0 ... last down the first axis. Models override it where they have a faster way."""
        rows = columns[0].size
        steps = [self._at_least(columns, np.full(rows, float(n)), periods=periods) for n in range(1, last + 1)]
        return np.array([np.ones(rows), *steps])

    @abstractmethod
    def _histories(self, random: np.random.Generator, ages: Vector, *, periods: float) -> dict[str, Vector]:
        """Draw new accounts of these ages: `frequency`, `recency`, ... and `orders_ahead`, those in `periods` more."""

    def interval(self, summary: Any, *, periods: float, level: float = 0.9) -> tuple[Vector, Vector]:
        """Give the least and the most order days to expect of each account in the next `periods` units of time.

        With chance `level` the number that comes lies within them, both included: chance decides what an account does,
        its own rate and lifetime are known only as far as its history tells, the parameters only as far as the data
        tell. Millions of rows are worked through in pieces.
        """
        checked_periods(periods)
        if not 0 < level < 1:
            raise ValueError(f"level must lie between 0 and 1, not {level}")
        columns, back = distinct(self._read(as_columns(summary)))
        outside = (1 - level) / 2
        lower, upper = np.empty(columns[0].size), np.empty(columns[0].size)
        models = self._around()
        for rows in blocks(lower.size):
            middle = _MidChance(models, tuple(column[rows] for column in columns), periods)
            upper[rows] = np.maximum(middle.last_above(outside), 0.0)
            lower[rows] = np.minimum(middle.last_above(1 - outside) + 1, upper[rows])
        return lower[back], upper[back]

    def probability_of_orders(self, summary: Any, *, periods: float, at_least: Any = 1) -> Vector:
        """Give the chance of at least so many order days in the next `periods` units of time, for each account.

        `at_least` is one whole number, or one for each account. As in `interval`, the parameters are known only as far
        as the data tell.
        """
        checked_periods(periods)
        columns = self._read(as_columns(summary))
        wanted = np.array(np.broadcast_to(np.asarray(at_least, dtype=np.float64), columns[0].shape))
        (*kept, orders), back = distinct([*columns, wanted])
        return np.asarray(_averaged(self._around(), tuple(kept), orders, periods)[back])

    def simulate(
        self, *, seed: int, accounts: int = 10_000, ages: Any = None, periods: float = 0.0
    ) -> dict[str, Vector]:
        """Draw accounts that behave as the model says: a summary of each and what it orders after it.

        `ages`, one of each account or one of all, are drawn like those learned from if not given. Besides the columns
        of a summary there is `orders_ahead`: the order days in the `periods` units of time after the summary.
        """
        checked_periods(periods)
        random = np.random.default_rng(seed)
        if ages is None:
            ages = np.interp(random.random(accounts), np.linspace(0, 1, self._ages.size), self._ages)
        given = np.asarray(ages, dtype=np.float64)
        drawn = np.array(np.broadcast_to(given, (accounts,)) if given.ndim == 0 else given)
        histories = self._histories(random, drawn, periods=periods)
        return {"account": np.arange(drawn.size, dtype=np.float64), **histories}

    def _learn_forecasts(self, optimum: Optimum, ages: Vector, weight: Vector) -> None:
        """Remember how far the parameters are pinned down, and how old the accounts were."""
        self._spread = optimum.spread()
        every = -(-ages.size // AGES_LOOKED_AT)
        self._ages = _quantiles(ages[::every], weight[::every])

    def _around(self) -> list[Self]:
        """Give models with the parameters that the data leave possible, all of them equally likely."""
        directions = self._spread.T[np.linalg.norm(self._spread, axis=0) > NEGLIGIBLE_SPREAD]
        if not len(directions):
            return [self]
        reach = float(np.sqrt(len(directions)))
        return [self._at(side * reach * direction) for direction in directions for side in (-1.0, 1.0)]

    def _at(self, step: Vector) -> Self:
        other = copy.copy(self)
        moved = np.array(list(self.params_.values())) * np.exp(step)
        other.params_ = dict(zip(self.params_, moved.tolist(), strict=True))
        return other


def checked_periods(periods: float) -> float:
    """Give the length of the time ahead back if it is one; raises ValueError otherwise."""
    if not periods >= 0 or not np.isfinite(periods):
        raise ValueError(f"periods must be a number of at least 0, not {periods}")
    return periods


class _MidChance:
    """P(N > n) + P(N = n)/2 of some rows: falls from at least ½ at n = 0 towards 0."""

    def __init__(self, models: list[Any], columns: Columns, periods: float) -> None:
        self._models, self._columns, self._periods = models, columns, periods
        ladder = np.zeros((FEW_ORDERS + 2, columns[0].size))
        for model in models:
            ladder += model._ladder(columns, FEW_ORDERS + 1, periods=periods) / len(models)
        self._few = (ladder[:-1] + ladder[1:]) / 2

    def last_above(self, chance: float) -> Vector:
        """Give the last n of each row at which the chance still is above this one; −1 if it is not even at 0."""
        found: Vector = (self._few > chance).sum(axis=0) - 1.0
        many = np.flatnonzero(found == FEW_ORDERS)
        found[many] = _last_true(lambda rows, n: self._at(many[rows], n) > chance, many.size)
        return found

    def _at(self, rows: Indices, orders: Vector) -> Vector:
        columns = tuple(column[rows] for column in self._columns)
        at_least, more_than = (_averaged(self._models, columns, n, self._periods) for n in (orders, orders + 1))
        return np.asarray((at_least + more_than) / 2)


def _averaged(models: list[Any], columns: Columns, orders: Vector, periods: float) -> Vector:
    chances = np.zeros(orders.size)
    for model in models:
        chances += model._at_least(columns, np.maximum(orders, 1), periods=periods)
    return np.where(orders < 1, 1.0, np.clip(chances / len(models), 0.0, 1.0))


def _last_true(holds: Callable[[Indices, Vector], Any], rows: int) -> Vector:
    """Give the last n of each row at which a condition holds that ceases once, after FEW_ORDERS."""
    low, high = np.full(rows, float(FEW_ORDERS)), np.full(rows, 2.0 * FEW_ORDERS)
    growing = np.arange(rows)
    while growing.size:
        growing = growing[holds(growing, high[growing])]
        low[growing], high[growing] = high[growing], 2 * high[growing]
    open_ = np.flatnonzero(high - low > 1)
    while open_.size:
        middle = np.floor((low[open_] + high[open_]) / 2)
        above = holds(open_, middle)
        low[open_[above]], high[open_[~above]] = middle[above], middle[~above]
        open_ = open_[high[open_] - low[open_] > 1]
    return low


def _quantiles(values: Vector, weight: Vector) -> Vector:
    """Give evenly spaced quantiles of weighted values, from the least to the largest."""
    order = np.argsort(values)
    reached = np.cumsum(weight[order])
    places = np.searchsorted(reached, np.linspace(0, 1, AGES_KEPT) * reached[-1] * (1 - 1e-12), side="left")
    return np.asarray(values[order][np.minimum(places, values.size - 1)])
