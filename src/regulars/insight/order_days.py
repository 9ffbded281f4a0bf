"""The order days of the firm as the models of `core.lifetime` take them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from regulars.core.lifetime import History
from regulars.insight.forecast_choice import DAYS_A_WEEK

if TYPE_CHECKING:
    from regulars.insight.histories import OpenHistory


def order_history(history: OpenHistory, *, most_accounts: int | None = None) -> History:
    """The order days of all accounts that ever ordered, in the sequence of their ids, with sales in units; in weeks.

    With more than `most_accounts`, only of every so manieth of them by id: ids follow the time of their making, so that
    old and new accounts are taken evenly.
    """
    days = history.days.filter(history.days.is_order, history.days.account.notnull())
    step = 1 if most_accounts is None else -(-accounts_that_ordered(history) // most_accounts)
    if step > 1:
        days = days.filter(days.account % step == 0)
    found = history.arrow(
        days.select("account", "business_date", sale=days.sale / history.minor_per_unit).order_by(
            "account", "business_date"
        )
    )
    account = found["account"].combine_chunks()
    numbers = account.to_numpy()
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    return History(
        accounts=account.take(starts),
        starts=np.append(starts, numbers.size),
        days=found["business_date"].to_numpy().astype("datetime64[D]").astype(np.int64),
        amounts=found["sale"].to_numpy().astype(np.float64),
        as_of=history.as_of,
        unit_days=DAYS_A_WEEK,
        positions=np.arange(starts.size),
    )


def accounts_that_ordered(history: OpenHistory) -> int:
    """How many accounts have ordered by the date of the history."""
    days = history.days.filter(history.days.is_order)
    return int(history.rows(days.aggregate(accounts=days.account.nunique()))[0]["accounts"])
