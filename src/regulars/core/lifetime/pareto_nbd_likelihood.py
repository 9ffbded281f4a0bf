"""The likelihood of `pareto_nbd` (whose symbols these are), summed over accounts, with its derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from regulars.core.lifetime.columns import Vector, collapse, pieces
from regulars.core.lifetime.maximum_likelihood import SAMPLE_ROWS, Derivatives, Matrix, Optimum, in_logs, maximise
from regulars.core.lifetime.order_days import more_than
from regulars.core.lifetime.pareto_nbd_curves import CURVE_ROWS, Curve, Times, frequencies_apart
from regulars.core.lifetime.pareto_nbd_integrals import (
    ALPHA,
    ANCHOR_ROWS,
    BETA,
    CELLS,
    GRADIENT,
    HESSIAN,
    R,
    S,
    again_derivatives,
    left_derivatives,
)

STARTS = [(0.6, 0.3, 0.6, 0.4), (2.0, 0.5, 0.3, 2.0), (0.1, 0.05, 1.5, 1.0), (20.0, 10.0, 0.05, 1.0)]


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
        few, many = frequencies_apart(x)
        frequencies = [_Frequency(one, Times.of(t_x[rows]), Times.of(T[rows]), weight[rows]) for one, rows in many]
        if few.size:
            frequencies.append(_Frequency(x[few], Times.each(t_x[few]), Times.each(T[few]), weight[few]))
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
        lefts = _tables([one.left for one in self.frequencies], self.frequencies, params, left_derivatives)
        agains = _tables([one.again for one in self.frequencies], self.frequencies, params, again_derivatives)
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


def _add_rows(total: Vector, left: Curve, again: Curve, weight: Vector) -> None:
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
    left: Times  # t_x
    again: Times  # T
    weight: Vector


def _tables(
    times: Sequence[Times], frequencies: Sequence[_Frequency], params: Vector, derivatives: Callable[..., Matrix]
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
