"""How right a forecast was, when what it was about has come.

Of μ orders expected and y that came from each account:

- Poisson deviance 2 Σ[y ln(y/μ) - (y - μ)] / n (McCullagh & Nelder, *Generalized Linear Models*, 1989, 2.3): its
  expectation is least for the true mean, so that it rewards neither caution nor boldness
- bias Σμ/Σy - 1
- root mean squared and mean absolute error; the latter rewards forecasts that are too low
- normalised Gini coefficient: how well the forecast puts the accounts in sequence, 1 if perfectly, 0 if as chance does
- calibration: accounts in ten groups of rising forecast, the sum of |expected - came| over the groups by what came
- coverage: the share of accounts whose orders lie within their bounds. Orders are whole numbers, so bounds of 90 %
  cover more wherever most accounts order nothing; what is comparable is the randomised coverage
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from regulars.core.lifetime.columns import Vector

LEAST_FORECAST = 1e-9  # orders; a forecast of none would make a single order infinitely surprising


@dataclass(frozen=True, kw_only=True)
class Figures:
    """How right a forecast was. `gini` is None where no account differs, `coverage` for a forecast without bounds.

    `randomised_coverage` is None for a forecast without chances.
    """

    accounts: int
    expected: float
    came: float
    bias: float
    deviance: float
    rmse: float
    mae: float
    gini: float | None
    calibration_error: float
    coverage: float | None
    randomised_coverage: float | None = None


@dataclass(frozen=True, kw_only=True)
class Tenth:
    """A tenth of the accounts, by rising forecast: the orders expected of all of them, and those that came."""

    accounts: int
    expected: float
    came: float


def poisson_deviance(came: Vector, expected: Vector) -> Vector:
    """Give the Poisson deviance of each account."""
    ratio = np.where(came > 0, came, 1.0) / np.where(came > 0, expected, 1.0)
    return 2 * (came * np.log(ratio) - (came - expected))


def normalised_gini(came: Vector, expected: Vector) -> float | None:
    """Give how well the forecast puts accounts in sequence; those with equal forecasts share what came from them."""
    possible = _gini(came, came)
    return _gini(came, expected) / possible if possible > 1e-12 else None


def _gini(came: Vector, by: Vector) -> float:
    """Give twice the area between the Lorenz curve of what came, by rising `by`, and the diagonal."""
    if came.sum() <= 0:
        return 0.0
    _, group = np.unique(by, return_inverse=True)
    orders, accounts = np.bincount(group, came), np.bincount(group)
    reached = np.cumsum(orders)
    area = float(np.sum(accounts * (2 * reached - orders))) / (2 * came.size * float(came.sum()))
    return 1 - 2 * area


def tenths(came: Vector, expected: Vector) -> list[Tenth]:
    """Give ten groups of as many accounts by rising forecast; those with equal forecasts share what came from them."""
    order = np.argsort(expected, kind="stable")
    _, tie = np.unique(expected.astype(np.float32), return_inverse=True)
    shared = (np.bincount(tie, came) / np.bincount(tie))[tie]
    return [
        Tenth(accounts=rows.size, expected=float(expected[rows].sum()), came=float(shared[rows].sum()))
        for rows in np.array_split(order, 10)
        if rows.size
    ]


def figures_of(
    came: Vector, expected: Vector, within: npt.NDArray[np.bool_] | None, by_lot: Vector | None = None
) -> Figures:
    """Give all measures; `within` marks who lay within the bounds, `by_lot` is what `covered_by_lot` says of each."""
    total = max(float(came.sum()), LEAST_FORECAST)
    return Figures(
        accounts=came.size,
        expected=float(expected.sum()),
        came=float(came.sum()),
        bias=float(expected.sum()) / total - 1,
        deviance=float(poisson_deviance(came, expected).mean()),
        rmse=float(np.sqrt(np.mean((came - expected) ** 2))),
        mae=float(np.mean(np.abs(came - expected))),
        gini=normalised_gini(came, expected),
        calibration_error=sum(abs(tenth.expected - tenth.came) for tenth in tenths(came, expected)) / total,
        coverage=None if within is None else float(within.mean()),
        randomised_coverage=None if by_lot is None else float(by_lot.mean()),
    )


def calibration_by_chance(came: Vector, expected: Vector) -> float:
    """Give the calibration error to expect of a forecast that is right on average: mean |N(0, σ)| of each tenth."""
    order = np.argsort(expected, kind="stable")
    deviations = [float(np.sqrt(np.sum((came - expected)[rows] ** 2))) for rows in np.array_split(order, 10)]
    return float(np.sqrt(2 / np.pi)) * sum(deviations) / max(float(came.sum()), LEAST_FORECAST)


def covered_by_lot(at_least: Vector, more_than: Vector, *, level: float) -> Vector:
    """Give for each account the chance that its orders count as covered where a lot decides about bounds hit exactly.

    Of the orders y that came, `at_least` is P(N ≥ y) and `more_than` P(N > y) by the forecast. Of the chance between
    them, the part that lies within the level counts: of a right forecast that is exactly the level on average, however
    few orders there are (the randomised probability integral transform: Czado, Gneiting & Held, *Biometrics* 65, 2009).
    """
    outside = (1 - level) / 2
    inside = np.minimum(at_least, 1 - outside) - np.maximum(more_than, outside)
    return np.asarray(np.clip(inside, 0.0, None) / np.maximum(at_least - more_than, 1e-300))
