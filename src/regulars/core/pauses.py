"""What the silence of an account says: the chance of so long a pause, and the chance that it has left.

All functions take numbers or arrays alike. Formulas and reasons: `docs/methods/actions.md`.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

YEAR_DAYS = 365

Number = TypeVar("Number", float, NDArray[np.float64])
"""A float, or an array of floats."""


def pause_chance(pauses_as_long: Number, pauses: Number) -> Number:
    """The chance that a pause is at least as long as the silence now, from the share of its pauses that were.

    Laplace's rule of succession, (k + 1) / (n + 2): with few pauses it stays near one half, so that little history
    never raises an alarm.
    """
    return (pauses_as_long * pauses + 1) / (pauses + 2)


def left_chance(silence_days: Number, so_long: Number, yearly_loss: float) -> Number:
    """The chance that it left during its silence, by Bayes' rule.

    Before anything is known it left with the yearly loss rate; who has not left is silent for so long with the chance
    `so_long`, who has left with certainty.
    """
    left_before: Number = 1 - (1 - yearly_loss) ** (silence_days / YEAR_DAYS)
    return left_before / (left_before + (1 - left_before) * so_long)
