"""The charts of the portfolio: value and risk, who brings the sales, months, and customers by year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.base.formats import day, money, month, number, percent
from regulars.facts.models import Account
from regulars.insight.portfolio_figures import CustomerYear, Month, Portfolio
from regulars.insight.standings import ValueAndRisk
from regulars.web.account_chart import months_axis
from regulars.web.charts import (
    ACCENT,
    FAINT,
    INK,
    LINE,
    RISK,
    SOFT,
    Chart,
    Spec,
    across,
    cells,
    chart_spec,
    is_mirrored,
    money_axis,
    steps_between,
    ticks_between,
    upwards,
    written_axis,
)
from regulars.web.templatetags.regulars import called, chance

NAMED_ON_MAP = 9
ROWS_OF_MAP = 50
SHORT = 24
SHARES = [0.0, 0.25, 0.5, 0.75, 1.0]


# Value and risk


def value_risk_map(found: ValueAndRisk, named: Mapping[int, Account]) -> Chart | None:
    """Each customer by the chance that it has left and what it is worth a year; a click leads to its page."""
    shown = found.shown
    if not shown.accounts.size:
        return None
    currency = shown.currency
    points = [
        _point(account, lost, worth, at_risk, currency)
        for key, lost, worth, at_risk in zip(
            shown.accounts.tolist(),
            (1 - shown.probability_alive).tolist(),
            shown.worth.tolist(),
            np.nan_to_num(shown.value_at_risk).tolist(),
            strict=True,
        )
        if (account := named.get(key))
    ]
    if not points:
        return None
    _name_the_largest(points)
    riskiest = sorted(points, key=lambda point: -float(point["risk"]))[:ROWS_OF_MAP]
    return Chart(
        title=_map_title(found),
        caption=_(
            "Each point is a customer: the further along, the likelier it has left; the higher, the more it is worth "
            "a year if it stays; the larger, the more money is at risk. "
            "Click one to see why."
        ),
        notes=_of_the_others(found),
        spec=_map_spec(points, currency),
        headings=[_("Account"), _("At risk"), _("Worth a year, if it stays"), _("Chance that it has left")],
        rows=[
            cells(
                [
                    point["name"],
                    money(point["risk"], currency),
                    money(point["worth"], currency),
                    chance(point["lost"]),
                ],
                address=point["address"],
            )
            for point in riskiest
        ],
        tall=True,
    )


def _point(account: Account, lost: float, worth: float, at_risk: float, currency: str) -> Spec:
    name = called(account)
    words = {
        "account": name,
        "worth": money(worth, currency),
        "risk": money(at_risk, currency),
        "chance": chance(lost),
    }
    return {
        "name": name,
        "short": account.name if len(account.name) <= SHORT else account.name[: SHORT - 1] + "…",
        "address": reverse("account", args=[account.uid]),
        "lost": round(lost, 4),
        "worth": round(worth, 2),
        "risk": round(at_risk, 2),
        "says": _("%(account)s: worth %(worth)s a year, %(chance)s that it has left, %(risk)s at risk") % words,
    }


def _name_the_largest(points: Sequence[Spec]) -> None:
    """Write the names of the points with most at risk or most worth, where there is room for them."""
    span = np.log10(max(point["worth"] for point in points) / min(point["worth"] for point in points)) or 1.0
    taken: list[float] = []  # two names beside each other would meet on a phone
    by_risk = sorted(points, key=lambda point: -float(point["risk"]))
    by_worth = sorted(points, key=lambda point: -float(point["worth"]))
    for point in (one for pair in zip(by_risk, by_worth, strict=True) for one in pair):
        height = float(np.log10(point["worth"]) / span)
        if len(taken) == NAMED_ON_MAP:
            return
        if any(abs(height - other) < 0.055 for other in taken):
            continue
        taken.append(height)
        point["label"] = point["short"]


def _map_title(found: ValueAndRisk) -> str:
    """How few customers hold half of the money at risk."""
    if not found.hold_half_of_risk or found.at_risk < 1:
        return _("Whom to see first? No money is at risk")
    return ngettext(
        "Whom to see first? %(count)s customer holds half of the %(total)s at risk",
        "Whom to see first? %(count)s customers hold half of the %(total)s at risk",
        found.hold_half_of_risk,
    ) % {"count": number(found.hold_half_of_risk), "total": money(found.at_risk, found.shown.currency)}


def _of_the_others(found: ValueAndRisk) -> list[str]:
    notes = []
    currency = found.shown.currency
    if found.others:
        words = {
            "count": number(found.others),
            "worth": money(found.others_worth, currency),
            "risk": money(found.others_at_risk, currency),
        }
        notes.append(
            ngettext(
                "%(count)s smaller customer is not drawn: worth %(worth)s a year, %(risk)s at risk.",
                "%(count)s smaller customers are not drawn: together worth %(worth)s a year, %(risk)s at risk.",
                found.others,
            )
            % words
        )
    if found.unknown:
        notes.append(
            ngettext(
                "Of %(count)s customer nobody can say yet, because it ordered on one day only.",
                "Of %(count)s customers nobody can say yet, because they ordered on one day only.",
                found.unknown,
            )
            % {"count": number(found.unknown)}
        )
    return notes


def _map_spec(points: list[Spec], currency: str) -> Spec:
    worth = [point["worth"] for point in points]
    low, high = min(worth) * 0.8, max(worth) * 1.3
    ticks = steps_between(low, high)
    share_axis = written_axis(SHARES, lambda share: percent(share, digits=0), title=_("Chance that it has left"))
    x = across("lost", "quantitative", axis=share_axis, scale={"domain": [-0.03, 1.03], "nice": False})
    y = upwards(
        "worth",
        axis=written_axis(ticks, lambda tick: money(tick, currency), title=None),
        scale={"type": "log", "domain": [low, high], "nice": False},
    )
    return chart_spec(
        points,
        [
            {
                "mark": {"type": "circle", "opacity": 0.5, "strokeWidth": 1, "cursor": "pointer"},
                "encoding": {
                    "x": x,
                    "y": y,
                    "size": {
                        "field": "risk",
                        "type": "quantitative",
                        "scale": {"type": "sqrt", "range": [24, 900]},
                        "legend": None,
                    },
                    "color": {"condition": {"test": "datum.lost > 0.5", "value": RISK}, "value": ACCENT},
                    "href": {"field": "address", "type": "nominal"},
                    "tooltip": {"field": "says", "type": "nominal"},
                },
            },
            *_names_on_map(x, y),
        ],
        height=420,
    )


def _names_on_map(x: Spec, y: Spec) -> list[Spec]:
    """The names beside their points, towards the middle, each over a margin in the colour of the card."""
    layers: list[Spec] = []
    for test, at_start in (("datum.lost <= 0.6", True), ("datum.lost > 0.6", False)):
        to_the_right = at_start != is_mirrored()
        for margin in ({"stroke": "var(--card)", "strokeWidth": 3, "strokeJoin": "round"}, {}):
            mark = {"type": "text", "fontWeight": 600, "color": INK, "tooltip": None, **margin}
            mark |= {"align": "left", "dx": 12} if to_the_right else {"align": "right", "dx": -12}
            layers.append(
                {
                    "transform": [{"filter": f"isValid(datum.label) && {test}"}],
                    "mark": mark,
                    "encoding": {"x": x, "y": y, "text": {"field": "label", "type": "nominal"}},
                }
            )
    return layers


# Who brings the sales


def sales_curve_chart(whole: Portfolio) -> Chart | None:
    """The 80/20 curve."""
    curve = whole.curve
    if curve.accounts_for_80_percent is None or curve.top_fifth_share is None:
        return None
    share = curve.accounts_for_80_percent / curve.accounts
    rows = [
        {"accounts": 0.0, "sales": 0.0},
        *({"accounts": round(x, 4), "sales": round(y, 4)} for x, y in curve.points),
    ]
    for row in rows:
        words = {"accounts": percent(row["accounts"]), "sales": percent(row["sales"])}
        row["says"] = _("The largest %(accounts)s of customers bring %(sales)s of sales") % words  # type: ignore[assignment]
    axis = {"domain": [0, 1], "nice": False}
    x_axis = written_axis(SHARES, lambda one: percent(one, digits=0), title=_("Customers, largest first"))
    y_axis = written_axis(SHARES, lambda one: percent(one, digits=0), title=None)
    x, y = across("accounts", "quantitative", axis=x_axis, scale=axis), upwards("sales", axis=y_axis, scale=axis)
    says = {"field": "says", "type": "nominal"}
    return Chart(
        title=_("Who brings the sales? %(share)s of customers bring 80%%") % {"share": percent(share, digits=0)},
        caption=_(
            "Customers of the last 12 months, largest first, against the share of sales that they bring together. "
            "The straight line would be customers all alike; the point is the largest fifth."
        ),
        spec=chart_spec(
            rows,
            [
                {"mark": {"type": "area", "color": SOFT, "line": {"color": ACCENT}}, "encoding": {"x": x, "y": y}},
                {
                    "data": {"values": [{"accounts": 0, "sales": 0}, {"accounts": 1, "sales": 1}]},
                    "mark": {"type": "line", "color": FAINT, "strokeWidth": 1, "strokeDash": [4, 4]},
                    "encoding": {"x": x, "y": y},
                },
                {
                    "mark": {"type": "point", "opacity": 0, "size": 120},
                    "encoding": {"x": x, "y": y, "tooltip": says},
                },
                {
                    "data": {"values": [{"accounts": 0.2, "sales": round(curve.top_fifth_share, 4)}]},
                    "mark": {"type": "circle", "color": ACCENT, "size": 70, "opacity": 1},
                    "encoding": {"x": x, "y": y},
                },
            ],
            height=240,
        ),
        headings=[_("Customers, largest first"), _("Share of sales")],
        rows=_curve_rows(whole),
    )


def _curve_rows(whole: Portfolio) -> list[Any]:
    """Every tenth of the customers."""
    x = [0.0, *(point[0] for point in whole.curve.points)]
    y = [0.0, *(point[1] for point in whole.curve.points)]
    tenths = [place / 10 for place in range(1, 11)]
    return [
        cells([percent(tenth, digits=0), percent(float(np.interp(tenth, x, y)), digits=0)])
        for tenth in tenths
    ]  # fmt: skip


# Time


def months_chart(whole: Portfolio, *, most: int = 36) -> Chart | None:
    """Sales of the firm by month."""
    months = whole.months[-most:]
    if not months:
        return None
    rows = [_month_row(one, whole.currency) for one in months]
    ticks = ticks_between(min(0.0, *(one.sales for one in months)), max(1.0, *(one.sales for one in months)))
    amounts = money_axis(ticks, whole.currency)
    return Chart(
        title=_months_title(whole),
        caption=_("Net sales by month; a pale bar is a month that goes on."),
        spec=chart_spec(
            rows,
            [
                {
                    "mark": {"type": "bar", "width": {"band": 0.66}, "cornerRadiusEnd": 2},
                    "encoding": {
                        "x": across(
                            "month", "ordinal", sort=None, title=None, axis=months_axis([one.month for one in months])
                        ),
                        "y": upwards("sales", axis=amounts, scale={"domain": [ticks[0], ticks[-1]], "nice": False}),
                        "color": {"condition": {"test": "datum.sales < 0", "value": RISK}, "value": ACCENT},
                        "opacity": {"condition": {"test": "datum.going", "value": 0.4}, "value": 0.9},
                        "tooltip": {"field": "says", "type": "nominal"},
                    },
                }
            ],
            height=220,
        ),
        headings=[_("Month"), _("Net sales"), _("Customers"), _("Days with an order")],
        rows=[
            cells([month(one.month), money(one.sales, whole.currency), number(one.customers), number(one.orders)])
            for one in reversed(months)
        ],
    )


def _month_row(one: Month, currency: str) -> Spec:
    words = {"month": month(one.month), "sales": money(one.sales, currency)}
    return {
        "month": one.month.isoformat(),
        "sales": round(one.sales, 2),
        "going": not one.complete,
        "says": _("%(month)s: %(sales)s") % words,
    }


def _months_title(whole: Portfolio) -> str:
    before = whole.sales_previous_12m
    if before is None or before <= 0:
        best = max(whole.months, key=lambda one: one.sales)
        return _("When are sales made? Most in %(month)s") % {"month": month(best.month)}
    change = whole.sales_12m / before - 1
    if abs(change) < 0.005:
        return _("Are we growing? Sales are the same as the year before")
    words = {"share": percent(abs(change), digits=0)}
    if change > 0:
        return _("Are we growing? Sales are %(share)s more than the year before") % words
    return _("Are we growing? Sales are %(share)s less than the year before") % words


def customers_chart(whole: Portfolio) -> Chart | None:
    """Customers by year: kept, returned and new above the line, lost below it."""
    years = list(reversed(whole.customers))
    if not years:
        return None
    last = years[-1]
    kinds = {
        "kept": (_("Kept"), ACCENT),
        "returned": (_("Came back"), FAINT),
        "new": (_("New"), "var(--warn)"),
        "lost": (_("Lost"), RISK),
    }
    rows = [_year_row(year, kind, label) for year in years for kind, (label, _colour) in kinds.items()]
    ticks = ticks_between(-max(year.lost for year in years), max(year.active for year in years))
    names = {year.ending.isoformat(): day(year.ending) for year in years}
    colours = {
        "domain": [label for label, _colour in kinds.values()],
        "range": [colour for _l, colour in kinds.values()],
    }
    words = {"lost": number(last.lost), "before": number(last.kept + last.lost)}
    return Chart(
        title=_("Do we keep our customers? %(lost)s of the %(before)s of the year before were lost") % words,
        caption=_(
            "Customers with an order in the 12 months up to each date. Kept: ordered in the 12 months before, too. "
            "Came back: ordered earlier. Lost, below the line: ordered in the 12 months before, not in these."
        ),
        spec=chart_spec(
            rows,
            [
                {
                    "mark": {
                        "type": "bar",
                        "width": 56 if len(years) < 4 else {"band": 0.6},
                        "stroke": "var(--card)",
                        "strokeWidth": 1,
                    },
                    "encoding": {
                        "x": across(
                            "ending",
                            "ordinal",
                            sort=None,
                            title=None,
                            axis=written_axis(
                                list(names), names.__getitem__, labelAngle=0, labelOverlap="greedy", grid=False
                            ),
                        ),
                        "y": upwards(
                            "count",
                            axis=written_axis(ticks, lambda tick: number(abs(tick)), title=None),
                            scale={"domain": [ticks[0], ticks[-1]], "nice": False},
                            stack=True,
                        ),
                        "color": {"field": "label", "type": "nominal", "scale": colours},
                        "order": {"field": "place", "type": "ordinal"},
                        "tooltip": {"field": "says", "type": "nominal"},
                    },
                },
                {"mark": {"type": "rule", "color": LINE}, "encoding": {"y": {"datum": 0}}},
            ],
            height=240,
        ),
        headings=[_("Year up to"), _("Customers"), *(label for label, _colour in kinds.values())],
        rows=[
            cells([day(year.ending), *map(number, (year.active, year.kept, year.returned, year.new, year.lost))])
            for year in reversed(years)
        ],
    )


def _year_row(year: CustomerYear, kind: str, label: str) -> Spec:
    count = getattr(year, kind)
    return {
        "ending": year.ending.isoformat(),
        "label": label,
        "place": ["kept", "returned", "new", "lost"].index(kind),
        "count": -count if kind == "lost" else count,
        "says": _("%(day)s: %(kind)s %(count)s") % {"day": day(year.ending), "kind": label, "count": number(count)},
    }
