"""Histories of firms whose customers behave as is known, as lines of the warehouse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from simulated_orders import FLAT, START, simulated_orders

AS_OF = START + dt.timedelta(days=729)
CHRISTMAS = (0.6, 0.6, 0.7, 0.8, 0.9, 0.9, 0.8, 0.8, 1.1, 1.4, 1.9, 1.5)


def firm_lines(
    seed: int, *, accounts: int = 300, days: int = 730, season: Sequence[float] = FLAT
) -> list[dict[str, Any]]:
    """Two years of orders at 100.00 each; accounts are numbered from 1."""
    orders = simulated_orders(seed, accounts=accounts, days=days, season=season).to_pylist()
    return [
        {"account_id": order["account"] + 1, "business_date": order["date"], "net_base_minor": 10_000}
        for order in {(order["account"], order["date"]): order for order in orders}.values()
    ]
