"""What was read from files of one kind: as text in the engine, a table of rows and a table of what is broken."""

from __future__ import annotations

import csv
import errno
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pyarrow as pa

from regulars.base.warehouse import Engine, identifier, quoted
from regulars.facts.imports.reading import Broken, Tally
from regulars.facts.imports.unreadable import NotEnoughSpace

END_NAMES = {"\r\n": r"\r\n", "\n": r"\n"}  # as the engine's option has them
SHORTEST_LIMIT = 2_000_000  # of a line, in bytes
SHOWN_CHARACTERS = 2_000  # of a row that could not be read
NO_SPACE = re.compile(r"no space left|disk (is )?full|max_temp_directory_size", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """One file, sheet or member of an archive, as the user knows it, and how it was understood."""

    name: str
    path: str
    size_bytes: int
    sha256: str
    format: str
    """csv, xlsx, xls, ods, jsonl, json, parquet."""
    encoding: str = ""
    """Of a text file, as Python names it."""
    delimiter: str = ""
    quote: str = '"'
    heading_line: int = 1
    """Physical line (in a sheet: row) of the headings, counted from 1; 0: the file has none."""
    body_line: int = 2
    """Physical line after the headings."""
    sheet: str = ""


@dataclass(frozen=True, kw_only=True)
class RawTable:
    """A group of files with the same headings, as the view `name` in the engine.

    Columns of the view: `_file` (index in `files`), `_row` (number of the record in its file, 1 is the first after the
    headings; broken records are counted, blank lines are not), then `columns`, one VARCHAR for each heading, NULL where
    the cell is empty. Text is as in the file, surrounding blanks included. Rows without any content are left out.
    What could not be read is in the table `broken_name`: `_file`, `_row`, `line` (physical), `reason` (a code of
    `BROKEN_REASONS`), `text` (its beginning).
    """

    name: str
    broken_name: str
    headings: list[str]
    columns: list[str]
    files: list[SourceFile]
    rows: int
    broken: int
    short: int = 0
    """Rows with fewer cells than headings; the missing ones at the end are NULL."""

    def column(self, heading: str) -> str:
        """The column of a heading, found without regard to case and blanks. KeyError if there is none."""
        return {folded(name): column for name, column in zip(self.headings, self.columns, strict=True)}[folded(heading)]


Record = tuple[int, str | Sequence[str | None]]
"""Number of the record in its file, and one cell for each heading: a list, or a line without quotes and line end."""


def folded(heading: str) -> str:
    """Headings that fold to the same text are the same heading."""
    return " ".join(heading.casefold().split())


def distinct(cells: Sequence[str | None]) -> list[str]:
    """Headings of their own for all columns: "Amount", "Amount (2)"; "column 3" where the cell is empty."""
    seen: set[str] = set()
    headings = []
    for position, cell in enumerate(cells, start=1):
        plain = " ".join((cell or "").split()) or f"column {position}"
        heading = plain
        for number in count(2):
            if folded(heading) not in seen:
                break
            heading = f"{plain} ({number})"
        seen.add(folded(heading))
        headings.append(heading)
    return headings


def drop_raw(engine: Engine, raw: RawTable) -> None:
    """Give the room of a raw table back, when nobody will read its cells any more."""
    engine.run(f"DROP VIEW {raw.name}")
    engine.run(f"DROP TABLE {_stored(raw.name)}")


def _stored(name: str) -> str:
    """The table that holds the cells, below the view that numbers the rows."""
    return f"{name}_stored"


class RawWriter:
    """Fills the tables of one group of files."""

    def __init__(self, engine: Engine, number: int, headings: Sequence[str]) -> None:
        self.engine = engine
        self.name = f"raw_{number}"
        self.broken_name = f"broken_{number}"
        self.store = _stored(f"raw_{number}")
        self.headings = list(headings)
        self.columns = [f"c{position}" for position in range(len(headings))]
        self.files: list[SourceFile] = []
        self.short = 0
        self.broken = 0
        # A row number costs nothing as the position in the table; `_shift` turns that into the number in the file.
        columns = ", ".join(f"{column} VARCHAR" for column in self.columns)
        engine.run(f"CREATE OR REPLACE TABLE {self.store} (_file INTEGER, _shift BIGINT, {columns})")
        engine.run(
            f"CREATE OR REPLACE TABLE {self.broken_name} "
            "(_file INTEGER, _row BIGINT, line BIGINT, reason VARCHAR, text VARCHAR)"
        )

    def places(self, headings: Sequence[str]) -> list[int]:
        """For each column of the table, the position of its heading among `headings` (same set, another sequence)."""
        position = {folded(heading): at for at, heading in enumerate(headings)}
        return [position[folded(heading)] for heading in self.headings]

    def stored(self) -> int:
        return int(self.engine.value(f"SELECT count(*) FROM {self.store}"))

    def attempt(self, headings: Sequence[str], names: Sequence[str], relation: str) -> str | None:
        """Add all rows of a relation, its columns `names` standing under `headings`. The message if it failed."""
        cells = ", ".join(identifier(names[place]) for place in self.places(headings))
        shift = 1 - self.stored()
        return self._insert(f"SELECT {len(self.files)}::INTEGER, {shift}::BIGINT, {cells} FROM {relation}")

    def add_records(
        self, headings: Sequence[str], records: Iterable[Record], work: Path, *, delimiter: str = ","
    ) -> None:
        """Add records that Python read, by way of a clean file: the engine reads one faster than it takes objects.

        `delimiter`: of the records that are lines.
        """
        clean = work / f"{self.name}-{len(self.files)}.csv"
        try:
            longest = write_clean(clean, records, position=self.stored(), delimiter=delimiter)
            names = [f"t{position}" for position in range(len(headings))]
            columns = {"shift": "BIGINT"} | dict.fromkeys(names, "VARCHAR")
            relation = csv_relation(clean, columns, longest=longest, delimiter=delimiter)
            cells = ", ".join(names[place] for place in self.places(headings))
            failure = self._insert(f"SELECT {len(self.files)}::INTEGER, shift, {cells} FROM {relation}")
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise NotEnoughSpace from error
            raise
        finally:
            clean.unlink(missing_ok=True)
        assert failure is None, failure

    def _insert(self, query: str) -> str | None:
        failure = self.engine.attempt(f"INSERT INTO {self.store} {query}")
        if failure and NO_SPACE.search(failure):
            raise NotEnoughSpace
        return failure

    def newlines_since(self, stored: int) -> int:
        """Line feeds inside cells added since `stored()` was that."""
        inside = " + ".join(
            f"coalesce(length({column}) - length(replace({column}, chr(10), '')), 0)" for column in self.columns
        )
        some = " OR ".join(f"contains({column}, chr(10))" for column in self.columns)
        return int(
            self.engine.value(
                f"SELECT coalesce(sum({inside}), 0) FROM {self.store} WHERE rowid >= {stored} AND ({some})"
            )
        )

    @contextmanager
    def provisionally(self) -> Iterator[Callable[[], None]]:
        """What is added within is taken back, unless the function that is given is called: it keeps it.

        A rollback, as after deleting rows their positions would not be used again, and positions are row numbers.
        """
        kept = False

        def keep() -> None:
            nonlocal kept
            kept = True

        self.engine.run("BEGIN TRANSACTION")
        try:
            yield keep
        finally:
            self.engine.run("COMMIT" if kept else "ROLLBACK")

    def _add_broken(self, broken: Sequence[Broken]) -> None:
        table = pa.table(
            {
                "_file": pa.array([len(self.files)] * len(broken), pa.int32()),
                "_row": [one.row for one in broken],
                "line": [one.line for one in broken],
                "reason": [one.reason for one in broken],
                "text": [storable(one.text[:SHOWN_CHARACTERS]) for one in broken],
            }
        )
        self.engine.register("broken_read", table)
        try:
            self.engine.run(f"INSERT INTO {self.broken_name} SELECT * FROM broken_read ORDER BY _row")
        finally:
            self.engine.unregister("broken_read")

    def finish_file(self, file: SourceFile, tally: Tally) -> None:
        if tally.broken:
            self._add_broken(tally.broken)
        self.broken += len(tally.broken)
        self.short += tally.short
        self.files.append(file)

    def finish(self) -> RawTable:
        """Make the view. Rows without content are left out of it."""
        cells = ", ".join(self.columns)
        rows = content = self.stored()
        assert self.engine.value(f"SELECT coalesce(max(rowid) + 1, 0) FROM {self.store}") == rows
        if not any(self._count(column) == rows for column in self.columns):
            content = self._count(f"coalesce({cells})")
        keep = "" if content == rows else f" WHERE coalesce({cells}) IS NOT NULL"
        self.engine.run(
            f"CREATE OR REPLACE VIEW {self.name} AS "
            f"SELECT _file, rowid + _shift AS _row, {cells} FROM {self.store}{keep}"
        )
        return RawTable(
            name=self.name,
            broken_name=self.broken_name,
            headings=self.headings,
            columns=self.columns,
            files=self.files,
            rows=content,
            broken=self.broken,
            short=self.short,
        )

    def _count(self, expression: str) -> int:
        return int(self.engine.value(f"SELECT count({expression}) FROM {self.store}"))


def csv_relation(
    path: Path,
    columns: dict[str, str],
    *,
    longest: int,
    skip: int = 0,
    delimiter: str = ",",
    quote: str = '"',
    end: str = "\n",
) -> str:
    """SQL that reads a delimited UTF-8 file and fails on whatever is not clean."""
    typed = ", ".join(f"{quoted(name)}: {quoted(kind)}" for name, kind in columns.items())
    return (
        f"read_csv({quoted(str(path))}, auto_detect = false, header = false, skip = {skip}, "
        f"delim = {quoted(delimiter)}, quote = {quoted(quote)}, escape = {quoted(quote)}, columns = {{{typed}}}, "
        f"new_line = {quoted(END_NAMES[end])}, strict_mode = true, max_line_size = {longest}, compression = 'none')"
    )


def write_clean(path: Path, records: Iterable[Record], *, position: int, delimiter: str) -> int:
    """Write records as clean CSV, each after the shift from its place in the table (from `position` on) to its number.

    Returns how many bytes its longest line has at most.
    """
    longest = 0
    with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
        for at, (row, cells) in enumerate(records, start=position):
            if isinstance(cells, str):
                file.write(f"{row - at}{delimiter}{cells}\n")
                longest = max(longest, len(cells))
            else:
                longest = max(longest, writer.writerow((row - at, *cells)))
    return max(4 * longest + 100, SHORTEST_LIMIT)


def storable(text: str) -> str:
    """`text` with a replacement sign for each byte that could not be decoded."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace("\0", "�")
