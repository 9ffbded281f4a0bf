"""The portfolio. For the owner or sales head on Monday, to decide where to put the week: whom to protect, on whom the
firm depends, whether it grows, and what changed since a date. Who sees some accounts sees a portfolio of those.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from regulars.base.access import Permission, require
from regulars.base.formats import day
from regulars.insight.forecast_tracking import decay
from regulars.insight.models import Snapshot
from regulars.insight.portfolio import kept_dates, portfolio_at, snapshot_of
from regulars.insight.portfolio_figures import Portfolio
from regulars.insight.snapshots import current_snapshot
from regulars.insight.standings import Standings, accounts_named, standings, value_and_risk
from regulars.web.desk import Desk, desk_of
from regulars.web.portfolio_charts import customers_chart, months_chart, sales_curve_chart, value_risk_map
from regulars.web.portfolio_comparison import comparison
from regulars.web.portfolio_sentences import concentration_title, concentration_told, retention_told
from regulars.web.portfolio_tables import cohort_table, tables_of_parts

MAP_MOST = 400


@dataclass(frozen=True, kw_only=True)
class Dates:
    """The dates that the page is about, and those it could be about."""

    kept: list[date]
    as_of: date | None
    compare: date | None
    wrong: bool
    """A date was asked for of which nothing is kept."""


@require_safe
def portfolio(request: HttpRequest) -> HttpResponse:
    """The figures of the firm, or of the accounts that the member sees, as of a date, beside those of another."""
    desk = desk_of(request)
    require(desk.member, Permission.READ)
    dates = _dates(request)
    snapshot = snapshot_of(dates.as_of) if dates.as_of else None
    context: dict[str, Any] = {"desk": desk, "dates": dates, "days": [(one, day(one)) for one in dates.kept]}
    if snapshot is not None:
        context |= _figures(desk, snapshot) | _compared(desk, snapshot, dates.compare)
    return render(request, "web/portfolio.html", context)


def _dates(request: HttpRequest) -> Dates:
    kept = kept_dates()
    now = current_snapshot()
    asked = {name: request.GET.get(name, "") for name in ("as_of", "compare")}
    found = {name: _kept_date(text, kept) for name, text in asked.items()}
    as_of = found["as_of"] or (now.as_of if now else kept[0] if kept else None)
    return Dates(
        kept=kept,
        as_of=as_of,
        compare=found["compare"] if found["compare"] != as_of else None,
        wrong=any(text and not found[name] for name, text in asked.items()),
    )


def _kept_date(text: str, kept: list[date]) -> date | None:
    return next((one for one in kept if one.isoformat() == text), None)


def _figures(desk: Desk, snapshot: Snapshot) -> dict[str, Any]:
    whole = portfolio_at(snapshot, member=desk.member)
    everyone = standings(snapshot, member=desk.member)
    placed = value_and_risk(everyone, most=MAP_MOST)
    return {
        "snapshot": snapshot,
        "whole": whole,
        "growth": _growth(whole),
        "worse": decay(),
        "alive": _expected_customers(everyone),
        "concentration": {"title": concentration_title(whole), "told": concentration_told(whole)},
        "retention": retention_told(whole),
        "map": value_risk_map(placed, accounts_named(placed.shown.accounts)),
        "curve": sales_curve_chart(whole),
        "months": months_chart(whole),
        "customers": customers_chart(whole),
        "cohorts": cohort_table(whole),
        "parts": tables_of_parts(whole, everyone),
    }


def _compared(desk: Desk, snapshot: Snapshot, compare: date | None) -> dict[str, Any]:
    earlier = snapshot_of(compare) if compare else None
    if earlier is None:
        return {}
    return {"comparison": comparison(earlier, snapshot, member=desk.member)}


def _growth(whole: Portfolio) -> float | None:
    before = whole.sales_previous_12m
    return whole.sales_12m / before - 1 if before else None


def _expected_customers(everyone: Standings) -> float | None:
    """How many customers there still are, by the chance of each; None where no model says so."""
    import numpy as np

    known = everyone.probability_alive[np.isfinite(everyone.probability_alive)]
    return float(known.sum()) if known.size else None
