"""Issues: problems of customers, taken down by neighbouring systems, followed, solved."""

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
from regulars.api.facts.contacts import visible_contact
from regulars.api.fields import NO_NUL, AccountRef, LongText, MemberRef, account_ref, member_ref
from regulars.api.paging import ChangesIn, Page, page_of
from regulars.api.problems import not_found
from regulars.base.models import Member, Team
from regulars.base.tokens import ApiScope
from regulars.facts import issues
from regulars.facts.known_problems import fitting_problems
from regulars.facts.models import Issue
from regulars.plan.issue_rules import due_time, due_time_after_pause, moment_of_work

router = Router(tags=["issues"])

Title = Annotated[
    str,
    StringConstraints(min_length=1, max_length=issues.LONGEST_TITLE, pattern=NO_NUL),
    Field(examples=["Two lamps broken"]),
]
Words = Annotated[
    str, StringConstraints(min_length=1, max_length=issues.LONGEST_WORDS, pattern=NO_NUL), Field(examples=["text"])
]
SearchText = Annotated[str, StringConstraints(max_length=500, pattern=NO_NUL), Field(examples=["broken glass"])]
TeamName = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=NO_NUL), Field(examples=["Workshop"])]
About = Literal["delivery", "quality", "wrong_goods", "invoice", "information", "service", "other"]
State = Literal["open", "waiting", "solved", "closed", "reopened"]


class IssueFilter(ChangesIn):
    """Which issues."""

    account: UUID | None = Field(None, description="uid of their account.")
    state: State | None = None
    live: bool = Field(False, description="Only those that are not solved.")
    overdue: bool = Field(False, description="Only those that should have been solved by now.")
    owner: UUID | None = Field(None, description="uid of who solves them.")


class NewIssueIn(Schema):
    """A problem of an account. When it is due follows from the protection of the account."""

    account: UUID
    title: Title
    text: LongText = ""
    about: About = "other"
    contact: UUID | None = Field(None, description="uid of who told us.")
    complaint: bool = Field(False, description="The customer complains: a signal is recorded.")
    owner: UUID | None = Field(None, description="uid of who solves it; else the member of the token.")


class StepIn(Schema):
    """Something that happened to an issue."""

    kind: Literal["noted", "asked_again", "told", "paused", "resumed"]
    said: LongText = Field("", description="Words; for `paused`, what it waits for.")
    until: dt.date | None = Field(None, description="For `paused`: taken up again on this day.")


class SolutionIn(Schema):
    """What solved it."""

    solution: Words
    praised: bool = Field(False, description="The customer was glad: a signal is recorded.")


class ReasonIn(Schema):
    """Why."""

    reason: Words


class EscalatedIn(Schema):
    """Who is to help."""

    to: UUID | None = Field(None, description="uid of who is asked to decide; null: whoever leads.")
    said: LongText = ""


class TransferredIn(Schema):
    """Into whose hands it goes: a colleague, or a team."""

    owner: UUID | None = Field(None, description="uid of the colleague.")
    team: TeamName | None = Field(None, description="Name of the team.")
    said: LongText = ""


class SaidOfIssueIn(Schema):
    """In words."""

    said: LongText = ""


class SolvedByIn(SaidOfIssueIn):
    """The day that the customer was promised."""

    on: dt.date


class ProblemOut(Schema):
    """A known problem with what helps meanwhile."""

    uid: UUID
    title: str
    workaround: str


class IssueStepOut(Schema):
    """One step of an issue."""

    kind: str
    at: dt.datetime
    said: str
    member: MemberRef | None
    taken_back: bool


class IssueOut(Schema):
    """A problem of a customer."""

    uid: UUID
    account: AccountRef
    title: str
    text: str
    about: str
    came_by: str = Field(description="How we heard of it: told, mail, check_in.")
    complaint: bool
    state: str
    owner: MemberRef | None
    team: str | None
    opened_at: dt.datetime
    due_at: dt.datetime
    promised_on: dt.date | None
    waits_for: str
    solution: str
    solved_at: dt.datetime | None
    closed_at: dt.datetime | None
    times_reopened: int
    times_transferred: int
    times_asked: int


class IssueWithStepsOut(IssueOut):
    """With all that happened to it, oldest first."""

    steps: list[IssueStepOut]


@router.get("/issues", response=Page[IssueOut], summary="Issues that the member may see")
@scoped(ApiScope.ACCOUNTS_READ)
def list_issues(request: HttpRequest, page: Query[IssueFilter]) -> Page[IssueOut]:
    member = acting(request)
    found = issues_of(member)
    if page.account is not None:
        found = found.filter(account=visible_account(page.account, member))
    if page.state is not None:
        found = found.filter(state=page.state)
    if page.live:
        found = found.filter(state__in=Issue.LIVE)
    if page.owner is not None:
        found = found.filter(owner=visible_member(page.owner, member))
    if page.overdue:
        found = issues.overdue(found, at=moment_of_work())
    items, following = page_of(found, page, parts=("steps",))
    return Page[IssueOut](items=[shown_issue(one) for one in items], next=following)


@router.post("/issues", response={201: IssueOut}, summary="Take an issue down")
@scoped(ApiScope.ACCOUNTS_WRITE)
def add_issue(request: HttpRequest, issue: NewIssueIn) -> Status[IssueOut]:
    member, at = acting(request), moment_of_work()
    account = visible_account(issue.account, member)
    made = issues.open_issue(
        account=account,
        title=issue.title,
        text=issue.text,
        about=issue.about,
        contact=visible_contact(issue.contact, member) if issue.contact else None,
        complaint=issue.complaint,
        given=issues.Given(owner=visible_member(issue.owner, member)) if issue.owner else None,
        at=at,
        due_at=due_time(account, at=at),
        member=member,
    )
    return Status(201, shown_issue(made))


@router.get("/issues/{uuid:uid}", response=IssueWithStepsOut, summary="One issue, with what happened to it")
@scoped(ApiScope.ACCOUNTS_READ)
def get_issue(request: HttpRequest, uid: UUID) -> IssueWithStepsOut:
    return shown_with_steps(_visible(uid, acting(request)))


@router.post("/issues/{uuid:uid}/steps", response=IssueWithStepsOut, summary="Say what happened to an issue")
@scoped(ApiScope.ACCOUNTS_WRITE)
def add_issue_step(request: HttpRequest, uid: UUID, step: StepIn) -> IssueWithStepsOut:
    """`paused` stops the clock until `resumed`; `asked_again` counts as trouble of the customer."""
    member, at = acting(request), moment_of_work()
    found = _visible(uid, member)
    if step.kind == "noted":
        issues.note_on_issue(issue=found, said=step.said, at=at, member=member)
    elif step.kind == "told":
        issues.told_customer(issue=found, said=step.said, at=at, member=member)
    elif step.kind == "asked_again":
        issues.asked_again(issue=found, said=step.said, at=at, member=member)
    elif step.kind == "paused":
        issues.pause_issue(issue=found, waits_for=step.said, until=step.until, at=at, member=member)
    else:
        due_at = due_time_after_pause(found, at=at)
        issues.resume_issue(issue=found, said=step.said, at=at, due_at=due_at, member=member)
    return shown_with_steps(_visible(uid, member))


@router.post("/issues/{uuid:uid}/solve", response=IssueWithStepsOut, summary="Say what solved an issue")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_solve(request: HttpRequest, uid: UUID, what: SolutionIn) -> IssueWithStepsOut:
    member = acting(request)
    issues.solve_issue(
        issue=_visible(uid, member),
        solution=what.solution,
        praised=what.praised,
        at=moment_of_work(),
        member=member,
    )
    return shown_with_steps(_visible(uid, member))


@router.post("/issues/{uuid:uid}/reopen", response=IssueWithStepsOut, summary="Say that a solved issue came back")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_reopen(request: HttpRequest, uid: UUID, why: ReasonIn) -> IssueWithStepsOut:
    """A signal is recorded."""
    member, at = acting(request), moment_of_work()
    found = _visible(uid, member)
    due_at = due_time(found.account, at=at)
    issues.reopen_issue(issue=found, reason=why.reason, at=at, due_at=due_at, member=member)
    return shown_with_steps(_visible(uid, member))


@router.post("/issues/{uuid:uid}/escalate", response=IssueWithStepsOut, summary="Call for help")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_escalate(request: HttpRequest, uid: UUID, to: EscalatedIn) -> IssueWithStepsOut:
    """Who solves it stays the same; who is asked sees it from now on."""
    member = acting(request)
    issues.escalate_issue(
        issue=_visible(uid, member),
        to=visible_member(to.to, member) if to.to else None,
        said=to.said,
        at=moment_of_work(),
        member=member,
    )
    return shown_with_steps(_visible(uid, member))


@router.post("/issues/{uuid:uid}/transfer", response=IssueWithStepsOut, summary="Give an issue into other hands")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_transfer(request: HttpRequest, uid: UUID, to: TransferredIn) -> IssueWithStepsOut:
    """It counts as trouble of the customer. Whoever gets it sees it, also where the account is not theirs."""
    member = acting(request)
    found = _visible(uid, member)
    team = Team.objects.filter(name=to.team).first() if to.team else None
    if to.team and team is None:
        raise not_found()
    given = issues.Given(owner=visible_member(to.owner, member) if to.owner else None, team=team)
    done = issues.transfer_issue(issue=found, given=given, said=to.said, at=moment_of_work(), member=member)
    return shown_with_steps(done)


@router.post("/issues/{uuid:uid}/promise", response=IssueWithStepsOut, summary="Note the day that was promised")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_promised(request: HttpRequest, uid: UUID, promised: SolvedByIn) -> IssueWithStepsOut:
    member = acting(request)
    found = _visible(uid, member)
    issues.promise_solution(issue=found, on=promised.on, said=promised.said, at=moment_of_work(), member=member)
    return shown_with_steps(_visible(uid, member))


@router.post("/issues/{uuid:uid}/close", response=IssueWithStepsOut, summary="Say that the customer agrees")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_close(request: HttpRequest, uid: UUID, words: SaidOfIssueIn) -> IssueWithStepsOut:
    """Only what is solved can be closed."""
    member = acting(request)
    issues.close_issue(issue=_visible(uid, member), said=words.said, at=moment_of_work(), member=member)
    return shown_with_steps(_visible(uid, member))


@router.post("/issues/{uuid:uid}/back", response=IssueWithStepsOut, summary="Take the last step of an issue back")
@scoped(ApiScope.ACCOUNTS_WRITE)
def post_issue_back(request: HttpRequest, uid: UUID) -> IssueWithStepsOut:
    """With the signal that came of it; what it said before holds again."""
    member = acting(request)
    return shown_with_steps(issues.take_back_issue_step(issue=_visible(uid, member), member=member))


@router.get("/known-problems", response=list[ProblemOut], summary="Known problems that fit a text")
@scoped(ApiScope.ACCOUNTS_READ)
def list_known_problems(request: HttpRequest, text: SearchText = "") -> list[ProblemOut]:
    acting(request)
    return [ProblemOut(uid=one.uid, title=one.title, workaround=one.workaround) for one in fitting_problems(text)]


def issues_of(member: Member) -> QuerySet[Issue]:
    """The issues that the member may see, with what is shown of them."""
    return issues.visible_issues(member).select_related("account", "owner", "team")


def _visible(uid: UUID, member: Member) -> Issue:
    found = issues_of(member).filter(uid=uid).first()
    if found is None:
        raise not_found()
    return found


def shown_with_steps(issue: Issue) -> IssueWithStepsOut:
    steps = [
        IssueStepOut(
            kind=one.kind,
            at=one.at,
            said=one.said,
            member=member_ref(one.member),
            taken_back=one.taken_back_at is not None,
        )
        for one in issue.steps.select_related("member").order_by("pk")
    ]
    return IssueWithStepsOut(**shown_issue(issue).dict(), steps=steps)


def shown_issue(issue: Issue) -> IssueOut:
    return IssueOut(
        uid=issue.uid,
        account=account_ref(issue.account),
        title=issue.title,
        text=issue.text,
        about=issue.about,
        came_by=issue.came_by,
        complaint=issue.complaint,
        state=issue.state,
        owner=member_ref(issue.owner),
        team=issue.team.name if issue.team else None,
        opened_at=issue.opened_at,
        due_at=issue.due_at,
        promised_on=issue.promised_on,
        waits_for=issue.waits_for,
        solution=issue.solution,
        solved_at=issue.solved_at,
        closed_at=issue.closed_at,
        times_reopened=issue.times_reopened,
        times_transferred=issue.times_transferred,
        times_asked=issue.times_asked,
    )
