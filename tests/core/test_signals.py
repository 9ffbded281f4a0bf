"""Signals fade, add up, move a chance, and get the weight that they deserve (mission A4, B10)."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.core.signals import (
    LIVE_HALF_LIVES,
    Compared,
    LogOdds,
    common_log_odds,
    moved,
    share_left,
    shrunk,
    together,
    usual_weight,
)

chances = st.floats(0.001, 0.999)
weights = st.floats(-3, 3)


def table(a: float, b: float, c: float, d: float) -> tuple[float, float, float, float]:
    return a, b, c, d


def compared(*tables: tuple[float, float, float, float]) -> Compared:
    a, b, c, d = np.array(tables, float).T
    return Compared(events=a, others=b, events_without=c, others_without=d)


@given(st.floats(1, 400), st.floats(0, 2000), st.floats(0, 2000))
def test_a_signal_counts_less_from_day_to_day_half_after_its_half_life_and_nothing_in_the_end(
    half_life: float, early: float, later: float
) -> None:
    early, later = min(early, later), max(early, later)
    left = share_left(np.array([0.0, half_life, early, later]), np.full(4, half_life))
    assert left[0] == 1
    assert left[1] == pytest.approx(0.5)
    assert 1 >= left[2] >= left[3] >= 0
    assert share_left(np.array([half_life * LIVE_HALF_LIVES * 1.001]), np.array([half_life]))[0] == 0


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.floats(0, 3)), max_size=30))
def test_repeated_signals_add_less_and_less_and_kinds_add_up(signals: list[tuple[int, int, float]]) -> None:
    accounts, kinds, each = (np.array([one[part] for one in signals]) for part in range(3))
    total = together(accounts.astype(np.int64), kinds.astype(np.int64), each.astype(float), size=4)
    for account in range(4):
        expected = 0.0
        for kind in range(3):
            own = sorted((one[2] for one in signals if one[:2] == (account, kind)), reverse=True)
            expected += sum(weight * 0.5**place for place, weight in enumerate(own))
        assert total[account] == pytest.approx(expected)


@given(chances, weights)
def test_evidence_multiplies_the_odds_and_is_taken_back_by_its_opposite(chance: float, weight: float) -> None:
    after = moved(np.array([chance]), np.array([weight]))
    assert 0 < after[0] < 1
    assert after[0] / (1 - after[0]) == pytest.approx(chance / (1 - chance) * math.exp(weight), rel=1e-6)
    assert moved(after, np.array([-weight]))[0] == pytest.approx(chance, rel=1e-6)


def test_a_strong_signal_makes_fifteen_of_a_hundred_to_thirty_seven() -> None:
    assert moved(np.array([0.15]), np.array([usual_weight(4)]))[0] == pytest.approx(0.369, abs=0.001)


def test_what_is_unknown_stays_unknown_however_much_speaks_for_it() -> None:
    assert math.isnan(moved(np.array([np.nan]), np.array([2.0]))[0])


def test_one_table_gives_its_own_odds_ratio_and_the_variance_of_woolf() -> None:
    """With one stratum Robins, Breslow and Greenland's variance is Woolf's 1/a + 1/b + 1/c + 1/d."""
    found = common_log_odds(compared(table(20, 80, 10, 90)))
    assert found is not None
    assert found.value == pytest.approx(math.log(20 * 90 / (80 * 10)))
    assert found.variance == pytest.approx(1 / 20 + 1 / 80 + 1 / 10 + 1 / 90)


def test_the_odds_ratio_of_a_published_example_in_strata() -> None:
    """Agresti (Categorical Data Analysis, table 6.9), eight clinics: common odds ratio 2.13, its logarithm ± 0.3."""
    clinics = [
        table(11, 25, 10, 27), table(16, 4, 22, 10), table(14, 5, 7, 12), table(2, 14, 1, 16),
        table(6, 11, 0, 12), table(1, 10, 0, 10), table(1, 4, 1, 8), table(4, 2, 6, 1),
    ]  # fmt: skip
    found = common_log_odds(compared(*clinics))
    assert found is not None
    assert math.exp(found.value) == pytest.approx(2.13, abs=0.01)
    assert math.sqrt(found.variance) == pytest.approx(0.303, abs=0.01)


@given(st.integers(1, 6))
def test_strata_without_both_groups_say_nothing(strata: int) -> None:
    assert common_log_odds(compared(*[table(0, 0, 3, 7)] * strata)) is None


@given(st.floats(0, 2), st.floats(-2, 2), st.floats(0.001, 10))
def test_what_is_believed_lies_between_the_default_and_what_was_seen(
    default: float, seen: float, variance: float
) -> None:
    found = shrunk(LogOdds(value=seen, variance=variance), default=default)
    assert min(default, seen) - 1e-9 <= found.value <= max(default, seen) + 1e-9
    assert found.variance < variance
    more = shrunk(LogOdds(value=seen, variance=variance / 4), default=default)
    assert abs(more.value - seen) <= abs(found.value - seen) + 1e-9


def test_without_observations_the_default_is_believed() -> None:
    assert shrunk(None, default=0.9).value == 0.9


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 1.0]))
def test_a_weight_is_found_again_from_enough_simulated_accounts(seed: int, truth: float) -> None:
    """20 strata of 400 with and 400 without the signal, base chances between 10 % and 40 %."""
    drawn = np.random.default_rng(seed)
    base = drawn.uniform(0.1, 0.4, 20)
    a, c = drawn.binomial(400, moved(base, np.full(20, truth))), drawn.binomial(400, base)
    found = common_log_odds(compared(*(table(x, 400 - x, y, 400 - y) for x, y in zip(a, c, strict=True))))
    assert found is not None
    assert abs(found.value - truth) < 6 * math.sqrt(found.variance)
    assert math.sqrt(found.variance) < 0.06
