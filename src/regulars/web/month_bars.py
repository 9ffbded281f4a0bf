"""Charts drawn by the server as SVG: no script, no style attribute, readable as a table by who cannot see them."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from regulars.base.formats import money, month
from regulars.insight.portfolio_figures import Month

WIDTH, HEIGHT, GROUND = 640, 200, 172
"""Size of the picture, and how far down the axis lies."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One month: where its bar stands, and what it says."""

    x: float
    y: float
    width: float
    height: float
    middle: float
    label: str
    title: str
    sales: str
    orders: int
    complete: bool
    below: bool
    """More came back than was sold."""


@dataclass(frozen=True, kw_only=True)
class BarChart:
    """Sales by month. The title is the answer."""

    title: str
    bars: list[Bar]
    axis: float
    width: int = WIDTH
    height: int = HEIGHT


def bars_of_months(months: list[Month], *, currency: str) -> BarChart | None:
    """The months as bars; None when there is none. Months without an order are gaps of nothing, not left out."""
    if not months:
        return None
    every = _every_month(months)
    top = max(max(one.sales for one in every), 0.0)
    bottom = min(min(one.sales for one in every), 0.0)
    scale = (GROUND - 16) / ((top - bottom) or 1.0)
    axis = 16 + top * scale
    step = WIDTH / len(every)
    return BarChart(
        title=_title(every),
        axis=round(axis, 1),
        bars=[
            _bar(one, place * step, step, axis, scale, currency, labelled=place % _spacing(len(every)) == 0)
            for place, one in enumerate(every)
        ],
    )


def _every_month(months: list[Month]) -> list[Month]:
    known = {(one.month.year, one.month.month): one for one in months}
    at, last = months[0].month.replace(day=1), months[-1].month
    every = []
    while at <= last:
        every.append(known.get((at.year, at.month)) or Month(month=at, sales=0.0, orders=0, customers=0, complete=True))
        at = at.replace(year=at.year + at.month // 12, month=at.month % 12 + 1)
    return every


def _spacing(count: int) -> int:
    """Every how many months one is named, so that names do not touch."""
    return max(1, -(-count // 6))


def _bar(one: Month, left: float, step: float, axis: float, scale: float, currency: str, *, labelled: bool) -> Bar:
    height = abs(one.sales) * scale
    return Bar(
        x=round(left + step * 0.18, 1),
        y=round(axis - height if one.sales >= 0 else axis, 1),
        width=round(step * 0.64, 1),
        height=round(height, 1),
        middle=round(left + step / 2, 1),
        label=f"{one.month:%m/%y}" if labelled else "",
        title=month(one.month),
        sales=money(one.sales, currency),
        orders=one.orders,
        complete=one.complete,
        below=one.sales < 0,
    )


def _title(every: list[Month]) -> str:
    """What the bars say, in words."""
    bought = [one for one in every if one.orders]
    if not bought:
        return _("Is it buying? No order in these months")
    best = max(bought, key=lambda one: one.sales)
    return _("When does it buy? Most in %(month)s") % {"month": month(best.month)}
