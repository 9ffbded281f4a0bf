"""Hand-overs: customers on their way from who won them to who keeps them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from pydantic import StringConstraints

from regulars.api.bearer import acting, scoped
from regulars.api.changes import IfMatch, require_unchanged
from regulars.api.facts.accounts import visible_account
from regulars.api.fields import NO_NUL, AccountRef, LongText, MemberRef, account_ref, member_ref, said
from regulars.api.paging import ChangesIn, Page, page_of
from regulars.api.problems import not_found
from regulars.base.models import Member
from regulars.base.organisation import organisation, today
from regulars.base.tokens import ApiScope
from regulars.facts.accounts import of_account
from regulars.insight.days import day_of_work
from regulars.plan import handovers
from regulars.plan.models import Handover

router = Router(tags=["plan"])

Words = Annotated[
    str, StringConstraints(min_length=1, max_length=handovers.LONGEST_REASON, pattern=NO_NUL), Field(examples=["text"])
]


class HandoverFilter(ChangesIn):
    """Which hand-overs."""

    account: UUID | None = Field(None, description="uid of their account.")
    state: Literal["drafted", "sent", "returned", "accepted", "closed", "discarded"] | None = None
    mine: bool = Field(False, description="Only those that the member gives or receives.")


class HandoverTold(Schema):
    """What a hand-over says; what is not named stays as it is."""

    receiver: UUID | None = Field(None, description="uid of who looks after the customer from then on.")
    work: LongText = ""
    files: LongText = ""
    their_people: LongText = ""
    our_people: LongText = ""
    cares_about: LongText = ""
    introduced_on: dt.date | None = None


class NewHandoverIn(HandoverTold):
    """The account that is handed over."""

    account: UUID
    origin: Literal["first_order", "won", "other"] = "won"


class ReturnedIn(Schema):
    """What is missing, or why."""

    reason: Words


class LookIn(Schema):
    """How it goes."""

    said: Words


class LookOut(Schema):
    """A look at how it goes in the first weeks."""

    uid: UUID
    day: int = Field(description="Days after the acceptance.")
    due_on: dt.date
    done_on: dt.date | None
    said: str


class HandoverOut(Schema):
    """One customer handed over."""

    uid: UUID
    account: AccountRef
    origin: str
    state: str
    giver: MemberRef | None
    receiver: MemberRef | None
    due_on: dt.date
    work: str
    files: str
    their_people: str
    our_people: str
    cares_about: str
    introduced_on: dt.date | None
    sent_on: dt.date | None
    accepted_on: dt.date | None
    closed_on: dt.date | None
    looks: list[LookOut]


@router.get("/handovers", response=Page[HandoverOut], summary="Hand-overs that the member may see")
@scoped(ApiScope.ACCOUNTS_READ)
def list_handovers(request: HttpRequest, page: Query[HandoverFilter]) -> Page[HandoverOut]:
    member = acting(request)
    found = handovers_of(member)
    if page.account is not None:
        found = found.filter(of_account(visible_account(page.account, member)))
    if page.state is not None:
        found = found.filter(state=page.state)
    if page.mine:
        found = found.filter(giver=member) | found.filter(receiver=member)
    items, following = page_of(found, page, parts=("checks",))
    return Page[HandoverOut](items=[shown_handover(one) for one in items], next=following)


@router.post("/handovers", response={201: HandoverOut}, summary="Draft a hand-over")
@scoped(ApiScope.ACCOUNTS_WRITE)
def add_handover(request: HttpRequest, handover: NewHandoverIn) -> Status[HandoverOut]:
    member = acting(request)
    told = said(handover)
    account = visible_account(told.pop("account"), member)
    origin = told.pop("origin", handover.origin)
    made = handovers.open_handover(account=account, origin=origin, on=_day(), member=member, **_found(told))
    return Status(201, shown_handover(made))


@router.get("/handovers/{uuid:uid}", response=HandoverOut, summary="One hand-over")
@scoped(ApiScope.ACCOUNTS_READ)
def get_handover(request: HttpRequest, uid: UUID) -> HandoverOut:
    return shown_handover(_visible(uid, acting(request)))


@router.patch("/handovers/{uuid:uid}", response=HandoverOut, summary="Change what it says, while it is with the giver")
@scoped(ApiScope.ACCOUNTS_WRITE)
@transaction.atomic
def patch_handover(request: HttpRequest, uid: UUID, handover: HandoverTold, if_match: IfMatch) -> HandoverOut:
    member = acting(request)
    Handover.objects.select_for_update().get(pk=_visible(uid, member).pk)
    found = _visible(uid, member)
    require_unchanged(request, shown_handover(found), if_match)
    return shown_handover(handovers.write_handover(handover=found, member=member, **_found(said(handover))))


@router.post("/handovers/{uuid:uid}/send", response=HandoverOut, summary="Send it to the receiver")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_send(request: HttpRequest, uid: UUID) -> HandoverOut:
    member = acting(request)
    return shown_handover(handovers.send_handover(handover=_visible(uid, member), on=_day(), member=member))


@router.post("/handovers/{uuid:uid}/recall", response=HandoverOut, summary="Take the sending back")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_recall(request: HttpRequest, uid: UUID) -> HandoverOut:
    member = acting(request)
    return shown_handover(handovers.recall_handover(handover=_visible(uid, member), on=_day(), member=member))


@router.post("/handovers/{uuid:uid}/accept", response=HandoverOut, summary="Accept it")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_accept(request: HttpRequest, uid: UUID) -> HandoverOut:
    """Account and open promises of the giver pass to the receiver. Only the receiver, or who may assign accounts."""
    member = acting(request)
    return shown_handover(handovers.accept_handover(handover=_visible(uid, member), on=_day(), member=member))


@router.post("/handovers/{uuid:uid}/return", response=HandoverOut, summary="Return it, with what is missing")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_return(request: HttpRequest, uid: UUID, why: ReturnedIn) -> HandoverOut:
    member = acting(request)
    found = _visible(uid, member)
    return shown_handover(handovers.return_handover(handover=found, on=_day(), member=member, reason=why.reason))


@router.post("/handovers/{uuid:uid}/discard", response=HandoverOut, summary="Say that nothing is handed over")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_discard(request: HttpRequest, uid: UUID, why: ReturnedIn) -> HandoverOut:
    member = acting(request)
    found = _visible(uid, member)
    return shown_handover(handovers.discard_handover(handover=found, on=_day(), member=member, reason=why.reason))


@router.post("/handovers/{uuid:uid}/restore", response=HandoverOut, summary="Make it a draft again")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_restore_handover(request: HttpRequest, uid: UUID) -> HandoverOut:
    member = acting(request)
    return shown_handover(handovers.restore_handover(handover=_visible(uid, member), on=_day(), member=member))


@router.post("/handovers/{uuid:uid}/look", response=HandoverOut, summary="Say how it goes")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_look(request: HttpRequest, uid: UUID, look: LookIn) -> HandoverOut:
    """Answers the next look at the first weeks; with the last one the hand-over is closed."""
    member = acting(request)
    found = _visible(uid, member)
    check = found.checks.filter(done_on=None).order_by("day").first()
    if check is None:
        raise not_found()
    handovers.finish_check(check=check, on=_day(), member=member, said=look.said)
    return shown_handover(_visible(uid, member))


def _found(told: dict[str, Any]) -> handovers.HandoverFields:
    """What was said, with the receiver in place of the uid; a day that is emptied is none."""
    if told.get("receiver"):
        told["receiver"] = handovers.possible_receivers().filter(uid=told["receiver"]).first()
        if told["receiver"] is None:
            raise not_found()
    for name in ("receiver", "introduced_on"):
        if name in told:
            told[name] = told[name] or None
    return told  # type: ignore[return-value]


def _day() -> dt.date:
    """The business date; where the figures are much older (an old export, the demo), the day of the figures."""
    return day_of_work(today(organisation()))


def handovers_of(member: Member) -> QuerySet[Handover]:
    """The hand-overs that the member may see, with what is shown of them."""
    seen = handovers.visible_handovers(member).order_by("-pk")
    return seen.select_related("account__merged_into", "giver", "receiver").prefetch_related("checks")


def _visible(uid: UUID, member: Member) -> Handover:
    found = handovers_of(member).filter(uid=uid).first()
    if found is None:
        raise not_found()
    return found


def shown_handover(handover: Handover) -> HandoverOut:
    looks = sorted(handover.checks.all(), key=lambda check: check.day)
    return HandoverOut(
        uid=handover.uid,
        account=account_ref(handover.account.merged_into or handover.account),
        origin=handover.origin,
        state=handover.state,
        giver=member_ref(handover.giver),
        receiver=member_ref(handover.receiver),
        due_on=handover.due_on,
        work=handover.work,
        files=handover.files,
        their_people=handover.their_people,
        our_people=handover.our_people,
        cares_about=handover.cares_about,
        introduced_on=handover.introduced_on,
        sent_on=handover.sent_on,
        accepted_on=handover.accepted_on,
        closed_on=handover.closed_on,
        looks=[
            LookOut(uid=one.uid, day=one.day, due_on=one.due_on, done_on=one.done_on, said=one.said) for one in looks
        ],
    )
