"""Order lines made by hand, and the purchases that are read from them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import ibis
import pyarrow as pa

from regulars.core.purchases import Purchases, purchases

START = date(2024, 1, 1)
AS_OF = date(2025, 12, 31)
Line = tuple[int | None, date, str | None, float, str]


def lines_of(rows: list[Line]) -> Any:
    columns = [list(column) for column in zip(*rows, strict=True)]
    table = pa.table(
        {
            "account": pa.array(columns[0], pa.int64()),
            "business_date": pa.array(columns[1], pa.date32()),
            "product": pa.array(columns[2], pa.string()),
            "net": pa.array(columns[3], pa.float64()),
            "kind": pa.array(columns[4], pa.string()),
        }
    )
    return ibis.memtable(table)


def read(rows: list[Line], as_of: date = AS_OF) -> Purchases:
    return Purchases.of(purchases(lines_of(rows), as_of=as_of).to_pyarrow())


def sold(account: int, product: str, days: int, net: float = 100.0) -> Line:
    return account, START + timedelta(days=days), product, net, "sale"
