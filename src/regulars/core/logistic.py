"""Logistic regression by maximum likelihood: the chance of an event from a few features, by Newton's method."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

MOST_STEPS = 50
RIDGE = 1e-3
"""So small that it only keeps coefficients from running away where events are separated perfectly."""


def fitted_logistic(features: Vector, happened: NDArray[np.bool_]) -> Vector:
    """The coefficient of each column of `features`, the first of which is all ones.

    The chances of the rows it was fitted to add up to the number of events.
    """
    coefficients = np.zeros(features.shape[1])
    share = happened.mean()
    coefficients[0] = np.log(share / (1 - share))
    penalty = RIDGE * np.eye(features.shape[1])
    for _step in range(MOST_STEPS):
        chance = logistic(features @ coefficients)
        gradient = features.T @ (happened - chance) - penalty @ coefficients
        curvature = (features * (chance * (1 - chance))[:, None]).T @ features + penalty
        step = np.linalg.solve(curvature, gradient)
        coefficients += step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < 1e-8:
            break
    return coefficients


def logistic(linear: Vector) -> Vector:
    """1 / (1 + exp(−x)), without overflow."""
    chance: Vector = 1 / (1 + np.exp(-np.clip(linear, -40, 40)))
    return chance
