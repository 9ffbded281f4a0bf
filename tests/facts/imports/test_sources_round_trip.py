"""Any table that a program writes as delimited text is read back as it was."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.base.warehouse import Engine, open_engine
from regulars.facts.imports.sources import physical_lines, read_sources

CELLS = st.text(
    st.one_of(
        st.sampled_from(list("ab12 ,;\t|\"'\n\r.-=ñßЖ語")),
        st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"),
    ),
    max_size=8,
)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    width = draw(st.integers(2, 5))
    filled = st.lists(CELLS, min_size=width, max_size=width).filter(any)
    return draw(st.lists(filled, max_size=12))


# Python 3.11 leaves a carriage return unquoted where it is not part of the line end: nobody could read that back.
DIALECTS = st.sampled_from([(csv.QUOTE_MINIMAL, "\r\n"), (csv.QUOTE_ALL, "\r\n"), (csv.QUOTE_ALL, "\n")])


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine(memory="200MB") as opened:
        yield opened


@settings(deadline=None, max_examples=80)
@given(
    table=tables(),
    delimiter=st.sampled_from(",;\t|"),
    dialect=DIALECTS,
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le"]),
)
def test_what_the_csv_module_writes_is_read_back(
    engine: Engine, table: list[list[str]], delimiter: str, dialect: tuple[Literal[0, 1], str], encoding: str
) -> None:
    headings = [f"heading {letter}" for letter in "abcde"[: len(table[0]) if table else 3]]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, quoting=dialect[0], lineterminator=dialect[1])
    writer.writerows([headings, *table])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table.csv")
        path.write_bytes(text.getvalue().encode(encoding))
        (raw,) = read_sources(engine, [path], work=Path(folder), delimiter=delimiter, encoding=encoding)
        rows = engine.rows(f"SELECT _row, {', '.join(raw.columns)} FROM {raw.name} ORDER BY _row")
        lines = physical_lines(engine, raw, [(0, row[0]) for row in rows])
    assert raw.headings == headings
    assert rows == [(number, *(cell or None for cell in row)) for number, row in enumerate(table, start=1)]
    assert raw.broken == 0
    assert lines == {(0, number): line for number, line in enumerate(_first_lines(table), start=1)}


def _first_lines(table: list[list[str]]) -> list[int]:
    """The physical line of each row: line ends within the cells above it count."""
    line, lines = 2, []
    for row in table:
        lines.append(line)
        line += 1 + sum(len(re.findall(r"\r\n|\r|\n", cell)) for cell in row)
    return lines


JUNK = st.lists(
    st.one_of(
        st.sampled_from(["1,a,2", '"x",b,3', '4,"c\nd",5', "", "6,e", "7,f,8,9", '8,"open,9', '9,"in"ner",1', ",,"]),
        st.text(st.sampled_from('ab1,"'), max_size=12),
    ),
    max_size=25,
)


@settings(deadline=None, max_examples=80)
@given(lines=JUNK)
def test_each_line_of_a_dirty_file_is_a_row_or_broken_or_blank(engine: Engine, lines: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "dirty.csv")
        path.write_text("\n".join(["id,name,amount", *["0,x,1"] * 40, *lines, "99,last,1"]) + "\n")
        (raw,) = read_sources(engine, [path], work=Path(folder), delimiter=",")
        numbers = [
            row for (row,) in engine.rows(f"SELECT _row FROM {raw.name} UNION ALL SELECT _row FROM {raw.broken_name}")
        ]
        kept = engine.rows(f"SELECT {', '.join(raw.columns)} FROM {raw.name}")
        broken = engine.rows(f"SELECT text FROM {raw.broken_name}")
    said = "\n".join(cell or "" for row in kept + broken for cell in row)
    assert len(numbers) == len(set(numbers)) == raw.rows + raw.broken
    for character in "ab":
        assert said.count(character) >= "".join(lines).count(character)
