"""Live orders: what a shop or an ERP system says of orders that still run, and what people did about them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal, cast
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from pydantic import StringConstraints

from regulars.api.bearer import acting, scoped
from regulars.api.changes import IfMatch, require_unchanged
from regulars.api.facts.accounts import visible_account
from regulars.api.fields import NO_NUL, AccountRef, MemberRef, Moment, account_ref, member_ref
from regulars.api.paging import ChangesIn, Page, page_of
from regulars.api.problems import not_found
from regulars.base.access import Permission, require
from regulars.base.models import Member
from regulars.base.organisation import organisation, today
from regulars.base.tokens import ApiScope
from regulars.core.errors import Refusal
from regulars.facts import live_orders
from regulars.facts.live_order_feed import MOST_MINOR, LiveOrderFields, Taken, upsert_live_order
from regulars.facts.live_order_states import is_late, is_overdue, owed_minor
from regulars.facts.models import LiveOrder
from regulars.insight.days import day_of_work

router = Router(tags=["orders"])

MOST_ORDERS = 500

Id = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL), Field(examples=["A1"])]
Short = Annotated[str, StringConstraints(max_length=300, pattern=NO_NUL), Field(examples=["text"])]
Where = Annotated[str, StringConstraints(max_length=500, pattern=NO_NUL), Field(examples=["https://example.com/1"])]
Source = Annotated[str, Field("api", pattern="^[a-z0-9_-]{1,64}$", description="Where the orders come from.")]
Code = Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["EUR"])]
Minor = Annotated[int, Field(ge=0, le=MOST_MINOR)]
Stage = Literal["quote", "basket", "ordered", "confirmed", "in_production", "shipped", "delivered", "cancelled"]
Payment = Literal["", "open", "partly", "paid"]
Words = Annotated[
    str, StringConstraints(min_length=1, max_length=live_orders.LONGEST_WORDS, pattern=NO_NUL), Field(examples=["text"])
]


class LiveOrderFilter(ChangesIn):
    """Which orders."""

    account: UUID | None = Field(None, description="uid of their account.")
    source: Annotated[str, Field(max_length=64, pattern=NO_NUL)] | None = None
    external_id: Annotated[str, Field(max_length=200, pattern=NO_NUL)] | None = None
    stage: Stage | None = None
    payment: Payment | None = None
    which: Literal["unpaid", "overdue", "abandoned", "late", "unknown_customer"] | None = None
    closed: bool = Field(False, description="Closed ones as well.")


class LiveOrderIn(Schema):
    """What is known of an order. Fields that are not named stay as they are; null empties one."""

    number: Id | None = Field(None, description="Number in the order history, where it differs from the id.")
    account: UUID | None = Field(None, description="uid of its account, where you know it.")
    customer: Annotated[str, Field(max_length=200, pattern=NO_NUL)] | None = Field(
        None, description="Number of the customer in the source."
    )
    customer_name: Short | None = None
    customer_email: Annotated[str, Field(max_length=254, pattern=NO_NUL)] | None = None
    placed_on: dt.date | None = None
    stage: Stage | None = None
    promised_on: dt.date | None = Field(None, description="The day that the customer was promised.")
    expected_on: dt.date | None = Field(None, description="When it will come as things stand.")
    due_on: dt.date | None = Field(None, description="To be paid by this day.")
    payment: Payment | None = None
    currency: Code | None = None
    amount_minor: Minor | None = Field(None, description="What is to be paid, in minor units of the currency.")
    paid_minor: Minor | None = Field(None, description="What was paid in all so far.")
    url: Where | None = Field(None, description="Its page in the source.")


class SentLiveOrderIn(LiveOrderIn):
    """One of a batch."""

    external_id: Id = Field(description="Its id in the source.")
    changed_at: Moment | None = Field(
        None, description="When it changed there: what is older than what is known changes nothing."
    )


class OneLiveOrderIn(SentLiveOrderIn):
    """An order as its source has it."""

    source: Source


class LiveOrdersIn(Schema):
    """Up to 500 orders of one source."""

    source: Source
    orders: list[SentLiveOrderIn] = Field(min_length=1, max_length=MOST_ORDERS)


class PaidIn(Schema):
    """What was paid."""

    paid_minor: Annotated[int, Field(ge=1, le=MOST_MINOR)] | None = Field(
        None, description="In all so far; without it, everything."
    )


class WhyLiveOrderClosedIn(Schema):
    """Why."""

    reason: Words


class FollowUpIn(Schema):
    """What was done about it."""

    kind: Literal["call", "mail", "note"]
    said: Annotated[str, Field("", max_length=live_orders.LONGEST_TEXT, pattern=NO_NUL, examples=["text"])]
    next_on: dt.date | None = Field(None, description="When to look again; else in a week.")


class LiveOrderOut(Schema):
    """An order that runs, or a quote or basket that may become one."""

    uid: UUID
    source: str
    external_id: str
    number: str
    account: AccountRef | None
    customer: str
    customer_name: str
    customer_email: str
    contact: UUID | None
    placed_on: dt.date
    stage: str
    promised_on: dt.date | None
    expected_on: dt.date | None
    due_on: dt.date | None
    payment: str
    currency: str
    amount_minor: int
    paid_minor: int
    owed_minor: int
    overdue: bool
    late: bool
    url: str
    changed_at: dt.datetime | None
    last_follow_up_on: dt.date | None
    next_look_on: dt.date | None
    closed: str = Field(description="Why it is closed; empty while it runs.")
    closed_on: dt.date | None
    closed_by: MemberRef | None
    closed_said: str


class WrongRowOut(Schema):
    """An order of a batch that was not taken."""

    index: int = Field(description="Its place in the batch, from 0.")
    external_id: str
    field: str
    reason: str
    remedy: str


class TakenLiveOrdersOut(Schema):
    """What became of a batch. `older`: newer things were known of these."""

    new: int
    changed: int
    unchanged: int
    older: int
    wrong: list[WrongRowOut]


@router.get("/live-orders", response=Page[LiveOrderOut], summary="Live orders of the member's accounts")
@scoped(ApiScope.ORDERS_READ)
def list_live_orders(request: HttpRequest, page: Query[LiveOrderFilter]) -> Page[LiveOrderOut]:
    member, on = acting(request), order_day()
    found = live_orders_of(member)
    if page.account is not None:
        found = found.filter(account=visible_account(page.account, member))
    wanted = {name: getattr(page, name) for name in ("source", "external_id", "stage", "payment")}
    found = found.filter(**{name: value for name, value in wanted.items() if value is not None})
    if page.which is not None:
        found = _which(found, page.which, on)
    elif not page.closed:
        found = live_orders.running(found)
    items, following = page_of(found, page)
    return Page[LiveOrderOut](items=[shown_live_order(one, on) for one in items], next=following)


@router.post("/live-orders", response={200: LiveOrderOut, 201: LiveOrderOut}, summary="Send a live order")
@scoped(ApiScope.ORDERS_WRITE)
def send_live_order(request: HttpRequest, order: OneLiveOrderIn) -> Status[LiveOrderOut]:
    """Known by `(source, external_id)`: sent again it is changed (200), not made twice."""
    member = acting(request)
    taken = _take(order, order.source, member, order_day())
    return Status(201 if taken.outcome == "new" else 200, shown_live_order(taken.order, order_day()))


@router.post("/live-orders/batch", response=TakenLiveOrdersOut, summary="Send up to 500 live orders")
@scoped(ApiScope.ORDERS_WRITE)
def send_live_orders(request: HttpRequest, batch: LiveOrdersIn) -> TakenLiveOrdersOut:
    """Each is taken or refused by itself; sent again, nothing happens twice."""
    member, on = acting(request), order_day()
    require(member, Permission.WRITE)
    counts = {"new": 0, "changed": 0, "unchanged": 0, "older": 0}
    wrong = []
    for index, order in enumerate(batch.orders):
        try:
            taken = _take(order, batch.source, member, on)
        except Refusal as refusal:
            wrong.append(
                WrongRowOut(
                    index=index,
                    external_id=order.external_id,
                    field=getattr(refusal, "field", ""),
                    reason=refusal.sentence,
                    remedy=refusal.way_out,
                )
            )
        else:
            counts[taken.outcome] += 1
    return TakenLiveOrdersOut(**counts, wrong=wrong)


@router.get("/live-orders/{uuid:uid}", response=LiveOrderOut, summary="One live order")
@scoped(ApiScope.ORDERS_READ)
def get_live_order(request: HttpRequest, uid: UUID) -> LiveOrderOut:
    return shown_live_order(_visible(uid, acting(request)), order_day())


@router.patch("/live-orders/{uuid:uid}", response=LiveOrderOut, summary="Say what changed of a live order")
@scoped(ApiScope.ORDERS_WRITE)
@transaction.atomic
def patch_live_order(request: HttpRequest, uid: UUID, order: LiveOrderIn, if_match: IfMatch) -> LiveOrderOut:
    member = acting(request)
    found = LiveOrder.objects.select_for_update(of=("self",)).get(pk=_visible(uid, member).pk)
    require_unchanged(request, shown_live_order(found, order_day()), if_match)
    taken = upsert_live_order(
        source=found.source, external_id=found.external_id, on=order_day(), member=member, **_fields(order, member)
    )
    return shown_live_order(taken.order, order_day())


@router.post("/live-orders/{uuid:uid}/paid", response=LiveOrderOut, summary="Say that it was paid")
@scoped(ApiScope.ORDERS_WRITE)
def post_live_order_paid(request: HttpRequest, uid: UUID, paid: PaidIn) -> LiveOrderOut:
    member = acting(request)
    found = _visible(uid, member)
    done = live_orders.mark_paid(order=found, on=order_day(), member=member, paid_minor=paid.paid_minor)
    return shown_live_order(done, order_day())


@router.post("/live-orders/{uuid:uid}/close", response=LiveOrderOut, summary="Close a live order")
@scoped(ApiScope.ORDERS_WRITE)
def post_live_order_close(request: HttpRequest, uid: UUID, why: WhyLiveOrderClosedIn) -> LiveOrderOut:
    """It opens again when its source says something new."""
    member = acting(request)
    found = _visible(uid, member)
    done = live_orders.close_live_order(order=found, on=order_day(), member=member, reason=why.reason)
    return shown_live_order(done, order_day())


@router.post("/live-orders/{uuid:uid}/reopen", response=LiveOrderOut, summary="Open a live order again")
@scoped(ApiScope.ORDERS_WRITE)
def post_live_order_reopen(request: HttpRequest, uid: UUID) -> LiveOrderOut:
    """What its source said last counts again."""
    member = acting(request)
    found = _visible(uid, member)
    return shown_live_order(live_orders.reopen_live_order(order=found, on=order_day(), member=member), order_day())


@router.post("/live-orders/{uuid:uid}/follow-ups", response=LiveOrderOut, summary="Note a follow-up")
@scoped(ApiScope.ORDERS_WRITE)
def post_live_order_follow_up(request: HttpRequest, uid: UUID, done: FollowUpIn) -> LiveOrderOut:
    """A call is noted as a talk with the account, too."""
    member = acting(request)
    live_orders.follow_up(
        order=_visible(uid, member), kind=done.kind, on=order_day(), member=member, said=done.said, next_on=done.next_on
    )
    return shown_live_order(_visible(uid, member), order_day())


def _take(order: SentLiveOrderIn, source: str, member: Member, on: dt.date) -> Taken:
    return upsert_live_order(
        source=source,
        external_id=order.external_id,
        changed_at=order.changed_at,
        on=on,
        member=member,
        **_fields(order, member),
    )


def _fields(order: LiveOrderIn, member: Member) -> LiveOrderFields:
    """The fields that the request names. Null empties a text or a day; what cannot be empty stays."""
    texts = {"number", "customer", "customer_name", "customer_email", "payment", "url"}
    always = {"placed_on", "stage", "currency", "amount_minor", "paid_minor"}
    fields: dict[str, Any] = {}
    for name, value in order.dict(exclude_unset=True, exclude={"source", "external_id", "changed_at"}).items():
        if value is None and name in always:
            continue
        fields[name] = "" if value is None and name in texts else value
    if "account" in fields:
        fields["account"] = visible_account(fields["account"], member) if fields["account"] else None
    return cast("LiveOrderFields", fields)


def _which(found: QuerySet[LiveOrder], which: str, on: dt.date) -> QuerySet[LiveOrder]:
    if which == "unpaid":
        return live_orders.unpaid(found)
    if which == "overdue":
        return live_orders.overdue(found, on=on)
    if which == "abandoned":
        return live_orders.abandoned(found, on=on)
    return live_orders.late(found, on=on) if which == "late" else live_orders.running(found).filter(account=None)


def order_day() -> dt.date:
    """The business date; where the figures are much older (an old export, the demo), the day of the figures."""
    return day_of_work(today(organisation()))


def live_orders_of(member: Member) -> QuerySet[LiveOrder]:
    """Those that the member may see, with what is shown of them."""
    return live_orders.visible_live_orders(member).select_related("account", "contact", "closed_by")


def _visible(uid: UUID, member: Member) -> LiveOrder:
    found = live_orders_of(member).filter(uid=uid).first()
    if found is None:
        raise not_found()
    return found


def shown_live_order(order: LiveOrder, on: dt.date) -> LiveOrderOut:
    """The order as the API tells it, as of a day."""
    kept = {"account", "contact", "closed_by", "owed_minor", "overdue", "late", "last_follow_up_on", "next_look_on"}
    return LiveOrderOut(
        **{name: getattr(order, name) for name in LiveOrderOut.model_fields.keys() - kept},
        account=account_ref(order.account) if order.account else None,
        contact=order.contact.uid if order.contact else None,
        closed_by=member_ref(order.closed_by),
        owed_minor=owed_minor(order),
        overdue=is_overdue(order, on=on),
        late=is_late(order, on=on),
        last_follow_up_on=order.last_on,
        next_look_on=order.next_on,
    )
