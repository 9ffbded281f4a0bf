"""Raw text into typed records: order lines into `staged` and `rejected`, other records into tables of their own.

All of it is SQL in the import's engine. Each group of files is laid out as one text column a field (`cells`), the
columns of numbers and dates are looked at once to choose how they are read (`values`), and one query a group then
converts, checks and classifies (`rules`) every row into the table `typed`. `staged` is its rows without a fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from regulars.base.warehouse import Engine, identifier, quoted
from regulars.facts.imports.cells import Group, Reading
from regulars.facts.imports.field_reader import FieldReader, account_key
from regulars.facts.imports.mapping import FIELDS, Mapping
from regulars.facts.imports.order_line_query import OrderLines
from regulars.facts.imports.raw_tables import RawTable
from regulars.facts.imports.repeated import leave_out_repeated
from regulars.facts.imports.staged import (
    REJECTED_COLUMNS,
    SKIPPED,
    STAGED_COLUMNS,
    Staged,
    add_rejected,
    counted,
    declared,
)
from regulars.facts.imports.values import FINE_NUMBER, NUMBER
from regulars.facts.models import ClassificationRule

EARLIEST: Final = date(1970, 1, 1)
_TYPED: Final = {"unit_cost": NUMBER, "rate": FINE_NUMBER, "valid_from": "DATE", "currency": "VARCHAR"}
_NEEDED: Final = {
    "accounts": ("account_id",),
    "contacts": (),
    "products": ("product",),
    "rates": ("currency", "valid_from", "rate"),
}


def stage_order_lines(
    engine: Engine,
    parts: Sequence[Group],
    *,
    rules: Sequence[ClassificationRule],
    base_currency: str,
    as_of: date,
    time_zone: str = "UTC",
    earliest: date = EARLIEST,
) -> Staged:
    """Convert all order lines among `parts`, the groups of one import, into `staged` and `rejected`.

    `as_of` is the day of the import: dates more than a year after it are rejected, as are those before `earliest`.
    Times with a zone become days in `time_zone`.
    """
    reading = Reading(base_currency=base_currency, time_zone=time_zone, as_of=as_of, earliest=earliest)
    lines = [
        OrderLines(engine, number, group, parts, rules, reading)
        for number, group in enumerate(parts)
        if group[1].content == "order_lines"
    ]
    made = {name for part in lines for name in part.columns}
    kept = {name: kind for name, kind in STAGED_COLUMNS.items() if name in made}
    engine.run(f"CREATE OR REPLACE TABLE typed ({declared(kept)}, reason VARCHAR)")
    for part in lines:
        part.convert()
    leave_out_repeated(
        engine,
        numbered=[part.number for part in lines if part.cells.has("line_no")],
        several=sum(len(part.raw.files) for part in lines) > 1,
        content=[name for name in kept if name not in {"_file", "_row", "_part", "line_no", "kind", "rule"}],
    )
    shown = ", ".join(name if name in kept else f"NULL::{kind} AS {name}" for name, kind in STAGED_COLUMNS.items())
    engine.run(f"CREATE OR REPLACE VIEW staged AS SELECT {shown} FROM typed WHERE reason IS NULL")
    engine.run(f"CREATE OR REPLACE TABLE rejected ({declared(REJECTED_COLUMNS)})")
    for part in lines:
        add_rejected(engine, "rejected", part.raw.name, part.raw.broken_name, part.cells, part.rejected_rows())
    return replace(counted(engine), buddhist_dates=sum(part.buddhist_dates() for part in lines))


def stage_records(
    engine: Engine,
    raw: RawTable,
    mapping: Mapping,
    others: Sequence[Group] = (),
    *,
    base_currency: str,
    as_of: date,
    time_zone: str = "UTC",
) -> Staged:
    """Convert accounts, contacts, products or rates: tables `records_<raw>` and `rejected_<raw>`.

    The first has _file, _row and every field of the content (and `custom.<key>`): text, but `currency` as ISO code,
    `valid_from` as DATE, `unit_cost` and `rate` as DECIMAL. An account's `account_id` is its number, else its e-mail,
    else its name, as in order lines of the same source.
    """
    reading = Reading(base_currency=base_currency, time_zone=time_zone, as_of=as_of, earliest=EARLIEST)
    records = OtherRecords(engine, (raw, mapping), others, reading)
    return records.convert()


class OtherRecords(FieldReader):
    """One group of accounts, contacts, products or rates."""

    def __init__(self, engine: Engine, group: Group, others: Sequence[Group], reading: Reading) -> None:
        super().__init__(engine, group, others, reading)
        self.read_numbers(("unit_cost",), NUMBER)
        self.read_numbers(("rate",), FINE_NUMBER)
        self.read_dates("valid_from")
        self.signs = []
        if self.cells.has("currency"):
            self.read_currency()

    def convert(self) -> Staged:
        made, faulty = f"records_{self.raw.name}", f"rejected_{self.raw.name}"
        content = self.mapping.content
        texts = "".join(f", c.{name} AS {name}_text" for name in _TYPED if self.cells.has(name))
        self.engine.run(
            f"""CREATE OR REPLACE TABLE {made}_read AS SELECT *, {self._reason(content)} AS reason FROM (
              SELECT c._file, c._row, c._skip, {", ".join(self._columns(content))}{texts}
              FROM {self.cells.name} AS c {" ".join(self.joins)})"""
        )
        left_out = ", ".join(["_skip", "reason", *(f"{name}_text" for name in _TYPED if self.cells.has(name))])
        self.engine.run(
            f"CREATE OR REPLACE VIEW {made} AS SELECT * EXCLUDE ({left_out}) FROM {made}_read WHERE reason IS NULL"
        )
        self.engine.run(f"CREATE OR REPLACE TABLE {faulty} ({declared(REJECTED_COLUMNS)})")
        rows = f"SELECT _file, _row, reason FROM {made}_read WHERE reason IS NOT NULL AND reason <> {quoted(SKIPPED)}"
        add_rejected(self.engine, faulty, self.raw.name, self.raw.broken_name, self.cells, rows)
        staged, skipped = self.engine.rows(
            "SELECT count(*) FILTER (WHERE reason IS NULL), "
            f"count(*) FILTER (WHERE reason = '{SKIPPED}') FROM {made}_read"
        )[0]
        rejected: int = self.engine.value(f"SELECT count(*) FROM {faulty}")
        return Staged(made, faulty, staged_rows=staged, rejected_rows=rejected, skipped_rows=skipped)

    def _columns(self, content: str) -> list[str]:
        columns = []
        for name in FIELDS[content]:
            value = (
                self.values.get(name, f"c.{name}") if self.cells.has(name) else f"NULL::{_TYPED.get(name, 'VARCHAR')}"
            )
            if content == "accounts" and name == "account_id":
                value = account_key(self.cells, "c.")
            columns.append(f"{value} AS {name}")
        own = [name for name in self.cells.fields if name.startswith("custom.")]
        return columns + [f"c.{identifier(name)} AS {identifier(name)}" for name in own]

    def _reason(self, content: str) -> str:
        checks = [("_skip", SKIPPED)]
        for name in ("rate", "valid_from"):
            if self.cells.has(name):
                fault = "not_a_date" if name == "valid_from" else "not_a_number"
                checks.append((f"{name}_text IS NOT NULL AND {name} IS NULL", f"{fault}:{name}"))
        if self.cells.has("currency"):
            checks.append(("currency_text IS NOT NULL AND currency IS NULL", "unknown_currency:currency"))
        checks += self.not_numbers(("unit_cost",))
        checks += [(f"{name} IS NULL", f"missing:{name}") for name in _NEEDED[content]]
        if content == "rates":
            checks.append(("rate <= 0", "not_positive:rate"))
        if content == "contacts":
            checks.append(("coalesce(contact_name, first_name, last_name) IS NULL", "missing:contact_name"))
        return f"CASE {' '.join(f'WHEN {condition} THEN {quoted(reason)}' for condition, reason in checks)} END"
