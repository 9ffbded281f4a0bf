"""Today's list, and what members do with its actions."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema
from pydantic import StringConstraints

from regulars.api.bearer import acting, scoped
from regulars.api.facts.accounts import visible_account, visible_member
from regulars.api.facts.contacts import ContactOut, shown_contact, visible_contact
from regulars.api.fields import NO_NUL, AccountRef, LongText, MemberRef, account_ref, member_ref
from regulars.api.paging import Page, PageIn, page_of
from regulars.api.problems import not_found
from regulars.base.models import Member
from regulars.base.organisation import organisation, today
from regulars.base.tokens import ApiScope
from regulars.insight.days import day_of_work
from regulars.plan import actions
from regulars.plan.models import Action
from regulars.plan.today import STEP_ASKED, Card, Reason, todays_list, told

router = Router(tags=["plan"])

Words = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=NO_NUL), Field(examples=["text"])]


class ActionOut(Schema):
    """One thing to do about one account, with its reason in words. Money in units of `currency`, a year."""

    uid: UUID
    account: AccountRef
    member: MemberRef | None
    state: str
    cause: str
    title: str
    sentences: list[str]
    advice: str
    opening: str
    stake: float
    expected_money: float
    currency: str
    proposed_on: dt.date
    snoozed_until: dt.date | None
    closed_on: dt.date | None
    reason: str = Field(description="The outcome, or why it was dismissed or put off.")


class CardOut(Schema):
    """One account on the list: the best reason to contact it, and the others."""

    account: AccountRef
    contact: ContactOut | None
    action: ActionOut
    further: list[ActionOut]


class TodayOut(Schema):
    """Whom to contact today, best first."""

    on: dt.date
    items: list[CardOut]
    more_in_digest: int


class ActionFilter(PageIn):
    """Which actions."""

    account: UUID | None = Field(None, description="uid of their account.")
    state: Literal["open", "snoozed", "done", "not_useful", "closed"] | None = None


class DoneIn(Schema):
    """What came of it."""

    outcome: Words
    text: LongText = ""
    kind: Literal["call", "visit", "mail", "meeting"] = "call"
    contacts: list[UUID] = Field([], max_length=100)


class SnoozeIn(Schema):
    """When it comes back, and why."""

    until: dt.date
    reason: Words


class DismissIn(Schema):
    """Why."""

    reason: Words


class ToIn(Schema):
    """To whom."""

    member: UUID


@router.get("/today", response=TodayOut, summary="Whom to contact today, and why")
@scoped(ApiScope.ACTIONS_READ)
def get_today(request: HttpRequest) -> TodayOut:
    found = todays_list(acting(request), _day())
    currency = organisation().base_currency
    return TodayOut(
        on=found.on, items=[_card(card, currency) for card in found.items], more_in_digest=found.more_in_digest
    )


@router.get("/actions", response=Page[ActionOut], summary="Actions about the accounts that the member may see")
@scoped(ApiScope.ACTIONS_READ)
def list_actions(request: HttpRequest, page: Query[ActionFilter]) -> Page[ActionOut]:
    wanted = actions_of(acting(request))
    if page.account is not None:
        wanted = wanted.filter(account=visible_account(page.account, acting(request)))
    if page.state is not None:
        wanted = wanted.filter(state=page.state)
    found, following = page_of(wanted, page)
    currency = organisation().base_currency
    return Page[ActionOut](items=[_action(told(one), currency) for one in found], next=following)


@router.get("/actions/{uuid:uid}", response=ActionOut, summary="One action")
@scoped(ApiScope.ACTIONS_READ)
def get_action(request: HttpRequest, uid: UUID) -> ActionOut:
    return shown_action(_visible(uid, acting(request)))


@router.post("/actions/{uuid:uid}/done", response=ActionOut, summary="Say that it was done")
@scoped(ApiScope.ACTIONS_WRITE)
def post_done(request: HttpRequest, uid: UUID, done: DoneIn) -> ActionOut:
    """It is recorded as an interaction with the account."""
    member = acting(request)
    action = actions.mark_done(
        action=_visible(uid, member),
        on=_day(),
        outcome=done.outcome,
        member=member,
        text=done.text,
        kind=done.kind,
        contacts=[visible_contact(one, member) for one in done.contacts],
    )
    return shown_action(action)


@router.post("/actions/{uuid:uid}/not-useful", response=ActionOut, summary="Dismiss it")
@scoped(ApiScope.ACTIONS_WRITE)
def post_not_useful(request: HttpRequest, uid: UUID, why: DismissIn) -> ActionOut:
    member = acting(request)
    found = _visible(uid, member)
    return shown_action(actions.mark_not_useful(action=found, on=_day(), reason=why.reason, member=member))


@router.post("/actions/{uuid:uid}/snooze", response=ActionOut, summary="Put it off")
@scoped(ApiScope.ACTIONS_WRITE)
def post_snooze(request: HttpRequest, uid: UUID, snooze: SnoozeIn) -> ActionOut:
    member = acting(request)
    found = _visible(uid, member)
    return shown_action(
        actions.snooze(action=found, on=_day(), until=snooze.until, reason=snooze.reason, member=member)
    )


@router.post("/actions/{uuid:uid}/reassign", response=ActionOut, summary="Give it to another member")
@scoped(ApiScope.ACTIONS_WRITE)
def post_reassign(request: HttpRequest, uid: UUID, change: ToIn) -> ActionOut:
    member = acting(request)
    to = visible_member(change.member, member)
    assert to is not None
    return shown_action(actions.reassign(action=_visible(uid, member), to=to, member=member))


@router.post("/actions/{uuid:uid}/reopen", response=ActionOut, summary="Take back done, not useful or snooze")
@scoped(ApiScope.ACTIONS_WRITE)
def post_reopen(request: HttpRequest, uid: UUID) -> ActionOut:
    member = acting(request)
    return shown_action(actions.reopen(action=_visible(uid, member), member=member))


def _day() -> dt.date:
    """The business date; where the figures are much older (an old export, the demo), the day of the figures."""
    return day_of_work(today(organisation()))


def actions_of(member: Member) -> QuerySet[Action]:
    """The actions that the member may see, with what is shown of them."""
    found = actions.visible_actions(member).select_related("account__merged_into", "member")
    return found.prefetch_related(STEP_ASKED)


def _visible(uid: UUID, member: Member) -> Action:
    found = actions_of(member).filter(uid=uid).first()
    if found is None:
        raise not_found()
    return found


def _card(card: Card, currency: str) -> CardOut:
    return CardOut(
        account=account_ref(card.account),
        contact=shown_contact(card.contact) if card.contact else None,
        action=_action(card.reason, currency),
        further=[_action(reason, currency) for reason in card.further],
    )


def shown_action(action: Action) -> ActionOut:
    return _action(told(action), organisation().base_currency)


def _action(reason: Reason, currency: str) -> ActionOut:
    action = reason.action
    return ActionOut(
        uid=action.uid,
        account=account_ref(action.account.merged_into or action.account),
        member=member_ref(action.member),
        state=action.state,
        cause=action.cause,
        title=reason.cause,
        sentences=reason.sentences,
        advice=reason.advice,
        opening=reason.opening,
        stake=action.stake,
        expected_money=action.expected_money,
        currency=currency,
        proposed_on=action.proposed_on,
        snoozed_until=action.snoozed_until,
        closed_on=action.closed_on,
        reason=action.reason,
    )
