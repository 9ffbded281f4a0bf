"""Check-ins: customers asked by mail how it went after a sale, and what they answered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status
from pydantic import StringConstraints

from regulars.api.bearer import acting, scoped
from regulars.api.facts.accounts import visible_account
from regulars.api.facts.contacts import visible_contact
from regulars.api.fields import NO_NUL, AccountRef, MemberRef, account_ref, member_ref
from regulars.api.paging import Page, PageIn, page_of
from regulars.base.models import Member
from regulars.base.organisation import organisation, today
from regulars.base.tokens import ApiScope
from regulars.facts.accounts import of_account
from regulars.facts.issues import visible_issues
from regulars.insight.days import day_of_work
from regulars.plan import check_ins
from regulars.plan.models import CheckIn

router = Router(tags=["issues"])


class CheckInFilter(PageIn):
    """Which check-ins."""

    account: UUID | None = Field(None, description="uid of their account.")
    unwell: bool = Field(False, description="Only those by which something was told that is not right.")


class NewCheckInIn(Schema):
    """Ask a contact by mail how it went. Without words of your own, those in the contact's language are sent."""

    contact: UUID
    sold_on: dt.date | None = Field(None, description="The day of the sale that it is about.")
    subject: Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL), Field(examples=["text"])] = ""
    text: Annotated[str, StringConstraints(max_length=20_000, pattern=NO_NUL), Field(examples=["text"])] = Field(
        "", description="With {link} where the link is to stand."
    )


class CheckInAnswerOut(Schema):
    """What the customer answered."""

    went_well: bool
    words: str
    issue: UUID | None = Field(description="uid of the issue that it opened, if the member may see it.")
    answered_at: dt.datetime


class CheckInOut(Schema):
    """A customer that was asked how it went."""

    uid: UUID
    account: AccountRef
    contact: UUID
    member: MemberRef | None
    on: dt.date
    sold_on: dt.date | None
    answers: list[CheckInAnswerOut]


@router.get("/check-ins", response=Page[CheckInOut], summary="Customers that were asked how it went")
@scoped(ApiScope.ACCOUNTS_READ)
def list_check_ins(request: HttpRequest, page: Query[CheckInFilter]) -> Page[CheckInOut]:
    member = acting(request)
    found = check_ins_of(member)
    if page.account is not None:
        found = found.filter(of_account(visible_account(page.account, member)))
    if page.unwell:
        found = found.filter(answers__went_well=False).distinct()
    items, following = page_of(found, page)
    seen = _issues_seen(items, member)
    return Page[CheckInOut](items=[_shown(one, seen) for one in items], next=following)


@router.post("/check-ins", response={201: CheckInOut}, summary="Ask a contact how it went")
@scoped(ApiScope.ACCOUNTS_WRITE)
def add_check_in(request: HttpRequest, asked: NewCheckInIn) -> Status[CheckInOut]:
    """A mail goes out, with the link by which the customer can tell of a problem without a login."""
    member = acting(request)
    contact = visible_contact(asked.contact, member)
    draft = check_ins.drafted_check_in(contact, sold_on=asked.sold_on)
    made = check_ins.ask_how_it_went(
        contact=contact,
        on=day_of_work(today(organisation())),
        member=member,
        subject=asked.subject or draft.subject,
        text=asked.text or draft.text,
        sold_on=asked.sold_on,
    )
    return Status(201, _shown(made, set()))


def check_ins_of(member: Member) -> QuerySet[CheckIn]:
    """Those that the member may see, with what is shown of them."""
    found = check_ins.visible_check_ins(member).select_related("account__merged_into", "contact", "member")
    return found.prefetch_related("answers__issue")


def shown_check_in(one: CheckIn, member: Member) -> CheckInOut:
    """The check-in as the API tells it to the member."""
    return _shown(one, _issues_seen([one], member))


def _issues_seen(check_ins: Sequence[CheckIn], member: Member) -> set[int]:
    """Which of the issues that answers opened the member may see."""
    told = [answer.issue_id for one in check_ins for answer in one.answers.all() if answer.issue_id]
    return set(visible_issues(member).filter(pk__in=told).values_list("pk", flat=True))


def _shown(one: CheckIn, seen: set[int]) -> CheckInOut:
    return CheckInOut(
        uid=one.uid,
        account=account_ref(one.account.merged_into or one.account),
        contact=one.contact.uid,
        member=member_ref(one.member),
        on=one.on,
        sold_on=one.sold_on,
        answers=[
            CheckInAnswerOut(
                went_well=answer.went_well,
                words=answer.words,
                issue=answer.issue.uid if answer.issue and answer.issue_id in seen else None,
                answered_at=answer.answered_at,
            )
            for answer in one.answers.all()
        ],
    )
