"""The charts of dependence: the shares of the largest customers, and how prices rise round by round."""

from __future__ import annotations

from collections.abc import Mapping

from django.urls import reverse
from django.utils.translation import gettext as _

from regulars.base.formats import money, number, percent
from regulars.core.dependence import Level
from regulars.facts.models import Account
from regulars.insight.dependence import Dependence, WhatIf
from regulars.insight.dependence_sentences import LEVELS, shown_rounds
from regulars.web.charts import (
    ACCENT,
    INK,
    RISK,
    WARN,
    Chart,
    Spec,
    across,
    cells,
    chart_spec,
    is_mirrored,
    ticks_between,
    upwards,
    written_axis,
)

MOST_BARS = 10
MOST_NAME = 22
COLOURS = {Level.NONE: ACCENT, Level.WIDEN: WARN, Level.WIDEN_SOON: WARN}
"""Of the levels above, the colour of risk."""


def shares_chart(found: Dependence, names: Mapping[int, Account]) -> Chart:
    """The largest customers as bars, coloured by level."""
    shown = found.largest[:MOST_BARS]
    rows: list[Spec] = [
        {
            "place": place,
            "share": round(one.share, 5),
            "colour": COLOURS.get(one.level, RISK),
            "text": percent(one.share, digits=1),
        }
        for place, one in enumerate(shown)
    ]
    most = max(row["share"] for row in rows)
    labels = [_short(names[one.account].name) for one in shown]
    axis = written_axis(range(len(shown)), labels.__getitem__, title=None, grid=False, labelLimit=150)
    name = {
        "field": "place",
        "type": "ordinal",
        "axis": {**axis, "orient": "right" if is_mirrored() else "left"},
    }
    share = across("share", "quantitative", axis=None, scale={"domain": [0, most * 1.2]})
    return Chart(
        title=_("Who brings how much? The three largest bring %(share)s")
        % {"share": percent(found.largest_three, digits=0)},
        caption=_("Shares of the sales of the last 12 months, groups of firms counted as one."),
        spec=chart_spec(
            rows,
            [
                {
                    "mark": {"type": "bar", "height": {"band": 0.7}},
                    "encoding": {"y": name, "x": share, "color": {"field": "colour", "type": "nominal", "scale": None}},
                },
                {
                    "mark": {
                        "type": "text",
                        "align": "right" if is_mirrored() else "left",
                        "dx": -6 if is_mirrored() else 6,
                    },
                    "encoding": {"y": name, "x": share, "text": {"field": "text", "type": "nominal"}},
                },
            ],
            height=max(28 * len(rows), 60),
        ),
        headings=[_("Customer"), _("Level"), _("Sales, 12 months"), _("Share")],
        texts=2,
        rows=[
            cells(
                [
                    names[one.account].name,
                    str(LEVELS[one.level]),
                    money(one.sales, found.currency),
                    percent(one.share, digits=1),
                ],
                address=reverse("account", args=[names[one.account].uid]),
            )
            for one in shown
        ],
    )


def _short(name: str) -> str:
    return name if len(name) <= MOST_NAME else name[: MOST_NAME - 1] + "…"


def rounds_chart(found: WhatIf) -> Chart | None:
    """How far prices have risen after each round, with bounds; None where they need not."""
    rounds = found.departure.rounds
    if not rounds:
        return None
    rows: list[Spec] = [{"round": 0, "price": 0.0, "low": 0.0, "high": 0.0, "says": _("Today")}]
    for place in shown_rounds(found.departure):
        one = rounds[place - 1]
        words = {
            "round": number(place),
            "price": percent(one.price, digits=1),
            "low": percent(one.price_low, digits=1),
            "high": percent(one.price_high, digits=1),
        }
        rows.append(
            {
                "round": place,
                "price": round(one.price, 5),
                "low": round(one.price_low, 5),
                "high": round(one.price_high, 5),
                "says": _("After round %(round)s prices are %(price)s higher (%(low)s to %(high)s)") % words,
            }
        )
    last = rows[-1]
    ticks = ticks_between(0.0, max(last["high"], last["price"]))
    numbers = sorted({row["round"] for row in rows}) if len(rows) <= 10 else [0, len(rounds) // 2, len(rounds)]
    x = across(
        "round",
        "quantitative",
        axis=written_axis(numbers, number, title=_("Round"), grid=False, labelOverlap="greedy"),
        scale={"domain": [0, last["round"]], "nice": False},
    )
    axis = written_axis(ticks, lambda tick: percent(tick, digits=1), title=None)
    scale = {"domain": [0, ticks[-1]]}
    price = upwards("price", axis=axis, scale=scale)
    return Chart(
        title=_("How far must prices rise? By %(price)s") % {"price": percent(found.departure.price, digits=1)}
        if found.departure.settles
        else _("How far must prices rise? No rise is enough"),
        caption=_(
            "Prices against today after each round: the others pay what is missing, some leave because of it, and "
            "again something is missing. The shade holds nine of ten ways that it may come."
        ),
        spec=chart_spec(
            rows,
            [
                {
                    "mark": {"type": "area", "opacity": 0.16, "color": RISK},
                    "encoding": {"x": x, "y": upwards("low", axis=axis, scale=scale), "y2": {"field": "high"}},
                },
                {"mark": {"type": "line", "color": RISK, "strokeWidth": 2}, "encoding": {"x": x, "y": price}},
                {
                    "mark": {"type": "point", "filled": True, "color": INK, "size": 40},
                    "encoding": {"x": x, "y": price, "tooltip": {"field": "says", "type": "nominal"}},
                },
            ],
            height=240,
        ),
        headings=[_("Round"), _("Prices against today"), _("at least"), _("at most")],
        rows=[
            cells([number(row["round"]), *(percent(row[name], digits=1) for name in ("price", "low", "high"))])
            for row in rows
        ],
    )
