"""How the fields of one group of files are read: each column of numbers or dates is looked at once, then decided."""

from __future__ import annotations

from collections.abc import Sequence

from regulars.base.warehouse import Engine, quoted
from regulars.core.money import exponent
from regulars.facts.imports.cells import Cells, Group, Reading, lay_out
from regulars.facts.imports.values import (
    currency_of,
    is_empty_word,
    is_plain_date,
    make_date_dictionary,
    make_number_dictionary,
    number_profile,
    plain_date,
    plain_number,
)


class FieldReader:
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
            found = " UNION ".join(f"SELECT DISTINCT sign FROM {signs}" for signs in self.signs)
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


def account_key(cells: Cells, alias: str = "") -> str:
    """SQL: a customer's identity in its source: number, else e-mail, else name without regard to case and blanks."""
    ways = {
        "account_id": f"{alias}account_id",
        "account_email": f"lower({alias}account_email)",
        "account_name": f"lower(regexp_replace({alias}account_name, '\\s+', ' ', 'g'))",
    }
    return f"coalesce({', '.join([*(way for name, way in ways.items() if cells.has(name)), 'NULL'])})::VARCHAR"
