"""Raw rows into one text column a field: the mapping applied, before anything is understood as a number or date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from regulars.base.warehouse import Engine, quoted
from regulars.core.errors import Refusal
from regulars.facts.imports.mapping import LINE_FIELDS, Lookup, Mapping, fingerprint
from regulars.facts.imports.raw_tables import RawTable
from regulars.facts.imports.values import ODD_BLANKS, clean_text, text

Group = tuple[RawTable, Mapping]
"""Files with the same headings and how they are read."""

TOTALS = (
    r"(?i)^(?:grand |sub|net |running )?(?:totals?|subtotals?|summe|gesamt\w*|zwischensumme|suma|somme|totaux|totale|"
    r"samtals|कुल|जम्मा|कुल जम्मा|مجموعہ|کل|মোট|সর্বমোট|รวม|รวมทั้งสิ้น|ยอดรวม)(?:[\s:.]|$)"
)
"""Texts at the beginning of a row of totals."""


class UnknownHeading(Refusal):
    """A mapping names a heading that the file does not have."""


@dataclass(frozen=True)
class Cells:
    """The view or table `name`: _file, _row, _skip (true: not a record: a total, a group's heading), a column a field."""

    name: str
    fields: list[str]


def lay_out(engine: Engine, name: str, group: Group, others: Sequence[Group] = ()) -> Cells:
    """Make the view or table `name` of the texts of one group; `others` are the groups that its lookups read."""
    raw, mapping = group
    texts = _Texts(engine, name, raw, mapping, others)
    fields = texts.own_fields()
    query = texts.query(fields)
    if mapping.group_rows:
        query = _under_their_groups(query, mapping.group_rows)
    engine.run(f"CREATE OR REPLACE {'TABLE' if texts.joins or mapping.group_rows else 'VIEW'} {name} AS {query}")
    return Cells(name, fields)


class _Texts:
    """Builds the SQL that reads the cells of one raw table."""

    def __init__(self, engine: Engine, name: str, raw: RawTable, mapping: Mapping, others: Sequence[Group]) -> None:
        self.engine = engine
        self.name = name
        self.raw = raw
        self.mapping = mapping
        self.others = others
        self.joins: list[str] = []
        self.odd = _odd_columns(engine, raw)
        self.whole = _whole_numbers(engine, raw, [mapping.columns.get(field, "") for field in _ID_FIELDS])

    def own_fields(self) -> list[str]:
        mapping = self.mapping
        return list(dict.fromkeys([*mapping.columns, *mapping.instead, *mapping.lookups, *mapping.constants]))

    def query(self, fields: Sequence[str]) -> str:
        columns = ", ".join(f"{self.field(field)} AS {_name(field)}" for field in fields)
        skip = self.skipped()
        return f"SELECT r._file, r._row, {skip} AS _skip, {columns} FROM {self.raw.name} AS r {' '.join(self.joins)}"

    def field(self, field: str) -> str:
        """SQL: the text of a field: its column, what stands instead of it, its lookup, its constant."""
        mapping = self.mapping
        sources = [self.heading(heading) for heading in self._headings(field)]
        if field in mapping.lookups:
            sources.append(self.lookup(field, mapping.lookups[field]))
        if mapping.constants.get(field):
            sources.append(quoted(mapping.constants[field]))
        return sources[0] if len(sources) == 1 else f"coalesce({', '.join(sources)})"

    def _headings(self, field: str) -> list[str]:
        own = self.mapping.columns.get(field)
        return [*([own] if own else []), *self.mapping.instead.get(field, ())]

    def heading(self, heading: str) -> str:
        """SQL: the text under a heading of the file, or under one that the mapping puts together."""
        parts = self.mapping.together.get(heading)
        if parts:
            return f"nullif(concat_ws(' ', {', '.join(self.cell(part) for part in parts)}), '')"
        return self.cell(heading)

    def cell(self, heading: str) -> str:
        column = column_of(self.raw, heading)
        found = clean_text(f"r.{column}") if column in self.odd else text(f"r.{column}")
        return f"regexp_replace({found}, '\\.0$', '')" if column in self.whole else found

    def lookup(self, field: str, lookup: Lookup) -> str:
        """SQL: the value that a lookup finds; adds its joins."""
        key = self.heading(lookup.key)
        for number, step in enumerate(lookup.steps):
            other, mapping = _group_of(self.others, step.headings)
            reader = _Texts(self.engine, self.name, other, mapping, ())
            table = f"{self.name}_{field}_{number}"
            values = ", ".join(reader.heading(heading) for heading in step.values)
            self.engine.run(
                f"""CREATE OR REPLACE TABLE {table} AS
                SELECT key, arg_min(value, place) AS value FROM (
                  SELECT {reader.heading(step.match)} AS key, nullif(concat_ws(' ', {values}), '') AS value,
                         (r._file, r._row) AS place FROM {other.name} AS r)
                WHERE key IS NOT NULL GROUP BY key"""
            )
            self.joins.append(f"LEFT JOIN {table} ON {table}.key = {key}")
            key = f"{table}.value"
        return key

    def skipped(self) -> str:
        """SQL: true for a row of totals: no date, no product, and its first text says so."""
        absent = [
            f"{self.heading(heading)} IS NULL"
            for field in ("business_date", "product", "unit_price")
            for heading in self._headings(field)
        ]
        if not absent or not self.mapping.columns.get("business_date"):
            return "false"
        cells = ", ".join(f"r.{column}" for column in self.raw.columns)
        return f"({' AND '.join(absent)} AND regexp_matches(trim(coalesce({cells})), {quoted(TOTALS)}))"


_ID_FIELDS = ("order_id", "line_no", "account_id", "contact_id", "product")


def column_of(raw: RawTable, heading: str) -> str:
    """The column of a heading. Raises `UnknownHeading`."""
    try:
        return raw.column(heading)
    except KeyError:
        raise UnknownHeading(
            _("There is no column “%(heading)s” in the file.") % {"heading": heading},
            _("Its columns are: %(headings)s. Choose among these.") % {"headings": ", ".join(raw.headings)},
        ) from None


def _name(field: str) -> str:
    return '"' + field.replace('"', '""') + '"'


def _odd_columns(engine: Engine, raw: RawTable) -> set[str]:
    """Columns in which a cell has blanks around it that are no plain spaces."""
    checks = ", ".join(f"bool_or({ODD_BLANKS.format(cell=column)})" for column in raw.columns)
    found = engine.rows(f"SELECT {checks} FROM {raw.name}")[0]
    return {column for column, odd in zip(raw.columns, found, strict=True) if odd}


def _whole_numbers(engine: Engine, raw: RawTable, headings: Sequence[str]) -> set[str]:
    """Columns of numbers that went through a program which made `12345.0` of all of them."""
    own = {column_of(raw, heading) for heading in headings if heading in raw.headings}
    if not own:
        return set()
    columns = sorted(own)
    checks = ", ".join(f"bool_and(ends_with({column}, '.0'))" for column in columns)
    found = engine.rows(f"SELECT {checks} FROM {raw.name}")[0]
    return {column for column, whole in zip(columns, found, strict=True) if whole}


def _group_of(others: Sequence[Group], headings: str) -> Group:
    for raw, mapping in others:
        if fingerprint(raw.headings) == headings:
            return raw, mapping
    raise UnknownHeading(
        _("A file that others refer to is missing from this import."),
        _("Import all files of the set at once, or take the reference out of the mapping."),
    )


def _under_their_groups(query: str, field: str) -> str:
    return f"""
    SELECT * EXCLUDE (_heads) REPLACE (
      _skip OR _heads AS _skip,
      last_value(CASE WHEN _heads AND NOT _skip THEN {field} END IGNORE NULLS)
        OVER (PARTITION BY _file ORDER BY _row ROWS UNBOUNDED PRECEDING) AS {field})
    FROM (SELECT *, {field} IS NOT NULL AND business_date IS NULL AS _heads FROM ({query}))"""


ORDER_FIELDS_NOT_FILLED = LINE_FIELDS
