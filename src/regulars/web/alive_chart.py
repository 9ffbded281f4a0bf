"""The chart of the chance that an account is still a customer. For the salesperson who wonders if it is too late."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from regulars.base.formats import day, month, number, percent
from regulars.core.calendar import months_before
from regulars.core.lifetime.alive_curve import AliveCurve
from regulars.core.lifetime.history import day_number
from regulars.web.charts import (
    ACCENT,
    FAINT,
    INK,
    LINE,
    SOFT,
    Cell,
    Chart,
    Spec,
    across,
    cells,
    chart_spec,
    upwards,
    written_axis,
)
from regulars.web.templatetags.regulars import chance

SHARES = [0.0, 0.5, 1.0]
TICKS = 6
MONTHS_IN_TABLE = 24


def alive_chart(curve: AliveCurve) -> Chart | None:
    """The chance day by day with the orders on it, and ahead if none comes; None where nothing is known of it."""
    rows = [row for row in _rows(curve) if row]
    if not rows:
        return None
    return Chart(
        title=_title(curve),
        caption=_(
            "Line: the chance at the end of each day that it still was a customer, from its own orders until then. "
            "Dots: days on which it ordered. Dashed: what the chance will be if no further order comes."
        ),
        notes=_notes(curve),
        spec=_spec(rows, curve),
        headings=[_("Month"), _("Chance at its end"), _("Days with an order")],
        rows=_table(curve),
    )


def _title(curve: AliveCurve) -> str:
    if math.isnan(curve.now):
        return _("Is it still a customer? Nobody can say before its second order")
    words = {"chance": chance(curve.now)}
    if curve.now < 0.5:
        return _("Is it still a customer? Probably not: the chance is %(chance)s") % words
    if curve.now < 0.8:
        return _("Is it still a customer? Perhaps: the chance is %(chance)s") % words
    return _("Is it still a customer? Probably: the chance is %(chance)s") % words


def _notes(curve: AliveCurve) -> list[str]:
    unknown = any(math.isnan(one) for one in curve.chances)
    return [_("Before its second order nobody can say.")] if unknown and not math.isnan(curve.now) else []


def _rows(curve: AliveCurve) -> list[Spec]:
    rows = []
    for on, share, ordered in zip(curve.days, curve.chances.tolist(), curve.ordered.tolist(), strict=True):
        if math.isnan(share):
            continue
        words = {"day": day(on), "chance": chance(share)}
        says = _("%(day)s: ordered; %(chance)s") if ordered else _("%(day)s: %(chance)s")
        if on > curve.as_of:
            says = _("%(day)s: %(chance)s if no order comes until then")
        row: dict[str, Any] = {"day": day_number(on), "chance": round(share, 4), "says": says % words}
        row["time"] = "past" if on < curve.as_of else "now" if on == curve.as_of else "ahead"
        rows.append({**row, "ordered": True} if ordered else row)
    return rows


def _spec(rows: list[Spec], curve: AliveCurve) -> Spec:
    first, last = rows[0]["day"], max(rows[-1]["day"], rows[0]["day"] + 1)
    ticks = _ticks(curve.days[0], curve.days[-1])
    axis = written_axis([day_number(one) for one in ticks], lambda at: _month_at(at, ticks), title=None, grid=False)
    axis |= {"labelOverlap": "parity", "labelSeparation": 8}
    x = across("day", "quantitative", axis=axis, scale={"domain": [first, last], "nice": False})
    y = upwards(
        "chance",
        axis=written_axis(SHARES, lambda share: percent(share, digits=0), title=None),
        scale={"domain": [0, 1], "nice": False},
    )
    known, ahead = "datum.time != 'ahead'", "datum.time != 'past'"
    layers: list[Spec] = [
        {"transform": [{"filter": known}], "mark": {"type": "area", "color": SOFT, "tooltip": None}},
        {"transform": [{"filter": known}], "mark": {"type": "line", "color": ACCENT, "strokeWidth": 2}},
        {
            "transform": [{"filter": ahead}],
            "mark": {"type": "line", "color": INK, "strokeWidth": 2, "strokeDash": [5, 4]},
        },
        {
            "transform": [{"filter": "datum.time == 'now'"}],
            "mark": {"type": "rule", "color": FAINT, "strokeDash": [2, 3]},
        },
        {
            "transform": [{"filter": "datum.ordered"}],
            "mark": {"type": "circle", "color": ACCENT, "size": 34, "opacity": 1, "stroke": LINE, "strokeWidth": 0.5},
        },
        {"mark": {"type": "circle", "opacity": 0, "size": 90}},
    ]
    for layer in layers:
        layer["encoding"] = {"x": x} if layer["mark"]["type"] == "rule" else {"x": x, "y": y}
    layers[-1]["encoding"] |= {"tooltip": {"field": "says", "type": "nominal"}}
    return chart_spec(rows, layers, height=200)


def _ticks(first: date, last: date) -> list[date]:
    """Firsts of months, some six of them at even distances."""
    months = (last.year - first.year) * 12 + last.month - first.month
    step = max(next((one for one in (1, 2, 3, 6, 12) if months / one <= TICKS), 24), 1)
    at, found = months_before(first.replace(day=1), -1), []
    while at <= last:
        if (at.month - 1) % min(step, 12) == 0:
            found.append(at)
        at = months_before(at, -1)
    return found


def _month_at(at: int, ticks: Sequence[date]) -> str:
    return next(month(one) for one in ticks if day_number(one) == at)


def _table(curve: AliveCurve) -> list[list[Cell]]:
    """The last months and those ahead, the newest first: the chance at the end of each."""
    by_month: dict[date, tuple[float, int, bool]] = {}
    for on, share, ordered in zip(curve.days, curve.chances.tolist(), curve.ordered.tolist(), strict=True):
        first = on.replace(day=1)
        _share, orders, _ahead = by_month.get(first, (math.nan, 0, False))
        by_month[first] = (share, orders + bool(ordered), on > curve.as_of)
    told = [
        cells([_name(one, ahead=ahead), chance(None if math.isnan(share) else share), "" if ahead else number(orders)])
        for one, (share, orders, ahead) in by_month.items()
    ]
    return told[::-1][:MONTHS_IN_TABLE]


def _name(one: date, *, ahead: bool) -> str:
    return _("%(month)s, if no order comes") % {"month": month(one)} if ahead else month(one)
