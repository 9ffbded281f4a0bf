"""The cause "sharp growth": a regular buyer buys far more than in the year before."""

from __future__ import annotations

from typing import Final

from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.plan.causes.cause import Cause, Figures, Firing, Ground
from regulars.plan.causes.figures import figures_of, now_and_before
from regulars.plan.standing import YEAR, Standing, is_more_than_chance, is_silent


def _growth_candidates(ground: Ground) -> Q:
    return Q(
        buyer="regular",
        orders_12m__gte=2 * ground.thresholds.least_orders,
        sales_previous_12m__gt=0,
        sales_12m__gte=F("sales_previous_12m") * (1 + ground.thresholds.growth_share),
    )


def _sharp_growth(standing: Standing, ground: Ground) -> Firing | None:
    thresholds = ground.thresholds
    days_before = min((ground.as_of - YEAR - standing.first_order).days, 365)
    if (
        standing.buyer != "regular"
        or standing.trend is None
        or days_before < thresholds.growth_days_before
        or standing.sales_previous_12m <= 0
        or standing.orders_12m < 2 * thresholds.least_orders
        or is_silent(standing, thresholds)
    ):
        return None
    # Who came during the year before bought in a part of it only: its sales are taken up to a whole year.
    before = standing.sales_previous_12m * 365 / days_before
    if standing.sales_12m < before * (1 + thresholds.growth_share) or not is_more_than_chance(standing, before=before):
        return None
    return Firing(
        stake=standing.sales_12m - before,
        uplift=thresholds.sharp_growth_uplift,
        figures=figures_of(standing, ground)
        | {"trend": standing.sales_12m / before - 1, "sales_previous_12m": before, "scaled_up": days_before < 365},
    )


def _growth_sentences(figures: Figures) -> list[str]:
    said = [
        _("Grows sharply: %(now)s in the last 12 months, %(before)s in the 12 months before (%(change)s).")
        % now_and_before(figures)
    ]
    if figures["scaled_up"]:
        said.append(_("It came during the year before; that year is taken up to twelve months."))
    return said


def _growth_advice(figures: Figures) -> str:
    return _("Find out what stands behind the growth and what else they will need; secure it before others notice.")


def _growth_opening(figures: Figures) -> str:
    return _(
        "You have ordered much more from us this year. I would like to hear what you plan, so that we are ready for it."
    )


CAUSE: Final = Cause(
    key="sharp_growth",
    name=gettext_lazy("sharp growth"),
    when=gettext_lazy("A regular buyer buys far more than in the year before, and not by chance."),
    candidates=_growth_candidates,
    fires=_sharp_growth,
    sentences=_growth_sentences,
    advice=_growth_advice,
    opening=_growth_opening,
    quiet_days=90,
)
