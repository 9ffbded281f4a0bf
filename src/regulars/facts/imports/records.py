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
    """Iterates over records; what is broken goes to `tally`.

    A record is the list of its cells, or - most are - a line without quotes and line end, to be split at the delimiter.
    `row` is the number of the record given last, broken ones counted; `line` the physical line on which it ends, and
    `first_line` the one on which it begins.
    """

    def __init__(self, text: IO[str], dialect: Dialect, tally: Tally, *, limit: int, skip_lines: int = 0) -> None:
        csv.field_size_limit(max(csv.field_size_limit(), limit))
        self.dialect = dialect
        self.tally = tally
        self.row = 0
        self.line = 0
        self.first_line = 0
        self._text = text
        self._limit = limit
        self._unquoted = _lenient_cell(dialect)
        self._waiting: deque[str] = deque()
        self._held: list[str] = []
        self._size = 0
        for _skipped in range(skip_lines):
            self._next_line()
            self.line += 1

    def __iter__(self) -> Iterator[str | list[str]]:
        quote = self.dialect.quote
        while line := self._next_line():
            self.first_line = self.line + 1
            if quote in line or len(line) > self._limit:
                cells = self._quoted_record(line)
                if cells is not None:
                    yield cells
                continue
            self.line += 1
            plain = line.rstrip("\r\n")
            if not plain:
                continue
            self.row += 1
            if _is_text(line):
                yield plain
            else:
                self._break("undecodable", line)

    def split(self, record: str | list[str]) -> list[str]:
        """The cells of a record."""
        return record.split(self.dialect.delimiter) if isinstance(record, str) else record

    def _quoted_record(self, line: str) -> list[str] | None:
        """Cells of a record with quotes, which may go on over lines. None if it is broken."""
        self._waiting.appendleft(line)
        reader = csv.reader(self._lines(), delimiter=self.dialect.delimiter, quotechar=self.dialect.quote, strict=True)
        try:
            cells = next(reader)
        except (csv.Error, _TooLongError):
            return self._recover()
        held = self._release()
        self.row += 1
        if all(map(_is_text, held)):
            return cells
        self._break("undecodable", "".join(held))
        return None

    def refuse(self, record: str | list[str], reason: str) -> None:
        """Let the caller refuse the record it was given last."""
        self._break(reason, record if isinstance(record, str) else self.dialect.delimiter.join(record))

    def _break(self, reason: str, text: str) -> None:
        self.tally.add(Broken(self.row, self.first_line, reason, text[:SHOWN_CHARACTERS]))

    def _release(self) -> list[str]:
        held, self._held, self._size = self._held, [], 0
        self.line += len(held)
        return held

    def _recover(self) -> list[str] | None:
        """Take one line out of the failed record, as cells if it makes sense by itself; the others are read again."""
        first, *others = self._release()
        self.line -= len(others)
        self._waiting.extendleft(reversed(others))
        self.row += 1
        if len(first) > self._limit:
            self._break("too_long", first)
            return None
        cells = self._lenient(first)
        if cells is None:
            self._break("unterminated_quote", first)
        elif not _is_text(first):
            self._break("undecodable", first)
            return None
        return cells

    def _lenient(self, line: str) -> list[str] | None:
        """Cells of a line whose quotes are not doubled inside quotes: `"7" pipe",5`. None if a quote never ends."""
        quote, rest = self.dialect.quote, line.rstrip("\r\n")
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
            return line  # whole, as its length says that it is too long
        return line.replace("\0", "") if "\0" in line else line


def read_records(reader: RecordReader, width: int) -> Iterator[Record]:
    """Records of exactly `width` cells. Missing cells at the end are empty; empty ones too many are left out."""
    delimiter = reader.dialect.delimiter
    for record in reader:
        if isinstance(record, str) and record.count(delimiter) == width - 1:
            yield reader.row, record
            continue
        cells = reader.split(record)
        if len(cells) < width:
            cells = cells if any(map(str.strip, cells)) else []
            reader.tally.short += bool(cells)
            cells += [""] * (width - len(cells))
        elif any(map(str.strip, cells[width:])):
            reader.refuse(record, "too_many_cells")
            continue
        yield reader.row, cells[:width]


def _lenient_cell(dialect: Dialect) -> re.Pattern[str]:
    delimiter, quote = re.escape(dialect.delimiter), re.escape(dialect.quote)
    return re.compile(f"{quote}(.*?){quote}(?={delimiter}|$)|([^{delimiter}]*)", re.DOTALL)


def _is_text(line: str) -> bool:
    if line.isascii():
        return True
    try:
        line.encode()
    except UnicodeEncodeError:
        return False
    return True
