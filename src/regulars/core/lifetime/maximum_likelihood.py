"""Finding the parameters under which the observed histories are most probable, and how well they are pinned down.

All parameters are positive, so the search runs over their logarithms, with exact gradient and Hessian: a trust-region
Newton method (Conn, Gould & Toint, *Trust-Region Methods*, 2000, chapter 7), which for three or four parameters is
solved exactly through the eigenvectors of the Hessian.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from regulars.core.errors import Refusal
from regulars.core.lifetime.columns import Vector
from regulars.core.notes import Note, gettext_noop

Matrix = npt.NDArray[np.float64]
Derivatives = tuple[float, Vector, Matrix]
"""The log-likelihood with its gradient and Hessian."""

GRADIENT_TOLERANCE = 1e-9  # per account, by the logarithm of a parameter
ACCEPTABLE_GRADIENT = 1e-6  # where rounding stops all progress, this is still an optimum
FLAT_CURVATURE = 1e-7  # per account; below it a direction is not pinned down
BOX = 14.0  # logarithms of (scaled) parameters stay within ± this
FAR = 9.0  # beyond it a parameter is on its way to 0 or to infinity
MOST_STEPS = 200
MOST_SPREAD = 1.0  # of a logarithm: beyond it the normal approximation says nothing
SAMPLE_ROWS = 20_000

FLAT = gettext_noop(
    "The history does not pin down %(names)s: many values fit it equally well. "
    "Forecasts hold; these parameters by themselves mean little."
)
NOT_CONVERGED = gettext_noop(
    "The search for the best parameters ended before it reached an optimum; treat the forecasts with care."
)


LONGER_HISTORY = gettext_noop("Import a longer history, or one with more accounts.")


class TooLittleHistory(Refusal):
    """There are not enough repeat orders to learn from."""


@dataclass(frozen=True)
class Optimum:
    """Where the search ended: logarithms of the parameters, derivatives there, and whether it is an optimum."""

    logs: Vector
    log_likelihood: float
    gradient: Vector
    hessian: Matrix
    converged: bool

    @property
    def run_off(self) -> npt.NDArray[np.int_]:
        """−1 or +1 for each parameter that is on its way to 0 or to infinity, else 0."""
        return np.where(np.abs(self.logs) >= FAR, np.sign(self.logs), 0).astype(int)

    @property
    def params(self) -> Vector:
        """The parameters themselves, in the scaled units of the search."""
        return np.exp(self.logs)

    def covariance(self) -> Matrix | None:
        """Give the covariance of the (scaled) parameters, or None where the data do not pin them all down."""
        of_logs = self.covariance_of_logs()
        return None if of_logs is None else of_logs * np.outer(self.params, self.params)

    def covariance_of_logs(self) -> Matrix | None:
        """Give the covariance of the logarithms of the parameters, or None where the data do not pin them all down."""
        if np.any(np.abs(self.logs) >= BOX):
            return None
        information = -self.hessian
        curvatures = np.linalg.eigvalsh(information)
        if curvatures[0] <= 1e-11 * max(curvatures[-1], 1.0):
            return None
        return np.asarray(np.linalg.inv(information))

    def spread(self) -> Matrix:
        """Give the principal directions (columns) of what the data leave open about the logarithms, each one standard
        deviation long; directions that the data say nothing about are left out, because forecasts hold along them.
        """
        curvatures, directions = np.linalg.eigh(-self.hessian)
        pinned = curvatures > 1e-11 * max(float(curvatures[-1]), 1.0)
        deviations = np.minimum(1 / np.sqrt(curvatures[pinned]), MOST_SPREAD)
        return np.asarray(directions[:, pinned] * deviations)

    def flattest(self, accounts: float) -> Vector | None:
        """Give the direction (in logarithms) along which the likelihood is practically flat, if there is one."""
        curvatures, directions = np.linalg.eigh(-self.hessian)
        return directions[:, 0] if curvatures[0] < FLAT_CURVATURE * accounts else None


class MaximumLikelihoodModel:
    """What every model learns with `fit`.

    `params_` name → value; `standard_errors_` name → value, None where the data pin nothing down; `covariance_` in the
    sequence of `params_`, or None; `log_likelihood_`; `converged_`; `notes_`: what to know about this fit, in words.
    """

    names: ClassVar[tuple[str, ...]]
    bound_notes: ClassVar[dict[tuple[str, int], str]]
    """What it means that a parameter ran off to 0 (−1) or to infinity (+1)."""

    params_: dict[str, float]
    standard_errors_: dict[str, float | None]
    covariance_: Matrix | None
    log_likelihood_: float
    converged_: bool
    notes_: list[Note]

    def _learn(self, optimum: Optimum, *, units: Vector, log_likelihood: float, accounts: float) -> None:
        covariance = optimum.covariance()
        self.params_ = dict(zip(self.names, (optimum.params * units).tolist(), strict=True))
        self.covariance_ = None if covariance is None else covariance * np.outer(units, units)
        errors = [None] * len(units) if self.covariance_ is None else np.sqrt(np.diag(self.covariance_)).tolist()
        self.standard_errors_ = dict(zip(self.names, errors, strict=True))
        self.log_likelihood_ = log_likelihood
        self.converged_ = optimum.converged
        self.notes_ = self._notes(optimum, accounts=accounts)

    def _notes(self, optimum: Optimum, *, accounts: float) -> list[Note]:
        ends = zip(self.names, optimum.run_off.tolist(), strict=True)
        notes = [Note(self.bound_notes[name, side]) for name, side in ends if side]
        direction = optimum.flattest(accounts)
        if direction is not None:
            moved = [name for name, share in zip(self.names, np.abs(direction), strict=True) if share > 0.1]
            notes.append(Note(FLAT, names=moved))
        if not optimum.converged:
            notes.append(Note(NOT_CONVERGED))
        return list(dict.fromkeys(notes))


def maximise(objective: Callable[[Vector], Derivatives], starts: Sequence[Vector], *, accounts: float) -> Optimum:
    """Climb from the first start; from the others too, and keep the highest, if the first does not reach an optimum."""
    best: Optimum | None = None
    for start in starts:
        found = _climb(objective, start, accounts=accounts)
        if best is None or found.log_likelihood > best.log_likelihood:
            best = found
        if found.converged:
            break
    assert best is not None
    return best


def in_logs(params: Vector, value: float, gradient: Vector, hessian: Matrix) -> Derivatives:
    """Turn derivatives by the parameters into derivatives by their logarithms."""
    slope = params * gradient
    return value, slope, hessian * np.outer(params, params) + np.diag(slope)


def _climb(objective: Callable[[Vector], Derivatives], start: Vector, *, accounts: float) -> Optimum:
    logs = np.clip(start, -BOX, BOX)
    value, gradient, hessian = objective(logs)
    radius = 1.0
    converged = False
    for _ in range(MOST_STEPS):
        free = ~_held(logs, gradient)
        steepest = _steepest(logs, gradient) / accounts
        if steepest <= GRADIENT_TOLERANCE:
            converged = True
            break
        step = np.zeros_like(logs)
        step[free] = _trust_step(gradient[free], hessian[np.ix_(free, free)], radius)
        proposed = np.clip(logs + step, -BOX, BOX)
        step = proposed - logs
        promised = float(gradient @ step + 0.5 * step @ hessian @ step)
        trial = objective(proposed)
        if promised <= 1e-13 * abs(value) or radius < 1e-10:  # less than rounding lets us see in the value
            if _steepest(proposed, trial[1]) / accounts < 0.5 * steepest:  # but not in the gradient
                logs, (value, gradient, hessian) = proposed, trial
                continue
            converged = steepest <= ACCEPTABLE_GRADIENT
            break
        kept = (trial[0] - value) / promised if np.isfinite(trial[0]) else -1.0
        if kept > 0.75:
            radius = max(radius, min(2.5 * float(np.linalg.norm(step)), 8.0))
        elif kept < 0.25:
            radius = 0.25 * float(np.linalg.norm(step))
        if kept > 1e-4:
            logs, (value, gradient, hessian) = proposed, trial
    return Optimum(logs, value, gradient, hessian, converged)


def _steepest(logs: Vector, gradient: Vector) -> float:
    return float(np.max(np.abs(gradient[~_held(logs, gradient)]), initial=0.0))


def _held(logs: Vector, gradient: Vector) -> npt.NDArray[np.bool_]:
    """Mark the parameters that stand at a wall of the box and would leave it."""
    return np.asarray((np.abs(logs) >= BOX) & (gradient * logs > 0))


def _trust_step(gradient: Vector, hessian: Matrix, radius: float) -> Vector:
    """Give the step of at most `radius` that raises the quadratic model most."""
    curvatures, directions = np.linalg.eigh(-hessian)
    slopes = directions.T @ gradient
    floor = 1e-14 * max(float(np.abs(curvatures).max()), 1e-300)

    def along(shift: float) -> Vector:
        return slopes / np.maximum(curvatures + shift, floor)

    if curvatures[0] > floor and np.linalg.norm(along(0.0)) <= radius:
        return directions @ along(0.0)
    low = max(0.0, -float(curvatures[0]))
    high = low + float(np.linalg.norm(slopes)) / radius + floor
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if np.linalg.norm(along(middle)) > radius else (low, middle)
    return directions @ along(high)
