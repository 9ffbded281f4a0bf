"""Sales after which a customer is worth asking how it went: larger than usual, or of a category that is new to it.

A day's order is notable where it is so many times the median of the account's order days of two years before it, or
where it holds a category that the account never bought before, for at least half of that median: one screw is no
experiment. Who has ordered on fewer than five days before has no usual order; the first weeks of new customers are
looked after elsewhere. Read once a version of the history and a day, and kept for an hour.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.core.cache import cache

from regulars.insight.histories import OpenHistory, basis_in_force, open_history

if TYPE_CHECKING:
    import ibis.expr.types as ir

LEAST_DAYS: Final = 5
"""Order days before the sale without which nothing is usual."""
LOOK_BACK: Final = timedelta(days=730)
NO_TRIFLE: Final = 0.5
"""What of a new category counts: at least this part of the usual order."""
KEPT_SECONDS: Final = 3600


@dataclass(frozen=True, kw_only=True)
class NotableSale:
    """The newest notable order day of an account. Money in units of the base currency."""

    on: date
    sales: float
    usual: float
    category: str
    """What it bought for the first time; empty: the sale was larger than usual."""


def notable_sales(*, since: date, until: date, times: float, as_of: date) -> dict[int, NotableSale]:
    """By account, its newest notable order day within the days given; merged accounts are one."""
    basis = basis_in_force()
    key = f"notable_sales:{basis.history_version}:{basis.fingerprint[:20]}:{since}:{until}:{times}:{as_of}"
    found: dict[int, NotableSale] | None = cache.get(key)
    if found is None:
        if basis.history_version < 0:
            return {}
        with open_history(basis, as_of=as_of) as history:
            found = _newest(_rows(history, since, until, times), history.minor_per_unit)
        cache.set(key, found, KEPT_SECONDS)
    return found


def _rows(history: OpenHistory, since: date, until: date, times: float) -> list[dict[str, Any]]:
    import ibis

    orders = history.days.filter(history.days.is_order, history.days.account.notnull())
    lately = orders.filter(orders.business_date.between(ibis.literal(since, "date"), ibis.literal(until, "date")))
    lately = lately.select("account", "business_date", "sale")
    before = orders.select(of="account", day="business_date", amount="sale")
    joined = lately.join(
        before,
        [
            lately.account == before.of,
            before.day < lately.business_date,
            before.day >= lately.business_date - ibis.interval(days=LOOK_BACK.days),
        ],
    )
    usual = joined.group_by("account", "business_date", "sale").aggregate(
        usual=joined.amount.median(), days_before=joined.day.count()
    )
    usual = usual.filter(usual.days_before >= LEAST_DAYS, usual.usual > 0)
    new = _new_categories(history, lately)
    told = usual.left_join(new, (usual.account == new.of) & (usual.business_date == new.first_day))
    # A category counts where what was bought of it is no trifle.
    category = (told.worth >= NO_TRIFLE * told.usual).ifelse(told.category, ibis.null("string"))
    told = told.select("account", "business_date", "sale", "usual", "worth", category=category)
    notable = told.filter((told.sale >= times * told.usual) | told.category.notnull())
    return history.rows(notable.order_by("account", "business_date", ibis.desc("worth"), "category"))


def _new_categories(history: OpenHistory, lately: ir.Table) -> ir.Table:
    """Each account of `lately` with the categories that it ever bought, the first day of each, and for how much then.

    Where nothing of an account has a category but what it bought lately, they were given lately: nothing is new then.
    """
    lines = history.lines.semi_join(lately, "account")
    bought = lines.filter(
        lines.kind == "sale",
        lines.net > 0,
        lines.business_date <= history.as_of,
        lines.category.notnull(),
        lines.category != "",
    )
    days = bought.group_by("account", "category", "business_date").aggregate(worth=bought.net.sum().cast("float64"))
    of_category = {"group_by": ["account", "category"]}
    days = days.mutate(
        first_day=days.business_date.min().over(**of_category),
        begins=days.business_date.min().over(group_by=["account"]),
    )
    first = days.filter(days.business_date == days.first_day, days.begins < days.first_day)
    return first.select("category", "first_day", "worth", of="account")


def _newest(rows: Iterable[dict[str, Any]], minor_per_unit: int) -> dict[int, NotableSale]:
    """Rows come by account and day, the category that is worth most first."""
    found: dict[int, NotableSale] = {}
    for row in rows:
        account, on = int(row["account"]), row["business_date"]
        if account in found and found[account].on == on and (found[account].category or not row["category"]):
            continue
        found[account] = NotableSale(
            on=on,
            sales=row["sale"] / minor_per_unit,
            usual=row["usual"] / minor_per_unit,
            category=row["category"] or "",
        )
    return found
