"""Reading files: from what the user hands over to text in the engine. See `docs/methods/import-files.md`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from regulars.base.warehouse import Engine, identifier
from regulars.facts.imports.archives import Found, Unpacker, require_space
from regulars.facts.imports.encodings import known_encoding
from regulars.facts.imports.json_files import is_json, look_at_json
from regulars.facts.imports.parquet_files import look_at_parquet
from regulars.facts.imports.raw_tables import RawTable, RawWriter, SourceFile, drop_raw, folded
from regulars.facts.imports.reading import Progress, Reading, ReadLimits, Skipped, Tally
from regulars.facts.imports.records import Dialect, RecordReader, open_text
from regulars.facts.imports.text_files import look_at_text
from regulars.facts.imports.unreadable import NothingToRead, UnknownDelimiter, UnreadableFile
from regulars.facts.imports.workbooks import Bookcase, look_at_workbook

__all__ = ["RawTable", "ReadLimits", "SourceFile", "drop_raw", "physical_lines", "preview", "read_sources"]


class Part(Protocol):
    """A file, sheet or member of an archive that was looked at and can be loaded."""

    @property
    def headings(self) -> list[str]:
        """A heading for each column, all different."""

    def load(self, writer: RawWriter, reading: Reading) -> None:
        """Add its rows to the tables of its group."""


def read_sources(
    engine: Engine,
    paths: Sequence[Path],
    *,
    work: Path,
    encoding: str | None = None,
    delimiter: str | None = None,
    progress: Progress | None = None,
    skipped: Skipped | None = None,
    limits: ReadLimits | None = None,
) -> list[RawTable]:
    """Read files, folders and archives into the engine as text: one `RawTable` for each set of headings.

    `encoding` and `delimiter` overrule what is found. What is in a folder, archive or workbook and cannot be read is
    left out and told to `skipped`. `work` holds unpacked files; keep it until `physical_lines` is no longer asked.

    Raises `UnreadableFile` for a path that cannot be read, `NothingToRead`, `NotEnoughSpace`, `UnknownEncoding`,
    `UnknownDelimiter`.
    """
    if delimiter is not None and len(delimiter) != 1:
        raise UnknownDelimiter(delimiter)
    reading = Reading(
        work=work,
        limits=limits or ReadLimits(),
        progress=progress or _nobody,
        skipped=skipped or _nobody,
        encoding=known_encoding(encoding) if encoding else None,
        delimiter=delimiter,
    )
    found = Unpacker(reading).find(paths)
    require_space(work, sum(file.path.stat().st_size for file in found))
    parts = _look_at_all(engine, found, reading)
    if not parts:
        raise NothingToRead(", ".join(path.name for path in paths))
    return [_loaded(engine, number, group, reading) for number, group in enumerate(_grouped(parts))]


def _look_at_all(engine: Engine, found: Sequence[Found], reading: Reading) -> list[Part]:
    bookcase = Bookcase(reading.limits.workbook_cells)
    parts: list[Part] = []
    for file in found:
        try:
            if file.kind == "workbook":
                parts += look_at_workbook(file, reading, bookcase)
            elif file.kind == "parquet":
                parts.append(look_at_parquet(engine, file))
            elif is_json(file.path):
                parts.append(look_at_json(file, reading.limits))
            else:
                parts.append(look_at_text(file, reading))
        except UnreadableFile as refusal:
            if file.named:
                raise
            reading.skipped(file.name, str(refusal))
    return parts


def _grouped(parts: Sequence[Part]) -> list[list[Part]]:
    groups: dict[frozenset[str], list[Part]] = {}
    for part in parts:
        groups.setdefault(frozenset(map(folded, part.headings)), []).append(part)
    return list(groups.values())


def _loaded(engine: Engine, number: int, group: Sequence[Part], reading: Reading) -> RawTable:
    writer = RawWriter(engine, number, group[0].headings)
    for part in group:
        part.load(writer, reading)
        reading.progress(writer.files[-1].name, 1.0)
    return writer.finish()


def _nobody(_name: str, _news: object) -> None:
    """Stands where nobody wants to be told."""


def preview(engine: Engine, raw: RawTable, limit: int = 20) -> list[dict[str, str | None]]:
    """The first rows, by heading."""
    cells = ", ".join(map(identifier, raw.columns))
    rows = engine.rows(f"SELECT {cells} FROM {raw.name} ORDER BY _file, _row LIMIT {limit}")
    return [dict(zip(raw.headings, row, strict=True)) for row in rows]


def physical_lines(engine: Engine, raw: RawTable, rows: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """The line of the file (in a sheet: the row) on which each `(_file, _row)` begins, as an editor counts them.

    Text files are read again, up to the last row that is asked for. In JSON and Parquet the row is its own number.
    """
    known = engine.rows(f"SELECT _file, _row, line FROM {raw.broken_name}") if raw.broken else []
    found = {(index, row): line for index, row, line in known}
    wanted = set(rows) - found.keys()
    for index, file in enumerate(raw.files):
        here = {row for at, row in wanted if at == index}
        if file.format == "csv":
            found |= {(index, row): line for row, line in _lines_of(file, here).items()}
        else:
            found |= {(index, row): file.body_line - 1 + row for row in here}
    return {place: found[place] for place in rows if place in found}


def _lines_of(file: SourceFile, wanted: set[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    if not wanted:
        return found
    limits = ReadLimits()
    with open_text(Path(file.path), file.encoding) as text:
        reader = RecordReader(
            text,
            Dialect(file.delimiter, file.quote),
            Tally(file.name, limits.broken_rows),
            limit=limits.record_characters,
            skip_lines=file.body_line - 1,
        )
        for _record in reader:
            if reader.row in wanted:
                found[reader.row] = reader.first_line
            if reader.row >= max(wanted):
                break
    return found
