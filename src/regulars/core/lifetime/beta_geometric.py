"""What BG/NBD, MBG/NBD and their relatives for regular buyers share: one likelihood, one expectation, one forecast.

While an account is alive, gaps between its orders are Erlang-k at its own rate: every k-th event of a Poisson process
of rate λ is an order (k = 1: orders at random). After each repeat order it leaves for good with its own chance p;
in the *modified* models it may also leave right after its first order. λ ~ Gamma(r, α), p ~ Beta(a, b).

Symbols of the papers: `x` repeat orders, `t_x` recency, `T` age. Here besides `y = r + kx`, `c` = 1 in the modified
models, else 0, and `G`, the product of the gaps. Since the last order j < k events have come that are no order yet;
with ρ = (T-t_x)/(α+T), their number has the weights F_j, and the likelihood of an account is

    F_j = Γ(y+j)/(Γ(y) j!) ρʲ,    F = Σ_{j<k} F_j    (F = 1 for k = 1),
    L = G^(k-1)/(k-1)!ˣ · B(a, b+x+c)/B(a, b) · Γ(y) αʳ/Γ(r) · (α+T)^-y · [ F + δ · a/(b+x+c-1) · ((α+T)/(α+t_x))^y ],

δ = 1 where the account may have left (x + c > 0). It is Platzer & Reutterer's (see `bg_cnbd`) with the sum over their
incomplete gamma function carried out, and equation 6 of Fader, Hardie & Lee 2005 for k = 1, c = 0. In brackets stand
the two cases, still a customer and gone, so P(alive) = F/[...].

As x is an integer, Γ(r+kx)/Γ(r) = Π_{i<kx} (r+i) and B(a, b+n)/B(a, b) = Π_{i<n} (b+i)/(a+b+i): summed over
accounts only `more_than[i]`, the number of accounts with more than i repeat orders, is needed, and no difference of
large numbers arises.

*Orders to come.* Of an account that is alive, p ~ Beta(a, b+x+c), and with chance F_j/F j events are waiting and
λ ~ Gamma(y+j, α+T). At least n orders come in t if nk-j events do and it stays after n-1 orders:

    P(N ≥ n | alive) = B(a, b+x+c+n-1)/B(a, b+x+c) · Σ_{j<k} F_j/F · I_{t/(α+T+t)}(nk-j, y+j),

with I the regularised incomplete beta function: the tails of negative binomials, times ratios of beta functions.

The expectation is the sum of that over n, taken inside the integral over p, where it is a geometric one: with
q = 1-p, τ = t/(α+T) and M ~ negative binomial(y+j, τ) events,

    E[orders in t | alive, j] = E_p[ (1 - E[q^⌊(M+j)/k⌋]) / p ],
    E[q^⌊(M+j)/k⌋] = p/(kq) · Σ_{l<k} z_l^(j+1)/(1-z_l) · (1 + τ(1-z_l))^-(y+j),    z_l = q^(1/k) e^(2πil/k):

the roots of unity pick the multiples of k. For k = 1 it is E_p[ (1 - (1 + pτ)^-y) / p ]. Equation 10 of Fader, Hardie
& Lee is usually written with a hypergeometric function that is 0/0 at a = 1 and undefined where a + b + x ≤ 1; this
integrand is positive and finite everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from scipy.special import betainc, betaln, expit, gammaln, log_expit

from regulars.core.lifetime.columns import (
    Vector,
    as_columns,
    blocks,
    collapse,
    read_weight,
)
from regulars.core.lifetime.forecasts import Columns, OrderForecasts, checked_periods
from regulars.core.lifetime.maximum_likelihood import (
    SAMPLE_ROWS,
    Derivatives,
    Matrix,
    Optimum,
    in_logs,
    maximise,
)
from regulars.core.lifetime.order_days import demand_repeaters, more_than, read_order_days

STARTS = [(0.5, 1.0, 0.7, 2.0), (2.0, 0.5, 0.3, 3.0), (0.1, 0.05, 1.5, 1.0), (20.0, 10.0, 0.05, 1.0)]


class BetaGeometric(OrderForecasts):
    """Erlang-k gaps and a beta-geometric lifetime, by maximum likelihood.

    Time is in any unit, the same for `fit` and for questions.
    """

    names = ("r", "alpha", "a", "b")
    bound_notes: ClassVar[dict[tuple[str, int], str]] = {
        ("r", 1): "All accounts order at practically the same rate.",
        ("r", -1): "The rates at which accounts order differ beyond what the model can express.",
        ("alpha", 1): "All accounts order at practically the same rate.",
        ("alpha", -1): "Accounts order so often that the time of a single order tells nothing.",
        ("a", 1): "All accounts leave with practically the same chance.",
        ("a", -1): "Practically no account leaves for good in this history.",
        ("b", 1): "All accounts leave with practically the same chance, or none leaves.",
        ("b", -1): "Practically every account leaves at the first occasion.",
    }

    leaves_after_first: ClassVar[bool] = False
    """Whether an account may leave right after its first order (the modified models)."""

    @property
    def _events(self) -> int:
        """k: how many events of the process make an order."""
        return 1

    @property
    def _occasions(self) -> int:
        """c: how many occasions to leave come before the first repeat order."""
        return int(self.leaves_after_first)

    def fit(self, summary: Any) -> Self:
        """Learn from rows of (frequency, recency, age[, weight]); a row of weight w counts as w accounts.

        Raises `TooLittleHistory` if hardly anyone has ordered twice, `UnusableSummary` if rows contradict themselves.
        """
        statistics = self._statistics(as_columns(summary))
        self._settle(statistics, statistics.maximise())
        return self

    def probability_alive(self, summary: Any) -> Vector:
        """Give the chance that each account still is a customer at its age."""
        return self._probability_alive(*self._read(as_columns(summary)))

    def expected_orders(self, summary: Any, *, periods: float) -> Vector:
        """Give the order days to expect of each account in the next `periods` units of time."""
        columns = self._read(as_columns(summary))
        return self._probability_alive(*columns) * self._expected_if_alive(*columns, periods=periods)

    def expected_orders_if_alive(self, summary: Any, *, periods: float) -> Vector:
        """Give the order days to expect in the next `periods` units of time if the account has not left yet."""
        return self._expected_if_alive(*self._read(as_columns(summary)), periods=periods)

    def expected_orders_new(self, periods: float) -> float:
        """Give the repeat order days to expect of a new account in its first `periods` units of time."""
        new = {name: np.zeros(1) for name in ("frequency", "recency", "age")}
        return float(self.expected_orders(new, periods=periods)[0])

    def _read(self, table: Any) -> Columns:
        return read_order_days(table)

    def _gaps(self, table: Any) -> Vector | None:
        """Give the sums of the logarithms of the gaps, where the model needs them."""
        return None

    def _statistics(self, table: Any) -> Statistics:
        x, t_x, T = self._read(table)
        weight = read_weight(table, x.size)
        return Statistics.of(x, t_x, T, weight, occasions=self._occasions, log_gap_sum=self._gaps(table))

    def _settle(self, statistics: Statistics, optimum: Optimum) -> None:
        self._learn(
            optimum,
            units=np.array([1.0, statistics.scale, 1.0, 1.0]),
            log_likelihood=optimum.log_likelihood - statistics.orders * float(np.log(statistics.scale)),
            accounts=statistics.accounts,
        )
        ages = np.concatenate([statistics.once_age, statistics.T]) * statistics.scale
        self._learn_forecasts(optimum, ages, np.concatenate([statistics.once_weight, statistics.weight]))

    def _probability_alive(self, x: Vector, t_x: Vector, T: Vector) -> Vector:
        r, alpha, a, b = self.params_.values()
        y, may_have_left = r + self._events * x, x + self._occasions > 0
        odds = np.log(a) - np.log(np.where(may_have_left, b + x + self._occasions - 1, 1.0))
        odds += y * np.log1p((T - t_x) / (alpha + t_x))
        if self._events > 1:
            odds -= np.log(self._waiting(x, t_x, T).sum(axis=0))
        return np.where(may_have_left, expit(-odds), 1.0)

    def _waiting(self, x: Vector, t_x: Vector, T: Vector) -> Matrix:
        """Give the weights F_j (down the first axis) of j events that have come since the last order."""
        r, alpha, _, _ = self.params_.values()
        weights = np.ones((self._events, x.size))
        for j in range(1, self._events):
            weights[j] = weights[j - 1] * (r + self._events * x + j - 1) / j * ((T - t_x) / (alpha + T))
        return weights

    def _shares(self, x: Vector, t_x: Vector, T: Vector) -> Matrix:
        weights = self._waiting(x, t_x, T)
        return np.asarray(weights / weights.sum(axis=0))

    def _at_least(self, columns: Columns, orders: Vector, *, periods: float) -> Vector:
        x, t_x, T = columns
        r, alpha, a, b = self.params_.values()
        k, stays = self._events, b + x + self._occasions
        part = periods / (alpha + T + periods)
        events = np.zeros(x.size)
        for j, share in enumerate(self._shares(x, t_x, T)):
            events += share * betainc(orders * k - j, r + k * x + j, part)
        stayed = np.exp(betaln(a, stays + orders - 1) - betaln(a, stays))
        return np.asarray(self._probability_alive(x, t_x, T) * stayed * events)

    def _ladder(self, columns: Columns, last: int, *, periods: float) -> Matrix:
        """As `_at_least`, from one n to the next: P(M = m+1) = P(M = m) · (y+m)/(m+1) · t/(α+T+t)."""
        x, t_x, T = columns
        r, alpha, a, b = self.params_.values()
        k, stays = self._events, b + x + self._occasions
        part = periods / (alpha + T + periods)
        ladder = np.zeros((last + 1, x.size))
        for j, share in enumerate(self._shares(x, t_x, T)):
            shape = r + k * x + j
            equal = np.exp(-shape * np.log1p(periods / (alpha + T)))
            tail = np.ones(x.size)
            for m in range(last * k - j):  # from P(M ≥ m) to P(M ≥ m+1)
                tail = np.maximum(tail - equal, 0.0)
                equal = equal * (part * (shape + m) / (m + 1))
                if (m + 1 + j) % k == 0:
                    ladder[(m + 1 + j) // k] += share * tail
        stayed = self._probability_alive(x, t_x, T)
        for n in range(1, last + 1):
            ladder[n] *= stayed
            stayed = stayed * (stays + n - 1) / (a + stays + n - 1)
        ladder[0] = 1
        return ladder

    def _expected_if_alive(self, x: Vector, t_x: Vector, T: Vector, *, periods: float) -> Vector:
        checked_periods(periods)
        if periods == 0:
            return np.zeros(x.size)
        answers = np.empty(x.size)
        order = np.argsort(x, kind="stable")
        starts = np.flatnonzero(np.diff(x[order], prepend=-1.0))
        for rows in np.split(order, starts[1:]) if x.size else []:
            waiting = self._expected_of_frequency(float(x[rows[0]]), T[rows], periods)
            shares = self._shares(x[rows], t_x[rows], T[rows])
            answers[rows] = np.einsum("ij,ij->j", shares, waiting)
        return answers

    def _expected_of_frequency(self, x: float, T: Vector, periods: float) -> Matrix:
        """Give E[orders | alive, j] (j down the first axis) for accounts of one frequency and many ages.

        In the age it is very smooth.
        """
        r, alpha, a, b = self.params_.values()
        ages, inverse = (T, slice(None)) if T.size <= CHEBYSHEV_NODES else np.unique(T, return_inverse=True)

        def exactly(beta: Vector) -> Matrix:
            return _orders_if_alive(self._events, r + self._events * x, a, b + x + self._occasions, periods / beta)

        return np.asarray(_interpolated(exactly, alpha + ages)[:, inverse])

    def _histories(self, random: np.random.Generator, ages: Vector, *, periods: float) -> dict[str, Vector]:
        r, alpha, a, b = self.params_.values()
        rate, leaving = random.gamma(r, 1 / alpha, ages.size), random.beta(a, b, ages.size)
        x, t_x, log_gaps, ahead, now = np.zeros((5, ages.size))
        alive = np.arange(ages.size)
        if self.leaves_after_first:
            alive = alive[random.random(alive.size) >= leaving]
        while alive.size:
            gap = random.gamma(self._events, 1.0, alive.size) / np.maximum(rate[alive], 1e-300)
            now[alive] += gap
            seen = now[alive] <= ages[alive]
            ordered = alive[seen]
            x[ordered] += 1
            t_x[ordered] = now[ordered]
            log_gaps[ordered] += np.log(np.maximum(gap[seen], 1e-300))
            later = ~seen & (now[alive] <= ages[alive] + periods)
            ahead[alive[later]] += 1
            alive = alive[seen | later]
            alive = alive[random.random(alive.size) >= leaving[alive]]
        return {"frequency": x, "recency": t_x, "age": ages, "log_gap_sum": log_gaps, "orders_ahead": ahead}


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
        repeated, once = (x > 0) & (weight > 0), (x == 0) & (weight > 0)
        (once_age,), once_weight = collapse([T[once] / scale], weight[once])
        kept, kept_weight = collapse([x[repeated], t_x[repeated] / scale, T[repeated] / scale], weight[repeated])
        log_gaps = 0.0
        if log_gap_sum is not None:
            log_gaps = float(weight[repeated] @ (log_gap_sum[repeated] - x[repeated] * np.log(scale)))
        return cls._grouped(scale, once_age, once_weight, kept, kept_weight, occasions, log_gaps)

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


CHEBYSHEV_NODES = 64
STEP = 0.3  # of the trapezoidal rule in the logit of p: the error falls as exp(-π²/step)
NEGLIGIBLE = 40.0  # e^-40 is below rounding
BLOCK_CELLS = 1 << 20
SMALL_STAY = 0.25  # below this chance to stay, powers of it are summed: 28 of them reach rounding
POWERS = 28
ROUNDING = 3e-15  # of the sums over roots of unity


def _interpolated(exactly: Callable[[Vector], Matrix], beta: Vector) -> Matrix:
    """Give `exactly(beta)`, for many values through Chebyshev series in ln β, if that is as good as exact."""
    logs = np.log(beta)
    middle, half = (logs.max() + logs.min()) / 2, (logs.max() - logs.min()) / 2
    if beta.size > 2 * CHEBYSHEV_NODES and half > 1e-9:
        nodes = np.polynomial.chebyshev.chebpts1(CHEBYSHEV_NODES)
        values = exactly(np.exp(middle + half * nodes))
        series = np.polynomial.chebyshev.chebfit(nodes, values.T, CHEBYSHEV_NODES - 1)
        least = values.min(axis=1)
        size, rounding = np.abs(series), ROUNDING if len(values) > 1 else 0.0
        if np.all(size[-4:].max(axis=0) <= np.maximum(1e-13 * least, rounding)):
            needed = 1 + int(
                np.flatnonzero((size > np.maximum(1e-15 * least, rounding / 10)).any(axis=1)).max(initial=0)
            )
            return np.asarray(np.polynomial.chebyshev.chebval((logs - middle) / half, series[:needed]))
    block = max(1, BLOCK_CELLS // 256)
    return np.concatenate([exactly(beta[start : start + block]) for start in range(0, beta.size, block)], axis=1)


def _orders_if_alive(events: int, shape: float, a: float, b: float, tau: Vector) -> Matrix:
    """Give E[orders in t | alive, j] for j = 0 ... k-1 (first axis), τ (second axis), p ~ Beta(a, b), y = `shape`.

    The integral over p is taken by the trapezoidal rule in the logit of p.
    """
    logit, weight = _beta_nodes(a, b, feature=1 / (1 + shape * float(tau.max()) + b), edge=1 / (1 + shape))
    if events == 1:
        p = expit(logit)
        return np.asarray(-np.expm1(-shape * np.log1p(np.outer(tau, p))) @ (weight / p))[np.newaxis]
    leaving = expit(-logit) < SMALL_STAY
    answer = _by_powers(events, shape, expit(-logit[leaving]), weight[leaving], tau)
    answer += _by_roots_of_unity(events, shape, logit[~leaving], weight[~leaving], tau)
    return np.maximum(answer, 0.0)


def _by_powers(events: int, shape: float, stay: Vector, weight: Vector, tau: Vector) -> Matrix:
    """Sum Σ_n q^(n-1) P(M ≥ nk-j) over some q (`stay`), none of them near 1."""
    n = np.arange(1, POWERS + 1)
    powers = np.array([(stay ** (power - 1)) @ weight for power in n])
    part = (tau / (1 + tau))[:, np.newaxis]
    return np.array([betainc(n * events - j, shape + j, part) @ powers for j in range(events)])


def _by_roots_of_unity(events: int, shape: float, logit: Vector, weight: Vector, tau: Vector) -> Matrix:
    """Sum the expectation in the module's head over some p (`logit`), none of them near 1.

    The root l = 0 is taken apart: there h = pz^(j+1)/(kq(1-z)) tends to 1 as p to 0, so 1 - h e^-L is found without
    a difference of near numbers. Other roots come in conjugate pairs.
    """
    p, log_stay = expit(logit), log_expit(-logit)
    step = -log_stay / events
    answer = np.empty((events, tau.size))
    fewer = np.log1p(np.outer(tau, -np.expm1(-step)))
    for j in range(events):
        h_less_1 = np.mean([np.expm1((events - 1 - j - i) * step) for i in range(events)], axis=0)
        answer[j] = -np.expm1(-(shape + j) * fewer) @ (weight * (1 + h_less_1) / p) - (weight * h_less_1 / p).sum()
    for root in range(1, events // 2 + 1):
        pair = 1.0 if 2 * root == events else 2.0
        z = np.exp(-step + 2j * np.pi * root / events)
        grown = 1 + np.outer(tau, 1 - z)
        term = np.exp(-shape * np.log(grown)) * (pair * weight * np.exp(-log_stay) / events * z / (1 - z))
        for j in range(events):
            answer[j] -= term.real.sum(axis=1)
            term = term * z / grown
    return answer


def _beta_nodes(a: float, b: float, *, feature: float, edge: float) -> tuple[Vector, Vector]:
    """Give nodes (logits of p) and weights of Beta(a, b) for functions flat for p ≪ `feature` and for 1 - p ≪ `edge`.

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
    return u, weight / weight.sum()
