"""Pareto/NBD: accounts that order at random while they live, and leave at a random time, unseen.

Schmittlein, Morrison & Colombo, "Counting Your Customers: Who Are They and What Will They Do Next?", *Management
Science* 33(1), 1987; derived in Fader & Hardie, "A Note on Deriving the Pareto/NBD Model and Related Expressions",
2005. An account orders at its own rate λ until it leaves, at its own rate μ; λ ~ Gamma(r, α),
μ ~ Gamma(s, β), independent.

Symbols of the papers: `x` repeat orders, `t_x` recency, `T` age. An account is alive at T, or has left at some time y
between t_x and T, so its likelihood is, before the integral is solved by a hypergeometric function,

    L = Γ(r+x)/Γ(r) αʳ βˢ · [ (α+T)^-(r+x) (β+T)^-s + s ∫_{t_x}^{T} (α+y)^-(r+x) (β+y)^-(s+1) dy ].

Here the integral up to T is the one to infinity less the one from T, and the latter is joined with the first term by
integration by parts. With R = r+x that leaves two terms, both positive, one of t_x alone and one of T alone:

    L = Γ(r+x)/Γ(r) αʳ βˢ · [ e^U + e^V ],
    U = ln s ∫_{t_x}^∞ (α+y)^-R (β+y)^-(s+1) dy,      V = ln R ∫_T^∞ (α+y)^-(R+1) (β+y)^-s dy:

seen from t_x, it leaves before its next order; seen from T, it would order again before it left. For one x they
are smooth functions of one time, so U, V and their derivatives are integrated exactly at some twenty Chebyshev points
in ln(y + min(α, β)), and a row costs two short series. No hypergeometric function, no difference of large numbers.

The integrals run over ln(y - t): their integrands are analytic between two exponential tails, where the trapezoidal
rule converges exponentially; ln(y - t) = 3 sinh(ξ/3) brings far tails near.

P(alive) = (α+T)^-R (β+T)^-s / (e^U + e^V) (equations 11-13 of 1987). To expect in the next t (equation 22) are

    E = P(alive) · R/(α+T) · ∫_0^t (1 + u/(β+T))^-s du,

the integral being written so that nothing special happens at s = 1.
"""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

import numpy as np
from scipy.special import betaln, expit, exprel

from regulars.core.lifetime.columns import Vector, as_columns, pieces, read_weight
from regulars.core.lifetime.forecasts import Columns, checked_periods
from regulars.core.lifetime.maximum_likelihood import Matrix
from regulars.core.lifetime.nbd import at_least, chances_of_counts
from regulars.core.lifetime.order_day_models import OrderDayModel
from regulars.core.lifetime.order_days import demand_repeaters, read_order_days
from regulars.core.lifetime.pareto_nbd_curves import values_of_rows
from regulars.core.lifetime.pareto_nbd_integrals import again_integral, left_integral
from regulars.core.lifetime.pareto_nbd_likelihood import Statistics
from regulars.core.notes import gettext_noop


class ParetoNBD(OrderDayModel):
    """Pareto/NBD by maximum likelihood. Time is in any unit, the same for `fit` and for questions."""

    names = ("r", "alpha", "s", "beta")
    times = ("alpha", "beta")
    bound_notes: ClassVar[dict[tuple[str, int], str]] = {
        ("r", 1): gettext_noop("All accounts order at practically the same rate."),
        ("r", -1): gettext_noop("The rates at which accounts order differ beyond what the model can express."),
        ("alpha", 1): gettext_noop("All accounts order at practically the same rate."),
        ("alpha", -1): gettext_noop("Accounts order so often that the time of a single order tells nothing."),
        ("s", 1): gettext_noop("All accounts leave at practically the same rate."),
        ("s", -1): gettext_noop("Practically no account leaves for good in this history."),
        ("beta", 1): gettext_noop("All accounts leave at practically the same rate, or none leaves."),
        ("beta", -1): gettext_noop("A part of the accounts leaves practically at once."),
    }

    def probability_alive(self, summary: Any) -> Vector:
        """Give the chance that each account still is a customer at its age."""
        return self._probability_alive(*read_order_days(as_columns(summary)))

    def expected_orders(self, summary: Any, *, periods: float) -> Vector:
        """Give the order days to expect of each account in the next `periods` units of time."""
        x, t_x, T = read_order_days(as_columns(summary))
        return self._probability_alive(x, t_x, T) * self._expected_if_alive(x, T, periods=periods)

    def expected_orders_if_alive(self, summary: Any, *, periods: float) -> Vector:
        """Give the order days to expect in the next `periods` units of time if the account has not left yet."""
        x, _, T = read_order_days(as_columns(summary))
        return self._expected_if_alive(x, T, periods=periods)

    def expected_orders_new(self, periods: float) -> float:
        """Give the repeat order days to expect of a new account in its first `periods` units of time."""
        return float(self._expected_if_alive(np.zeros(1), np.zeros(1), periods=periods)[0])

    def _read(self, table: Any) -> Columns:
        return read_order_days(table)

    def _statistics(self, table: Any) -> Statistics:
        x, t_x, T = read_order_days(table)
        weight = read_weight(table, x.size)
        demand_repeaters(x, weight)
        return Statistics.of(x, t_x, T, weight)

    def _probability_alive(self, x: Vector, t_x: Vector, T: Vector) -> Vector:
        r, alpha, s, beta = self.params_.values()
        left = values_of_rows(lambda of_x, t: left_integral(r + of_x, alpha + t, s, beta + t), x, t_x, min(alpha, beta))
        again = values_of_rows(lambda of_x, t: again_integral(r + of_x, alpha + t, s, beta + t), x, T, min(alpha, beta))
        here = -(r + x) * np.log(alpha + T) - s * np.log(beta + T)
        return np.asarray(np.exp(np.minimum(here - np.logaddexp(left, again), 0.0)))

    def _expected_if_alive(self, x: Vector, T: Vector, *, periods: float) -> Vector:
        r, alpha, s, beta = self.params_.values()
        growth = np.log1p(checked_periods(periods) / (beta + T))
        return np.asarray((r + x) / (alpha + T) * (beta + T) * growth * exprel((1 - s) * growth))

    def _at_least(self, columns: Columns, orders: Vector, *, periods: float) -> Vector:
        x, t_x, T = columns
        r, alpha, s, beta = self.params_.values()
        chances = np.empty(x.size)
        for rows in pieces(x.size, REACHED_ROWS):
            chances[rows] = _reached(orders[rows], r + x[rows], alpha + T[rows], s, beta + T[rows], periods)
        return self._probability_alive(x, t_x, T) * chances

    def _ladder(self, columns: Columns, last: int, *, periods: float) -> Matrix:
        x, t_x, T = columns
        r, alpha, s, beta = self.params_.values()
        ladder = np.empty((last + 1, x.size))
        for rows in pieces(x.size, REACHED_ROWS):
            chances = _chances_if_alive(r + x[rows], alpha + T[rows], s, beta + T[rows], periods, last)
            ladder[:, rows] = at_least(chances)
        ladder *= self._probability_alive(x, t_x, T)
        ladder[0] = 1
        return ladder

    def _histories(self, random: np.random.Generator, ages: Vector, *, periods: float) -> dict[str, Vector]:
        r, alpha, s, beta = self.params_.values()
        rate = random.gamma(r, 1 / alpha, ages.size)
        end = random.exponential(1.0, ages.size) / np.maximum(random.gamma(s, 1 / beta, ages.size), 1e-300)
        lived = np.minimum(end, ages)
        x = random.poisson(rate * lived).astype(np.float64)
        last = lived * random.random(ages.size) ** (1 / np.maximum(x, 1))  # the largest of x uniform times
        ahead = random.poisson(rate * np.clip(end - ages, 0.0, periods)).astype(np.float64)
        return {"frequency": x, "recency": np.where(x > 0, last, 0.0), "age": ages, "orders_ahead": ahead}


# The number of orders to come


REACHED_ROWS = 1024
LIFETIMES = 20
LEGENDRE_NODES = 32
FALLEN = 20.0


def _chances_if_alive(shape: Vector, scale: Vector, s: float, life: Vector, periods: float, count: int) -> Matrix:
    """Give P(N = n), n = 0 ... count-1, of accounts alive now, by how long they stay, at most `periods`.

    The chance z² of having left by then runs over Gauss-Legendre nodes in z: the counts change fastest early.
    """
    leaves = -np.expm1(-s * np.log1p(periods / life))
    chances = (1 - leaves) * chances_of_counts(shape, np.log1p(periods / scale), count)
    for z, weight in zip(*_legendre(LIFETIMES), strict=True):
        stay = np.minimum(life * np.expm1(-np.log1p(-(z**2) * leaves) / s), periods)
        chances += (2 * z * weight) * leaves * chances_of_counts(shape, np.log1p(stay / scale), count)
    return chances


def _reached(n: Vector, shape: Vector, scale: Vector, s: float, life: Vector, periods: float) -> Vector:
    """Give P(N ≥ n) of accounts alive now, with λ ~ Gamma(R, A) (`shape`, `scale`) and μ ~ Gamma(s, B) (s, `life`).

    The n-th order comes at u with density Γ(R+n)/(Γ(R) Γ(n)) A^R u^(n-1) (A+u)^-(R+n), and is still given with chance
    (1 + u/B)^-s. In l = ln(u/A) the logarithm of the product is concave: 32 Gauss-Legendre nodes where it counts.
    """
    if periods == 0:
        return np.zeros(n.size)
    end, apart = np.log(periods / scale), np.log(scale / life)

    def log_density(l: Any) -> Any:  # noqa: E741
        return n * l - (shape + n) * np.logaddexp(0, l) - s * np.logaddexp(0, l + apart)

    def slope(l: Any) -> Any:  # noqa: E741
        return n - (shape + n) * expit(l) - s * expit(l + apart)

    peak = np.minimum(_peak(n, shape, s, apart), end)
    lowest = log_density(peak) - FALLEN
    spread = np.sqrt(1 / n + 1 / (shape + s))
    low, high = peak - 6 * spread - FALLEN / n, np.minimum(peak + 6 * spread + FALLEN / (shape + s), end)
    for _ in range(4):  # Newton on a concave function comes from outside
        low = low + (lowest - log_density(low)) / slope(low)
        back = np.minimum(slope(high), -1e-12)
        high = np.minimum(np.where(log_density(high) < lowest, high + (lowest - log_density(high)) / back, high), end)
    at, weight = _legendre(LEGENDRE_NODES)
    logs = log_density(low + (high - low) * at[:, np.newaxis]) - betaln(n, shape)
    return np.asarray(np.clip((high - low) * (weight @ np.exp(logs)), 0.0, 1.0))


def _peak(n: Vector, shape: Vector, s: float, apart: Vector) -> Vector:
    """Give the l at which n = (R+n)·σ(l) + s·σ(l + apart), σ the logistic function: by bisection between bounds."""
    high = np.log(n / shape)
    low = np.minimum(np.log(n / (shape + 2 * s)), -np.log1p((shape + 2 * s) / n) - np.maximum(apart, 0))
    for _ in range(12):
        middle = (low + high) / 2
        above = (shape + n) * expit(middle) + s * expit(middle + apart) < n
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.asarray((low + high) / 2)


@cache
def _legendre(count: int) -> tuple[Vector, Vector]:
    """Give nodes and weights for an integral from 0 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return (1 + nodes) / 2, weights / 2
