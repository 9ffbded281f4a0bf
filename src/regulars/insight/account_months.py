"""One account month by month (mission E17), against what was to be expected of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from regulars.base.organisation import organisation
from regulars.base.warehouse import shared_engine
from regulars.core.account_figures import account_days
from regulars.core.calendar import months_before
from regulars.core.expected_months import AgainstExpected, OrderDay, against_expected
from regulars.core.lifetime.sales_ahead import FittedModels
from regulars.core.money import exponent
from regulars.facts.accounts import account_family
from regulars.facts.history import HISTORY
from regulars.facts.models import Account
from regulars.insight.models import Snapshot
from regulars.insight.portfolio_figures import Month, month_of


@dataclass(frozen=True, kw_only=True)
class ExpectedMonths:
    """The months of an account, and what was expected of them; None: too little is known to expect anything."""

    months: list[Month]
    against: AgainstExpected | None


def months_of_account(account: Account, *, as_of: date) -> list[Month]:
    """Net sales and order days of each month with a line of the account, oldest first; merged accounts are counted in.

    Reads the account's own lines alone, which the history keeps together.
    """
    return _months(_days(account, as_of), as_of)


def months_against_expected(account: Account, *, as_of: date, most: int = 24) -> ExpectedMonths:
    """The last `most` months of the account up to a date, none left out, each with what was expected when it began.

    The models are those of the snapshot in force; without one, or without a model, nothing is expected.
    """
    days = _days(account, as_of)
    known = _months(days, as_of)
    if not known:
        return ExpectedMonths(months=[], against=None)
    months = _every_month(known, as_of)[-most:]
    models = _models()
    against = models and against_expected(days, months=[one.month for one in months], as_of=as_of, models=models)
    return ExpectedMonths(months=months, against=against or None)


def _days(account: Account, as_of: date) -> list[OrderDay]:
    """The days of the account, oldest first."""
    family = ", ".join(str(one) for one in account_family(account))
    minor_per_unit = 10 ** exponent(organisation().base_currency)
    with shared_engine() as engine:
        rows = engine.rows(
            f"WITH lines AS (SELECT {account.pk}::BIGINT AS account, business_date, kind, net_base_minor AS net, "
            f"cost_base_minor AS cost FROM {HISTORY.relation()} WHERE account_id IN ({family})) "
            f"SELECT business_date, is_order, sale, net FROM ({_sql_of_days()}) "
            "WHERE business_date <= ? ORDER BY business_date",
            [as_of],
        )
    return [
        OrderDay(on=on, is_order=is_order, sale=sale / minor_per_unit, net=net / minor_per_unit)
        for on, is_order, sale, net in rows
    ]


@cache
def _sql_of_days() -> str:
    """The days of a table `lines`, up to any date: written once, since Ibis takes its time."""
    import ibis

    columns = {"account": "int64", "business_date": "date", "kind": "string", "net": "int64", "cost": "int64"}
    lines = ibis.table(columns, name="lines")
    return str(ibis.to_sql(account_days(lines, as_of=date.max), dialect="duckdb"))


def _months(days: list[OrderDay], as_of: date) -> list[Month]:
    found: dict[date, dict[str, Any]] = {}
    for day in days:
        row = found.setdefault(day.on.replace(day=1), {"net": 0.0, "orders": 0})
        row["net"] += day.net
        row["orders"] += day.is_order
    return [
        month_of({"month": month, "customers": min(row["orders"], 1), **row}, as_of, 1) for month, row in found.items()
    ]


def _every_month(known: list[Month], as_of: date) -> list[Month]:
    """From the first month to that of the date; months without a line are empty."""
    by_month = {one.month: one for one in known}
    nothing = {"net": 0.0, "orders": 0, "customers": 0}
    month, every = known[0].month, []
    while month <= as_of:
        every.append(by_month.get(month) or month_of({"month": month, **nothing}, as_of, 1))
        month = months_before(month, -1)
    return every


def _models() -> FittedModels | None:
    fitted = Snapshot.objects.filter(current=True).values_list("lifetime_model", flat=True).first() or {}
    orders, values = fitted.get("orders"), fitted.get("values")
    return FittedModels.of(orders["params"], values["params"]) if orders and values else None
