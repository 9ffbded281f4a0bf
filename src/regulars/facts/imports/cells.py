"""Raw rows into one text column a field: the mapping applied, before anything is understood as a number or date."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from regulars.base.warehouse import Engine, identifier, quoted
from regulars.core.errors import Refusal
from regulars.facts.imports.mapping import LINE_FIELDS, LOOKUP, ORDER_LINE_FIELDS, Lookup, Mapping, fingerprint
from regulars.facts.imports.raw_tables import RawTable, folded
from regulars.facts.imports.values import (
    NUMBER_FIELDS,
    blanks_around,
    clean_text,
    make_date_dictionary,
    make_number_dictionary,
    text,
)

Group = tuple[RawTable, Mapping]
"""Files with the same headings and how they are read."""

OWN_PREFIX = "regulars_"
"""Begins the headings that Regulars adds to a file of rejected rows."""

TOTALS = (
    r"(?i)^(?:grand |sub|net |running )?(?:totals?|subtotals?|summe|gesamt\w*|zwischensumme|suma|somme|totaux|totale|"
    r"कुल जम्मा|कुल|जम्मा|مجموعہ|کل|সর্বমোট|মোট|รวมทั้งสิ้น|ยอดรวม|รวม)(?:[\s:.]|$)"
)
"""How a row of totals begins."""

_IDS = ("order_id", "line_no", "account_id", "contact_id", "product")
_ORDER_FIELDS = [name for name in ORDER_LINE_FIELDS if name not in LINE_FIELDS and name != "order_id"]


class UnknownHeading(Refusal):
    """A mapping names a heading that the file does not have."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What the conversion needs to know besides the files."""

    base_currency: str
    time_zone: str
    as_of: date
    earliest: date


@dataclass(frozen=True)
class Cells:
    """The view or table `name`: _file, _row, _at (both as one number), _skip, and one text column a field.

    `_skip` is true for a row that is no record: a total, the heading of a group.
    """

    name: str
    fields: list[str]

    def has(self, *names: str) -> bool:
        return all(name in self.fields for name in names)


def lay_out(engine: Engine, group: Group, others: Sequence[Group], reading: Reading) -> Cells:
    """Make the view of the texts of one group. `others`: the groups of the same import, for lookups and joins."""
    raw, mapping = group
    name = f"cells_{raw.name}"
    texts = _Texts(engine, name, raw, mapping, others)
    fields = texts.fields()
    query = texts.query(fields)
    if mapping.group_rows:
        query = _under_their_groups(query, mapping.group_rows)
    if mapping.fill_down == "previous":
        query = _continued(query, fields)
    for header in _headers(mapping, others):
        query, fields = _with_header(engine, name, query, fields, header, others, reading)
    if mapping.fill_down:
        query = _filled_from_order(_stored(engine, f"{name}_unfilled", query), fields)
    query, fields = _with_constants(query, fields, mapping)
    if texts.joins or mapping.group_rows or mapping.fill_down or mapping.joined_by:
        query = f"SELECT * FROM {_stored(engine, f'{name}_stored', query)}"
    engine.run(f"CREATE OR REPLACE VIEW {name} AS {query}")
    return Cells(name, fields)


def column_of(raw: RawTable, heading: str) -> str:
    """The column of a heading. Raises `UnknownHeading`."""
    try:
        return raw.column(heading)
    except KeyError:
        raise UnknownHeading(
            _("There is no column “%(heading)s” in the file.") % {"heading": heading},
            _("Its columns are: %(headings)s. Choose among these.") % {"headings": ", ".join(raw.headings)},
        ) from None


def is_corrected(raw: RawTable) -> bool:
    """True for a file of rejected rows that Regulars wrote and that comes back."""
    return any(folded(heading) == f"{OWN_PREFIX}row" for heading in raw.headings)


class _Texts:
    """The SQL that reads the cells of one raw table."""

    def __init__(self, engine: Engine, name: str, raw: RawTable, mapping: Mapping, others: Sequence[Group]) -> None:
        self.engine = engine
        self.name = name
        self.raw = raw
        self.mapping = mapping
        self.others = others
        self.joins: list[str] = []
        self.corrected = is_corrected(raw)
        self._find_blanks()
        self._find_whole_numbers()

    def fields(self) -> list[str]:
        mapping = self.mapping
        return list(dict.fromkeys([*mapping.columns, *mapping.instead, *mapping.lookups]))

    def query(self, fields: Sequence[str]) -> str:
        columns = ", ".join(
            ["r._file", "r._row", "(r._file::BIGINT << 40) + r._row AS _at", f"{self.skipped()} AS _skip"]
            + [f"{self.field(field)} AS {identifier(field)}" for field in fields]
        )
        return f"SELECT {columns} FROM {self.raw.name} AS r {' '.join(self.joins)}"

    def field(self, field: str) -> str:
        """SQL: the text of a field: its column, what stands instead of it, its lookup."""
        sources = [self.heading(heading) for heading in self._headings(field)]
        if field in self.mapping.lookups:
            sources.append(self.lookup(field, self.mapping.lookups[field]))
        return sources[0] if len(sources) == 1 else f"coalesce({', '.join(sources)})"

    def heading(self, heading: str) -> str:
        """SQL: the text under a heading of the file, or under one that the mapping puts together."""
        parts = self.mapping.together.get(heading)
        if parts:
            return f"nullif(concat_ws(' ', {', '.join(self.cell(part) for part in parts)}), '')"
        return self.cell(heading)

    def cell(self, heading: str) -> str:
        column = column_of(self.raw, heading)
        found = f"r.{column}"
        if column in self.odd:
            found = clean_text(found)
        elif column in self.padded:
            found = text(found)
        if self.corrected:
            found = f"regexp_replace({found}, {quoted(_NEUTRALISED)}, '\\1')"
        return f"regexp_replace({found}, '\\.0$', '')" if column in self.whole else found

    def lookup(self, field: str, lookup: Lookup) -> str:
        """SQL: the value that a lookup finds; adds its joins."""
        key = self.heading(lookup.key)
        for number, step in enumerate(lookup.steps):
            group, mapping = _group_of(self.others, step.headings)
            # Read without its own fields: every column of it may hold keys or values.
            other = _Texts(self.engine, self.name, group, Mapping(content=LOOKUP, together=mapping.together), ())
            table = f"{self.name}_{field}_{number}"
            values = ", ".join(other.heading(heading) for heading in step.values)
            self.engine.run(
                f"""CREATE OR REPLACE TABLE {identifier(table)} AS
                SELECT key, arg_min(value, place) AS value FROM (
                  SELECT {other.heading(step.match)} AS key, nullif(concat_ws(' ', {values}), '') AS value,
                         (r._file, r._row) AS place FROM {other.raw.name} AS r)
                WHERE key IS NOT NULL GROUP BY key"""
            )
            self.joins.append(f"LEFT JOIN {identifier(table)} ON {identifier(table)}.key = {key}")
            key = f"{identifier(table)}.value"
        return key

    def skipped(self) -> str:
        """SQL: true for a row of totals: no date, no product, no price, and its first text says so."""
        names = ("business_date", "product", "unit_price")
        absent = [f"{self.heading(heading)} IS NULL" for name in names for heading in self._headings(name)]
        if not self._headings("business_date"):
            return "false"
        cells = ", ".join(f"r.{column}" for column in self.raw.columns)
        is_total = f"coalesce(regexp_matches(trim(coalesce({cells})), {quoted(TOTALS)}), false)"
        # CASE, since the engine would work out both sides of AND for every row.
        return f"CASE WHEN {' AND '.join(absent)} THEN {is_total} ELSE false END"

    def _headings(self, field: str) -> list[str]:
        own = self.mapping.columns.get(field)
        return [*([own] if own else []), *self.mapping.instead.get(field, ())]

    def _read_columns(self) -> list[str]:
        """The columns that the mapping names, in the sequence of the file."""
        mapping = self.mapping
        texts = [field for field in self.fields() if field not in NUMBER_FIELDS]
        named = [heading for field in texts for heading in self._headings(field)]
        named += [lookup.key for lookup in mapping.lookups.values()]
        read = {column_of(self.raw, part) for heading in named for part in mapping.together.get(heading, (heading,))}
        return [column for column in self.raw.columns if column in read or mapping.content == LOOKUP]

    def _find_blanks(self) -> None:
        """Which columns have blanks around a text: plain ones, and those that need a closer look."""
        self.padded, self.odd = set[str](), set[str]()
        columns = self._read_columns()
        if not columns:
            return
        checks = [check for column in columns for check in blanks_around(column)]
        found = iter(self.engine.rows(f"SELECT {', '.join(checks)} FROM {self.raw.name}")[0])
        for column, padded, odd in zip(columns, found, found, strict=False):
            self.padded |= {column} if padded else set()
            self.odd |= {column} if odd else set()

    def _find_whole_numbers(self) -> None:
        """Columns of ids that went through a program which made `12345.0` of all of them."""
        headings = [self.mapping.columns[name] for name in _IDS if name in self.mapping.columns]
        columns = [column_of(self.raw, heading) for heading in headings if heading not in self.mapping.together]
        for relation in (f"(SELECT * FROM {self.raw.name} LIMIT 1000)", self.raw.name):
            if columns:
                checks = ", ".join(f"bool_and(ends_with({column}, '.0'))" for column in columns)
                found = self.engine.rows(f"SELECT {checks} FROM {relation}")[0]
                columns = [column for column, whole in zip(columns, found, strict=True) if whole]
        self.whole = set(columns)


FORMULA = re.compile(r"'*[=+\-@\t\r]")
"""How a text begins that a spreadsheet takes for a formula (or that was one, with an apostrophe put before it)."""

_NEUTRALISED = r"(?s)^'('*[=+\-@\t\r].*)$"


def _stored(engine: Engine, table: str, query: str) -> str:
    engine.run(f"CREATE OR REPLACE TABLE {table} AS {query}")
    return table


def _group_of(others: Iterable[Group], headings: str) -> Group:
    for raw, mapping in others:
        if fingerprint(raw.headings) == headings:
            return raw, mapping
    raise UnknownHeading(
        _("A file that others refer to is missing from this import."),
        _("Import all files of the set at once, or take the reference out of the mapping."),
    )


def _under_their_groups(query: str, field: str) -> str:
    """SQL: each row has the value that stands alone above it; rows of such a value, and of totals, are skipped."""
    return f"""
    SELECT * EXCLUDE (_heads) REPLACE (
      _skip OR _heads AS _skip,
      last_value(CASE WHEN _heads AND NOT _skip THEN {field} END IGNORE NULLS)
        OVER (PARTITION BY _file ORDER BY _row ROWS UNBOUNDED PRECEDING) AS {field})
    FROM (SELECT *, {field} IS NOT NULL AND business_date IS NULL AS _heads FROM ({query}))"""


_OF_ANOTHER_ORDER = ("business_date", "account_id", "account_name", "account_email")


def _continued(query: str, fields: Sequence[str]) -> str:
    """SQL: a row without a number belongs to the order above, unless its own date or customer is another one.

    Such a row merely lacks its number; joined to the order above, its money would be another customer's.
    """
    compared = [name for name in _OF_ANOTHER_ORDER if name in fields]
    opened = ", ".join(f"{name} := {name}" for name in ("order_id", *compared))
    same = " AND ".join(
        ["true", *(f"coalesce({name}, _above.{name}) IS NOT DISTINCT FROM _above.{name}" for name in compared)]
    )
    return f"""
    SELECT * EXCLUDE (_above) REPLACE (coalesce(order_id, CASE WHEN {same} THEN _above.order_id END) AS order_id)
    FROM (
      SELECT *, last_value(CASE WHEN order_id IS NOT NULL THEN struct_pack({opened}) END IGNORE NULLS)
        OVER (PARTITION BY _file ORDER BY _row ROWS UNBOUNDED PRECEDING) AS _above
      FROM ({query}))"""


def _filled_from_order(table: str, fields: Sequence[str]) -> str:
    """SQL: an empty cell of an order-level field has the first value that its order has."""
    filled = [name for name in _ORDER_FIELDS if name in fields and not name.startswith("order_")]
    if not filled:
        return f"SELECT * FROM {table}"
    first = ", ".join(f"arg_min({name}, _at) AS {name}" for name in filled)
    values = ", ".join(f"coalesce(c.{name}, o.{name}) AS {name}" for name in filled)
    return f"""
    SELECT c.* REPLACE ({values}) FROM {table} AS c
    LEFT JOIN (SELECT order_id, {first} FROM {table} WHERE NOT _skip GROUP BY order_id) AS o
      ON o.order_id = c.order_id"""


def _with_constants(query: str, fields: list[str], mapping: Mapping) -> tuple[str, list[str]]:
    """SQL: empty cells have the constant of their field; a cancelled order says so in its status."""
    values = {
        name: f"coalesce({identifier(name)}, {quoted(value)})" for name, value in mapping.constants.items() if value
    }
    values = {name: value if name in fields else quoted(mapping.constants[name]) for name, value in values.items()}
    if "cancelled_at" in fields:
        status = values.get("status", "status" if "status" in fields else "NULL::VARCHAR")
        values["status"] = f"CASE WHEN cancelled_at IS NOT NULL THEN 'cancelled' ELSE {status} END"
    if not values:
        return query, fields
    replaced = ", ".join(f"{value} AS {identifier(name)}" for name, value in values.items() if name in fields)
    added = "".join(f", {value} AS {identifier(name)}" for name, value in values.items() if name not in fields)
    stars = f"* REPLACE ({replaced})" if replaced else "*"
    return f"SELECT {stars}{added} FROM ({query})", list(dict.fromkeys([*fields, *values]))


# Headers of orders in a file of their own


def _headers(mapping: Mapping, others: Sequence[Group]) -> list[Group]:
    return [group for group in others if group[1].content == "order_headers"] if mapping.joined_by else []


def _with_header(
    engine: Engine,
    name: str,
    query: str,
    fields: list[str],
    header: Group,
    others: Sequence[Group],
    reading: Reading,
) -> tuple[str, list[str]]:
    """SQL: the lines with the fields that their orders' headers have and they have not."""
    own = lay_out(engine, header, [group for group in others if group[1].content != "order_headers"], reading)
    table = f"{name}_{header[0].name}"
    _read_header(engine, table, own, header[1], reading)
    added = [field for field in own.fields if field not in fields]
    both = [field for field in own.fields if field in fields and field != "order_id"]
    columns = "".join(f", h.{identifier(field)}" for field in added)
    filled = ", ".join(
        f"coalesce(c.{identifier(field)}, h.{identifier(field)}) AS {identifier(field)}" for field in both
    )
    stars = f"c.* REPLACE ({filled})" if filled else "c.*"
    joined = f"SELECT {stars}{columns} FROM ({query}) AS c LEFT JOIN {table} AS h ON h.order_id = c.order_id"
    return joined, [*fields, *added]


def _read_header(engine: Engine, table: str, cells: Cells, mapping: Mapping, reading: Reading) -> None:
    """Make one row an order. Numbers and dates are written in a way that reads the same in any style."""
    joins, columns = [], []
    for field in cells.fields:
        value = f"c.{identifier(field)}"
        texts = f"SELECT {identifier(field)} AS text FROM {cells.name}"
        read = f"{table}_{field}"
        if field == "business_date":
            make_date_dictionary(
                engine,
                read,
                texts,
                date_order=mapping.date_order,
                time_zone=reading.time_zone,
                latest_year=reading.as_of.year + 1,
            )
            joins.append(f"LEFT JOIN {read} ON {read}.text = {value}")
            value = f"coalesce({read}.day::VARCHAR, {value})"
        elif field in NUMBER_FIELDS:
            make_number_dictionary(engine, read, texts, mapping.decimal)
            joins.append(f"LEFT JOIN {read} ON {read}.text = {value}")
            value = f"coalesce({read}.value::VARCHAR, {value})"
        if field != "order_id":
            columns.append(f", arg_min({value}, c._at) AS {identifier(field)}")
    engine.run(
        f"""CREATE OR REPLACE TABLE {table} AS SELECT c.order_id{"".join(columns)}
        FROM {cells.name} AS c {" ".join(joins)} WHERE c.order_id IS NOT NULL AND NOT c._skip GROUP BY c.order_id"""
    )
