"""Leads are judged by points and must-haves; what is not known stays open (mission D1)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from regulars.core.lead_points import Criterion, Met, Verdict, fewest_first, judge

FIRM = Criterion(key="kind", points=20, must=True, fits=("firm",))
NEAR = Criterion(key="country", points=30, fits=("Germany", "Austria"))
GIFTS = Criterion(key="wishes", points=10, fits=("gift", "souvenir"), words=True)
MAIL = Criterion(key="email", points=5)
ALL = (FIRM, NEAR, GIFTS, MAIL)


def test_points_are_added_and_a_lead_with_all_must_haves_and_enough_points_fits() -> None:
    """D1."""
    found = judge({"kind": "firm", "country": "austria ", "wishes": "Gifts for guests", "email": ""}, ALL, needed=60)
    assert (found.points, found.verdict) == (60, Verdict.FITS)
    assert [one.met for one in found.judged] == [Met.YES, Met.YES, Met.YES, Met.NO]


def test_a_must_have_that_is_missed_decides_whatever_the_points() -> None:
    found = judge({"kind": "person", "country": "Germany", "wishes": "gifts", "email": "a@b.example"}, ALL, needed=10)
    assert found.verdict == Verdict.DOES_NOT_FIT
    assert [one.criterion.key for one in found.missed] == ["kind"]


def test_what_is_not_known_is_neither_met_nor_missed() -> None:
    found = judge({"country": "Germany"}, ALL, needed=40)
    assert (found.points, found.least, found.most, found.verdict) == (30, 30, 65, Verdict.OPEN)
    assert [one.criterion.key for one in found.to_ask] == ["kind", "wishes", "email"]


def test_a_lead_that_cannot_reach_the_points_any_more_does_not_fit() -> None:
    assert judge({"kind": "firm", "country": "Chile"}, ALL, needed=40).verdict == Verdict.DOES_NOT_FIT


def test_points_may_speak_against_a_lead_and_nobody_fits_before_that_is_known() -> None:
    pupil = Criterion(key="size", points=-50, fits=("school",))
    assert judge({"kind": "firm"}, (FIRM, pupil), needed=10).verdict == Verdict.OPEN
    assert judge({"kind": "firm", "size": "hotel"}, (FIRM, pupil), needed=10).verdict == Verdict.FITS
    assert judge({"kind": "firm", "size": "School"}, (FIRM, pupil), needed=10).verdict == Verdict.DOES_NOT_FIT


def test_without_criteria_nobody_knows_who_fits() -> None:
    assert judge({"kind": "firm"}, (), needed=0).verdict == Verdict.OPEN


criteria = st.lists(
    st.builds(
        Criterion,
        key=st.sampled_from("abcdef"),
        points=st.integers(-50, 50),
        must=st.booleans(),
        fits=st.sampled_from([(), ("yes",)]),
    ),
    max_size=6,
    unique_by=lambda one: one.key,
).map(tuple)
answers = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["yes", "no", ""]))


@given(criteria, answers, answers, st.integers(-50, 150))
def test_no_answer_that_comes_later_turns_a_verdict_round(
    criteria: tuple[Criterion, ...], known: dict[str, str], later: dict[str, str], needed: int
) -> None:
    before = judge(known, criteria, needed=needed)
    after = judge({**later, **known}, criteria, needed=needed)
    assert before.least <= after.least <= after.most <= before.most
    assert before.verdict in (Verdict.OPEN, after.verdict)


@given(criteria, st.integers(-50, 150))
def test_with_every_answer_known_there_is_a_verdict(criteria: tuple[Criterion, ...], needed: int) -> None:
    found = judge(dict.fromkeys("abcdef", "yes"), criteria, needed=needed)
    assert found.least == found.points == found.most
    assert (found.verdict == Verdict.OPEN) == (not criteria)


def test_who_has_fewest_open_leads_is_next_and_among_equals_who_waited_longest() -> None:
    assert fewest_first({1: 3, 2: 1, 3: 2}, {}) == 2
    assert fewest_first({1: 1, 2: 1, 3: 1}, {1: 7, 2: 5, 3: 6}) == 2
    assert fewest_first({1: 1, 2: 1}, {1: 7}) == 2
    assert fewest_first({}, {}) is None


@given(st.integers(1, 6), st.integers(1, 60))
def test_leads_that_come_one_after_the_other_are_shared_evenly(people: int, leads: int) -> None:
    has = dict.fromkeys(range(people), 0)
    last: dict[int, int] = {}
    for moment in range(leads):
        turn = fewest_first(has, last)
        assert turn is not None
        has[turn] += 1
        last[turn] = moment
    assert max(has.values()) - min(has.values()) <= 1
