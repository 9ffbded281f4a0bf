"""Delimited text: what encoding, delimiter and heading line a file has, and how it gets into the engine.

A clean UTF-8 file is read by the engine alone, and its line breaks are counted meanwhile: they must agree with the
rows. Where the engine refuses a file, or the count disagrees, `records` reads it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from django.utils.translation import gettext as _

from regulars.facts.imports.archives import Found, require_space
from regulars.facts.imports.encodings import find_encoding, settle_encoding
from regulars.facts.imports.heading_row import find_headings
from regulars.facts.imports.raw_tables import RawWriter, Record, SourceFile, csv_relation
from regulars.facts.imports.reading import Reading, ReadLimits, Tally
from regulars.facts.imports.records import Dialect, RecordReader, open_text, read_records
from regulars.facts.imports.unreadable import EmptyFile, NotATable

SAMPLE_BYTES = 512_000
SAMPLE_RECORDS = 200
DELIMITERS = ",;\t|"
ENGINE_ENCODINGS = {"utf-8", "utf-8-sig"}
REPORT_EVERY = 100_000
CHUNK = 1 << 20
BLANK_LINE = re.compile(rb"\n(?=\r?\n)")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a text file is to be read."""

    encoding: str
    dialect: Dialect
    headings: list[str]
    heading_line: int
    """Counted from 1; 0: the file has no headings."""
    body_line: int
    """The first physical line after the headings."""
    end: str
    """Of lines."""
    plain: bool
    """Each record up to the headings is one line, and lines end as they do today."""


@dataclass(frozen=True)
class Scan:
    """What a look at each byte of a file says."""

    sha256: str
    newlines: int
    """Line feeds; one more if the last line has none."""
    blank: int
    """Empty lines."""
    nul: bool


class TextFile:
    """A delimited text file that was looked at and can be loaded."""

    def __init__(self, found: Found, layout: Layout) -> None:
        self.found = found
        self.layout = layout
        self.headings = layout.headings

    def load(self, writer: RawWriter, reading: Reading) -> None:
        """Add the rows of the file to the tables of its group."""
        tally = Tally(self.found.name, reading.limits.broken_rows)
        with ThreadPoolExecutor(1) as pool:
            scanning = pool.submit(scan, self.found.path)
            clean = self._load_clean(writer, scanning.result, reading)
            sha256 = scanning.result().sha256
        if not clean:
            self._load_carefully(writer, reading, tally)
        writer.finish_file(self._source_file(sha256), tally)

    def _load_clean(self, writer: RawWriter, scanned: Callable[[], Scan], reading: Reading) -> bool:
        """Let the engine read the file. False, and nothing added, if that cannot be trusted."""
        if not self.layout.plain or len(self.headings) < 2:
            return False
        if self.layout.encoding in ENGINE_ENCODINGS:
            return self._load_utf8(writer, self.found.path, scanned, reading.limits)
        path = _transcoded(self.found.path, self.layout.encoding, reading.work)
        if path is None:
            return False
        try:
            return self._load_utf8(writer, path, lambda: scan(path), reading.limits)
        finally:
            path.unlink()

    def _load_utf8(self, writer: RawWriter, path: Path, scanned: Callable[[], Scan], limits: ReadLimits) -> bool:
        before = writer.stored()
        names = [f"c{position}" for position in range(len(self.headings))]
        dialect = self.layout.dialect
        relation = csv_relation(
            path,
            dict.fromkeys(names, "VARCHAR"),
            longest=limits.record_characters,
            skip=self.layout.body_line - 1,
            delimiter=dialect.delimiter,
            quote=dialect.quote,
            end=self.layout.end,
        )
        with writer.provisionally() as keep:
            if writer.attempt(self.headings, names, relation) is not None:
                return False
            found = scanned()
            if found.nul or not self._agrees(writer, before, found):
                return False
            keep()
        return True

    def _agrees(self, writer: RawWriter, before: int, found: Scan) -> bool:
        """Is each line of the file in one of the rows that were added?"""
        missing = found.newlines - (self.layout.body_line - 1) - (writer.stored() - before)
        if missing == 0:
            return True
        inside = writer.newlines_since(before)
        return missing == inside or (inside == 0 and missing == found.blank)

    def _load_carefully(self, writer: RawWriter, reading: Reading, tally: Tally) -> None:
        layout = self.layout
        if reading.encoding is None and layout.encoding == "utf-8":
            layout = self.layout = replace(layout, encoding=settle_encoding(self.found.path))
        with open_text(self.found.path, layout.encoding) as text:
            reader = RecordReader(
                text, layout.dialect, tally, limit=reading.limits.record_characters, skip_lines=layout.body_line - 1
            )
            records = self._reporting(read_records(reader, len(self.headings)), text, reading)
            writer.add_records(self.headings, records, reading.work, delimiter=layout.dialect.delimiter)

    def _reporting(self, records: Iterator[Record], text: io.TextIOWrapper, reading: Reading) -> Iterator[Record]:
        size = self.found.path.stat().st_size
        for number, record in enumerate(records):
            if number % REPORT_EVERY == 0:
                reading.progress(self.found.name, os.lseek(text.fileno(), 0, os.SEEK_CUR) / size)
            yield record

    def _source_file(self, sha256: str) -> SourceFile:
        return SourceFile(
            name=self.found.name,
            path=str(self.found.path),
            size_bytes=self.found.path.stat().st_size,
            sha256=sha256,
            format="csv",
            encoding=self.layout.encoding,
            delimiter=self.layout.dialect.delimiter,
            quote=self.layout.dialect.quote,
            heading_line=self.layout.heading_line,
            body_line=self.layout.body_line,
        )


def look_at_text(found: Found, reading: Reading) -> TextFile:
    """Find out how a text file is to be read, from its beginning."""
    with found.path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    whole = len(sample) < SAMPLE_BYTES
    layout = find_layout(sample, whole=whole, encoding=reading.encoding, delimiter=reading.delimiter)
    if layout is None and whole:
        raise EmptyFile(found.name)
    if layout is None:
        raise NotATable(found.name, _("one endless line"))
    return TextFile(found, layout)


def find_layout(sample: bytes, *, whole: bool, encoding: str | None, delimiter: str | None) -> Layout | None:
    """The layout of a file that begins with (or is, `whole`) `sample`. None if there is no record in it."""
    encoding = encoding or find_encoding(sample)
    text = sample.decode(encoding, errors="replace").replace("\0", "")
    if not whole:
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1]
    declared = re.match(r"sep=(.)\r?\n", text, re.IGNORECASE)
    dialect = Dialect(delimiter or (declared.group(1) if declared else find_delimiter(text)))
    tally = Tally("", SAMPLE_BYTES)
    reader = RecordReader(
        io.StringIO(text, newline=""), dialect, tally, limit=SAMPLE_BYTES, skip_lines=1 if declared else 0
    )
    sampled = [(reader.first_line, reader.line + 1, reader.split(record)) for record in islice(reader, SAMPLE_RECORDS)]
    if not any(any(map(str.strip, cells)) for _line, _after, cells in sampled):
        return None
    at, headings = find_headings([cells for _line, _after, cells in sampled])
    heading_line, body_line = (0, sampled[0][0]) if at is None else sampled[at][:2]
    ends = re.search(r"\r\n|\n|\r", text)
    end = ends.group() if ends else "\n"
    above = sampled[: 0 if at is None else at + 1]
    return Layout(
        encoding=encoding,
        dialect=dialect,
        headings=headings,
        heading_line=heading_line,
        body_line=body_line,
        end=end,
        plain=end != "\r" and all(after - line == 1 for line, after, _cells in above),
    )


def find_delimiter(text: str) -> str:
    """The delimiter that divides most lines into the same number of cells, more than one."""
    best, best_score = ",", 0.0
    for delimiter in DELIMITERS:
        widths = Counter(len(cells) for cells in _rough_records(text, delimiter) if len(cells) > 1)
        if not widths:
            continue
        score = max(number * (1 + min(width, 10) / 100) for width, number in widths.items())
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _rough_records(text: str, delimiter: str) -> list[list[str]]:
    csv.field_size_limit(max(csv.field_size_limit(), SAMPLE_BYTES * 4))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    return [cells for cells, _number in zip(reader, range(SAMPLE_RECORDS), strict=False)]


def scan(path: Path) -> Scan:
    """Hash a file and count its lines."""
    digest = hashlib.sha256()
    newlines = blank = 0
    nul = False
    tail = b"\n"
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            newlines += chunk.count(b"\n")
            nul = nul or b"\0" in chunk
            joined = tail + chunk
            if b"\n\n" in joined or b"\n\r\n" in joined:
                blank += len(BLANK_LINE.findall(joined))
            tail = joined[-1:] if joined[-1:] != b"\r" else joined[-2:]
    return Scan(digest.hexdigest(), newlines + (tail != b"\n"), blank, nul)


def _transcoded(path: Path, encoding: str, work: Path) -> Path | None:
    """A copy of the file in UTF-8. None if not all of it is in `encoding`."""
    require_space(work, 2 * path.stat().st_size)
    copy = work / f"{path.name}.utf8"
    try:
        with path.open(encoding=encoding, newline="") as source, copy.open("w", encoding="utf-8", newline="") as target:
            while text := source.read(CHUNK):
                target.write(text)
    except UnicodeError:
        copy.unlink(missing_ok=True)
        return None
    return copy
