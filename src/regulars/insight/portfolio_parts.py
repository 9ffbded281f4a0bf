"""Whose customers they are, and where: a portfolio by what stands with its accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.core.cache import cache

from regulars.facts.models import Account
from regulars.insight.standings import Standings

KEPT_SECONDS = 300

BY = {
    "owner": "owner_id",
    "team": "team_id",
    "department": "department_id",
    "country": "country",
    "trade": "trade",
}
"""What accounts may be gathered by, and the field that holds it."""


@dataclass(frozen=True, kw_only=True)
class AccountsPart:
    """The accounts that share an owner, team, country or kind of business; value None: none is named."""

    value: int | str | None
    customers: int  # with an order in the last 12 months
    sales_12m: float
    sales_previous_12m: float
    value_at_risk: float

    @property
    def trend(self) -> float | None:
        """Change of sales against the 12 months before."""
        return self.sales_12m / self.sales_previous_12m - 1 if self.sales_previous_12m > 0 else None


def parts_by(found: Standings, *, most: int = 15) -> dict[str, list[AccountsPart]]:
    """For each name in `BY` the largest parts by sales, some minutes old at most.

    A name by which nothing is told apart is left out.
    """
    key = f"parts:{found.key}"
    parts: dict[str, list[AccountsPart]] | None = cache.get(key)
    if parts is None:
        parts = _by_all(found)
        cache.set(key, parts, KEPT_SECONDS)
    return {name: some[:most] for name, some in parts.items() if len(some) > 1}


def _by_all(found: Standings) -> dict[str, list[AccountsPart]]:
    rows = Account.objects.filter(merged_into=None).order_by("pk").values_list("pk", *BY.values())
    by_account = {row[0]: row[1:] for row in rows.iterator(chunk_size=5000)}
    nothing = (None,) * len(BY)
    told = [by_account.get(int(account), nothing) for account in found.accounts]
    return {name: _parts([row[place] or None for row in told], found) for place, name in enumerate(BY)}


def _parts(values: Sequence[int | str | None], found: Standings) -> list[AccountsPart]:
    known = list(dict.fromkeys(values))
    place_of = {value: place for place, value in enumerate(known)}
    places = np.array([place_of[value] for value in values], np.int64)

    def summed(figure: np.typing.NDArray[np.float64]) -> list[float]:
        sums: list[float] = np.bincount(places, np.nan_to_num(figure), minlength=len(known)).tolist()
        return sums

    columns = zip(
        known,
        summed((found.orders_12m > 0).astype(float)),
        summed(found.sales_12m),
        summed(found.sales_previous_12m),
        summed(found.value_at_risk),
        strict=True,
    )
    parts = [
        AccountsPart(
            value=value, customers=int(customers), sales_12m=now, sales_previous_12m=before, value_at_risk=at_risk
        )
        for value, customers, now, before, at_risk in columns
    ]
    return sorted(parts, key=lambda part: -part.sales_12m)
