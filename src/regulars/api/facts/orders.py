"""Order lines, sent in batches. A batch is an import like any other: converted, reported, undone as a whole."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Header, Router, Schema
from pydantic import StringConstraints

from regulars.api.bearer import acting, scoped
from regulars.api.facts.imports import RejectedOut, rejected_of
from regulars.api.fields import NO_NUL
from regulars.api.idempotency import answered_once
from regulars.base.access import Permission, require
from regulars.base.models import Member
from regulars.base.organisation import organisation, today
from regulars.base.tokens import ApiScope
from regulars.core.money import from_minor
from regulars.facts.imports import mapping as mappings
from regulars.facts.imports.runs import run_import, stage_import
from regulars.facts.models import Import

router = Router(tags=["orders"])

MOST_LINES = 10_000
REJECTED_SHOWN = 100

Code = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL), Field(examples=["A1"])]
Name = Annotated[str, StringConstraints(max_length=300, pattern=NO_NUL), Field(examples=["text"])]
Minor = Annotated[int, Field(ge=-(10**15), le=10**15)]


class OrderLineIn(Schema):
    """One line of an order. Amounts are integers of minor units of `currency`: 1999 is 19.99 EUR, but 1999 JPY."""

    order_id: Code
    line_no: Code
    business_date: dt.date = Field(description="Date of the order or invoice, where the organisation is.")
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    net_minor: Minor = Field(description="Without tax, after discount; negative for what came back.")
    account_id: Code | None = Field(None, description="Number of the customer in this source; null: nobody's order.")
    account_name: Name | None = None
    account_email: Name | None = None
    account_phone: Name | None = None
    account_city: Name | None = None
    account_country: Name | None = None
    contact_name: Name | None = None
    product: Code | None = None
    product_name: Name | None = None
    category: Name | None = None
    quantity: Annotated[float, Field(ge=-(10**9), le=10**9)] | None = None
    cost_minor: Minor | None = Field(None, description="Cost of the whole line.")
    discount_minor: Annotated[int, Field(ge=0, le=10**15)] | None = Field(None, description="Discount, for the record.")
    seller: Name | None = None
    department: Name | None = None
    channel: Name | None = None
    status: Name | None = Field(None, description="State of the order (paid, cancelled, draft …).")
    document: Name | None = Field(None, description="Kind of document (invoice, credit note …).")


class OrderLinesIn(Schema):
    """Up to 10,000 lines. A line that is known by `(source, order_id, line_no)` is replaced, others are added."""

    source: Annotated[str, Field("api", pattern="^[a-z0-9_-]{1,64}$", description="Where the orders come from.")]
    lines: list[OrderLineIn] = Field(min_length=1, max_length=MOST_LINES)


class BatchOut(Schema):
    """What became of a batch. `rejected` has the first hundred of the lines that were left out."""

    uid: UUID = Field(description="uid of the import, by which it can be looked at and taken back.")
    state: str
    lines_read: int
    lines_accepted: int
    lines_rejected: int
    added: int
    changed: int
    unchanged: int
    accounts_new: int
    rejected: list[RejectedOut]


_HEADINGS = [name for name in OrderLineIn.model_fields if not name.endswith("_minor")]
MAPPING = mappings.Mapping(
    content=Import.Content.ORDER_LINES,
    columns={name: name for name in [*_HEADINGS, "net_amount", "cost_amount", "discount_amount"]},
    date_order={"-": "ymd"},
    decimal=".",
    complete_orders=False,
)
"""How a batch is read, whatever its values look like."""


@router.post("/order-lines", response=BatchOut, summary="Add or replace order lines")
@scoped(ApiScope.ORDERS_WRITE)
def post_order_lines(
    request: HttpRequest,
    batch: OrderLinesIn,
    idempotency_key: Annotated[str, Header(alias="Idempotency-Key", min_length=1, max_length=255)],
) -> Mapping[str, Any]:
    """The same batch sent again with the same `Idempotency-Key` gets the same answer and changes nothing."""
    member = acting(request)
    require(member, Permission.IMPORT)
    return answered_once(
        request, member=member, key=idempotency_key, carry_out=lambda: _brought_in(batch, member).dict()
    )


def _brought_in(batch: OrderLinesIn, member: Member) -> BatchOut:
    """Import the batch. Raises `MissingRates` and what else an import may refuse; then nothing was changed."""
    with tempfile.TemporaryDirectory(prefix="regulars-batch-") as folder:
        file = Path(folder) / "order_lines.jsonl"
        _write(batch.lines, file)
        with stage_import(
            paths=[file], as_of=today(organisation()), source=batch.source, adjust=lambda _raw, _proposed: MAPPING
        ) as staged:
            done = run_import(staged, member=member)
    return _shown(done)


def _write(lines: Iterable[OrderLineIn], file: Path) -> None:
    with file.open("w", encoding="utf-8") as out:
        for line in lines:
            out.write(json.dumps(_cells(line), ensure_ascii=False) + "\n")


def _cells(line: OrderLineIn) -> dict[str, str | None]:
    cells = {name: getattr(line, name) for name in _HEADINGS}
    quantity = None if line.quantity is None else f"{Decimal(str(line.quantity)):f}"
    return {
        **cells,
        "business_date": line.business_date.isoformat(),
        "quantity": quantity,
        "net_amount": _amount(line.net_minor, line.currency),
        "cost_amount": _amount(line.cost_minor, line.currency),
        "discount_amount": _amount(line.discount_minor, line.currency),
    }


def _amount(minor: int | None, currency: str) -> str | None:
    return None if minor is None else f"{from_minor(minor, currency):f}"


def _shown(done: Import) -> BatchOut:
    difference = done.report["history"] or {}
    counts = {name: difference.get(name, 0) for name in ("added", "changed", "unchanged")}
    counts |= {name: done.report[name] for name in ("lines_read", "lines_accepted", "lines_rejected", "accounts_new")}
    rejected = rejected_of(done, offset=0, limit=REJECTED_SHOWN) if counts["lines_rejected"] else []
    return BatchOut(uid=done.uid, state=done.state, rejected=rejected, **counts)
