"""Who bought what, first and last when, and in which rhythm: one row an account and item, from order lines.

`purchases` is an Ibis expression and runs in whatever engine its lines belong to; `Purchases` holds its rows as arrays.
An item is a product or a category. What was bought is a sale of more than nothing; what came back later was bought.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    Vector = NDArray[np.float64]
    Places = NDArray[np.int64]
    Days = NDArray[np.int64]

YEAR_DAYS = 365
EPOCH = np.datetime64("1970-01-01", "D")


def purchases(lines: ir.Table, *, as_of: date, by: str = "product") -> ir.Table:
    """Give one row an account and item that it bought up to and including `as_of`.

    `lines`: account, business_date, kind, net, and the column `by` (product, category). Lines without an account or
    item are left out. The columns are

    - account, item
    - first_day, last_day: dates of the first and the last day on which it was bought
    - order_days: days on which it was bought
    - sales, first_year_sales: of all days, and of the 365 days from the first; in the units of `net`
    - log_gap_sum, log_gap_squares: sums of the logarithms of the days between one purchase and the next, and of their
      squares; 0 without any
    """
    import ibis

    bought = lines.filter(
        lines.kind == "sale",
        lines.net > 0,
        lines.business_date <= ibis.literal(as_of, "date"),
        lines.account.notnull(),
        lines[by].notnull(),
    )
    days = bought.group_by("account", "business_date", item=bought[by].cast("string")).aggregate(
        sales=bought.net.cast("float64").sum()
    )
    of_pair = {"group_by": ["account", "item"]}
    gap = days.business_date.delta(days.business_date.lag().over(order_by="business_date", **of_pair), unit="day")
    since_first = days.business_date.delta(days.business_date.min().over(**of_pair), unit="day")
    days = days.mutate(log_gap=gap.cast("float64").ln(), since_first=since_first)
    return days.group_by("account", "item").aggregate(
        first_day=days.business_date.min(),
        last_day=days.business_date.max(),
        order_days=days.count(),
        sales=days.sales.sum(),
        first_year_sales=days.sales.sum(where=days.since_first < YEAR_DAYS),
        log_gap_sum=days.log_gap.sum().fill_null(0.0),
        log_gap_squares=(days.log_gap * days.log_gap).sum().fill_null(0.0),
    )


def bought_together(weighted: ir.Table) -> ir.Table:
    """Give XᵀX as rows (item, other, together), for the pairs of items that any account has both of.

    `weighted` (account, item, weight) are the entries of X, each account and item once. As a join of the table with
    itself it needs no matrix in memory; `Purchases.matrix` and SciPy give the same numbers where all fits.
    """
    other = weighted.select(account="account", other="item", other_weight="weight")
    both = weighted.join(other, "account")
    return both.group_by("item", "other").aggregate(together=(both.weight * both.other_weight).sum())


@dataclass(frozen=True)
class Purchases:
    """The rows of `purchases` as arrays of one length; days count from 1970-01-01.

    `account_at` and `item_at` are places in `accounts` and `items`, both sorted and each entry once.
    """

    accounts: NDArray[np.int64]
    items: NDArray[np.object_]
    account_at: Places
    item_at: Places
    first_day: Days
    last_day: Days
    order_days: Places
    first_year_sales: Vector
    log_gap_sum: Vector
    log_gap_squares: Vector

    @classmethod
    def of(cls, table: Any, *, items: NDArray[np.object_] | None = None) -> Purchases:
        """Read what `purchases` gave, a pyarrow table. With `items`, rows of other items are left out."""
        names = np.asarray(table["item"].to_numpy(zero_copy_only=False), dtype=object)
        if items is None:
            items, item_at = np.unique(names, return_inverse=True)
        else:
            item_at = np.minimum(np.searchsorted(items, names), max(items.size - 1, 0))
            known = items[item_at] == names if items.size else np.zeros(names.size, bool)
            table, item_at = table.filter(known), item_at[known]
        accounts, account_at = np.unique(_numbers(table, "account"), return_inverse=True)
        return cls(
            accounts=accounts,
            items=items,
            account_at=account_at.astype(np.int64),
            item_at=item_at.astype(np.int64),
            first_day=_days(table, "first_day"),
            last_day=_days(table, "last_day"),
            order_days=_numbers(table, "order_days"),
            first_year_sales=_numbers(table, "first_year_sales").astype(np.float64),
            log_gap_sum=_numbers(table, "log_gap_sum").astype(np.float64),
            log_gap_squares=_numbers(table, "log_gap_squares").astype(np.float64),
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Accounts and items."""
        return self.accounts.size, self.items.size

    def matrix(self, values: Vector) -> csr_array:
        """A sparse matrix of accounts by items with a value for each row of the table."""
        from scipy.sparse import csr_array

        return csr_array((values, (self.account_at, self.item_at)), shape=self.shape)

    def weights(self, *, as_of: date, half_life_days: float | None) -> Vector:
        """1 for what was bought today, half of it for what was bought last `half_life_days` ago; None: always 1."""
        if half_life_days is None:
            return np.ones(self.account_at.size)
        weights: Vector = np.exp2((self.last_day - day_number(as_of)) / half_life_days)
        return weights

    def of_accounts(self, chosen: NDArray[np.bool_]) -> Purchases:
        """The rows of some accounts, by a mask over `accounts`."""
        rows = chosen[self.account_at]
        places = np.cumsum(chosen) - 1
        kept = {name: getattr(self, name)[rows] for name in _ROW_FIGURES}
        return Purchases(
            accounts=self.accounts[chosen],
            items=self.items,
            account_at=places[self.account_at[rows]],
            item_at=self.item_at[rows],
            **kept,
        )

    def last_days(self) -> Days:
        """The last day on which each account bought anything."""
        last = np.full(self.accounts.size, np.iinfo(np.int64).min)
        np.maximum.at(last, self.account_at, self.last_day)
        return last


_ROW_FIGURES = ("first_day", "last_day", "order_days", "first_year_sales", "log_gap_sum", "log_gap_squares")


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return int((np.datetime64(day, "D") - EPOCH).astype(np.int64))


def _numbers(table: Any, name: str) -> Any:
    return table[name].to_numpy()


def _days(table: Any, name: str) -> Days:
    return np.asarray(table[name].to_numpy().astype("datetime64[D]").astype(np.int64))
