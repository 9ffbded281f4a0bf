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

from typing import Any, ClassVar

import numpy as np
from scipy.special import betainc, betaln, expit

from regulars.core.lifetime.beta_geometric_expectation import CHEBYSHEV_NODES, interpolated, orders_if_alive
from regulars.core.lifetime.beta_geometric_likelihood import Statistics
from regulars.core.lifetime.columns import Vector, as_columns, read_weight
from regulars.core.lifetime.forecasts import Columns, checked_periods
from regulars.core.lifetime.maximum_likelihood import Matrix
from regulars.core.lifetime.order_day_models import OrderDayModel
from regulars.core.lifetime.order_days import read_order_days
from regulars.core.notes import gettext_noop


class BetaGeometric(OrderDayModel):
    """Erlang-k gaps and a beta-geometric lifetime, by maximum likelihood.

    Time is in any unit, the same for `fit` and for questions.
    """

    names = ("r", "alpha", "a", "b")
    times = ("alpha",)
    bound_notes: ClassVar[dict[tuple[str, int], str]] = {
        ("r", 1): gettext_noop("All accounts order at practically the same rate."),
        ("r", -1): gettext_noop("The rates at which accounts order differ beyond what the model can express."),
        ("alpha", 1): gettext_noop("All accounts order at practically the same rate."),
        ("alpha", -1): gettext_noop("Accounts order so often that the time of a single order tells nothing."),
        ("a", 1): gettext_noop("All accounts leave with practically the same chance."),
        ("a", -1): gettext_noop("Practically no account leaves for good in this history."),
        ("b", 1): gettext_noop("All accounts leave with practically the same chance, or none leaves."),
        ("b", -1): gettext_noop("Practically every account leaves at the first occasion."),
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
            return orders_if_alive(self._events, r + self._events * x, a, b + x + self._occasions, periods / beta)

        return np.asarray(interpolated(exactly, alpha + ages)[:, inverse])

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
