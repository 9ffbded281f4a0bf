"""The chance of a stage is learned from what became of others that reached it (mission A3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.core.stage_chances import learned_chance, stage_chances

USUAL = [0.1, 0.25, 0.4, 0.65]


def test_before_anything_is_known_the_usual_chance_stands() -> None:
    found = stage_chances(USUAL, [])
    assert [one.chance for one in found] == pytest.approx(USUAL)


def test_a_beta_prior_and_a_count_give_the_published_mean_and_band() -> None:
    """Gelman, Bayesian Data Analysis 3rd ed., 2.4: uniform prior, 437 of 980: Beta(438, 544), mean 0.446."""
    found = learned_chance(won=437, closed=980, usual=0.5, weight=2.0)
    assert found.chance == pytest.approx(438 / 982)
    assert found.low == pytest.approx(0.420, abs=0.001)
    assert found.high == pytest.approx(0.472, abs=0.001)


def test_what_was_won_has_passed_every_stage_and_what_was_lost_those_up_to_its_farthest() -> None:
    found = stage_chances(USUAL, [(0, False), (2, False), (1, True)])
    assert [(one.won, one.closed) for one in found] == [(1, 3), (1, 2), (1, 2), (1, 1)]


def test_much_history_outweighs_the_usual_chance() -> None:
    found = stage_chances(USUAL, [(3, True)] * 900 + [(3, False)] * 100)
    assert found[0].chance == pytest.approx(0.9, abs=0.01)


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=60))
def test_a_later_stage_is_never_less_likely_than_an_earlier_one(closed: list[tuple[int, bool]]) -> None:
    found = [one.chance for one in stage_chances(USUAL, closed)]
    assert found == sorted(found)
    assert all(one.low <= one.chance <= one.high for one in stage_chances(USUAL, closed))
