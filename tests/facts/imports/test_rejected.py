"""Rejected rows: said in words, given back as a file, corrected, and imported again where they belong."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.base.warehouse import Engine
from regulars.facts.imports.mapping import Mapping
from regulars.facts.imports.normalise import stage_order_lines, stage_records
from regulars.facts.imports.rejected import (
    OWN_HEADINGS,
    SENTENCES,
    WAYS_OUT,
    NothingRejected,
    UnknownFileFormat,
    keep_rejected,
    neutralised,
    rejected_rows,
    write_rejected,
)
from regulars.facts.imports.sources import RawTable

Read = Callable[..., list[RawTable]]
Made = Callable[[str, str], Path]
Stage = Callable[[RawTable, Mapping], None]

COLUMNS = {
    "order_id": "Nr",
    "business_date": "Datum",
    "account_name": "Kunde",
    "product_name": "Artikel",
    "net_amount": "Betrag",
}
MAPPING = Mapping(content="order_lines", columns=COLUMNS, date_order={".": "dmy"}, decimal=",")
TEXT = """Nr;Datum;Kunde;Artikel;Betrag
1;31.01.2024;Alpha;Tasse;10,00
1;31.13.2024;Alpha;"=cmd|' /C calc'!A0";-5,00
1;31.01.2024;Alpha;"Teller
groß";zehn
2;01.02.2024;Beta;Tasse;7,00;8
3;;Gamma;'-x;1,00
"""


@pytest.fixture
def stage(engine: Engine) -> Stage:
    def staging(raw: RawTable, mapping: Mapping) -> None:
        stage_order_lines(engine, [(raw, mapping)], rules=[], base_currency="EUR", as_of=dt.date(2024, 6, 30))

    return staging


@pytest.fixture
def kept(engine: Engine, read: Read, made: Made, stage: Stage, tmp_path: Path) -> Path:
    """The folder of an import of `TEXT`."""
    raw = read(made("orders.csv", TEXT))[0]
    stage(raw, MAPPING)
    assert keep_rejected(engine, [(raw, MAPPING)], tmp_path / "kept") == 4
    return tmp_path / "kept"


def test_a_rejected_row_says_where_it_stands_what_is_wrong_and_what_to_do(kept: Path) -> None:
    found = list(rejected_rows(kept))
    assert [(row.file, row.row, row.line, row.order_id, row.line_no) for row in found] == [
        ("orders.csv", 2, 3, "1", "2"),
        ("orders.csv", 3, 4, "1", "3"),
        ("orders.csv", 4, 6, None, "r4"),
        ("orders.csv", 5, 7, "3", "1"),
    ]
    assert [f"{row.sentence} {row.way_out}" for row in found] == [
        (
            "“31.13.2024” in column “Datum” is not a date (day.month.year). "
            "Correct the cell, or choose another date order."
        ),
        "“zehn” in column “Betrag” is not a number. Correct the cell, or choose the other decimal sign.",
        "The row has more cells than there are headings. Put quotation marks around cells that contain the delimiter.",
        "“Datum” is empty. Fill the cell in.",
    ]
    assert found[1].cells == {
        "Nr": "1",
        "Datum": "31.01.2024",
        "Kunde": "Alpha",
        "Artikel": "Teller\ngroß",
        "Betrag": "zehn",
    }
    assert len(list(rejected_rows(kept, limit=2))) == 2


def test_the_file_to_correct_has_all_cells_and_no_formula(kept: Path, tmp_path: Path) -> None:
    target = tmp_path / "rejected.csv"
    assert write_rejected(kept, target, number=7) == 4
    assert target.read_bytes().startswith(b"\xef\xbb\xbf")
    with target.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["Nr", "Datum", "Kunde", "Artikel", "Betrag", *OWN_HEADINGS]
    assert [row["Artikel"] for row in rows] == ["'=cmd|' /C calc'!A0", "Teller\ngroß", "", "''-x"]
    assert rows[0]["Betrag"] == "-5,00"
    assert (rows[0]["regulars_import"], rows[0]["regulars_line_no"]) == ("7", "2")


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_corrected_rows_come_back_where_they_belong(
    engine: Engine, kept: Path, tmp_path: Path, read: Read, stage: Stage, suffix: str
) -> None:
    target = tmp_path / f"rejected{suffix}"
    write_rejected(kept, target, number=7)
    fixes = {"31.13.2024": "31.01.2024", "zehn": "10,00"}
    if suffix == ".csv":
        text = target.read_text(encoding="utf-8-sig")
        for wrong, right in fixes.items():
            text = text.replace(f",{wrong},", f',"{right}",')
        target.write_text(text, encoding="utf-8")
    else:
        book = openpyxl.load_workbook(target)
        for row in book.active.iter_rows():  # type: ignore[union-attr]
            for cell in row:
                cell.value = fixes.get(str(cell.value), cell.value)
        book.save(target)
    raw = read(target)[0]
    stage(
        raw,
        Mapping(
            **{**MAPPING.to_json(), "columns": {**COLUMNS, "line_no": "regulars_line_no"}, "complete_orders": False}
        ),
    )
    assert engine.rows("SELECT order_id, line_no, product_name, net_minor FROM staged ORDER BY order_id, line_no") == [
        ("1", "2", "=cmd|' /C calc'!A0", -500),
        ("1", "3", "Teller\ngroß", 1000),
    ]
    assert engine.rows("SELECT reason FROM rejected ORDER BY _row") == [("missing",), ("missing",)]


def test_a_row_of_an_order_says_its_order_even_if_the_export_did_not(
    engine: Engine, read: Read, made: Made, stage: Stage, tmp_path: Path
) -> None:
    columns = {"order_id": "id", "business_date": "day", "product": "item", "net_amount": "a"}
    mapping = Mapping(content="order_lines", columns=columns, fill_down="previous")
    raw = read(made("o.csv", "id,day,item,a\nS1,2024-01-31,A,5\n,,B,?\n"))[0]
    stage(raw, mapping)
    keep_rejected(engine, [(raw, mapping)], tmp_path / "kept")
    assert next(rejected_rows(tmp_path / "kept")).cells == {"id": "S1", "day": "2024-01-31", "item": "B", "a": "?"}


def test_rejected_accounts_are_kept_as_order_lines_are(engine: Engine, read: Read, made: Made, tmp_path: Path) -> None:
    raw = read(made("a.csv", "No,Name,City\n1,Alpha,Ulm\n,,Bonn\n"))[0]
    mapping = Mapping(content="accounts", columns={"account_id": "No", "account_name": "Name", "account_city": "City"})
    stage_records(engine, raw, mapping, base_currency="EUR", as_of=dt.date(2024, 6, 30))
    assert keep_rejected(engine, [(raw, mapping)], tmp_path / "kept") == 1
    row = next(rejected_rows(tmp_path / "kept"))
    assert (row.row, row.sentence, row.cells["City"]) == (2, "“No” is empty.", "Bonn")


def test_nothing_rejected_and_unknown_formats_are_said(kept: Path, tmp_path: Path) -> None:
    with pytest.raises(NothingRejected):
        write_rejected(tmp_path / "empty", tmp_path / "x.csv", number=1)
    with pytest.raises(UnknownFileFormat):
        write_rejected(kept, tmp_path / "x.pdf", number=1)


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+cmd", "'+cmd"),
        ("-cmd", "'-cmd"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("-5", "-5"),
        ("-1.234,50", "-1.234,50"),
        ("+49 30 123", "+49 30 123"),
        ("-1+2", "'-1+2"),
        ("'=x", "''=x"),
        ("plain", "plain"),
        ("it's", "it's"),
    ],
)
def test_cells_that_look_like_formulas_are_made_harmless_and_numbers_stay(cell: str, written: str) -> None:
    assert neutralised(cell) == written


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=15)
@given(cells=st.lists(st.text(alphabet="=+-@'a1,;\"\n é", max_size=6), min_size=1, max_size=5))
def test_cells_survive_the_way_out_and_back(
    engine: Engine, read: Read, made: Made, stage: Stage, tmp_path: Path, cells: list[str]
) -> None:
    names = [cell.strip() or "x" for cell in cells]
    with (source := tmp_path / "source.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [["id", "day", "item", "a"], *([str(at), "?", name, "5"] for at, name in enumerate(names))]
        )
    columns = {"order_id": "id", "business_date": "day", "product": "item", "net_amount": "a"}
    mapping = Mapping(content="order_lines", columns=columns)
    raw = read(source)[0]
    stage(raw, mapping)
    before = engine.rows(f"SELECT c2 FROM {raw.name} ORDER BY _row")
    keep_rejected(engine, [(raw, mapping)], tmp_path / "round")
    write_rejected(tmp_path / "round", tmp_path / "back.csv", number=1)
    text = (tmp_path / "back.csv").read_text(encoding="utf-8-sig").replace(",?,", ",2024-01-31,")
    (tmp_path / "back.csv").write_text(text, encoding="utf-8", newline="")
    back = read(tmp_path / "back.csv")[0]
    stage(back, Mapping(content="order_lines", columns={**columns, "line_no": "regulars_line_no"}))
    assert engine.rows("SELECT product FROM staged ORDER BY _row") == before


def test_every_reason_can_be_said_in_every_language() -> None:
    words = {"heading": "H", "value": "V", "order": ""}
    for language in ("en", "ne", "hi", "ur", "bn", "th"):
        with translation.override(language):
            assert all(translation.gettext(sentence) % words for sentence in [*SENTENCES.values(), *WAYS_OUT.values()])


def test_codes_of_unreadable_rows_have_sentences(kept: Path) -> None:
    assert {row.reason for row in rejected_rows(kept)} <= set(SENTENCES)


def test_rows_are_plain_data_for_the_command_line(kept: Path) -> None:
    assert next(rejected_rows(kept)).to_json()["heading"] == "Datum"
