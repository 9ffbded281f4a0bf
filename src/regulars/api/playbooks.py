"""Playbooks, what came of them, and their runs step by step."""

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
from regulars.api.fields import NO_NUL, AccountRef, LongText, MemberRef, account_ref, member_ref
from regulars.api.paging import ChangesIn, Page, page_of
from regulars.api.problems import not_found
from regulars.base.models import Member
from regulars.base.organisation import organisation, today
from regulars.base.tokens import ApiScope
from regulars.facts.accounts import of_account
from regulars.insight.days import day_of_work
from regulars.plan import plays
from regulars.plan.models import Play, PlayStep
from regulars.plan.play_making import end_sentence, home_of, step_opening, step_what
from regulars.plan.play_results import Share, play_results
from regulars.plan.playbooks import KnownPlaybook, known_playbooks, playbook_name

router = Router(tags=["plan"])

Words = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=NO_NUL), Field(examples=["text"])]
Outcome = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=NO_NUL), Field(examples=["text"])]
Key = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=NO_NUL), Field(examples=["price_attack"])]


class PlaybookStepOut(Schema):
    """One step of a recipe."""

    what: str
    opening: str
    role: str = Field(description="owner, superior or service.")
    after_workdays: int


class PlaybookOut(Schema):
    """A recipe as it is in force, in the language of the request."""

    key: str
    name: str
    about: str
    active: bool
    by_itself: bool
    shipped: bool
    changed: bool
    triggers: list[str] = Field(description="As `signal:praise`, `cause:lost`, `level:4` or `state:key_account`.")
    stops: list[str]
    steps: list[PlaybookStepOut]


class OrderedShareOut(Schema):
    """How many of some accounts ordered within 90 days, with the 95 % interval of the share."""

    accounts: int
    ordered: int
    share: float | None
    interval: tuple[float, float] | None


class PlaybookResultOut(Schema):
    """What came of a playbook in a year. Run or not is nobody's draw: the comparison is a hint, no proof."""

    playbook: str
    runs: int
    running: int
    finished: int
    reached: dict[str, int]
    stopped: int
    median_days: float | None
    run: OrderedShareOut
    not_run: OrderedShareOut


class PlayStepOut(Schema):
    """One step of a run."""

    uid: UUID
    position: int
    what: str
    opening: str
    role: str
    member: MemberRef | None
    due_on: dt.date
    state: str
    settled_on: dt.date | None
    said: str


class PlayOut(Schema):
    """One run of a playbook on an account."""

    uid: UUID
    account: AccountRef
    playbook: str
    name: str
    state: str
    trigger: str
    started_on: dt.date
    ended_on: dt.date | None
    ended: str = Field(description="How it ended, in words.")
    steps: list[PlayStepOut]


class PlayFilter(ChangesIn):
    """Which runs."""

    account: UUID | None = Field(None, description="uid of the account.")
    playbook: Key | None = Field(None, description="Key of the playbook.")
    state: Literal["running", "finished", "reached", "stopped"] | None = None


class PlayIn(Schema):
    """A playbook to be started by hand."""

    account: UUID
    playbook: Key


class StepDoneIn(Schema):
    """What came of the current step."""

    outcome: Outcome
    kind: Literal["call", "visit", "mail", "meeting", "note"] = "call"
    text: LongText = ""


class PlayReasonIn(Schema):
    """Why."""

    reason: Words


@router.get("/playbooks", response=list[PlaybookOut], summary="The playbooks of the firm")
@scoped(ApiScope.ACTIONS_READ)
def list_playbooks(request: HttpRequest) -> list[PlaybookOut]:
    return [_playbook(one) for one in known_playbooks()]


@router.get("/playbook-results", response=list[PlaybookResultOut], summary="What came of playbooks in a year")
@scoped(ApiScope.ACTIONS_READ)
def list_playbook_results(request: HttpRequest) -> list[PlaybookResultOut]:
    """On the accounts that the member may see."""
    return [
        PlaybookResultOut(
            playbook=one.playbook.key,
            runs=one.runs,
            running=one.running,
            finished=one.finished,
            reached=one.reached,
            stopped=one.stopped,
            median_days=one.median_days,
            run=_share(one.run),
            not_run=_share(one.not_run),
        )
        for one in play_results(member=acting(request), on=_day())
    ]


@router.get("/plays", response=Page[PlayOut], summary="Runs of playbooks that the member may see")
@scoped(ApiScope.ACTIONS_READ)
def list_plays(request: HttpRequest, page: Query[PlayFilter]) -> Page[PlayOut]:
    found = plays_of(acting(request))
    if page.account is not None:
        found = found.filter(of_account(visible_account(page.account, acting(request))))
    if page.playbook is not None:
        found = found.filter(playbook__key=page.playbook)
    if page.state is not None:
        found = found.filter(state=page.state)
    items, following = page_of(found, page, parts=("steps",))
    return Page[PlayOut](items=[shown_play(one) for one in items], next=following)


@router.post("/plays", response={201: PlayOut}, summary="Start a playbook on an account")
@scoped(ApiScope.ACTIONS_WRITE)
def post_play(request: HttpRequest, play: PlayIn) -> Status[PlayOut]:
    member = acting(request)
    account = visible_account(play.account, member)
    made = plays.start_play(account=account, playbook=play.playbook, on=_day(), member=member)
    return Status(201, shown_play(_visible(made.uid, member)))


@router.get("/plays/{uuid:uid}", response=PlayOut, summary="One run of a playbook")
@scoped(ApiScope.ACTIONS_READ)
def get_play(request: HttpRequest, uid: UUID) -> PlayOut:
    return shown_play(_visible(uid, acting(request)))


@router.post("/plays/{uuid:uid}/done", response=PlayOut, summary="Say that the current step was done")
@scoped(ApiScope.ACTIONS_WRITE)
def post_step_done(request: HttpRequest, uid: UUID, done: StepDoneIn) -> PlayOut:
    """It is recorded as an interaction with the account."""
    member = acting(request)
    plays.do_step(step=_step(_visible(uid, member), current=True), on=_day(), member=member, **done.dict())
    return shown_play(_visible(uid, member))


@router.post("/plays/{uuid:uid}/skip", response=PlayOut, summary="Leave the current step out")
@scoped(ApiScope.ACTIONS_WRITE)
def post_step_skipped(request: HttpRequest, uid: UUID, why: PlayReasonIn) -> PlayOut:
    member = acting(request)
    plays.skip_step(step=_step(_visible(uid, member), current=True), on=_day(), member=member, reason=why.reason)
    return shown_play(_visible(uid, member))


@router.post("/plays/{uuid:uid}/undo", response=PlayOut, summary="Take back what was said last of a step")
@scoped(ApiScope.ACTIONS_WRITE)
def post_step_undone(request: HttpRequest, uid: UUID) -> PlayOut:
    member = acting(request)
    plays.undo_step(step=_step(_visible(uid, member), current=False), on=_day(), member=member)
    return shown_play(_visible(uid, member))


@router.post("/plays/{uuid:uid}/stop", response=PlayOut, summary="Stop a run before its end")
@scoped(ApiScope.ACTIONS_WRITE)
def post_play_stopped(request: HttpRequest, uid: UUID, why: PlayReasonIn) -> PlayOut:
    member = acting(request)
    plays.stop_play(play=_visible(uid, member), on=_day(), member=member, reason=why.reason)
    return shown_play(_visible(uid, member))


@router.post(
    "/plays/{uuid:uid}/resume", response=PlayOut, summary="Let a run go on that was stopped or ended by itself"
)
@scoped(ApiScope.ACTIONS_WRITE)
def post_play_resumed(request: HttpRequest, uid: UUID) -> PlayOut:
    member = acting(request)
    plays.resume_play(play=_visible(uid, member), on=_day(), member=member)
    return shown_play(_visible(uid, member))


def plays_of(member: Member) -> QuerySet[Play]:
    """The runs of playbooks that the member may see, with what is shown of them."""
    related = plays.visible_plays(member).select_related("account__merged_into", "playbook")
    return related.prefetch_related(plays.STEPS_IN_SEQUENCE)


def _visible(uid: UUID, member: Member) -> Play:
    found = plays_of(member).filter(uid=uid).first()
    if found is None:
        raise not_found()
    return found


def _step(play: Play, *, current: bool) -> PlayStep:
    """The step whose turn it is, or the one that was settled last; of none, any, which the verb refuses."""
    steps = list(play.steps.all())
    open_ones = [one for one in steps if one.state == PlayStep.State.OPEN]
    settled = [one for one in steps if one.state != PlayStep.State.OPEN]
    return (open_ones[:1] or steps)[0] if current else (settled or steps)[-1]


def _day() -> dt.date:
    return day_of_work(today(organisation()))


def _playbook(known: KnownPlaybook) -> PlaybookOut:
    recipe = known.recipe
    return PlaybookOut(
        key=known.key,
        name=str(known),
        about=str(recipe.about),
        active=known.active,
        by_itself=known.by_itself,
        shipped=known.shipped,
        changed=known.changed,
        triggers=list(recipe.triggers),
        stops=list(recipe.stops),
        steps=[
            PlaybookStepOut(
                what=str(step.what), opening=str(step.opening), role=step.role, after_workdays=step.after_workdays
            )
            for step in recipe.steps
        ],
    )


def _share(share: Share) -> OrderedShareOut:
    return OrderedShareOut(accounts=share.accounts, ordered=share.ordered, share=share.share, interval=share.interval)


def shown_play(play: Play) -> PlayOut:
    return PlayOut(
        uid=play.uid,
        account=account_ref(home_of(play)),
        playbook=play.playbook.key,
        name=playbook_name(play.playbook),
        state=play.state,
        trigger=play.trigger,
        started_on=play.started_on,
        ended_on=play.ended_on,
        ended=end_sentence(play),
        steps=[
            PlayStepOut(
                uid=one.uid,
                position=one.position,
                what=step_what(one),
                opening=step_opening(one),
                role=one.role,
                member=member_ref(one.member),
                due_on=one.due_on,
                state=one.state,
                settled_on=one.settled_on,
                said=one.said,
            )
            for one in play.steps.all()
        ],
    )
