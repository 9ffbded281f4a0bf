"""Bonuses of key accounts and VIPs: which there are, what was given to whom."""

from __future__ import annotations

import datetime as dt
from typing import Annotated
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from pydantic import StringConstraints

from regulars.api.bearer import acting, scoped
from regulars.api.facts.accounts import visible_account
from regulars.api.fields import NO_NUL, AccountRef, MemberRef, account_ref, member_ref
from regulars.api.paging import Page, PageIn, page_of
from regulars.api.problems import not_found
from regulars.base.access import Permission, may, require
from regulars.base.models import Member
from regulars.base.organisation import organisation, today
from regulars.base.tokens import ApiScope
from regulars.facts.accounts import of_account
from regulars.insight.days import day_of_work
from regulars.plan import bonuses
from regulars.plan.models import Bonus, GivenBonus

router = Router(tags=["plan"])

Words = Annotated[str, StringConstraints(max_length=bonuses.LONGEST_WORDS, pattern=NO_NUL), Field(examples=["text"])]
COST = "In minor units of the base currency; null where the member does not see costs."


class BonusOut(Schema):
    """Something that the firm gives to good customers."""

    uid: UUID
    name: str
    cost_minor: int | None = Field(description=COST)
    currency: str
    times_a_year: int
    for_key_accounts: bool
    tag: str | None = Field(description="Customers with this tag may be given it.")


class GivenFilter(PageIn):
    """Which bonuses that were given."""

    account: UUID | None = Field(None, description="uid of their account.")
    since: dt.date | None = Field(None, description="Given on this day or later.")


class GiveIn(Schema):
    """A bonus that an account was given."""

    account: UUID
    bonus: UUID
    on: dt.date | None = Field(None, description="Else today.")
    cost_minor: int | None = Field(
        None, ge=0, le=bonuses.DEAREST_MINOR, description="Where it cost something else than usual, in minor units."
    )
    said: Words = ""
    reason: Words = Field("", description="Why one more than its number a year.")


class GivenBonusOut(Schema):
    """A bonus that was given."""

    uid: UUID
    account: AccountRef
    bonus: UUID
    name: str
    on: dt.date
    cost_minor: int | None = Field(description=COST)
    currency: str
    member: MemberRef | None
    said: str
    reason: str
    taken_back: bool


@router.get("/bonuses", response=Page[BonusOut], summary="The bonuses of the firm")
@scoped(ApiScope.ACCOUNTS_READ)
def list_bonuses(request: HttpRequest, page: Query[PageIn]) -> Page[BonusOut]:
    member = acting(request)
    require(member, Permission.READ)
    items, following = page_of(bonuses.live_bonuses(), page)
    return Page[BonusOut](items=[_shown_bonus(one, member) for one in items], next=following)


@router.get("/given-bonuses", response=Page[GivenBonusOut], summary="Bonuses that the member's accounts were given")
@scoped(ApiScope.ACCOUNTS_READ)
def list_given(request: HttpRequest, page: Query[GivenFilter]) -> Page[GivenBonusOut]:
    member = acting(request)
    found = given_bonuses_of(member).filter(taken_back_at=None)
    if page.account is not None:
        found = found.filter(of_account(visible_account(page.account, member)))
    if page.since is not None:
        found = found.filter(on__gte=page.since)
    items, following = page_of(found, page)
    return Page[GivenBonusOut](items=[shown_given_bonus(one, member) for one in items], next=following)


@router.post("/given-bonuses", response={201: GivenBonusOut}, summary="Note a bonus that an account was given")
@scoped(ApiScope.ACCOUNTS_WRITE)
def add_given(request: HttpRequest, given: GiveIn) -> Status[GivenBonusOut]:
    member, day = acting(request), day_of_work(today(organisation()))
    account = visible_account(given.account, member)
    require(member, Permission.WRITE)
    bonus = bonuses.live_bonuses().filter(uid=given.bonus).first()
    if bonus is None:
        raise not_found()
    made = bonuses.give_bonus(
        bonus=bonus,
        account=account,
        on=given.on or day,
        today=day,
        member=member,
        said=given.said,
        reason=given.reason,
        cost_minor=given.cost_minor,
    )
    return Status(201, shown_given_bonus(made, member))


@router.post("/given-bonuses/{uuid:uid}/take-back", response=GivenBonusOut, summary="Say that it was not given")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_take_back(request: HttpRequest, uid: UUID) -> GivenBonusOut:
    member = acting(request)
    found = bonuses.visible_given(member).filter(uid=uid).first()
    if found is None:
        raise not_found()
    return shown_given_bonus(bonuses.take_back_bonus(given=found, member=member), member)


def _shown_bonus(one: Bonus, member: Member) -> BonusOut:
    return BonusOut(
        uid=one.uid,
        name=one.name,
        cost_minor=one.cost_minor if may(member, Permission.SEE_COST) else None,
        currency=organisation().base_currency,
        times_a_year=one.times_a_year,
        for_key_accounts=one.for_key_accounts,
        tag=one.tag.name if one.tag else None,
    )


def given_bonuses_of(member: Member) -> QuerySet[GivenBonus]:
    """Those that the member may see, with what is shown of them, and those that were taken back."""
    return bonuses.visible_noted(member).select_related("account__merged_into")


def shown_given_bonus(one: GivenBonus, member: Member) -> GivenBonusOut:
    """The bonus as the API tells it to the member."""
    return GivenBonusOut(
        uid=one.uid,
        account=account_ref(one.account.merged_into or one.account),
        bonus=one.bonus.uid,
        name=one.bonus.name,
        on=one.on,
        cost_minor=one.cost_minor if may(member, Permission.SEE_COST) else None,
        currency=organisation().base_currency,
        member=member_ref(one.member),
        said=one.said,
        reason=one.reason,
        taken_back=one.taken_back_at is not None,
    )
