"""Rows that were left out: kept with the import, said in words, given back as a file to correct and import again.

The file has the headings and cells of the original, and columns of our own (`regulars_…`) that say which row it was and
what is wrong with it. Coming back, they give each row the line number that it had; see `cells.is_corrected`.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from regulars.base.warehouse import Engine, identifier, quoted
from regulars.core.errors import Refusal
from regulars.facts.imports.cells import FORMULA, OWN_PREFIX, Group, column_of
from regulars.facts.imports.mapping import FIELDS, Mapping
from regulars.facts.imports.raw_tables import RawTable
from regulars.facts.imports.sources import physical_lines

OWN_HEADINGS: Final = tuple(
    f"{OWN_PREFIX}{name}" for name in ("import", "file", "row", "line", "line_no", "field", "reason")
)

SENTENCES: Final = {
    "missing": gettext_noop("“%(heading)s” is empty."),
    "not_a_date": gettext_noop("“%(value)s” in column “%(heading)s” is not a date%(order)s."),
    "too_early": gettext_noop("The date “%(value)s” in column “%(heading)s” lies before 1970."),
    "too_late": gettext_noop("The date “%(value)s” in column “%(heading)s” lies more than a year ahead."),
    "not_a_number": gettext_noop("“%(value)s” in column “%(heading)s” is not a number."),
    "not_positive": gettext_noop("“%(value)s” in column “%(heading)s” is not above zero."),
    "too_large": gettext_noop("The amount of this line is too large to be true."),
    "unknown_currency": gettext_noop("“%(value)s” in column “%(heading)s” is no currency."),
    "unknown_customer": gettext_noop("There is no customer “%(value)s” yet."),
    "other_line": gettext_noop("Line “%(value)s” of this order stands in the file before, with other content."),
    "too_many_cells": gettext_noop("The row has more cells than there are headings."),
    "undecodable": gettext_noop("The row has characters that do not belong to the encoding of the file."),
    "unterminated_quote": gettext_noop("A quotation mark is opened and never closed."),
    "too_long": gettext_noop("The row is too long to be true."),
    "not_json": gettext_noop("The row is not valid JSON."),
}
WAYS_OUT: Final = {
    "missing": gettext_noop("Fill the cell in."),
    "not_a_date": gettext_noop("Correct the cell, or choose another date order."),
    "too_early": gettext_noop("Correct the date."),
    "too_late": gettext_noop("Correct the date."),
    "not_a_number": gettext_noop("Correct the cell, or choose the other decimal sign."),
    "unknown_currency": gettext_noop("Use the three letters of ISO 4217, such as EUR."),
    "unknown_customer": gettext_noop("Import the customers or their orders first, then this row again."),
    "other_line": gettext_noop("Give the line a number of its own, or remove one of the two."),
    "too_many_cells": gettext_noop("Put quotation marks around cells that contain the delimiter."),
    "undecodable": gettext_noop("Choose another encoding, or correct the row."),
    "unterminated_quote": gettext_noop("Close it, or remove it."),
}
_ORDERS: Final = {
    "dmy": gettext_noop("day%(sign)smonth%(sign)syear"),
    "mdy": gettext_noop("month%(sign)sday%(sign)syear"),
    "ymd": gettext_noop("year%(sign)smonth%(sign)sday"),
}
_SHEET_ROWS: Final = 1_000_000
_NUMBER: Final = re.compile(r"[-+]?[\d.,'’   ]*\d[\d.,'’   ]*%?")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class NothingRejected(Refusal):
    """An import without rejected rows."""


class NoSuchFolder(Refusal):
    """The folder to write into does not exist."""


class UnknownFileFormat(Refusal):
    """Rejected rows are written as CSV or XLSX."""


@dataclass(frozen=True, kw_only=True)
class RejectedRow:
    """A row that was left out, and why."""

    file: str
    row: int
    """Number of the record in its file; 1 is the first after the headings."""
    line: int | None
    """Physical line in the file (in a sheet: row), as an editor counts."""
    order_id: str | None
    line_no: str | None
    field: str | None
    heading: str
    reason: str
    """A code of `SENTENCES`."""
    value: str | None
    sentence: str
    way_out: str
    cells: dict[str, str | None]
    """The cells of the row by heading; empty for a row that could not be read at all."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def keep_rejected(engine: Engine, groups: Sequence[Group], folder: Path) -> int:
    """Write the rejected rows of an import into its folder, a file for each group that has some. How many there are.

    Call it in the engine in which the groups were staged. Empty cells that the conversion filled from the row above or
    from the same order are kept filled: alone, a row must say which order it belongs to.
    """
    total = 0
    tables = [row[0] for row in engine.rows("SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'rejected%'")]
    for raw, mapping in groups:
        found = " UNION ALL BY NAME ".join(
            f"SELECT * FROM {table} WHERE _raw = {quoted(raw.name)}"
            for table in tables
            if table in {"rejected", f"rejected_{raw.name}"}
        )
        count = engine.value(f"SELECT count(*) FROM ({found})") if found else 0
        if count:
            _keep(engine, raw, mapping, found, folder)
            total += count
    return total


def rejected_rows(folder: Path, *, limit: int | None = None) -> Iterator[RejectedRow]:
    """The rejected rows in the folder of an import, in the language in force."""
    left = limit
    for group in sorted(folder.glob("rejected_*.parquet")):
        about = json.loads(group.with_suffix(".json").read_text())
        for batch in pq.ParquetFile(group).iter_batches(10_000):
            for values in batch.to_pylist():
                if left == 0:
                    return
                left = left - 1 if left is not None else None
                yield _row(values, about)


def write_rejected(folder: Path, target: Path, *, number: int) -> int:
    """Write the rejected rows of import `number` as a CSV or XLSX file to correct. How many there are.

    Cells that a spreadsheet would take for formulas get an apostrophe before them, which importing takes away again.
    Groups of files with different headings share the file: their headings are put side by side.
    """
    rows = rejected_rows(folder)
    headings = list(dict.fromkeys(heading for about in _abouts(folder) for heading in about["headings"]))
    if not headings:
        raise NothingRejected(
            _("Import %(number)d has no rejected rows.") % {"number": number}, _("There is nothing to correct.")
        )
    if not target.absolute().parent.is_dir():
        raise NoSuchFolder(
            _("There is no folder “%(folder)s”.") % {"folder": target.parent},
            _("Make it first, or choose another place."),
        )
    table = ([row.cells.get(heading) for heading in headings] + _own_cells(row, number) for row in rows)
    match target.suffix.lower():
        case ".csv":
            return _write_csv(target, [*headings, *OWN_HEADINGS], table)
        case ".xlsx":
            return _write_xlsx(target, [*headings, *OWN_HEADINGS], table)
    raise UnknownFileFormat(
        _("Rejected rows cannot be written as “%(suffix)s”.") % {"suffix": target.suffix},
        _("Choose a name that ends in .csv or .xlsx."),
    )


def neutralised(text: str) -> str:
    """`text` with an apostrophe before it if a spreadsheet would take it for a formula; numbers stay numbers."""
    return f"'{text}" if FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def explain(reason: str, *, heading: str, value: str | None, date_order: dict[str, str]) -> tuple[str, str]:
    """The sentence and the way out for a reason, in the language in force."""
    words = {"heading": heading, "value": value or "", "order": _said_order(value or "", date_order)}
    sentence = SENTENCES.get(reason, gettext_noop("The row cannot be read."))
    way_out = WAYS_OUT.get(reason, gettext_noop("Correct the row."))
    return _(sentence) % words, _(way_out)


def _said_order(value: str, date_order: dict[str, str]) -> str:
    """(day.month.year) for the sign that the value has between its numbers."""
    sign = next((character for character in value if character in "./- "), "")
    order = date_order.get(sign)
    return f" ({_(_ORDERS[order]) % {'sign': sign}})" if order in _ORDERS else ""


def _row(values: dict[str, Any], about: dict[str, Any]) -> RejectedRow:
    heading = about["columns"].get(values["_field"]) or _label(about["content"], values["_field"])
    sentence, way_out = explain(
        values["_reason"], heading=heading, value=values["_value"], date_order=about["date_order"]
    )
    return RejectedRow(
        file=about["files"][values["_file"]],
        row=values["_row"],
        line=values["_line"],
        order_id=values["_order_id"],
        line_no=values["_line_no"],
        field=values["_field"],
        heading=heading,
        reason=values["_reason"],
        value=values["_value"],
        sentence=sentence,
        way_out=way_out,
        cells={heading: values[f"c{place}"] for place, heading in enumerate(about["headings"])},
    )


def _label(content: str, field: str | None) -> str:
    label = FIELDS.get(content, {}).get(field or "", "")
    return _(label) if label else ""


def _abouts(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(file.read_text()) for file in sorted(folder.glob("rejected_*.json"))]


def _own_cells(row: RejectedRow, number: int) -> list[str | None]:
    line = "" if row.line is None else str(row.line)
    return [str(number), row.file, str(row.row), line, row.line_no, row.heading, f"{row.sentence} {row.way_out}"]


# Keeping


def _keep(engine: Engine, raw: RawTable, mapping: Mapping, found: str, folder: Path) -> None:
    headings = [heading for heading in raw.headings if not heading.casefold().startswith(OWN_PREFIX)]
    _number_lines(engine, raw, found)
    filled = _filled_fields(mapping)
    cells = ", ".join(
        f"{_cell(raw, heading, filled.get(heading))} AS c{place}" for place, heading in enumerate(headings)
    )
    joined = f"LEFT JOIN cells_{raw.name} AS c ON c._file = f._file AND c._row = f._row" if filled else ""
    folder.mkdir(parents=True, exist_ok=True)
    engine.run(
        f"""COPY (
          SELECT {cells}, f._file, f._row, l.line AS _line, f.order_id AS _order_id, f.line_no AS _line_no,
                 f.field AS _field, f.reason AS _reason, f.value AS _value
          FROM ({found}) AS f LEFT JOIN {raw.name} AS r ON r._file = f._file AND r._row = f._row {joined}
          LEFT JOIN rejected_places AS l ON l._file = f._file AND l._row = f._row
          ORDER BY f._file, f._row
        ) TO {quoted(str(folder / f"rejected_{raw.name}.parquet"))} (FORMAT parquet, COMPRESSION zstd)"""
    )
    about = {
        "content": mapping.content,
        "headings": headings,
        "columns": mapping.columns,
        "date_order": mapping.date_order,
        "files": [file.name for file in raw.files],
    }
    (folder / f"rejected_{raw.name}.json").write_text(json.dumps(about, ensure_ascii=False))


def _number_lines(engine: Engine, raw: RawTable, found: str) -> None:
    places = [(row[0], row[1]) for row in engine.rows(f"SELECT DISTINCT _file, _row FROM ({found})")]
    lines = physical_lines(engine, raw, places)
    engine.run("CREATE OR REPLACE TABLE rejected_places (_file INTEGER, _row BIGINT, line BIGINT)")
    engine.load("rejected_places", [(*place, line) for place, line in lines.items()])


def _filled_fields(mapping: Mapping) -> dict[str, str]:
    """Heading → field of the columns whose empty cells were filled from elsewhere in the file."""
    if not (mapping.fill_down or mapping.group_rows):
        return {}
    return {heading: field for field, heading in mapping.columns.items() if heading not in mapping.together}


def _cell(raw: RawTable, heading: str, field: str | None) -> str:
    column = f"r.{column_of(raw, heading)}"
    return f"coalesce({column}, c.{identifier(field)})" if field else column


# Writing


def _write_csv(target: Path, headings: Sequence[str], table: Iterator[list[str | None]]) -> int:
    written = 0
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([neutralised(heading) for heading in headings])
        for cells in table:
            writer.writerow([neutralised(cell or "") for cell in cells])
            written += 1
    return written


def _write_xlsx(target: Path, headings: Sequence[str], table: Iterator[list[str | None]]) -> int:
    import xlsxwriter

    written = 0
    with xlsxwriter.Workbook(target, {"constant_memory": True, "strings_to_formulas": False}) as book:
        sheet = None
        for cells in table:
            if written % _SHEET_ROWS == 0:
                sheet = book.add_worksheet()
                sheet.freeze_panes(1, 0)
                _write_row(sheet, 0, headings)
            _write_row(sheet, written % _SHEET_ROWS + 1, cells)
            written += 1
    return written


def _write_row(sheet: Any, row: int, cells: Sequence[str | None]) -> None:
    for column, cell in enumerate(cells):
        if cell:
            sheet.write_string(row, column, neutralised(_CONTROL.sub("", cell))[:32_767])
