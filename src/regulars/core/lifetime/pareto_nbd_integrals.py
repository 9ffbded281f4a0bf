"""The integrals U and V of `pareto_nbd` (whose symbols these are), with their derivatives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from regulars.core.lifetime.columns import Vector, pieces
from regulars.core.lifetime.maximum_likelihood import Matrix

R, ALPHA, S, BETA = range(4)
GRADIENT, HESSIAN, CELLS = slice(1, 5), slice(5, 21), 21
"""A function of time is kept with its derivatives by (r, α, s, β): 1 value, 4 first and 16 second derivatives."""

NEGLIGIBLE = 30.0  # e^-30 is 1e-13
ANCHOR_ROWS = 128
STEP, BEND = 0.25, 3.0
FARTHEST = 650.0  # e to this still is a number


def left_integral(R: Any, A: Vector, s: float, B: Vector) -> Vector:
    """Give U at A = α+t, B = β+t."""
    return np.concatenate([np.empty(0), *(one[0] for one in _race(R, A, s, B))])


def again_integral(R: Any, A: Vector, s: float, B: Vector) -> Vector:
    """Give V at A = α+t, B = β+t."""
    return np.concatenate([np.empty(0), *(one[0] for one in _race(s, B, R, A))])


def left_derivatives(R: Vector, A: Vector, s: float, B: Vector) -> Matrix:
    """Give U with its derivatives by (r, α, s, β), at given t."""
    return np.concatenate([_derived(*one) for one in _race(R, A, s, B)], axis=1)


def again_derivatives(R: Vector, A: Vector, s: float, B: Vector) -> Matrix:
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
