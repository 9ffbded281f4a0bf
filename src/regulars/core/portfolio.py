"""Figures of the whole firm: concentration, retention, cohorts, months. In words: docs/methods/portfolio.md.

What reads history is an Ibis expression on the days of `account_figures.account_days`, or on order lines; what needs
one number an account takes arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from regulars.core.account_figures import SALES_KINDS
from regulars.core.calendar import months_before

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]


# Who brings the sales


@dataclass(frozen=True)
class SalesCurve:
    """The 80/20 curve. A point: the biggest buyers that are this share of all accounts bring this share of sales."""

    points: list[tuple[float, float]]
    accounts: int  # accounts that bought
    top_fifth_share: float | None  # share of sales of the biggest 20 % of accounts
    accounts_for_80_percent: int | None  # fewest accounts that bring 80 % of sales


def sales_curve(sales: Vector, *, most_points: int = 200) -> SalesCurve:
    """The curve of one number an account, those that bought more than nothing. The biggest 20 % are rounded up."""
    biggest_first = np.sort(sales[sales > 0])[::-1]
    count = biggest_first.size
    if count == 0:
        return SalesCurve([], 0, None, None)
    shares = np.cumsum(biggest_first) / biggest_first.sum()
    at = np.unique(np.linspace(1, count, min(count, most_points)).round().astype(int))
    return SalesCurve(
        points=[(float(number / count), float(shares[number - 1])) for number in at],
        accounts=count,
        top_fifth_share=float(shares[-(-count // 5) - 1]),
        accounts_for_80_percent=int(np.searchsorted(shares, 0.8 - 1e-12) + 1),
    )


@dataclass(frozen=True)
class Concentration:
    """How much the firm depends on few customers (mission E14)."""

    largest_share: float | None
    top_five_share: float | None
    herfindahl: float | None  # sum of the squared shares: 1/n for n equal customers, 1 for a sole customer
    top_ten_share: float | None = None  # unknown in snapshots that were taken before these two were counted
    top_twenty_share: float | None = None


def concentration(shares: Vector) -> Concentration:
    """Of each customer's share of the firm's sales, subsidiaries counted with their head. Below 0 counts as 0."""
    if shares.size == 0 or not (shares > 0).any():
        return Concentration(None, None, None)
    biggest_first = np.sort(np.clip(shares, 0.0, None))[::-1]
    largest, five, ten, twenty = (float(biggest_first[:count].sum()) for count in (1, 5, 10, 20))
    return Concentration(largest, five, float(biggest_first @ biggest_first), ten, twenty)


# Who stays


@dataclass(frozen=True)
class Retention:
    """Repeat revenue (mission D2). None: the history is too short to say."""

    repeat_rate: (
        float | None
    )  # of accounts that ordered in the last 12 months, those with two order days in them or more
    repeat_rate_ever: float | None  # of all accounts that ever ordered, those with two order days or more
    net: float | None
    gross: float | None


def retention(
    sales_12m: Vector, sales_previous_12m: Vector, orders_12m: Vector, order_days: Vector, *, two_years_known: bool
) -> Retention:
    """Repeat rates, and revenue retention: sales now, for each unit of sales the 12 months before, of who bought then.

    Gross retention counts an account for no more than it bought before, so growth of some cannot hide loss of others.
    """
    before = sales_previous_12m > 0
    base = float(sales_previous_12m[before].sum())
    known = two_years_known and base > 0
    kept = np.clip(sales_12m[before], 0.0, sales_previous_12m[before])
    return Retention(
        repeat_rate=_share(orders_12m >= 2, orders_12m >= 1),
        repeat_rate_ever=_share(order_days >= 2, order_days >= 1),
        net=float(sales_12m[before].sum()) / base if known else None,
        gross=float(kept.sum()) / base if known else None,
    )


def _share(part: NDArray[np.bool_], whole: NDArray[np.bool_]) -> float | None:
    return float(part.sum() / whole.sum()) if whole.any() else None


def customer_years(days: ir.Table, *, as_of: date, years: int) -> ir.Table:
    """Customers in each of the last `years` times 12 months.

    Columns: years_ago (0: the 12 months up to `as_of`), active (accounts with an order), new (none before), kept
    (ordered in the 12 months before, too), returned (ordered earlier, but not in the 12 months before).
    """
    import ibis

    starts = [months_before(as_of, 12 * year) for year in range(1, years + 2)]
    ordered = days.filter(days.is_order, days.account.notnull())
    year = ibis.cases(*[(ordered.business_date > start, ago) for ago, start in enumerate(starts)], else_=years + 1)
    active = ordered.select(account="account", year=year.cast("int64")).distinct()
    earlier = active.year.lead().over(ibis.window(group_by=active.account, order_by=active.year))
    known = active.mutate(earlier=earlier).filter(lambda row: row.year < years)
    return (
        known.group_by(years_ago="year")
        .aggregate(
            active=known.count(),
            new=known.count(where=known.earlier.isnull()),
            kept=known.count(where=known.earlier == known.year + 1),
            returned=known.count(where=known.earlier > known.year + 1),
        )
        .order_by("years_ago")
    )


def cohorts(days: ir.Table, *, unit: str = "Q") -> ir.Table:
    """Accounts by the quarter (unit "Q") or month ("M") of their first order, followed through the ones after it.

    Columns: cohort (first day of the quarter), period (0: the one of the first order), active (accounts with an order),
    net (their sales less returns, money as given). Shares of the cohort are of `active` and `net` of period 0.
    """
    import ibis

    months = {"M": 1, "Q": 3}[unit]
    known = days.filter(days.account.notnull())
    started = (
        known.filter(known.is_order).group_by(starter="account").aggregate(first=lambda row: row.business_date.min())
    )
    since = known.join(started, known.account == started.starter)
    since = since.mutate(cohort=_start(since["first"], unit), at=_start(since.business_date, unit))
    since = since.mutate(
        period=((since["at"].year() - since.cohort.year()) * 12 + since["at"].month() - since.cohort.month()) // months
    )
    since = since.filter(since.period >= 0)  # a return may come before the first order that is known
    by_account = since.group_by("cohort", "period", "account").aggregate(
        net=since.net.sum(), ordered=since.is_order.any()
    )
    return (
        by_account.group_by("cohort", "period")
        .aggregate(active=by_account.count(where=by_account.ordered), net=by_account.net.sum())
        .order_by(ibis.asc("cohort"), ibis.asc("period"))
    )


def _start(day: ir.DateValue, unit: str) -> ir.DateValue:
    """The first day of the month or quarter. (DuckDB's own truncation makes timestamps of dates.)"""
    import ibis

    month = day.month() if unit == "M" else day.quarter() * 3 - 2
    return ibis.date(day.year(), month, 1)


# Months and parts of the firm


def monthly(days: ir.Table, *by: str) -> ir.Table:
    """Net sales (money as given), order days and customers with an order, by month (and account, if `by` says so)."""
    dated = days.mutate(month=_start(days.business_date, "M"))
    ordered = dated.is_order & dated.account.notnull()
    return (
        dated.group_by(*by, "month")
        .aggregate(
            net=dated.net.sum(),
            orders=dated.count(where=ordered),
            customers=dated.account.nunique(where=ordered),
        )
        .order_by(*by, "month")
    )


def sales_by(lines: ir.Table, part: str, *, as_of: date) -> ir.Table:
    """Net sales of the last 12 months and the 12 before (money as given) by a column of the lines, largest first.

    Columns: part (NULL: not known), sales_12m, sales_previous_12m, customers (accounts with lines in the last
    12 months).
    """
    import ibis

    year, two_years = months_before(as_of, 12), months_before(as_of, 24)
    counted = lines.filter(lines.business_date <= as_of, lines.business_date > two_years, lines.kind.isin(SALES_KINDS))
    recent = counted.business_date > year
    net: Any = counted.net.cast("float64")
    return (
        counted.group_by(part=counted[part].nullif(""))
        .aggregate(
            sales_12m=net.sum(where=recent).fill_null(0.0),
            sales_previous_12m=net.sum(where=~recent).fill_null(0.0),
            customers=counted.account.nunique(where=recent),
        )
        .order_by(ibis.desc("sales_12m"), ibis.asc("part"))
    )
