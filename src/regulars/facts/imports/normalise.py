"""Raw text into typed records: order lines into `staged` and `rejected`, other records into tables of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from babel.numbers import get_currency_precision

from regulars.base.warehouse import Engine, quoted
from regulars.facts.imports.cells import Cells, Group, lay_out
from regulars.facts.imports.mapping import Mapping
from regulars.facts.imports.rules import CompiledRules
from regulars.facts.imports.values import (
    are_plain_numbers,
    currency_of,
    is_plain_date,
    make_date_dictionary,
    make_number_dictionary,
    plain_date,
    plain_number,
)
from regulars.facts.models import ClassificationRule

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
"""Columns of `staged`. Money is in minor units of the line's currency; net without tax, after discount."""

REJECTED_COLUMNS: Final = {
    "_file": "INTEGER",
    "_row": "BIGINT",
    "_part": "INTEGER",
    "order_id": "VARCHAR",
    "line_no": "VARCHAR",
    "field": "VARCHAR",
    "reason": "VARCHAR",
    "value": "VARCHAR",
}

NUMBER_FIELDS: Final = (
    *("quantity", "unit_price", "net_amount", "gross_amount", "tax_amount", "discount_amount", "discount_percent"),
    *("cost_amount", "unit_cost", "order_shipping", "order_discount", "order_refund"),
)

EARLIEST: Final = date(1970, 1, 1)
DAYS_AHEAD: Final = 366


@dataclass(frozen=True)
class Staged:
    """What became of the rows: names of the tables in the engine, and how many rows went where."""

    lines: str
    rejected: str
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the conversion needs to know besides the files."""

    base_currency: str
    time_zone: str
    as_of: date
    earliest: date


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
    """Convert all order lines among `parts` (the groups of one import) into `staged` and `rejected`."""
    reading = Reading(base_currency=base_currency, time_zone=time_zone, as_of=as_of, earliest=earliest)
    lines = [
        _Part(engine, number, group, parts, rules, reading)
        for number, group in enumerate(parts)
        if group[1].content == "order_lines"
    ]
    columns = {name for part in lines for name in part.columns}
    kept = {name: kind for name, kind in STAGED_COLUMNS.items() if name in columns}
    engine.run(
        f"CREATE OR REPLACE TABLE typed ({', '.join(f'{name} {kind}' for name, kind in kept.items())}, reason VARCHAR)"
    )
    for part in lines:
        engine.run(f"INSERT INTO typed BY NAME {part.query()}")
    shown = ", ".join(name if name in kept else f"NULL::{kind} AS {name}" for name, kind in STAGED_COLUMNS.items())
    engine.run(f"CREATE OR REPLACE VIEW staged AS SELECT {shown} FROM typed WHERE reason IS NULL")
    engine.run(
        f"CREATE OR REPLACE TABLE rejected ({', '.join(f'{name} {kind}' for name, kind in REJECTED_COLUMNS.items())})"
    )
    for part in lines:
        part.keep_rejected()
    return Staged("staged", "rejected", _counts(engine))


class _Part:
    """One group of order lines: its cells, how each field is read, and the query that converts it."""

    def __init__(
        self,
        engine: Engine,
        number: int,
        group: Group,
        others: Sequence[Group],
        rules: Sequence[ClassificationRule],
        reading: Reading,
    ) -> None:
        self.engine = engine
        self.number = number
        self.raw, self.mapping = group
        self.reading = reading
        self.source = source_of(self.mapping)
        self.cells = lay_out(engine, f"cells_{number}", group, others)
        self.joins: list[str] = []
        self.values: dict[str, str] = {}
        self.rules = CompiledRules(rules, [self.source, self.mapping.export])
        self._read_numbers()
        self._read_dates()
        self._read_currency()
        self.columns = self._columns()

    # How the fields are read

    def has(self, *names: str) -> bool:
        return all(name in self.cells.fields for name in names)

    def _read_numbers(self) -> None:
        names = [name for name in NUMBER_FIELDS if self.has(name)]
        if not names:
            return
        checks = ", ".join(are_plain_numbers(name, self.mapping.decimal) for name in names)
        plain = self.engine.rows(f"SELECT {checks} FROM {self.cells.name}")[0]
        for name, is_plain in zip(names, plain, strict=True):
            if is_plain:
                self.values[name] = plain_number(f"c.{name}")
                continue
            table = f"{self.cells.name}_{name}_read"
            texts = f"SELECT {name} AS text FROM {self.cells.name}"
            make_number_dictionary(self.engine, table, texts, self.mapping.decimal)
            self._join(table, name)
            self.values[name] = f"{table}.value"

    def _read_dates(self) -> None:
        if not self.has("business_date"):
            return
        cells = self.cells.name
        if self.engine.value(f"SELECT bool_and({is_plain_date('business_date')}) FROM {cells}"):
            self.values["business_date"] = plain_date("c.business_date")
            return
        table = f"{cells}_dates"
        make_date_dictionary(
            self.engine,
            table,
            f"SELECT business_date AS text FROM {cells}",
            date_order=self.mapping.date_order,
            time_zone=self.reading.time_zone,
            latest_year=self.reading.as_of.year + 1,
        )
        self._join(table, "business_date")
        self.values["business_date"] = f"{table}.day"

    def _read_currency(self) -> None:
        base = self.reading.base_currency
        if not self.has("currency"):
            self.values["currency"], self.values["exponent"] = quoted(base), str(exponent(base))
            return
        table = f"{self.cells.name}_currencies"
        self.engine.run(f"CREATE OR REPLACE TABLE {table} (text VARCHAR, code VARCHAR, exponent INTEGER)")
        texts = [row[0] for row in self.engine.rows(f"SELECT DISTINCT currency FROM {self.cells.name}") if row[0]]
        codes = [(text, currency_of(text, base)) for text in texts]
        self.engine.load(table, [(text, code, exponent(code)) for text, code in codes if code])
        self._join(table, "currency")
        self.values["currency"] = f"CASE WHEN c.currency IS NULL THEN {quoted(base)} ELSE {table}.code END"
        self.values["exponent"] = f"CASE WHEN c.currency IS NULL THEN {exponent(base)} ELSE {table}.exponent END"

    def _join(self, table: str, name: str) -> None:
        self.joins.append(f"LEFT JOIN {table} ON {table}.text = c.{name}")

    # The query

    def query(self) -> str:
        hits = self.rules.make_hits(self.engine, f"hits_{self.number}", self.cells.name, self.cells.fields)
        aliases = [(one.table, one) for one in hits]
        joins = " ".join(f"LEFT JOIN {one.table} ON {one.table}.value = line.{one.column}" for one in hits)
        shown = ", ".join(self.columns)
        return f"""
        SELECT {shown}, reason FROM (
          SELECT *, {self.rules.kind("place")} AS kind, {self.rules.name("place")} AS rule FROM (
            SELECT line.*, {self._reason()} AS reason, {self.rules.place(aliases)} AS place,
                   {minor("net")} AS net_minor, {minor("cost")} AS cost_minor, {minor("discount")} AS discount_minor
            FROM ({self._amounts()}) AS line {joins}))"""

    def _columns(self) -> list[str]:
        made = ["_file", "_row", "_part", "source", "order_id", "line_no", "business_date", "currency"]
        made += ["net_minor", "kind", "rule", "account_key"]
        if self.has("cost_amount") or self.has("unit_cost"):
            made.append("cost_minor")
        if self.has("discount_amount") or self.has("discount_percent"):
            made.append("discount_minor")
        return [name for name in STAGED_COLUMNS if name in made or self.has(name)]

    def _parsed(self) -> str:
        """SQL: a row a line with typed fields; the texts of numbers and dates stay as `<field>_text`."""
        typed = {
            name: self.values.get(name, f"c.{name}") for name in self.cells.fields if not name.startswith("custom.")
        }
        typed["currency"] = self.values["currency"]
        typed["exponent"] = self.values["exponent"]
        typed.setdefault("order_id", "NULL::VARCHAR")
        typed.setdefault("business_date", "NULL::DATE")
        typed["line_no"] = "c.line_no" if self.has("line_no") else self._ordinal()
        texts = [f"c.{name} AS {name}_text" for name in self._checked()]
        columns = [f"{expression} AS {name}" for name, expression in typed.items()]
        return (
            f"SELECT c._file, c._row, c._skip, {', '.join([*columns, *texts])} "
            f"FROM {self.cells.name} AS c {' '.join(self.joins)}"
        )

    def _ordinal(self) -> str:
        return "row_number() OVER (PARTITION BY c.order_id ORDER BY c._file, c._row)::VARCHAR"

    def _checked(self) -> list[str]:
        return [name for name in ("business_date", "currency", *NUMBER_FIELDS) if self.has(name)]

    def _amounts(self) -> str:
        """SQL: the parsed lines with `net`, `cost`, `discount`, and who the customer is."""
        return f"""
        SELECT *, {self._net()} AS net, {self._cost()} AS cost, {self._discount()} AS discount,
               {self.number} AS _part, {quoted(self.source)} AS source, {self._account_key()} AS account_key
        FROM ({self._parsed()})"""

    def _net(self) -> str:
        ways = []
        if self.has("net_amount"):
            ways.append("net_amount")
        if self.has("gross_amount", "tax_amount"):
            ways.append("gross_amount - coalesce(tax_amount, 0)")
        if self.has("unit_price"):
            ways.append(f"{self._quantity_times('unit_price')} - coalesce({self._discount()}, 0)")
        if self.has("gross_amount") and not self.has("tax_amount"):
            ways.append("gross_amount")
        return f"coalesce({', '.join(ways)})::DECIMAL(38,12)" if ways else "NULL::DECIMAL(38,12)"

    def _quantity_times(self, name: str) -> str:
        quantity = "coalesce(quantity, 1)" if not self.has("quantity") else "quantity"
        quantity = quantity if self.has("quantity") else "1"
        return f"({quantity}::DECIMAL(38,6) * {name})"

    def _cost(self) -> str:
        ways = []
        if self.has("cost_amount"):
            ways.append("cost_amount")
        if self.has("unit_cost"):
            ways.append(self._quantity_times("unit_cost"))
        return f"coalesce({', '.join(ways)})::DECIMAL(38,12)" if ways else "NULL::DECIMAL(38,12)"

    def _discount(self) -> str:
        ways = []
        if self.has("discount_amount"):
            ways.append("abs(discount_amount)")
        return f"coalesce({', '.join(ways)})::DECIMAL(38,12)" if ways else "NULL::DECIMAL(38,12)"

    def _account_key(self) -> str:
        ways = []
        if self.has("account_id"):
            ways.append("account_id")
        if self.has("account_email"):
            ways.append("lower(account_email)")
        if self.has("account_name"):
            ways.append("lower(regexp_replace(account_name, '\\s+', ' ', 'g'))")
        return f"coalesce({', '.join(ways)})" if ways else "NULL::VARCHAR"

    def _reason(self) -> str:
        """SQL: `code:field` of the first thing that is wrong with a line, NULL if nothing is."""
        latest = f"DATE {quoted(str(self.reading.as_of))} + {DAYS_AHEAD}"
        checks = [("_skip", "skipped:"), ("order_id IS NULL", "missing:order_id")]
        if self.has("business_date"):
            checks.append(("business_date_text IS NULL", "missing:business_date"))
        checks += [
            ("business_date IS NULL", "not_a_date:business_date"),
            (f"business_date < DATE {quoted(str(self.reading.earliest))}", "too_early:business_date"),
            (f"business_date > {latest}", "too_late:business_date"),
            ("currency IS NULL", "unknown_currency:currency"),
        ]
        checks += [
            (f"{name}_text IS NOT NULL AND {name} IS NULL", f"not_a_number:{name}")
            for name in NUMBER_FIELDS
            if self.has(name)
        ]
        checks.append(("net IS NULL", f"missing:{self._amount_field()}"))
        cases = " ".join(f"WHEN {condition} THEN {quoted(reason)}" for condition, reason in checks)
        return f"CASE {cases} END"

    def _amount_field(self) -> str:
        return next((name for name in ("net_amount", "gross_amount", "unit_price") if self.has(name)), "net_amount")

    def keep_rejected(self) -> None:
        """Add the rows of this part that cannot be taken to `rejected`, with the value that stands in the way."""
        values = " ".join(
            f"WHEN {quoted(name)} THEN c.{name}" for name in self.cells.fields if not name.startswith("custom.")
        )
        self.engine.run(
            f"""INSERT INTO rejected BY NAME
            SELECT t._file, t._row, t._part, t.order_id, t.line_no, split_part(reason, ':', 2) AS field,
                   split_part(reason, ':', 1) AS reason, CASE split_part(reason, ':', 2) {values} END AS value
            FROM (SELECT * FROM typed WHERE reason IS NOT NULL AND reason <> 'skipped:' AND _part = {self.number}) AS t
            JOIN {self.cells.name} AS c USING (_file, _row)
            UNION ALL BY NAME
            SELECT _file, _row, {self.number} AS _part, reason, text AS value FROM {self.raw.broken_name}
            ORDER BY _file, _row"""
        )


def source_of(mapping: Mapping) -> str:
    """Where the records of a group come from; part of their identity."""
    return mapping.source or mapping.export or "orders"


def exponent(currency: str) -> int:
    """Digits after the point of the currency's minor unit."""
    return get_currency_precision(currency)


def minor(name: str) -> str:
    """SQL: an amount in minor units of the line's currency, rounded half up (away from zero)."""
    return f"TRY_CAST(round({name} * CASE exponent WHEN 0 THEN 1 WHEN 2 THEN 100 WHEN 3 THEN 1000 ELSE 10000 END, 0) AS BIGINT)"


def _counts(engine: Engine) -> dict[str, int]:
    rows, staged, skipped, anonymous = engine.rows(
        """SELECT count(*), count(*) FILTER (WHERE reason IS NULL), count(*) FILTER (WHERE reason = 'skipped:'),
                  count(*) FILTER (WHERE reason IS NULL AND account_key IS NULL) FROM typed"""
    )[0]
    rejected: Any = engine.value("SELECT count(*) FROM rejected")
    return {"read": rows, "staged": staged, "skipped": skipped, "rejected": rejected, "without_account": anonymous}
