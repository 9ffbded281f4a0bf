"""What each account brought month by month: won, kept or grown, as `core/sales_kinds.py` has it (mission A6, C3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from django.core.cache import cache

from regulars.core.calendar import months_before
from regulars.core.sales_kinds import SalesKinds, sales_by_kind
from regulars.insight.histories import OpenHistory, basis_in_force, open_history

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

KEPT_SECONDS = 3600
MONTHS = 12
NEW_DAYS = 365
"""For so long after its first order an account counts as new."""


@dataclass(frozen=True, eq=False, kw_only=True)
class AccountResults:
    """Twelve months of all accounts that bought within them or within the twelve before, in base minor units."""

    accounts: NDArray[np.int64]
    months: list[date]
    kinds: SalesKinds
    costed: float | None
    """Where margins are counted: the share of the sales whose cost is known."""


def account_results(begins: date, *, as_of: date, of_margin: bool = False) -> AccountResults:
    """The results from the first day of a month on, for twelve months, as far as `as_of`. Kept for an hour."""
    assert begins.day == 1, "a plan begins with a month"
    basis = basis_in_force()
    key = f"sales_results:{basis.history_version}:{basis.fingerprint[:20]}:{begins}:{as_of}:{of_margin}"
    found: AccountResults | None = cache.get(key)
    if found is None:
        with open_history(basis, as_of=as_of) as opened:
            found = _read(opened, begins, of_margin=of_margin)
        cache.set(key, found, KEPT_SECONDS)
    return found


def twelve_months(begins: date) -> list[date]:
    """The first days of twelve months."""
    return [months_before(begins, -ahead) for ahead in range(MONTHS)]


def _read(opened: OpenHistory, begins: date, *, of_margin: bool) -> AccountResults:
    days = opened.days.filter(opened.days.account.notnull())
    first = days.filter(days.is_order).group_by("account").aggregate(first_order=days.business_date.min())
    since, until = months_before(begins, MONTHS), months_before(begins, -MONTHS)
    # Of the year before no more than of this one: what was kept by a day is what had been bought by the same day.
    comparable = (days.business_date >= begins) | (days.business_date <= months_before(opened.as_of, MONTHS))
    within = days.filter((days.business_date >= since) & (days.business_date < until) & comparable)
    place = (within.business_date.year() - since.year) * MONTHS + within.business_date.month() - since.month
    amount = within.margin if of_margin else within.net
    summed = within.group_by("account", place=place).aggregate(
        amount=amount.sum().fill_null(0.0), sale=within.sale.sum(), costed=within.sale_costed.sum()
    )
    rows = opened.arrow(summed.left_join(first, "account").drop("account_right"))
    accounts, row = np.unique(rows["account"].to_numpy().astype(np.int64), return_inverse=True)
    amounts = np.zeros((accounts.size, 2 * MONTHS), np.int64)
    amounts[row, rows["place"].to_numpy().astype(np.intp)] = np.rint(_numbers(rows, "amount")).astype(np.int64)
    months = twelve_months(begins)
    sold = float(_numbers(rows, "sale").sum())
    return AccountResults(
        accounts=accounts,
        months=months,
        kinds=sales_by_kind(
            now=amounts[:, MONTHS:], before=amounts[:, :MONTHS], is_new=_new(rows, row, accounts.size, months)
        ),
        costed=(float(_numbers(rows, "costed").sum()) / sold if sold else 0.0) if of_margin else None,
    )


def _new(rows: pa.Table, row: NDArray[np.intp], accounts: int, months: list[date]) -> NDArray[np.bool_]:
    """Whether an account is new on the first day of each month; one that only sent back was never won."""
    first = np.full(accounts, np.datetime64(date.min, "D"))
    days = rows["first_order"].to_numpy().astype("datetime64[D]")
    known = ~np.isnat(days)
    first[row[known]] = days[known]
    starts = np.array([np.datetime64(month - timedelta(days=NEW_DAYS), "D") for month in months])
    return np.asarray(first[:, np.newaxis] > starts[np.newaxis, :])


def _numbers(rows: pa.Table, name: str) -> NDArray[np.float64]:
    numbers: NDArray[np.float64] = rows[name].to_numpy().astype(np.float64)
    return numbers
