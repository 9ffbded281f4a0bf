"""Key accounts: which they are, who could be one and why, who should manage which, and their plans."""

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
from regulars.api.fields import NO_NUL, AccountRef, MemberRef, account_ref, member_ref
from regulars.api.paging import ChangesIn, Page, page_of
from regulars.api.problems import not_found
from regulars.base.access import Permission, require
from regulars.base.models import Member
from regulars.base.organisation import organisation, today
from regulars.base.tokens import ApiScope
from regulars.facts.accounts import of_account
from regulars.facts.models import Account
from regulars.insight.days import day_of_work
from regulars.insight.key_signs import KeySign, key_signs
from regulars.plan import key_accounts, key_plans
from regulars.plan.key_assignment import propose_assignment
from regulars.plan.models import KeyAccount, KeyPlanEntry
from regulars.plan.seen import seen_with_account

router = Router(tags=["plan"])

MOST_WITH_SIGNS = 200

Words = Annotated[str, StringConstraints(max_length=300, pattern=NO_NUL), Field(examples=["text"])]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=NO_NUL), Field(examples=["text"])]


class KeyAccountFilter(ChangesIn):
    """Which key accounts."""

    account: UUID | None = Field(None, description="uid of the account.")
    ended: bool = Field(False, description="Also those that are key accounts no longer.")


class AppointIn(Schema):
    """An account and its manager."""

    account: UUID
    manager: UUID
    exception: Words = Field("", description="Why the manager may have a fourth one.")


class PairIn(Schema):
    """An account and its manager."""

    account: UUID
    manager: UUID


class AssignIn(Schema):
    """Several at once, so that managers can change places."""

    appoint: list[PairIn] = Field(min_length=1, max_length=100)
    exception: Words = Field("", description="Why a manager may have a fourth one.")


class EndIn(Schema):
    """Why it is a key account no longer."""

    reason: Reason


class KeyAccountOut(Schema):
    """One appointment."""

    uid: UUID
    account: AccountRef
    manager: MemberRef | None
    since: dt.date
    until: dt.date | None
    exception: str
    ended_because: str


class KeySignOut(Schema):
    """A sign of a key account, with the sentence that explains it."""

    sign: str = Field(description="share, potential, reputation, innovator or demanding.")
    of: str = Field(description="Of the firm, a department, or what a manager looks after.")
    name: str = Field(description="Of the department or the manager.")
    sentence: str


class WithSignsOut(Schema):
    """An account with the signs that it shows."""

    account: AccountRef
    signs: list[KeySignOut]


class ProposedOut(Schema):
    """An account and the manager proposed for it."""

    account: AccountRef
    manager: MemberRef | None = Field(description="null: there is no room left.")
    before: MemberRef | None = Field(description="Who manages it now.")
    changes: bool
    sentences: list[str]


class LineIn(Schema):
    """A line of the plan."""

    kind: Literal["goal", "milestone", "action", "visit"]
    text: Reason
    due_on: dt.date
    owner: UUID | None = Field(None, description="uid of who does it; else the manager.")
    product: Words = Field("", description="Code of a new product that is shown.")


class SettleIn(Schema):
    """What became of a line."""

    state: Literal["done", "dropped"]
    result: Words = ""


class LineOut(Schema):
    """A line of the plan of a key account."""

    uid: UUID
    account: AccountRef
    kind: str
    text: str
    owner: MemberRef | None
    due_on: dt.date
    product: str
    state: str
    settled_on: dt.date | None
    result: str


@router.get("/key-accounts", response=Page[KeyAccountOut], summary="Key accounts that the member may see")
@scoped(ApiScope.ACCOUNTS_READ)
def list_key_accounts(request: HttpRequest, page: Query[KeyAccountFilter]) -> Page[KeyAccountOut]:
    member = acting(request)
    found = key_accounts_of(member)
    if page.account is not None:
        found = found.filter(of_account(visible_account(page.account, member)))
    if not page.ended:
        found = found.filter(until=None)
    items, following = page_of(found, page)
    return Page[KeyAccountOut](items=[shown_key_account(one) for one in items], next=following)


@router.post("/key-accounts", response={201: KeyAccountOut}, summary="Appoint a key account")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_key_account(request: HttpRequest, appoint: AppointIn) -> Status[KeyAccountOut]:
    """A fourth one for the same manager is refused without a reason."""
    member = acting(request)
    made = key_accounts.appoint_key_account(
        account=visible_account(appoint.account, member),
        manager=_manager(appoint.manager, member),
        on=_day(),
        member=member,
        exception=appoint.exception,
    )
    return Status(201, shown_key_account(made))


@router.get("/key-accounts/signs", response=list[WithSignsOut], summary="Accounts that show signs of a key account")
@scoped(ApiScope.ACCOUNTS_READ)
def list_key_signs(request: HttpRequest) -> list[WithSignsOut]:
    """Those with most to say for them first. Only for members who see all accounts."""
    found = list(key_signs(on=_day(), member=acting(request)).items())[:MOST_WITH_SIGNS]
    accounts = Account.objects.in_bulk([account for account, _signs in found])
    return [
        WithSignsOut(account=account_ref(accounts[account]), signs=[_sign(one) for one in signs])
        for account, signs in found
    ]


@router.get("/key-accounts/assignment", response=list[ProposedOut], summary="Who should manage which key account")
@scoped(ApiScope.ACCOUNTS_READ)
def get_assignment(request: HttpRequest) -> list[ProposedOut]:
    """Solved over all at once, three at most for each. Only for members who see all accounts."""
    found = propose_assignment(on=_day(), member=acting(request))
    return [
        ProposedOut(
            account=account_ref(one.account),
            manager=member_ref(one.manager),
            before=member_ref(one.before),
            changes=one.changes,
            sentences=list(one.sentences),
        )
        for one in found.proposed
    ]


@router.post("/key-accounts/assignment", response=list[KeyAccountOut], summary="Appoint several at once")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_assignment(request: HttpRequest, assign: AssignIn) -> list[KeyAccountOut]:
    """Where one is refused, nothing is done."""
    member = acting(request)
    pairs = [(visible_account(one.account, member), _manager(one.manager, member)) for one in assign.appoint]
    made = key_accounts.appoint_several(pairs=pairs, on=_day(), member=member, exception=assign.exception)
    return [shown_key_account(one) for one in made]


@router.get("/key-accounts/{uuid:uid}", response=KeyAccountOut, summary="One key account")
@scoped(ApiScope.ACCOUNTS_READ)
def get_key_account(request: HttpRequest, uid: UUID) -> KeyAccountOut:
    return shown_key_account(_visible(uid, acting(request)))


@router.post("/key-accounts/{uuid:uid}/end", response=KeyAccountOut, summary="Say that it is one no longer")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_end(request: HttpRequest, uid: UUID, why: EndIn) -> KeyAccountOut:
    member = acting(request)
    found = _to_change(uid, member)
    return shown_key_account(
        key_accounts.end_key_account(key_account=found, on=_day(), reason=why.reason, member=member)
    )


@router.post("/key-accounts/{uuid:uid}/restore", response=KeyAccountOut, summary="Take the end back")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_restore_key_account(request: HttpRequest, uid: UUID) -> KeyAccountOut:
    member = acting(request)
    return shown_key_account(key_accounts.restore_key_account(key_account=_to_change(uid, member), member=member))


@router.get("/key-accounts/{uuid:uid}/plan", response=list[LineOut], summary="Its plan")
@scoped(ApiScope.ACCOUNTS_READ)
def get_plan(request: HttpRequest, uid: UUID) -> list[LineOut]:
    found = _visible(uid, acting(request))
    lines = key_plans.plan_of(found.account.merged_into or found.account)
    return [_line(one) for one in lines.select_related("account__merged_into", "owner")]


@router.post("/key-accounts/{uuid:uid}/plan", response={201: LineOut}, summary="Put a line into its plan")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_plan(request: HttpRequest, uid: UUID, line: LineIn) -> Status[LineOut]:
    member = acting(request)
    found = _visible(uid, member)
    made = key_plans.add_plan_entry(
        account=found.account.merged_into or found.account,
        kind=line.kind,
        text=line.text,
        owner=_manager(line.owner, member) if line.owner else found.manager,
        due_on=line.due_on,
        on=_day(),
        member=member,
        product=line.product,
    )
    return Status(201, _line(made))


@router.post("/plan-lines/{uuid:uid}/settle", response=LineOut, summary="Say that a line is done or dropped")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_settle_line(request: HttpRequest, uid: UUID, settle: SettleIn) -> LineOut:
    member = acting(request)
    found = _visible_line(uid, member)
    settled = key_plans.settle_plan_entry(
        entry=found, state=settle.state, on=_day(), member=member, result=settle.result
    )
    return _line(settled)


@router.post("/plan-lines/{uuid:uid}/reopen", response=LineOut, summary="Take that back")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_reopen_line(request: HttpRequest, uid: UUID) -> LineOut:
    member = acting(request)
    return _line(key_plans.reopen_plan_entry(entry=_visible_line(uid, member), member=member))


def _day() -> dt.date:
    return day_of_work(today(organisation()))


def key_accounts_of(member: Member) -> QuerySet[KeyAccount]:
    """The appointments that the member may see, with what is shown of them."""
    found = KeyAccount.objects.filter(seen_with_account(member)).order_by("-pk")
    return found.select_related("account__merged_into", "manager")


def _visible(uid: UUID, member: Member) -> KeyAccount:
    found = key_accounts_of(member).filter(uid=uid).first()
    if found is None:
        raise not_found()
    return found


def _to_change(uid: UUID, member: Member) -> KeyAccount:
    """The appointment, for who may appoint: others are answered alike, whether it is there or not."""
    found = _visible(uid, member)
    require(member, Permission.ASSIGN)
    return found


def _manager(uid: UUID, member: Member) -> Member:
    found = visible_member(uid, member)
    if found is None:
        raise not_found()
    return found


def _visible_line(uid: UUID, member: Member) -> KeyPlanEntry:
    found = key_plans.visible_plan_entries(member).filter(uid=uid).first()
    if found is None:
        raise not_found()
    return found


def shown_key_account(one: KeyAccount) -> KeyAccountOut:
    return KeyAccountOut(
        uid=one.uid,
        account=account_ref(one.account.merged_into or one.account),
        manager=member_ref(one.manager),
        since=one.since,
        until=one.until,
        exception=one.exception,
        ended_because=one.ended_because,
    )


def _sign(one: KeySign) -> KeySignOut:
    return KeySignOut(sign=one.sign.value, of=one.of.value, name=one.name, sentence=one.sentence)


def _line(one: KeyPlanEntry) -> LineOut:
    return LineOut(
        uid=one.uid,
        account=account_ref(one.account.merged_into or one.account),
        kind=one.kind,
        text=one.text,
        owner=member_ref(one.owner),
        due_on=one.due_on,
        product=one.product,
        state=one.state,
        settled_on=one.settled_on,
        result=one.result,
    )
