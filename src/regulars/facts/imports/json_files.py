"""JSON: an array of objects, an object that holds such an array, or one object a line.

Nested objects become headings with dots ("customer.name"). One list of objects, the lines of an order, is spread out:
one row an element, the rest of the record repeated. Numbers keep the digits that they have in the file.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import ijson
from django.utils.translation import gettext as _

from regulars.facts.imports.archives import Found
from regulars.facts.imports.raw_tables import RawWriter, Record, SourceFile, distinct
from regulars.facts.imports.reading import Broken, Reading, ReadLimits, Tally, sha256_of
from regulars.facts.imports.unreadable import DamagedFile, EmptyFile, NotATable

LINE_LISTS: Final = (
    "line_items",
    "lineitems",
    "items",
    "lines",
    "order_lines",
    "order_items",
    "invoice_lines",
    "products",
)
"""Keys under which the lines of an order stand, the likeliest first."""

Cells = dict[str, str]


@dataclass(frozen=True)
class JsonFile:
    """A JSON file that was looked at and can be loaded."""

    found: Found
    headings: list[str]
    keys: list[str]
    lines: str
    """The key of the list that is spread out; empty: none."""
    prefix: str | None
    """Where the array is, as ijson has it ("item", "orders.item"); None: one object a line."""

    def load(self, writer: RawWriter, reading: Reading) -> None:
        tally = Tally(self.found.name, reading.limits.broken_rows)
        writer.add_records(self.headings, self._records(tally, reading.limits), reading.work)
        writer.finish_file(
            SourceFile(
                name=self.found.name,
                path=str(self.found.path),
                size_bytes=self.found.path.stat().st_size,
                sha256=sha256_of(self.found.path),
                format="jsonl" if self.prefix is None else "json",
                encoding="utf-8",
                heading_line=0,
                body_line=1,
            ),
            tally,
        )

    def _records(self, tally: Tally, limits: ReadLimits) -> Iterator[Record]:
        row = 0
        for line, record in _objects(self.found, self.prefix, limits):
            if isinstance(record, str):
                row += 1
                tally.add(Broken(row, line, "not_json", record))
                continue
            for cells in spread(record, self.lines):
                row += 1
                yield row, [cells.get(key) for key in self.keys]


def is_json(path: Path) -> bool:
    """Does the file begin like JSON?"""
    with path.open("rb") as file:
        start = file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    after = start[1:].lstrip()[:1]
    return (start[:1] == b"{" and after in {b'"', b"}"}) or (start[:1] == b"[" and after in {b"{", b"]"})


def look_at_json(found: Found, limits: ReadLimits) -> JsonFile:
    """Find the records, the list in them that is spread out, and all keys that any of them has."""
    prefix = _prefix(found, limits)
    lists: Counter[str] = Counter()
    for _line, record in _objects(found, prefix, limits):
        if isinstance(record, dict):
            lists.update({key: len(value) for key, value in record.items() if _is_list_of_objects(value)})
    lines = _line_list(lists)
    keys: dict[str, None] = {}
    for _line, record in _objects(found, prefix, limits):
        if isinstance(record, dict):
            for cells in spread(record, lines):
                keys |= dict.fromkeys(cells)
    if not keys:
        raise EmptyFile(found.name)
    return JsonFile(found, distinct(list(keys)), list(keys), lines, prefix)


def spread(record: dict[str, Any], lines: str) -> list[Cells]:
    """A record as rows of cells: one for each element of the list `lines`, or one."""
    elements = record.get(lines) if lines else None
    shared = {key: value for key, value in record.items() if not lines or key != lines}
    cells = flat(shared)
    if not elements or not _is_list_of_objects(elements):
        return [cells]
    return [cells | flat(element, f"{lines}.") for element in elements]


def flat(value: dict[str, Any], prefix: str = "") -> Cells:
    """The cells of an object; "" where a value is null, lists joined by commas, lists of objects as JSON."""
    cells: Cells = {}
    for key, inner in value.items():
        if isinstance(inner, dict) and inner:
            cells |= flat(inner, f"{prefix}{key}.")
        else:
            cells[prefix + key] = _text(inner)
    return cells


def _text(value: Any) -> str:
    if value is None or value in ([], {}):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, list):
        if any(isinstance(element, (dict, list)) for element in value):
            return json.dumps(value, ensure_ascii=False, default=str)
        return ", ".join(map(_text, value))
    return str(value)


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(element, dict) for element in value)


def _line_list(lists: Counter[str]) -> str:
    folded = {key.lower(): key for key in lists}
    known = next((folded[key] for key in LINE_LISTS if key in folded), None)
    return known or max(lists, key=lambda key: lists[key], default="")


def _prefix(found: Found, limits: ReadLimits) -> str | None:
    with found.path.open("rb") as file:
        start = file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"["):
        return "item"
    first = next(_lines(found, limits), (0, ""))[1]
    try:
        whole = json.loads(first)
    except ValueError:
        return _array_within(found)
    lists = [key for key, value in whole.items() if _is_list_of_objects(value)]
    if len(lists) == 1 and len(whole) <= 2 and lists[0].lower() not in LINE_LISTS:
        return f"{lists[0]}.item"
    return None


def _array_within(found: Found) -> str:
    """The first array of objects on the upper levels of a document that spans several lines."""
    try:
        with found.path.open("rb") as file:
            _skip_mark(file)
            for prefix, event, _value in ijson.parse(file):
                if event == "start_map" and prefix.endswith("item"):
                    return str(prefix)
    except ijson.JSONError as error:
        raise DamagedFile(found.name, _("it is not valid JSON")) from error
    raise NotATable(found.name, _("a JSON document without a list of records"))


def _objects(found: Found, prefix: str | None, limits: ReadLimits) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """Line and record; text instead of a record where it is none."""
    if prefix is None:
        for line, text in _lines(found, limits):
            yield line, _parsed(text)
        return
    try:
        with found.path.open("rb") as file:
            _skip_mark(file)
            for number, record in enumerate(ijson.items(file, prefix), start=1):
                yield number, record if isinstance(record, dict) else _text(record)
    except ijson.JSONError as error:
        raise DamagedFile(found.name, _("its JSON breaks off or is not valid")) from error


def _parsed(text: str) -> dict[str, Any] | str:
    try:
        record = json.loads(text, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return text
    return record if isinstance(record, dict) else text


def _lines(found: Found, limits: ReadLimits) -> Iterator[tuple[int, str]]:
    with found.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n") as file:
        number = 0
        while line := file.readline(limits.record_characters + 1):
            number += 1
            whole = line
            while len(line) > limits.record_characters and not line.endswith("\n"):
                line = file.readline(limits.record_characters + 1)
                if not line:
                    break
            if whole.strip():
                yield number, whole


def _skip_mark(file: Any) -> None:
    if file.read(3) != b"\xef\xbb\xbf":
        file.seek(0)
