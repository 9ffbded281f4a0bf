"""The careful reader of delimited text: slower than the engine's, and never at a loss.

The engine reads a clean file (`text_files`). This reader takes what the engine refuses: rows with too few or too many
cells, stray quotes, bytes that belong to no character, lines too long to be true. It gives every record or says at
which line one is broken, and goes on with the line after.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from regulars.facts.imports.raw_tables import SHOWN_CHARACTERS, Record
from regulars.facts.imports.reading import Broken, Tally

UNDECODABLE = "regulars-undecodable"
SKIPPED_CHARACTERS = 1_000_000


class Dialect(NamedTuple):
    """How cells and records are divided."""

    delimiter: str
    quote: str = '"'


class _TooLongError(Exception):
    """A record grew over the limit."""


def open_text(path: Path, encoding: str) -> io.TextIOWrapper:
    """The file as text with its own line ends; a byte that belongs to no character becomes a lone surrogate."""
    return path.open(encoding=encoding, errors=UNDECODABLE, newline="")


def _mark(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return "\udcff", error.end


codecs.register_error(UNDECODABLE, _mark)


class RecordReader:
    """Iterates over `(first physical line, cells, characters)`; what is broken goes to `tally`.

    `row` is the number of the record read last, broken ones counted.
    """

    def __init__(self, text: IO[str], dialect: Dialect, tally: Tally, *, limit: int, skip_lines: int = 0) -> None:
        csv.field_size_limit(max(csv.field_size_limit(), limit))
        self._text = text
        self.tally = tally
        self._dialect = dialect
        self._limit = limit
        self._unquoted = _lenient_cell(dialect)
        self._waiting: deque[str] = deque()
        self._held: list[str] = []
        self._size = 0
        self.row = 0
        self.line = 0
        for _skipped in range(skip_lines):
            self._next_line()
            self.line += 1

    def __iter__(self) -> Iterator[tuple[int, list[str], int]]:
        while True:
            reader = csv.reader(
                self._lines(), delimiter=self._dialect.delimiter, quotechar=self._dialect.quote, strict=True
            )
            try:
                for cells in reader:
                    first, size = self.line + 1, self._size
                    held = self._release()
                    if not cells:
                        continue
                    self.row += 1
                    if not all(map(str.isascii, held)) and not _is_text(held):
                        self._break(first, "undecodable", "".join(held))
                        continue
                    yield first, cells, size
            except (csv.Error, _TooLongError):
                recovered = self._recover()
                if recovered is not None:
                    yield self.line, recovered, sum(map(len, recovered))
                continue
            return

    def break_record(self, line: int, reason: str, cells: list[str]) -> None:
        """Let the caller refuse the record it was given last."""
        self._break(line, reason, self._dialect.delimiter.join(cells))

    def _break(self, line: int, reason: str, text: str) -> None:
        self.tally.add(Broken(self.row, line, reason, text[:SHOWN_CHARACTERS]))

    def _release(self) -> list[str]:
        held, self._held, self._size = self._held, [], 0
        self.line += len(held)
        return held

    def _recover(self) -> list[str] | None:
        """Take one line out of the failed record, as cells if it makes sense by itself; the others are read again."""
        held = self._release()
        self.line -= len(held) - 1
        self._waiting.extendleft(reversed(held[1:]))
        self.row += 1
        first = held[0]
        if len(first) > self._limit:
            self._break(self.line, "too_long", first)
            return None
        cells = self._lenient(first)
        if cells is None:
            self._break(self.line, "unterminated_quote", first)
        elif not _is_text([first]):
            self._break(self.line, "undecodable", first)
            return None
        return cells

    def _lenient(self, line: str) -> list[str] | None:
        """Cells of a line whose quotes are not doubled inside quotes: `"7" pipe",5`. None if a quote never ends."""
        quote, rest = self._dialect.quote, line.rstrip("\r\n")
        cells = []
        at = 0
        while True:
            found = self._unquoted.match(rest, at)
            if found is None:
                return None
            inside, plain = found.groups()
            if inside is None and plain.startswith(quote):
                return None
            cells.append(plain if inside is None else inside.replace(quote * 2, quote))
            at = found.end()
            if at >= len(rest):
                return cells
            at += 1

    def _lines(self) -> Iterator[str]:
        while line := self._next_line():
            self._held.append(line)
            self._size += len(line)
            if self._size > self._limit:
                raise _TooLongError
            yield line

    def _next_line(self) -> str:
        if self._waiting:
            return self._waiting.popleft()
        line = self._text.readline(self._limit + 1)
        if len(line) > self._limit and not line.endswith(("\n", "\r")):
            rest = line
            while rest and not rest.endswith(("\n", "\r")):
                rest = self._text.readline(SKIPPED_CHARACTERS)
        return line.replace("\0", "") if "\0" in line else line


def read_records(reader: RecordReader, width: int) -> Iterator[Record]:
    """Records of exactly `width` cells. Missing cells at the end are empty; empty ones too many are left out."""
    for line, cells, size in reader:
        if len(cells) < width:
            cells = cells if any(map(str.strip, cells)) else []
            reader.tally.short += bool(cells)
            cells += [""] * (width - len(cells))
        elif len(cells) > width:
            if any(map(str.strip, cells[width:])):
                reader.break_record(line, "too_many_cells", cells)
                continue
            del cells[width:]
        yield reader.row, cells, size


def _lenient_cell(dialect: Dialect) -> re.Pattern[str]:
    delimiter, quote = re.escape(dialect.delimiter), re.escape(dialect.quote)
    return re.compile(f"{quote}(.*?){quote}(?={delimiter}|$)|([^{delimiter}]*)", re.DOTALL)


def _is_text(lines: list[str]) -> bool:
    try:
        for line in lines:
            line.encode()
    except UnicodeEncodeError:
        return False
    return True
