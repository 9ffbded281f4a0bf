"""Promises: what we said we would do for a customer, until when, and what became of it."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from pydantic import StringConstraints

from regulars.api.bearer import acting, scoped
from regulars.api.facts.accounts import visible_account, visible_member
from regulars.api.facts.signals import SourceIn
from regulars.api.fields import NO_NUL, AccountRef, MemberRef, account_ref, member_ref
from regulars.api.paging import ChangesIn, Page, page_of
from regulars.api.problems import not_found
from regulars.base.models import Member
from regulars.base.organisation import organisation, today
from regulars.base.tokens import ApiScope
from regulars.facts.accounts import of_account
from regulars.facts.signals import SignalSource
from regulars.insight.days import day_of_work
from regulars.plan import promises
from regulars.plan.models import Promise

router = Router(tags=["plan"])

Words = Annotated[
    str, StringConstraints(min_length=1, max_length=promises.LONGEST_TEXT, pattern=NO_NUL), Field(examples=["text"])
]
Where = Annotated[str, StringConstraints(max_length=promises.LONGEST_SOURCE, pattern=NO_NUL), Field(examples=["visit"])]


class PromiseFilter(ChangesIn):
    """Which promises."""

    account: UUID | None = Field(None, description="uid of their account.")
    state: Literal["open", "renegotiated", "kept", "broken", "withdrawn"] | None = None
    live: bool = Field(False, description="Only those that are still to be kept.")
    due_until: dt.date | None = Field(None, description="Due on this day at the latest.")


class NewPromiseIn(Schema):
    """What was promised to an account."""

    account: UUID
    text: Words
    due_on: dt.date
    owner: UUID | None = Field(None, description="uid of who keeps it; else the member of the token.")
    source: Where = Field("", description="Where it was promised, in words.")
    record: SourceIn | None = Field(None, description="The record that it came from, in your system or here.")


class SettledIn(Schema):
    """Why."""

    reason: Words


class AnewIn(Schema):
    """Another day, and why."""

    due_on: dt.date
    reason: Words
    owner: UUID | None = Field(None, description="uid of who keeps it from now on, if somebody else.")


class PromiseStepOut(Schema):
    """What happened to a promise."""

    state: str
    on: dt.date
    due_on: dt.date
    said: str
    member: MemberRef | None
    taken_back: bool


class PromiseOut(Schema):
    """Something that we promised."""

    uid: UUID
    account: AccountRef
    text: str
    due_on: dt.date
    owner: MemberRef | None
    source: str
    source_kind: str
    source_uid: UUID | None
    state: str
    settled_on: dt.date | None
    steps: list[PromiseStepOut]


@router.get("/promises", response=Page[PromiseOut], summary="Promises to the member's accounts")
@scoped(ApiScope.ACCOUNTS_READ)
def list_promises(request: HttpRequest, page: Query[PromiseFilter]) -> Page[PromiseOut]:
    found = promises_of(acting(request))
    if page.account is not None:
        found = found.filter(of_account(visible_account(page.account, acting(request))))
    if page.state is not None:
        found = found.filter(state=page.state)
    if page.live:
        found = found.filter(state__in=Promise.LIVE)
    if page.due_until is not None:
        found = found.filter(due_on__lte=page.due_until)
    items, following = page_of(found, page, parts=("steps",))
    return Page[PromiseOut](items=[shown_promise(one) for one in items], next=following)


@router.post("/promises", response={201: PromiseOut}, summary="Note a promise")
@scoped(ApiScope.ACCOUNTS_WRITE)
def add_promise(request: HttpRequest, promise: NewPromiseIn) -> Status[PromiseOut]:
    member = acting(request)
    made = promises.make_promise(
        account=visible_account(promise.account, member),
        text=promise.text,
        due_on=promise.due_on,
        on=_day(),
        member=member,
        owner=visible_member(promise.owner, member) if promise.owner else None,
        source=promise.source,
        record=SignalSource(kind=promise.record.kind, uid=promise.record.uid) if promise.record else None,
    )
    return Status(201, shown_promise(made))


@router.get("/promises/{uuid:uid}", response=PromiseOut, summary="One promise")
@scoped(ApiScope.ACCOUNTS_READ)
def get_promise(request: HttpRequest, uid: UUID) -> PromiseOut:
    return shown_promise(_visible(uid, acting(request)))


@router.post("/promises/{uuid:uid}/keep", response=PromiseOut, summary="Say that it was kept")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_keep(request: HttpRequest, uid: UUID) -> PromiseOut:
    """A signal of the account is recorded; its protection follows at once."""
    member = acting(request)
    return shown_promise(promises.keep_promise(promise=_visible(uid, member), on=_day(), member=member))


@router.post("/promises/{uuid:uid}/renegotiate", response=PromiseOut, summary="Agree on another day")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_renegotiate(request: HttpRequest, uid: UUID, anew: AnewIn) -> PromiseOut:
    member = acting(request)
    changed = promises.renegotiate_promise(
        promise=_visible(uid, member),
        due_on=anew.due_on,
        on=_day(),
        member=member,
        reason=anew.reason,
        owner=visible_member(anew.owner, member) if anew.owner else None,
    )
    return shown_promise(changed)


@router.post("/promises/{uuid:uid}/break", response=PromiseOut, summary="Say that it was not kept")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_break(request: HttpRequest, uid: UUID, why: SettledIn) -> PromiseOut:
    """A signal of the account is recorded; its protection follows at once."""
    member = acting(request)
    return shown_promise(
        promises.break_promise(promise=_visible(uid, member), on=_day(), member=member, reason=why.reason)
    )


@router.post("/promises/{uuid:uid}/withdraw", response=PromiseOut, summary="Say that nothing was promised")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_withdraw_promise(request: HttpRequest, uid: UUID, why: SettledIn) -> PromiseOut:
    member = acting(request)
    return shown_promise(
        promises.withdraw_promise(promise=_visible(uid, member), on=_day(), member=member, reason=why.reason)
    )


@router.post("/promises/{uuid:uid}/back", response=PromiseOut, summary="Take back what was said last")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_back(request: HttpRequest, uid: UUID) -> PromiseOut:
    """The signal that came of it is withdrawn."""
    member = acting(request)
    return shown_promise(promises.take_back_step(promise=_visible(uid, member), on=_day(), member=member))


def _day() -> dt.date:
    """The business date; where the figures are much older (an old export, the demo), the day of the figures."""
    return day_of_work(today(organisation()))


def promises_of(member: Member) -> QuerySet[Promise]:
    """The promises that the member may see, with what is shown of them."""
    seen = promises.visible_promises(member).order_by("-pk")
    return seen.select_related("account__merged_into", "owner").prefetch_related("steps__member")


def _visible(uid: UUID, member: Member) -> Promise:
    found = promises_of(member).filter(uid=uid).first()
    if found is None:
        raise not_found()
    return found


def shown_promise(promise: Promise) -> PromiseOut:
    steps = sorted(promise.steps.all(), key=lambda step: step.pk)
    return PromiseOut(
        uid=promise.uid,
        account=account_ref(promise.account.merged_into or promise.account),
        text=promise.text,
        due_on=promise.due_on,
        owner=member_ref(promise.owner),
        source=promise.source,
        source_kind=promise.source_kind,
        source_uid=promise.source_uid,
        state=promise.state,
        settled_on=promise.settled_on,
        steps=[
            PromiseStepOut(
                state=step.state,
                on=step.on,
                due_on=step.due_on,
                said=step.said,
                member=member_ref(step.member),
                taken_back=step.taken_back_at is not None,
            )
            for step in steps
        ],
    )
