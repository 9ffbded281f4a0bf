"""The list as a file: all that fits, with the columns of the page, for who may take lists out of the house.

A text is never a formula: in CSV it is marked, in a workbook it is written as a text.
"""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, Final

from django.http import FileResponse, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from regulars.base.access import Permission, require
from regulars.web.accounts.columns import NAME, OFFERED, Column
from regulars.web.accounts.listing import Cut
from regulars.web.accounts.rows import all_rows
from regulars.web.desk import desk_of

NUMBER = next(column for column in OFFERED if column.key == "number")
MOST_IN_A_SHEET = 1_048_575
LONGEST_CELL = 32_767

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
def accounts_csv(request: HttpRequest) -> HttpResponseBase:
    """The whole filtered list as CSV."""
    return as_csv(Cut(desk_of(request), request.GET.dict()))


@require_safe
def accounts_xlsx(request: HttpRequest) -> HttpResponseBase:
    """The whole filtered list as a workbook."""
    return as_xlsx(Cut(desk_of(request), request.GET.dict()))


def as_csv(cut: Cut) -> StreamingHttpResponse:
    """What the cut holds, row by row as it is read."""
    require(cut.desk.member, Permission.EXPORT)
    response = StreamingHttpResponse(_lines(cut), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{_name(cut)}.csv"'
    return response


def as_xlsx(cut: Cut) -> FileResponse:
    """What the cut holds, in a file that is gone when it was sent."""
    require(cut.desk.member, Permission.EXPORT)
    file = tempfile.TemporaryFile(suffix=".xlsx")  # noqa: SIM115 - the response closes it
    _write_workbook(file, cut)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{_name(cut)}.xlsx", content_type=_WORKBOOK)


def _name(cut: Cut) -> str:
    return f"accounts-{cut.desk.day.isoformat()}"


def _columns(cut: Cut) -> list[Column]:
    """Name and number say which account it is; then those of the page."""
    return [NAME, NUMBER, *(column for column in cut.columns if column.key != NUMBER.key)]


def _cells(cut: Cut, columns: list[Column]) -> Iterator[list[Any]]:
    needs = {column.needs for column in columns if column.needs}
    for row in all_rows(cut.found, cut.desk, path=cut.path, descending=cut.descending, needs=needs):
        yield [column.exported(row) for column in columns]


class _Echo:
    """What `csv.writer` writes is handed on at once."""

    def write(self, row: str) -> str:
        return row


def _lines(cut: Cut) -> Iterator[str]:
    writer = csv.writer(_Echo())
    columns = _columns(cut)
    yield "\ufeff"  # else Excel takes it for Latin-1
    yield writer.writerow(_harmless(column.export_heading(cut.desk) for column in columns))
    for cells in _cells(cut, columns):
        yield writer.writerow(_harmless(cells))


def _harmless(cells: Iterable[Any]) -> list[Any]:
    """Texts that a spreadsheet would run as a formula are marked as texts."""
    return [f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell for cell in cells]


def _write_workbook(file: Any, cut: Cut) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False}) as book:
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
        columns = _columns(cut)
        sheet = book.add_worksheet(_("Accounts")[:31])
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, 0, 36)
        sheet.set_column(1, len(columns), 16)
        for place, column in enumerate(columns):
            sheet.write_string(0, place, column.export_heading(cut.desk), bold)
        for at, cells in enumerate(_cells(cut, columns), start=1):
            if at > MOST_IN_A_SHEET:
                break
            for place, cell in enumerate(cells):
                _write_cell(sheet, at, place, cell, day)


def _write_cell(sheet: Any, at: int, place: int, cell: Any, day: Any) -> None:
    if isinstance(cell, bool):
        sheet.write_boolean(at, place, cell)
    elif isinstance(cell, int | float):
        sheet.write_number(at, place, cell)
    elif isinstance(cell, date):
        sheet.write_datetime(at, place, cell, day)
    elif cell:
        sheet.write_string(at, place, _CONTROL.sub("", str(cell))[:LONGEST_CELL])
