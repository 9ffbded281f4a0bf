"""The likelihood of `beta_geometric` (whose symbols these are), summed over accounts, with its derivatives."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import gammaln

from regulars.core.lifetime.columns import Vector, blocks, collapse
from regulars.core.lifetime.maximum_likelihood import SAMPLE_ROWS, Derivatives, Matrix, Optimum, in_logs, maximise
from regulars.core.lifetime.order_days import demand_repeaters, more_than

STARTS = [(0.5, 1.0, 0.7, 2.0), (2.0, 0.5, 0.3, 3.0), (0.1, 0.05, 1.5, 1.0), (20.0, 10.0, 0.05, 1.0)]


@dataclass(frozen=True)
class Statistics:
    """All that the likelihood needs, in units of time in which ages are near 1."""

    scale: float
    accounts: float
    orders: float
    more_than: Vector  # more_than[i]: accounts with more than i repeat orders
    once_age: Vector  # accounts without a repeat order differ by age alone
    once_weight: Vector
    x: Vector
    t_x: Vector
    T: Vector
    weight: Vector
    occasions: int  # c
    log_gaps: float  # sum of the logarithms of all gaps
    events: int = 1  # k

    @classmethod
    def of(
        cls, x: Vector, t_x: Vector, T: Vector, weight: Vector, *, occasions: int = 0, log_gap_sum: Vector | None = None
    ) -> Statistics:
        """From the rows of a summary; without `log_gap_sum` only for k = 1."""
        demand_repeaters(x, weight)
        scale = float(np.average(T, weights=weight))
        return cls.scaled(scale, x, t_x, T, weight, occasions=occasions, log_gap_sum=log_gap_sum)

    @classmethod
    def scaled(
        cls,
        scale: float,
        x: Vector,
        t_x: Vector,
        T: Vector,
        weight: Vector,
        *,
        occasions: int = 0,
        log_gap_sum: Vector | None = None,
    ) -> Statistics:
        """As `of`, in this unit of time, of any accounts, be there ever so few."""
        (x_kept, t_x_kept, T_kept), kept_weight = collapse([x, t_x, T], weight)
        repeated, once = (x_kept > 0) & (kept_weight > 0), (x_kept == 0) & (kept_weight > 0)
        kept = [x_kept[repeated], t_x_kept[repeated] / scale, T_kept[repeated] / scale]
        log_gaps = 0.0
        if log_gap_sum is not None:
            log_gaps = float(np.where(x > 0, weight, 0.0) @ (log_gap_sum - x * np.log(scale)))
        once_age, once_weight = T_kept[once] / scale, kept_weight[once]
        return cls._grouped(scale, once_age, once_weight, kept, kept_weight[repeated], occasions, log_gaps)

    @classmethod
    def _grouped(
        cls,
        scale: float,
        once_age: Vector,
        once_weight: Vector,
        kept: list[Vector],
        weight: Vector,
        occasions: int,
        log_gaps: float,
    ) -> Statistics:
        x, t_x, T = kept
        accounts, orders = float(once_weight.sum() + weight.sum()), float(x @ weight)
        counts = more_than(x, weight)
        return cls(scale, accounts, orders, counts, once_age, once_weight, x, t_x, T, weight, occasions, log_gaps)

    def with_events(self, events: int) -> Statistics:
        """The same accounts, of whose process every so manieth event is an order."""
        return replace(self, events=events)

    def maximise(self, *, nearby: Vector | None = None) -> Optimum:
        """Give the optimum; the search starts from `nearby` (logarithms) if that is given."""
        starts = [np.log(np.array(start) / [1, self.events, 1, 1]) for start in STARTS]
        if nearby is not None:
            starts.insert(0, nearby)
        elif self.weight.size + self.once_weight.size > 3 * SAMPLE_ROWS:
            sample = self._sample()
            starts.insert(0, maximise(sample.derivatives, starts, accounts=sample.accounts).logs)
        return maximise(self.derivatives, starts, accounts=self.accounts)

    def ages(self) -> tuple[Vector, Vector]:
        """Give how old the accounts are and how many."""
        ages = np.concatenate([self.once_age, self.T]) * self.scale
        return ages, np.concatenate([self.once_weight, self.weight])

    def _sample(self) -> Statistics:
        """Give a part (collapsed rows come in no meaningful sequence), near whose optimum the whole has its own."""
        step = max(1, (self.weight.size + self.once_weight.size) // SAMPLE_ROWS)
        kept = [self.x[::step], self.t_x[::step], self.T[::step]]
        once_age, once_weight = self.once_age[::step], self.once_weight[::step]
        part = self._grouped(self.scale, once_age, once_weight, kept, self.weight[::step], self.occasions, 0.0)
        return part.with_events(self.events)

    def derivatives(self, logs: Vector) -> Derivatives:
        """Give the log-likelihood with its derivatives by the logarithms of (r, α, a, b)."""
        params = np.exp(logs)
        total = _Sum()
        self._add_counts(total, *params.tolist())
        for rows in blocks(self.once_age.size):
            none = np.zeros(1)
            self._add_rows(total, params, none, none, self.once_age[rows], self.once_weight[rows])
        for rows in blocks(self.x.size):
            self._add_rows(total, params, self.x[rows], self.t_x[rows], self.T[rows], self.weight[rows])
        return in_logs(params, total.value, total.gradient, total.symmetric())

    def _add_counts(self, total: _Sum, r: float, alpha: float, a: float, b: float) -> None:
        """Add what depends on the numbers of orders alone: Σ ln(r+i), Σ ln(b+i) - ln(a+b+i), and the gaps."""
        reached = np.repeat(self.more_than, self.events)
        i = np.arange(reached.size)
        rate = 1 / (r + i)
        stayed = np.concatenate([np.full(self.occasions, self.accounts), self.more_than])
        n = np.arange(stayed.size)
        stay, both = 1 / (b + n), 1 / (a + b + n)
        total.value += float(reached @ np.log(r + i)) - float(stayed @ np.log1p(a * stay))
        total.value += (self.events - 1) * self.log_gaps - self.orders * float(gammaln(self.events))
        total.gradient += np.array([reached @ rate, 0.0, -(stayed @ both), stayed @ (a * stay * both)])
        total.hessian[R, R] -= reached @ rate**2
        total.hessian[A, A] += stayed @ both**2
        total.hessian[A, B] += stayed @ both**2
        total.hessian[B, B] -= stayed @ (a * stay * both * (stay + both))

    def _add_rows(self, total: _Sum, params: Vector, x: Vector, t_x: Vector, T: Vector, weight: Vector) -> None:
        """Add ln[ αʳ (α+T)^-y ] + ln F + ln[ 1 + the odds of having left ]; x and t_x may be one 0 for all."""
        r, alpha, _, b = params.tolist()
        _add_no_order(total, r, alpha, T, weight, self.events * x)
        waiting = None
        if self.events > 1:
            waiting = _Waiting.of(self.events, r + self.events * x, alpha, t_x, T)
            waiting.add_to(total, weight)
        if x[0] > 0 or self.occasions:
            stay = 1 / (b + x + self.occasions - 1)
            _add_departed(total, params, r + self.events * x, t_x, T, weight, stay, waiting)


R, ALPHA, A, B = range(4)


class _Sum:
    """Running sums of the value, the gradient and the upper half of the Hessian by (r, α, a, b)."""

    def __init__(self) -> None:
        self.value = 0.0
        self.gradient = np.zeros(4)
        self.hessian = np.zeros((4, 4))

    def symmetric(self) -> Matrix:
        return self.hessian + np.triu(self.hessian, 1).T


@dataclass(frozen=True)
class _Waiting:
    """ln F of some rows with its derivatives by r and α."""

    log: Vector
    r: Vector
    alpha: Vector
    r_r: Vector
    r_alpha: Vector
    alpha_alpha: Vector

    @classmethod
    def of(cls, events: int, y: Vector, alpha: float, t_x: Vector, T: Vector) -> _Waiting:
        span = 1 / (alpha + T)
        part = (T - t_x) * span
        term, slope, bend = np.ones(T.size), np.zeros(T.size), np.zeros(T.size)  # F_j, Σ 1/(y+i), Σ 1/(y+i)²
        sums = np.zeros((6, T.size))
        sums[0] = 1
        for j in range(1, events):
            term = term * (y + j - 1) / j * part
            slope, bend = slope + 1 / (y + j - 1), bend + 1 / (y + j - 1) ** 2
            steep = term * slope
            sums += np.array([term, steep, steep * slope - term * bend, j * term, j * (j + 1) * term, j * steep])
        sums[1:] /= sums[0]
        r, r_r, first, second, mixed = sums[1:]
        by_alpha = -span * first
        return cls(
            np.log(sums[0]), r, by_alpha, r_r - r**2, -span * mixed - r * by_alpha, span**2 * second - by_alpha**2
        )

    def add_to(self, total: _Sum, weight: Vector) -> None:
        total.value += float(weight @ self.log)
        total.gradient[R] += weight @ self.r
        total.gradient[ALPHA] += weight @ self.alpha
        total.hessian[R, R] += weight @ self.r_r
        total.hessian[R, ALPHA] += weight @ self.r_alpha
        total.hessian[ALPHA, ALPHA] += weight @ self.alpha_alpha


def _add_no_order(total: _Sum, r: float, alpha: float, T: Vector, weight: Vector, events: Vector) -> None:
    """Add ln[ αʳ (α+T)^-(r+kx) ] = -r ln(1 + T/α) - kx ln(α+T), where `events` is kx."""
    span = 1 / (alpha + T)
    grown = np.log1p(T / alpha)
    per_event = weight * events if events[0] > 0 else None
    share = T * span
    grown_sum, share_sum = float(weight @ grown), float(weight @ share)
    total.value -= r * grown_sum
    total.gradient[R] -= grown_sum
    total.gradient[ALPHA] += r / alpha * share_sum
    total.hessian[R, ALPHA] += share_sum / alpha
    total.hessian[ALPHA, ALPHA] -= r / alpha * float(weight @ (share * (span + 1 / alpha)))
    if per_event is not None:
        total.value -= float(per_event @ grown) + float(per_event.sum()) * float(np.log(alpha))
        total.gradient[ALPHA] -= float(per_event @ span)
        total.hessian[ALPHA, ALPHA] += float(per_event @ span**2)


def _add_departed(
    total: _Sum,
    params: Vector,
    y: Vector,
    t_x: Vector,
    T: Vector,
    weight: Vector,
    stay: Vector,
    waiting: _Waiting | None,
) -> None:
    """Add ln(1 + eᶻ), z = ln(a · stay) + y ln[(α+T)/(α+t_x)] - ln F: eᶻ are the odds of having left.

    `stay` is 1/(b+x+c-1).
    """
    _, alpha, a, _ = params.tolist()
    since = 1 / (alpha + t_x)
    span = 1 / (alpha + T)
    z_r = np.log1p((T - t_x) * since)
    drop = (t_x - T) * since * span
    z_alpha = y * drop
    z = np.log(a * stay) + y * z_r
    bend = z_alpha * (since + span)
    if waiting is not None:
        z, z_r, z_alpha = z - waiting.log, z_r - waiting.r, z_alpha - waiting.alpha
        drop, bend = drop - waiting.r_alpha, bend + waiting.alpha_alpha
    fading = np.exp(-np.abs(z))
    total.value += float(weight @ (np.maximum(z, 0) + np.log1p(fading)))
    left = np.where(z >= 0, 1.0, fading) / (1 + fading)
    g = weight * left  # first derivative of the softplus
    h = g * (1 - left)  # second
    g_sum, h_sum = float(g.sum()), float(h.sum())
    h_alpha, h_stay, g_stay = h * z_alpha, h * stay, g * stay
    total.gradient += np.array([g @ z_r, g @ z_alpha, g_sum / a, -float(g_stay.sum())])
    upper = total.hessian
    upper[R, R] += h @ z_r**2
    upper[R, ALPHA] += g @ drop + h_alpha @ z_r
    upper[R, A] += h @ z_r / a
    upper[R, B] -= h_stay @ z_r
    upper[ALPHA, ALPHA] += h_alpha @ z_alpha - g @ bend
    upper[ALPHA, A] += h_alpha.sum() / a
    upper[ALPHA, B] -= h_stay @ z_alpha
    upper[A, A] += (h_sum - g_sum) / a**2
    upper[A, B] -= h_stay.sum() / a
    upper[B, B] += float(((h_stay + g_stay) * stay).sum())
    if waiting is not None:
        upper[R, R] -= g @ waiting.r_r
