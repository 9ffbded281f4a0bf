"""How a play is made, goes on from step to step, and ends. Verbs for people are in `plays.py` and `actions.py`.

One step at a time: the first one that is open is the current one, and only it is asked for. When it is settled, the
next is due so many working days later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Count
from django.utils.translation import gettext as _

from regulars.base.audit import audited
from regulars.base.models import Member, Organisation
from regulars.core.working_time import WorkingTime
from regulars.facts.models import Account, Interaction
from regulars.plan.causes.lost import superior_of
from regulars.plan.issue_rules import working_time
from regulars.plan.models import Action, Play, Playbook, PlayStep
from regulars.plan.playbooks import KnownPlaybook, playbook_row
from regulars.plan.recipes import STEPS, RecipeStep

LONGEST_SAID = 300
BATCH = 500


def workdays_after(start: date, workdays: int, working: WorkingTime) -> date:
    """The day so many working days later; 0 is the day itself."""
    day = start
    while workdays > 0:
        day += timedelta(days=1)
        if day.isoweekday() in working.weekdays and day not in working.days_off:
            workdays -= 1
    return day


@dataclass
class Doers:
    """Who does a step of an account. Reads the members once, however many steps are asked for."""

    leaders: list[Member] = field(default_factory=list)
    service: list[int] = field(default_factory=list)
    busy: Counter[int] = field(default_factory=Counter)
    """How many steps each of the service has to do."""

    @classmethod
    def now(cls) -> Doers:
        active = Member.objects.filter(is_active=True).order_by("pk")
        leading = (Member.Role.SALES_HEAD, Member.Role.OWNER)
        people = list(active.filter(role__in=[*leading, Member.Role.SERVICE]))
        waiting = PlayStep.objects.filter(state=PlayStep.State.OPEN, role=PlayStep.Role.SERVICE)
        running = waiting.filter(play__state=Play.State.RUNNING).order_by()
        counted = running.values_list("member_id").annotate(Count("pk"))
        return cls(
            leaders=[one for one in people if one.role in leading],
            service=[one.pk for one in people if one.role == Member.Role.SERVICE],
            busy=Counter({member: count for member, count in counted if member is not None}),
        )

    def of(self, step: PlayStep, account: Account) -> int | None:
        """The member's id: who looks after the account, who leads that person, or who of the service has least to do.

        Without service, who looks after the account does it. None: nobody looks after it.
        """
        owner = account.owner if account.owner is not None and account.owner.is_active else None
        if step.role == PlayStep.Role.SUPERIOR:
            return superior_of(owner, self.leaders) or (owner.pk if owner else None)
        if step.role == PlayStep.Role.SERVICE and self.service:
            if step.member_id in self.service:
                return step.member_id
            chosen = min(self.service, key=lambda one: (self.busy[one], one))
            self.busy[chosen] += 1
            return chosen
        return owner.pk if owner else None


def play_of(
    playbook: KnownPlaybook,
    *,
    row: Playbook,
    account: Account,
    on: date,
    member: Member | None,
    doers: Doers,
    working: WorkingTime,
    trigger: str = "",
    signal: UUID | None = None,
) -> tuple[Play, list[PlayStep]]:
    """A play with its steps, not stored yet. Whether it may be started is asked before."""
    play = Play(
        account=account,
        playbook=row,
        trigger=trigger,
        causes=playbook.recipe.causes,
        source_uid=signal,
        started_on=on,
        started_by=member,
    )
    steps = [_made(play, position, one) for position, one in enumerate(playbook.recipe.steps, start=1)]
    _set_days(steps, on, working)
    steps[0].member_id = doers.of(steps[0], account)
    return play, steps


def begin_play(*, playbook: KnownPlaybook, account: Account, on: date, member: Member | None) -> Play:
    """Make one by hand."""
    play, steps = play_of(
        playbook,
        row=playbook_row(playbook.key),
        account=account,
        on=on,
        member=member,
        doers=Doers.now(),
        working=firm_works(on),
    )
    with audited(play, verb="start_play", member=member):
        play.save()
    PlayStep.objects.bulk_create(steps)
    return play


def _made(play: Play, position: int, step: RecipeStep) -> PlayStep:
    return PlayStep(
        play=play,
        position=position,
        key=step.key,
        what="" if step.key in STEPS else str(step.what),
        opening="" if step.key in STEPS else str(step.opening),
        role=step.role,
        after_workdays=step.after_workdays,
    )


def _set_days(steps: Sequence[PlayStep], start: date, working: WorkingTime) -> None:
    """Each so many working days after the one before."""
    day = start
    for step in steps:
        day = workdays_after(day, step.after_workdays, working)
        step.due_on = day


def firm_works(on: date) -> WorkingTime:
    """The working days around a day."""
    return working_time(Organisation.objects.order_by("pk").first() or Organisation(), year=on.year)


def home_of(play: Play) -> Account:
    """The account that it is about now."""
    return play.account.merged_into or play.account


def step_what(step: PlayStep) -> str:
    """What is to be done, in the reader's language where it is a step that was shipped."""
    shipped = STEPS.get(step.key)
    return str(shipped.what) if shipped else step.what


def step_opening(step: PlayStep) -> str:
    """How to begin the talk; empty if nothing is proposed."""
    shipped = STEPS.get(step.key)
    return str(shipped.opening) if shipped else step.opening


def current_step(play: Play) -> PlayStep | None:
    """The step that is to be done now; None when all are settled."""
    return play.steps.filter(state=PlayStep.State.OPEN).order_by("position").first()


# From step to step


def settle_step(
    step: PlayStep,
    state: PlayStep.State,
    *,
    on: date,
    said: str,
    member: Member | None,
    action: Action | None = None,
    interaction: Interaction | None = None,
) -> None:
    """Say what became of a step, and give the next one its day. With the last one the play ends."""
    with audited(step, verb=f"{state}_step", member=member, account_id=home_of(step.play).pk):
        step.state, step.settled_on, step.settled_by = state, on, member
        step.said = said.strip()[:LONGEST_SAID]
        step.action, step.interaction = action, interaction
        step.save()
    going_on = list(step.play.steps.filter(state=PlayStep.State.OPEN).order_by("position"))
    if not going_on:
        end_play(step.play, Play.State.FINISHED, on=on, member=member)
        return
    _set_days(going_on, on, firm_works(on))
    going_on[0].member_id = Doers.now().of(going_on[0], home_of(step.play))
    PlayStep.objects.bulk_update(going_on, ["due_on", "member"])


def reopen_step(step: PlayStep, *, member: Member | None) -> None:
    """Take back what was said of a step. A play that had ended with it goes on."""
    with audited(step, verb="reopen_step", member=member, account_id=home_of(step.play).pk):
        step.state, step.settled_on, step.settled_by = PlayStep.State.OPEN, None, None
        step.said, step.action, step.interaction = "", None, None
        step.save()
    if step.play.state == Play.State.FINISHED:
        resume(step.play, member=member)


def end_play(
    play: Play,
    state: Play.State,
    *,
    on: date,
    member: Member | None,
    end: str = "",
    reason: str = "",
    action: Action | None = None,
) -> None:
    """End it, and take what is asked for it off the list of the day."""
    with audited(play, verb="end_play", member=member, account_id=home_of(play).pk):
        play.state, play.ended_on, play.ended_by = state, on, member
        play.end, play.reason, play.stopped_with = end, reason.strip()[:LONGEST_SAID], action
        play.save()
    play.steps.filter(state=PlayStep.State.OPEN).update(action=None)
    close_asking([home_of(play).pk], on=on, plays={str(play.uid)})


def resume(play: Play, *, member: Member | None) -> None:
    """Let an ended play go on."""
    with audited(play, verb="resume_play", member=member, account_id=home_of(play).pk):
        play.state, play.ended_on, play.ended_by = Play.State.RUNNING, None, None
        play.end, play.reason, play.stopped_with = "", "", None
        play.save()


def asking(step: PlayStep) -> Action | None:
    """The open proposal on the list of the day that asks for this step, of the cause "play" or of its own."""
    under = step.action
    if under is not None and under.state in Action.PENDING:
        return under
    pending = Action.objects.filter(account=home_of(step.play), cause="play", state__in=Action.PENDING)
    return next((one for one in pending if one.figures.get("step") == str(step.uid)), None)


def close_asking(accounts: Iterable[int], *, on: date, plays: Container[str]) -> None:
    """Close the proposals of the cause "play" about these accounts that ask for a step of these plays."""
    listed, changed = sorted(accounts), []
    for start in range(0, len(listed), BATCH):
        some = listed[start : start + BATCH]
        for action in Action.objects.filter(account__in=some, cause="play", state__in=Action.PENDING):
            if action.figures.get("play") in plays:
                action.state, action.closed_on, action.snoozed_until = Action.State.CLOSED, on, None
                action.figures = action.figures | {"closed": {"key": "settled", "cause": "play"}}
                changed.append(action)
    Action.objects.bulk_update(changed, ["state", "closed_on", "snoozed_until", "figures"], batch_size=BATCH)


def end_sentence(play: Play) -> str:
    """How it ended, in words; empty while it runs."""
    ended = {
        "ordered": _("The customer ordered again."),
        "lost": _("The customer was lost."),
        "won_back": _("It is settled whether the customer comes back."),
        "solved": _("No problem of the customer is open any more."),
        "cause_gone": _("The cause of it is gone."),
        "withdrawn": _("What started it was withdrawn."),
    }
    if play.state == Play.State.REACHED:
        return ended.get(play.end, "")
    if play.state == Play.State.STOPPED:
        return play.reason
    return _("All steps are settled.") if play.state == Play.State.FINISHED else ""
