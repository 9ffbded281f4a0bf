"""A few rows of files that were read, kept so that a changed mapping can be shown at once, without the files.

The rows go through the same conversion as an import. What is decided by all values of a column - which part of a date
is the day, which sign is decimal - was decided when the files were read and stands in the mapping.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from regulars.base.organisation import organisation
from regulars.base.warehouse import Engine, identifier, open_engine, quoted
from regulars.facts.imports.mapping import FIELDS, Mapping, fingerprint
from regulars.facts.imports.normalise import stage_order_lines, stage_records
from regulars.facts.imports.proposals import missing_for_orders
from regulars.facts.imports.raw_tables import RawTable, RawWriter, SourceFile
from regulars.facts.imports.reading import Tally
from regulars.facts.imports.rejected import explain
from regulars.facts.imports.rules import active_rules
from regulars.facts.imports.wishes import HowToRead

if TYPE_CHECKING:
    from regulars.facts.imports.runs import Part

LINES: Final = 60
RECORDS: Final = 500
"""More rows of what order lines refer to: what the lines name must be among them."""
RETURNS: Final = 3
SHOWN: Final = 12
MOST_CHARACTERS: Final = 300
EXAMPLES: Final = 3

_SIGNED: Final = ("quantity", "net_amount", "gross_amount")
_LINE_COLUMNS: Final = (
    *("order_id", "line_no", "business_date", "account_key", "account_name", "product", "product_name", "quantity"),
    *("net_minor", "currency", "kind"),
)


@dataclass(frozen=True, kw_only=True)
class Look:
    """One group of files with the same headings: what was found in it, and its first rows."""

    files: list[str]
    headings: list[str]
    rows: int
    broken: int
    mapping: Mapping
    """As it was proposed, before any wish."""
    confidence: float
    notes: list[str]
    missing: list[str]
    saved: bool
    sample: list[tuple[int, list[str | None]]]
    """Number of the row in its file, and its cells."""

    @property
    def key(self) -> str:
        """By it the wishes about this group are found."""
        return fingerprint(self.headings)

    def examples(self, heading: str) -> list[str]:
        """The first different values of a column."""
        at = self.headings.index(heading)
        values = (cells[at] for _row, cells in self.sample)
        return list(dict.fromkeys(value.strip() for value in values if value and value.strip()))[:EXAMPLES]


@dataclass(frozen=True, kw_only=True)
class ShownRow:
    """A row as it would be read: values by field, or why it would be left out."""

    row: int
    values: dict[str, Any]
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Preview:
    """One group of files as it would be read."""

    look: Look
    mapping: Mapping
    rows: list[ShownRow] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """What order lines need and the mapping does not give, as sentences; then no row is read."""


def look_at(engine: Engine, parts: Sequence[Part]) -> list[Look]:
    """What is to be kept of files that were just read."""
    return [
        Look(
            files=[file.name for file in part.raw.files],
            headings=part.raw.headings,
            rows=part.raw.rows,
            broken=part.raw.broken,
            mapping=part.proposal.mapping,
            confidence=part.proposal.confidence,
            notes=part.proposal.notes,
            missing=part.proposal.missing,
            saved=part.proposal.saved,
            sample=_sample(engine, part.raw, part.proposal.mapping),
        )
        for part in parts
    ]


def keep_looks(looks: Sequence[Look], file: Path) -> None:
    """Write them where `kept_looks` finds them."""
    file.write_text(json.dumps([asdict(look) | {"mapping": look.mapping.to_json()} for look in looks]))


def kept_looks(file: Path) -> list[Look]:
    """What was kept in the file; nothing where there is none."""
    if not file.exists():
        return []
    return [
        Look(**{**saved, "mapping": Mapping.from_json(saved["mapping"]), "sample": list(map(tuple, saved["sample"]))})
        for saved in json.loads(file.read_text())
    ]


def preview_looks(looks: Sequence[Look], how: HowToRead, *, as_of: date) -> list[Preview]:
    """The kept rows as they would be read with these wishes."""
    with open_engine(memory="500MB") as engine, tempfile.TemporaryDirectory(prefix="regulars-preview-") as work:
        raws = [_as_read(engine, number, look, Path(work)) for number, look in enumerate(looks)]
        mappings = [how.adjust(raw, look.mapping) for raw, look in zip(raws, looks, strict=True)]
        missing = [_missing(mapping) for mapping in mappings]
        # Groups that lack something stay: others may look values up in them.
        groups = [
            (raw, replace(mapping, content="") if gaps else mapping)
            for raw, mapping, gaps in zip(raws, mappings, missing, strict=True)
        ]
        shown = dict(_converted(engine, groups, as_of))
        return [
            Preview(look=look, mapping=mapping, rows=shown.get(raw.name, []), missing=gaps)
            for look, raw, mapping, gaps in zip(looks, raws, mappings, missing, strict=True)
        ]


def _sample(engine: Engine, raw: RawTable, mapping: Mapping) -> list[tuple[int, list[str | None]]]:
    """The first rows, and of order lines some with a minus, which stand further below."""
    cells = ", ".join(f"left({column}, {MOST_CHARACTERS})" for column in raw.columns)
    is_lines = mapping.content == "order_lines"
    rows = engine.rows(
        f"SELECT _row, {cells} FROM {raw.name} ORDER BY _file, _row LIMIT {LINES if is_lines else RECORDS}"
    )
    signed = [mapping.columns[name] for name in _SIGNED if mapping.columns.get(name) in raw.headings]
    if is_lines and signed and not (mapping.fill_down or mapping.group_rows):
        returned = " OR ".join(f"starts_with(ltrim({raw.column(heading)}), '-')" for heading in signed)
        rows += engine.rows(
            f"SELECT _row, {cells} FROM {raw.name} WHERE ({returned}) AND _row > {LINES} "
            f"ORDER BY _file, _row LIMIT {RETURNS}"
        )
    return [(row[0], list(row[1:])) for row in rows]


def _as_read(engine: Engine, number: int, look: Look, work: Path) -> RawTable:
    writer = RawWriter(engine, number, look.headings)
    writer.add_records(look.headings, look.sample, work)
    name = look.files[0]
    file = SourceFile(name=name, path=name, size_bytes=0, sha256="", format="sample")
    writer.finish_file(file, Tally(name, 0))
    return writer.finish()


def _missing(mapping: Mapping) -> list[str]:
    if mapping.content != "order_lines" or mapping.joined_by:
        return []
    return missing_for_orders({*mapping.columns, *mapping.instead, *mapping.lookups, *mapping.constants})


def _converted(
    engine: Engine, groups: Sequence[tuple[RawTable, Mapping]], as_of: date
) -> Iterator[tuple[str, list[ShownRow]]]:
    firm = organisation()
    if any(mapping.content == "order_lines" for _raw, mapping in groups):
        stage_order_lines(
            engine,
            groups,
            rules=active_rules(),
            base_currency=firm.base_currency,
            time_zone=firm.time_zone,
            as_of=as_of,
        )
    for number, (raw, mapping) in enumerate(groups):
        if mapping.content == "order_lines":
            rows = _lines(engine, number)
            yield raw.name, _in_sequence(rows, _problems(engine, "rejected", raw, mapping))
        elif mapping.content in FIELDS and mapping.content != "order_headers":
            others = [group for group in groups if group[0] is not raw]
            made = stage_records(engine, raw, mapping, others, base_currency=firm.base_currency, as_of=as_of)
            rows = _records(engine, made.lines, mapping)
            yield raw.name, _in_sequence(rows, _problems(engine, made.rejected, raw, mapping))


def _lines(engine: Engine, part: int) -> list[ShownRow]:
    found = engine.rows(
        f"SELECT _row, {', '.join(_LINE_COLUMNS)} FROM staged WHERE _part = {part} ORDER BY _file, _row, line_no"
    )
    return [ShownRow(row=row[0], values=dict(zip(_LINE_COLUMNS, row[1:], strict=True))) for row in found]


def _records(engine: Engine, table: str, mapping: Mapping) -> list[ShownRow]:
    names = [name for name in (*FIELDS[mapping.content], *_own(mapping)) if name in _fields(mapping)]
    if not names:
        return []
    found = engine.rows(f"SELECT _row, {', '.join(map(identifier, names))} FROM {table} ORDER BY _file, _row")
    return [ShownRow(row=row[0], values=dict(zip(names, row[1:], strict=True))) for row in found]


def _fields(mapping: Mapping) -> set[str]:
    return {*mapping.columns, *mapping.instead, *mapping.lookups, *mapping.constants}


def _own(mapping: Mapping) -> list[str]:
    return [name for name in mapping.columns if name.startswith("custom.")]


def _problems(engine: Engine, table: str, raw: RawTable, mapping: Mapping) -> list[ShownRow]:
    found = engine.rows(f"SELECT _row, reason, field, value FROM {table} WHERE _raw = {quoted(raw.name)}")
    rows = []
    for row, reason, name, value in found:
        sentence, _way_out = explain(
            reason, heading=mapping.columns.get(name, name or ""), value=value, date_order=mapping.date_order
        )
        rows.append(ShownRow(row=row, values={}, problem=sentence))
    return rows


def _in_sequence(rows: Sequence[ShownRow], problems: Sequence[ShownRow]) -> list[ShownRow]:
    """The first rows, but always some returns and some with a problem where there are any."""
    returns = [row for row in rows if row.values.get("kind", "sale") != "sale"][:RETURNS]
    special = returns + list(problems[:RETURNS])
    usual = [row for row in rows if row not in special][: SHOWN - len(special)]
    return sorted([*usual, *special], key=lambda row: row.row)
