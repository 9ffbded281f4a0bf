"""Plays follow what is done with proposals: what is done there is done of the step that stands with it, and back."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from regulars.base.models import Member
from regulars.plan.models import Action, Play, PlayStep
from regulars.plan.play_making import end_play, reopen_step, resume, settle_step


def steps_with(action: Action) -> QuerySet[PlayStep]:
    """The open step that a proposal asks for, if any."""
    open_steps = PlayStep.objects.filter(state=PlayStep.State.OPEN, play__state=Play.State.RUNNING)
    mine = open_steps.filter(uid=action.figures["step"]) if action.cause == "play" else open_steps.filter(action=action)
    related = ("play__account__owner", "play__account__merged_into__owner")
    return mine.select_related(*related).select_for_update(of=("self",)).order_by("pk")


def follow_done(action: Action, *, on: date, said: str, member: Member | None) -> None:
    """The step is done with it."""
    for step in steps_with(action):
        _settle(step, PlayStep.State.DONE, action, on=on, said=said, member=member)


def follow_dismissed(action: Action, *, on: date, reason: str, member: Member | None) -> None:
    """A step is left out; with another cause, which is none then, the play against it stops."""
    for step in steps_with(action):
        if action.cause == "play":
            _settle(step, PlayStep.State.SKIPPED, action, on=on, said=reason, member=member)
        else:
            end_play(step.play, Play.State.STOPPED, on=on, member=member, reason=reason, action=action)


def follow_reopened(action: Action, *, member: Member | None) -> None:
    """What was said of a step with it, or stopped with it, is taken back."""
    for step in PlayStep.objects.filter(action=action).exclude(state=PlayStep.State.OPEN).select_related("play"):
        reopen_step(step, member=member)
        if action.cause != "play":
            PlayStep.objects.filter(pk=step.pk).update(action=action)
    for play in Play.objects.filter(stopped_with=action, state=Play.State.STOPPED):
        if not Play.objects.filter(account=play.account, playbook=play.playbook, state=Play.State.RUNNING).exists():
            resume(play, member=member)


def _settle(
    step: PlayStep, state: PlayStep.State, action: Action, *, on: date, said: str, member: Member | None
) -> None:
    settle_step(step, state, on=on, said=said, member=member, action=action, interaction=action.interaction)
