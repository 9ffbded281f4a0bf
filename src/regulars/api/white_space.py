"""White space over the API: what an account buys where, what it wants to reach, and saying so."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from pydantic import StringConstraints

from regulars.api.bearer import acting, scoped
from regulars.api.facts.accounts import visible_account
from regulars.api.facts.signals import SourceIn
from regulars.api.fields import NO_NUL, AccountRef, account_ref
from regulars.api.opportunities import offering_named
from regulars.api.paging import ChangesIn, Page, page_of
from regulars.api.problems import not_found
from regulars.base.organisation import organisation, today
from regulars.base.tokens import ApiScope
from regulars.facts import goals
from regulars.facts.models import Account, AccountGoal, Contact, Site
from regulars.facts.offerings import offerings, tell_supply
from regulars.facts.signals import SignalSource
from regulars.insight.days import day_of_work
from regulars.insight.white_space import Cell, Row, white_space_of

router = Router(tags=["facts"])

Source = Annotated[
    str, StringConstraints(max_length=goals.LONGEST_SOURCE, pattern=NO_NUL), Field(examples=["visit of 3 May"])
]
Name = Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL), Field(examples=["Acme"])]
GoalText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=goals.LONGEST_TEXT, pattern=NO_NUL),
    Field(examples=["Less downtime"]),
]


class OfferingOut(Schema):
    """Something the firm sells, as it talks about it with customers."""

    uid: UUID
    name: str
    words: str
    better: UUID | None


class CellOut(Schema):
    """Who supplies one offering. Money in minor units of the base currency."""

    offering: UUID
    name: str
    state: str = Field(description="us, competitor, in_house, none or unknown.")
    supplier: str
    since: dt.date | None
    contract_ends: dt.date | None
    said_on: dt.date | None
    last_bought: dt.date | None
    net_12m_minor: int | None
    sentence: str


class WhiteSpaceRowOut(Schema):
    """An account, one that belongs to it, or one of its places."""

    account: AccountRef
    site: UUID | None
    site_name: str
    cells: list[CellOut]


class SupplyIn(Schema):
    """Who supplies an offering, as somebody said."""

    offering: UUID
    state: Literal["us", "competitor", "in_house", "none"]
    site: UUID | None = Field(None, description="A place of the account, else the whole account.")
    supplier: Name = ""
    since: dt.date | None = None
    until: dt.date | None = Field(None, description="The contract ends on.")
    source: Source = ""
    record: SourceIn | None = Field(None, description="The record that it came from, in your system or here.")


class SupplyOut(Schema):
    """What was noted."""

    uid: UUID
    offering: UUID
    state: str
    supplier: str
    said_on: dt.date


class GoalFilter(ChangesIn):
    """Which goals."""

    account: UUID | None = Field(None, description="uid of their account.")
    state: Literal["live", "reached", "given_up", "withdrawn"] | None = None


class NewGoalIn(Schema):
    """What an account wants to reach, or what troubles it."""

    account: UUID
    text: GoalText
    kind: Literal["goal", "challenge"] = "goal"
    since: dt.date | None = None
    source: Source = ""
    contact: UUID | None = Field(None, description="uid of who said it.")
    record: SourceIn | None = None


class GoalEndIn(Schema):
    """What became of it."""

    state: Literal["reached", "given_up", "withdrawn"]


class GoalOut(Schema):
    """A goal or a challenge of an account."""

    uid: UUID
    account: AccountRef
    kind: str
    text: str
    state: str
    since: dt.date | None
    source: str
    contact: UUID | None
    noted_on: dt.date
    ended_on: dt.date | None


@router.get("/offerings", response=list[OfferingOut], summary="What the firm offers")
@scoped(ApiScope.ACCOUNTS_READ)
def list_offerings(request: HttpRequest) -> list[OfferingOut]:
    found = offerings().select_related("better")
    return [
        OfferingOut(uid=one.uid, name=one.name, words=one.words, better=one.better.uid if one.better else None)
        for one in found
    ]


@router.get("/accounts/{uuid:uid}/white-space", response=list[WhiteSpaceRowOut], summary="What an account buys where")
@scoped(ApiScope.ACCOUNTS_READ)
def get_white_space(request: HttpRequest, uid: UUID) -> list[WhiteSpaceRowOut]:
    """The account, then its places, then the accounts that belong to it."""
    member = acting(request)
    currency = organisation().base_currency
    return [_row(one, currency) for one in white_space_of(visible_account(uid, member), member=member)]


@router.post("/accounts/{uuid:uid}/supplies", response={201: SupplyOut}, summary="Say who supplies an offering")
@scoped(ApiScope.ACCOUNTS_WRITE)
def add_supply(request: HttpRequest, uid: UUID, supply: SupplyIn) -> Status[SupplyOut]:
    member = acting(request)
    account = visible_account(uid, member)
    made = tell_supply(
        account=account,
        offering=offering_named(supply.offering),
        state=supply.state,
        site=_site(account, supply.site),
        supplier=supply.supplier,
        since=supply.since,
        until=supply.until,
        source=supply.source,
        record=SignalSource(kind=supply.record.kind, uid=supply.record.uid) if supply.record else None,
        on=_day(),
        member=member,
    )
    return Status(
        201,
        SupplyOut(
            uid=made.uid,
            offering=made.offering.uid,
            state=made.state,
            supplier=made.supplier,
            said_on=made.said_on,
        ),
    )


@router.get("/goals", response=Page[GoalOut], summary="Goals and challenges of the member's accounts")
@scoped(ApiScope.ACCOUNTS_READ)
def list_goals(request: HttpRequest, page: Query[GoalFilter]) -> Page[GoalOut]:
    member = acting(request)
    found = goals.visible_goals(member).select_related("account", "contact").order_by("-pk")
    if page.account is not None:
        found = found.filter(account=visible_account(page.account, member))
    if page.state is not None:
        found = found.filter(state=page.state)
    items, following = page_of(found, page)
    return Page[GoalOut](items=[_goal(one) for one in items], next=following)


@router.post("/goals", response={201: GoalOut}, summary="Note a goal or a challenge")
@scoped(ApiScope.ACCOUNTS_WRITE)
def add_goal(request: HttpRequest, goal: NewGoalIn) -> Status[GoalOut]:
    member = acting(request)
    account = visible_account(goal.account, member)
    made = goals.note_goal(
        account=account,
        text=goal.text,
        kind=goal.kind,
        since=goal.since,
        source=goal.source,
        contact=_contact(account, goal.contact),
        record=SignalSource(kind=goal.record.kind, uid=goal.record.uid) if goal.record else None,
        on=_day(),
        member=member,
    )
    return Status(201, _goal(made))


@router.post("/goals/{uuid:uid}/end", response=GoalOut, summary="Say what became of a goal")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_end_goal(request: HttpRequest, uid: UUID, end: GoalEndIn) -> GoalOut:
    member = acting(request)
    found = goals.visible_goals(member).filter(uid=uid).select_related("account", "contact").first()
    if found is None:
        raise not_found()
    return _goal(goals.end_goal(goal=found, state=end.state, on=_day(), member=member))


def _day() -> dt.date:
    return day_of_work(today(organisation()))


def _site(account: Account, uid: UUID | None) -> Site | None:
    if uid is None:
        return None
    found = account.sites.filter(uid=uid).first()
    if found is None:
        raise not_found()
    return found


def _contact(account: Account, uid: UUID | None) -> Contact | None:
    if uid is None:
        return None
    found = account.contacts.filter(uid=uid).first()
    if found is None:
        raise not_found()
    return found


def _row(row: Row, currency: str) -> WhiteSpaceRowOut:
    return WhiteSpaceRowOut(
        account=account_ref(row.account),
        site=row.site.uid if row.site else None,
        site_name=row.site.name if row.site else "",
        cells=[_cell(one, currency) for one in row.cells],
    )


def _cell(cell: Cell, currency: str) -> CellOut:
    said = cell.said if cell.said is not None and cell.said.state == cell.state else None
    return CellOut(
        offering=cell.offering.uid,
        name=cell.offering.name,
        state=cell.state.value,
        supplier=cell.supplier,
        since=said.since if said else None,
        contract_ends=said.until if said else None,
        said_on=said.said_on if said else None,
        last_bought=cell.sold.last_bought if cell.sold else None,
        net_12m_minor=cell.sold.net_12m_minor if cell.sold else None,
        sentence=cell.sentence(currency),
    )


def _goal(goal: AccountGoal) -> GoalOut:
    return GoalOut(
        uid=goal.uid,
        account=account_ref(goal.account),
        kind=goal.kind,
        text=goal.text,
        state=goal.state,
        since=goal.since,
        source=goal.source,
        contact=goal.contact.uid if goal.contact else None,
        noted_on=goal.noted_on,
        ended_on=goal.ended_on,
    )
