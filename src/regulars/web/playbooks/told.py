"""Plays and their steps as pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from regulars.base.formats import day as day_text
from regulars.base.models import Member
from regulars.plan.models import Play, PlayStep
from regulars.plan.play_making import end_sentence, step_opening, step_what
from regulars.plan.playbooks import playbook_name, trigger_label


@dataclass(frozen=True, kw_only=True)
class ToldStep:
    """One step in the reader's language."""

    step: PlayStep
    what: str
    opening: str
    now: bool
    """It is its turn."""
    late: bool
    last: bool
    """It was settled last, and can be taken back."""


@dataclass(frozen=True, kw_only=True)
class ToldPlay:
    """One play with its steps."""

    play: Play
    name: str
    because: str
    ended: str
    steps: list[ToldStep]
    settled: int

    @property
    def now(self) -> ToldStep | None:
        return next((one for one in self.steps if one.now), None)

    @property
    def doer(self) -> Member | None:
        return self.now.step.member if self.now else None


def told_play(play: Play, on: date) -> ToldPlay:
    """A play that was read with its playbook and `STEPS_IN_SEQUENCE`."""
    steps = list(play.steps.all())
    runs = play.state == Play.State.RUNNING
    turn = next((one for one in steps if one.state == PlayStep.State.OPEN), None) if runs else None
    settled = [one for one in steps if one.state != PlayStep.State.OPEN]
    may_undo = play.state in (Play.State.RUNNING, Play.State.FINISHED)
    return ToldPlay(
        play=play,
        name=playbook_name(play.playbook),
        because=_because(play),
        ended=end_sentence(play),
        steps=[
            ToldStep(
                step=one,
                what=step_what(one),
                opening=step_opening(one),
                now=one is turn,
                late=one is turn and one.due_on < on,
                last=may_undo and bool(settled) and one is settled[-1],
            )
            for one in steps
        ],
        settled=len(settled),
    )


def _because(play: Play) -> str:
    said = {"day": day_text(play.started_on), "why": trigger_label(play.trigger) if play.trigger else ""}
    if play.trigger:
        return _("Started by itself on %(day)s: %(why)s.") % said
    return _("Started by hand on %(day)s.") % said
