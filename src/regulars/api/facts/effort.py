"""What customers say: how much trouble it was for them to be helped."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from regulars.api.bearer import acting, scoped
from regulars.api.facts.accounts import visible_account
from regulars.api.fields import AccountRef, account_ref
from regulars.api.paging import ChangesIn, Page, page_of
from regulars.base.models import Member
from regulars.base.tokens import ApiScope
from regulars.facts.issues import visible_issues
from regulars.facts.models import EffortAnswer

router = Router(tags=["issues"])


class EffortFilter(ChangesIn):
    """Which answers."""

    account: UUID | None = Field(None, description="uid of the account that answered.")
    issue: UUID | None = Field(None, description="uid of the issue that was asked about.")


class EffortAnswerOut(Schema):
    """An answer to “How much trouble was it to be helped?”."""

    uid: UUID
    account: AccountRef
    issue: UUID
    score: int = Field(description="From 1, no trouble, to 7, very much trouble.")
    words: str
    answered_at: dt.datetime


@router.get("/effort-answers", response=Page[EffortAnswerOut], summary="How much trouble it was for customers")
@scoped(ApiScope.ACCOUNTS_READ)
def list_effort_answers(request: HttpRequest, page: Query[EffortFilter]) -> Page[EffortAnswerOut]:
    """The answers to the question that customers get after an issue was solved."""
    member = acting(request)
    found = effort_answers_of(member)
    if page.account is not None:
        found = found.filter(issue__account=visible_account(page.account, member))
    if page.issue is not None:
        found = found.filter(issue__uid=page.issue)
    items, following = page_of(found, page)
    return Page[EffortAnswerOut](items=[shown_effort(one) for one in items], next=following)


def effort_answers_of(member: Member) -> QuerySet[EffortAnswer]:
    """The answers about issues that the member may see."""
    seen = EffortAnswer.objects.filter(issue__in=visible_issues(member).order_by())
    return seen.select_related("issue__account")


def shown_effort(one: EffortAnswer) -> EffortAnswerOut:
    return EffortAnswerOut(
        uid=one.uid,
        account=account_ref(one.issue.account),
        issue=one.issue.uid,
        score=one.score,
        words=one.words,
        answered_at=one.answered_at,
    )
