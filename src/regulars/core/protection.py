"""How well an account must be protected: its value to the firm times the risk of losing it, in four levels.

Value and risk are each put into bands whose limits anybody can look at; the bands together give the level
(`docs/methods/signals.md`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from regulars.core.pauses import left_chance, pause_chance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]
    Bands = NDArray[np.int64]

SMALL, MIDDLE, LARGE, VITAL = range(4)
"""Bands of value: the last 5 % of sales, the 15 % before, the first 80 %, and a threat to the firm if it goes."""

LOW, RAISED, HIGH = range(3)
"""Bands of risk. Unknown risk counts as low, and is said to be unknown."""

LEVELS: Final = np.array(
    [
        [1, 1, 1],  # small
        [1, 2, 3],  # middle
        [2, 3, 4],  # large
        [3, 4, 4],  # vital
    ]
)
"""The level of each value band (row) and risk band (column): 1 basic, 2 raised, 3 high, 4 highest."""


@dataclass(frozen=True, kw_only=True)
class ProtectionRules:
    """The limits of the bands, and how many customers are lost in a usual year."""

    vital_share: float = 0.10
    raised_risk: float = 0.25
    high_risk: float = 0.45
    yearly_loss: float = 0.15


def value_bands(pareto: NDArray[np.str_], share_of_firm: Vector, rules: ProtectionRules) -> Bands:
    """The band of value of each account: by its Pareto class, and vital where its share of sales is a threat."""
    by_class = np.select([pareto == "A", pareto == "B"], [LARGE, MIDDLE], SMALL)
    return np.where(np.nan_to_num(share_of_firm) >= rules.vital_share, VITAL, by_class)


def risk_by_orders(
    *, probability_alive: Vector, pauses_as_long: Vector, order_days: Vector, silence_days: Vector, yearly_loss: float
) -> Vector:
    """The chance of losing each account within a year by its orders alone; NaN where they tell nothing.

    It has left already - by the lifetime model or by its own pauses, whichever is the more alarming - or it leaves
    within the year as any customer may.
    """
    by_pauses = left_chance(silence_days, pause_chance(pauses_as_long, order_days - 1), yearly_loss)
    left = np.fmax(1 - probability_alive, by_pauses)
    lost: Vector = 1 - (1 - left) * (1 - yearly_loss)
    return lost


def risk_bands(risk: Vector, rules: ProtectionRules) -> Bands:
    """The band of risk of each account."""
    known = np.nan_to_num(risk)
    return np.select([known >= rules.high_risk, known >= rules.raised_risk], [HIGH, RAISED], LOW)


def levels(values: Bands, risks: Bands) -> Bands:
    """The protection level of each account, 1 to 4."""
    found: Bands = LEVELS[values, risks]
    return found
