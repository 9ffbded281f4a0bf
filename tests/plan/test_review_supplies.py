"""Who supplies an offering, as it was told in a review, stands in the white space from then on (missions B7, A2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from regulars.base.models import Member
from regulars.facts.models import Account, Offering, Supply
from regulars.facts.offerings import record_offering
from regulars.insight.white_space import unknown_offerings, white_space_of
from regulars.plan.models import Review
from regulars.plan.review_finish import finish_review, reopen_review
from regulars.plan.review_forms import Typed, WrongForm, keep_typed

AS_OF = date(2024, 12, 9)
AT = datetime(2024, 12, 9, 11, tzinfo=UTC)
Scored = Callable[..., Account]
pytestmark = pytest.mark.django_db


@pytest.fixture
def firm(scored: Scored, owner: Member) -> Account:
    return scored("Harbour Gifts", owner=owner)


@pytest.fixture
def packing(owner: Member) -> Offering:
    return record_offering(name="Packing", member=owner)


@pytest.fixture
def review(firm: Account, owner: Member) -> Review:
    return Review.objects.create(account=firm, due_on=AS_OF, owner=owner)


def finish(review: Review, offering: Offering, member: Member, *, text: str, supply: str) -> None:
    at = f"answer.competitors.unknown-offering-{offering.uid.hex}"
    fields = {f"{at}.text": text, f"{at}.supply": supply, "recommendation.1.text": "Full boxes"}
    versions = dict(review.entries.values_list("name", "version"))
    typed = [Typed(name=name, value=value, version=versions.get(name, 0)) for name, value in fields.items()]
    keep_typed(review=review, typed=typed, member=member, on=AS_OF)
    finish_review(review=review, at=AT, member=member)


def cell(account: Account, member: Member) -> tuple[str, str]:
    (row,) = white_space_of(account, member=member)
    return row.cells[0].state, row.cells[0].supplier


def standing(account: Account) -> list[tuple[str, str, str, date]]:
    told = Supply.objects.filter(account=account, withdrawn_at=None)
    return [(one.state, one.supplier, one.source, one.said_on) for one in told]


def test_an_answer_fills_the_cell_with_the_review_as_its_source(
    firm: Account, packing: Offering, review: Review, owner: Member
) -> None:
    assert [one.pk for one in unknown_offerings(firm)] == [packing.pk]
    finish(review, packing, owner, text="Meyer & Sons", supply="competitor")
    assert cell(firm, owner) == ("competitor", "Meyer & Sons")
    ((_state, _supplier, source, said_on),) = standing(firm)
    assert (source, said_on) == ("review of 9 Dec 2024", AS_OF)
    assert unknown_offerings(firm) == []


@pytest.mark.parametrize(("supply", "words"), [("in_house", "does it itself"), ("none", "does not need it")])
def test_what_nobody_else_supplies_needs_no_words(
    firm: Account, packing: Offering, review: Review, owner: Member, supply: str, words: str
) -> None:
    finish(review, packing, owner, text="", supply=supply)
    assert cell(firm, owner) == (supply, "")
    (answer,) = review.answers.all()
    assert (answer.text, answer.asked) == (words, "Where do you get this today: Packing?")


def test_a_correction_replaces_it_and_the_same_again_changes_nothing(
    firm: Account, packing: Offering, review: Review, owner: Member
) -> None:
    finish(review, packing, owner, text="Meyer & Sons", supply="competitor")
    finish(review, packing, owner, text="Meyer & Sons", supply="competitor")
    assert Supply.objects.count() == 1
    finish(review, packing, owner, text="Meyer & Sons", supply="in_house")
    assert cell(firm, owner) == ("in_house", "")
    assert len(standing(firm)) == 1
    finish(review, packing, owner, text="Nobody knows", supply="")
    assert standing(firm) == []


def test_a_review_that_is_opened_again_takes_it_back(
    firm: Account, packing: Offering, review: Review, owner: Member
) -> None:
    finish(review, packing, owner, text="Meyer & Sons", supply="competitor")
    reopen_review(review=review, at=AT, member=owner, reason="It was another firm")
    assert standing(firm) == []
    assert [one.pk for one in unknown_offerings(firm)] == [packing.pk]


def test_what_is_no_way_to_get_it_is_refused(firm: Account, packing: Offering, review: Review, owner: Member) -> None:
    with pytest.raises(WrongForm):
        finish(review, packing, owner, text="Meyer", supply="moon")
    assert standing(firm) == []


def test_a_long_answer_is_no_name(firm: Account, packing: Offering, review: Review, owner: Member) -> None:
    finish(
        review,
        packing,
        owner,
        text="It depends on the season, and mostly on who delivers on time. " * 2,
        supply="competitor",
    )
    assert cell(firm, owner) == ("competitor", "")
