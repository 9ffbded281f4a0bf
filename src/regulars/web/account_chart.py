"""The chart of an account's page: its months against what was to be expected of them.

For the salesperson before a call: does this customer buy as it used to, and if not, since when.

A page shows it with `{% include "web/parts/chart.html" with chart=chart %}` and loads what draws it with
`{% block scripts %}{% include "web/parts/chart_head.html" %}{% endblock %}`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from regulars.base.formats import money, month, number, short_month
from regulars.core.expected_months import AgainstExpected, Change, Expectation
from regulars.insight.account_months import ExpectedMonths
from regulars.insight.portfolio_figures import Month
from regulars.web.charts import (
    ACCENT,
    FAINT,
    LINE,
    RISK,
    Cell,
    Chart,
    across,
    cells,
    chart_spec,
    money_axis,
    ticks_between,
    upwards,
    written_axis,
)

UNKNOWN = "?"


def account_chart(found: ExpectedMonths, *, currency: str) -> Chart | None:
    """The months of an account as bars before a band of what was expected; None when there is no month."""
    if not found.months:
        return None
    expected = {one.month: one for one in found.against.expectations} if found.against else {}
    return Chart(
        title=_title(found.months, found.against),
        caption=_caption(expected),
        spec=_spec([_row(one, expected.get(one.month), currency) for one in found.months], found.months, currency),
        headings=[_("Month"), _("Net sales"), _("Days with an order"), _("Expected"), _("Eight of ten months")],
        rows=[_told(one, expected.get(one.month), currency) for one in reversed(found.months)],
    )


def _title(months: Sequence[Month], against: AgainstExpected | None) -> str:
    """What the bars say, in words."""
    if against is not None and against.expectations:
        return _of_change(against.change)
    bought = [one for one in months if one.orders]
    if not bought:
        return _("Is it buying? No order in these months")
    best = max(bought, key=lambda one: one.sales)
    return _("When does it buy? Most in %(month)s") % {"month": month(best.month)}


def _of_change(change: Change | None) -> str:
    if change is None:
        return _("Is it buying as expected? Yes")
    since = {"month": month(change.since)}
    if change.less:
        return _("Is it buying as expected? Less since %(month)s") % since
    return _("Is it buying as expected? More since %(month)s") % since


def _caption(expected: dict[date, Expectation]) -> str:
    if not expected:
        return _("Net sales by month; a pale bar is a month that goes on.")
    return _(
        "Bars: net sales by month; a pale bar is a month that goes on. Band: what was to be expected when the month "
        "began, from its own orders until then, if it is still a customer; eight of ten months lie within. "
        "Line: the average to be expected. Season is not counted in."
    )


def _row(one: Month, expected: Expectation | None, currency: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "month": one.month.isoformat(),
        "sales": round(one.sales, 2),
        "going": not one.complete,
        "says": _says(one, expected, currency),
    }
    if expected is not None:
        row |= {"low": round(expected.low, 2), "high": round(expected.high, 2)}
        row |= {} if expected.mean is None else {"mean": round(expected.mean, 2)}
    return row


def _says(one: Month, expected: Expectation | None, currency: str) -> str:
    words = {"month": month(one.month), "sales": money(one.sales, currency)}
    if expected is None:
        return _("%(month)s: %(sales)s") % words
    words |= {"low": money(expected.low, currency), "high": money(expected.high, currency)}
    return _("%(month)s: %(sales)s; %(low)s to %(high)s was to be expected") % words


def _told(one: Month, expected: Expectation | None, currency: str) -> list[Cell]:
    """The month as a row of the table."""
    mean = UNKNOWN if expected is None or expected.mean is None else money(expected.mean, currency)
    band = UNKNOWN
    if expected is not None:
        ends = {"low": money(expected.low, currency), "high": money(expected.high, currency)}
        band = _("%(low)s to %(high)s") % ends
    return cells([month(one.month), money(one.sales, currency), number(one.orders), mean, band])


def _spec(rows: list[dict[str, Any]], months: Sequence[Month], currency: str) -> dict[str, Any]:
    top = max(max(row["sales"], row.get("high", 0.0)) for row in rows)
    ticks = ticks_between(min(0.0, *(row["sales"] for row in rows)), max(top, 1.0))
    x = across("month", "ordinal", sort=None, title=None, axis=months_axis([one.month for one in months]))
    scale = {"domain": [ticks[0], ticks[-1]], "nice": False}
    amounts = money_axis(ticks, currency)
    layers: list[dict[str, Any]] = [
        {
            "transform": [{"filter": "isValid(datum.high)"}],
            "mark": {"type": "bar", "width": {"band": 0.94}, "color": LINE, "tooltip": None},
            "encoding": {"y": upwards("low", axis=amounts, scale=scale), "y2": {"field": "high"}},
        },
        {
            "mark": {"type": "bar", "width": {"band": 0.5}, "cornerRadiusEnd": 2},
            "encoding": {
                "y": upwards("sales", axis=amounts, scale=scale),
                "color": {"condition": {"test": "datum.sales < 0", "value": RISK}, "value": ACCENT},
                "opacity": {"condition": {"test": "datum.going", "value": 0.4}, "value": 0.9},
            },
        },
        {
            "transform": [{"filter": "isValid(datum.mean)"}],
            "mark": {"type": "tick", "width": {"band": 0.94}, "thickness": 2, "color": FAINT},
            "encoding": {"y": upwards("mean", axis=amounts, scale=scale)},
        },
    ]
    for layer in layers:
        layer["encoding"] |= {"x": x, "tooltip": {"field": "says", "type": "nominal"}}
    return chart_spec(rows, layers, height=220)


def months_axis(months: Sequence[date]) -> dict[str, Any]:
    """An axis of months on which labels leave one another room."""
    names = {one.isoformat(): short_month(one) for one in months}
    return written_axis(
        list(names), names.__getitem__, labelAngle=0, labelOverlap="parity", labelSeparation=10, grid=False
    )
