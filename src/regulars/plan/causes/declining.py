"""The cause "declining": a regular buyer still orders, but far less than in the year before."""

from __future__ import annotations

from typing import Final

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.plan.causes.cause import Cause, Figures, Firing, Ground
from regulars.plan.causes.figures import figures_of, now_and_before
from regulars.plan.standing import Standing, is_lost, is_more_than_chance, is_silent


def _declining_candidates(ground: Ground) -> Q:
    return Q(
        buyer="regular", trend__lte=-ground.thresholds.declining_share, orders_12m__gte=ground.thresholds.least_orders
    )


def _declining(standing: Standing, ground: Ground) -> Firing | None:
    thresholds = ground.thresholds
    before = standing.sales_previous_12m
    if (
        standing.buyer != "regular"
        or standing.trend is None
        or standing.trend > -thresholds.declining_share
        or standing.orders_12m < thresholds.least_orders
        or is_silent(standing, thresholds)
        or is_lost(standing, thresholds)
        or not is_more_than_chance(standing, before=before)
    ):
        return None
    return Firing(
        stake=before - standing.sales_12m,
        uplift=thresholds.declining_uplift,
        figures=figures_of(standing, ground) | {"trend": standing.trend, "sales_previous_12m": before},
    )


def _declining_sentences(figures: Figures) -> list[str]:
    return [
        _("Still orders, but less: %(now)s in the last 12 months, %(before)s in the 12 months before (%(change)s).")
        % now_and_before(figures),
        _("The fall is larger than the ups and downs of its orders explain."),
    ]


def _declining_advice(figures: Figures) -> str:
    return _("Visit or call. Ask what they buy elsewhere now and why; look at what they stopped buying before you go.")


def _declining_opening(figures: Figures) -> str:
    return _(
        "You used to order more from us. I would like to understand what has changed, and what we could do better."
    )


CAUSE: Final = Cause(
    key="declining",
    name=gettext_lazy("declining"),
    when=gettext_lazy("A regular buyer still orders, but far less than in the year before, and not by chance."),
    candidates=_declining_candidates,
    fires=_declining,
    sentences=_declining_sentences,
    advice=_declining_advice,
    opening=_declining_opening,
    quiet_days=90,
)
