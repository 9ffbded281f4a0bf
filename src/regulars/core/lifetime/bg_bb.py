"""BG/BB: accounts that order or not at each of a row of occasions, and leave unseen between them.

Fader, Hardie & Shang, "Customer-Base Analysis in a Discrete-Time Noncontractual Setting", *Marketing Science* 29(6),
2010. For what can be bought once a period: a donation a year, a stand at a fair, a seat for a season. While it is
alive, an account orders at each occasion with its own chance p; before each occasion it leaves for good with its own
chance θ; p ~ Beta(α, β), θ ~ Beta(γ, δ).

Symbols of the paper: `x` orders, `t_x` the occasion of the last one (0 without any), `n` occasions. The account is
alive at n, or was last alive at an occasion m from t_x on, so its likelihood is

    L = B(α+x, β+n-x)/B(α, β) · B(γ, δ+n)/B(γ, δ) + Σ_{m=t_x}^{n-1} B(α+x, β+m-x)/B(α, β) · B(γ+1, δ+m)/B(γ, δ).

As all these are whole numbers, B(α+x, β+m-x)/B(α, β) = (α)_x (β)_{m-x} / (α+β)_m, and B(γ+1, δ+m)/B(γ, δ) =
γ (δ)_m / (γ+δ)_{m+1}, with (z)_k = Π_{i<k} (z+i): five short tables hold all that is needed, derivatives included,
and no difference of large numbers arises.

P(alive) is the first term's part of L: still a customer at occasion n. (That it stays for the next one too, equation
A10 for m = n+1, is (δ+n)/(γ+δ+n) of it.) With a = α+x, b = β+n-x, d = δ+n, the i-th occasion to come brings the k-th
order with chance C(i-1, k-1) B(a+k, b+i-k)/B(a, b) · B(γ, d+i)/B(γ, d) if it is alive, so

    E[orders in t] = P(alive) · a/(a+b) · Σ_{i≤t} B(γ, d+i)/B(γ, d),

the sum of which equation 13 is the closed form (0/0 at γ = 1), and P(N ≥ k) is the sum of those chances over i.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from scipy.special import betaln

from regulars.core.lifetime.columns import (
    Indices,
    UnusableSummary,
    Vector,
    as_columns,
    collapse,
    distinct,
    read_columns,
    read_weight,
)
from regulars.core.lifetime.forecasts import Columns, OrderForecasts, checked_periods
from regulars.core.lifetime.maximum_likelihood import (
    LONGER_HISTORY,
    Derivatives,
    Matrix,
    Optimum,
    TooLittleHistory,
    in_logs,
    maximise,
)
from regulars.core.notes import Note, gettext_noop

LEAST_ORDERING = 10
TOO_FEW = gettext_noop(
    "Of %(accounts)s accounts %(ordering)s ordered at an occasion; "
    "at least %(least)s must have, to learn how this firm's customers come back."
)
STARTS = [(1.0, 1.0, 0.7, 3.0), (1.0, 4.0, 0.5, 2.0), (5.0, 5.0, 1.0, 20.0), (0.3, 0.3, 0.3, 0.3)]


class BetaGeoBetaBernoulli(OrderForecasts):
    """BG/BB by maximum likelihood. Time is counted in occasions: whole numbers everywhere.

    Columns: `frequency`, the occasions ordered at; `recency`, the last of them (1 is the first occasion; 0: none);
    `age`, the occasions there were. The order by which an account was won counts as none of them.
    """

    names = ("alpha", "beta", "gamma", "delta")
    bound_notes: ClassVar[dict[tuple[str, int], str]] = {
        ("alpha", 1): gettext_noop("All accounts order at an occasion with practically the same chance, or always."),
        ("alpha", -1): gettext_noop("Accounts order at practically every occasion or at none."),
        ("beta", 1): gettext_noop("All accounts order at an occasion with practically the same chance."),
        ("beta", -1): gettext_noop("Accounts order at practically every occasion while they are customers."),
        ("gamma", 1): gettext_noop("All accounts leave with practically the same chance."),
        ("gamma", -1): gettext_noop("Practically no account leaves for good in this history."),
        ("delta", 1): gettext_noop("All accounts leave with practically the same chance, or none leaves."),
        ("delta", -1): gettext_noop("A part of the accounts leaves before the first occasion, the others hardly ever."),
    }

    def fit(self, summary: Any) -> Self:
        """Learn from rows of (frequency, recency, age[, weight]); a row of weight w counts as w accounts.

        Raises `TooLittleHistory` if hardly anyone has ordered at an occasion, `UnusableSummary` if numbers are not
        whole or contradict themselves.
        """
        table = as_columns(summary)
        x, t_x, n = _read(table)
        weight = read_weight(table, x.size)
        statistics = Statistics.of(x, t_x, n, weight)
        optimum = statistics.maximise()
        self._learn(optimum, units=np.ones(4), log_likelihood=optimum.log_likelihood, accounts=statistics.accounts)
        self._learn_forecasts(optimum, statistics.n, statistics.weight)
        return self

    def probability_alive(self, summary: Any) -> Vector:
        """Give the chance that each account still was a customer at its last occasion."""
        return self._probability_alive(*_read(as_columns(summary)))

    def expected_orders(self, summary: Any, *, periods: float) -> Vector:
        """Give the orders to expect of each account at the next `periods` occasions (equation 13)."""
        x, t_x, n = _read(as_columns(summary))
        return self._probability_alive(x, t_x, n) * self._expected_if_alive(x, n, periods=periods)

    def expected_orders_if_alive(self, summary: Any, *, periods: float) -> Vector:
        """Give the orders to expect at the next `periods` occasions if the account has not left yet."""
        x, _, n = _read(as_columns(summary))
        return self._expected_if_alive(x, n, periods=periods)

    def expected_orders_new(self, periods: float) -> float:
        """Give the orders to expect of a new account at its first `periods` occasions (equation 7)."""
        return float(self._expected_if_alive(np.zeros(1), np.zeros(1), periods=periods)[0])

    def _read(self, table: Any) -> Columns:
        return _read(table)

    def _probability_alive(self, x: Vector, t_x: Vector, n: Vector) -> Vector:
        if not x.size:
            return np.empty(0)
        (x, t_x, n), back = distinct((x, t_x, n))
        statistics = Statistics(x, t_x, n, np.ones(x.size))
        terms = statistics.terms(np.array(list(self.params_.values())))
        return np.asarray(statistics.shares(terms.logs)[1][statistics.firsts][back])

    def _expected_if_alive(self, x: Vector, n: Vector, *, periods: float) -> Vector:
        alpha, beta, gamma, delta = self.params_.values()
        occasions = _whole(periods)
        times, back = np.unique(n, return_inverse=True)
        stays, stayed = np.zeros(times.size), np.ones(times.size)
        for i in range(occasions):
            stayed = stayed * ((delta + times + i) / (gamma + delta + times + i))
            stays += stayed
        return np.asarray((alpha + x) / (alpha + beta + n) * stays[back])

    def _at_least(self, columns: Columns, orders: Vector, *, periods: float) -> Vector:
        x, t_x, n = columns
        alpha, beta, gamma, delta = self.params_.values()
        a, b, d = alpha + x, beta + n - x, delta + n
        i = orders.copy()  # the occasion that brings the order
        chance = np.exp(betaln(a + i, b) - betaln(a, b) + betaln(gamma, d + i) - betaln(gamma, d))
        reached = np.zeros(x.size)
        for _ in range(int(_whole(periods) - orders.min(initial=np.inf)) + 1 if x.size else 0):
            reached += np.where(i <= periods, chance, 0.0)
            waited = i - orders
            chance *= i / (waited + 1) * ((b + waited) / (a + b + i)) * ((d + i) / (gamma + d + i))
            i += 1
        return self._probability_alive(x, t_x, n) * np.minimum(reached, 1.0)

    def _histories(self, random: np.random.Generator, ages: Vector, *, periods: float) -> dict[str, Vector]:
        alpha, beta, gamma, delta = self.params_.values()
        ages, ahead = np.rint(ages), _whole(periods)
        orders, leaves = random.beta(alpha, beta, ages.size), random.beta(gamma, delta, ages.size)
        x, t_x, later = np.zeros((3, ages.size))
        alive = np.ones(ages.size, dtype=bool)
        for occasion in range(1, int(ages.max(initial=0)) + ahead + 1):
            alive &= random.random(ages.size) >= leaves
            bought = alive & (random.random(ages.size) < orders)
            seen = bought & (occasion <= ages)
            x += seen
            t_x[seen] = occasion
            later += bought & (occasion > ages) & (occasion <= ages + ahead)
        return {"frequency": x, "recency": t_x, "age": ages, "orders_ahead": later}


def _whole(periods: float) -> int:
    if checked_periods(periods) != round(periods):
        raise ValueError(f"periods must be a whole number of occasions, not {periods}")
    return round(periods)


def _read(table: Any) -> Columns:
    x, t_x, n = read_columns(table, ["frequency", "recency", "age"])
    for name, values in (("frequency", x), ("recency", t_x), ("age", n)):
        if not np.all(np.isfinite(values)) or np.any(values < 0) or np.any(values != np.rint(values)):
            raise UnusableSummary(
                f"A value of {name} is no whole number of occasions.",
                "Count occasions (years, fairs, seasons), not time; for orders at any time use another model.",
            )
    if np.any(x > t_x) or np.any(t_x > n) or np.any((x == 0) & (t_x > 0)):
        raise UnusableSummary(
            "An account has more orders than occasions, or its last order after the last occasion.",
            "Check that recency and age count occasions, the first of them being 1.",
        )
    return x, t_x, n


@dataclass(frozen=True)
class Statistics:
    """Different rows and how many accounts have them."""

    x: Vector
    t_x: Vector
    n: Vector
    weight: Vector

    @classmethod
    def of(cls, x: Vector, t_x: Vector, n: Vector, weight: Vector) -> Statistics:
        """From the rows of a summary."""
        kept = (weight > 0) & (n > 0)
        ordering = float(weight[kept & (x > 0)].sum())
        if ordering < LEAST_ORDERING:
            raise TooLittleHistory(
                Note(TOO_FEW, ordering=ordering, accounts=weight.sum(), least=LEAST_ORDERING), Note(LONGER_HISTORY)
            )
        (x, t_x, n), weight = collapse([x[kept], t_x[kept], n[kept]], weight[kept])
        return cls(x, t_x, n, weight)

    @property
    def accounts(self) -> float:
        """How many accounts there are."""
        return float(self.weight.sum())

    @property
    def firsts(self) -> Indices:
        """Where the terms of each row begin; the first of them is that it is alive."""
        return np.asarray(np.concatenate([[0], np.cumsum(self._sizes)[:-1]]), dtype=np.intp)

    @property
    def _sizes(self) -> Indices:
        return np.asarray(self.n - self.t_x + 1, dtype=np.intp)

    def maximise(self) -> Optimum:
        """Give the optimum."""
        return maximise(self.derivatives, [np.log(start) for start in STARTS], accounts=self.accounts)

    def derivatives(self, logs: Vector) -> Derivatives:
        """Give the log-likelihood with its derivatives by the logarithms of (α, β, γ, δ)."""
        params = np.exp(logs)
        terms = self.terms(params)
        row_logs, shares = self.shares(terms.logs)
        slopes = terms.slopes()
        slope = np.add.reduceat(slopes * shares, self.firsts, axis=1)
        weighted = shares * np.repeat(self.weight, self._sizes)
        hessian = (slopes * weighted) @ slopes.T - (slope * self.weight) @ slope.T
        for (i, j), bend in terms.bends().items():
            total = float(bend @ weighted)
            hessian[i, j] += total
            hessian[j, i] += total if i != j else 0.0
        return in_logs(params, float(self.weight @ row_logs), slope @ self.weight, hessian)

    def terms(self, params: Vector) -> _Terms:
        """Give the terms of all rows, one row after the other."""
        rows = np.repeat(np.arange(self.x.size), self._sizes)
        back = np.arange(rows.size) - self.firsts[rows]  # 0: alive at n; j: last alive at n-j
        x, n = self.x.astype(np.intp)[rows], self.n.astype(np.intp)[rows]
        return _Terms.of(params, x, n - back, (back > 0).astype(np.intp))

    def shares(self, terms: Vector) -> tuple[Vector, Vector]:
        """Give ln L of each row, and the part of each term in the L of its row."""
        highest = np.maximum.reduceat(terms, self.firsts)
        parts = np.exp(terms - np.repeat(highest, self._sizes))
        sums = np.add.reduceat(parts, self.firsts)
        return highest + np.log(sums), parts / np.repeat(sums, self._sizes)


@dataclass(frozen=True)
class _Terms:
    """ln[ (α)_x (β)_{m-x}/(α+β)_m · (δ)_m/(γ+δ)_m ] if alive, or of having left after m: γ (δ)_m/(γ+δ)_{m+1}."""

    a: Matrix
    b: Matrix
    both: Matrix
    d: Matrix
    either: Matrix
    gone: Vector  # 1/γ where it has left, else 0
    logs: Vector

    @classmethod
    def of(cls, params: Vector, x: Indices, m: Indices, gone: Indices) -> _Terms:
        alpha, beta, gamma, delta = params.tolist()
        last = int(m.max(initial=0)) + 1
        a, b, d = _Rising(alpha, last).at(x), _Rising(beta, last).at(m - x), _Rising(delta, last).at(m)
        both, either = _Rising(alpha + beta, last).at(m), _Rising(gamma + delta, last).at(m + gone)
        logs = a[0] + b[0] - both[0] + d[0] - either[0] + gone * np.log(gamma)
        return cls(a, b, both, d, either, gone / gamma, logs)

    def slopes(self) -> Matrix:
        """Give the derivatives by (α, β, γ, δ), down the first axis."""
        both, either = self.both[1], self.either[1]
        return np.array([self.a[1] - both, self.b[1] - both, self.gone - either, self.d[1] - either])

    def bends(self) -> dict[tuple[int, int], Vector]:
        """Give those second derivatives that are not 0, each pair once."""
        both, either = self.both[2], self.either[2]
        return {
            (0, 0): both - self.a[2],
            (0, 1): both,
            (1, 1): both - self.b[2],
            (2, 2): either - self.gone**2,
            (2, 3): either,
            (3, 3): either - self.d[2],
        }


class _Rising:
    """(z)_k = Π_{i<k} (z+i) for k = 0 ... last: its logarithm, and the sums of 1/(z+i) and of 1/(z+i)²."""

    def __init__(self, z: float, last: int) -> None:
        factors = z + np.arange(last)
        self._sums = np.zeros((3, last + 1))
        np.cumsum([np.log(factors), 1 / factors, 1 / factors**2], axis=1, out=self._sums[:, 1:])

    def at(self, k: Indices) -> Matrix:
        return np.take(self._sums, k, axis=1)
