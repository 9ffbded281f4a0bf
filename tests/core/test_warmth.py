"""How warm relations are, and what is wrong with those to an account (mission E12, E22)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.core.warmth import Gap, Person, Relation, Talk, Warmth, gaps, relations, warmth_of

LEVELS = ("owner", "daily_user")


def known(*pairs: tuple[int, int], strength: float = 3.0) -> dict[tuple[int, int], Relation]:
    return {pair: Relation(strength=strength, talks=1) for pair in pairs}


def test_a_talk_counts_half_after_ninety_days_and_a_visit_more_than_a_letter() -> None:
    found = relations([Talk(1, 2, "visit", 90), Talk(1, 3, "mail", 0), Talk(1, 2, "call", 180)])
    assert found[1, 2].strength == pytest.approx(1.5 + 0.5)
    assert (found[1, 2].talks, found[1, 2].last_days) == (2, 90)
    assert (found[1, 2].warmth, found[1, 3].warmth) == (Warmth.WARM, Warmth.COOLING)


def test_notes_and_talks_to_come_are_none() -> None:
    assert relations([Talk(1, 2, "note", 0), Talk(1, 2, "call", -1)]) == {}


@given(
    st.lists(
        st.tuples(st.sampled_from(["visit", "call", "mail", "meeting"]), st.integers(0, 2000)), min_size=1, max_size=8
    ),
    st.integers(1, 400),
)
def test_without_a_further_talk_a_relation_only_cools(talks: list[tuple[str, int]], days: int) -> None:
    states = list(Warmth)
    now = relations([Talk(1, 2, kind, age) for kind, age in talks])[1, 2]
    later = relations([Talk(1, 2, kind, age + days) for kind, age in talks])[1, 2]
    assert later.strength < now.strength
    assert states.index(later.warmth) >= states.index(now.warmth)


def test_limits_of_warmth_belong_to_the_warmer_state() -> None:
    assert [warmth_of(one) for one in (2.0, 1.99, 0.5, 0.49)] == ["warm", "cooling", "cooling", "cold"]


def test_one_live_thread_on_either_side_is_a_gap() -> None:
    people = [Person(key=1, level="owner", part=""), Person(key=2, level="daily_user", part="")]
    assert gaps(people, known((1, 8), (2, 9)), levels=LEVELS).found == ()
    single = gaps(people, known((1, 8), (2, 8)), levels=LEVELS)
    assert (single.found, single.only_ours) == ((Gap.ONE_OF_OURS,), 8)
    theirs = gaps(people, known((1, 8), (1, 9)), levels=LEVELS)
    assert (theirs.found, theirs.only_theirs) == ((Gap.ONE_OF_THEIRS,), 1)


def test_nobody_spoken_with_for_long_is_worse_than_one_thread() -> None:
    people = [Person(key=1, level="owner", part="decision_maker")]
    found = gaps(people, known((1, 8), strength=0.1), levels=LEVELS)
    assert found.found == (Gap.NOBODY, Gap.LEVEL)
    assert found.levels == ("daily_user",)
    assert gaps([], {}, levels=LEVELS).found == (Gap.NOBODY,)


def test_a_champion_who_left_is_a_gap_until_there_is_another_one() -> None:
    gone = Person(key=1, level="owner", part="champion", active=False)
    other = Person(key=2, level="daily_user", part="champion")
    assert gaps([gone], {}, levels=()).found == (Gap.CHAMPION_GONE, Gap.NOBODY)
    assert Gap.CHAMPION_GONE not in gaps([gone, other], {}, levels=()).found


def test_who_has_left_keeps_no_thread_alive() -> None:
    people = [Person(key=1, level="owner", part="", active=False), Person(key=2, level="daily_user", part="")]
    found = gaps(people, known((1, 8), (2, 9)), levels=LEVELS)
    assert (found.lively, found.levels) == ({"ours": 1, "theirs": 1}, ("owner",))


def test_who_decides_and_is_cold_is_a_gap() -> None:
    people = [Person(key=1, level="owner", part="decision_maker"), Person(key=2, level="daily_user", part="")]
    found = gaps(people, known((2, 8), (2, 9)), levels=LEVELS)
    assert (found.deciders, Gap.COLD_DECIDER in found.found) == ((1,), True)
