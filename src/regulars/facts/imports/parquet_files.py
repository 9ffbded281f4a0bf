"""Parquet: columns of any type, as canonical text."""

from __future__ import annotations

from dataclasses import dataclass

from regulars.base.warehouse import Engine, identifier, quoted
from regulars.facts.imports.archives import Found
from regulars.facts.imports.raw_tables import RawWriter, SourceFile, distinct
from regulars.facts.imports.reading import Reading, Tally, sha256_of
from regulars.facts.imports.unreadable import DamagedFile


@dataclass(frozen=True)
class ParquetFile:
    """A Parquet file that was looked at and can be loaded."""

    found: Found
    headings: list[str]
    texts: list[str]
    """For each column the SQL expression of its text."""

    def load(self, writer: RawWriter, reading: Reading) -> None:
        names = [f"t{position}" for position in range(len(self.texts))]
        cells = ", ".join(f"nullif({text}, '') AS {name}" for text, name in zip(self.texts, names, strict=True))
        failure = writer.attempt(self.headings, names, f"(SELECT {cells} FROM {_relation(self.found)})")
        if failure is not None:
            raise DamagedFile(self.found.name, failure)
        writer.finish_file(
            SourceFile(
                name=self.found.name,
                path=str(self.found.path),
                size_bytes=self.found.path.stat().st_size,
                sha256=sha256_of(self.found.path),
                format="parquet",
                heading_line=0,
                body_line=1,
            ),
            Tally(self.found.name, 0),
        )


def look_at_parquet(engine: Engine, found: Found) -> ParquetFile:
    """The columns of a Parquet file."""
    relation = _relation(found)
    failure = engine.attempt(f"SELECT 1 FROM {relation} LIMIT 1")
    if failure is not None:
        raise DamagedFile(found.name, failure)
    columns = engine.columns(relation)
    texts = [_text(identifier(name), kind) for name, kind in columns.items()]
    return ParquetFile(found, distinct(list(columns)), texts)


def _relation(found: Found) -> str:
    return f"read_parquet({quoted(str(found.path))}, binary_as_string = true)"


def _text(column: str, kind: str) -> str:
    if kind in {"DOUBLE", "FLOAT"}:
        return (
            f"CASE WHEN isfinite({column}) THEN CASE WHEN {column} = trunc({column}) AND abs({column}) < 1e15 "
            f"THEN {column}::BIGINT::VARCHAR WHEN abs({column}) >= 1e15 THEN format('{{:.0f}}', {column}::DOUBLE) "
            f"WHEN abs({column}) < 1e-4 THEN rtrim(format('{{:.20f}}', {column}::DOUBLE), '0') "
            f"ELSE {column}::VARCHAR END END"
        )
    if kind.startswith("TIMESTAMP") and kind != "TIMESTAMP WITH TIME ZONE":
        return f"CASE WHEN {column}::TIMESTAMP = {column}::DATE THEN {column}::DATE::VARCHAR ELSE {column}::VARCHAR END"
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP")):
        return f"to_json({column})::VARCHAR"
    return f"{column}::VARCHAR"
