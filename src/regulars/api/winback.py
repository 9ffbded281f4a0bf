"""Lost customers: declared, why they left, and how it ended."""

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
from regulars.api.fields import NO_NUL, AccountRef, account_ref
from regulars.api.paging import ChangesIn, Page, page_of
from regulars.api.problems import not_found
from regulars.base.models import Member
from regulars.base.organisation import organisation, today
from regulars.base.tokens import ApiScope
from regulars.facts.accounts import of_account
from regulars.insight.days import day_of_work
from regulars.plan import winback
from regulars.plan.models import WinBack

router = Router(tags=["plan"])

Words = Annotated[str, StringConstraints(max_length=winback.LONGEST_WORDS, pattern=NO_NUL), Field(examples=["text"])]
Gift = Annotated[str, StringConstraints(max_length=winback.LONGEST_GIFT, pattern=NO_NUL), Field(examples=["text"])]
Reason = Literal["better_terms", "our_service", "no_need", "other"]


class WinBackFilter(ChangesIn):
    """Which lost customers."""

    account: UUID | None = Field(None, description="uid of the account.")
    state: Literal["open", "won", "parted", "mistake"] | None = None
    look_again_until: dt.date | None = Field(None, description="To be looked at again on this day at the latest.")


class WhyIn(Schema):
    """Why it left."""

    reasons: list[Reason] = []
    said: Words = ""


class LossIn(WhyIn):
    """An account that is lost."""

    account: UUID
    since: dt.date | None = Field(None, description="Lost since this day; else today.")
    known: Literal["declared", "contract"] = Field("declared", description="Declared, or its contract ended.")


class PartIn(Schema):
    """How one parts."""

    gift: Gift = ""
    door_open: bool = False
    recommendation_asked: bool = False
    look_again_on: dt.date | None = Field(None, description="Else in half a year.")


class OfferedIn(Schema):
    """What it was asked: what if we …"""

    text: Annotated[str, StringConstraints(min_length=1, max_length=winback.LONGEST_WORDS, pattern=NO_NUL)]


class AnsweredIn(Schema):
    """What it said."""

    answer: Literal["", "yes", "perhaps", "no"]
    said: Annotated[str, StringConstraints(max_length=winback.LONGEST_WORDS, pattern=NO_NUL)] = ""


class WinBackOfferOut(Schema):
    """An offer "what if we …", and what it answered."""

    uid: UUID
    text: str
    offered_on: dt.date
    answer: str
    said: str


class WinBackOut(Schema):
    """The work on one lost customer. Money in units of the base currency, a year."""

    uid: UUID
    account: AccountRef
    since: dt.date
    lost_on: dt.date
    by_silence: bool
    state: str
    worth: float
    chance: float = Field(description="That it orders again within a year.")
    chance_cases: int = Field(description="Earlier losses that the chance was learned from; 0: a documented guess.")
    expected_money: float
    reasons: list[str]
    said: str
    offers: list[WinBackOfferOut]
    settled_on: dt.date | None
    by_order: bool
    look_again_on: dt.date | None


@router.get("/win-back", response=Page[WinBackOut], summary="Lost customers that the member may see")
@scoped(ApiScope.ACCOUNTS_READ)
def list_win_backs(request: HttpRequest, page: Query[WinBackFilter]) -> Page[WinBackOut]:
    found = win_backs_of(acting(request))
    if page.account is not None:
        found = found.filter(of_account(visible_account(page.account, acting(request))))
    if page.state is not None:
        found = found.filter(state=page.state)
    if page.look_again_until is not None:
        found = found.filter(state=WinBack.State.PARTED, look_again_on__lte=page.look_again_until)
    items, following = page_of(found, page, parts=("offers",))
    return Page[WinBackOut](items=[shown_win_back(one) for one in items], next=following)


@router.post("/win-back", response={201: WinBackOut}, summary="Say that an account is lost")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_loss(request: HttpRequest, loss: LossIn) -> Status[WinBackOut]:
    """Who leads is asked to meet it."""
    member = acting(request)
    made = winback.declare_lost(
        account=visible_account(loss.account, member),
        since=loss.since or _day(),
        on=_day(),
        member=member,
        known=loss.known,
        reasons=loss.reasons,
        said=loss.said,
    )
    return Status(201, shown_win_back(made))


@router.get("/win-back/{uuid:uid}", response=WinBackOut, summary="One lost customer")
@scoped(ApiScope.ACCOUNTS_READ)
def get_win_back(request: HttpRequest, uid: UUID) -> WinBackOut:
    return shown_win_back(_visible(uid, acting(request)))


@router.post("/win-back/{uuid:uid}/reasons", response=WinBackOut, summary="Note why it left")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_reasons(request: HttpRequest, uid: UUID, why: WhyIn) -> WinBackOut:
    member = acting(request)
    work = _visible(uid, member)
    return shown_win_back(winback.note_reasons(win_back=work, reasons=why.reasons, said=why.said, member=member))


@router.post("/win-back/{uuid:uid}/offers", response=WinBackOut, summary="Note what it was offered")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_offer(request: HttpRequest, uid: UUID, offer: OfferedIn) -> WinBackOut:
    """“What if we …”"""
    member = acting(request)
    winback.offer_what_if(win_back=_visible(uid, member), text=offer.text, on=_day(), member=member)
    return shown_win_back(_visible(uid, member))


@router.post("/win-back/{uuid:uid}/offers/{uuid:offer}/answer", response=WinBackOut, summary="Note what it answered")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_offer_answer(request: HttpRequest, uid: UUID, offer: UUID, answer: AnsweredIn) -> WinBackOut:
    """An empty answer takes it back."""
    member = acting(request)
    found = _visible(uid, member).offers.filter(uid=offer).first()
    if found is None:
        raise not_found()
    winback.answer_what_if(offer=found, answer=answer.answer, said=answer.said, on=_day(), member=member)
    return shown_win_back(_visible(uid, member))


@router.post("/win-back/{uuid:uid}/won", response=WinBackOut, summary="Say that it is a customer again")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_won(request: HttpRequest, uid: UUID) -> WinBackOut:
    """An order says so by itself, after the next night."""
    member = acting(request)
    return shown_win_back(winback.mark_won_back(win_back=_visible(uid, member), on=_day(), member=member))


@router.post("/win-back/{uuid:uid}/part", response=WinBackOut, summary="Part well, and look again later")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_part(request: HttpRequest, uid: UUID, how: PartIn) -> WinBackOut:
    member = acting(request)
    return shown_win_back(winback.part_well(win_back=_visible(uid, member), on=_day(), member=member, **how.dict()))


@router.post("/win-back/{uuid:uid}/reopen", response=WinBackOut, summary="Take back how it ended")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_reopen(request: HttpRequest, uid: UUID) -> WinBackOut:
    member = acting(request)
    return shown_win_back(winback.reopen_win_back(win_back=_visible(uid, member), member=member))


@router.post("/win-back/{uuid:uid}/take-back", response=WinBackOut, summary="Take back that it is lost")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_take_back(request: HttpRequest, uid: UUID) -> WinBackOut:
    member = acting(request)
    return shown_win_back(winback.take_back_lost(win_back=_visible(uid, member), on=_day(), member=member))


def win_backs_of(member: Member) -> QuerySet[WinBack]:
    """The lost customers that the member may see, with what is shown of them."""
    return winback.visible_win_backs(member).select_related("account__merged_into").prefetch_related("offers")


def _visible(uid: UUID, member: Member) -> WinBack:
    found = win_backs_of(member).filter(uid=uid).first()
    if found is None:
        raise not_found()
    return found


def _day() -> dt.date:
    return day_of_work(today(organisation()))


def shown_win_back(work: WinBack) -> WinBackOut:
    return WinBackOut(
        uid=work.uid,
        account=account_ref(work.account.merged_into or work.account),
        since=work.since,
        lost_on=work.lost_on,
        by_silence=work.loss_id is None,
        state=work.state,
        worth=work.worth,
        chance=work.chance,
        chance_cases=work.chance_cases,
        expected_money=work.expected_money,
        reasons=work.reasons,
        said=work.said,
        offers=[
            WinBackOfferOut(uid=one.uid, text=one.text, offered_on=one.offered_on, answer=one.answer, said=one.said)
            for one in work.offers.all()
        ],
        settled_on=work.settled_on,
        by_order=work.by_order,
        look_again_on=work.look_again_on,
    )
