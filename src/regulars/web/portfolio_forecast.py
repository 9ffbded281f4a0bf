"""What the customers there are will buy. For the owner who plans the year: how much is to be expected without winning
anybody new, how sure that is, when it comes, and what the customers are worth.
"""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from regulars.base.access import Permission, require
from regulars.base.formats import money, month
from regulars.insight.forecast_sentences import told_base
from regulars.insight.forecasts import BaseForecast, MonthAhead, base_forecast
from regulars.insight.models import Snapshot
from regulars.insight.portfolio import snapshot_of
from regulars.insight.snapshots import current_snapshot
from regulars.web.account_chart import months_axis
from regulars.web.charts import ACCENT, Chart, Spec, across, cells, chart_spec, money_axis, ticks_between, upwards
from regulars.web.desk import desk_of


@require_safe
def portfolio_forecast(request: HttpRequest) -> HttpResponse:
    """What the accounts that the member sees will buy together, as of the day of a snapshot.

    The portfolio asks for it as soon as it is there, and for nothing around it; without a script it is a page of its
    own.
    """
    desk = desk_of(request)
    require(desk.member, Permission.READ)
    as_part = "HX-Request" in request.headers and "HX-Boosted" not in request.headers
    snapshot = _asked(request.GET.get("as_of", ""))
    found = base_forecast(member=desk.member, snapshot=snapshot) if snapshot else None
    context = {
        "desk": desk,
        "frame": "web/part.html" if as_part else "web/base.html",
        "forecast": found,
        "title": _title(found),
        "told": told_base(found) if found else [],
        "months": months_ahead_chart(found) if found and found.months else None,
    }
    response = render(request, "web/portfolio_forecast.html", context)
    patch_vary_headers(response, ("HX-Request",))
    return response


def _asked(text: str) -> Snapshot | None:
    """The snapshot of a day, the one in force if none is asked for or of that day nothing is kept."""
    try:
        kept = snapshot_of(date.fromisoformat(text)) if text else None
    except ValueError:
        kept = None
    return kept or current_snapshot()


def _title(found: BaseForecast | None) -> str:
    if found is None:
        return _("What will your customers buy?")
    sales = money(found.sales.expected, found.currency)
    return _("What will your customers buy? About %(sales)s within 12 months") % {"sales": sales}


def months_ahead_chart(found: BaseForecast) -> Chart:
    """The sales to expect month by month, as bars."""
    whole = [one for one in found.months if one.complete] or found.months
    best = max(whole, key=lambda one: one.sales)
    return Chart(
        title=_("When will they buy? Most in %(month)s") % {"month": month(best.month)},
        caption=_(
            "Sales to be expected of the customers you have, month by month, by the season of the years before. "
            "A pale bar is a part of a month. They become fewer as some customers leave; new ones are not counted in."
        ),
        spec=_spec(found.months, found.currency),
        headings=[_("Month"), _("Expected sales")],
        rows=[cells([_named(one), money(one.sales, found.currency)]) for one in found.months],
    )


def _named(one: MonthAhead) -> str:
    return month(one.month) if one.complete else _("%(month)s, a part of it") % {"month": month(one.month)}


def _spec(months: list[MonthAhead], currency: str) -> Spec:
    rows = [
        {
            "month": one.month.isoformat(),
            "sales": round(one.sales, 2),
            "part": not one.complete,
            "says": _("%(month)s: %(sales)s") % {"month": _named(one), "sales": money(one.sales, currency)},
        }
        for one in months
    ]
    ticks = ticks_between(0.0, max(max(one.sales for one in months), 1.0))
    bar: Spec = {
        "mark": {"type": "bar", "width": {"band": 0.6}, "cornerRadiusEnd": 2, "color": ACCENT},
        "encoding": {
            "x": across("month", "ordinal", sort=None, title=None, axis=months_axis([one.month for one in months])),
            "y": upwards(
                "sales", axis=money_axis(ticks, currency), scale={"domain": [ticks[0], ticks[-1]], "nice": False}
            ),
            "opacity": {"condition": {"test": "datum.part", "value": 0.4}, "value": 0.9},
            "tooltip": {"field": "says", "type": "nominal"},
        },
    }
    return chart_spec(rows, [bar], height=200)
