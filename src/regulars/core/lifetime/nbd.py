"""NBD: accounts that order at random at their own steady rate and never leave.

Ehrenberg, "The Pattern of Consumer Purchases", *Applied Statistics* 8(1), 1959; with an age of its own for each account
as in Schmittlein, Morrison & Colombo, *Management Science* 33(1), 1987, of whose Pareto/NBD it is the case in which no
account leaves. λ ~ Gamma(r, α). It is the yardstick: where a model with leaving does not beat it, nobody leaves.

Symbols: `x` repeat orders, `T` age. The likelihood of an account's order days is

    L = Γ(r+x)/Γ(r) · αʳ (α+T)^-(r+x),

which compares with those of the models with leaving (the chance of x orders, whenever they came, has T^x/x! besides).
Orders N in the next t are negative binomial, of mean (r+x)/(α+T)·t, and

    P(N ≥ n) = I_{t/(α+T+t)}(n, r+x)

with I the regularised incomplete beta function.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import betainc

from regulars.core.lifetime.columns import Vector, as_columns, blocks, collapse, read_weight
from regulars.core.lifetime.forecasts import Columns, checked_periods
from regulars.core.lifetime.maximum_likelihood import Derivatives, Matrix, Optimum, in_logs, maximise
from regulars.core.lifetime.order_day_models import OrderDayModel
from regulars.core.lifetime.order_days import demand_repeaters, more_than, read_order_days
from regulars.core.notes import gettext_noop

STARTS = [(0.5, 0.5), (3.0, 1.0), (0.1, 0.05), (30.0, 10.0)]


class NBD(OrderDayModel):
    """NBD by maximum likelihood. Time is in any unit, the same for `fit` and for questions."""

    names = ("r", "alpha")
    times = ("alpha",)
    bound_notes: ClassVar[dict[tuple[str, int], str]] = {
        ("r", 1): gettext_noop("All accounts order at practically the same rate."),
        ("r", -1): gettext_noop("The rates at which accounts order differ beyond what the model can express."),
        ("alpha", 1): gettext_noop("All accounts order at practically the same rate."),
        ("alpha", -1): gettext_noop("Accounts order so often that the time of a single order tells nothing."),
    }

    def probability_alive(self, summary: Any) -> Vector:
        """Give 1 for each account: none leaves in this model."""
        x, _, _ = read_order_days(as_columns(summary))
        return np.ones(x.size)

    def expected_orders(self, summary: Any, *, periods: float) -> Vector:
        """Give the order days to expect of each account in the next `periods` units of time."""
        r, alpha = self.params_.values()
        x, _, T = read_order_days(as_columns(summary))
        return np.asarray((r + x) / (alpha + T) * checked_periods(periods))

    def expected_orders_if_alive(self, summary: Any, *, periods: float) -> Vector:
        """Give the order days to expect in the next `periods` units of time: the same, as none leaves."""
        return self.expected_orders(summary, periods=periods)

    def expected_orders_new(self, periods: float) -> float:
        """Give the repeat order days to expect of a new account in its first `periods` units of time."""
        r, alpha = self.params_.values()
        return r / alpha * checked_periods(periods)

    def _read(self, table: Any) -> Columns:
        x, _, T = read_order_days(table)
        return x, T

    def _statistics(self, table: Any) -> Statistics:
        x, T = self._read(table)
        weight = read_weight(table, x.size)
        demand_repeaters(x, weight)
        return Statistics.of(x, T, weight)

    def _at_least(self, columns: Columns, orders: Vector, *, periods: float) -> Vector:
        x, T = columns
        r, alpha = self.params_.values()
        return np.asarray(betainc(orders, r + x, periods / (alpha + T + periods)))

    def _ladder(self, columns: Columns, last: int, *, periods: float) -> Matrix:
        x, T = columns
        r, alpha = self.params_.values()
        return at_least(chances_of_counts(r + x, np.log1p(periods / (alpha + T)), last))

    def _histories(self, random: np.random.Generator, ages: Vector, *, periods: float) -> dict[str, Vector]:
        r, alpha = self.params_.values()
        rate = random.gamma(r, 1 / alpha, ages.size)
        x = random.poisson(rate * ages).astype(np.float64)
        last = ages * random.random(ages.size) ** (1 / np.maximum(x, 1))  # the largest of x uniform times
        ahead = random.poisson(rate * periods).astype(np.float64)
        return {"frequency": x, "recency": np.where(x > 0, last, 0.0), "age": ages, "orders_ahead": ahead}


def chances_of_counts(shape: Vector, growth: Vector, count: int) -> Matrix:
    """Give P(N = n) for n = 0 ... count-1 down the first axis, of orders in a time u at a rate of Gamma(R, A).

    `growth` is ln(1 + u/A): P(0) = (1 + u/A)^-R, P(n+1)/P(n) = (R+n)/(n+1) · u/(A+u).
    """
    part = -np.expm1(-growth)
    chances = np.empty((count, shape.size))
    chances[0] = np.exp(-shape * growth)
    for n in range(count - 1):
        np.multiply(chances[n], (shape + n) / (n + 1) * part, out=chances[n + 1])
    return chances


def at_least(chances: Matrix) -> Matrix:
    """Give P(N ≥ n) for n = 0 ... as many as there are chances P(N = n)."""
    below = np.concatenate([np.zeros((1, chances.shape[1])), np.cumsum(chances, axis=0)])
    return np.asarray(np.maximum(1 - below, 0.0))


@dataclass(frozen=True)
class Statistics:
    """All that the likelihood needs, in units of time in which ages are near 1."""

    scale: float
    accounts: float
    orders: float
    more_than: Vector  # more_than[k]: accounts with more than k repeat orders
    T: Vector  # the different ages ...
    weight: Vector  # ... and how many accounts have them
    ordered: Vector  # ... and the repeat orders of those

    @classmethod
    def of(cls, x: Vector, T: Vector, weight: Vector) -> Statistics:
        """From the rows of a summary."""
        kept = weight > 0
        scale = float(np.average(T, weights=weight))
        (age, of_x), weight = collapse([T[kept] / scale, x[kept]], weight[kept])
        return cls(
            scale, float(weight.sum()), float(of_x @ weight), more_than(of_x, weight), age, weight, weight * of_x
        )

    def maximise(self) -> Optimum:
        """Give the optimum."""
        return maximise(self.derivatives, [np.log(start) for start in STARTS], accounts=self.accounts)

    def ages(self) -> tuple[Vector, Vector]:
        """Give how old the accounts are and how many."""
        return self.T * self.scale, self.weight

    def derivatives(self, logs: Vector) -> Derivatives:
        """Give the log-likelihood with its derivatives by the logarithms of (r, α)."""
        params = np.exp(logs)
        r, alpha = params.tolist()
        rate = 1 / (r + np.arange(self.more_than.size))
        sums = np.sum([self._sums(alpha, rows) for rows in blocks(self.T.size)], axis=0)
        grown, left, share, span, bent, squared = sums.tolist()
        value = -float(self.more_than @ np.log(rate)) - r * grown - left
        gradient = np.array([self.more_than @ rate - grown, r / alpha * share - span])
        mixed = share / alpha
        hessian = np.array([[-(self.more_than @ rate**2), mixed], [mixed, squared - r / alpha * bent]])
        return in_logs(params, value, gradient, hessian)

    def _sums(self, alpha: float, rows: slice) -> Vector:
        """Sum over some rows what depends on their ages: ln(1+T/α), x ln(α+T), T/(α+T), x/(α+T), ..."""
        T, weight, ordered = self.T[rows], self.weight[rows], self.ordered[rows]
        span = 1 / (alpha + T)
        share = T * span
        return np.array(
            [
                weight @ np.log1p(T / alpha),
                ordered @ np.log(alpha + T),
                weight @ share,
                ordered @ span,
                weight @ (share * (span + 1 / alpha)),
                ordered @ span**2,
            ]
        )
