"""The cause "after a sale": somebody bought more than usual, or something new to it, and nobody asked how it went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import F, Max, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.base.formats import number
from regulars.base.models import Organisation
from regulars.facts.models import Interaction, Issue
from regulars.insight.notable_sales import LEAST_DAYS, NotableSale, notable_sales
from regulars.plan.causes.cause import Cause, Figures, Firing, Ground
from regulars.plan.causes.figures import figures_of, iso_day, money_of
from regulars.plan.models import CheckIn
from regulars.plan.standing import Standing, is_lost, worth_a_year

_HOME = Coalesce(F("account__merged_into_id"), F("account_id"))


@dataclass(frozen=True, kw_only=True)
class _Days:
    """The days of a sale about which is asked now."""

    since: date
    until: date


def _days(ground: Ground) -> _Days:
    thresholds = ground.thresholds
    return _Days(
        since=ground.on - timedelta(days=thresholds.after_sale_last_day),
        until=ground.on - timedelta(days=thresholds.after_sale_days),
    )


def sales_to_ask_about(ground: Ground) -> dict[int, NotableSale]:
    """By account, the sale about which nobody has spoken with it since, and about which it may be asked."""
    days = _days(ground)
    if days.since > days.until or not Organisation.objects.exists():
        return {}
    found = notable_sales(
        since=days.since, until=days.until, times=ground.thresholds.after_sale_times, as_of=ground.as_of
    )
    if not found:
        return {}
    spoken = _spoken_since(days.since, ground.on)
    left_alone = _asked_lately(ground) | _in_trouble()
    return {
        account: sale
        for account, sale in found.items()
        if account not in left_alone and spoken.get(account, date.min) <= sale.on
    }


def _spoken_since(since: date, on: date) -> dict[int, date]:
    """By account, the last contact of these days: a call, visit, mail or meeting, by whomever."""
    talks = Interaction.objects.exclude(kind=Interaction.Kind.NOTE).filter(on__gte=since, on__lte=on).order_by()
    return dict(talks.annotate(home=_HOME).values_list("home").annotate(last=Max("on")))


def _asked_lately(ground: Ground) -> set[int]:
    since = ground.on - timedelta(days=ground.thresholds.after_sale_again_days)
    return set(CheckIn.objects.filter(on__gt=since).annotate(home=_HOME).values_list("home", flat=True))


def _in_trouble() -> set[int]:
    """Who has an unsolved problem is spoken with about that."""
    return set(Issue.objects.filter(state__in=Issue.LIVE).annotate(home=_HOME).values_list("home", flat=True))


def _candidates(ground: Ground) -> Q:
    # Who ordered within these days, and is no new customer: those are asked in their first weeks.
    new_since = ground.as_of - timedelta(days=ground.thresholds.first_weeks_last_day)
    return Q(last_order__gte=_days(ground).since, first_order__lt=new_since, order_days__gt=LEAST_DAYS)


def _after_sale(standing: Standing, ground: Ground) -> Firing | None:
    sale: NotableSale | None = standing.found.get("after_sale")
    if sale is None or is_lost(standing, ground.thresholds):
        return None
    if (ground.as_of - standing.first_order).days <= ground.thresholds.first_weeks_last_day:
        return None
    return Firing(
        stake=worth_a_year(standing),
        uplift=ground.thresholds.after_sale_uplift,
        figures=figures_of(standing, ground)
        | {
            "sold": sale.on.isoformat(),
            "ago_days": (ground.on - sale.on).days,
            "sales": sale.sales,
            "usual": sale.usual,
            "category": sale.category,
        },
    )


def _sentences(figures: Figures) -> list[str]:
    said = {
        "days": number(figures["ago_days"]),
        "day": iso_day(figures["sold"]),
        "amount": money_of(figures, "sales"),
        "usual": money_of(figures, "usual"),
        "category": figures["category"],
    }
    if figures["category"]:
        first = ngettext(
            "%(days)s day ago, on %(day)s, it bought “%(category)s” for the first time.",
            "%(days)s days ago, on %(day)s, it bought “%(category)s” for the first time.",
            figures["ago_days"],
        )
    else:
        first = ngettext(
            "%(days)s day ago, on %(day)s, it ordered for %(amount)s; usually it orders for %(usual)s.",
            "%(days)s days ago, on %(day)s, it ordered for %(amount)s; usually it orders for %(usual)s.",
            figures["ago_days"],
        )
    return [first % said, _("Nobody has spoken with it since.")]


def _advice(_figures: Figures) -> str:
    return _("Ask how it went, and invite them to tell us of anything that is not right: by a call, or by the letter.")


def _opening(figures: Figures) -> str:
    if figures["category"]:
        return _("You tried something new with us: “%(category)s”. How did it go?") % {"category": figures["category"]}
    return _("You had a large order with us on %(day)s. Did everything arrive as it should?") % {
        "day": iso_day(figures["sold"])
    }


CAUSE = Cause(
    key="after_sale",
    name=gettext_lazy("to be asked how it went"),
    when=gettext_lazy(
        "A customer bought clearly more than usual, or something for the first time, and nobody has spoken with it "
        "since."
    ),
    candidates=_candidates,
    fires=_after_sale,
    sentences=_sentences,
    advice=_advice,
    opening=_opening,
    quiet_days=90,
    settled=gettext_lazy("Somebody spoke with them, or the sale is long ago."),
    look_up=sales_to_ask_about,
)
