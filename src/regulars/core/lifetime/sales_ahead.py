"""What an account that is still a customer buys in a given time: not a number but a distribution.

BG/NBD and Gamma-Gamma (see their modules), put together. After x repeat orders in an age of T, the rate of an account
that has not left is λ ~ Gamma(r+x, α+T) (Fader, Hardie & Lee 2005, appendix); so the orders N of the next t are
negative binomial. The value of each is Gamma(p, ν) with ν ~ Gamma(q+px, γ+xz) (Fader & Hardie 2013, equation 4); so the
sales of n orders, over themselves plus γ+xz, are Beta(pn, q+px):

    P(S ≤ s) = P(N = 0) + Σ_n P(N = n) · I_{s/(s+γ+xz)}(pn, q+px)

with I the regularised incomplete beta function. That an account may leave within the time is left out: the question is
what to expect of a customer that stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.special import betainc, gammaln

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

BISECTIONS = 18  # leaves an error of a few millionths of what an account has spent
SPREADS = 6.0  # numbers of orders further than this many standard deviations from the mean are not looked at


@dataclass(frozen=True, kw_only=True)
class FittedModels:
    """The parameters learned from all accounts, in weeks and units of the currency."""

    r: float
    alpha: float
    p: float
    q: float
    gamma: float

    @classmethod
    def of(cls, orders: Mapping[str, float], values: Mapping[str, float]) -> Self:
        """From the parameters of BG/NBD and of Gamma-Gamma."""
        return cls(r=orders["r"], alpha=orders["alpha"], p=values["p"], q=values["q"], gamma=values["gamma"])


class SalesAhead:
    """The sales to expect of accounts with these pasts (arrays, one entry a past) in a time of these lengths.

    `frequency`: repeat orders; `age`: since the first order; `mean_value`: of the repeat orders, anything without one;
    `periods`: the length of the time ahead. Times are in weeks.
    """

    def __init__(self, models: FittedModels, *, frequency: Any, age: Any, mean_value: Any, periods: Any) -> None:
        x, T, z, t = np.broadcast_arrays(*(np.asarray(one, float) for one in (frequency, age, mean_value, periods)))
        known = (x > 0) & (z > 0)
        self._p = models.p
        self._shape = models.r + x
        self._share = t / (models.alpha + T + t)
        self._own = models.q + models.p * np.where(known, x, 0.0)
        self._spent = models.gamma + np.where(known, x * z, 0.0)
        self._orders, self._chances = self._counts()

    @property
    def mean(self) -> Vector:
        """The expected sales; NaN where a few huge values leave the model without a mean."""
        orders = self._shape * self._share / (1 - self._share)
        with np.errstate(divide="ignore"):
            value = self._p * self._spent / (self._own - 1)
        return np.asarray(np.where(self._own > 1, orders * value, np.nan))

    def probability_up_to(self, sales: Any) -> Vector:
        """The chance of sales of at most this; for nothing or less, the chance of no order."""
        bought = np.maximum(np.asarray(sales, float), 0.0)
        return self._at(bought / (bought + self._spent))

    def quantile(self, chance: float) -> Vector:
        """The sales that are not exceeded with this chance; 0 where even no order is likelier."""
        low, high = np.zeros_like(self._spent), np.ones_like(self._spent)
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            below = self._at(middle) < chance
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        none = self._at(np.zeros_like(self._spent)) >= chance
        part = (low + high) / 2
        return np.asarray(np.where(none, 0.0, self._spent * part / (1 - part)))

    def _at(self, part: Vector) -> Vector:
        """P(S ≤ s), where s/(s+γ+xz) is `part`."""
        below = betainc(self._p * np.maximum(self._orders, 1), self._own, part)
        below = np.where(self._orders == 0, 1.0, below)
        return np.asarray((self._chances * below).sum(axis=0))

    def _counts(self) -> tuple[Vector, Vector]:
        """Numbers of orders that are not out of the question, down the first axis, and the chance of each."""
        mean = self._shape * self._share / (1 - self._share)
        spread = np.sqrt(mean / (1 - self._share))
        least = np.maximum(np.floor(mean - SPREADS * spread), 0.0)
        width = int(np.max(mean + SPREADS * spread + 10 - least, initial=0.0)) + 1
        orders = least + np.arange(width).reshape(-1, *[1] * mean.ndim)
        logs = (
            gammaln(self._shape + orders)
            - gammaln(self._shape)
            - gammaln(orders + 1)
            + self._shape * np.log1p(-self._share)
            + orders * np.log(np.maximum(self._share, 1e-300))
        )
        chances = np.exp(logs)
        return orders, chances / chances.sum(axis=0)
