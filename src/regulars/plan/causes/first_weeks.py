"""The cause "first weeks": a new customer is asked how it goes."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.base.formats import number
from regulars.plan.causes.cause import Cause, Figures, Firing, Ground
from regulars.plan.causes.figures import figures_of, iso_day
from regulars.plan.standing import Standing


def _first_weeks_candidates(ground: Ground) -> Q:
    return Q(
        first_order__gte=ground.as_of - timedelta(days=ground.thresholds.first_weeks_last_day),
        first_order__lte=ground.as_of - timedelta(days=FIRST_WEEKS[0]),
    )


FIRST_WEEKS: Final = (3, 14, 30)
"""Days after the first order on which a new customer is asked how it goes."""


def _first_weeks(standing: Standing, ground: Ground) -> Firing | None:
    thresholds = ground.thresholds
    age_days = (ground.as_of - standing.first_order).days
    stages = [stage for stage in FIRST_WEEKS if stage <= age_days]
    if not stages or age_days > thresholds.first_weeks_last_day:
        return None
    if standing.first_order < ground.history_start + timedelta(days=thresholds.first_weeks_history_days):
        return None  # at the start of a history everybody looks new
    asked_from = standing.first_order + timedelta(days=_halfway(stages[-1]))
    if standing.last_contact is not None and standing.last_contact >= asked_from:
        return None
    worth = standing.expected_value_365 if standing.expected_value_365 is not None else standing.sales_12m
    if worth <= 0:
        return None
    return Firing(
        stake=worth,
        uplift=thresholds.first_weeks_uplift,
        figures=figures_of(standing, ground)
        | {
            "first_order": standing.first_order.isoformat(),
            "age_days": age_days,
            "stage": stages[-1],
            "orders": standing.order_days,
        },
    )


def _halfway(stage: int) -> int:
    """The first day on which a contact counts for this stage: halfway from the one before."""
    before = max((one for one in FIRST_WEEKS if one < stage), default=0)
    return (before + stage + 1) // 2


def _first_weeks_sentences(figures: Figures) -> list[str]:
    said = [
        ngettext(
            "New: its first order was %(days)s day ago, on %(first)s.",
            "New: its first order was %(days)s days ago, on %(first)s.",
            figures["age_days"],
        )
        % {"days": number(figures["age_days"]), "first": iso_day(figures["first_order"])}
    ]
    if figures["orders"] > 1:
        said.append(
            ngettext(
                "It has ordered on %(count)s day since.", "It has ordered on %(count)s days so far.", figures["orders"]
            )
            % {"count": number(figures["orders"])}
        )
    said.append(_("No contact with it is recorded for this stage of its first weeks."))
    return said


def _first_weeks_advice(figures: Figures) -> str:
    if figures["stage"] == FIRST_WEEKS[0]:
        return _("Ask whether everything arrived and is as expected, and say who looks after them from now on.")
    if figures["stage"] == FIRST_WEEKS[1]:
        return _("Ask how they get on with what they bought, and solve what does not work yet.")
    return _("Ask what they need next and how often, and agree when you will speak again.")


def _first_weeks_opening(figures: Figures) -> str:
    return _(
        "You ordered from us for the first time on %(first)s. I wanted to ask whether everything is as you expected."
    ) % {"first": iso_day(figures["first_order"])}


def is_next_stage(before: Figures, firing: Firing) -> bool:
    """Has the next stage of the first weeks come?"""
    return bool(firing.figures["stage"] > before.get("stage", 0))


CAUSE: Final = Cause(
    key="first_weeks",
    name=gettext_lazy("a new customer's first weeks"),
    when=gettext_lazy("The first order was 3, 14 or 30 days ago, and nobody has spoken to the customer since."),
    candidates=_first_weeks_candidates,
    fires=_first_weeks,
    sentences=_first_weeks_sentences,
    advice=_first_weeks_advice,
    opening=_first_weeks_opening,
    quiet_days=90,
    renewed=is_next_stage,
)
