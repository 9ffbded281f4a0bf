"""The conversion of one group of order lines, as one query over its cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from regulars.base.warehouse import Engine, quoted
from regulars.facts.imports.cells import Group, Reading
from regulars.facts.imports.default_rules import CREDIT_WORDS
from regulars.facts.imports.field_reader import FieldReader, account_key
from regulars.facts.imports.mapping import FIELDS, LINE_FIELDS, Mapping
from regulars.facts.imports.rules import CompiledRules
from regulars.facts.imports.staged import REPEATED, SKIPPED, STAGED_COLUMNS
from regulars.facts.imports.values import NUMBER, NUMBER_FIELDS
from regulars.facts.models import ClassificationRule

DAYS_AHEAD: Final = 366

ORDER_AMOUNTS: Final = {
    "order_shipping": ("shipping", "fee", 1),
    "order_discount": ("discount", "other", -1),
    "order_refund": ("refund", "return", -1),
}
"""Amounts that stand once an order: the number of the line they become, its kind, its sign."""

_SCALES: Final = " ".join(f"WHEN {digits} THEN {10**digits}" for digits in range(5))
_OF_A_LINE: Final = frozenset(
    {
        *("line_no", "product", "product_name", "category", "quantity", "net_minor", "cost_minor", "discount_minor"),
        *("kind", "rule"),
    }
)


class OrderLines(FieldReader):
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
            f"AND reason IS NOT NULL AND reason NOT IN ({quoted(SKIPPED)}, {quoted(REPEATED)})"
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
        """Make `orders_…`: where each order begins, whether its rows stand together; number the rows of the others."""
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
        notes, turned = f"credits_{self.raw.name}", f"turned_{self.raw.name}"
        self.engine.run(
            f"""CREATE OR REPLACE TABLE {notes} AS
            SELECT document FROM (SELECT DISTINCT document FROM {self.cells.name})
            WHERE regexp_matches(document, {quoted(CREDIT_WORDS)}, 'i')"""
        )
        self.engine.run(
            f"""CREATE OR REPLACE TABLE {turned} AS
            SELECT order_id FROM ({self._amounts()}) JOIN {notes} USING (document)
            WHERE order_id IS NOT NULL GROUP BY order_id HAVING sum(net::DOUBLE) > 0"""
        )
        return f"""
        SELECT * REPLACE (CASE WHEN is_credit AND net < 0 THEN -abs(quantity) ELSE quantity END AS quantity) FROM (
          SELECT a.* REPLACE (CASE WHEN t.order_id IS NULL THEN net ELSE -net END AS net,
                              CASE WHEN t.order_id IS NULL THEN cost ELSE -cost END AS cost),
                 d.document IS NOT NULL AS is_credit
          FROM ({self._amounts()}) AS a LEFT JOIN {notes} AS d ON d.document = a.document
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
        """SQL: the discount in per cent as a share of one. A column without a value above 1 holds shares already."""
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
        known = self.values["exponent"]
        digits = 6 + (int(known) if known.isdigit() else 4)
        whole, most = self.profiles.get("quantity", (True, 1.0))
        largest = max((self.profiles[name][1] for name in used if name != "quantity"), default=0.0)
        return whole and max(most, 1.0) * largest < 10 ** (18 - digits)

    def _reason(self) -> str:
        """SQL: `code:field` of the first thing that is wrong with a line, NULL if nothing is."""
        earliest, latest = self._limits()
        checks = [("_skip", SKIPPED), ("order_id IS NULL", "missing:order_id")]
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


def source_of(mapping: Mapping) -> str:
    """Where the records of a group come from; part of their identity."""
    return mapping.source or mapping.export or "orders"
