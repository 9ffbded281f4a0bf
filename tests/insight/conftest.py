"""Histories written straight into the warehouse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pytest
from django.db import transaction

from regulars.base.bulk_load import insert_rows
from regulars.base.warehouse import open_engine
from regulars.facts.history import HISTORY
from regulars.facts.models import Account

WriteHistory = Callable[[Sequence[dict[str, Any]]], int]


@pytest.fixture
def write_history(organisation: Any) -> WriteHistory:
    """Put lines in force: account_id, business_date, net_base_minor, and what differs from a plain sale."""

    def write(lines: Sequence[dict[str, Any]]) -> int:
        known = set(Account.objects.values_list("pk", flat=True))
        named = {line["account_id"] for line in lines if line["account_id"] is not None}
        missing = sorted(named - known)
        insert_rows(
            Account, pa.table({"id": pa.array(missing, pa.int64()), "name": [f"Account {pk}" for pk in missing]})
        )
        HISTORY.writable()
        with open_engine() as engine:
            engine.register("lines", _full(lines))
            version = HISTORY.append(engine, "SELECT * FROM lines")
        with transaction.atomic():
            HISTORY.put_in_force(version)
        return version

    return write


def _full(lines: Sequence[dict[str, Any]]) -> pa.Table:
    plain = {
        "source": "test",
        "order_id": "1",
        "line_no": "1",
        "product": "P",
        "category": "C",
        "quantity": 1.0,
        "currency": "EUR",
        "cost_base_minor": None,
        "discount_base_minor": None,
        "seller": None,
        "department": None,
        "channel": None,
        "kind": "sale",
        "import_id": None,
    }
    rows = [{**plain, "net_minor": line["net_base_minor"], **line} for line in lines]
    kinds = {"account_id": pa.int64(), "business_date": pa.date32(), "quantity": pa.float64(), "import_id": pa.int64()}
    schema = pa.schema(
        [(name, kinds.get(name, pa.int64() if name.endswith("minor") else pa.string())) for name in HISTORY.columns]
    )
    return pa.Table.from_pylist(rows, schema=schema)


@pytest.fixture
def orders() -> Callable[..., list[dict[str, Any]]]:
    """`orders(account, "2024-01-01", "2024-02-01", net=10_000)`: one line each."""

    def make(account: int | None, *dates: str, net: int = 10_000, **more: Any) -> list[dict[str, Any]]:
        return [
            {"account_id": account, "business_date": dt.date.fromisoformat(date), "net_base_minor": net, **more}
            for date in dates
        ]

    return make
