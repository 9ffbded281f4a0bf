"""Numbers of orders that are Poisson with a gamma-distributed rate, that is, negative binomial: bounds and chances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.optimize import minimize
from scipy.special import betainc, gammaln

from regulars.core.lifetime.columns import Vector, distinct

FARTHEST_LOG = 10.0  # of a shape
MOST_ACCOUNTS = 50_000
MOST_EXACT = 20_000
SHARED_LOG = 0.002


@dataclass(frozen=True)
class Spread:
    """How far the orders that come lie from those expected: negative binomial of shape e^(level + slope · ln mean).

    The variance is mean + mean²/shape.
    """

    level: float
    slope: float

    @classmethod
    def of(cls, mean: Vector, came: Vector) -> Self:
        """Give the spread under which what came is most probable; of very many accounts a part tells it."""
        step = -(-mean.size // MOST_ACCOUNTS)
        mean, came = mean[::step], came[::step]

        def loss(coefficients: Vector) -> float:
            shape = cls(float(coefficients[0]), float(coefficients[1])).shape(mean)
            logs = gammaln(shape + came) - gammaln(shape) - shape * np.log1p(mean / shape)
            return -float(np.mean(logs + came * (np.log(mean) - np.log(shape + mean))))

        found = minimize(loss, np.zeros(2), method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-7})
        return cls(float(found.x[0]), float(found.x[1]))

    def shape(self, mean: Vector) -> Vector:
        """Give the shape that belongs to each mean."""
        return np.exp(np.clip(self.level + self.slope * np.log(mean), -FARTHEST_LOG, FARTHEST_LOG))

    def bounds(self, mean: Vector, *, level: float, learned_mean: Vector | None = None) -> tuple[Vector, Vector]:
        """Give the least and the most orders of each account, with chance `level`, both included.

        For another time ahead than the spread was learned about, `learned_mean` is what is expected in that one: an
        account's rate is not known any better for being looked at for longer, so its shape stays. Of very many
        accounts, those whose means differ by less than a five-hundredth share their bounds.
        """
        by = mean if learned_mean is None else learned_mean
        if mean.size <= MOST_EXACT:
            return order_bounds(self.shape(by), mean, level=level)
        steps = np.rint(np.log([mean, by]) / SHARED_LOG)
        (mean_steps, by_steps), place = distinct(list(steps))
        shape = self.shape(np.exp(by_steps * SHARED_LOG))
        low, high = order_bounds(shape, np.exp(mean_steps * SHARED_LOG), level=level)
        return low[place], high[place]

    def chances(self, mean: Vector, at_least: Any, *, learned_mean: Vector | None = None) -> Vector:
        """Give the chance of at least so many orders of each account; `learned_mean` as in `bounds`."""
        return chance_of_orders(self.shape(mean if learned_mean is None else learned_mean), mean, at_least)


def order_bounds(shape: Vector, mean: Vector, *, level: float) -> tuple[Vector, Vector]:
    """Give the least and the most orders of each account, with chance `level`, both included.

    A bound is the last number whose mid-distribution function lies within the level, as `forecasts` explains.
    """
    from scipy.stats import nbinom  # a third of a second that only those who ask pay

    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
    distribution = nbinom(shape, shape / (shape + mean))
    upper = np.maximum(_last_above(distribution, (1 - level) / 2), 0.0)
    lower = np.minimum(_last_above(distribution, (1 + level) / 2) + 1, upper)
    return lower, upper


def chance_of_orders(shape: Vector, mean: Vector, at_least: Any) -> Vector:
    """Give P(N ≥ at_least), one whole number or one an account: the regularised incomplete beta function."""
    wanted = np.broadcast_to(np.asarray(at_least, dtype=np.float64), mean.shape)
    return np.where(wanted < 1, 1.0, betainc(np.maximum(wanted, 1.0), shape, mean / (shape + mean)))


def _last_above(distribution: Any, chance: float) -> Vector:
    """Give the last n with P(N > n) + P(N = n)/2 above a chance, −1 where there is none."""
    n = distribution.ppf(1 - chance)
    return np.asarray(n - (distribution.sf(n) + distribution.pmf(n) / 2 <= chance))
