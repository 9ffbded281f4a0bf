"""From orders to one row an account: all that the models need to know of a history."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir

DAYS_IN = {
    "second": 1 / 86_400,
    "hour": 1 / 24,
    "day": 1.0,
    "week": 7.0,
    "month": 365.25 / 12,
    "year": 365.25,
}
"""How many days each unit of time has."""


def summarise(orders: Any, *, as_of: date, unit: str = "week") -> ir.Table:
    """Give one row an account from orders up to and including `as_of`, in no particular sequence.

    `orders` is an Ibis table, a pyarrow table or a pandas data frame of (account, date[, value]); several orders on
    a day are one order day. Leave returns out, or net them into their day. Orders without an account are left out.
    The columns are

    - account
    - frequency: repeat order days (all but the first)
    - recency: time from the first to the last order day, in `unit`
    - age: time from the first order day to `as_of`, in `unit`
    - mean_value: mean value of the *repeat* order days, NULL without any (only if `orders` has a value)
    - log_gap_sum: sum of the natural logarithms of the gaps between order days, in `unit` (0 without any)
    """
    import ibis  # half a second that only those who summarise pay

    if unit not in DAYS_IN:
        raise ValueError(f"unit must be one of {', '.join(DAYS_IN)}, not {unit!r}")
    table = orders if isinstance(orders, ibis.Table) else ibis.memtable(orders)
    gaps = _order_days(table, as_of=as_of)
    days_per_unit = DAYS_IN[unit]
    first, last = gaps.date.min(), gaps.date.max()
    figures = {
        "frequency": gaps.count() - 1,
        "recency": last.delta(first, unit="day") / days_per_unit,
        "age": ibis.literal(as_of, "date").delta(first, unit="day") / days_per_unit,
    }
    if "value" in table.columns:
        figures["mean_value"] = _mean_of_repeats(gaps)
    log_gaps = gaps.gap_days.cast("float64").ln() - math.log(days_per_unit)
    figures["log_gap_sum"] = log_gaps.sum().fill_null(0.0)
    return gaps.group_by("account").aggregate(**figures)


def _mean_of_repeats(days: ir.Table) -> ir.FloatingScalar:
    """Give the mean value of all days but the first, over those whose value is known.

    Not by way of the gaps: whoever drops `log_gap_sum` spares the engine the sorting that only it needs.
    """
    import ibis

    first_known = days.value.notnull().argmin(days["date"])
    known_sum = days.value.sum() - ibis.ifelse(first_known, days.value.argmin(days["date"]), 0.0)
    known_days = days.value.count() - first_known.cast("int64")
    return known_sum / known_days.nullif(0)


def _order_days(orders: ir.Table, *, as_of: date) -> ir.Table:
    """Give each account's order days with the days since the one before (NULL on the first)."""
    import ibis

    dated = orders.mutate(date=orders["date"].cast("date"))
    kept = dated.filter(dated["date"] <= ibis.literal(as_of, "date"), dated.account.notnull())
    sums = {"value": kept["value"].cast("float64").sum()} if "value" in orders.columns else {}
    days = kept.group_by("account", "date").aggregate(**sums)
    before = days["date"].lag().over(group_by="account", order_by="date")
    return days.mutate(gap_days=days["date"].delta(before, unit="day"))
