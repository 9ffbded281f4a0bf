"""What is asked in a review, what was answered, and finishing it with what another program has written down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Field, Router, Schema
from pydantic import StringConstraints

from regulars.api.bearer import acting, scoped
from regulars.api.fields import NO_NUL, AccountRef, account_ref
from regulars.api.problems import not_found
from regulars.base.models import Member
from regulars.base.organisation import organisation, today
from regulars.base.tokens import ApiScope
from regulars.insight.days import day_of_work
from regulars.plan.issue_rules import moment_of_work
from regulars.plan.models import Review
from regulars.plan.review_finish import finish_review, promises_of_review, reopen_review
from regulars.plan.review_forms import LINES, Typed, keep_typed, reviews_on_own_accounts
from regulars.plan.review_questions import questions_for

router = Router(tags=["plan"])

Line = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=NO_NUL), Field(examples=["text"])]
Words = Annotated[str, StringConstraints(max_length=4000, pattern=NO_NUL), Field(examples=["text"])]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,64}$"), Field(examples=["us-better"])]
Area = Literal["about_us", "needs", "competitors"]


class ReviewQuestionOut(Schema):
    """A question that fits the account."""

    key: str
    area: str
    text: str = Field(description="In the language of the customer.")
    language: str
    unknown: bool = Field(description="Asked because nobody knows it; the answer becomes a fact.")


class ReviewAnswerIn(Schema):
    """An answer. With the key of a question it counts as the answer to that one."""

    key: Key
    area: Area
    asked: Annotated[str, StringConstraints(max_length=500, pattern=NO_NUL)] = ""
    text: Words
    signal: str = Field("", description="Kind of signal that it is, if any.", max_length=40)
    supply: Literal["", "us", "competitor", "in_house", "none"] = Field(
        "", description="Of a question for an offering: who supplies it; the white space shows it from then on."
    )


class ReviewProblemIn(Schema):
    """A problem of theirs with us."""

    text: Line
    issue: bool = Field(False, description="Take it down as an issue.")


class ReviewPromiseIn(Schema):
    """What is promised."""

    text: Line
    due_on: dt.date | None = Field(None, description="Else in a week.")
    owner: UUID | None = Field(None, description="uid of who keeps it; else the member of the token.")


class ReviewRecommendationIn(Schema):
    """What is recommended."""

    kind: Literal["product", "option", "upgrade", "maintenance", "advice"]
    text: Line
    answer: Literal["", "yes", "later", "no"] = ""


class ReviewFactIn(Schema):
    """What was learned."""

    kind: str = Field("other", description="goal, challenge, or a topic of the dossier.", max_length=24)
    text: Line
    contact: UUID | None = None


class ReviewOutcomeIn(Schema):
    """What a review brought. Lists that are given stand in place of what was typed; `null` leaves it as it is."""

    held_on: dt.date | None = None
    how: Literal["visit", "call", "video"] | None = None
    contact: UUID | None = Field(None, description="uid of who was met.")
    said: Words | None = None
    answers: list[ReviewAnswerIn] | None = Field(None, max_length=60)
    theirs: list[ReviewProblemIn] | None = Field(None, max_length=LINES)
    ours: list[Line] | None = Field(None, max_length=LINES)
    promises: list[ReviewPromiseIn] | None = Field(None, max_length=LINES)
    recommendations: list[ReviewRecommendationIn] | None = Field(None, max_length=LINES)
    facts: list[ReviewFactIn] | None = Field(None, max_length=LINES)


class ReviewReopenIn(Schema):
    """Why."""

    reason: Line


class ReviewAnswerOut(Schema):
    """What was answered."""

    key: str
    area: str
    asked: str
    text: str
    signal: str


class ReviewProblemOut(Schema):
    """A problem, and the issue that it is."""

    side: str
    text: str
    issue: UUID | None


class ReviewPromiseOut(Schema):
    """What was promised, and what became of it."""

    uid: UUID
    text: str
    due_on: dt.date
    state: str


class ReviewRecommendationOut(Schema):
    """What was recommended, and what they said."""

    kind: str
    text: str
    answer: str


class ReviewFactOut(Schema):
    """What was learned."""

    kind: str
    text: str


class ReviewMinutesOut(Schema):
    """What came of a review; empty before it is finished."""

    uid: UUID
    account: AccountRef
    state: str
    held_on: dt.date | None
    finished_on: dt.date | None
    said: str
    answers: list[ReviewAnswerOut]
    problems: list[ReviewProblemOut]
    promises: list[ReviewPromiseOut]
    recommendations: list[ReviewRecommendationOut]
    facts: list[ReviewFactOut]


@router.get("/reviews/{uuid:uid}/questions", response=list[ReviewQuestionOut], summary="What to ask in a review")
@scoped(ApiScope.ACCOUNTS_READ)
def list_review_questions(request: HttpRequest, uid: UUID) -> list[ReviewQuestionOut]:
    asked = questions_for(_visible(uid, acting(request)), on=day_of_work(today(organisation())))
    return [
        ReviewQuestionOut(key=one.key, area=one.area, text=one.text, language=one.language, unknown=one.unknown)
        for one in asked
    ]


@router.get("/reviews/{uuid:uid}/minutes", response=ReviewMinutesOut, summary="What came of a review")
@scoped(ApiScope.ACCOUNTS_READ)
def get_review_minutes(request: HttpRequest, uid: UUID) -> ReviewMinutesOut:
    return shown_minutes(_visible(uid, acting(request)))


@router.post("/reviews/{uuid:uid}/finish", response=ReviewMinutesOut, summary="Finish a review, or correct it")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_finish_review(request: HttpRequest, uid: UUID, outcome: ReviewOutcomeIn) -> ReviewMinutesOut:
    """With what is given here, and what was typed into its form before.

    Answers become signals and facts, problems issues, promises stand with the account; without a recommendation it is
    refused. A finished review is corrected: only what differs is carried out.
    """
    member = acting(request)
    review = _visible(uid, member)
    versions = dict(review.entries.values_list("name", "version"))
    fields = _fields(outcome, list(versions))
    typed = [
        Typed(name=name, value=value, version=versions.get(name, 0), asked=_asked(outcome, name))
        for name, value in fields.items()
    ]
    keep_typed(review=review, typed=typed, member=member, on=today(organisation(), moment_of_work()))
    return shown_minutes(finish_review(review=review, at=moment_of_work(), member=member))


@router.post("/reviews/{uuid:uid}/reopen", response=ReviewMinutesOut, summary="Take back that it was finished")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_reopen_review(request: HttpRequest, uid: UUID, why: ReviewReopenIn) -> ReviewMinutesOut:
    """Its signals, open promises and its talk are withdrawn; what was typed stays."""
    member = acting(request)
    review = _visible(uid, member)
    return shown_minutes(reopen_review(review=review, at=moment_of_work(), member=member, reason=why.reason))


def _fields(outcome: ReviewOutcomeIn, known: list[str]) -> dict[str, str]:
    """As the fields of the form: what a given list does not name is emptied."""
    plain = {"held_on": outcome.held_on, "how": outcome.how, "contact": outcome.contact, "said": outcome.said}
    fields = {name: str(value) for name, value in plain.items() if value is not None}
    if outcome.answers is not None:
        fields |= {name: "" for name in known if name.startswith("answer.")}
        for answer in outcome.answers:
            at = f"answer.{answer.area}.{answer.key}"
            fields |= {f"{at}.text": answer.text, f"{at}.signal": answer.signal}
            if answer.supply or f"{at}.supply" in known:
                fields[f"{at}.supply"] = answer.supply
    lines = {
        "theirs": _lines(outcome.theirs),
        "ours": None if outcome.ours is None else [{"text": text} for text in outcome.ours],
        "promise": _lines(outcome.promises),
        "recommendation": _lines(outcome.recommendations),
        "fact": _lines(outcome.facts),
    }
    for line, given in lines.items():
        if given is None:
            continue
        fields |= {name: "" for name in known if name.startswith(f"{line}.")}
        for place, said in enumerate(given, 1):
            fields |= {f"{line}.{place}.{name}": value for name, value in said.items()}
    return fields


def _lines(given: Sequence[Schema] | None) -> list[dict[str, str]] | None:
    return None if given is None else [{name: _text(value) for name, value in one.dict().items()} for one in given]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else ""
    return "" if value is None else str(value)


def _asked(outcome: ReviewOutcomeIn, name: str) -> str:
    asked = {f"answer.{one.area}.{one.key}.text": one.asked for one in outcome.answers or []}
    return asked.get(name, "")


def reviews_with_minutes_of(member: Member) -> QuerySet[Review]:
    """The reviews whose minutes the member may read."""
    return reviews_on_own_accounts(member).select_related("account__merged_into", "contact__account", "owner")


def _visible(uid: UUID, member: Member) -> Review:
    found = reviews_with_minutes_of(member).filter(uid=uid).first()
    if found is None:
        raise not_found()
    return found


def shown_minutes(review: Review) -> ReviewMinutesOut:
    minutes = getattr(review, "minutes", None)
    return ReviewMinutesOut(
        uid=review.uid,
        account=account_ref(review.account.merged_into or review.account),
        state=review.state,
        held_on=review.held_on,
        finished_on=review.finished_on,
        said=minutes.said if minutes else "",
        answers=[
            ReviewAnswerOut(key=one.key, area=one.area, asked=one.asked, text=one.text, signal=one.signal_kind)
            for one in review.answers.order_by("pk")
        ],
        problems=[
            ReviewProblemOut(side=one.side, text=one.text, issue=one.issue.uid if one.issue else None)
            for one in review.problems.select_related("issue").order_by("side", "place")
        ],
        promises=[
            ReviewPromiseOut(uid=one.uid, text=one.text, due_on=one.due_on, state=one.state)
            for one in promises_of_review(review)
        ],
        recommendations=[
            ReviewRecommendationOut(kind=one.kind, text=one.text, answer=one.answer)
            for one in review.recommendations.order_by("place")
        ],
        facts=[ReviewFactOut(kind=one.kind, text=one.text) for one in review.facts.order_by("place", "pk")],
    )
