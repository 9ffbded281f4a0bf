"""The cause "handover": a customer orders and its hand-over is not accepted, or a check of its first weeks is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.plan.causes.cause import Cause, Figures, Firing, Ground
from regulars.plan.causes.figures import figures_of, iso_day
from regulars.plan.models import Handover, HandoverCheck
from regulars.plan.standing import Standing, worth_a_year

_HOME = Coalesce(F("account__merged_into_id"), F("account_id"))
_WITH_WHOM = {"drafted": "giver", "returned": "giver", "sent": "receiver", "check": "receiver"}


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A hand-over that waits for somebody."""

    stage: str
    """Its state, or "check" once it was accepted."""
    due_on: date
    member_id: int | None
    """None: who it waits for is no longer with us."""


def waiting_handovers(ground: Ground) -> dict[int, Waiting]:
    """By account: those not accepted, and those of which a check is due."""
    found: dict[int, Waiting] = {}
    open_ones = Handover.objects.filter(state__in=Handover.NOT_ACCEPTED).annotate(home=_HOME).order_by("pk")
    members = ("giver_id", "giver__is_active", "receiver_id", "receiver__is_active")
    for home, state, due_on, *people in open_ones.values_list("home", "state", "due_on", *members):
        member, active = people[2:] if _WITH_WHOM[state] == "receiver" else people[:2]
        found[home] = Waiting(stage=state, due_on=due_on, member_id=member if active else None)
    for home, due_on, member, active in (
        _due_checks(ground)
        .order_by("-due_on", "-pk")
        .values_list("home", "due_on", "handover__receiver_id", "handover__receiver__is_active")
    ):
        found[home] = Waiting(stage="check", due_on=due_on, member_id=member if active else None)
    return found


def _due_checks(ground: Ground) -> QuerySet[Any]:
    home = Coalesce(F("handover__account__merged_into_id"), F("handover__account_id"))
    due = HandoverCheck.objects.filter(handover__state=Handover.State.ACCEPTED, done_on=None, due_on__lte=ground.on)
    return due.annotate(home=home)


def _handover_candidates(ground: Ground) -> Q:
    open_ones = Handover.objects.filter(state__in=Handover.NOT_ACCEPTED).annotate(home=_HOME)
    return Q(pk__in=open_ones.order_by().values("home")) | Q(pk__in=_due_checks(ground).order_by().values("home"))


def _handover(standing: Standing, ground: Ground) -> Firing | None:
    waiting: Waiting | None = standing.found.get("handover")
    if waiting is None:
        return None
    is_new = standing.first_order >= ground.as_of - timedelta(days=ground.thresholds.handover_new_days)
    if waiting.due_on > ground.on and not is_new:
        return None
    return Firing(
        stake=max(worth_a_year(standing), standing.expected_value_365 or 0.0),
        uplift=ground.thresholds.handover_uplift,
        figures=figures_of(standing, ground)
        | {
            "stage": waiting.stage,
            "due": waiting.due_on.isoformat(),
            "late": waiting.due_on < ground.on,
            "first_order": standing.first_order.isoformat() if is_new else "",
        },
        member_id=waiting.member_id,
    )


def is_next_stage(before: Figures, firing: Firing) -> bool:
    """Does it wait for something else than when the action was done or dismissed?"""
    return (firing.figures["stage"], firing.figures["due"]) != (before.get("stage"), before.get("due"))


def _handover_sentences(figures: Figures) -> list[str]:
    stages = {
        "drafted": _("Its hand-over is drafted and was not sent."),
        "returned": _("Its hand-over was returned: something is missing."),
        "sent": _("Its hand-over was sent and is not accepted."),
        "check": _("A look at its first weeks is due since %(day)s."),
    }
    said = [stages[figures["stage"]] % {"day": iso_day(figures["due"])}]
    if figures["stage"] != "check":
        if figures["first_order"]:
            said.append(
                _("It orders already: its first order was on %(day)s.") % {"day": iso_day(figures["first_order"])}
            )
        if figures["late"]:
            said.append(_("It was to be accepted by %(day)s.") % {"day": iso_day(figures["due"])})
    return said


def _handover_advice(figures: Figures) -> str:
    advice = {
        "drafted": _("Write down what was promised and what is to be expected, and send it to who takes over."),
        "returned": _("Add what is missing, and send it again."),
        "sent": _("Read it; accept it, or return it with what is missing. Then introduce yourself."),
        "check": _("Call and ask how it goes, and note what they say with the hand-over."),
    }
    return advice[figures["stage"]]


def _handover_opening(figures: Figures) -> str:
    if figures["stage"] in {"drafted", "returned"}:
        return _("I would like to introduce the colleague who looks after you from now on.")
    if figures["stage"] == "sent":
        return _("I look after you from now on. What should I know so that it goes well for you?")
    return _("You have worked with us for a few weeks now. What goes well, and what does not yet?")


CAUSE = Cause(
    key="handover",
    name=gettext_lazy("a hand-over waits"),
    when=gettext_lazy("A customer orders and its hand-over is not accepted, it is overdue, or a first look is due."),
    candidates=_handover_candidates,
    fires=_handover,
    sentences=_handover_sentences,
    advice=_handover_advice,
    opening=_handover_opening,
    quiet_days=7,
    renewed=is_next_stage,
    settled=gettext_lazy("The hand-over was accepted, discarded, or looked at."),
    look_up=waiting_handovers,
)
