"""When silence makes a customer a lost one, and how long customers stayed."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from regulars.core.lifetime import History
from regulars.core.silence import Lifespans, SilenceRule, lifespans, longest_pause_days, typical_pause_days
from regulars.core.survival import kaplan_meier

START = date(2020, 1, 1)
RULE = SilenceRule(least_days=100, pauses=3.0)


def history(orders: dict[str, list[int]], *, days: int = 1000) -> History:
    """Accounts and the days since START on which they order; the first account marks the beginning."""
    rows = [(name, START + timedelta(days=day)) for name, some in ({"0": [0]} | orders).items() for day in some]
    table = pa.table({"account": [name for name, _ in rows], "date": [day for _, day in rows]})
    return History.of(table, as_of=START + timedelta(days=days), unit="day")


def only(found: Lifespans) -> tuple[float, bool, bool]:
    """Days, lost, came back of the only account."""
    assert found.first.size == 1
    return float(found.lasted_days[0]), bool(found.lost[0]), bool(found.came_back[0])


def test_a_lifespan_runs_from_the_first_order_to_the_last_before_the_silence() -> None:
    assert only(lifespans(history({"a": [200, 230, 260]}), RULE)) == (60, True, False)
    assert only(lifespans(history({"a": [200]}), RULE)) == (0, True, False)


def test_who_still_orders_is_seen_up_to_the_day_of_which_all_is_known() -> None:
    """The last 100 days tell who was a customer before them. Longest pause 50 days: 150 days of silence are allowed."""
    assert only(lifespans(history({"a": [*range(200, 1000, 50)]}), RULE)) == (700, False, False)
    assert only(lifespans(history({"a": [*range(200, 851, 50)]}), RULE)) == (650, True, False), "silent for 150 days"
    assert only(lifespans(history({"a": [*range(200, 850, 50), 851]}), RULE)) == (700, False, False), "for 149"


def test_who_orders_again_after_too_long_a_silence_came_back() -> None:
    assert only(lifespans(history({"a": [200, 220, 400, 420, 990]}), RULE)) == (700, False, True)
    assert only(lifespans(history({"a": [200, 220, 400, 420]}), RULE)) == (220, True, True), "and was lost again"
    growing = [200, 240, 350, 460, *range(560, 1000, 50)]
    assert not only(lifespans(history({"a": growing}), RULE))[2], "none is three times the longest before"


def test_accounts_first_seen_at_the_beginning_may_be_old_customers_and_are_left_out() -> None:
    found = lifespans(history({"old": [5, 99], "new": [100, 120]}), RULE)
    assert found.accounts.to_pylist() == ["new"]
    assert found.won_from == found.first[0]


def test_a_part_of_the_accounts_may_come_later_than_their_history_begins() -> None:
    later = history({"0": [500, 520], "a": [510]})
    assert lifespans(later, RULE).first.size == 0
    assert lifespans(later, RULE, begins=START).first.size == 2


def test_of_accounts_too_young_to_tell_silence_from_rhythm_nothing_is_said() -> None:
    found = lifespans(history({"young": [950], "of age": [900]}), RULE)
    assert found.accounts.to_pylist() == ["of age", "young"]
    assert found.seen.tolist() == [True, False]
    assert only(found.part(found.seen)) == (0, True, False)


def test_the_second_order_is_looked_for_whatever_came_of_the_account() -> None:
    found = lifespans(history({"a": [200, 203], "b": [200], "c": [200, 500]}), RULE)
    assert found.second_after_days.tolist() == [3, np.inf, 300]


@pytest.mark.parametrize("seed", range(5))
def test_pauses_are_those_of_each_account(seed: int) -> None:
    print(f"seed {seed}")
    random = np.random.default_rng(seed)
    orders = {f"{one:03}": sorted({int(day) for day in random.integers(0, 900, 1 + one % 9)}) for one in range(1, 60)}
    known = history(orders)
    pauses = [np.diff(days) for _, days in sorted(({"0": [0]} | orders).items())]
    assert typical_pause_days(known).tolist() == [np.median(some) if some.size else 0.0 for some in pauses]
    assert longest_pause_days(known).tolist() == [some.max(initial=0) for some in pauses]
    found = lifespans(known, RULE)
    found = found.part(found.seen)
    columns = zip(found.accounts.to_pylist(), found.lasted_days, found.lost, found.came_back, strict=True)
    for name, lasted, lost, came_back in columns:
        assert (lasted, lost, came_back) == _one_by_one(orders[name])


def _one_by_one(days: list[int]) -> tuple[float, bool, bool]:
    longest, came_back = 0, False
    for before, day in pairwise(days):
        came_back |= day - before >= max(100, 3 * longest)
        longest = max(longest, day - before)
    lost = 1000 - days[-1] >= max(100, 3 * longest)
    return (days[-1] if lost else 900) - days[0], lost, came_back


def test_the_curve_of_lifespans_is_that_of_the_true_lifetimes() -> None:
    """Accounts that order every ten days on average and leave at random: the rule finds how long they stayed."""
    random = np.random.default_rng(17)
    orders, true = {}, []
    for one in range(2500):
        first, leaves = int(random.integers(100, 1400)), random.exponential(400)
        days = first + np.cumsum(random.exponential(10, 200)).astype(int)
        days = np.unique(np.concatenate([[first], days[days <= first + leaves]]))
        orders[f"{one:05}"] = days[days <= 1500].tolist()
        true.append(days[-1] - first)
    found = lifespans(history(orders, days=1500), RULE)
    found = found.part(found.seen)
    curve = kaplan_meier(found.lasted_days, found.lost)
    times = np.array([0, 50, 200, 400, 800])
    assert curve.at(times) == pytest.approx([(np.array(true) > time).mean() for time in times], abs=0.035)
    assert found.came_back.mean() < 0.01
