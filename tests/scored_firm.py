"""A firm whose customers behave as is known, in the warehouse and with its figures, for pages that show them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from django.db.models import F

from regulars.base.models import Member
from regulars.base.warehouse import open_engine
from regulars.facts.history import HISTORY
from regulars.facts.models import Account
from regulars.insight.snapshots import take_snapshot
from simulated_firm import AS_OF, CHRISTMAS, firm_lines


def scored_firm(seed: int, *, accounts: int, owner: Member) -> list[Account]:
    """Make accounts that `owner` looks after, with two years of orders and a snapshot; the best first."""
    lines = firm_lines(seed, accounts=accounts, season=CHRISTMAS)
    numbers = sorted({line["account_id"] for line in lines})
    made = {number: Account.objects.create(name=f"Firm {number}", owner=owner) for number in numbers}
    _put_in_force([{**line, "account_id": made[line["account_id"]].pk} for line in lines])
    take_snapshot(as_of=AS_OF)
    return list(
        Account.objects.filter(score__isnull=False).order_by(F("score__expected_value_365").desc(nulls_last=True))
    )


def _put_in_force(lines: list[dict[str, Any]]) -> None:
    plain = {"source": "erp", "line_no": "1", "kind": "sale", "currency": "EUR", "product": "p"}
    rows = [
        {
            **dict.fromkeys(HISTORY.columns),
            **plain,
            "order_id": str(number),
            "net_minor": line["net_base_minor"],
            **line,
        }
        for number, line in enumerate(lines)
    ]
    columns = ", ".join(f"{name}::{kind} AS {name}" for name, kind in HISTORY.columns.items())
    HISTORY.writable()
    with open_engine() as engine:
        engine.register("written", pa.Table.from_pylist(rows))
        version = HISTORY.append(engine, f"SELECT {columns} FROM written")
    HISTORY.put_in_force(version)
