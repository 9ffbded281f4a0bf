"""What an account is worth: the orders to come, discounted, times what one is worth; and bounds of its sales.

*Discounted expected transactions.* With E(u) the orders to expect in the next u and the yearly rate i, money that comes
after u years counts (1+i)^-u of money today, so with δ = ln(1+i) per unit of time and a horizon of h

    DET = ∫₀ʰ e^(-δu) dE(u) = e^(-δh) E(h) + δ ∫₀ʰ e^(-δu) E(u) du

by parts, the integral by Gauss-Legendre in √u, since E grows fastest at first. For h → ∞ and Pareto/NBD this is the
discounted expected residual transactions of Fader, Hardie & Lee ("RFM and CLV: Using Iso-Value Curves for Customer Base
Analysis", *Journal of Marketing Research* 42, 2005, equation 2). A horizon is stated because of what lies beyond ten
years no data of a firm tell anything. E is unconditional: whether the account is still there is in it.

*Margin.* Where cost is known of n orders, an account's own margin share m is pulled to the firm's μ by how much shares
differ between accounts (τ²) against how much they vary from order to order (σ²):

    share = (n τ² m + σ² μ) / (n τ² + σ²)

(Efron & Morris, *Journal of the American Statistical Association* 70, 1975), τ² and σ² from the moments of (m-μ)²,
which is τ² + σ²/n on average.

*Sales of a single account* are a random number of orders of random value. With the values of Gamma-Gamma (Fader &
Hardie 2013, symbols as in `gamma_gamma`)

    P(S ≤ s) = P(N = 0) + Σ_n P(N = n) · I_{s/(s+γ+xz)}(pn, q+px)

with I the regularised incomplete beta function, P(N = n) from the model of orders, uncertain parameters included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.special import betainc

from regulars.core.lifetime.columns import Vector, as_columns
from regulars.core.lifetime.forecasts import checked_periods

NODES = 12
LEAST_KNOWN = 10  # accounts whose cost is known, below which all have the firm's share
BISECTIONS = 40
NEGLIGIBLE_CHANCE = 1e-6
MOST_ORDERS = 4096


def mean_expected_orders(models: Sequence[Any], summary: Any, *, periods: float) -> Vector:
    """Give the mean of what fitted models expect of each account."""
    return np.asarray(np.mean([model.expected_orders(summary, periods=periods) for model in models], axis=0))


def discounted_orders(
    models: Sequence[Any], summary: Any, *, periods: float, yearly_rate: float, year: float
) -> Vector:
    """Give the order days to expect of each account in the next `periods`, later ones counting for less.

    `year` is the length of a year in the unit of time of the models; 0.1 as `yearly_rate` is 10 %.
    """
    checked_periods(periods)
    if not yearly_rate > -1:
        raise ValueError(f"yearly_rate must be more than -1, not {yearly_rate}")
    table = as_columns(summary)
    decay = np.log1p(yearly_rate) / year
    total = np.exp(-decay * periods) * mean_expected_orders(models, table, periods=periods)
    if decay == 0 or periods == 0:
        return np.asarray(total)
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    root, share = (nodes + 1) / 2, weights / 2
    for at, step in zip(periods * root**2, 2 * periods * root * share, strict=True):
        total = total + decay * step * np.exp(-decay * at) * mean_expected_orders(models, table, periods=float(at))
    return np.asarray(total)


@dataclass(frozen=True, kw_only=True)
class MarginShares:
    """What share of their sales accounts leave as margin: `firm` on average, and how far to believe a single one."""

    firm: float
    between: float  # τ²
    within: float  # σ²

    @classmethod
    def learn(cls, *, sales: Any, margin: Any, orders: Any) -> Self | None:
        """Learn from the sales of accounts whose cost is known, the margin on them, and the orders they came from.

        NaN or 0 where nothing is known; None if nothing is known of anybody.
        """
        sold, earned, n = (np.nan_to_num(np.asarray(one, float)) for one in (sales, margin, orders))
        known = (sold > 0) & (n > 0)
        if not known.any():
            return None
        firm = float(earned[known].sum() / sold[known].sum())
        if known.sum() < LEAST_KNOWN:
            return cls(firm=firm, between=0.0, within=1.0)
        between, within = _spread_of_shares(earned[known] / sold[known] - firm, n[known])
        return cls(firm=firm, between=between, within=within)

    def of(self, *, sales: Any, margin: Any, orders: Any) -> Vector:
        """Give the share of each account: its own experience, pulled to the firm's where it is short."""
        sold, earned, n = (np.nan_to_num(np.asarray(one, float)) for one in (sales, margin, orders))
        known = (sold > 0) & (n > 0)
        own = np.where(known, earned / np.where(known, sold, 1.0), self.firm)
        pull = np.where(known, n, 0.0) * self.between
        return np.asarray((pull * own + self.within * self.firm) / (pull + self.within))


def _spread_of_shares(apart: Vector, n: Vector) -> tuple[float, float]:
    """Give τ² and σ² from deviations whose squares are τ² + σ²/n on average; neither can be negative."""
    squared, inverse = apart**2, 1 / n
    slope = 0.0
    if np.ptp(inverse) > 0:
        covariance = np.cov(inverse, squared, aweights=n)  # by n: a share of many orders tells more
        slope = covariance[0, 1] / covariance[0, 0]
    within = float(np.clip(slope, 0.0, np.average(squared, weights=n) / np.average(inverse, weights=n)))
    return max(float(np.average(squared - within * inverse, weights=n)), 0.0), max(within, 1e-12)


def sales_bounds(
    models: Sequence[Any],
    account: Any,
    *,
    periods: float,
    order_value: float,
    values: Mapping[str, float],
    level: float = 0.9,
) -> tuple[float, float]:
    """Give the least and the most sales to expect of one account in the next `periods`, which hold with this chance.

    `account` is a summary of one row, `order_value` what its next orders are worth on average, `values` the parameters
    of Gamma-Gamma. The least is 0 where no order at all is not out of the question.
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
    table = {name: np.asarray(column, float)[:1] for name, column in _rows(account).items()}
    chances = _chances_of_counts(models, table, checked_periods(periods))
    p = values["p"]
    own = values["q"] + p * float(table["frequency"][0])
    spent = order_value * max(own - 1, values["q"] * 1e-3) / p
    orders = np.arange(1, chances.size)

    def reached(part: float) -> float:
        return float(chances[0] + chances[1:] @ betainc(p * orders, own, part))

    outside = (1 - level) / 2
    return _quantile(reached, outside, spent), _quantile(reached, 1 - outside, spent)


def _rows(account: Any) -> dict[str, Any]:
    return {name: account[name] for name in ("frequency", "recency", "age")}


def _chances_of_counts(models: Sequence[Any], table: dict[str, Vector], periods: float) -> Vector:
    """Give P(N = n) for n = 0, 1, ... as far as it matters."""
    most = 16
    while True:
        asked = np.arange(1, most + 1)
        rows = {name: np.repeat(column, most) for name, column in table.items()}
        at_least = np.mean([one.probability_of_orders(rows, periods=periods, at_least=asked) for one in models], axis=0)
        if at_least[-1] < NEGLIGIBLE_CHANCE or most >= MOST_ORDERS:
            break
        most *= 4
    chances = -np.diff(np.concatenate([[1.0], at_least, [0.0]]))
    return np.asarray(np.maximum(chances, 0.0))


def _quantile(reached: Any, chance: float, spent: float) -> float:
    if reached(0.0) >= chance:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if reached(middle) < chance else (low, middle)
    return spent * high / (1 - high) if high < 1 else float("inf")
