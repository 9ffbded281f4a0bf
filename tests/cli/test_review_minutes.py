"""One review on the command line: what to ask, and what came of it (missions B5, B7)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from command_line import Regulars
from regulars.base.models import Member
from regulars.facts.models import Account
from regulars.plan.models import Review
from regulars.plan.review_finish import finish_review
from regulars.plan.review_forms import Typed, keep_typed

ON = date(2024, 12, 9)


@pytest.fixture
def review(regulars: Regulars) -> Review:
    regulars("init", "--name", "Muster Druck", "--currency", "EUR")
    account = Account.objects.create(name="Harbour Gifts", external_id="K1")
    owner = Member.objects.create(email="olga@x.example", name="Olga", role="owner")
    return Review.objects.create(account=account, due_on=ON, owner=owner)


def test_it_tells_what_to_ask_and_then_what_came_of_it(regulars: Regulars, review: Review) -> None:
    asked = regulars("review", str(review.pk), "--json").data["questions"]
    assert {one["area"] for one in asked} == {"about_us", "needs", "competitors"}
    assert asked[0]["text"] in " ".join(regulars("review", str(review.uid)).out.split())
    fields = {"recommendation.1.text": "Full boxes", "answer.about_us.us-well.text": "Fast", "ours.1.text": "Pays late"}
    typed = [Typed(name=name, value=text, asked="Well?") for name, text in fields.items()]
    keep_typed(review=review, typed=typed, member=review.owner, on=ON)
    finish_review(review=review, at=datetime(2024, 12, 9, 11, tzinfo=UTC), member=review.owner)
    told = regulars("review", str(review.pk)).out
    for words in ("Well?", "Fast", "our problem with them: Pays late", "Recommended: Full boxes (product)"):
        assert words in told
    assert regulars("review", "4711").code == 2
