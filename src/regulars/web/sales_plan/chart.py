"""The months of a plan: bars of what came, a mark where the target lies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _

from regulars.base.formats import money, month, percent
from regulars.core.money import from_minor
from regulars.plan.targets import PersonPlan
from regulars.web.account_chart import months_axis
from regulars.web.charts import (
    ACCENT,
    INK,
    Chart,
    Spec,
    across,
    cells,
    chart_spec,
    money_axis,
    ticks_between,
    upwards,
)


def months_chart(months: Sequence[date], found: PersonPlan, *, passed: int, currency: str) -> Chart:
    """Month by month what came, beside the target."""
    rows: list[Spec] = [_row(found, place, one, currency) for place, one in enumerate(months)]
    amounts = [float(row[name]) for row in rows for name in ("came", "target")]
    ticks = ticks_between(min(0.0, *amounts), max(1.0, *amounts))
    x = across("month", "ordinal", sort=None, title=None, axis=months_axis(months))
    axis, scale = money_axis(ticks, currency), {"domain": [ticks[0], ticks[-1]]}
    tip = {"field": "says", "type": "nominal"}
    return Chart(
        title=_title(rows[:passed]),
        caption=_("Bars are what came in each month, marks the targets."),
        spec=chart_spec(
            rows,
            [
                {
                    "mark": {"type": "bar", "color": ACCENT, "width": {"band": 0.6}},
                    "encoding": {"x": x, "y": upwards("came", axis=axis, scale=scale), "tooltip": tip},
                },
                {
                    "mark": {"type": "tick", "color": INK, "thickness": 3, "width": {"band": 0.85}},
                    "encoding": {"x": x, "y": upwards("target", axis=axis, scale=scale), "tooltip": tip},
                },
            ],
            height=220,
        ),
        headings=[_("Month"), _("Target"), _("Reached")],
        rows=[
            cells([month(one), money(row["target"], currency), money(row["came"], currency)])
            for one, row in zip(months, rows, strict=True)
        ],
    )


def _row(found: PersonPlan, place: int, one: date, currency: str) -> Spec:
    target, came = (float(from_minor(sum(months[place].values()), currency)) for months in (found.targets, found.came))
    words = {"month": month(one), "came": money(came, currency), "target": money(target, currency)}
    return {
        "month": one.isoformat(),
        "target": target,
        "came": came,
        "says": _("%(month)s: %(came)s of %(target)s") % words,
    }


def _title(rows: Sequence[Spec]) -> str:
    target, came = (sum(float(row[name]) for row in rows) for name in ("target", "came"))
    if not target:
        return _("Are we where we want to be? No target lies behind us yet")
    share = {"share": percent(came / target, digits=0)}
    return _("Are we where we want to be? %(share)s of the target so far") % share
