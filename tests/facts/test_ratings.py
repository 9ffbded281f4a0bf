"""Ratings of service are read first by who is rated; who leads sees means of five and more, others nothing (E8)."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from regulars.base.access import Forbidden
from regulars.base.models import AuditEntry, Member
from regulars.facts.models import ServiceRating
from regulars.facts.ratings import (
    Rateable,
    StaleRating,
    WrongRating,
    figures_of,
    own_ratings,
    rate_service,
    rateable_of_key,
    rating_key,
    ratings_of_all,
    see_own_ratings,
)
from regulars.facts.signals import SignalSource

AT = datetime(2024, 12, 9, 10, tzinfo=UTC)
ON = date(2024, 12, 9)


@pytest.fixture
def anna(organisation: object) -> Member:
    return Member.objects.create(email="anna@example.com", name="Anna", role="service")


def occasion(anna: Member) -> Rateable:
    return Rateable(member=anna, source=SignalSource(kind="facts.issue", uid=uuid.uuid4()))


def rated(anna: Member, courtesy: int | None = 6, competence: int | None = 7, *, at: datetime = AT) -> None:
    rate_service(rateable=occasion(anna), courtesy=courtesy, competence=competence, words="Kind", at=at)


def test_a_rating_is_given_once_by_a_signed_link(anna: Member) -> None:
    rateable = occasion(anna)
    key = rating_key(rateable)
    assert rateable_of_key(key) == Rateable(
        member=anna,
        source=SignalSource(kind="facts.issue", uid=str(rateable.source.uid)),  # type: ignore[arg-type]
    )
    with pytest.raises(WrongRating):
        rate_service(rateable=rateable, courtesy=8, competence=None, words="", at=AT)
    assert rate_service(rateable=rateable, courtesy=None, competence=None, words=" ", at=AT) is None
    assert rate_service(rateable=rateable, courtesy=7, competence=None, words="", at=AT) is not None
    for false in (key, key[:-1], "x"):
        with pytest.raises(StaleRating):
            rateable_of_key(false)
    with pytest.raises(StaleRating):
        rate_service(rateable=rateable, courtesy=1, competence=1, words="", at=AT)
    fresh = rating_key(occasion(anna))
    with time_machine.travel(datetime.now(UTC) + timedelta(days=46)), pytest.raises(StaleRating):
        rateable_of_key(fresh)


def test_who_leads_sees_nothing_before_five_answers_that_the_colleague_has_seen(anna: Member, owner: Member) -> None:
    for _ in range(4):
        rated(anna)
    see_own_ratings(member=anna, at=AT)
    rated(anna, 1, 1)
    (found,) = ratings_of_all(member=owner, until=ON)
    assert (found.seen, found.unseen, found.figures) == (4, 1, None)
    assert see_own_ratings(member=anna, at=AT) == 1
    (found,) = ratings_of_all(member=owner, until=ON)
    assert found.figures is not None
    assert found.figures.courtesy is not None
    assert (found.figures.courtesy.mean, found.figures.answers) == (5, 5)
    rated(anna, 1, 1)
    (found,) = ratings_of_all(member=owner, until=ON)
    assert found.figures is not None
    assert found.figures.answers == 5, "what the colleague has not seen moves nothing"


def test_who_leads_sees_a_mean_only_where_five_have_answered_that_question(anna: Member, owner: Member) -> None:
    rated(anna, 1, 7)
    for _ in range(4):
        rated(anna, None, 7)
    see_own_ratings(member=anna, at=AT)
    (found,) = ratings_of_all(member=owner, until=ON)
    assert found.figures is not None
    assert found.figures.courtesy is None, "one customer's answer is for the colleague alone"
    assert found.figures.competence is not None


def test_answers_older_than_a_year_count_no_more_for_who_leads(anna: Member, owner: Member) -> None:
    for _ in range(5):
        rated(anna, at=AT - timedelta(days=400))
    see_own_ratings(member=anna, at=AT)
    assert ratings_of_all(member=owner, until=ON) == []
    assert own_ratings(anna).count() == 5


def test_nobody_else_reads_ratings_nor_does_the_audit_trail_tell_them(anna: Member, owner: Member) -> None:
    rated(anna, 2, 3)
    for role in ("account_manager", "new_business_seller", "service", "marketer", "analyst"):
        other = Member.objects.create(email=f"{role}@example.com", name=role, role=role)
        with pytest.raises(Forbidden):
            ratings_of_all(member=other, until=ON)
        assert not own_ratings(other).exists()
    noted = AuditEntry.objects.get(subject="facts.servicerating")
    assert json.dumps([noted.before, noted.after]) == "[{}, {}]"


def test_an_answer_may_leave_out_a_question(anna: Member) -> None:
    rated(anna, None, 7)
    found = figures_of(ServiceRating.objects.all())
    assert found.courtesy is None
    assert found.competence is not None
    assert (found.competence.mean, found.competence.count) == (7, 1)
