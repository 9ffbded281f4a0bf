"""Signals: what bears on the risk or the potential of an account."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from pydantic import StringConstraints

from regulars.api.bearer import acting, scoped
from regulars.api.facts.accounts import visible_account
from regulars.api.fields import NO_NUL, AccountRef, LongText, MemberRef, account_ref, member_ref
from regulars.api.paging import ChangesIn, Page, page_of
from regulars.api.problems import not_found
from regulars.base.models import Member
from regulars.base.organisation import organisation, today
from regulars.base.tokens import ApiScope
from regulars.facts.models import Signal
from regulars.facts.signal_kinds import KINDS, STRONGEST, WEAKEST, Direction
from regulars.facts.signals import (
    LONGEST_REASON,
    SignalSource,
    record_signal,
    restore_signal,
    standing,
    visible_signals,
    withdraw_signal,
)
from regulars.insight.days import day_of_work
from regulars.insight.protection import protect

router = Router(tags=["signals"])

KindKey = Annotated[str, StringConstraints(min_length=1, max_length=32, pattern=NO_NUL), Field(examples=["complaint"])]
SourceName = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_NUL), Field(examples=["ticket"])]
Reason = Annotated[
    str, StringConstraints(min_length=1, max_length=LONGEST_REASON, pattern=NO_NUL), Field(examples=["text"])
]
Strength = Annotated[int, Field(ge=WEAKEST, le=STRONGEST)]


class SignalKindOut(Schema):
    """One kind of signal; `label` in the language of the request."""

    key: str
    label: str
    direction: Direction
    strength: int = Field(description="Strength of one of which none is said, from 1 to 5.")
    half_life_days: int = Field(description="After so many days a signal counts half.")


class SignalFilter(ChangesIn):
    """Which signals."""

    account: UUID | None = Field(None, description="uid of their account.")
    kind: KindKey | None = None
    direction: Literal["risk", "potential"] | None = None
    since: dt.date | None = Field(None, description="Not seen before this business date.")
    withdrawn: bool = Field(False, description="Show those that were withdrawn as well.")


class SourceIn(Schema):
    """The record that it came from, in your system or here."""

    kind: SourceName
    uid: UUID


class NewSignalIn(Schema):
    """What was seen of an account."""

    account: UUID
    kind: KindKey = Field(description="A key of `GET /signal-kinds`.")
    observed_on: dt.date | None = Field(None, description="Business date; else today.")
    said: LongText = ""
    strength: Strength | None = Field(None, description="From 1 to 5; else as its kind usually is.")
    source: SourceIn | None = None


class WithdrawIn(Schema):
    """Why it was wrong."""

    reason: Reason


class SignalOut(Schema):
    """Something that was seen or heard of an account."""

    uid: UUID
    account: AccountRef
    kind: str
    direction: str
    strength: int
    observed_on: dt.date
    said: str
    source_kind: str
    source_uid: UUID | None
    recorded_by: MemberRef | None
    recorded_at: dt.datetime
    withdrawn_at: dt.datetime | None
    withdrawn_by: MemberRef | None
    withdrawn_reason: str


@router.get("/signal-kinds", response=list[SignalKindOut], summary="The kinds of signals")
@scoped(ApiScope.ACCOUNTS_READ)
def list_signal_kinds(request: HttpRequest) -> list[SignalKindOut]:
    return [
        SignalKindOut(
            key=kind.key,
            label=str(kind.label),
            direction=kind.direction,
            strength=kind.strength,
            half_life_days=kind.half_life_days,
        )
        for kind in KINDS.values()
    ]


@router.get("/signals", response=Page[SignalOut], summary="Signals of the member's accounts")
@scoped(ApiScope.ACCOUNTS_READ)
def list_signals(request: HttpRequest, page: Query[SignalFilter]) -> Page[SignalOut]:
    found = signals_of(acting(request))
    if not page.withdrawn:
        found = standing(found)
    if page.account is not None:
        found = found.filter(account=visible_account(page.account, acting(request)))
    if page.kind is not None:
        found = found.filter(kind=page.kind)
    if page.direction is not None:
        found = found.filter(direction=page.direction)
    if page.since is not None:
        found = found.filter(observed_on__gte=page.since)
    items, following = page_of(found, page)
    return Page[SignalOut](items=[shown_signal(one) for one in items], next=following)


@router.post("/signals", response={201: SignalOut}, summary="Record a signal")
@scoped(ApiScope.ACCOUNTS_WRITE)
def add_signal(request: HttpRequest, signal: NewSignalIn) -> Status[SignalOut]:
    """The protection of the account follows at once."""
    member = acting(request)
    day = _day()
    made = record_signal(
        account=visible_account(signal.account, member),
        kind=signal.kind,
        observed_on=signal.observed_on or day,
        member=member,
        said=signal.said,
        strength=signal.strength,
        source=SignalSource(kind=signal.source.kind, uid=signal.source.uid) if signal.source else None,
    )
    protect([made.account_id], on=day)
    return Status(201, shown_signal(made))


@router.get("/signals/{uuid:uid}", response=SignalOut, summary="One signal")
@scoped(ApiScope.ACCOUNTS_READ)
def get_signal(request: HttpRequest, uid: UUID) -> SignalOut:
    return shown_signal(_visible(uid, acting(request)))


@router.post("/signals/{uuid:uid}/withdraw", response=SignalOut, summary="Withdraw a signal")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_withdraw(request: HttpRequest, uid: UUID, why: WithdrawIn) -> SignalOut:
    """It stays, with the reason, and counts no more."""
    member = acting(request)
    gone = withdraw_signal(signal=_visible(uid, member), member=member, reason=why.reason)
    protect([gone.account_id], on=_day())
    return shown_signal(gone)


@router.post("/signals/{uuid:uid}/restore", response=SignalOut, summary="Let a withdrawn signal count again")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_restore(request: HttpRequest, uid: UUID) -> SignalOut:
    member = acting(request)
    back = restore_signal(signal=_visible(uid, member), member=member)
    protect([back.account_id], on=_day())
    return shown_signal(back)


def _day() -> dt.date:
    """The business date; where the figures are much older (an old export, the demo), the day of the figures."""
    return day_of_work(today(organisation()))


def signals_of(member: Member) -> QuerySet[Signal]:
    """The signals that the member may see, with what is shown of them."""
    return visible_signals(member).select_related("account", "recorded_by", "withdrawn_by")


def _visible(uid: UUID, member: Member) -> Signal:
    found = signals_of(member).filter(uid=uid).first()
    if found is None:
        raise not_found()
    return found


def shown_signal(signal: Signal) -> SignalOut:
    return SignalOut(
        uid=signal.uid,
        account=account_ref(signal.account),
        kind=signal.kind,
        direction=signal.direction,
        strength=signal.strength,
        observed_on=signal.observed_on,
        said=signal.said,
        source_kind=signal.source_kind,
        source_uid=signal.source_uid,
        recorded_by=member_ref(signal.recorded_by),
        recorded_at=signal.created_at,
        withdrawn_at=signal.withdrawn_at,
        withdrawn_by=member_ref(signal.withdrawn_by),
        withdrawn_reason=signal.withdrawn_reason,
    )
