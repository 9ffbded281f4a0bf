"""Opportunities over the API: for a neighbouring system that sends offers, or plans with what is to be expected."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from pydantic import StringConstraints

from regulars.api.bearer import acting, scoped
from regulars.api.changes import IfMatch, require_unchanged
from regulars.api.facts.accounts import visible_account, visible_member
from regulars.api.facts.signals import SourceIn
from regulars.api.fields import NO_NUL, AccountRef, MemberRef, account_ref, member_ref
from regulars.api.paging import ChangesIn, Page, page_of
from regulars.api.problems import not_found
from regulars.base.models import Member
from regulars.base.organisation import organisation, today
from regulars.base.tokens import ApiScope
from regulars.core.money import from_minor
from regulars.facts.accounts import of_account
from regulars.facts.models import Offering
from regulars.facts.offerings import offerings
from regulars.facts.signals import SignalSource
from regulars.insight.days import day_of_work
from regulars.plan import opportunities
from regulars.plan.models import Opportunity
from regulars.plan.opportunity_stages import learned_chances, stages

router = Router(tags=["plan"])

MOST_MINOR = 10**15 - 1
Title = Annotated[
    str,
    StringConstraints(min_length=1, max_length=opportunities.LONGEST_TITLE, pattern=NO_NUL),
    Field(examples=["Repair contract"]),
]
Step = Annotated[str, StringConstraints(max_length=300, pattern=NO_NUL), Field(examples=["Send the offer"])]
Words = Annotated[
    str, StringConstraints(max_length=opportunities.LONGEST_WORDS, pattern=NO_NUL), Field(examples=["text"])
]
StageKey = Annotated[str, StringConstraints(max_length=40, pattern=r"^[-a-zA-Z0-9_]*$"), Field(examples=["offer"])]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{3}$"), Field(examples=["EUR"])]
Amount = Annotated[int, Field(ge=0, le=MOST_MINOR, examples=[120000])]


class OpportunityFilter(ChangesIn):
    """Which opportunities."""

    account: UUID | None = Field(None, description="uid of their account.")
    state: Literal["open", "won", "lost"] | None = None
    stage: StageKey | None = None
    mine: bool = Field(False, description="Only those that the member follows up.")


class NewOpportunityIn(Schema):
    """What an account may buy."""

    account: UUID
    title: Title
    offering: UUID | None = None
    stage: StageKey = Field("", description="Key of the stage; else the first one.")
    amount_minor: Amount | None = Field(None, description="Of the first year, in minor units of the currency.")
    currency: Currency | None = Field(None, description="Else the base currency.")
    expected_on: dt.date | None = None
    next_step: Step = ""
    next_step_on: dt.date | None = None
    owner: UUID | None = Field(None, description="uid of who follows it up; else the member of the token.")
    source: Literal["own", "suggestion", "white_space", "goal", "review", "referral", "lead"] = "own"
    record: SourceIn | None = Field(None, description="The record that it came from, in your system or here.")


class OpportunityChangeIn(Schema):
    """What changes; what is not named stays as it is."""

    title: Title | None = None
    offering: UUID | None = None
    amount_minor: Amount | None = None
    currency: Currency | None = None
    expected_on: dt.date | None = None
    next_step: Step | None = None
    next_step_on: dt.date | None = None
    owner: UUID | None = None


class StageIn(Schema):
    """The stage that it has come to."""

    stage: StageKey


class WonIn(Schema):
    """For how much it was won, and what decided it."""

    said: Words = ""
    amount_minor: Amount | None = None
    hand_over: bool = Field(False, description="Open its hand-over, where none is under way.")


class OpportunityLostIn(Schema):
    """Why it was lost."""

    reason: Literal["price", "competitor", "no_need", "later", "service", "other"]
    said: Words = ""


class StageOut(Schema):
    """A stage, with the chance that was learned for it."""

    key: str
    name: str
    chance: float
    low: float
    high: float
    won: int
    closed: int = Field(description="Decided opportunities that came so far.")


class OpportunityStepOut(Schema):
    """A stage that it came to, or its end."""

    state: str
    stage: str
    amount_minor: int | None
    on: dt.date
    said: str
    member: MemberRef | None


class OpportunityOut(Schema):
    """Something that an account may buy."""

    uid: UUID
    account: AccountRef
    title: str
    offering: UUID | None
    offering_name: str
    stage: str
    state: str
    amount_minor: int | None
    amount: Decimal | None
    currency: str
    chance: float | None = Field(description="Learned for its stage; null once it is decided.")
    expected_on: dt.date | None
    next_step: str
    next_step_on: dt.date | None
    owner: MemberRef | None
    source: str
    source_kind: str
    source_uid: UUID | None
    opened_on: dt.date
    closed_on: dt.date | None
    reason: str
    closing_words: str
    steps: list[OpportunityStepOut]


@router.get("/opportunity-stages", response=list[StageOut], summary="The stages, with the chance of each")
@scoped(ApiScope.ACCOUNTS_READ)
def list_stages(request: HttpRequest) -> list[StageOut]:
    known = stages()
    chances = learned_chances(known)
    return [
        StageOut(
            key=one.key,
            name=one.name,
            chance=chances[one.key].chance,
            low=chances[one.key].low,
            high=chances[one.key].high,
            won=chances[one.key].won,
            closed=chances[one.key].closed,
        )
        for one in known
    ]


@router.get("/opportunities", response=Page[OpportunityOut], summary="Opportunities that the member may see")
@scoped(ApiScope.ACCOUNTS_READ)
def list_opportunities(request: HttpRequest, page: Query[OpportunityFilter]) -> Page[OpportunityOut]:
    member = acting(request)
    found = opportunities_of(member)
    if page.account is not None:
        found = found.filter(of_account(visible_account(page.account, member)))
    if page.state is not None:
        found = found.filter(state=page.state)
    if page.stage is not None:
        found = found.filter(stage=page.stage)
    if page.mine:
        found = found.filter(owner=member)
    items, following = page_of(found, page, parts=("steps",))
    chances = chances_now()
    return Page[OpportunityOut](items=[shown_opportunity(one, chances) for one in items], next=following)


@router.post("/opportunities", response={201: OpportunityOut}, summary="Open an opportunity")
@scoped(ApiScope.ACCOUNTS_WRITE)
def add_opportunity(request: HttpRequest, opportunity: NewOpportunityIn) -> Status[OpportunityOut]:
    member = acting(request)
    told = opportunity.dict(exclude={"account", "stage", "source", "record"}, exclude_none=True)
    made = opportunities.open_opportunity(
        account=visible_account(opportunity.account, member),
        on=_day(),
        member=member,
        stage=opportunity.stage,
        source=opportunity.source,
        record=SignalSource(kind=opportunity.record.kind, uid=opportunity.record.uid) if opportunity.record else None,
        **_found(told, member),
    )
    return Status(201, _shown(made, member))


@router.get("/opportunities/{uuid:uid}", response=OpportunityOut, summary="One opportunity")
@scoped(ApiScope.ACCOUNTS_READ)
def get_opportunity(request: HttpRequest, uid: UUID) -> OpportunityOut:
    return shown_opportunity(_visible(uid, acting(request)), chances_now())


@router.patch("/opportunities/{uuid:uid}", response=OpportunityOut, summary="Change what is said of it")
@scoped(ApiScope.ACCOUNTS_WRITE)
@transaction.atomic
def patch_opportunity(
    request: HttpRequest, uid: UUID, change: OpportunityChangeIn, if_match: IfMatch
) -> OpportunityOut:
    member = acting(request)
    Opportunity.objects.select_for_update().get(pk=_visible(uid, member).pk)
    found = _visible(uid, member)
    require_unchanged(request, shown_opportunity(found, chances_now()), if_match)
    told = change.dict(exclude_unset=True)
    for name in ("title", "next_step", "currency"):
        if name in told and told[name] is None:
            told[name] = ""
    changed = opportunities.change_opportunity(opportunity=found, on=_day(), member=member, **_found(told, member))
    return _shown(changed, member)


@router.post("/opportunities/{uuid:uid}/move", response=OpportunityOut, summary="It has come to another stage")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_move(request: HttpRequest, uid: UUID, to: StageIn) -> OpportunityOut:
    member = acting(request)
    moved = opportunities.move_opportunity(opportunity=_visible(uid, member), stage=to.stage, on=_day(), member=member)
    return _shown(moved, member)


@router.post("/opportunities/{uuid:uid}/win", response=OpportunityOut, summary="The customer has said yes")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_win(request: HttpRequest, uid: UUID, won: WonIn) -> OpportunityOut:
    """A signal of the account is recorded, and that we sell its offering."""
    member = acting(request)
    ended = opportunities.win_opportunity(
        opportunity=_visible(uid, member),
        on=_day(),
        member=member,
        said=won.said,
        amount_minor=won.amount_minor,
        hand_over=won.hand_over,
    )
    return _shown(ended, member)


@router.post("/opportunities/{uuid:uid}/lose", response=OpportunityOut, summary="The customer has said no")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_lose(request: HttpRequest, uid: UUID, why: OpportunityLostIn) -> OpportunityOut:
    member = acting(request)
    ended = opportunities.lose_opportunity(
        opportunity=_visible(uid, member), reason=why.reason, on=_day(), member=member, said=why.said
    )
    return _shown(ended, member)


@router.post("/opportunities/{uuid:uid}/reopen", response=OpportunityOut, summary="Take its end back")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_reopen_opportunity(request: HttpRequest, uid: UUID) -> OpportunityOut:
    """What came of it is withdrawn: the signal, and that we sell its offering."""
    member = acting(request)
    return _shown(opportunities.reopen_opportunity(opportunity=_visible(uid, member), on=_day(), member=member), member)


def _day() -> dt.date:
    """The business date; where the figures are much older (an old export, the demo), the day of the figures."""
    return day_of_work(today(organisation()))


def offering_named(uid: UUID) -> Offering:
    """The offering with this uid that is still offered; absent otherwise."""
    found = offerings().filter(uid=uid).first()
    if found is None:
        raise not_found()
    return found


def _found(told: dict[str, Any], member: Member) -> Any:
    """The fields of a request with the records that they name."""
    if told.get("offering") is not None:
        told["offering"] = offering_named(told["offering"])
    if told.get("owner") is not None:
        told["owner"] = visible_member(told["owner"], member)
    else:
        told.pop("owner", None)
    return told


def opportunities_of(member: Member) -> QuerySet[Opportunity]:
    """Those that the member may see, with what is shown of them."""
    seen = opportunities.visible_opportunities(member).order_by("-pk")
    return seen.select_related("account__merged_into", "owner", "offering").prefetch_related("steps__member")


def _visible(uid: UUID, member: Member) -> Opportunity:
    found = opportunities_of(member).filter(uid=uid).first()
    if found is None:
        raise not_found()
    return found


def chances_now() -> dict[str, float]:
    return {key: one.chance for key, one in learned_chances().items()}


def _shown(opportunity: Opportunity, member: Member) -> OpportunityOut:
    """As it stands now. Who gave it to somebody else may not see it any more; what was done is told anyway."""
    fresh = Opportunity.objects.select_related("account__merged_into", "owner", "offering")
    return shown_opportunity(fresh.prefetch_related("steps__member").get(pk=opportunity.pk), chances_now())


def shown_opportunity(one: Opportunity, chances: dict[str, float]) -> OpportunityOut:
    is_open = one.state == Opportunity.State.OPEN
    return OpportunityOut(
        uid=one.uid,
        account=account_ref(opportunities.home_of(one)),
        title=one.title,
        offering=one.offering.uid if one.offering else None,
        offering_name=one.offering.name if one.offering else "",
        stage=one.stage,
        state=one.state,
        amount_minor=one.amount_minor,
        amount=None if one.amount_minor is None else from_minor(one.amount_minor, one.currency),
        currency=one.currency,
        chance=chances.get(one.stage) if is_open else None,
        expected_on=one.expected_on,
        next_step=one.next_step,
        next_step_on=one.next_step_on,
        owner=member_ref(one.owner),
        source=one.source,
        source_kind=one.source_kind,
        source_uid=one.source_uid,
        opened_on=one.opened_on,
        closed_on=one.closed_on,
        reason=one.reason,
        closing_words=one.closing_words,
        steps=[
            OpportunityStepOut(
                state=step.state,
                stage=step.stage,
                amount_minor=step.amount_minor,
                on=step.on,
                said=step.said,
                member=member_ref(step.member),
            )
            for step in sorted(one.steps.all(), key=lambda step: step.pk)
        ],
    )
