"""What is to be expected of an account, for who decides how much effort it deserves: orders, sales, stay, worth."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from regulars.base.formats import money, number
from regulars.insight.forecast_sentences import told_account, told_bounds_of_orders, told_bounds_of_sales, told_time
from regulars.insight.forecasts import Ahead, forecast_of
from regulars.web.account.record import heading, opened
from regulars.web.alive_chart import alive_chart

UNKNOWN = "?"


@dataclass(frozen=True, kw_only=True)
class ShownAhead:
    """What is expected within some time, as it is read; bounds are empty where they are not known."""

    within: str
    orders: str
    orders_bounds: str
    sales: str
    sales_bounds: str


@require_safe
def forecast(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """What is expected of the account, with bounds, and the chance that it stays.

    The first page asks for it as soon as it is there, and for nothing around it; without a script it is a page of its
    own.
    """
    desk, account = opened(request, uid)
    as_part = "HX-Request" in request.headers and "HX-Boosted" not in request.headers
    context = {"desk": desk, "account": account} if as_part else heading(desk, account, tab="account")
    found = forecast_of(account, member=desk.member)
    context |= {
        "frame": "web/account/part.html" if as_part else "web/account/base.html",
        "forecast": found,
        "told": told_account(found) if found else [],
        "rows": [_row(ahead, found.currency) for ahead in found.ahead] if found else [],
        "alive": alive_chart(found.curve) if found and found.curve else None,
    }
    response = render(request, "web/account/forecast.html", context)
    patch_vary_headers(response, ("HX-Request",))
    return response


def _row(ahead: Ahead, currency: str) -> ShownAhead:
    return ShownAhead(
        within=told_time(ahead.days),
        orders=number(ahead.orders, digits=1),
        orders_bounds=told_bounds_of_orders(ahead),
        sales=UNKNOWN if ahead.sales is None else money(ahead.sales, currency),
        sales_bounds=told_bounds_of_sales(ahead, currency),
    )
