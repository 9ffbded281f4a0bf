"""How often an account takes up one of ten suggestions, and what it buys again of what was foreseen; real histories.

python benchmarks/affinity.py [FOLDER]

FOLDER (else REGULARS_TEST_DATA, else ../shared/data) holds UCI Online Retail II and AdventureWorks. Each history is cut
on a day; what is suggested from before is held against what accounts bought for the first time in the weeks after.
Settings are chosen on earlier cuts, whose periods end on the cut or before it.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from regulars.core.adoption import choose_settings, learn_chance
from regulars.core.affinity import Affinity, AffinitySettings, Suggested, hit_rate, marked_taken_up
from regulars.core.purchases import Purchases, day_number, purchases
from regulars.core.replenishment import Replenishment, first_due, learn_due_chance

PLAIN_EASE = AffinitySettings(half_life_days=None, own_half_life_days=None, accounts_weight=0.0, lately_days=100_000)
DUE_SHOWN = 5


class Case(NamedTuple):
    title: str
    lines: pa.Table
    cut: date
    days: int
    bar: float


def cases(folder: Path) -> Iterator[Case]:
    lines = pq.read_table(folder / "uci_online_retail_ii.parquet")
    goods = pc.match_substring_regex(lines["stock_code"], "^[0-9]{5}")  # the others are postage, fees and tests
    lines = lines.filter(pc.and_(goods, pc.and_(pc.greater(lines["quantity"], 0), pc.greater(lines["price"], 0))))
    value = pc.multiply(lines["quantity"].cast("float64"), lines["price"])
    yield Case(
        "UCI autumn",
        _lines(lines["customer_id"], lines["invoice_date"], lines["stock_code"], value),
        date(2011, 9, 9),
        91,
        0.46,
    )
    sales = pq.read_table(folder / "adventureworks_b2b_sales.parquet")
    yield Case(
        "AdventureWorks B2B",
        _lines(sales["resellerkey"], sales["orderdate"], sales["productkey"].cast("string"), sales["sales"]),
        date(2019, 11, 29),
        182,
        0.82,
    )


def _lines(account: Any, day: Any, product: Any, net: Any) -> pa.Table:
    names = {"account": account, "business_date": day.cast("date32"), "product": product, "net": net}
    return pa.table(names | {"kind": pa.repeat(pa.scalar("sale"), len(account))})


def up_to(case: Case, as_of: date, items: Any = None) -> Purchases:
    return Purchases.of(purchases(ibis.memtable(case.lines), as_of=as_of).to_pyarrow(), items=items)


def suggestions(case: Case) -> None:
    """Print the hit rates among the accounts that bought something for the first time after the cut."""
    until = case.cut + timedelta(days=case.days)
    past, whole = up_to(case, case.cut), up_to(case, until)
    accounts, items = past.shape
    print(f"\n{case.title}: {accounts:,} accounts, {items:,} products, {case.days} days after {case.cut}")
    print(f"{'':34}{'hit rate at 10':>15}{'seconds':>9}")

    def line(name: str, found: Suggested, seconds: float) -> None:
        rate = hit_rate(found, whole, asked=past, after=case.cut, until=until)
        print(f"{name:34}{rate:15.3f}{seconds:9.1f}", flush=True)

    def fitted(settings: AffinitySettings) -> tuple[Affinity, Suggested, float]:
        begun = time.perf_counter()
        model = Affinity(settings).fit(past, as_of=case.cut)
        found = model.suggest(past, most=20)
        return model, found, time.perf_counter() - begun

    begun = time.perf_counter()
    earlier = [case.cut - timedelta(days=case.days * half // 2) for half in (2, 3, 4)]
    pasts = [(up_to(case, day), day) for day in earlier]
    chosen = choose_settings(pasts, past, horizon_days=case.days)
    choosing = time.perf_counter() - begun
    plain, found, seconds = fitted(PLAIN_EASE)
    line("most buyers (popularity)", plain.best_sellers(past), 0.0)
    line("EASE", found, seconds)
    _model, found, seconds = fitted(AffinitySettings(accounts_weight=0.0))
    line("EASE x recency", found, seconds)
    _model, found, seconds = fitted(AffinitySettings())
    line("ours, default settings", found, seconds)
    _model, found, seconds = fitted(chosen)
    line("ours, chosen on earlier cuts", found, seconds)
    print(f"bar {case.bar}; chosen in {choosing:.0f} s: {chosen}")
    _calibration(case, past, whole, pasts[0], chosen, found, until)


def _calibration(
    case: Case,
    past: Purchases,
    whole: Purchases,
    earlier: tuple[Purchases, date],
    settings: AffinitySettings,
    found: Suggested,
    until: date,
) -> None:
    chance = learn_chance(earlier[0], past, origin=earlier[1], horizon_days=case.days, settings=settings)
    said = chance.of(found, past, as_of=case.cut)
    taken = marked_taken_up(found, whole, asked=past, after=case.cut, until=until)
    print(f"20 suggestions each: {said.sum():,.0f} expected to be taken up, {taken.sum():,} were")
    for part in np.array_split(np.argsort(said), 5):
        print(f"    a fifth of them: chance {said[part].mean():6.2%}, taken up {taken[part].mean():6.2%}")


def replenishment(case: Case, days: int) -> None:
    """Print which part of five products a customer, foreseen to be bought again, was."""
    until = case.cut + timedelta(days=days)
    past, whole = up_to(case, case.cut), up_to(case, until)
    came = _bought_between(whole, case.cut)
    begun = time.perf_counter()
    by_rhythm = Replenishment().fit(past).due(past, as_of=case.cut, horizon_days=days)
    origin = case.cut - timedelta(days=days)
    chance = learn_due_chance(up_to(case, origin, past.items), past, origin=origin, horizon_days=days)
    first = first_due(chance.of(by_rhythm, past, as_of=case.cut) if chance else by_rhythm.weighed(), most=DUE_SHOWN)
    seconds = time.perf_counter() - begun
    repeated = past.order_days > 1
    print(f"\n{case.title}: due again within {days} days after {case.cut}, {DUE_SHOWN} products a customer")
    print(f"{'':34}{'precision':>15}{'hit rate':>10}")
    rules = {
        "bought most often": past.order_days.astype(float),
        "longest ago": -past.last_day.astype(float),
        "most recently": past.last_day.astype(float),
    }
    for name, key in rules.items():
        _told(name, past, *_top(past, np.where(repeated, key, -np.inf)), came)
    rhythm = first_due(by_rhythm, most=DUE_SHOWN)
    _told("by the rhythm alone", past, rhythm.account_at, rhythm.item_at, came)
    _told(f"ours ({seconds:.1f} s)", past, first.account_at, first.item_at, came)
    inside = np.isin(_keys(past, first.account_at, first.item_at), came)
    if chance is None:
        print("too little was bought again in the period before to learn a chance from: none is told")
        return
    print(f"expected {first.chance.sum():,.0f} of these to be bought, {inside.sum():,} were")


def _told(name: str, past: Purchases, account_at: Any, item_at: Any, came: Any) -> None:
    keys = _keys(past, account_at, item_at)
    met = np.isin(keys, came)
    again = np.intersect1d(_keys(past, past.account_at[past.order_days > 1], past.item_at[past.order_days > 1]), came)
    buying = np.unique(again // 1_000_000)
    hit = np.isin(buying, account_at[met])
    among = np.isin(account_at, buying)
    print(f"{name:34}{met[among].mean():15.3f}{hit.mean():10.3f}")


def _top(past: Purchases, key: Any) -> tuple[Any, Any]:
    order = np.lexsort((-key, past.account_at))
    order = order[np.isfinite(key[order])]
    account_at = past.account_at[order]
    rank = np.arange(order.size) - np.searchsorted(account_at, account_at)
    chosen = order[rank < DUE_SHOWN]
    return past.account_at[chosen], past.item_at[chosen]


def _keys(past: Purchases, account_at: Any, item_at: Any) -> Any:
    return account_at * 1_000_000 + item_at


def _bought_between(whole: Purchases, after: date) -> Any:
    """Keys of what was bought later than a day, by the places of accounts and items that were known on it."""
    known = whole.first_day <= day_number(after)
    accounts = np.unique(whole.account_at[known])
    items = np.unique(whole.item_at[known])
    again = known & (whole.last_day > day_number(after))
    account_at = np.searchsorted(accounts, whole.account_at[again])
    return np.unique(account_at * 1_000_000 + np.searchsorted(items, whole.item_at[again]))


def main() -> None:
    default = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("REGULARS_TEST_DATA", default))
    for case in cases(folder):
        suggestions(case)
        replenishment(case, 28 if case.days < 100 else 91)
    print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
