"""The whole firm as of a date: who brings its sales, who stays, where they come from. Kept with each snapshot."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from regulars.core.account_figures import latest_start
from regulars.core.calendar import months_before
from regulars.core.portfolio import (
    Concentration,
    Retention,
    SalesCurve,
    cohorts,
    concentration,
    customer_years,
    monthly,
    retention,
    sales_by,
    sales_curve,
)
from regulars.insight.histories import OpenHistory

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

MOST_PARTS = 50
MOST_COHORTS = 20
MOST_MONTHS = 120
MOST_YEARS = 10


@dataclass(frozen=True)
class Part:
    """A department, seller or category; name None: not known."""

    name: str | None
    sales_12m: float
    sales_previous_12m: float
    customers: int | None
    put_together: int = 1  # more than 1: the sum of so many smaller ones, whose customers are not counted


@dataclass(frozen=True)
class CustomerYear:
    """Customers of the 12 months that end on a date."""

    ending: date
    active: int
    new: int
    kept: int
    returned: int
    lost: int  # bought in the 12 months before, not in these


@dataclass(frozen=True)
class CohortPeriod:
    """A quarter in the life of a cohort."""

    active_share: float
    sales_share: float | None  # of the sales of the cohort's first quarter
    complete: bool  # False: the quarter goes on after the date of the snapshot


@dataclass(frozen=True)
class Cohort:
    """Accounts that first ordered in the quarter that starts on `start`; period 0 is that quarter."""

    start: date
    accounts: int
    sales: float
    periods: list[CohortPeriod]
    beginning_unknown: bool  # the history starts in this quarter: older customers are among them


@dataclass(frozen=True)
class Month:
    """Net sales, order days and customers of a month."""

    month: date
    sales: float
    orders: int
    customers: int
    complete: bool


@dataclass(frozen=True)
class Portfolio:
    """Money in units of the currency. None is unknown."""

    as_of: date
    currency: str
    history_from: date | None
    two_years_known: bool  # the history covers the last 24 months
    accounts: int  # with an order ever
    accounts_12m: int  # with an order in the last 12 months
    sales_12m: float
    sales_previous_12m: float | None
    sales_without_customer_12m: float
    margin_12m: float | None
    cost_known: float | None
    expected_sales_365: float | None
    value_at_risk: float | None
    buyers: dict[str, int]  # regular, chance, new, none: how many accounts
    buyers_of_class_a: dict[str, int]
    curve: SalesCurve
    concentration: Concentration
    retention: Retention
    departments: list[Part]
    sellers: list[Part]
    categories: list[Part]
    customers: list[CustomerYear]
    cohorts: list[Cohort]
    months: list[Month]

    def as_json(self) -> dict[str, Any]:
        """As a JSON object holds it, but for dates, which the encoder writes."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Portfolio:
        """The inverse of `as_json`, dates being ISO texts."""
        nested: dict[str, Any] = {
            "as_of": _date(kept["as_of"]),
            "history_from": kept["history_from"] and _date(kept["history_from"]),
            "curve": SalesCurve(**kept["curve"] | {"points": [(x, y) for x, y in kept["curve"]["points"]]}),
            "concentration": Concentration(**kept["concentration"]),
            "retention": Retention(**kept["retention"]),
            "departments": [Part(**part) for part in kept["departments"]],
            "sellers": [Part(**part) for part in kept["sellers"]],
            "categories": [Part(**part) for part in kept["categories"]],
            "customers": [CustomerYear(**year | {"ending": _date(year["ending"])}) for year in kept["customers"]],
            "cohorts": [_cohort(cohort) for cohort in kept["cohorts"]],
            "months": [Month(**month | {"month": _date(month["month"])}) for month in kept["months"]],
        }
        return cls(**{field.name: nested.get(field.name, kept[field.name]) for field in fields(cls)})


def _date(text: str | date) -> date:
    return date.fromisoformat(text) if isinstance(text, str) else text


def _cohort(kept: Mapping[str, Any]) -> Cohort:
    periods = [CohortPeriod(**period) for period in kept["periods"]]
    return Cohort(**dict(kept) | {"start": _date(kept["start"]), "periods": periods})


# Making it


def portfolio_of(history: OpenHistory, scores: pa.Table) -> Portfolio:
    """The portfolio of an open history and the scores of its accounts."""
    as_of, rules, scale = history.as_of, history.basis.rules, history.minor_per_unit
    first = history.days.business_date.min().name("first")
    history_from = history.rows(first.as_table())[0]["first"]
    two_years = history_from is not None and history_from <= latest_start(as_of, months=24, rules=rules)
    months = history.rows(monthly(history.days))
    firm = _firm_sales(history)
    column = {name: _column(scores, name) for name in scores.column_names if name not in NOT_NUMBERS}
    heads = ~np.isin(column["account_id"], list(history.basis.roots))
    return Portfolio(
        as_of=as_of,
        currency=history.basis.currency,
        history_from=history_from,
        two_years_known=two_years,
        accounts=int((column["order_days"] > 0).sum()),
        accounts_12m=int((column["orders_12m"] > 0).sum()),
        sales_12m=firm["sales_12m"] / scale,
        sales_previous_12m=firm["sales_previous_12m"] / scale if two_years else None,
        sales_without_customer_12m=firm["without_customer"] / scale,
        margin_12m=_sum(column["margin_12m"]),
        cost_known=firm["costed"] / firm["sale"] if firm["sale"] else None,
        expected_sales_365=_sum(column["expected_value_365"]),
        value_at_risk=_sum(column["value_at_risk"]),
        buyers=_counts(scores, None),
        buyers_of_class_a=_counts(scores, "A"),
        curve=sales_curve(column["sales_12m"]),
        concentration=concentration(np.nan_to_num(column["share_of_firm"][heads])),
        retention=retention(
            column["sales_12m"],
            column["sales_previous_12m"],
            column["orders_12m"],
            column["order_days"],
            two_years_known=two_years,
        ),
        departments=_parts(history, "department"),
        sellers=_parts(history, "seller"),
        categories=_parts(history, "category"),
        customers=_customer_years(history, history_from),
        cohorts=_cohorts(history, history_from),
        months=[month_of(month, as_of, scale) for month in months[-MOST_MONTHS:]],
    )


def portfolio_of_accounts(history: OpenHistory, scores: pa.Table, accounts: Sequence[int]) -> Portfolio:
    """The portfolio of some accounts as if they were the firm: shares are of what they bought together."""
    import pyarrow as pa
    import pyarrow.compute as pc

    theirs = scores.filter(pc.is_in(scores["account_id"], value_set=pa.array(accounts, pa.int64())))
    together = pc.sum(theirs["sales_12m"]).as_py() or 0.0
    shares = pc.divide(theirs["sales_12m"], pa.scalar(together if together > 0 else None, pa.float64()))
    place = theirs.column_names.index("share_of_firm")
    return portfolio_of(history.of_accounts(accounts), theirs.set_column(place, "share_of_firm", shares))


NOT_NUMBERS = frozenset({"first_order", "last_order", "pareto", "buyer"})


def _firm_sales(history: OpenHistory) -> dict[str, float]:
    days = history.days
    year, two_years = months_before(history.as_of, 12), months_before(history.as_of, 24)
    recent = days.business_date > year
    sums = days.aggregate(
        sales_12m=days.net.sum(where=recent),
        sales_previous_12m=days.net.sum(where=(days.business_date > two_years) & ~recent),
        without_customer=days.net.sum(where=recent & days.account.isnull()),
        sale=days.sale.sum(where=recent),
        costed=days.sale_costed.sum(where=recent),
    )
    return {name: value or 0.0 for name, value in history.rows(sums)[0].items()}


def _column(scores: pa.Table, name: str) -> Vector:
    values: Vector = scores[name].to_numpy().astype("float64")
    return values


def _sum(values: Vector) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.sum()) if known.size else None


def _counts(scores: pa.Table, pareto: str | None) -> dict[str, int]:
    import pyarrow.compute as pc

    kept = scores if pareto is None else scores.filter(pc.equal(scores["pareto"], pareto))
    counted = {entry["values"]: entry["counts"] for entry in pc.value_counts(kept["buyer"]).to_pylist()}
    return {buyer: counted.get(buyer, 0) for buyer in ("regular", "chance", "new", "none")}


def _parts(history: OpenHistory, name: str) -> list[Part]:
    scale = history.minor_per_unit
    parts = [
        Part(row["part"], row["sales_12m"] / scale, row["sales_previous_12m"] / scale, row["customers"])
        for row in history.rows(sales_by(history.lines, name, as_of=history.as_of))
    ]
    if len(parts) <= MOST_PARTS:
        return parts
    shown, rest = parts[: MOST_PARTS - 1], parts[MOST_PARTS - 1 :]
    together = Part(
        None,
        sum(part.sales_12m for part in rest),
        sum(part.sales_previous_12m for part in rest),
        None,
        put_together=len(rest),
    )
    return [*shown, together]


def _customer_years(history: OpenHistory, history_from: date | None) -> list[CustomerYear]:
    """The years whose year before is known, too; else nobody could be told new or lost."""
    as_of, rules = history.as_of, history.basis.rules
    covered = 0
    while (
        covered <= MOST_YEARS
        and history_from is not None
        and history_from <= latest_start(as_of, months=12 * (covered + 1), rules=rules)
    ):
        covered += 1
    if covered < 2:
        return []
    found = {row["years_ago"]: row for row in history.rows(customer_years(history.days, as_of=as_of, years=covered))}
    nobody = {"active": 0, "new": 0, "kept": 0, "returned": 0}
    years = [found.get(ago, nobody) for ago in range(covered)]
    return [
        CustomerYear(
            ending=months_before(as_of, 12 * ago),
            active=now["active"],
            new=now["new"],
            kept=now["kept"],
            returned=now["returned"],
            lost=before["active"] - now["kept"],
        )
        for ago, (now, before) in enumerate(itertools.pairwise(years))
    ]


def _cohorts(history: OpenHistory, history_from: date | None) -> list[Cohort]:
    by_start: dict[date, dict[int, dict[str, Any]]] = {}
    for row in history.rows(cohorts(history.days)):
        by_start.setdefault(row["cohort"], {})[row["period"]] = row
    return [_one_cohort(history, start, by_start[start], history_from) for start in sorted(by_start)[-MOST_COHORTS:]]


def _one_cohort(
    history: OpenHistory, start: date, rows: Mapping[int, Mapping[str, Any]], history_from: date | None
) -> Cohort:
    as_of, scale = history.as_of, history.minor_per_unit
    accounts, sales = rows[0]["active"], rows[0]["net"]
    last = ((as_of.year - start.year) * 12 + as_of.month - start.month) // 3
    nothing = {"active": 0, "net": 0.0}
    periods = [
        CohortPeriod(
            active_share=rows.get(period, nothing)["active"] / accounts,
            sales_share=rows.get(period, nothing)["net"] / sales if sales > 0 else None,
            complete=months_before(start, -3 * (period + 1)).toordinal() - 1 <= as_of.toordinal(),
        )
        for period in range(last + 1)
    ]
    beginning_unknown = history_from is not None and start <= history_from
    return Cohort(start, accounts, sales / scale, periods, beginning_unknown)


def month_of(row: Mapping[str, Any], as_of: date, scale: int) -> Month:
    complete = months_before(row["month"], -1).toordinal() - 1 <= as_of.toordinal()
    return Month(row["month"], row["net"] / scale, row["orders"], row["customers"], complete)
