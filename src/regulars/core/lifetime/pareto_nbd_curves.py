"""Functions of one time, known at a few: the integrals of `pareto_nbd` at the times of many accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np

from regulars.core.lifetime.columns import Indices, Vector, pieces
from regulars.core.lifetime.maximum_likelihood import Matrix
from regulars.core.lifetime.pareto_nbd_integrals import ALPHA, BETA, NEGLIGIBLE

LOOKED_AT = 1024
CURVE_ROWS = 2048
LEAST_NODES, MOST_NODES = 8, 96


@dataclass(frozen=True)
class Times:
    """Times of accounts: the different ones, and which of them each row has (None: each its own)."""

    points: Vector
    index: Indices | None
    least: float
    most: float
    alone: bool = False  # no two are of the same function

    @classmethod
    def each(cls, times: Vector) -> Times:
        """Times of accounts with a frequency of their own."""
        return cls(times, None, float(times.min()), float(times.max()), alone=True)

    @classmethod
    def of(cls, times: Vector) -> Times:
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

    def curve(self, table: Matrix, params: Vector) -> Curve:
        """Give the functions of time that have these values at the anchors."""
        if table.shape[1] == self.points.size:
            return Curve(table, None, self.index)
        shift = min(params[ALPHA], params[BETA])
        scaled = _scaled(self.points, self.least, self.most, shift)
        series = _series(table)
        if self.index is None:
            return Curve(series, scaled, None)
        return Curve(series, None, self.index, _basis(scaled, series.shape[1]))


class Curve:
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


def frequencies_apart(x: Vector) -> tuple[Indices, list[tuple[float, Indices]]]:
    """Give the rows whose frequency hardly any other row has, and the rows of each other frequency."""
    small = x.size == 0 or x.max() < 1 << 16  # for which there is a faster way of sorting
    order = np.argsort(x.astype(np.uint16) if small else x, kind="stable")
    starts = np.flatnonzero(np.diff(x[order], prepend=-1.0))
    parts = [order[start:end] for start, end in pairwise([*starts.tolist(), x.size])]
    few = [rows for rows in parts if rows.size <= LEAST_NODES]
    many = [(float(x[rows[0]]), rows) for rows in parts if rows.size > LEAST_NODES]
    return np.concatenate([np.empty(0, dtype=np.intp), *few]), many


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


def values_of_rows(exactly: Callable[[Vector, Vector], Vector], x: Vector, times: Vector, shift: float) -> Vector:
    """Give a function of frequency and time for many rows, through a few times where that is less work."""
    values = np.empty(times.size)
    few, many = frequencies_apart(x)
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
