"""The living page of the design system: every component as the pages use it."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from regulars.insight.account_months import ExpectedMonths
from regulars.insight.portfolio_figures import Month
from regulars.insight.sentences import Effect, Sentence
from regulars.web.account_chart import account_chart
from regulars.web.desk import desk_of

SENTENCES = [
    Sentence("rhythm", "Orders every 19 days on average; silent for 62 days.", Effect.LOWERS),
    Sentence("buyer", "A regular: has ordered in several months.", Effect.RAISES),
    Sentence("share", "1.8% of all sales; place 9."),
    Sentence("margin", "Cost unknown: margin not shown.", Effect.UNKNOWN),
]
MONTHS = [
    Month(month=date(2025, at, 1), sales=sales, orders=2, customers=1, complete=at < 9)
    for at, sales in enumerate((1800.0, 2100.0, 900.0, 2600.0, 2400.0, 3100.0, 2800.0, -200.0, 700.0), start=1)
]
COLOURS = ("ink", "ink-2", "ink-3", "line", "page", "card", "accent", "accent-soft", "risk", "risk-soft", "warn")


@require_safe
def design(request: HttpRequest) -> HttpResponse:
    """All components on one page, to be looked at in every theme, language and width."""
    return render(
        request,
        "web/design.html",
        {
            "desk": desk_of(request),
            "sentences": SENTENCES,
            "colours": COLOURS,
            "chart": account_chart(ExpectedMonths(months=MONTHS, against=None), currency="GBP"),
        },
    )
