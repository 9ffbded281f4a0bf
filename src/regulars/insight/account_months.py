"""One account month by month (mission E17), against what was to be expected of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from regulars.base.organisation import organisation
from regulars.core.calendar import months_before
from regulars.core.expected_months import AgainstExpected, OrderDay, against_expected
from regulars.core.lifetime.sales_ahead import FittedModels
from regulars.core.money import exponent
from regulars.facts import orders
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
    return _months(_counted(orders.order_days_of_account(account), as_of), as_of)


def months_against_expected(found: Iterable[orders.OrderDay], *, as_of: date, most: int = 24) -> ExpectedMonths:
    """The last `most` months up to a date, none left out, each with what was expected when it began.

    `found` are all days of one account, newest first, as `order_days_of_account` gives them.
    The models are those of the snapshot in force; without one, or without a model, nothing is expected.
    """
    days = _counted(found, as_of)
    known = _months(days, as_of)
    if not known:
        return ExpectedMonths(months=[], against=None)
    months = _every_month(known, as_of)[-most:]
    models = _models()
    against = models and against_expected(days, months=[one.month for one in months], as_of=as_of, models=models)
    return ExpectedMonths(months=months, against=against or None)


def _counted(found: Iterable[orders.OrderDay], as_of: date) -> list[OrderDay]:
    """The days up to a date in units of the base currency, oldest first."""
    minor_per_unit = 10 ** exponent(organisation().base_currency)
    days = [
        OrderDay(
            on=one.business_date,
            is_order=one.is_order,
            sale=(one.net_base_minor - one.returned_base_minor) / minor_per_unit,
            net=one.net_base_minor / minor_per_unit,
        )
        for one in found
        if one.business_date <= as_of
    ]
    return days[::-1]


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
