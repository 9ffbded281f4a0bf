"""Opportunity levels: low who owns all or has little means, high who bought little and has means (mission B4)."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.core import opportunity_levels as core
from regulars.core.opportunity_levels import HIGH, LOW, MEDIUM, LevelRules

RULES = LevelRules()


def level(*, size: float = 0.5, room: float = 0.5, due: bool = False) -> int:
    means = core.means_bands(np.array([size]), RULES)
    rooms = core.room_bands(np.array([room]), RULES)
    return int(core.levels(means, rooms, np.array([due]))[0])


def test_who_bought_one_or_two_products_and_has_means_for_more_is_high() -> None:
    assert level(size=0.9, room=0.9) == HIGH


def test_who_can_barely_afford_one_product_is_low_whatever_it_lacks() -> None:
    assert level(size=0.1, room=0.95) == LOW
    assert level(size=0.1, room=0.95, due=True) == LOW


def test_who_owns_everything_is_low_until_something_is_to_be_replaced() -> None:
    assert level(size=0.9, room=0.0) == LOW
    assert level(size=0.9, room=0.0, due=True) == MEDIUM


def test_what_is_unknown_counts_as_in_the_middle() -> None:
    assert level(size=float("nan"), room=float("nan")) == MEDIUM
    assert level(size=0.9, room=float("nan")) == MEDIUM


def test_an_account_is_compared_with_those_of_its_size() -> None:
    """Small ones own 1 to 4 things, large ones 10 to 40: each has its own measure."""
    owned = np.concatenate([np.tile([1, 2, 3, 4], 50), np.tile([10, 20, 30, 40], 50)])
    spends = np.concatenate([np.linspace(1, 100, 200), np.linspace(10_000, 20_000, 200)])
    broad = core.broad_for_size(spends, owned)
    assert set(broad[:150]) == {4.0}
    assert set(broad[250:]) == {40.0}
    assert core.room_in(owned, broad)[:4].tolist() == [0.75, 0.5, 0.25, 0.0]


def test_a_handful_of_accounts_tells_nothing_about_what_is_usual() -> None:
    assert np.isnan(core.broad_for_size(np.arange(5.0), np.ones(5, np.int64))).all()
    assert np.isnan(core.room_in(np.array([3]), np.array([np.nan]))).all()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(min_value=0.01, max_value=1e9), min_size=1, max_size=60))
def test_the_size_is_the_part_of_accounts_that_are_smaller(sales: list[float]) -> None:
    size = core.sizes(np.array(sales))
    assert ((size > 0) & (size < 1)).all()
    assert abs(float(size.mean()) - 0.5) < 1e-9
    assert (np.argsort(size, kind="stable") == np.argsort(sales, kind="stable")).all()


@settings(max_examples=50, deadline=None)
@given(st.integers(11, 400), st.integers(0, 2**32 - 1))
def test_room_lies_between_nothing_and_all(count: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    owned = draw.integers(0, 30, count)
    room = core.room_in(owned, core.broad_for_size(draw.lognormal(5, 2, count), owned))
    known = room[~np.isnan(room)]
    assert ((known >= 0) & (known <= 1)).all()
