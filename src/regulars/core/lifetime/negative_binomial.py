"""Bounds of numbers of orders that are Poisson with a gamma-distributed rate, that is, negative binomial."""

from __future__ import annotations

from typing import Any

import numpy as np

from regulars.core.lifetime.columns import Vector


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


def _last_above(distribution: Any, chance: float) -> Vector:
    """Give the last n with P(N > n) + P(N = n)/2 above a chance, −1 where there is none."""
    n = distribution.ppf(1 - chance)
    return np.asarray(n - (distribution.sf(n) + distribution.pmf(n) / 2 <= chance))
