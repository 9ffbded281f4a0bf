"""The protection level: value times risk, in four levels (mission C1)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.core.pauses import left_chance, pause_chance
from regulars.core.protection import (
    LEVELS,
    ProtectionRules,
    levels,
    risk_bands,
    risk_by_orders,
    value_bands,
)

RULES = ProtectionRules()


def test_more_value_or_more_risk_never_means_less_protection() -> None:
    assert (np.diff(LEVELS, axis=0) >= 0).all()
    assert (np.diff(LEVELS, axis=1) >= 0).all()
    assert set(LEVELS.ravel()) == {1, 2, 3, 4}


def test_the_most_valuable_accounts_at_high_risk_get_the_highest_level_and_small_ones_the_basic_one() -> None:
    bands = value_bands(np.array(["A", "A", "C", "B"]), np.array([0.02, 0.12, 0.001, np.nan]), RULES)
    assert bands.tolist() == [2, 3, 0, 1]
    risks = risk_bands(np.array([0.5, 0.3, 0.9, np.nan]), RULES)
    assert risks.tolist() == [2, 1, 2, 0]
    assert levels(bands, risks).tolist() == [4, 4, 1, 1]


def test_the_more_alarming_of_model_and_own_pauses_counts_and_nobody_is_safer_than_usual() -> None:
    def risk(alive: float, as_long: float) -> float:
        return float(
            risk_by_orders(
                probability_alive=np.array([alive]),
                pauses_as_long=np.array([as_long]),
                order_days=np.array([40.0]),
                silence_days=np.array([60.0]),
                yearly_loss=0.15,
            )[0]
        )

    assert risk(1.0, np.nan) == pytest.approx(0.15)
    assert risk(np.nan, 1.0) >= 0.15
    assert risk(0.4, 1.0) == pytest.approx(1 - 0.4 * 0.85)
    assert risk(0.95, 0.0) > risk(0.95, 1.0)
    assert np.isnan(risk(np.nan, np.nan))


@given(st.floats(0, 1), st.integers(0, 500), st.floats(0, 3000), st.floats(0.001, 0.9))
def test_chances_of_pauses_are_chances_and_grow_with_the_silence(
    as_long: float, pauses: int, silence: float, loss: float
) -> None:
    so_long = pause_chance(as_long, float(pauses))
    assert 0 < so_long < 1
    left = left_chance(silence, so_long, loss)
    assert 0 <= left <= 1
    assert left_chance(silence + 30, so_long, loss) >= left
