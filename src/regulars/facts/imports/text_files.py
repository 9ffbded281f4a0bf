"""Delimited text: what encoding, delimiter and heading line a file has, and how it gets into the engine.

A clean UTF-8 file is read by the engine alone, and its line breaks are counted meanwhile: they must agree with the rows.
Where the engine refuses a file, or the count disagrees, `records` reads it.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import charset_normalizer

from regulars.base.warehouse import quoted
from regulars.facts.imports.raw_tables import RawWriter, SourceFile, Tally, distinct
from regulars.facts.imports.records import Dialect, RecordReader, open_text, read_records

SAMPLE_BYTES = 512_000
SAMPLE_RECORDS = 200
HEADING_SEARCH = 50
DELIMITERS = ",;\t|"
CODE_PAGES = [
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp874",
    "shift_jis", "gb18030", "big5", "euc_kr", "koi8_r", "mac_roman", "cp437", "cp850",
]  # fmt: skip
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
    plain: bool
    """Each record up to the headings is one line."""


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

    def __init__(self, name: str, path: Path, layout: Layout) -> None:
        self.name = name
        self.path = path
        self.layout = layout
        self.headings = layout.headings

    def load(self, writer: RawWriter, *, work: Path, limit: int) -> None:
        """Add the rows of the file to the tables of its group."""
        tally = Tally()
        with ThreadPoolExecutor(1) as pool:
            scanning = pool.submit(scan, self.path)
            clean = self._load_clean(writer, scanning.result, work=work, limit=limit)
            found = scanning.result()
        if not clean:
            self._load_carefully(writer, tally, limit=limit)
        writer.finish_file(self._source_file(found.sha256), tally)

    def _load_clean(self, writer: RawWriter, scanned: Callable[[], Scan], *, work: Path, limit: int) -> bool:
        """Let the engine read the file. False, and nothing added, if that cannot be trusted."""
        layout = self.layout
        if not layout.plain or len(layout.headings) < 2:
            return False
        path = self.path if layout.encoding == "utf-8" else _transcoded(self.path, layout.encoding, work)
        if path is None:
            return False
        before = writer.stored()
        names = [f"c{position}" for position in range(len(layout.headings))]
        columns = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
        relation = (
            f"read_csv({quoted(str(path))}, auto_detect = false, header = false, skip = {layout.body_line - 1}, "
            f"delim = {quoted(layout.dialect.delimiter)}, quote = {quoted(layout.dialect.quote)}, "
            f"escape = {quoted(layout.dialect.quote)}, columns = {{{columns}}}, strict_mode = true, "
            f"max_line_size = {limit}, compression = 'none')"
        )
        try:
            if writer.attempt(layout.headings, names, relation) is not None:
                return False
            found = scanned() if path == self.path else scan(path)
        finally:
            if path != self.path:
                path.unlink()
        if not found.nul and self._agrees(writer, before, found):
            return True
        writer.take_back(before)
        return False

    def _agrees(self, writer: RawWriter, before: int, found: Scan) -> bool:
        """Is each line of the file in one of the rows that were added?"""
        missing = found.newlines - (self.layout.body_line - 1) - (writer.stored() - before)
        if missing == 0:
            return True
        inside = writer.newlines_since(before)
        return missing == inside or (inside == 0 and missing == found.blank)

    def _load_carefully(self, writer: RawWriter, tally: Tally, *, limit: int) -> None:
        layout = self.layout
        with open_text(self.path, layout.encoding) as text:
            reader = RecordReader(text, layout.dialect, limit=limit, skip_lines=layout.body_line - 1)
            writer.add_records(layout.headings, read_records(reader, len(layout.headings), tally), tally)

    def _source_file(self, sha256: str) -> SourceFile:
        return SourceFile(
            name=self.name,
            path=str(self.path),
            size_bytes=self.path.stat().st_size,
            sha256=sha256,
            format="csv",
            encoding=self.layout.encoding,
            delimiter=self.layout.dialect.delimiter,
            quote=self.layout.dialect.quote,
            heading_line=self.layout.heading_line,
            body_line=self.layout.body_line,
        )


def look_at_text(name: str, path: Path, *, encoding: str | None, delimiter: str | None, limit: int) -> TextFile:
    """Find out how a text file is to be read, from its beginning."""
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    return TextFile(name, path, find_layout(sample, encoding=encoding, delimiter=delimiter, limit=limit))


def find_layout(sample: bytes, *, encoding: str | None, delimiter: str | None, limit: int) -> Layout:
    """The layout of a file that begins with `sample`."""
    encoding = encoding or find_encoding(sample)
    text = sample.decode(encoding, errors="replace").replace("\0", "")
    if len(sample) == SAMPLE_BYTES and "\n" in text:
        text = text[: text.rindex("\n") + 1]
    declared = re.match(r"sep=(.)\r?\n", text, re.IGNORECASE)
    skipped = 1 if declared else 0
    found = delimiter or (declared.group(1) if declared else None) or find_delimiter(text)
    dialect = Dialect(found)
    reader = RecordReader(io.StringIO(text, newline=""), dialect, limit=limit, skip_lines=skipped)
    lines, records = [], []
    for line, cells, _size in reader:
        lines.append((line, reader.line + 1))
        records.append(cells)
        if len(records) == SAMPLE_RECORDS:
            break
    at = find_headings(records)
    width = body_width(records)
    if at is None:
        first = lines[0][0] if lines else 1
        return Layout(
            encoding=encoding,
            dialect=dialect,
            headings=distinct([""] * width),
            heading_line=0,
            body_line=first,
            plain=True,
        )
    cells = records[at]
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    headings = distinct(cells + [""] * (width - len(cells)))
    heading_line, body_line = lines[at]
    plain = not reader.broken and all(after - line == 1 for line, after in lines[: at + 1])
    return Layout(
        encoding=encoding,
        dialect=dialect,
        headings=headings,
        heading_line=heading_line,
        body_line=body_line,
        plain=plain,
    )


def find_encoding(sample: bytes) -> str:
    """The encoding of a text that begins with `sample`."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if sample.startswith(mark):
            return encoding
    if sample[1::2].count(0) > len(sample) * 0.3:
        return "utf-16-le"
    if sample[0::2].count(0) > len(sample) * 0.3:
        return "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        best = charset_normalizer.from_bytes(sample, cp_isolation=CODE_PAGES).best()
        return best.encoding if best else "cp1252"
    return "utf-8"


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


def body_width(records: Sequence[Sequence[str]]) -> int:
    """The number of cells that most records have, those with a single cell counting only where no others are."""
    widths = Counter(len(cells) for cells in records if len(cells) > 1) or Counter(len(cells) for cells in records)
    return max(widths, key=lambda width: (widths[width], width), default=0)


def find_headings(records: Sequence[Sequence[str]]) -> int | None:
    """The record that holds the headings: as wide as the body, filled, and in words. None if there is none."""
    width = body_width(records)
    for at, cells in enumerate(records[:HEADING_SEARCH]):
        filled = [cell.strip() for cell in cells if cell.strip()]
        enough = width - 1 if width <= 4 else 0.6 * width
        words = sum(not _like_a_value(cell) for cell in filled)
        if len(cells) >= width and filled and len(filled) >= enough and words >= 0.8 * len(filled):
            return at
    return None


def _like_a_value(cell: str) -> bool:
    """A number, an amount, a date, an e-mail address: not a heading."""
    return "@" in cell or sum(character.isdigit() for character in cell) > len(cell) / 2


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
    copy = work / f"{path.name}.utf8"
    try:
        with path.open(encoding=encoding, newline="") as source, copy.open("w", encoding="utf-8", newline="") as target:
            while text := source.read(CHUNK):
                target.write(text)
    except UnicodeError:
        copy.unlink(missing_ok=True)
        return None
    return copy
