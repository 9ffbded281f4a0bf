"""Who is like a prospect, and why (B9)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.core.similar_customers import Profile, Trait, likeness, size_class

PRINTER = Profile(kind="firm", trade="Offset printing", size="10-49", region="Bavaria", country="Germany")
TEXTS = st.sampled_from(["", "firm", "Offset printing", "label printing", "25", "1,200 people", "Bavaria"])
PROFILES = st.builds(Profile, kind=TEXTS, trade=TEXTS, size=TEXTS, region=TEXTS, country=TEXTS, wanted=TEXTS)


def test_the_same_kind_business_size_and_place_is_entirely_alike() -> None:
    found = likeness(PRINTER, PRINTER)
    assert found.value == 1
    assert set(found.same) == {Trait.KIND, Trait.TRADE, Trait.SIZE, Trait.REGION, Trait.COUNTRY}


def test_what_is_not_known_of_the_customer_is_said_and_makes_nothing_alike() -> None:
    """(B9)"""
    found = likeness(PRINTER, Profile(kind="firm"))
    assert found.value == pytest.approx(2 / 9)
    assert set(found.unknown) == {Trait.TRADE, Trait.SIZE, Trait.REGION, Trait.COUNTRY}


def test_of_a_prospect_of_whom_nothing_is_known_nobody_is_alike() -> None:
    assert likeness(Profile(), PRINTER).value == 0


def test_a_business_of_shared_words_and_a_size_nearby_are_nearly_alike() -> None:
    found = likeness(PRINTER, Profile(kind="firm", trade="label printing", size="60"))
    assert found.near == (Trait.TRADE, Trait.SIZE)
    assert found.value == pytest.approx((3 / 3 + 2 + 2 * 0.5) / 9)


@pytest.mark.parametrize(
    ("size", "expected"),
    [("3", 0), ("10-49", 1), ("1,200 people", 4), ("1 200", 4), ("250", 3), ("50", 2), ("0", 0), ("many", None)],
)
def test_a_size_is_read_from_words_and_figures(size: str, expected: int | None) -> None:
    assert size_class(size) == expected


@given(PROFILES, PROFILES)
def test_likeness_lies_between_nothing_and_all_and_more_knowledge_of_the_customer_never_lowers_it(
    prospect: Profile, customer: Profile
) -> None:
    whole = likeness(prospect, customer).value
    assert 0 <= whole <= 1
    assert likeness(prospect, Profile(kind=customer.kind)).value <= whole
