"""The cause "dependence": one customer brings so much of all sales that losing it would threaten the firm (E14)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.base.formats import percent
from regulars.base.models import Member
from regulars.core.dependence import Level, Limits, level_of
from regulars.insight.models import Score
from regulars.plan.causes.cause import Cause, Figures, Firing, Ground
from regulars.plan.causes.figures import figures_of, money_of
from regulars.plan.standing import Standing, chance_that_it_left, worth_a_year

KEY: Final = "dependence"
ALL_BUT_NOTHING: Final = 0.9995
"""From this share on it is the sole customer."""


def _candidates(ground: Ground) -> Q:
    return Q(share_of_firm__gt=ground.thresholds.alarm_share, account__parent=None)


def _look_up(ground: Ground) -> Mapping[int, Any]:
    """Of each customer above the alarm: its level, and who of ours heads sales, whose matter it is."""
    limits = Limits(alarm=ground.thresholds.alarm_share, critical=ground.thresholds.critical_share)
    member_id = _whose_it_is()
    found = Score.objects.filter(_candidates(ground)).values_list("account_id", "share_of_firm")
    return {
        account: (level_of(share, limits, customers=1 if share >= ALL_BUT_NOTHING else 2), member_id)
        for account, share in found
        if share is not None
    }


def _whose_it_is() -> int | None:
    """The head of sales, else the owner who was there first; None: of who looks after the account."""
    heads = (Member.Role.SALES_HEAD, Member.Role.OWNER)
    active = dict(Member.objects.filter(is_active=True, role__in=heads).order_by("-pk").values_list("role", "pk"))
    return next((active[role] for role in heads if role in active), None)


def _fires(standing: Standing, ground: Ground) -> Firing | None:
    found = standing.found.get(KEY)
    if found is None or standing.sales_12m <= 0:
        return None
    level, member_id = found
    if level < Level.ALARM:
        return None
    thresholds = ground.thresholds
    risk = max(thresholds.yearly_loss_rate, chance_that_it_left(standing, thresholds))
    return Firing(
        stake=worth_a_year(standing) * risk,
        uplift=thresholds.dependence_uplift,
        figures=figures_of(standing, ground) | {"share": standing.share_of_firm, "level": int(level)},
        member_id=member_id,
    )


def _sentences(figures: Figures) -> list[str]:
    words = {"share": percent(figures["share"], digits=0), "sales": money_of(figures, "sales_12m")}
    if figures["level"] == Level.SOLE:
        return [_("It is the only customer: all sales of the last 12 months, %(sales)s, are its.") % words]
    if figures["level"] == Level.CRITICAL:
        return [_("Critical: it brings %(share)s of all sales. If it leaves, the firm is in danger.") % words]
    return [_("It brings %(share)s of all sales: too much for one customer.") % words]


def _advice(figures: Figures) -> str:
    return _(
        "Look at what follows if it leaves, and decide this week which other customers to win and grow until its share "
        "falls. Meanwhile protect it: its own manager, contacts at every level, a review soon."
    )


def _opening(figures: Figures) -> str:
    return _("You are our most important customer. I would like to hear from you myself how well we serve you.")


CAUSE: Final = Cause(
    key=KEY,
    name=gettext_lazy("dependence on one customer"),
    when=gettext_lazy("One customer brings so much of all sales that losing it would threaten the firm."),
    candidates=_candidates,
    fires=_fires,
    sentences=_sentences,
    advice=_advice,
    opening=_opening,
    quiet_days=90,
    look_up=_look_up,
)
