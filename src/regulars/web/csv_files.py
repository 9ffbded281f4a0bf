"""Lists as CSV files: sent row by row, readable for Excel, without formulas."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import Any

from django.http import StreamingHttpResponse

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_answer(name: str, headings: list[str], rows: Iterable[Iterable[Any]]) -> StreamingHttpResponse:
    """A file to keep; texts that a spreadsheet would run as a formula are marked as texts."""
    response = StreamingHttpResponse(_written(headings, rows), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


class _Echo:
    """What `csv.writer` writes is handed on at once."""

    def write(self, row: str) -> str:
        return row


def _written(headings: list[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff"  # else Excel takes it for Latin-1
    yield writer.writerow(headings)
    for row in rows:
        yield writer.writerow([_harmless(cell) for cell in row])


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell
