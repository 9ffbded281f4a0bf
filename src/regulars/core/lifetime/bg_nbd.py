"""BG/NBD: the beta-geometric/negative binomial distribution model of repeat orders.

Fader, Hardie & Lee, "'Counting Your Customers' the Easy Way: An Alternative to the Pareto/NBD Model",
*Marketing Science* 24(2), 2005. An account orders at random at its own rate λ while it is alive, and after each repeat
order leaves for good with its own chance p; λ ~ Gamma(r, α), p ~ Beta(a, b).

Symbols of the paper: `x` repeat orders, `t_x` recency, `T` age. The likelihood of an account (equation 6) is

    L = B(a, b+x)/B(a, b) · Γ(r+x) αʳ/Γ(r) · [ (α+T)^-(r+x) + δ(x>0) a/(b+x-1) · (α+t_x)^-(r+x) ]

As x is an integer, Γ(r+x)/Γ(r) = Π_{k<x} (r+k) and B(a, b+x)/B(a, b) = Π_{k<x} (b+k)/(a+b+k): summed over
accounts only `more_than[k]`, the number of accounts with more than k repeat orders, is needed, and no difference of
large numbers arises.

The expectation (equation 10) is usually written with a hypergeometric function that is 0/0 at a = 1 and undefined where
a + b + x ≤ 1. Here it is the integral it came from: given that the account is alive, p ~ Beta(a, b+x),
λ ~ Gamma(r+x, α+T), and E[orders in t | λ, p] = (1 - exp(-λpt))/p, so with τ = t/(α+T)

    E[orders in t | alive] = E_p[ (1 - (1 + pτ)^-(r+x)) / p ],

whose integrand is positive and finite everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from scipy.special import expit, log_expit

from regulars.core.lifetime.columns import (
    UnusableSummary,
    Vector,
    as_columns,
    blocks,
    collapse,
    read_columns,
    read_weight,
)
from regulars.core.lifetime.maximum_likelihood import (
    SAMPLE_ROWS,
    Derivatives,
    Matrix,
    MaximumLikelihoodModel,
    Optimum,
    TooLittleHistory,
    in_logs,
    maximise,
)

LEAST_REPEATERS = 10
STARTS = [(0.5, 1.0, 0.7, 2.0), (2.0, 0.5, 0.3, 3.0), (0.1, 0.05, 1.5, 1.0), (20.0, 10.0, 0.05, 1.0)]


class BetaGeoNBD(MaximumLikelihoodModel):
    """BG/NBD by maximum likelihood. Time is in any unit, the same for `fit` and for questions."""

    names = ("r", "alpha", "a", "b")
    bound_notes: ClassVar[dict[tuple[str, int], str]] = {
        ("r", 1): "All accounts order at practically the same rate.",
        ("r", -1): "The rates at which accounts order differ beyond what the model can express.",
        ("alpha", 1): "All accounts order at practically the same rate.",
        ("alpha", -1): "Accounts order so often that the time of a single order tells nothing.",
        ("a", 1): "All accounts leave with practically the same chance.",
        ("a", -1): "Practically no account leaves for good in this history.",
        ("b", 1): "All accounts leave with practically the same chance, or none leaves.",
        ("b", -1): "Practically every account leaves after its first repeat order.",
    }

    def fit(self, summary: Any) -> Self:
        """Learn from rows of (frequency, recency, age[, weight]); a row of weight w counts as w accounts.

        Raises `TooLittleHistory` if hardly anyone has ordered twice, `UnusableSummary` if rows contradict themselves.
        """
        table = as_columns(summary)
        x, t_x, T = _read(table)
        statistics = _Statistics.of(x, t_x, T, read_weight(table, x.size))
        optimum = statistics.maximise()
        self._learn(
            optimum,
            units=np.array([1.0, statistics.scale, 1.0, 1.0]),
            log_likelihood=optimum.log_likelihood - statistics.orders * float(np.log(statistics.scale)),
            accounts=statistics.accounts,
        )
        return self

    def probability_alive(self, summary: Any) -> Vector:
        """Give the chance that each account still is a customer at its age; 1 for those without a repeat order."""
        return self._probability_alive(*_read(as_columns(summary)))

    def expected_orders(self, summary: Any, *, periods: float) -> Vector:
        """Give the order days to expect of each account in the next `periods` units of time (equation 10)."""
        x, t_x, T = _read(as_columns(summary))
        return self._probability_alive(x, t_x, T) * self._expected_if_alive(x, T, periods=periods)

    def expected_orders_if_alive(self, summary: Any, *, periods: float) -> Vector:
        """Give the order days to expect in the next `periods` units of time if the account has not left yet."""
        x, _, T = _read(as_columns(summary))
        return self._expected_if_alive(x, T, periods=periods)

    def expected_orders_new(self, periods: float) -> float:
        """Give the repeat order days to expect of a new account in its first `periods` units of time (equation 9)."""
        return float(self._expected_if_alive(np.zeros(1), np.zeros(1), periods=periods)[0])

    def _probability_alive(self, x: Vector, t_x: Vector, T: Vector) -> Vector:
        r, alpha, a, b = self.params_.values()
        repeated = x > 0
        odds = np.log(a) - np.log(b + np.maximum(x, 1) - 1) + (r + x) * np.log1p((T - t_x) / (alpha + t_x))
        return np.where(repeated, expit(-odds), 1.0)

    def _expected_if_alive(self, x: Vector, T: Vector, *, periods: float) -> Vector:
        if not periods >= 0 or not np.isfinite(periods):
            raise ValueError(f"periods must be a number of at least 0, not {periods}")
        answers = np.empty(x.size)
        order = np.argsort(x, kind="stable")
        starts = np.flatnonzero(np.diff(x[order], prepend=-1.0))
        for rows in np.split(order, starts[1:]) if x.size else []:
            answers[rows] = self._expected_of_frequency(float(x[rows[0]]), T[rows], periods)
        return answers

    def _expected_of_frequency(self, x: float, T: Vector, periods: float) -> Vector:
        """Give E[orders | alive] for accounts of one frequency and many ages, in which it is very smooth."""
        r, alpha, a, b = self.params_.values()
        ages, inverse = (T, slice(None)) if T.size <= CHEBYSHEV_NODES else np.unique(T, return_inverse=True)

        def exactly(beta: Vector) -> Vector:
            return _orders_if_alive(r + x, a, b + x, periods / beta)

        return np.asarray((_interpolated(exactly, alpha + ages))[inverse])


def _read(table: Any) -> tuple[Vector, Vector, Vector]:
    x, t_x, T = read_columns(table, ["frequency", "recency", "age"])
    if not (np.all(np.isfinite(x)) and np.all(np.isfinite(t_x)) and np.all(np.isfinite(T))):
        raise UnusableSummary("A frequency, recency or age is missing or infinite.", "Leave such accounts out.")
    if np.any(x < 0) or np.any(x != np.rint(x)):
        raise UnusableSummary("A frequency is no whole number of repeat orders.", "Count the repeat order days.")
    t_x = np.where(x > 0, t_x, 0.0)
    if np.any(t_x < 0) or np.any(t_x > T * (1 + 1e-12)):
        raise UnusableSummary(
            "An account's last order lies before its first or after the date of the summary.",
            "Check that recency and age are in the same unit and counted from the first order.",
        )
    return x, np.minimum(t_x, T), T


@dataclass(frozen=True)
class _Statistics:
    """All that the likelihood needs, in units of time in which ages are near 1."""

    scale: float
    accounts: float
    orders: float
    more_than: Vector  # more_than[k]: accounts with more than k repeat orders
    once_age: Vector  # accounts without a repeat order differ by age alone
    once_weight: Vector
    x: Vector
    t_x: Vector
    T: Vector
    weight: Vector

    @classmethod
    def of(cls, x: Vector, t_x: Vector, T: Vector, weight: Vector) -> _Statistics:
        repeated = (x > 0) & (weight > 0)
        repeaters = float(weight[repeated].sum())
        if repeaters < LEAST_REPEATERS:
            raise TooLittleHistory(
                f"Only {repeaters:.0f} of {weight.sum():.0f} accounts have ordered on a second day; "
                f"at least {LEAST_REPEATERS} are needed to learn how this firm's customers come back.",
                "Import a longer history, or one with more accounts.",
            )
        scale = float(np.average(T, weights=weight))
        once = (x == 0) & (weight > 0)
        (once_age,), once_weight = collapse([T[once] / scale], weight[once])
        kept, kept_weight = collapse([x[repeated], t_x[repeated] / scale, T[repeated] / scale], weight[repeated])
        return cls._grouped(scale, once_age, once_weight, kept, kept_weight)

    @classmethod
    def _grouped(
        cls, scale: float, once_age: Vector, once_weight: Vector, kept: list[Vector], weight: Vector
    ) -> _Statistics:
        x, t_x, T = kept
        accounts, orders = float(once_weight.sum() + weight.sum()), float(x @ weight)
        return cls(scale, accounts, orders, _more_than(x, weight), once_age, once_weight, x, t_x, T, weight)

    def maximise(self) -> Optimum:
        starts = [np.log(start) for start in STARTS]
        if self.weight.size + self.once_weight.size > 3 * SAMPLE_ROWS:
            sample = self._sample()
            starts.insert(0, maximise(sample.derivatives, starts, accounts=sample.accounts).logs)
        return maximise(self.derivatives, starts, accounts=self.accounts)

    def _sample(self) -> _Statistics:
        """Give a part (collapsed rows come in no meaningful sequence), near whose optimum the whole has its own."""
        step = max(1, (self.weight.size + self.once_weight.size) // SAMPLE_ROWS)
        kept = [self.x[::step], self.t_x[::step], self.T[::step]]
        return self._grouped(self.scale, self.once_age[::step], self.once_weight[::step], kept, self.weight[::step])

    def derivatives(self, logs: Vector) -> Derivatives:
        """Give the log-likelihood with its derivatives by the logarithms of (r, α, a, b)."""
        params = np.exp(logs)
        r, alpha, a, b = params.tolist()
        total = _Sum()
        self._add_counts(total, r, a, b)
        for rows in blocks(self.once_age.size):
            _add_no_order(total, r, alpha, self.once_age[rows], self.once_weight[rows], 0.0)
        for rows in blocks(self.x.size):
            x, T, weight = self.x[rows], self.T[rows], self.weight[rows]
            _add_no_order(total, r, alpha, T, weight, x)
            _add_departed(total, (r, alpha, a, b), x, self.t_x[rows], T, weight)
        return in_logs(params, total.value, total.gradient, total.symmetric())

    def _add_counts(self, total: _Sum, r: float, a: float, b: float) -> None:
        """Add what depends on the numbers of orders alone: Σ ln(r+k) + ln(b+k) - ln(a+b+k)."""
        k, n = np.arange(self.more_than.size), self.more_than
        rate, stay, both = 1 / (r + k), 1 / (b + k), 1 / (a + b + k)
        total.value += float(n @ (np.log(r + k) - np.log1p(a * stay)))
        total.gradient += np.array([n @ rate, 0.0, -(n @ both), n @ (a * stay * both)])
        total.hessian[R, R] -= n @ rate**2
        total.hessian[A, A] += n @ both**2
        total.hessian[A, B] += n @ both**2
        total.hessian[B, B] -= n @ (a * stay * both * (stay + both))


R, ALPHA, A, B = range(4)


class _Sum:
    """Running sums of the value, the gradient and the upper half of the Hessian by (r, α, a, b)."""

    def __init__(self) -> None:
        self.value = 0.0
        self.gradient = np.zeros(4)
        self.hessian = np.zeros((4, 4))

    def symmetric(self) -> Matrix:
        return self.hessian + np.triu(self.hessian, 1).T


def _more_than(x: Vector, weight: Vector) -> Vector:
    counts = np.bincount(x.astype(np.int64), weights=weight)
    return np.asarray(np.cumsum(counts[::-1])[::-1][1:])


def _add_no_order(total: _Sum, r: float, alpha: float, T: Vector, weight: Vector, x: Vector | float) -> None:
    """Add ln[ αʳ (α+T)^-(r+x) ] = -r ln(1 + T/α) - x ln(α+T)."""
    span = 1 / (alpha + T)
    grown = np.log1p(T / alpha)
    per_x = weight * x
    orders = float(np.sum(per_x))
    grown_sum = float(weight @ grown)
    share = T * span
    share_sum = float(weight @ share)
    span_orders = float(np.dot(per_x, span)) if orders else 0.0
    total.value -= r * grown_sum + (float(np.dot(per_x, grown)) if orders else 0.0) + orders * float(np.log(alpha))
    total.gradient[R] -= grown_sum
    total.gradient[ALPHA] += r / alpha * share_sum - span_orders
    total.hessian[R, ALPHA] += share_sum / alpha
    total.hessian[ALPHA, ALPHA] -= r / alpha * float(weight @ (share * (span + 1 / alpha)))
    total.hessian[ALPHA, ALPHA] += float(np.dot(per_x, span**2)) if orders else 0.0


def _add_departed(
    total: _Sum, params: tuple[float, float, float, float], x: Vector, t_x: Vector, T: Vector, weight: Vector
) -> None:
    """Add ln(1 + eᶻ), z = ln a - ln(b+x-1) + (r+x) ln[(α+T)/(α+t_x)]: eᶻ are the odds of having left."""
    r, alpha, a, b = params
    y = r + x
    since = 1 / (alpha + t_x)
    span = 1 / (alpha + T)
    silent = np.log1p((T - t_x) * since)
    stay = 1 / (b + x - 1)
    z = np.log(a * stay) + y * silent
    fading = np.exp(-np.abs(z))
    total.value += float(weight @ (np.maximum(z, 0) + np.log1p(fading)))
    left = np.where(z >= 0, 1.0, fading) / (1 + fading)
    g = weight * left  # first derivative of the softplus
    h = g * (1 - left)  # second
    drop = (t_x - T) * since * span
    z_alpha = y * drop
    h_alpha, h_stay = h * z_alpha, h * stay
    total.gradient += np.array([g @ silent, g @ z_alpha, g.sum() / a, -(g @ stay)])
    upper = total.hessian
    upper[R, R] += h @ silent**2
    upper[R, ALPHA] += g @ drop + h_alpha @ silent
    upper[R, A] += h @ silent / a
    upper[R, B] -= h_stay @ silent
    upper[ALPHA, ALPHA] += h_alpha @ z_alpha - g @ (z_alpha * (since + span))
    upper[ALPHA, A] += h_alpha.sum() / a
    upper[ALPHA, B] -= h_stay @ z_alpha
    upper[A, A] += (h.sum() - g.sum()) / a**2
    upper[A, B] -= h_stay.sum() / a
    upper[B, B] += (h_stay + g * stay) @ stay


CHEBYSHEV_NODES = 64
STEP = 0.3  # of the trapezoidal rule in the logit of p: the error falls as exp(-π²/step)
NEGLIGIBLE = 40.0  # e^-40 is below rounding
BLOCK_CELLS = 1 << 20


def _interpolated(exactly: Any, beta: Vector) -> Vector:
    """Give `exactly(beta)`, for many values through a Chebyshev series in ln β, if that is as good as exact."""
    logs = np.log(beta)
    middle, half = (logs.max() + logs.min()) / 2, (logs.max() - logs.min()) / 2
    if beta.size > 2 * CHEBYSHEV_NODES and half > 1e-9:
        nodes = np.polynomial.chebyshev.chebpts1(CHEBYSHEV_NODES)
        values = exactly(np.exp(middle + half * nodes))
        series = np.polynomial.chebyshev.chebfit(nodes, values, CHEBYSHEV_NODES - 1)
        size = np.abs(series)
        if size[-4:].max() <= 1e-13 * values.min():
            needed = int(np.flatnonzero(size > 1e-15 * values.min())[-1]) + 1
            return np.asarray(np.polynomial.chebyshev.chebval((logs - middle) / half, series[:needed]))
    block = max(1, BLOCK_CELLS // 256)
    return np.concatenate([exactly(beta[start : start + block]) for start in range(0, beta.size, block)])


def _orders_if_alive(shape: float, a: float, b: float, tau: Vector) -> Vector:
    """Give E_p[ (1 - (1 + pτ)^-shape) / p ] for p ~ Beta(a, b), by the trapezoidal rule in the logit of p."""
    p, weight = _beta_nodes(a, b, feature=1 / (1 + shape * float(tau.max()) + b), edge=1 / (1 + shape))
    return np.asarray(-np.expm1(-shape * np.log1p(np.outer(tau, p))) @ (weight / p))


def _beta_nodes(a: float, b: float, *, feature: float, edge: float) -> tuple[Vector, Vector]:
    """Give nodes and weights of Beta(a, b) for functions flat for p ≪ `feature` and for 1 - p ≪ `edge`.

    In u = logit p the density is p^a (1-p)^b, analytic and with exponential tails: the trapezoidal rule converges
    exponentially. Where a tail (a or b near 0) is longer than the function varies, the rest of it is one node that
    carries the sum of the remaining geometric series. Weights are normalised by their own sum.
    """
    peak = np.log(a / b)
    distance = np.geomspace(1e-4, 1e6, 600)
    fall_left = (a + b) * np.log1p(a * np.expm1(-distance) / (a + b)) + a * distance
    fall_right = (a + b) * (np.logaddexp(np.log(b), np.log(a) + distance) - np.log(a + b)) - a * distance
    left = peak - distance[np.searchsorted(fall_left[:-1], NEGLIGIBLE)]
    right = peak + distance[np.searchsorted(fall_right[:-1], NEGLIGIBLE)]
    left = max(left, min(peak, np.log(feature)) - NEGLIGIBLE)
    right = min(right, max(peak, -np.log(edge)) + NEGLIGIBLE)
    step = min(STEP, 0.6 * np.sqrt(1 / a + 1 / b))
    u = np.arange(left, right + step, step)
    logs = a * log_expit(u) + b * log_expit(-u)
    weight = np.exp(logs - logs.max())
    weight[0] /= -np.expm1(-a * step)
    weight[-1] /= -np.expm1(-b * step)
    return expit(u), weight / weight.sum()
