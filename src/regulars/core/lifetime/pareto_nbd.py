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

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np
from scipy.special import betaln, expit, exprel

from regulars.core.lifetime.columns import (
    Indices,
    Vector,
    as_columns,
    collapse,
    read_weight,
)
from regulars.core.lifetime.forecasts import Columns, OrderForecasts, checked_periods
from regulars.core.lifetime.maximum_likelihood import SAMPLE_ROWS, Derivatives, Matrix, Optimum, in_logs, maximise
from regulars.core.lifetime.nbd import at_least, chances_of_counts
from regulars.core.lifetime.order_days import demand_repeaters, more_than, read_order_days

STARTS = [(0.6, 0.3, 0.6, 0.4), (2.0, 0.5, 0.3, 2.0), (0.1, 0.05, 1.5, 1.0), (20.0, 10.0, 0.05, 1.0)]


class ParetoNBD(OrderForecasts):
    """Pareto/NBD by maximum likelihood. Time is in any unit, the same for `fit` and for questions."""

    names = ("r", "alpha", "s", "beta")
    bound_notes: ClassVar[dict[tuple[str, int], str]] = {
        ("r", 1): "All accounts order at practically the same rate.",
        ("r", -1): "The rates at which accounts order differ beyond what the model can express.",
        ("alpha", 1): "All accounts order at practically the same rate.",
        ("alpha", -1): "Accounts order so often that the time of a single order tells nothing.",
        ("s", 1): "All accounts leave at practically the same rate.",
        ("s", -1): "Practically no account leaves for good in this history.",
        ("beta", 1): "All accounts leave at practically the same rate, or none leaves.",
        ("beta", -1): "A part of the accounts leaves practically at once.",
    }

    def fit(self, summary: Any) -> Self:
        """Learn from rows of (frequency, recency, age[, weight]); a row of weight w counts as w accounts.

        Raises `TooLittleHistory` if hardly anyone has ordered twice, `UnusableSummary` if rows contradict themselves.
        """
        table = as_columns(summary)
        x, t_x, T = read_order_days(table)
        weight = read_weight(table, x.size)
        demand_repeaters(x, weight)
        statistics = Statistics.of(x, t_x, T, weight)
        optimum = statistics.maximise()
        self._learn(
            optimum,
            units=np.array([1.0, statistics.scale, 1.0, statistics.scale]),
            log_likelihood=optimum.log_likelihood - statistics.orders * float(np.log(statistics.scale)),
            accounts=statistics.accounts,
        )
        self._learn_forecasts(optimum, *statistics.ages())
        return self

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

    def _probability_alive(self, x: Vector, t_x: Vector, T: Vector) -> Vector:
        r, alpha, s, beta = self.params_.values()
        left = _values(lambda of_x, t: _left(r + of_x, alpha + t, s, beta + t), x, t_x, min(alpha, beta))
        again = _values(lambda of_x, t: _again(r + of_x, alpha + t, s, beta + t), x, T, min(alpha, beta))
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


@dataclass(frozen=True)
class Statistics:
    """All that the likelihood needs, in units of time in which ages are near 1."""

    scale: float
    accounts: float
    orders: float
    more_than: Vector  # more_than[k]: accounts with more than k repeat orders
    rows: tuple[Vector, Vector, Vector, Vector]  # x, t_x, T, weight, all different, in no meaningful sequence
    frequencies: list[_Frequency]

    @classmethod
    def of(cls, x: Vector, t_x: Vector, T: Vector, weight: Vector) -> Statistics:
        """From the rows of a summary."""
        return cls.scaled(float(np.average(T, weights=weight)), x, t_x, T, weight)

    @classmethod
    def scaled(cls, scale: float, x: Vector, t_x: Vector, T: Vector, weight: Vector) -> Statistics:
        """As `of`, in this unit of time."""
        kept = weight > 0
        (x, t_x, T), weight = collapse([x[kept], t_x[kept] / scale, T[kept] / scale], weight[kept])
        return cls._of_rows(scale, x, t_x, T, weight)

    @classmethod
    def _of_rows(cls, scale: float, x: Vector, t_x: Vector, T: Vector, weight: Vector) -> Statistics:
        few, many = _apart(x)
        frequencies = [_Frequency(one, _Times.of(t_x[rows]), _Times.of(T[rows]), weight[rows]) for one, rows in many]
        if few.size:
            frequencies.append(_Frequency(x[few], _Times.each(t_x[few]), _Times.each(T[few]), weight[few]))
        accounts, orders = float(weight.sum()), float(x @ weight)
        return cls(scale, accounts, orders, more_than(x, weight), (x, t_x, T, weight), frequencies)

    def maximise(self) -> Optimum:
        """Give the optimum; a large history is first searched in parts of itself."""
        starts = [np.log(start) for start in STARTS]
        rows = self.rows[0].size
        for part in (SAMPLE_ROWS, 8 * SAMPLE_ROWS):
            if rows > 3 * part:
                sample = self._of_rows(self.scale, *(column[:: rows // part] for column in self.rows))
                starts.insert(0, maximise(sample.derivatives, starts, accounts=sample.accounts).logs)
        return maximise(self.derivatives, starts, accounts=self.accounts)

    def ages(self) -> tuple[Vector, Vector]:
        """Give how old the accounts are and how many, of a large history those of a part."""
        _, _, T, weight = self.rows
        step = max(1, T.size // SAMPLE_ROWS)
        return T[::step] * self.scale, weight[::step]

    def derivatives(self, logs: Vector) -> Derivatives:
        """Give the log-likelihood with its derivatives by the logarithms of (r, α, s, β)."""
        params = np.exp(logs)
        r, alpha, s, beta = params.tolist()
        total = np.zeros(CELLS)
        self._add_counts(total, r, alpha, s, beta)
        lefts = _tables([one.left for one in self.frequencies], self.frequencies, params, _left_derivatives)
        agains = _tables([one.again for one in self.frequencies], self.frequencies, params, _again_derivatives)
        for one, left, again in zip(self.frequencies, lefts, agains, strict=True):
            _add_rows(total, one.left.curve(left, params), one.again.curve(again, params), one.weight)
        return in_logs(params, float(total[0]), total[GRADIENT], total[HESSIAN].reshape(4, 4))

    def _add_counts(self, total: Vector, r: float, alpha: float, s: float, beta: float) -> None:
        """Add what depends on the numbers of orders alone: Σ ln(r+k), r ln α + s ln β."""
        n, of = self.more_than, self.accounts
        rate = 1 / (r + np.arange(n.size))
        total[0] -= float(n @ np.log(rate)) - of * (r * np.log(alpha) + s * np.log(beta))
        total[GRADIENT] += [n @ rate + of * np.log(alpha), of * r / alpha, of * np.log(beta), of * s / beta]
        bends = np.zeros((4, 4))
        bends[R, R] = -(n @ rate**2)
        bends[R, ALPHA] = bends[ALPHA, R] = of / alpha
        bends[ALPHA, ALPHA] = -of * r / alpha**2
        bends[S, BETA] = bends[BETA, S] = of / beta
        bends[BETA, BETA] = -of * s / beta**2
        total[HESSIAN] += bends.ravel()


R, ALPHA, S, BETA = range(4)
GRADIENT, HESSIAN, CELLS = slice(1, 5), slice(5, 21), 21
"""A function of time is kept with its derivatives by (r, α, s, β): 1 value, 4 first and 16 second derivatives."""


def _add_rows(total: Vector, left: _Curve, again: _Curve, weight: Vector) -> None:
    """Add ln(e^U + e^V) of rows of one frequency."""
    for rows in pieces(weight.size, CURVE_ROWS):
        u, v, w = left.at(rows), again.at(rows), weight[rows]
        z = u[0] - v[0]
        fading = np.exp(-np.abs(z))
        total[0] += float(w @ (v[0] + np.maximum(z, 0) + np.log1p(fading)))
        gone = w * np.where(z >= 0, 1.0, fading) / (1 + fading)
        bend = gone * (w - gone) / w
        apart = u[1:] - v[1:]
        total[HESSIAN] += ((apart * bend) @ apart.T).ravel()
        left.count(rows, gone)
        again.count(rows, w - gone)
    total[1:] += (left.counted() + again.counted())[1:]


@dataclass(frozen=True)
class _Frequency:
    """The accounts with one number of repeat orders, or each with its own."""

    x: float | Vector
    left: _Times  # t_x
    again: _Times  # T
    weight: Vector


@dataclass(frozen=True)
class _Times:
    """Times of accounts: the different ones, and which of them each row has (None: each its own)."""

    points: Vector
    index: Indices | None
    least: float
    most: float
    alone: bool = False  # no two are of the same function

    @classmethod
    def each(cls, times: Vector) -> _Times:
        """Times of accounts with a frequency of their own."""
        return cls(times, None, float(times.min()), float(times.max()), alone=True)

    @classmethod
    def of(cls, times: Vector) -> _Times:
        """Times of accounts of one frequency."""
        index = None
        first = times[:LOOKED_AT]
        if 2 * np.unique(first).size <= first.size:  # worth it
            times, index = np.unique(times, return_inverse=True)
        return cls(times, index, float(times.min()), float(times.max()))

    def anchors(self, params: Vector) -> Vector:
        """Give the times at which the functions have to be known exactly."""
        if self.alone:
            return self.points
        nodes = _nodes(self.least, self.most, min(params[ALPHA], params[BETA]))
        return self.points if self.points.size <= nodes.size else nodes

    def curve(self, table: Matrix, params: Vector) -> _Curve:
        """Give the functions of time that have these values at the anchors."""
        if table.shape[1] == self.points.size:
            return _Curve(table, None, self.index)
        shift = min(params[ALPHA], params[BETA])
        scaled = _scaled(self.points, self.least, self.most, shift)
        series = _series(table)
        if self.index is None:
            return _Curve(series, scaled, None)
        return _Curve(series, None, self.index, _basis(scaled, series.shape[1]))


class _Curve:
    """A function of time with its derivatives at the times of rows, and sums of it over rows.

    `table` holds its values at points or, if there are `scaled` times (of rows) or a `basis` (at points), its
    Chebyshev series.
    """

    def __init__(
        self, table: Matrix, scaled: Vector | None, index: Indices | None, basis: Matrix | None = None
    ) -> None:
        self._table, self._scaled, self._index, self._at_points = table, scaled, index, basis
        first = np.ascontiguousarray(table[:5])
        self._first = first if basis is None else first @ basis
        self._weight = np.zeros(self._first.shape[1])
        self._basis = np.empty((0, 0))

    def at(self, rows: slice) -> Matrix:
        """Give value and first derivatives (down the first axis) at the times of these rows."""
        if self._scaled is not None:
            self._basis = _basis(self._scaled[rows], self._weight.size)
            return self._first @ self._basis
        if self._weight.size == 1:
            return self._first
        return self._first[:, rows if self._index is None else self._index[rows]]

    def count(self, rows: slice, weight: Vector) -> None:
        """Take these rows, for which `at` was asked last, into the sum, with these weights."""
        if self._scaled is not None:
            self._weight += np.einsum("kn,n->k", self._basis, weight)  # BLAS would start threads
        elif self._weight.size == 1:
            self._weight += weight.sum()
        elif self._index is None:
            self._weight[rows] += weight
        else:
            self._weight += np.bincount(self._index[rows], weights=weight, minlength=self._weight.size)

    def counted(self) -> Vector:
        """Give the weighted sum of the function and of all its derivatives."""
        weight = self._weight if self._at_points is None else self._at_points @ self._weight
        return np.asarray(self._table @ weight)


# Functions of one time, known at a few


LOOKED_AT = 1024
CURVE_ROWS = 2048
LEAST_NODES, MOST_NODES = 8, 96


def _apart(x: Vector) -> tuple[Indices, list[tuple[float, Indices]]]:
    """Give the rows whose frequency hardly any other row has, and the rows of each other frequency."""
    small = x.size == 0 or x.max() < 1 << 16  # for which there is a faster way of sorting
    order = np.argsort(x.astype(np.uint16) if small else x, kind="stable")
    starts = np.flatnonzero(np.diff(x[order], prepend=-1.0))
    parts = [order[start:end] for start, end in pairwise([*starts.tolist(), x.size])]
    few = [rows for rows in parts if rows.size <= LEAST_NODES]
    many = [(float(x[rows[0]]), rows) for rows in parts if rows.size > LEAST_NODES]
    return np.concatenate([np.empty(0, dtype=np.intp), *few]), many


def pieces(rows: int, size: int) -> Iterator[slice]:
    """Cut many rows into pieces of this size, whose numbers stay in the processor's cache."""
    for start in range(0, rows, size):
        yield slice(start, start + size)


def _nodes(least: float, most: float, shift: float) -> Vector:
    """Give Chebyshev points in ln(time + shift).

    Over t > -shift the functions are analytic in a strip of half-width π around the real logarithms, so the error of
    n points falls as (h + √(1+h²))^-n, h = π over half the length of the interval.
    """
    half = np.log((most + shift) / (least + shift)) / 2
    reach = np.pi / max(float(half), 1e-9)
    count = int(np.clip(np.ceil(NEGLIGIBLE / np.arcsinh(reach)) + 3, LEAST_NODES, MOST_NODES))
    return np.asarray((least + shift) * np.exp(half * (1 + _chebyshev(count)[0])) - shift)


def _scaled(times: Vector, least: float, most: float, shift: float) -> Vector:
    low, high = np.log(least + shift), np.log(most + shift)
    return np.asarray((2 * np.log(times + shift) - low - high) / (high - low))


def _series(table: Matrix) -> Matrix:
    """Give Chebyshev coefficients of functions (down the first axis) known at `chebpts1`."""
    return np.asarray(table @ _chebyshev(table.shape[1])[1])


@cache
def _chebyshev(count: int) -> tuple[Vector, Matrix]:
    """Give the points, and what turns values there into coefficients."""
    points = np.polynomial.chebyshev.chebpts1(count)
    weight = np.full(count, 2.0 / count)
    weight[0] /= 2
    return points, np.polynomial.chebyshev.chebvander(points, count - 1) * weight


@cache
def _legendre(count: int) -> tuple[Vector, Vector]:
    """Give nodes and weights for an integral from 0 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return (1 + nodes) / 2, weights / 2


def _basis(scaled: Vector, count: int) -> Matrix:
    basis = np.empty((count, scaled.size))
    basis[0] = 1
    basis[1] = scaled
    twice = 2 * scaled
    for n in range(2, count):
        np.multiply(twice, basis[n - 1], out=basis[n])
        basis[n] -= basis[n - 2]
    return basis


def _bases(scaled: Vector, count: int) -> Iterator[Matrix]:
    for rows in pieces(scaled.size, CURVE_ROWS):
        yield _basis(scaled[rows], count)


def _values(exactly: Callable[[Vector, Vector], Vector], x: Vector, times: Vector, shift: float) -> Vector:
    """Give a function of frequency and time for many rows, through a few times where that is less work."""
    values = np.empty(times.size)
    few, many = _apart(x)
    ranges = [(float(times[rows].min()), float(times[rows].max())) for _, rows in many]
    anchors = [times[few]]
    for (_, rows), (least, most) in zip(many, ranges, strict=True):
        nodes = times[rows[:1]] if most == least else _nodes(least, most, shift)
        anchors.append(times[rows] if rows.size <= nodes.size else nodes)
    sizes = [one.size for one in anchors]
    known = exactly(np.concatenate([x[few], np.repeat([of for of, _ in many], sizes[1:])]), np.concatenate(anchors))
    values[few], *tables = np.split(known, np.cumsum(sizes)[:-1])
    for (_, rows), (least, most), table in zip(many, ranges, tables, strict=True):
        if table.size in {1, rows.size}:
            values[rows] = table
            continue
        series, scaled = _series(table[np.newaxis]), _scaled(times[rows], least, most, shift)
        values[rows] = np.concatenate([(series @ basis)[0] for basis in _bases(scaled, table.size)])
    return values


def _tables(
    times: Sequence[_Times], frequencies: Sequence[_Frequency], params: Vector, derivatives: Callable[..., Matrix]
) -> list[Matrix]:
    """Give the tables of all frequencies at their anchors."""
    r, alpha, s, beta = params.tolist()
    anchors = [one.anchors(params) for one in times]
    sizes = [one.size for one in anchors]
    shape = r + np.concatenate([np.broadcast_to(one.x, size) for one, size in zip(frequencies, sizes, strict=True)])
    y = np.concatenate(anchors)
    tables = np.concatenate(
        [derivatives(shape[rows], alpha + y[rows], s, beta + y[rows]) for rows in pieces(y.size, ANCHOR_ROWS)], axis=1
    )
    return np.split(tables, np.cumsum(sizes)[:-1], axis=1)


# Integrals


NEGLIGIBLE = 30.0  # e^-30 is 1e-13
ANCHOR_ROWS = 128
STEP, BEND = 0.25, 3.0
FARTHEST = 650.0  # e to this still is a number


def _left(R: Any, A: Vector, s: float, B: Vector) -> Vector:
    """Give U at A = α+t, B = β+t."""
    return np.concatenate([np.empty(0), *(one[0] for one in _race(R, A, s, B))])


def _again(R: Any, A: Vector, s: float, B: Vector) -> Vector:
    """Give V at A = α+t, B = β+t."""
    return np.concatenate([np.empty(0), *(one[0] for one in _race(s, B, R, A))])


def _left_derivatives(R: Vector, A: Vector, s: float, B: Vector) -> Matrix:
    """Give U with its derivatives by (r, α, s, β), at given t."""
    return np.concatenate([_derived(*one) for one in _race(R, A, s, B)], axis=1)


def _again_derivatives(R: Vector, A: Vector, s: float, B: Vector) -> Matrix:
    """Give V with its derivatives by (r, α, s, β), at given t."""
    table = np.concatenate([_derived(*one) for one in _race(s, B, R, A)], axis=1)  # by (s, β, r, α)
    turned = table[HESSIAN].reshape(2, 2, 2, 2, -1)[::-1, :, ::-1]
    return np.concatenate([table[:1], table[3:5], table[1:3], turned.reshape(16, -1)])


def _race(
    shape: Any, scale: Vector, win: Any, win_scale: Vector
) -> Iterator[tuple[Vector, tuple[Vector, Vector, Vector, Vector], _Nodes]]:
    """Give ln ∫ w (c+d)^-q (e+d)^-(w+1) dd over d > 0, by pieces, with (q, c, w, e) and the nodes used.

    q and c are `shape` and `scale`, w and e `win` and `win_scale`.
    """
    q, c, w, e = (np.asarray(one) for one in np.broadcast_arrays(shape, scale, win, win_scale))
    for rows in pieces(q.size, ANCHOR_ROWS):
        part = q[rows], c[rows], w[rows], e[rows]
        nodes = _Nodes.of(*part)
        own = np.log(part[2] * nodes.sum) - part[0] * np.log(part[1]) - part[2] * np.log(part[3])
        yield own, part, nodes


@dataclass(frozen=True)
class _Nodes:
    """Nodes of the integral, along the second axis, and their weights, which add up to 1."""

    sum: Vector
    weight: Matrix
    grown: Matrix  # ln(1 + d/c)
    win_grown: Matrix  # ln(1 + d/e)
    by_scale: Matrix  # d/c
    win_share: Matrix  # d/(e+d)

    @classmethod
    def of(cls, q: Vector, c: Vector, w: Vector, e: Vector) -> _Nodes:
        start = -np.log(q / c + w / e)
        with np.errstate(over="ignore"):
            ends = [
                np.log(size) + np.log(np.expm1(np.minimum(NEGLIGIBLE / rate, FARTHEST)))
                for size, rate in ((c, q), (e, w), (np.maximum(c, e), q + w))
            ]
        reach = float(np.max(np.minimum.reduce(ends) - start))
        xi = np.arange(-BEND * np.arcsinh(NEGLIGIBLE / BEND), BEND * np.arcsinh(max(reach, 1.0) / BEND) + STEP, STEP)
        d = np.exp(np.minimum(start[:, np.newaxis] + BEND * np.sinh(xi / BEND), FARTHEST))
        by_scale, by_win_scale = d / c[:, np.newaxis], d / e[:, np.newaxis]
        grown, win_grown = np.log1p(by_scale), np.log1p(by_win_scale)
        win_share = by_win_scale / (1 + by_win_scale)
        weight = np.exp(-q[:, np.newaxis] * grown - w[:, np.newaxis] * win_grown) * win_share
        weight *= STEP * np.cosh(xi / BEND)
        total = weight.sum(axis=1)
        return cls(total, weight / total[:, np.newaxis], grown, win_grown, by_scale, win_share)


def _derived(value: Vector, part: tuple[Vector, Vector, Vector, Vector], nodes: _Nodes) -> Matrix:
    """Give the logarithm of the integral with its derivatives by (q, c, w, e).

    With ℓ the logarithm of the integrand and means over it: the gradient is E[ℓ'], the Hessian Cov[ℓ'] + E[ℓ''].
    """
    q, c, w, e = part
    share = nodes.by_scale / (1 + nodes.by_scale)
    features = np.stack([np.ones_like(share), nodes.grown, share, nodes.win_grown, nodes.win_share], axis=1)
    products = (features * nodes.weight[:, np.newaxis]) @ features.transpose(0, 2, 1)
    mean = products[:, 0, 1:]
    slope = np.stack([-np.ones_like(q), q / c, -np.ones_like(q), (w + 1) / e], axis=1)
    covariance = products[:, 1:, 1:] - mean[:, :, np.newaxis] * mean[:, np.newaxis]
    hessian = covariance * slope[:, :, np.newaxis] * slope[:, np.newaxis]
    stay, win_stay = 1 - mean[:, 1], 1 - mean[:, 3]
    hessian[:, 0, 1] -= stay / c
    hessian[:, 1, 0] -= stay / c
    hessian[:, 1, 1] += q / c**2 * (2 * stay - 1 + products[:, 2, 2])
    hessian[:, 2, 2] -= 1 / w**2
    hessian[:, 2, 3] -= win_stay / e
    hessian[:, 3, 2] -= win_stay / e
    hessian[:, 3, 3] += (w + 1) / e**2 * (2 * win_stay - 1 + products[:, 4, 4])
    gradient = np.stack(
        [-np.log(c) - mean[:, 0], -q / c * stay, 1 / w - np.log(e) - mean[:, 2], -(w + 1) / e * win_stay]
    )
    return np.concatenate([value[np.newaxis], gradient, hessian.reshape(-1, 16).T])


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
