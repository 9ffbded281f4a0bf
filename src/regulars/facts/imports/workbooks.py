"""Workbooks (XLSX, XLS, ODS): each visible sheet with data is a table of its own, values as canonical text."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import python_calamine
from django.utils.translation import gettext as _

from regulars.facts.imports.archives import Found
from regulars.facts.imports.heading_row import find_headings
from regulars.facts.imports.raw_tables import RawWriter, Record, SourceFile
from regulars.facts.imports.reading import Reading, ReadLimits, Tally, sha256_of
from regulars.facts.imports.unreadable import DamagedFile, EmptyFile, EncryptedFile, ExpandsTooFar

SAMPLE_ROWS = 200
REPORT_EVERY = 50_000
SIGNIFICANT_DIGITS = 15
"""What a spreadsheet shows of a number; the rest is binary noise (12.340000000000001)."""


class Bookcase:
    """Sheets that were read, kept for the loading as long as they are not too large together."""

    def __init__(self, most_cells: int) -> None:
        self._most_cells = most_cells
        self._sheets: dict[tuple[Path, int], Any] = {}

    def sheet(self, book: Any, path: Path, position: int) -> Any:
        """The sheet at `position` of a workbook; `book` opens it."""
        if (path, position) not in self._sheets:
            sheet = book().get_sheet_by_index(position)
            while self._sheets and sum(map(_cells, self._sheets.values())) + _cells(sheet) > self._most_cells:
                del self._sheets[next(iter(self._sheets))]
            self._sheets[path, position] = sheet
        return self._sheets[path, position]


def _cells(sheet: Any) -> int:
    return int(sheet.total_height * sheet.total_width)


@dataclass(frozen=True)
class Sheet:
    """One sheet that was looked at and can be loaded."""

    found: Found
    name: str
    position: int
    headings: list[str]
    heading_row: int
    bookcase: Bookcase

    def load(self, writer: RawWriter, reading: Reading) -> None:
        """Add the rows below the headings; empty ones count, so that row numbers are those of the sheet."""
        writer.add_records(self.headings, self._records(reading), reading.work)
        writer.finish_file(
            SourceFile(
                name=f"{self.found.name}/{self.name}",
                path=str(self.found.path),
                size_bytes=self.found.path.stat().st_size,
                sha256=sha256_of(self.found.path),
                format=self.found.path.suffix.lower().lstrip(".") or "xlsx",
                heading_line=self.heading_row,
                body_line=self.heading_row + 1,
                sheet=self.name,
            ),
            Tally(self.found.name, 0),
        )

    def _records(self, reading: Reading) -> Iterator[Record]:
        sheet = self.bookcase.sheet(lambda: _opened(self.found), self.found.path, self.position)
        width, height = len(self.headings), sheet.total_height
        for row, cells in enumerate(islice(sheet.iter_rows(), self.heading_row, None), start=1):
            texts = [text_of(value) for value in cells[:width]]
            yield row, texts + [""] * (width - len(texts))
            if row % REPORT_EVERY == 0:
                reading.progress(self.found.name, row / height)


def look_at_workbook(found: Found, reading: Reading, bookcase: Bookcase) -> list[Sheet]:
    """The sheets with data. Hidden and empty ones are left out and reported."""
    _check_size(found, reading.limits)
    book = _opened(found)
    sheets = []
    for position, about in enumerate(book.sheets_metadata):
        name = f"{found.name}/{about.name}"
        if about.visible != python_calamine.SheetVisibleEnum.Visible:
            reading.skipped(name, _("The sheet is hidden."))
            continue
        if about.typ != python_calamine.SheetTypeEnum.WorkSheet:
            continue
        sheet = bookcase.sheet(lambda: book, found.path, position)
        rows = [[text_of(value) for value in cells] for cells in islice(sheet.iter_rows(), SAMPLE_ROWS)]
        if not any(any(cells) for cells in rows):
            reading.skipped(name, _("The sheet is empty."))
            continue
        at, headings = find_headings(rows)
        sheets.append(Sheet(found, about.name, position, headings, 0 if at is None else at + 1, bookcase))
    if not sheets:
        raise EmptyFile(found.name)
    return sheets


def _opened(found: Found) -> Any:
    try:
        return python_calamine.CalamineWorkbook.from_path(str(found.path))
    except python_calamine.PasswordError as error:
        raise EncryptedFile(found.name) from error
    except python_calamine.CalamineError as error:
        raise DamagedFile(found.name, str(error)) from error


def _check_size(found: Found, limits: ReadLimits) -> None:
    if not zipfile.is_zipfile(found.path):
        return
    with zipfile.ZipFile(found.path) as archive:
        for member in archive.infolist():
            too_dense = (
                member.file_size > limits.expansion_from_bytes
                and member.file_size > member.compress_size * limits.expansion
            )
            if too_dense or member.file_size > limits.workbook_bytes:
                raise ExpandsTooFar(found.name)


def text_of(value: Any) -> str:
    """A cell as text: ISO dates, `.` as decimal sign, no digits that are noise, no exponents."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return number_text(value)
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return str(value.date()) if midnight else value.isoformat(sep=" ", timespec="seconds")
    return str(value)


def number_text(value: float) -> str:
    """`value` as a spreadsheet shows it in a wide cell."""
    if isinstance(value, int) or value.is_integer():
        return str(int(value))
    return f"{Decimal(f'{value:.{SIGNIFICANT_DIGITS}g}'):f}"
