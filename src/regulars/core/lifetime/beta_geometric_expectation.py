"""The expectation of `beta_geometric` (whose symbols these are): an integral over the chance of leaving."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import betainc, expit, log_expit

from regulars.core.lifetime.columns import Vector
from regulars.core.lifetime.maximum_likelihood import Matrix

CHEBYSHEV_NODES = 64
STEP = 0.3  # of the trapezoidal rule in the logit of p: the error falls as exp(-π²/step)
NEGLIGIBLE = 40.0  # e^-40 is below rounding
BLOCK_CELLS = 1 << 20
SMALL_STAY = 0.25  # below this chance to stay, powers of it are summed: 28 of them reach rounding
POWERS = 28
ROUNDING = 3e-15  # of the sums over roots of unity


def interpolated(exactly: Callable[[Vector], Matrix], beta: Vector) -> Matrix:
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


def orders_if_alive(events: int, shape: float, a: float, b: float, tau: Vector) -> Matrix:
    """Give E[orders in t | alive, j] for j = 0 ... k-1 (first axis), τ (second axis), p ~ Beta(a, b), y = `shape`.

    The integral over p is taken by the trapezoidal rule in the logit of p.
    """
    logit, weight = beta_nodes(a, b, feature=1 / (1 + shape * float(tau.max()) + b), edge=1 / (1 + shape))
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
    """Sum the expectation in the head of `beta_geometric` over some p (`logit`), none of them near 1.

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


def beta_nodes(a: float, b: float, *, feature: float, edge: float) -> tuple[Vector, Vector]:
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
