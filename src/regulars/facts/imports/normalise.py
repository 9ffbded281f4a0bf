"""Raw text into typed records: order lines into `staged` and `rejected`, other records into tables of their own.

All of it is SQL in the import's engine. Each group of files is laid out as one text column a field (`cells`), the
columns of numbers and dates are looked at once to choose how they are read (`values`), and one query a group then
converts, checks and classifies (`rules`) every row into the table `typed`. `staged` is its rows without a fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from regulars.base.warehouse import Engine, identifier, quoted
from regulars.core.money import exponent
from regulars.facts.imports.cells import Cells, Group, Reading, lay_out
from regulars.facts.imports.default_rules import CREDIT_WORDS
from regulars.facts.imports.mapping import FIELDS, LINE_FIELDS, Mapping
from regulars.facts.imports.raw_tables import RawTable
from regulars.facts.imports.repeated import leave_out_repeated
from regulars.facts.imports.rules import CompiledRules
from regulars.facts.imports.values import (
    FINE_NUMBER,
    NUMBER,
    NUMBER_FIELDS,
    currency_of,
    is_empty_word,
    is_plain_date,
    make_date_dictionary,
    make_number_dictionary,
    number_profile,
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
"""Columns of `rejected`, one row a rejected row; `_raw` is the raw table's name. `rejected.explain` says it in words."""

EARLIEST: Final = date(1970, 1, 1)
DAYS_AHEAD: Final = 366

_SKIPPED: Final = "skipped:"
_REPEATED: Final = "repeated:"

ORDER_AMOUNTS: Final = {
    "order_shipping": ("shipping", "fee", 1),
    "order_discount": ("discount", "other", -1),
    "order_refund": ("refund", "return", -1),
}
"""Amounts that stand once an order: the number of the line they become, its kind, its sign."""


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
        _Lines(engine, number, group, parts, rules, reading)
        for number, group in enumerate(parts)
        if group[1].content == "order_lines"
    ]
    made = {name for part in lines for name in part.columns}
    kept = {name: kind for name, kind in STAGED_COLUMNS.items() if name in made}
    engine.run(f"CREATE OR REPLACE TABLE typed ({_declared(kept)}, reason VARCHAR)")
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
    engine.run(f"CREATE OR REPLACE TABLE rejected ({_declared(REJECTED_COLUMNS)})")
    for part in lines:
        _keep_rejected(engine, "rejected", part.raw.name, part.raw.broken_name, part.cells, part.rejected_rows())
    return replace(_counted(engine), buddhist_dates=sum(part.buddhist_dates() for part in lines))


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
    records = _Records(engine, (raw, mapping), others, reading)
    return records.convert()


class _Reader:
    """How each field of one group of files is read: SQL over its cells (alias `c`) and the joins that it needs."""

    def __init__(self, engine: Engine, group: Group, others: Sequence[Group], reading: Reading) -> None:
        self.engine = engine
        self.raw, self.mapping = group
        self.reading = reading
        self.cells = lay_out(engine, group, others, reading)
        self.joins: list[str] = []
        self.values: dict[str, str] = {}
        self.signs: list[str] = []
        """Dictionaries of amounts that found currency signs in the cells."""
        self.dates = ""
        """The dictionary of dates, if there is one."""

    def read_numbers(self, names: Sequence[str], kind: str) -> dict[str, tuple[bool, float]]:
        """Decide how the columns are read. For each plain one: are all whole numbers, and how large is the largest?"""
        names = [name for name in names if self.cells.has(name)]
        if not names:
            return {}
        checks = ", ".join(number_profile(name, self.mapping.decimal) for name in names)
        found = iter(self.engine.rows(f"SELECT {checks} FROM {self.cells.name}")[0])
        profiles = {}
        for name, is_plain, whole, largest in zip(names, found, found, found, strict=False):
            if is_plain:
                self.values[name] = plain_number(f"c.{name}", kind)
                profiles[name] = (whole, largest)
            else:
                self._look_up_number(name, kind)
        return profiles

    def _look_up_number(self, name: str, kind: str) -> None:
        table = f"{self.cells.name}_{name}_read"
        texts = f"SELECT {name} AS text FROM {self.cells.name}"
        make_number_dictionary(self.engine, table, texts, self.mapping.decimal, kind)
        self._join(table, name)
        self.values[name] = f"{table}.value"
        if self.engine.value(f"SELECT count(*) FROM {table} WHERE sign IS NOT NULL"):
            self.signs.append(table)

    def read_dates(self, name: str) -> None:
        if not self.cells.has(name):
            return
        texts = f"SELECT DISTINCT {name} AS text FROM {self.cells.name}"
        if self.engine.value(f"SELECT coalesce(bool_and({is_plain_date('text')}), true) FROM ({texts})"):
            self.values[name] = plain_date(f"c.{name}")
            return
        self.dates = f"{self.cells.name}_{name}_read"
        make_date_dictionary(
            self.engine,
            self.dates,
            texts,
            date_order=self.mapping.date_order,
            time_zone=self.reading.time_zone,
            latest_year=self.reading.as_of.year + 1,
        )
        self._join(self.dates, name)
        self.values[name] = f"{self.dates}.day"

    def read_currency(self) -> None:
        """The currency of a row: its own column, else the sign beside an amount, else the base currency."""
        base = self.reading.base_currency
        self.values["currency"], self.values["exponent"] = quoted(base), str(exponent(base))
        column = "c.currency" if self.cells.has("currency") else None
        if column is None and self.signs:
            column = f"coalesce({', '.join(f'{table}.sign' for table in self.signs)})"
        if column is None:
            return
        table = f"{self.cells.name}_currencies"
        found = f"SELECT DISTINCT currency FROM {self.cells.name}"
        if not self.cells.has("currency"):
            found = " UNION ".join(f"SELECT sign FROM {signs}" for signs in self.signs)
        codes = [(row[0], currency_of(row[0], base)) for row in self.engine.rows(found) if row[0]]
        self.engine.run(f"CREATE OR REPLACE TABLE {table} (text VARCHAR, code VARCHAR, exponent INTEGER)")
        self.engine.load(table, [(text, code, exponent(code)) for text, code in codes if code])
        self.joins.append(f"LEFT JOIN {table} ON {table}.text = {column}")
        self.values["currency"] = f"CASE WHEN {column} IS NULL THEN {quoted(base)} ELSE {table}.code END"
        self.values["exponent"] = f"CASE WHEN {column} IS NULL THEN {exponent(base)} ELSE {table}.exponent END"

    def _join(self, table: str, name: str) -> None:
        self.joins.append(f"LEFT JOIN {table} ON {table}.text = c.{name}")

    def not_numbers(self, names: Sequence[str]) -> list[tuple[str, str]]:
        """Condition and reason for cells that should hold a number and do not; plain columns need no check."""
        return [
            (
                f"{name}_text IS NOT NULL AND {name} IS NULL AND NOT {is_empty_word(f'{name}_text')}",
                f"not_a_number:{name}",
            )
            for name in names
            if self.cells.has(name) and self.values[name].endswith("_read.value")
        ]


class _Lines(_Reader):
    """One group of order lines and the query that converts it."""

    def __init__(
        self,
        engine: Engine,
        number: int,
        group: Group,
        others: Sequence[Group],
        rules: Sequence[ClassificationRule],
        reading: Reading,
    ) -> None:
        super().__init__(engine, group, others, reading)
        self.number = number
        self.source = source_of(self.mapping)
        self.rules = CompiledRules(rules, [self.source, self.mapping.export])
        self.profiles = self.read_numbers(NUMBER_FIELDS, NUMBER)
        self.read_dates("business_date")
        self.read_currency()
        self.share = self._find_share()
        self.small = self._is_small()
        self.orders = f"orders_{self.raw.name}"
        self.columns = self._columns()

    def convert(self) -> None:
        """Add all rows to `typed`, as sales; those that a rule fits are then changed."""
        self._find_orders()
        too_large = f"CASE WHEN net_minor IS NULL THEN 'too_large:{self._amount_field()}' END"
        self.engine.run(
            f"""INSERT INTO typed BY NAME
            SELECT {", ".join(self.columns)}, coalesce(reason, {too_large}) AS reason FROM (
              SELECT *, {self._reason()} AS reason, 'sale' AS kind, NULL::VARCHAR AS rule,
                     {self._minor("net")} AS net_minor, {self._minor("cost")} AS cost_minor,
                     {self._minor("discount")} AS discount_minor
              FROM ({self._signed()}))"""
        )
        for name in ORDER_AMOUNTS:
            if self.cells.has(name):
                self._add_order_amount(name)
        self.rules.apply(self.engine, part=self.number, columns=self.columns)

    def rejected_rows(self) -> str:
        """SQL: the rows of this part that have a fault."""
        return (
            f"SELECT _file, _row, order_id, line_no, reason FROM typed WHERE _part = {self.number} "
            f"AND reason IS NOT NULL AND reason NOT IN ({quoted(_SKIPPED)}, {quoted(_REPEATED)})"
        )

    def buddhist_dates(self) -> int:
        if not self.dates:
            return 0
        found: int = self.engine.value(
            f"SELECT count(*) FROM {self.cells.name} AS c JOIN {self.dates} AS d ON d.text = c.business_date "
            "WHERE d.calendar = 'buddhist'"
        )
        return found

    def _columns(self) -> list[str]:
        made = {"_file", "_row", "_part", "source", "order_id", "line_no", "business_date", "currency"}
        made |= {"net_minor", "kind", "rule", "account_key"}
        if self.cells.has("cost_amount") or self.cells.has("unit_cost"):
            made.add("cost_minor")
        if self.cells.has("discount_amount") or self.cells.has("discount_percent"):
            made.add("discount_minor")
        return [name for name in STAGED_COLUMNS if name in made or self.cells.has(name)]

    # Line numbers

    def _find_orders(self) -> None:
        """Make `orders_…`: where each order begins and whether its rows stand together; number the rows of the others."""
        if self.cells.has("line_no") or not self.cells.has("order_id"):
            return
        rows = f"{self.cells.name} WHERE NOT _skip AND order_id IS NOT NULL"
        self.engine.run(
            f"""CREATE OR REPLACE TABLE {self.orders} AS
            SELECT order_id, min(_at) AS first, max(_at) - min(_at) + 1 = count(*) AS together
            FROM {rows} GROUP BY order_id"""
        )
        self.joins.append(f"LEFT JOIN {self.orders} AS o ON o.order_id = c.order_id")
        self.engine.run(
            f"""CREATE OR REPLACE TABLE {self.orders}_scattered AS
            SELECT _at, row_number() OVER (PARTITION BY order_id ORDER BY _at) AS ordinal FROM {rows}
            AND order_id IN (SELECT order_id FROM {self.orders} WHERE NOT together)"""
        )
        self.joins.append(f"LEFT JOIN {self.orders}_scattered AS n ON n._at = c._at")

    def _line_no(self) -> str:
        if self.cells.has("line_no"):
            return "c.line_no"
        if not self.cells.has("order_id"):
            return "'r' || c._row"
        return "coalesce((coalesce(n.ordinal, c._at - o.first + 1))::VARCHAR, 'r' || c._row)"

    # The query, from the inside out

    def _parsed(self) -> str:
        """SQL: a row a line with typed fields; the texts of what may be misread stay as `<field>_text`."""
        names = [name for name in self.cells.fields if name in FIELDS["order_lines"]]
        typed = {name: self.values.get(name, f"c.{name}") for name in names}
        typed |= {name: self.values[name] for name in ("currency", "exponent")}
        for name, kind in (("order_id", "VARCHAR"), ("business_date", "DATE"), ("product", "VARCHAR")):
            typed.setdefault(name, f"NULL::{kind}")
        typed.setdefault("product_name", "NULL::VARCHAR")
        typed.setdefault("quantity", "NULL::DECIMAL(18,6)")
        typed["line_no"] = self._line_no()
        columns = [f"{expression} AS {name}" for name, expression in typed.items()]
        texts = [f"c.{name} AS {name}_text" for name in ("business_date", *NUMBER_FIELDS) if self.cells.has(name)]
        skipped = " AND ".join(["true", *(f"c.{name} IS NULL" for name in names if name in LINE_FIELDS)])
        skip = f"c._skip OR ({skipped})" if self.mapping.fill_down else "c._skip"
        return (
            f"SELECT c._file, c._row, c._at, {skip} AS _skip, {', '.join([*columns, *texts])} "
            f"FROM {self.cells.name} AS c {' '.join(self.joins)}"
        )

    def _amounts(self) -> str:
        """SQL: the parsed lines with `net`, `cost`, `discount` as exact decimals, and whose they are."""
        return f"""
        SELECT *, {self._net()} AS net, {self._cost()} AS cost, {self._discount()} AS discount,
               {self.number} AS _part, {quoted(self.source)} AS source, {account_key(self.cells)} AS account_key
        FROM ({self._parsed()})"""

    def _signed(self) -> str:
        """SQL: the amounts; those of a credit note are negative even where the file has them positive."""
        if not self.cells.has("document"):
            return self._amounts()
        credits, turned = f"credits_{self.raw.name}", f"turned_{self.raw.name}"
        self.engine.run(
            f"""CREATE OR REPLACE TABLE {credits} AS SELECT document FROM (SELECT DISTINCT document FROM {self.cells.name})
            WHERE regexp_matches(document, {quoted(CREDIT_WORDS)}, 'i')"""
        )
        self.engine.run(
            f"""CREATE OR REPLACE TABLE {turned} AS SELECT order_id FROM ({self._amounts()}) JOIN {credits} USING (document)
            WHERE order_id IS NOT NULL GROUP BY order_id HAVING sum(net::DOUBLE) > 0"""
        )
        return f"""
        SELECT * REPLACE (CASE WHEN is_credit AND net < 0 THEN -abs(quantity) ELSE quantity END AS quantity) FROM (
          SELECT a.* REPLACE (CASE WHEN t.order_id IS NULL THEN net ELSE -net END AS net,
                              CASE WHEN t.order_id IS NULL THEN cost ELSE -cost END AS cost),
                 d.document IS NOT NULL AS is_credit
          FROM ({self._amounts()}) AS a LEFT JOIN {credits} AS d ON d.document = a.document
          LEFT JOIN {turned} AS t ON t.order_id = a.order_id AND d.document IS NOT NULL)"""

    def _net(self) -> str:
        ways = []
        if self.cells.has("net_amount"):
            ways.append("net_amount")
        if self.cells.has("gross_amount", "tax_amount"):
            ways.append("gross_amount - coalesce(tax_amount, 0)")
        if self.cells.has("unit_price"):
            ways.append(self._price_of_all())
        if self.cells.has("gross_amount") and not self.cells.has("tax_amount"):
            ways.append("gross_amount")
        return self._exactly(ways)

    def _price_of_all(self) -> str:
        price = self._times_quantity("unit_price")
        if self.cells.has("discount_percent"):
            price = f"{price} * (1 - coalesce({self.share}, 0))"
        return (
            f"{price} - sign({price}) * abs(coalesce(discount_amount, 0))"
            if self.cells.has("discount_amount")
            else price
        )

    def _discount(self) -> str:
        """The discount as a positive amount."""
        ways = []
        if self.cells.has("discount_amount"):
            ways.append("abs(discount_amount)")
        if self.cells.has("discount_percent") and self.cells.has("unit_price"):
            ways.append(f"abs({self._times_quantity('unit_price')} * {self.share})")
        return self._exactly(ways)

    def _find_share(self) -> str:
        """SQL: the discount in per cent as a share of one. A column whose values are all up to 1 holds shares already."""
        if not self.cells.has("discount_percent"):
            return ""
        value = self.values["discount_percent"]
        joins = " ".join(join for join in self.joins if value.startswith(join.split()[2]))
        shares = self.engine.value(
            f"SELECT max(abs({value})) <= 1 AND NOT coalesce(bool_or(contains(c.discount_percent, '%')), false) "
            f"FROM {self.cells.name} AS c {joins}"
        )
        return f"(discount_percent{'' if shares else ' / 100'})::DECIMAL(12,8)"

    def _cost(self) -> str:
        ways = []
        if self.cells.has("cost_amount"):
            ways.append("cost_amount")
        if self.cells.has("unit_cost"):
            ways.append(self._times_quantity("unit_cost"))
        return self._exactly(ways)

    def _times_quantity(self, name: str) -> str:
        """SQL: quantity times an amount, exact. A file without quantities has one of each."""
        if not self.cells.has("quantity"):
            return name
        return f"(quantity::DECIMAL({'18,0' if self.small else '38,6'}) * {name})"

    def _exactly(self, ways: Sequence[str]) -> str:
        """SQL: the first of several amounts that is known, exact; NULL where it is out of all bounds."""
        if self.small:
            return f"coalesce({', '.join([*ways, 'NULL'])})::DECIMAL(18,6)"
        return f"TRY(coalesce({', '.join([*ways, 'NULL'])})::DECIMAL(38,12))"

    def _minor(self, amount: str) -> str:
        """SQL: an exact amount in minor units of the line's currency, half a unit rounded away from zero."""
        known = self.values["exponent"]
        scale = str(10 ** int(known)) if known.isdigit() else f"CASE exponent {_SCALES} END"
        rounded = f"round({amount} * {scale}, 0)::BIGINT"
        return rounded if self.small else f"TRY({rounded})"

    def _is_small(self) -> bool:
        """All products fit into 18 digits, so that the engine may calculate with plain integers, five times as fast."""
        used = [name for name in NUMBER_FIELDS if self.cells.has(name)]
        if "discount_percent" in used or not all(name in self.profiles for name in used):
            return False
        whole, most = self.profiles.get("quantity", (True, 1.0))
        largest = max((self.profiles[name][1] for name in used if name != "quantity"), default=0.0)
        return whole and max(most, 1.0) * largest < _SMALL

    def _reason(self) -> str:
        """SQL: `code:field` of the first thing that is wrong with a line, NULL if nothing is."""
        earliest, latest = self._limits()
        checks = [("_skip", _SKIPPED), ("order_id IS NULL", "missing:order_id")]
        if self.cells.has("business_date"):
            checks.append(("business_date_text IS NOT NULL AND business_date IS NULL", "not_a_date:business_date"))
        checks += [
            ("business_date IS NULL", "missing:business_date"),
            (f"business_date < {earliest}", "too_early:business_date"),
            (f"business_date > {latest}", "too_late:business_date"),
            ("currency IS NULL", "unknown_currency:currency"),
            *self.not_numbers(NUMBER_FIELDS),
            ("net IS NULL", f"missing:{self._amount_field()}"),
            ("line_no IS NULL", "missing:line_no"),
        ]
        return f"CASE {' '.join(f'WHEN {condition} THEN {quoted(reason)}' for condition, reason in checks)} END"

    def _amount_field(self) -> str:
        names = ("net_amount", "gross_amount", "unit_price")
        return next((name for name in names if self.cells.has(name)), "net_amount")

    def _add_order_amount(self, name: str) -> None:
        """Add a line for an amount that stands once an order, however often the file repeats it."""
        line_no, kind, sign = ORDER_AMOUNTS[name]
        shown = ", ".join(column for column in self.columns if column not in _OF_A_LINE)
        amount = f"-abs({name})" if sign < 0 else name
        self.engine.run(
            f"""INSERT INTO typed BY NAME
            SELECT {shown}, '{line_no}' AS line_no, {self._minor(amount)} AS net_minor, '{kind}' AS kind
            FROM ({self._amounts()}) WHERE {name} <> 0 AND NOT coalesce({self._fault_of_order()}, false)
            QUALIFY row_number() OVER (PARTITION BY order_id ORDER BY _at) = 1"""
        )

    def _fault_of_order(self) -> str:
        earliest, latest = self._limits()
        return (
            "order_id IS NULL OR currency IS NULL OR business_date IS NULL "
            f"OR business_date < {earliest} OR business_date > {latest}"
        )

    def _limits(self) -> tuple[str, str]:
        return f"DATE {quoted(str(self.reading.earliest))}", f"(DATE {quoted(str(self.reading.as_of))} + {DAYS_AHEAD})"


class _Records(_Reader):
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
        self.engine.run(f"CREATE OR REPLACE TABLE {faulty} ({_declared(REJECTED_COLUMNS)})")
        rows = f"SELECT _file, _row, reason FROM {made}_read WHERE reason IS NOT NULL AND reason <> {quoted(_SKIPPED)}"
        _keep_rejected(self.engine, faulty, self.raw.name, self.raw.broken_name, self.cells, rows)
        staged, skipped = self.engine.rows(
            f"SELECT count(*) FILTER (WHERE reason IS NULL), count(*) FILTER (WHERE reason = '{_SKIPPED}') FROM {made}_read"
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
        checks = [("_skip", _SKIPPED)]
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


_TYPED: Final = {"unit_cost": NUMBER, "rate": FINE_NUMBER, "valid_from": "DATE", "currency": "VARCHAR"}
_NEEDED: Final = {
    "accounts": ("account_id",),
    "contacts": (),
    "products": ("product",),
    "rates": ("currency", "valid_from", "rate"),
}
_SMALL: Final = 9e7
"""Amounts below it have 18 digits at most with six decimals, in the smallest of minor units."""
_SCALES: Final = " ".join(f"WHEN {digits} THEN {10**digits}" for digits in range(5))
_OF_A_LINE: Final = frozenset(
    {
        *("line_no", "product", "product_name", "category", "quantity", "net_minor", "cost_minor", "discount_minor"),
        *("kind", "rule"),
    }
)


def source_of(mapping: Mapping) -> str:
    """Where the records of a group come from; part of their identity."""
    return mapping.source or mapping.export or "orders"


def account_key(cells: Cells, alias: str = "") -> str:
    """SQL: a customer's identity within its source: number, else e-mail, else name without regard to case and blanks."""
    ways = {
        "account_id": f"{alias}account_id",
        "account_email": f"lower({alias}account_email)",
        "account_name": f"lower(regexp_replace({alias}account_name, '\\s+', ' ', 'g'))",
    }
    return f"coalesce({', '.join([*(way for name, way in ways.items() if cells.has(name)), 'NULL'])})::VARCHAR"


def _declared(columns: dict[str, str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in columns.items())


def _keep_rejected(engine: Engine, table: str, raw: str, broken: str, cells: Cells, rows: str) -> None:
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


def _counted(engine: Engine) -> Staged:
    staged, skipped, repeated = engine.rows(
        f"""SELECT count(*) FILTER (WHERE reason IS NULL), count(*) FILTER (WHERE reason = '{_SKIPPED}'),
                   count(*) FILTER (WHERE reason = '{_REPEATED}') FROM typed"""
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
