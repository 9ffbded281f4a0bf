"""What dated signals say: how they fade, how they move a chance, and what weight a kind deserves by what came of it.

A signal has a *weight*, the logarithm of the factor by which it multiplies the odds of what it announces. Weights of
independent evidence add up (naive Bayes). Methods: `docs/methods/signals.md`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]
    Places = NDArray[np.int64]

WEIGHT_OF_A_POINT = 0.3
"""Each point of strength multiplies the odds by e^0.3 = 1.35, the strongest signal (5) by 4.5."""

REPEATED = 0.5
"""What a further signal of the same kind adds, against the one before it: the second half, the third a quarter."""

PRIOR_SPREAD = 0.5
"""Standard deviation of the true weights of a kind around its default, as believed before anything was observed."""

LIVE_HALF_LIVES = 3
"""A signal lives for so many half-lives: an eighth of its weight is left then, and it counts no more."""


def usual_weight(strength: float) -> float:
    """The weight of a fresh signal of this strength, as long as nothing is known of what its kind leads to."""
    return WEIGHT_OF_A_POINT * strength


def share_left(age_days: Vector, half_life_days: Vector) -> Vector:
    """What is left of a signal's weight after so many days: 1 when it is new, 0 once it lives no more."""
    ages = np.maximum(np.asarray(age_days, float), 0.0) / half_life_days
    return np.where(ages <= LIVE_HALF_LIVES, 0.5**ages, 0.0)


def together(accounts: Places, kinds: Places, weights: Vector, *, size: int) -> Vector:
    """The sum of weights of each of `size` accounts (places from 0), signals of one kind with falling effect.

    Three complaints are more than one, but not three times the news: by weight, each counts `REPEATED` of the one
    before it.
    """
    if not accounts.size:
        return np.zeros(size)
    order = np.lexsort((-weights, kinds, accounts))
    sorted_accounts, sorted_kinds = accounts[order], kinds[order]
    first = np.ones(order.size, bool)
    first[1:] = (sorted_accounts[1:] != sorted_accounts[:-1]) | (sorted_kinds[1:] != sorted_kinds[:-1])
    starts = np.maximum.accumulate(np.where(first, np.arange(order.size), 0))
    falling = REPEATED ** (np.arange(order.size) - starts)
    return np.bincount(sorted_accounts, weights=weights[order] * falling, minlength=size).astype(np.float64)


def moved(chance: Vector, weight: Vector) -> Vector:
    """The chance after evidence of this weight: its odds times e^weight. NaN stays NaN."""
    kept = np.clip(chance, 1e-9, 1 - 1e-9)
    odds = kept / (1 - kept) * np.exp(weight)
    return np.where(np.asarray(weight) == 0, chance, odds / (1 + odds))


# Learning


@dataclass(frozen=True, kw_only=True)
class Compared:
    """What became of accounts with a signal and of such without it, stratum by stratum; one entry each."""

    events: Vector
    others: Vector
    events_without: Vector
    others_without: Vector


@dataclass(frozen=True, kw_only=True)
class LogOdds:
    """An estimated weight with its variance."""

    value: float
    variance: float


def common_log_odds(tables: Compared) -> LogOdds | None:
    """The logarithm of the odds ratio common to all strata, or None where the tables say nothing.

    Mantel and Haenszel (1959), variance of Robins, Breslow and Greenland (1986, Biometrics 42:311-323, equation 2).
    """
    a, b, c, d = tables.events, tables.others, tables.events_without, tables.others_without
    n = a + b + c + d
    told = n > 0
    a, b, c, d, n = a[told], b[told], c[told], d[told], n[told]
    r, s = a * d / n, b * c / n
    r_sum, s_sum = float(r.sum()), float(s.sum())
    if r_sum <= 0 or s_sum <= 0:
        return None
    p, q = (a + d) / n, (b + c) / n
    variance = (
        float((p * r).sum()) / (2 * r_sum**2)
        + float((p * s + q * r).sum()) / (2 * r_sum * s_sum)
        + float((q * s).sum()) / (2 * s_sum**2)
    )
    return LogOdds(value=math.log(r_sum / s_sum), variance=variance)


def shrunk(observed: LogOdds | None, *, default: float, spread: float = PRIOR_SPREAD) -> LogOdds:
    """What is believed of a weight after seeing it: between its default and what was observed, by their certainty.

    Normal prior around the default with the standard deviation `spread`, normal likelihood: the weights of the two are
    the inverse variances. Without observations: the default.
    """
    if observed is None or observed.variance <= 0:
        return LogOdds(value=default, variance=spread**2)
    certainty, seen = 1 / spread**2, 1 / observed.variance
    value = (default * certainty + observed.value * seen) / (certainty + seen)
    return LogOdds(value=value, variance=1 / (certainty + seen))
