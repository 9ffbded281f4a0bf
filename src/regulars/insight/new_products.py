"""What the firm has sold for a short time only: which products are new, who bought them first, who has not seen them.

A product is new when its first sale lies within two years, and well after the beginning of the history: there
everything seems new. Read once a version of the history and a day, and kept for an hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from django.core.cache import cache

from regulars.core.innovators import Earliness, earliness
from regulars.facts.models import Product
from regulars.insight.histories import OpenHistory, basis_in_force, open_history

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from numpy.typing import NDArray

NEW_FOR: Final = timedelta(days=730)
TO_BE_SHOWN_FOR: Final = timedelta(days=120)
"""So long after its first sale a product is shown to key accounts that have not bought it."""
EVERYTHING_SEEMS_NEW: Final = timedelta(days=180)
MOST_PRODUCTS: Final = 2000
"""The newest are looked at."""
KEPT_SECONDS: Final = 3600


@dataclass(frozen=True, kw_only=True)
class FirstPurchases:
    """The new products, the newest first, and who bought each when for the first time (one entry a pair)."""

    items: tuple[str, ...]
    launched: tuple[date, ...]
    buyers: tuple[int, ...]
    account: NDArray[np.int64]
    product: NDArray[np.int64]
    """Place in `items`."""
    day: NDArray[np.int64]
    """Days since 1970-01-01."""

    def earliness(self) -> Earliness:
        """How early each account buys what is new."""
        return earliness(self.account, self.product, self.day)


@dataclass(frozen=True, kw_only=True)
class NewProduct:
    """A product that was sold for the first time lately."""

    item: str
    name: str
    launched: date
    buyers: int


def first_purchases(*, on: date) -> FirstPurchases:
    """The new products as of a day, with their first buyers; merged accounts are one."""
    basis = basis_in_force()
    key = f"first_purchases:{basis.history_version}:{basis.fingerprint[:20]}:{on.isoformat()}"
    found: FirstPurchases | None = cache.get(key)
    if found is None:
        with open_history(basis, as_of=on) as history:
            found = _read(history)
        cache.set(key, found, KEPT_SECONDS)
    return found


def to_be_shown(account_id: int, *, on: date, most: int = 5) -> list[NewProduct]:
    """The newest products that the account has not bought, for a visit at which they are shown."""
    found = first_purchases(on=on)
    bought = set(found.product[found.account == account_id].tolist())
    fresh = [
        place
        for place, launched in enumerate(found.launched)
        if launched > on - TO_BE_SHOWN_FOR and place not in bought
    ][:most]
    names = _names([found.items[place] for place in fresh])
    return [
        NewProduct(
            item=found.items[place],
            name=names.get(found.items[place], found.items[place]),
            launched=found.launched[place],
            buyers=found.buyers[place],
        )
        for place in fresh
    ]


def _names(codes: list[str]) -> dict[str, str]:
    named = Product.objects.filter(external_id__in=codes).exclude(name="")
    return {str(code): name for code, name in named.values_list("external_id", "name")}


def _read(history: OpenHistory) -> FirstPurchases:
    import ibis

    lines = history.lines
    bought = lines.filter(
        lines.kind == "sale",
        lines.net > 0,
        lines.business_date <= ibis.literal(history.as_of, "date"),
        lines.account.notnull(),
        lines.product.notnull(),
        lines.product != "",
    ).select("account", "business_date", item=lines.product.cast("string"))
    bought = history.engine.kept(bought.group_by("account", "item").aggregate(first_day=bought.business_date.min()))
    start = history.rows(bought.aggregate(start=bought.first_day.min()))[0]["start"]
    launches = _launches(history, bought, start)
    return _with_buyers(history, bought, launches)


def _launches(history: OpenHistory, bought: ir.Table, start: date | None) -> list[dict[str, Any]]:
    import ibis

    since = max(history.as_of - NEW_FOR, (start or history.as_of) + EVERYTHING_SEEMS_NEW)
    launch = bought.group_by("item").aggregate(launched=bought.first_day.min(), buyers=bought.account.count())
    new = launch.filter(launch.launched > ibis.literal(since, "date"))
    return history.rows(new.order_by(ibis.desc("launched"), "item").limit(MOST_PRODUCTS))


def _with_buyers(history: OpenHistory, bought: ir.Table, launches: list[dict[str, Any]]) -> FirstPurchases:
    import pyarrow as pa

    items = tuple(str(one["item"]) for one in launches)
    places = pa.table({"item": pa.array(items, pa.string()), "product": pa.array(range(len(items)), pa.int64())})
    pairs = bought.join(history.engine.given(places), "item").select("account", "product", "first_day")
    rows = history.arrow(pairs.order_by("product", "first_day", "account"))
    return FirstPurchases(
        items=items,
        launched=tuple(one["launched"] for one in launches),
        buyers=tuple(int(one["buyers"]) for one in launches),
        account=rows["account"].to_numpy().astype(np.int64),
        product=rows["product"].to_numpy().astype(np.int64),
        day=rows["first_day"].to_numpy().astype("datetime64[D]").astype(np.int64),
    )
