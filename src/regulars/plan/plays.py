"""Plays: the runs of playbooks on accounts, started, carried out step by step, stopped, and each of it taken back.

Most start and end by themselves (`play_turns.py`), and most steps are done from the list of the day (`actions.py`).
"""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from regulars.base.access import Permission, Scope, account_scope, require
from regulars.base.jobs import enqueue, job, waiting_jobs
from regulars.base.models import Member
from regulars.base.organisation import organisation, today
from regulars.core.errors import Refusal
from regulars.facts.accounts import lock_home, of_account, require_account
from regulars.facts.interactions import record_interaction, withdraw_interaction
from regulars.facts.models import Account, Interaction
from regulars.insight.days import day_of_work
from regulars.insight.snapshots import current_snapshot
from regulars.plan.actions import mark_done, mark_not_useful, reopen
from regulars.plan.models import Action, Play, PlayStep
from regulars.plan.play_making import (
    asking,
    begin_play,
    close_asking,
    current_step,
    end_play,
    home_of,
    reopen_step,
    resume,
    settle_step,
)
from regulars.plan.playbooks import known_playbook
from regulars.plan.proposals import refresh_actions
from regulars.plan.seen import seen_with_account

STEPS_IN_SEQUENCE = Prefetch("steps", PlayStep.objects.select_related("member", "settled_by").order_by("position"))


class WrongPlay(Refusal):
    """This cannot be done with a play."""


class NoSuchPlay(Refusal):
    """There is no such play that this member may see."""


def visible_plays(member: Member | None) -> QuerySet[Play]:
    """The plays on accounts that `member` may see, newest first."""
    # Who sees all is spared the look at each account.
    seen = Play.objects.all() if account_scope(member) == Scope.ALL else Play.objects.filter(seen_with_account(member))
    return seen.order_by("-started_on", "-pk")


def running_plays(account: Account, *, member: Member | None) -> QuerySet[Play]:
    """What runs on the account, with its steps."""
    mine = visible_plays(member).filter(of_account(account), state=Play.State.RUNNING)
    return mine.select_related("playbook").prefetch_related(STEPS_IN_SEQUENCE)


@transaction.atomic
def start_play(*, account: Account, playbook: str, on: date, member: Member | None) -> Play:
    """Start a playbook on an account by hand. Raises `WrongPlay` while it runs there already, or is out of use."""
    require_account(account, member=member)
    account = lock_home(account)
    known = known_playbook(playbook)
    if not known.active:
        raise WrongPlay(_("“%(name)s” is out of use.") % {"name": known}, _("Choose another playbook."))
    if Play.objects.filter(of_account(account), playbook__key=playbook, state=Play.State.RUNNING).exists():
        raise WrongPlay(
            _("“%(name)s” runs on %(account)s already.") % {"name": known, "account": account},
            _("Go on with that one."),
        )
    made = begin_play(playbook=known, account=account, on=on, member=member)
    _ask_for_the_list()
    return made


@transaction.atomic
def do_step(
    *, step: PlayStep, on: date, outcome: str, member: Member | None, kind: str = Interaction.Kind.CALL, text: str = ""
) -> Play:
    """Say that the current step was done, and what came of it. It is recorded as an interaction with the account."""
    found = _current(step, member)
    action = asking(found)
    if action is not None:
        mark_done(action=action, on=on, outcome=outcome, member=member, kind=kind, text=text)
    else:
        said = _given(outcome, _("Say in a few words what came of it, for example: reached, will order."))
        interaction = record_interaction(
            account=home_of(found.play), kind=kind, on=on, member=member, text=text, outcome=said
        )
        settle_step(found, PlayStep.State.DONE, on=on, said=said, member=member, interaction=interaction)
    return _went_on(found, on)


@transaction.atomic
def skip_step(*, step: PlayStep, on: date, reason: str, member: Member | None) -> Play:
    """Leave the current step out, and say why."""
    found = _current(step, member)
    said = _given(reason, _("Say in a few words why: it makes the playbook better."))
    action = asking(found)
    if action is not None and action.cause == "play":
        mark_not_useful(action=action, on=on, reason=said, member=member)
    else:
        settle_step(found, PlayStep.State.SKIPPED, on=on, said=said, member=member)
    return _went_on(found, on)


@transaction.atomic
def undo_step(*, step: PlayStep, on: date, member: Member | None) -> Play:
    """Take back what was said last of a step; the interaction that was recorded with it is withdrawn."""
    play = _locked(step.play, member)
    settled = play.steps.exclude(state=PlayStep.State.OPEN).order_by("-position")
    found = settled.select_related("action", "interaction").first()
    if found is None or found.pk != step.pk or play.state not in (Play.State.RUNNING, Play.State.FINISHED):
        raise WrongPlay(_("There is nothing to take back."), _("Only the last thing that was said can be taken back."))
    _refuse_second(play)
    found.play = play
    action, interaction = found.action, found.interaction
    close_asking([home_of(play).pk], on=on, plays={str(play.uid)})
    if action is not None and action.state in (Action.State.DONE, Action.State.NOT_USEFUL) and _is_free(action):
        reopen(action=action, member=member)
    else:
        reopen_step(found, member=member)
        if interaction is not None:
            withdraw_interaction(interaction=interaction, member=member)
    return play


@transaction.atomic
def stop_play(*, play: Play, on: date, reason: str, member: Member | None) -> Play:
    """Stop it before its end, and say why."""
    found = _locked(play, member)
    _refuse_ended(found)
    said = _given(reason, _("Say in a few words why: it makes the playbook better."))
    end_play(found, Play.State.STOPPED, on=on, member=member, reason=said)
    return found


@transaction.atomic
def resume_play(*, play: Play, on: date, member: Member | None) -> Play:
    """Let one go on that was stopped or ended by itself. One that ended by itself may do so again."""
    found = _locked(play, member)
    if found.state not in (Play.State.STOPPED, Play.State.REACHED) or current_step(found) is None:
        raise WrongPlay(_("There is nothing to go on with."), _("Start the playbook anew."))
    _refuse_second(found)
    resume(found, member=member)
    _ask_for_the_list()
    return found


@job(retries=3, pause_seconds=30)
def take_in_plays() -> None:
    """Put a step that is due on the list of the day: at once, not after the night."""
    snapshot = current_snapshot()
    if snapshot is not None:
        refresh_actions(snapshot=snapshot, today=day_of_work(today(organisation())))


def _ask_for_the_list() -> None:
    """Once is enough, however many plays are started."""
    if not waiting_jobs().filter(task_path=take_in_plays.module_path).exists():
        enqueue(take_in_plays)


def _went_on(step: PlayStep, on: date) -> Play:
    play = Play.objects.select_related("account__merged_into", "playbook").get(pk=step.play_id)
    following = current_step(play)
    if play.state == Play.State.RUNNING and following is not None and following.due_on <= on:
        _ask_for_the_list()
    return play


def _locked(play: Play, member: Member | None) -> Play:
    require(member, Permission.WRITE)
    if not visible_plays(member).filter(pk=play.pk).exists():
        raise NoSuchPlay(_("There is no such run of a playbook."), _("It may belong to others."))
    locked = Play.objects.select_for_update(of=("self",))
    return locked.select_related("account__owner", "account__merged_into__owner", "playbook").get(pk=play.pk)


def _current(step: PlayStep, member: Member | None) -> PlayStep:
    play = _locked(step.play, member)
    _refuse_ended(play)
    found = current_step(play)
    if found is None or found.pk != step.pk:
        raise WrongPlay(_("It is not the turn of this step."), _("Settle the steps before it first."))
    found.play = play
    return found


def _refuse_ended(play: Play) -> None:
    if play.state != Play.State.RUNNING:
        raise WrongPlay(
            _("This has ended: %(state)s.") % {"state": play.get_state_display()},
            _("Let it go on first, or start the playbook anew."),
        )


def _refuse_second(play: Play) -> None:
    same = Play.objects.filter(of_account(home_of(play)), playbook=play.playbook, state=Play.State.RUNNING)
    if same.exclude(pk=play.pk).exists():
        raise WrongPlay(_("The same playbook was started anew."), _("Go on with that one."))


def _is_free(action: Action) -> bool:
    others = Action.objects.filter(account=action.account, cause=action.cause, state__in=Action.PENDING)
    return not others.exclude(pk=action.pk).exists()


def _given(text: str, way_out: str) -> str:
    text = text.strip()
    if not text:
        raise WrongPlay(_("There is not a word about it."), way_out)
    return text
