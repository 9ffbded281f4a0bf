"""What conversion makes of raw rows: the tables of accepted and of rejected ones, and how many went where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from regulars.base.warehouse import Engine, identifier, quoted
from regulars.facts.imports.cells import Cells

STAGED_COLUMNS: Final = {
    "_file": "INTEGER",
    "_row": "BIGINT",
    "_part": "INTEGER",
    "source": "VARCHAR",
    "order_id": "VARCHAR",
    "line_no": "VARCHAR",
    "business_date": "DATE",
    "product": "VARCHAR",
    "product_name": "VARCHAR",
    "category": "VARCHAR",
    "quantity": "DOUBLE",
    "currency": "VARCHAR",
    "net_minor": "BIGINT",
    "cost_minor": "BIGINT",
    "discount_minor": "BIGINT",
    "seller": "VARCHAR",
    "department": "VARCHAR",
    "channel": "VARCHAR",
    "status": "VARCHAR",
    "document": "VARCHAR",
    "kind": "VARCHAR",
    "rule": "VARCHAR",
    "account_key": "VARCHAR",
    "account_name": "VARCHAR",
    "account_email": "VARCHAR",
    "account_phone": "VARCHAR",
    "account_street": "VARCHAR",
    "account_city": "VARCHAR",
    "account_postcode": "VARCHAR",
    "account_region": "VARCHAR",
    "account_country": "VARCHAR",
    "contact_name": "VARCHAR",
}
"""Columns of `staged`. Money is in minor units of the line's currency; net without tax, after discount. `rule` is the
name of the rule that decided on `kind`, NULL for a plain sale; `account_key` the customer's identity in the source."""

REJECTED_COLUMNS: Final = {
    "_raw": "VARCHAR",
    "_file": "INTEGER",
    "_row": "BIGINT",
    "order_id": "VARCHAR",
    "line_no": "VARCHAR",
    "field": "VARCHAR",
    "reason": "VARCHAR",
    "value": "VARCHAR",
}
"""Columns of `rejected`, one row a rejected row; `_raw` names the raw table. `rejected.explain` says it in words."""

SKIPPED: Final = "skipped:"
"""Reason of a row that is no record."""

REPEATED: Final = "repeated:"
"""Reason of a row that stands in the files again."""


@dataclass(frozen=True)
class Staged:
    """What became of the rows: names of the tables in the engine, and how many rows went where."""

    lines: str
    rejected: str
    staged_rows: int
    rejected_rows: int
    skipped_rows: int = 0
    """Rows that are no records: totals, headings of groups, orders without a line."""
    repeated_rows: int = 0
    """Rows that are in the files twice, or that a later file replaces."""
    buddhist_dates: int = 0
    """Rows whose year was read as one of the Thai calendar."""


def declared(columns: dict[str, str]) -> str:
    """SQL: columns with their types, as CREATE TABLE wants them."""
    return ", ".join(f"{name} {kind}" for name, kind in columns.items())


def add_rejected(engine: Engine, table: str, raw: str, broken: str, cells: Cells, rows: str) -> None:
    """Add faulty and unreadable rows to `table`, with the value that stands in the way."""
    values = " ".join(f"WHEN {quoted(name)} THEN c.{identifier(name)}" for name in cells.fields)
    value = f"CASE f.field {values} END" if values else "NULL"
    engine.run(
        f"""INSERT INTO {table} BY NAME
        SELECT {quoted(raw)} AS _raw, f.* EXCLUDE (code), f.code AS reason, {value} AS value
        FROM (SELECT * EXCLUDE (reason), split_part(reason, ':', 1) AS code, split_part(reason, ':', 2) AS field
              FROM ({rows})) AS f
        JOIN {cells.name} AS c ON c._file = f._file AND c._row = f._row"""
    )
    engine.run(
        f"""INSERT INTO {table} BY NAME
        SELECT {quoted(raw)} AS _raw, _file, _row, 'r' || _row AS line_no, reason, text AS value FROM {broken}"""
    )


def counted(engine: Engine) -> Staged:
    """Count what became of the order lines."""
    staged, skipped, repeated = engine.rows(
        f"""SELECT count(*) FILTER (WHERE reason IS NULL), count(*) FILTER (WHERE reason = '{SKIPPED}'),
                   count(*) FILTER (WHERE reason = '{REPEATED}') FROM typed"""
    )[0]
    rejected: int = engine.value("SELECT count(*) FROM rejected")
    return Staged(
        "staged",
        "rejected",
        staged_rows=staged,
        rejected_rows=rejected,
        skipped_rows=skipped,
        repeated_rows=repeated,
    )
