"""The figures that every cause keeps, and how figures are worded."""

from __future__ import annotations

from datetime import date

from regulars.base.formats import day, money, percent
from regulars.plan.causes.cause import Figures, Ground
from regulars.plan.standing import Standing


def figures_of(standing: Standing, ground: Ground) -> Figures:
    known = {
        "as_of": ground.as_of.isoformat(),
        "currency": ground.currency,
        "last_order": standing.last_order.isoformat() if standing.has_ordered else "",
        "sales_12m": standing.sales_12m,
    }
    return known if standing.has_ordered else known | {"usual_worth": standing.expected_value_365}


def iso_day(iso: str) -> str:
    return day(date.fromisoformat(iso))


def money_of(figures: Figures, name: str) -> str:
    return money(figures[name], figures["currency"])


def now_and_before(figures: Figures) -> dict[str, str]:
    return {
        "now": money_of(figures, "sales_12m"),
        "before": money_of(figures, "sales_previous_12m"),
        "change": percent(figures["trend"], digits=0, signed=True),
    }
