"""The cause "play": a step of a playbook that runs on the account is due."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.base.formats import number
from regulars.plan.causes.cause import Cause, Figures, Firing, Ground
from regulars.plan.causes.figures import figures_of, iso_day
from regulars.plan.models import Action, Play, PlayStep
from regulars.plan.recipes import SHIPPED, STEPS
from regulars.plan.standing import Standing, worth_a_year

_HOME = Coalesce(F("play__account__merged_into_id"), F("play__account_id"))


@dataclass(frozen=True, kw_only=True)
class DueStep:
    """The step of an account that is due first, and how many more are due."""

    step: str
    play: str
    key: str
    what: str
    opening: str
    playbook: str
    name: str
    """What the firm calls the playbook; empty: as it is shipped."""
    position: int
    started_on: date
    due_on: date
    member_id: int | None
    answers: str
    """The cause of actions that it answers; empty, if none."""
    further: int = 0


def _due(ground: Ground) -> QuerySet[PlayStep]:
    """Steps that are due and that no other proposal asks for. Only the current step of a play is asked for."""
    open_steps = PlayStep.objects.filter(state=PlayStep.State.OPEN)
    before = open_steps.filter(play=OuterRef("play"), position__lt=OuterRef("position"))
    due = open_steps.filter(~Exists(before), due_on__lte=ground.on, play__state=Play.State.RUNNING)
    return due.exclude(action__state__in=Action.PENDING)


def due_steps(ground: Ground) -> dict[int, DueStep]:
    """By account: the step that is due."""
    found: dict[int, DueStep] = {}
    due = _due(ground).select_related("play__playbook", "member").annotate(home=_HOME).order_by("due_on", "pk")
    for step in due:
        first = found.get(step.home)
        found[step.home] = replace(first, further=first.further + 1) if first else _due_step(step)
    return found


def _due_step(step: PlayStep) -> DueStep:
    play = step.play
    return DueStep(
        step=str(step.uid),
        play=str(play.uid),
        key=step.key,
        what=step.what,
        opening=step.opening,
        playbook=play.playbook.key,
        name=(play.playbook.written or {}).get("name", ""),
        position=step.position,
        started_on=play.started_on,
        due_on=step.due_on,
        member_id=step.member_id if step.member and step.member.is_active else None,
        answers=play.causes[0] if play.causes else "",
    )


def _play_candidates(ground: Ground) -> Q:
    return Q(pk__in=_due(ground).order_by().annotate(home=_HOME).values("home"))


def _play(standing: Standing, ground: Ground) -> Firing | None:
    due: DueStep | None = standing.found.get("play")
    if due is None:
        return None
    usual = ground.thresholds.play_uplift
    return Firing(
        stake=max(worth_a_year(standing), standing.expected_value_365 or 0.0),
        uplift=getattr(ground.thresholds, f"{due.answers}_uplift", usual),
        figures=figures_of(standing, ground)
        | {
            "step": due.step,
            "play": due.play,
            "key": due.key,
            "what": due.what,
            "opening": due.opening,
            "playbook": due.playbook,
            "name": due.name,
            "position": due.position,
            "started": due.started_on.isoformat(),
            "due": due.due_on.isoformat(),
            "late_days": (ground.on - due.due_on).days,
            "further": due.further,
        },
        member_id=due.member_id,
    )


def is_another_step(before: Figures, firing: Firing) -> bool:
    """Is another step due than when the action was done or dismissed?"""
    return bool(firing.figures["step"] != before.get("step"))


def called(figures: Figures) -> str:
    """What the playbook is called, in the reader's language."""
    shipped = SHIPPED.get(figures["playbook"])
    return figures["name"] or (str(shipped.name) if shipped else figures["playbook"])


def _play_sentences(figures: Figures) -> list[str]:
    said = {
        "name": called(figures),
        "step": number(figures["position"]),
        "day": iso_day(figures["due"]),
        "start": iso_day(figures["started"]),
        "days": number(figures["late_days"]),
    }
    if figures["late_days"] > 0:
        first = ngettext(
            "Step %(step)s of “%(name)s”, begun on %(start)s, was due %(days)s day ago.",
            "Step %(step)s of “%(name)s”, begun on %(start)s, was due %(days)s days ago.",
            figures["late_days"],
        )
    else:
        first = _("Step %(step)s of “%(name)s”, begun on %(start)s, is due on %(day)s.")
    sentences = [first % said]
    if figures["further"]:
        sentences.append(
            ngettext(
                "%(count)s more step of another playbook is due.",
                "%(count)s more steps of other playbooks are due.",
                figures["further"],
            )
            % {"count": number(figures["further"])}
        )
    return sentences


def _play_advice(figures: Figures) -> str:
    shipped = STEPS.get(figures["key"])
    return str(shipped.what) if shipped else str(figures["what"])


def _play_opening(figures: Figures) -> str:
    shipped = STEPS.get(figures["key"])
    return str(shipped.opening) if shipped else str(figures["opening"])


CAUSE = Cause(
    key="play",
    name=gettext_lazy("a step of a playbook is due"),
    when=gettext_lazy("A playbook runs on the account, its next step is due, and no other proposal asks for it."),
    candidates=_play_candidates,
    fires=_play,
    sentences=_play_sentences,
    advice=_play_advice,
    opening=_play_opening,
    quiet_days=7,
    renewed=is_another_step,
    settled=gettext_lazy("The step was settled, or its playbook has ended."),
    look_up=due_steps,
)
