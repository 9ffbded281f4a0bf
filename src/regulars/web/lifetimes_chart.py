"""The chart of lifetimes: the share of customers that stay, by the time since their first order, with bounds."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from regulars.base.formats import percent
from regulars.insight.lifetimes import Lifetime, Lifetimes
from regulars.insight.lifetimes_sentences import group_name, lasting
from regulars.web.charts import (
    ACCENT,
    INK,
    RISK,
    WARN,
    Cell,
    Chart,
    Spec,
    across,
    cells,
    chart_spec,
    upwards,
    written_axis,
)

MOST_CURVES = 4
COLOURS = (ACCENT, WARN, INK, RISK)
LEGEND: Spec = {"symbolOpacity": 1, "symbolType": "stroke", "symbolStrokeWidth": 3, "labelLimit": 260}
SHORT_NAME = 16
"""Of longer names one stands below the other, so that a phone shows them."""
SHARES = [0.0, 0.25, 0.5, 0.75, 1.0]
TABLE_DAYS = (0, 30, 91, 182, 365, 730, 1095, 1825, 3650)
ABOUT_TICKS = 5


def lifetimes_chart(found: Lifetimes) -> Chart | None:
    """The curves of the first groups, or of all customers together where there is but one."""
    if found.everyone is None:
        return None
    drawn = [(group_name(found.by, group), group) for group in found.groups[:MOST_CURVES]]
    if len(drawn) < 2:
        drawn = [(_("All customers won"), found.everyone)]
    longest = max(group.curve[-1].days for _name, group in drawn)
    return Chart(
        title=_title(found, found.everyone),
        caption=_(
            "The share of customers won that are customers still, by the time since their first order; the shade is "
            "what chance leaves open. A line that begins lower has more customers who never ordered again."
        ),
        notes=_notes(found),
        spec=_spec(drawn, longest),
        headings=[_("Time since the first order"), *(name for name, _group in drawn)],
        rows=[_table_row(days, drawn) for days in TABLE_DAYS if days <= longest],
    )


def _title(found: Lifetimes, whole: Lifetime) -> str:
    if whole.stay is None or whole.stay.value is None:
        return _("How many stay, and for how long?")
    words = {"share": percent(whole.stay.value, digits=0), "time": lasting(found.stay_days)}
    return _("How many stay, and for how long? %(share)s for longer than %(time)s") % words


def _notes(found: Lifetimes) -> list[str]:
    if len(found.groups) <= MOST_CURVES:
        return []
    return [_("Drawn are the first groups of the table below.")]


def _spec(drawn: Sequence[tuple[str, Lifetime]], longest: float) -> Spec:
    rows = [row for name, group in drawn for row in _rows(name, group)]
    ticks = _ticks(longest)
    x = across(
        "days",
        "quantitative",
        axis=written_axis(ticks, lasting, title=None, grid=False, labelOverlap="greedy"),
        scale={"domain": [0, max(longest, 1)], "nice": False},
    )
    shares = written_axis(SHARES, lambda share: percent(share, digits=0), title=None)
    scale = {"domain": [0, 1], "nice": False}
    colours = {"domain": [name for name, _group in drawn], "range": list(COLOURS[: len(drawn)])}
    colour = {"field": "name", "type": "nominal", "scale": colours, "legend": _legend(drawn)}
    stay = upwards("stay", axis=shares, scale=scale)
    return chart_spec(
        rows,
        [
            {
                "mark": {"type": "area", "interpolate": "step-after", "opacity": 0.14},
                "encoding": {
                    "x": x,
                    "y": upwards("low", axis=shares, scale=scale),
                    "y2": {"field": "high"},
                    "color": colour,
                },
            },
            {
                "mark": {"type": "line", "interpolate": "step-after", "strokeWidth": 2},
                "encoding": {"x": x, "y": stay, "color": colour},
            },
            {
                "mark": {"type": "point", "opacity": 0, "size": 120},
                "encoding": {"x": x, "y": stay, "tooltip": {"field": "says", "type": "nominal"}},
            },
        ],
        height=280,
    )


def _legend(drawn: Sequence[tuple[str, Lifetime]]) -> Spec | None:
    short = all(len(name) <= SHORT_NAME for name, _group in drawn)
    return LEGEND | {"columns": 2 if short else 1} if len(drawn) > 1 else None


def _rows(name: str, group: Lifetime) -> list[Spec]:
    return [
        {
            "name": name,
            "days": round(point.days),
            "stay": round(point.stay, 4),
            "low": round(point.low, 4),
            "high": round(point.high, 4),
            "says": _("%(name)s, after %(time)s: %(share)s are customers still (%(low)s to %(high)s)")
            % {
                "name": name,
                "time": lasting(point.days),
                "share": percent(point.stay, digits=0),
                "low": percent(point.low, digits=0),
                "high": percent(point.high, digits=0),
            },
        }
        for point in group.curve
    ]


def _ticks(longest: float) -> list[float]:
    """Whole months or years, some five of them."""
    step = next((days for days in STEPS_DAYS if longest / days <= ABOUT_TICKS), STEPS_DAYS[-1])
    return [round(step * place) for place in range(int(longest / step) + 1)]


STEPS_DAYS = (30.4375, 60.875, 91.3125, 182.625, 365.25, 730.5, 1826.25)


def _table_row(days: float, drawn: Sequence[tuple[str, Lifetime]]) -> list[Cell]:
    shares = [percent(_stay_at(group, days), digits=0) if days <= group.curve[-1].days else "" for _n, group in drawn]
    return cells([lasting(days), *shares])


def _stay_at(group: Lifetime, days: float) -> float:
    return next(point.stay for point in reversed(group.curve) if point.days <= days)
