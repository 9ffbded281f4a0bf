"""Reviews of accounts: when they are, and how often they come; what is answered in them has routes of its own."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from pydantic import StringConstraints

from regulars.api.bearer import acting, scoped
from regulars.api.facts.accounts import visible_account, visible_member
from regulars.api.fields import NO_NUL, AccountRef, MemberRef, Moment, account_ref, member_ref
from regulars.api.paging import ChangesIn, Page, page_of
from regulars.api.problems import not_found
from regulars.base.models import Member, Organisation
from regulars.base.organisation import organisation, today, zone
from regulars.base.tokens import ApiScope
from regulars.facts.accounts import of_account
from regulars.facts.contacts import visible_contacts
from regulars.facts.models import Account, Contact
from regulars.insight.days import day_of_work
from regulars.insight.opportunity_level_sentences import opportunity_sentences
from regulars.insight.thresholds import level_rules
from regulars.plan import reviews
from regulars.plan.models import Review
from regulars.plan.opportunity_levels import LONGEST_REASON, choose_level, drop_level_choice, level_in_force
from regulars.plan.review_schedule import plan_reviews

router = Router(tags=["plan"])

Reason = Annotated[
    str, StringConstraints(min_length=1, max_length=reviews.LONGEST_REASON, pattern=NO_NUL), Field(examples=["ill"])
]
Place = Annotated[str, StringConstraints(max_length=reviews.LONGEST_PLACE, pattern=NO_NUL)]
How = Literal["visit", "call", "video"]
Minutes = Annotated[int, Field(ge=reviews.SHORTEST_MINUTES, le=reviews.LONGEST_MINUTES)]


class ReviewFilter(ChangesIn):
    """Which reviews."""

    account: UUID | None = Field(None, description="uid of their account.")
    owner: UUID | None = Field(None, description="uid of who holds them.")
    state: Literal["proposed", "scheduled", "invited", "held", "finished", "cancelled"] | None = None
    coming: bool = Field(False, description="Only those that are neither finished nor cancelled.")
    since: dt.date | None = Field(None, description="On this day or later; without a time, by the day they are due.")
    until: dt.date | None = Field(None, description="On this day or earlier; likewise.")


class WhenIn(Schema):
    """When and how; what is left out stays as it is."""

    at: Moment = Field(description="When it begins, with its offset from UTC.")
    owner: UUID | None = Field(None, description="uid of who holds it.")
    contact: UUID | None = Field(None, description="uid of who is met there.")
    duration_minutes: Minutes | None = None
    how: How | None = None
    place: Place | None = None


class NewReviewIn(WhenIn):
    """A review of an account."""

    account: UUID


class WhyReviewIn(Schema):
    """Why."""

    reason: Reason


class ReviewOut(Schema):
    """One review."""

    uid: UUID
    account: AccountRef
    state: str
    due_on: dt.date
    scheduled_at: dt.datetime | None
    duration_minutes: int
    how: str
    owner: MemberRef | None
    contact: UUID | None
    place: str
    level: int | None = Field(description="Opportunity level at the time: 1 low, 2 medium, 3 high.")
    invited_on: dt.date | None
    held_on: dt.date | None
    finished_on: dt.date | None
    reason: str


class PlannedOut(Schema):
    """What came of planning a year."""

    placed: int
    left_out: int
    sentence: str


class LevelIn(Schema):
    """A level in place of the computed one; without a level the computed one is in force again."""

    level: Literal[1, 2, 3] | None = Field(None, description="1 low, 2 medium, 3 high; null: as computed.")
    reason: Annotated[str, StringConstraints(max_length=LONGEST_REASON, pattern=NO_NUL)] = ""


class LevelOut(Schema):
    """How much more an account could buy, and how often it is reviewed for that."""

    level: int | None
    computed: int | None
    reason: str = Field(description="Why somebody set it; empty: it is the computed one.")
    sentences: list[str]
    review_every_days: int


@router.get("/reviews", response=Page[ReviewOut], summary="Reviews of the member's accounts")
@scoped(ApiScope.ACCOUNTS_READ)
def list_reviews(request: HttpRequest, page: Query[ReviewFilter]) -> Page[ReviewOut]:
    member = acting(request)
    found = reviews_of(member)
    if page.account is not None:
        found = found.filter(of_account(visible_account(page.account, member)))
    if page.owner is not None:
        found = found.filter(owner__uid=page.owner)
    if page.state is not None:
        found = found.filter(state=page.state)
    if page.coming:
        found = found.filter(state__in=Review.COMING)
    if page.since is not None:
        found = found.filter(_timed(_within_years(page.since), "gte"))
    if page.until is not None:
        found = found.filter(_timed(_within_years(page.until) + dt.timedelta(days=1), "lt"))
    items, following = page_of(found, page)
    return Page[ReviewOut](items=[shown_review(one) for one in items], next=following)


@router.post("/reviews", response={201: ReviewOut}, summary="Schedule a review")
@scoped(ApiScope.ACCOUNTS_WRITE)
def add_review(request: HttpRequest, review: NewReviewIn) -> Status[ReviewOut]:
    """A proposed review of the account gets the time; another one that is coming is refused."""
    member = acting(request)
    account = visible_account(review.account, member)
    owner = visible_member(review.owner, member) if review.owner else None
    made = reviews.schedule_review(
        account=account, at=review.at, on=_day(), member=member, owner=owner, **_said(review, account, member)
    )
    return Status(201, shown_review(made))


@router.post("/reviews/plan", response=PlannedOut, summary="Propose the member's own reviews of a year")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_plan(request: HttpRequest) -> PlannedOut:
    """Earlier proposals are placed anew; what was accepted or scheduled stays where it is."""
    member = acting(request)
    planned = plan_reviews(on=_day(), member=member, of=[member])
    return PlannedOut(placed=planned.placed, left_out=planned.left_out, sentence=planned.sentence())


@router.get("/reviews/{uuid:uid}", response=ReviewOut, summary="One review")
@scoped(ApiScope.ACCOUNTS_READ)
def get_review(request: HttpRequest, uid: UUID) -> ReviewOut:
    return shown_review(_visible(uid, acting(request)))


@router.post("/reviews/{uuid:uid}/move", response=ReviewOut, summary="Give it another time")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_move(request: HttpRequest, uid: UUID, when: WhenIn) -> ReviewOut:
    member = acting(request)
    found = _visible(uid, member)
    owner = visible_member(when.owner, member) if when.owner else None
    account = found.account.merged_into or found.account
    moved = reviews.move_review(
        review=found, at=when.at, on=_day(), member=member, owner=owner, **_said(when, account, member)
    )
    return shown_review(moved)


@router.post("/reviews/{uuid:uid}/accept", response=ReviewOut, summary="Let the proposed time stand")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_accept_review(request: HttpRequest, uid: UUID) -> ReviewOut:
    member = acting(request)
    return shown_review(reviews.accept_review(review=_visible(uid, member), on=_day(), member=member))


@router.post("/reviews/{uuid:uid}/cancel", response=ReviewOut, summary="Say that it does not take place")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_cancel_review(request: HttpRequest, uid: UUID, why: WhyReviewIn) -> ReviewOut:
    member = acting(request)
    found = _visible(uid, member)
    return shown_review(reviews.cancel_review(review=found, on=_day(), member=member, reason=why.reason))


@router.post("/reviews/{uuid:uid}/back", response=ReviewOut, summary="Take the last step of its appointment back")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_review_back(request: HttpRequest, uid: UUID) -> ReviewOut:
    member = acting(request)
    return shown_review(reviews.take_back_review_step(review=_visible(uid, member), on=_day(), member=member))


@router.get("/accounts/{uuid:uid}/opportunity-level", response=LevelOut, summary="How much more an account could buy")
@scoped(ApiScope.INSIGHT_READ)
def get_opportunity_level(request: HttpRequest, uid: UUID) -> LevelOut:
    return _shown_level(visible_account(uid, acting(request)))


@router.post("/accounts/{uuid:uid}/opportunity-level", response=LevelOut, summary="Correct the opportunity level")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_opportunity_level(request: HttpRequest, uid: UUID, level: LevelIn) -> LevelOut:
    member = acting(request)
    account = visible_account(uid, member)
    if level.level is None:
        drop_level_choice(account=account, member=member)
    else:
        choose_level(account=account, level=level.level, reason=level.reason, on=_day(), member=member)
    return _shown_level(account)


def _day() -> dt.date:
    """The business date; where the figures are much older (an old export, the demo), the day of the figures."""
    return day_of_work(today(organisation()))


def _within_years(day: dt.date) -> dt.date:
    """At the end of time no zone can be computed; no review is there."""
    return min(max(day, dt.date(reviews.YEARS.start, 1, 1)), dt.date(reviews.YEARS.stop, 1, 1))


def _timed(day: dt.date, compare: str) -> Q:
    begins = dt.datetime.combine(day, dt.time(), tzinfo=zone(organisation()))
    return Q(**{f"scheduled_at__{compare}": begins}) | Q(scheduled_at=None, **{f"due_on__{compare}": day})


def _said(when: WhenIn, account: Account, member: Member) -> reviews.ReviewFields:
    said: reviews.ReviewFields = {}
    if when.how is not None:
        said["how"] = when.how
    if when.duration_minutes is not None:
        said["duration_minutes"] = when.duration_minutes
    if when.place is not None:
        said["place"] = when.place
    if when.contact is not None:
        said["contact"] = _contact(when.contact, account, member)
    return said


def _contact(uid: UUID, account: Account, member: Member) -> Contact:
    found = visible_contacts(member).filter(uid=uid, account=account).first()
    if found is None:
        raise not_found()
    return found


def reviews_of(member: Member) -> QuerySet[Review]:
    """The reviews that the member may see, with what is shown of them."""
    seen = reviews.visible_reviews(member).order_by("-pk")
    return seen.select_related("account__merged_into", "owner", "contact")


def _visible(uid: UUID, member: Member) -> Review:
    found = reviews_of(member).filter(uid=uid).first()
    if found is None:
        raise not_found()
    return found


def shown_review(review: Review) -> ReviewOut:
    return ReviewOut(
        uid=review.uid,
        account=account_ref(review.account.merged_into or review.account),
        state=review.state,
        due_on=review.due_on,
        scheduled_at=review.scheduled_at.astimezone(dt.UTC) if review.scheduled_at else None,
        duration_minutes=review.duration_minutes,
        how=review.how,
        owner=member_ref(review.owner),
        contact=review.contact.uid if review.contact else None,
        place=review.place,
        level=review.level,
        invited_on=review.invited_on,
        held_on=review.held_on,
        finished_on=review.finished_on,
        reason=review.reason,
    )


def _shown_level(account: Account) -> LevelOut:
    firm: Organisation = organisation()
    in_force = level_in_force(account)
    computed = in_force.computed
    told = opportunity_sentences(computed, currency=firm.base_currency, rules=level_rules(firm)) if computed else []
    return LevelOut(
        level=in_force.level,
        computed=computed.level if computed else None,
        reason=in_force.choice.reason if in_force.choice else "",
        sentences=[one.text for one in told],
        review_every_days=reviews.interval_of(account),
    )
