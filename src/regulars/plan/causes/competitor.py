"""The cause "competitor": a competitor attacks a customer of value - quotes, supplies, or has it press on the price."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.db.models import Q
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.base.formats import number, percent
from regulars.facts.models import Signal
from regulars.facts.signal_kinds import COMPETITOR, KINDS
from regulars.insight.live_signals import LONGEST_LIFE, LiveSignal
from regulars.plan.causes.cause import Cause, Figures, Firing, Ground
from regulars.plan.causes.figures import figures_of, iso_day, money_of
from regulars.plan.standing import Standing, is_lost, worth_a_year

OF_VALUE: Final = ("A", "B")
"""Those who bring the first 95 % of sales."""
LONGEST_WORDS: Final = 160


def _competitor_candidates(ground: Ground) -> Q:
    seen = Signal.objects.filter(
        kind__in=COMPETITOR,
        withdrawn_at=None,
        observed_on__gte=ground.on - LONGEST_LIFE,
        observed_on__lte=ground.on,
    )
    return Q(pareto__in=OF_VALUE, sales_12m__gt=0, pk__in=seen.order_by().values("account_id"))


def _competitor(standing: Standing, ground: Ground) -> Firing | None:
    attacks = [one for one in standing.signals if one.kind in COMPETITOR]
    if (
        not attacks
        or standing.risk is None
        or standing.pareto not in OF_VALUE
        or standing.sales_12m <= 0
        or is_lost(standing, ground.thresholds)
    ):
        return None
    newest = max(attacks, key=lambda one: (one.observed_on, one.weight))
    return Firing(
        stake=worth_a_year(standing) * standing.risk,
        uplift=ground.thresholds.competitor_uplift,
        figures=figures_of(standing, ground)
        | {
            "kind": newest.kind,
            "said": _shortened(newest.said),
            "newest": newest.observed_on.isoformat(),
            "further": len(attacks) - 1,
            "risk": standing.risk,
            "pressure": _is_about_price(attacks),
        },
    )


def _shortened(words: str) -> str:
    words = words.rstrip(".")
    return words if len(words) <= LONGEST_WORDS else words[: LONGEST_WORDS - 1] + "…"


def _is_about_price(attacks: list[LiveSignal]) -> bool:
    return any(one.kind in {"price_pressure", "competitor_quoted"} for one in attacks)


def is_newer_attack(before: Figures, firing: Firing) -> bool:
    """Was another attack seen since an action against the former one was done or dismissed?"""
    return date.fromisoformat(firing.figures["newest"]) > date.fromisoformat(before.get("newest", "0001-01-01"))


def _competitor_sentences(figures: Figures) -> list[str]:
    seen = {"what": capfirst(str(KINDS[figures["kind"]].label)), "day": iso_day(figures["newest"])}
    if figures["said"]:
        said = [_("%(what)s, noted on %(day)s: “%(words)s”.") % (seen | {"words": figures["said"]})]
    else:
        said = [_("%(what)s, noted on %(day)s.") % seen]
    if figures["further"]:
        said.append(
            ngettext(
                "%(count)s more sign of a competitor was seen lately.",
                "%(count)s more signs of a competitor were seen lately.",
                figures["further"],
            )
            % {"count": number(figures["further"])}
        )
    said.append(
        _("It bought for %(sales)s in the last 12 months; the chance to lose it within a year is %(risk)s.")
        % {"sales": money_of(figures, "sales_12m"), "risk": percent(figures["risk"], digits=0)}
    )
    return said


def _competitor_advice(figures: Figures) -> str:
    if figures["pressure"]:
        return _(
            "Call today. Ask what was offered and what matters besides the price; then answer with what it saves by "
            "staying, in its own figures. Lower no price in the first talk."
        )
    return _("Call today. Ask what the other one does better, and what it would take to have all of it from us.")


def _competitor_opening(figures: Figures) -> str:
    return _(
        "I would like to make sure that we are still the best choice for you. What would you want us to do better?"
    )


CAUSE: Final = Cause(
    key="competitor",
    name=gettext_lazy("a competitor attacks"),
    when=gettext_lazy("A competitor was seen at a customer of value: it quotes, supplies, or the price is pressed."),
    candidates=_competitor_candidates,
    fires=_competitor,
    sentences=_competitor_sentences,
    advice=_competitor_advice,
    opening=_competitor_opening,
    quiet_days=30,
    renewed=is_newer_attack,
)
