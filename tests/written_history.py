"""Histories written straight into the warehouse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from django.db import transaction

from regulars.base.bulk_load import insert_rows
from regulars.base.warehouse import open_engine
from regulars.facts.history import HISTORY
from regulars.facts.models import Account


def write_history(lines: Sequence[dict[str, Any]]) -> int:
    """Put lines in force: account_id, business_date, net_base_minor, and what differs from a plain sale.

    Accounts that are not there yet are made. Returns the version of the history.
    """
    known = set(Account.objects.values_list("pk", flat=True))
    named = {line["account_id"] for line in lines if line["account_id"] is not None}
    missing = sorted(named - known)
    insert_rows(Account, pa.table({"id": pa.array(missing, pa.int64()), "name": [f"Account {pk}" for pk in missing]}))
    HISTORY.writable()
    with open_engine() as engine:
        engine.register("lines", _full(lines))
        version = HISTORY.append(engine, "SELECT * FROM lines")
    with transaction.atomic():
        HISTORY.put_in_force(version)
    return version


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
