"""The cause "gone silent": a regular buyer is silent for longer than its own rhythm explains."""

from __future__ import annotations

from typing import Final

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.base.formats import number, percent
from regulars.plan.causes.cause import Cause, Figures, Firing, Ground
from regulars.plan.causes.figures import figures_of, iso_day
from regulars.plan.standing import Standing, chance_by_its_pauses, chance_that_it_left, is_lost, is_silent, worth_a_year
from regulars.plan.thresholds import PlanThresholds


def _gone_silent_candidates(ground: Ground) -> Q:
    thresholds = ground.thresholds
    return Q(
        buyer="regular",
        silence_days__gte=thresholds.silent_least_days,
        pauses_as_long__lte=thresholds.silent_pause_chance,
    ) & (Q(sales_12m__gt=0) | Q(sales_previous_12m__gt=0))


def _gone_silent(standing: Standing, ground: Ground) -> Firing | None:
    thresholds = ground.thresholds
    if standing.buyer != "regular" or not is_silent(standing, thresholds) or is_lost(standing, thresholds):
        return None
    worth = worth_a_year(standing)
    if worth <= 0 or standing.paused_last_year:
        return None
    left = chance_that_it_left(standing, thresholds)
    return Firing(
        stake=worth * left,
        uplift=thresholds.gone_silent_uplift * _still_within_reach(standing, thresholds),
        figures=figures_of(standing, ground)
        | {
            "gap_typical_days": standing.gap_typical_days,
            "silence_days": standing.silence_days,
            "pauses": standing.order_days - 1,
            "pauses_as_long": standing.pauses_as_long,
            "chance_left": left,
            "left_by_pauses": left == chance_by_its_pauses(standing, thresholds),
            "season_known": standing.paused_last_year is not None,
        },
    )


def _still_within_reach(standing: Standing, thresholds: PlanThresholds) -> float:
    """Falls by half for every two typical gaps (at least 60 days) after the day on which the silence was noticeable."""
    typical = standing.gap_typical_days or 0
    noticeable = max(thresholds.silent_gaps * typical, thresholds.silent_least_days)
    return float(0.5 ** ((standing.silence_days - noticeable) / max(60.0, 2 * typical)))


def _gone_silent_sentences(figures: Figures) -> list[str]:
    typical = round(figures["gap_typical_days"])
    said = [
        ngettext(
            "Usually orders every day; silent for %(silence)s days, since %(last)s.",
            "Usually orders every %(typical)s days; silent for %(silence)s days, since %(last)s.",
            max(typical, 1),
        )
        % {
            "typical": number(typical),
            "silence": number(figures["silence_days"]),
            "last": iso_day(figures["last_order"]),
        }
    ]
    if figures["pauses_as_long"] == 0:
        said.append(_("None of its %(pauses)s pauses was ever that long.") % {"pauses": number(figures["pauses"])})
    else:
        said.append(
            _("%(share)s of its pauses were ever that long.") % {"share": percent(figures["pauses_as_long"], digits=0)}
        )
    chance_left = {"chance": percent(figures["chance_left"], digits=0)}
    if figures["left_by_pauses"]:
        said.append(_("Judged by its own pauses, the chance that it has left is %(chance)s.") % chance_left)
    else:
        said.append(_("Judged by all customers' habits, the chance that it has left is %(chance)s.") % chance_left)
    if not figures["season_known"]:
        said.append(_("A pause of the season cannot be ruled out: the same weeks a year ago are not known."))
    return said


def _gone_silent_advice(figures: Figures) -> str:
    return _(
        "Call and ask how things are: whether something went wrong, whether they buy elsewhere, or need nothing now."
    )


def _gone_silent_opening(figures: Figures) -> str:
    return _(
        "We have not heard from you since %(last)s, and I wanted to ask whether all is well - with you, and with us."
    ) % {"last": iso_day(figures["last_order"])}


CAUSE: Final = Cause(
    key="gone_silent",
    name=gettext_lazy("gone silent"),
    when=gettext_lazy("A regular buyer is silent for longer than its own rhythm explains, and not yet lost."),
    candidates=_gone_silent_candidates,
    fires=_gone_silent,
    sentences=_gone_silent_sentences,
    advice=_gone_silent_advice,
    opening=_gone_silent_opening,
    quiet_days=30,
)
