"""The chance that a lost customer comes back, against histories whose answer is known."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.core.lifetime import History
from regulars.core.returns import PRIOR_CASES, PRIOR_CHANCE, learn_returns, prior_chance
from regulars.core.silence import SilenceRule, lifespans, longest_pause_before

START = date(2015, 1, 1)
END = date(2024, 12, 31)


def history(orders: dict[str, list[int]]) -> History:
    """Accounts with the days after `START` on which each ordered."""
    rows = [(name, START + timedelta(days=day)) for name, days in orders.items() for day in days]
    return History.of(pa.table({"account": [row[0] for row in rows], "date": [row[1] for row in rows]}), as_of=END)


def test_of_a_hundred_who_ordered_once_as_many_are_expected_back_as_came() -> None:
    back = {f"back {one}": [one, one + 180 + 100] for one in range(30)}
    gone = {f"gone {one}": [one] for one in range(70)}
    learned = learn_returns(history(back | gone), SilenceRule())
    chance, cases = learned.chance([1, 1], [0, 200])
    assert cases.tolist() == [100, 70]
    assert chance[0] == pytest.approx((100 * 0.3 + PRIOR_CASES * PRIOR_CHANCE) / (100 + PRIOR_CASES))
    assert chance[1] == pytest.approx(PRIOR_CASES * prior_chance(np.array(200.0)) / (70 + PRIOR_CASES))


def test_one_who_often_ordered_is_not_judged_by_those_who_ordered_once() -> None:
    once = {f"once {one}": [one] for one in range(60)}
    often = {f"often {one}": [one, one + 30, one + 60, one + 90, one + 400] for one in range(60)}
    chance, _cases = learn_returns(history(once | often), SilenceRule()).chance([1, 4], [0, 0])
    assert chance[0] < 0.1 < 0.4 < chance[1]  # every one came back once, and is gone for the second time now


def test_without_any_case_and_beyond_what_was_seen_the_prior_is_taken() -> None:
    nothing = learn_returns(history({"only": [0, 10]}), SilenceRule())
    assert [one.tolist() for one in nothing.chance([1, 9], [0, 365])] == [[PRIOR_CHANCE, PRIOR_CHANCE / 2], [0, 0]]
    few_years = learn_returns(history({f"gone {one}": [3000] for one in range(50)}), SilenceRule())
    assert few_years.chance([1], [300])[1].tolist() == [0]


@given(st.lists(st.lists(st.integers(0, 3600), min_size=1, max_size=8, unique=True), min_size=1, max_size=12))
@settings(max_examples=40, deadline=None)
def test_a_chance_is_one_and_the_longest_pause_before_is_that_of_a_plain_loop(accounts: list[list[int]]) -> None:
    made = history({f"{place:03}": sorted(days) for place, days in enumerate(accounts)})
    chance, cases = learn_returns(made, SilenceRule()).chance([1, 2, 3, 4, 9], [0, 100, 500, 800, 2000])
    assert np.all((chance >= 0) & (chance <= 1))
    assert np.all(cases >= 0)
    plain = []
    for days in accounts:
        longest = 0
        ordered = sorted(days)
        for place, day in enumerate(ordered):
            plain.append(longest)
            longest = max(longest, day - ordered[place - 1]) if place else 0
    assert longest_pause_before(made).tolist() == plain


def test_a_declared_loss_counts_before_silence_would_tell() -> None:
    steady = list(range(300, 3000, 100))
    made = history({"old": [0, 3650], "steady": [*steady, 3400], "other": [*steady, 3400]})
    rule = SilenceRule()
    assert not lifespans(made, rule).lost.any()
    told = lifespans(made, rule, declared=np.array([name == "steady" for name in made.accounts.to_pylist()]))
    assert dict(zip(told.accounts.to_pylist(), told.lost.tolist(), strict=True)) == {"steady": True, "other": False}
