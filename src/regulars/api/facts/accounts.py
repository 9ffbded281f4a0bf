"""Accounts, and the lines of their orders."""

from __future__ import annotations

from collections.abc import Set
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from regulars.api.bearer import acting, scoped
from regulars.api.changes import IfMatch, require_unchanged
from regulars.api.fields import AccountRef, MemberRef, TagName, Text, account_ref, member_ref, said
from regulars.api.paging import ChangesIn, Page, page_of
from regulars.api.problems import not_found
from regulars.base.access import Permission, may, visible_members
from regulars.base.models import Member
from regulars.base.tokens import ApiScope
from regulars.facts.accounts import (
    assign_owner,
    change_account,
    create_account,
    lines_of_account,
    visible_accounts,
)
from regulars.facts.models import Account, CustomField

router = Router(tags=["accounts"])


class AccountFilter(ChangesIn):
    """Which accounts."""

    customer_number: Text | None = Field(None, description="The id in the source, such as the customer number.")
    source: Text | None = None
    name: Text | None = Field(None, description="A part of the name.")


class AccountIn(Schema):
    """What may be said about an account. Of `custom` only the keys given; null clears one."""

    name: Text | None = None
    kind: Literal["firm", "person"] | None = None
    parent: UUID | None = Field(None, description="uid of the account that this one belongs to.")
    trade: Text | None = None
    size: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    street: Text | None = None
    city: Text | None = None
    postcode: Text | None = None
    region: Text | None = None
    country: Text | None = None
    language: Text | None = None
    custom: dict[Text, Text | int | float | bool | None] | None = None


class NewAccountIn(AccountIn):
    """A new account has a name."""

    name: Text
    tags: list[TagName] = Field([], max_length=100)


class OwnerIn(Schema):
    """Whose account it shall be."""

    owner: UUID | None = Field(description="uid of a member; null: nobody's.")


class AccountOut(Schema):
    """A customer: a firm or a private person."""

    uid: UUID
    source: str
    customer_number: str | None
    name: str
    kind: str
    parent: AccountRef | None
    owner: MemberRef | None
    team: str | None
    department: str | None
    trade: str
    size: str
    email: str
    phone: str
    street: str
    city: str
    postcode: str
    region: str
    country: str
    language: str
    custom: dict[str, Any]
    tags: list[str]
    made_up: bool


class OrderLineOut(Schema):
    """A line of the order history. `*_base_minor` are minor units of the organisation's currency."""

    source: str
    order_id: str
    line_no: str
    business_date: date
    product: str | None
    category: str | None
    quantity: float | None
    currency: str
    net_minor: int
    net_base_minor: int
    cost_base_minor: int | None
    discount_base_minor: int | None
    seller: str | None
    department: str | None
    channel: str | None
    kind: str


class LinesIn(Schema):
    """Which part of the lines."""

    offset: Annotated[int, Field(0, ge=0, le=10_000_000)]
    limit: Annotated[int, Field(100, ge=1, le=1000)]


@router.get("/accounts", response=Page[AccountOut], summary="Accounts that the member may see")
@scoped(ApiScope.ACCOUNTS_READ)
def list_accounts(request: HttpRequest, page: Query[AccountFilter]) -> Page[AccountOut]:
    conditions = {"external_id": page.customer_number, "source": page.source, "name__icontains": page.name}
    wanted = {name: value for name, value in conditions.items() if value is not None}
    found, following = page_of(accounts_of(acting(request)).filter(**wanted), page)
    hidden = _hidden_fields(acting(request))
    return Page[AccountOut](items=[_shown(account, hidden) for account in found], next=following)


@router.post("/accounts", response={201: AccountOut}, summary="Make an account")
@scoped(ApiScope.ACCOUNTS_WRITE)
def add_account(request: HttpRequest, account: NewAccountIn) -> Status[AccountOut]:
    member = acting(request)
    fields = _fields(account, member)
    made = create_account(member=member, tags=fields.pop("tags", []), **fields)
    return Status(201, shown_account(made, member))


@router.get("/accounts/{uuid:uid}", response=AccountOut, summary="One account")
@scoped(ApiScope.ACCOUNTS_READ)
def get_account(request: HttpRequest, uid: UUID) -> AccountOut:
    return shown_account(visible_account(uid, acting(request)), acting(request))


@router.patch("/accounts/{uuid:uid}", response=AccountOut, summary="Change an account")
@scoped(ApiScope.ACCOUNTS_WRITE)
@transaction.atomic
def patch_account(request: HttpRequest, uid: UUID, account: AccountIn, if_match: IfMatch) -> AccountOut:
    member = acting(request)
    found = _unchanged(uid, request, if_match)
    return shown_account(change_account(account=found, member=member, **_fields(account, member)), member)


@router.put("/accounts/{uuid:uid}/owner", response=AccountOut, summary="Give an account to a member")
@scoped(ApiScope.ACCOUNTS_WRITE)
@transaction.atomic
def put_owner(request: HttpRequest, uid: UUID, change: OwnerIn, if_match: IfMatch) -> AccountOut:
    member = acting(request)
    account = _unchanged(uid, request, if_match)
    assign_owner(accounts=[account], owner=visible_member(change.owner, member), member=member)
    account.refresh_from_db()
    return _shown(account, _hidden_fields(member))


@router.get("/accounts/{uuid:uid}/lines", response=list[OrderLineOut], summary="An account's order lines, newest first")
@scoped(ApiScope.ORDERS_READ)
def list_lines(request: HttpRequest, uid: UUID, part: Query[LinesIn]) -> list[OrderLineOut]:
    account = visible_account(uid, acting(request))
    sees_cost = may(acting(request), Permission.SEE_COST)
    lines = lines_of_account(account, limit=part.limit, offset=part.offset)
    shown = [OrderLineOut.from_orm(line) for line in lines]
    return shown if sees_cost else [line.model_copy(update={"cost_base_minor": None}) for line in shown]


def visible_account(uid: UUID, member: Member) -> Account:
    """The account, if the member may see it; one that was merged is the one that it is part of now."""
    named = Account.objects.filter(uid=uid).values_list("pk", "merged_into_id").first()
    found = named and visible_accounts(member).filter(pk=named[1] or named[0]).first()
    if not found:
        raise not_found()
    return found


def _unchanged(uid: UUID, request: HttpRequest, if_match: str | None) -> Account:
    """The account, locked, if it is still as the caller read it."""
    member = acting(request)
    account = Account.objects.select_for_update(of=("self",)).get(pk=visible_account(uid, member).pk)
    require_unchanged(request, shown_account(account, member), if_match)
    return account


def visible_member(uid: UUID | None, member: Member) -> Member | None:
    """The colleague, if the member may see that one; None for none."""
    if uid is None:
        return None
    found = visible_members(member).filter(uid=uid).first()
    if found is None:
        raise not_found()
    return found


def accounts_of(member: Member) -> QuerySet[Account]:
    """The accounts that the member may see, with what is shown of them."""
    related = visible_accounts(member).select_related("owner", "team", "department", "parent")
    return related.prefetch_related("tags")


def _fields(account: AccountIn, member: Member) -> dict[str, Any]:
    fields = said(account)
    if "custom" in fields:
        fields["custom"] = account.custom or {}
    if "parent" in fields:
        fields["parent"] = visible_account(account.parent, member) if account.parent else None
    return fields


def _hidden_fields(member: Member) -> Set[str]:
    """Keys of the custom fields that the member may not see."""
    if may(member, Permission.SEE_CONFIDENTIAL):
        return frozenset()
    return set(CustomField.objects.filter(confidential=True).values_list("key", flat=True))


def shown_account(account: Account, member: Member) -> AccountOut:
    """The account as the member may see it."""
    return _shown(account, _hidden_fields(member))


def _shown(account: Account, hidden: Set[str]) -> AccountOut:
    return AccountOut(
        uid=account.uid,
        source=account.source,
        customer_number=account.external_id,
        name=account.name,
        kind=account.kind,
        parent=account_ref(account.parent) if account.parent else None,
        owner=member_ref(account.owner),
        team=account.team.name if account.team else None,
        department=account.department.name if account.department else None,
        trade=account.trade,
        size=account.size,
        email=account.email,
        phone=account.phone,
        street=account.street,
        city=account.city,
        postcode=account.postcode,
        region=account.region,
        country=account.country,
        language=account.language,
        custom={key: value for key, value in account.custom.items() if key not in hidden},
        tags=sorted(tag.name for tag in account.tags.all()),
        made_up=account.generated,
    )
