"""Reading files: from what the user hands over to text in the engine. See `docs/methods/import-files.md`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from regulars.base.warehouse import Engine, identifier
from regulars.facts.imports.raw_tables import RawTable, RawWriter, SourceFile, folded
from regulars.facts.imports.records import Dialect, RecordReader, open_text
from regulars.facts.imports.text_files import TextFile, look_at_text

__all__ = ["RawTable", "ReadLimits", "SourceFile", "physical_lines", "preview", "read_sources"]

Progress = Callable[[str, float], None]


@dataclass(frozen=True, kw_only=True)
class ReadLimits:
    """What a file may ask of the machine."""

    record_characters: int = 16_000_000
    expanded_bytes: int = 20_000_000_000
    expansion: int = 200


def read_sources(
    engine: Engine,
    paths: Sequence[Path],
    *,
    work: Path,
    encoding: str | None = None,
    delimiter: str | None = None,
    progress: Progress | None = None,
    limits: ReadLimits | None = None,
) -> list[RawTable]:
    """Read files into the engine as text, one `RawTable` for each set of headings."""
    limits = limits or ReadLimits()
    files = [
        look_at_text(path.name, path, encoding=encoding, delimiter=delimiter, limit=limits.record_characters)
        for path in paths
    ]
    tables = []
    for number, group in enumerate(_grouped(files)):
        writer = RawWriter(engine, number, group[0].headings)
        for file in group:
            file.load(writer, work=work, limit=limits.record_characters)
        tables.append(writer.finish())
    return tables


def _grouped(files: Sequence[TextFile]) -> list[list[TextFile]]:
    groups: dict[frozenset[str], list[TextFile]] = {}
    for file in files:
        groups.setdefault(frozenset(map(folded, file.headings)), []).append(file)
    return list(groups.values())


def preview(engine: Engine, raw: RawTable, limit: int = 20) -> list[dict[str, str | None]]:
    """The first rows, by heading."""
    cells = ", ".join(map(identifier, raw.columns))
    rows = engine.rows(f"SELECT {cells} FROM {raw.name} ORDER BY _file, _row LIMIT {limit}")
    return [dict(zip(raw.headings, row, strict=True)) for row in rows]


def physical_lines(engine: Engine, raw: RawTable, rows: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """The physical line on which each `(_file, _row)` begins, as an editor counts them: a row may span several."""
    known = engine.rows(f"SELECT _file, _row, line FROM {raw.broken_name}") if raw.broken else []
    lines = {(index, row): line for index, row, line in known}
    found = {place: lines[place] for place in rows if place in lines}
    for index, file in enumerate(raw.files):
        wanted = {row for at, row in rows if at == index and (at, row) not in found}
        if wanted:
            found |= {(index, row): line for row, line in _lines_of(file, wanted).items()}
    return found


def _lines_of(file: SourceFile, wanted: set[int]) -> dict[int, int]:
    found = {}
    last = max(wanted)
    with open_text(Path(file.path), file.encoding) as text:
        dialect = Dialect(file.delimiter, file.quote)
        limit = ReadLimits().record_characters
        reader = RecordReader(text, dialect, limit=limit, skip_lines=file.body_line - 1)
        for line, _cells, _size in reader:
            if reader.row in wanted:
                found[reader.row] = line
            if reader.row >= last:
                break
    return found
