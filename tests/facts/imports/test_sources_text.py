"""Delimited text, clean and dirty, becomes text in the engine, and no line is lost."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from regulars.base.warehouse import Engine
from regulars.facts.imports.sources import RawTable, ReadLimits, physical_lines, preview
from regulars.facts.imports.unreadable import (
    EmptyFile,
    NotATable,
    NotEnoughSpace,
    NothingToRead,
    NotUnderstood,
    UnknownDelimiter,
    UnknownEncoding,
)

Make = Callable[[str, str | bytes], Path]
Read = Callable[..., list[RawTable]]
Cells = Callable[[RawTable], list[tuple[Any, ...]]]

ORDERS = [("invoice", "customer", "amount"), ("1", "Müller", "12,50"), ("2", "Peña", "3"), ("3", None, "4")]


def written(delimiter: str, rows: Sequence[tuple[str | None, ...]] = ORDERS, end: str = "\n") -> str:
    return "".join(delimiter.join(cell or "" for cell in row) + end for row in rows)


# Dialects


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiter_and_line_ends_are_found(made: Make, read: Read, rows_of: Cells, delimiter: str, end: str) -> None:
    (raw,) = read(made("orders.csv", written(delimiter, end=end)))
    assert raw.headings == list(ORDERS[0])
    assert rows_of(raw) == ORDERS[1:]
    assert raw.files[0].delimiter == delimiter


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "cp850"],
)
def test_encoding_is_found(made: Make, read: Read, rows_of: Cells, encoding: str) -> None:
    (raw,) = read(made("orders.csv", written(";").encode(encoding)))
    assert raw.headings[0] == "invoice"
    assert rows_of(raw) == ORDERS[1:]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Client;Ville\nSociété Générale;Orléans\nÉtablissements Lefèvre;Nîmes\n"),
        ("cp1252", "Cliente;Cidade\nPadaria São João;São Paulo\nAssociação;Conceição\n"),
        ("cp1252", "Cliente;Ciudad\nPeña Hermanos;A Coruña\nMuñoz;León\n"),
        ("cp1250", "Klient;Miasto\nŁódź Sp. z o.o.;Kraków\nŻabka;Gdańsk\n"),
        ("cp1251", "Клиент;Город\nООО Ромашка;Москва\nИванов;Казань\n"),
        ("cp1254", "Müşteri;Şehir\nIşık Ticaret;İstanbul\nGüneş;Eskişehir\n"),
        ("cp1256", "العميل;المدينة\nشركة النور;القاهرة\nمؤسسة;دبي\n"),
        ("cp874", "ลูกค้า;เมือง\nบริษัท สยาม;กรุงเทพ\n"),
    ],
)
def test_code_pages_are_told_apart_by_the_letters_of_their_languages(
    made: Make, read: Read, rows_of: Cells, encoding: str, text: str
) -> None:
    (raw,) = read(made("customers.csv", text.encode(encoding)))
    first, *others = [tuple(line.split(";")) for line in text.splitlines()]
    assert (tuple(raw.headings), rows_of(raw)) == (first, others)


def test_a_letter_beyond_ascii_after_the_sample_still_decides_the_encoding(
    made: Make, read: Read, rows_of: Cells
) -> None:
    body = b"order;customer;city\n" + b"1;Smith;York\n" * 60_000 + "2;Müller;Köln\n".encode("cp1252")
    (raw,) = read(made("orders.csv", body))
    assert raw.files[0].encoding == "cp1252"
    assert rows_of(raw)[-1] == ("2", "Müller", "Köln")
    assert (raw.rows, raw.broken) == (60_001, 0)


def test_what_the_user_says_overrules_what_is_found(made: Make, read: Read, rows_of: Cells) -> None:
    (raw,) = read(made("a.csv", "a;b,c\n1;2,3\n".encode("cp1250")), delimiter=",", encoding="windows-1250")
    assert rows_of(raw) == [("1;2", "3")]
    assert raw.files[0].encoding == "cp1250"


def test_an_unknown_encoding_or_delimiter_is_refused(made: Make, read: Read) -> None:
    path = made("a.csv", "a,b\n1,2\n")
    with pytest.raises(UnknownEncoding, match="klingon"):
        read(path, encoding="klingon")
    with pytest.raises(UnknownDelimiter):
        read(path, delimiter="::")


def test_the_delimiter_that_excel_writes_into_the_first_line_is_taken(made: Make, read: Read, rows_of: Cells) -> None:
    (raw,) = read(made("a.csv", "sep=|\na|b;c\n1|2;3\n"))
    assert (raw.headings, rows_of(raw)) == (["a", "b;c"], [("1", "2;3")])


def test_quotes_may_hold_delimiters_quotes_and_newlines(made: Make, read: Read, rows_of: Cells) -> None:
    (raw,) = read(made("a.csv", 'id,text,n\n1,"a, ""b""\nc",2\r\n3,d,4\n'.replace("\r\n", "\n")))
    assert rows_of(raw) == [("1", 'a, "b"\nc', "2"), ("3", "d", "4")]


def test_line_ends_of_several_kinds_in_one_file(made: Make, read: Read, rows_of: Cells) -> None:
    (raw,) = read(made("a.csv", "id,n\n1,2\r\n3,4\r5,6\n"))
    assert rows_of(raw) == [("1", "2"), ("3", "4"), ("5", "6")]


# Headings


def test_titles_above_and_totals_below_a_report(made: Make, read: Read, engine: Engine) -> None:
    report = (
        "Sales by Customer Detail\nAcme Ltd\n\n"
        ",Date,Transaction type,Num,Amount,Balance\n"
        "Alpha Inc,,,,,\n"
        ",01/02/2024,Invoice,1001,12.50,12.50\n"
        ",01/05/2024,Invoice,1002,3.00,15.50\n"
        "Total for Alpha Inc,,,,15.50,\n"
        "Thursday 1 February 2024\n"
    )
    (raw,) = read(made("report.csv", report))
    assert raw.headings == ["column 1", "Date", "Transaction type", "Num", "Amount", "Balance"]
    assert raw.files[0].heading_line == 4
    assert (raw.rows, raw.broken, raw.short) == (5, 0, 1)
    assert physical_lines(engine, raw, [(0, 2), (0, 5)]) == {(0, 2): 6, (0, 5): 9}
    assert preview(engine, raw, 2)[1]["Num"] == "1001"


def test_a_file_without_headings_keeps_its_first_row(made: Make, read: Read, rows_of: Cells) -> None:
    (raw,) = read(made("a.csv", "1,2024-01-01,3.50\n2,2024-01-02,4\n"))
    assert raw.headings == ["column 1", "column 2", "column 3"]
    assert raw.rows == 2
    assert rows_of(raw)[0] == ("1", "2024-01-01", "3.50")


def test_equal_and_empty_headings_get_names_of_their_own(made: Make, read: Read) -> None:
    (raw,) = read(made("a.csv", "Name,Amount,amount,,Total\nx,1,2,3,4\n"))
    assert raw.headings == ["Name", "Amount", "amount (2)", "column 4", "Total"]
    assert raw.column("AMOUNT") == "c1"


def test_a_delimiter_at_the_end_of_all_lines_does_no_harm(made: Make, read: Read, rows_of: Cells) -> None:
    (raw,) = read(made("a.csv", "id,name,n\n1,x,2,\n3,y,4,\n5,z,6,\n"))
    assert [row[:3] for row in rows_of(raw)] == [("1", "x", "2"), ("3", "y", "4"), ("5", "z", "6")]
    assert raw.broken == 0


def test_headings_over_two_lines(made: Make, read: Read, rows_of: Cells) -> None:
    (raw,) = read(made("a.csv", 'id,"net\namount",city\n1,2,Rome\n'))
    assert raw.headings == ["id", "net amount", "city"]
    assert rows_of(raw) == [("1", "2", "Rome")]


def test_files_with_the_same_headings_are_one_table(made: Make, read: Read, engine: Engine) -> None:
    first = made("a.csv", "Id,Name,Amount\n1,x,2\n")
    second = made("b.csv", "amount;id;NAME\n5;3;y\n6;4;z\n")
    third = made("c.csv", "Id,City\n1,Rome\n")
    raws = read(first, second, third)
    assert [[file.name for file in raw.files] for raw in raws] == [["a.csv", "b.csv"], ["c.csv"]]
    assert engine.rows("SELECT _file, _row, c0, c1, c2 FROM raw_0 ORDER BY 1, 2") == [
        (0, 1, "1", "x", "2"),
        (1, 1, "3", "y", "5"),
        (1, 2, "4", "z", "6"),
    ]


# Dirty rows


def test_rows_with_too_few_cells_are_filled_and_counted(made: Make, read: Read, rows_of: Cells) -> None:
    (raw,) = read(made("a.csv", "id,name,n\n1,x,2\n3,y\n5,z,6\n"))
    assert rows_of(raw) == [("1", "x", "2"), ("3", "y", None), ("5", "z", "6")]
    assert (raw.short, raw.broken) == (1, 0)


def test_a_row_with_too_many_cells_is_broken_and_said(made: Make, read: Read, rows_of: Cells, broken_of: Cells) -> None:
    (raw,) = read(made("a.csv", "id,name,n\n1,x,2\n3,y,4,5\n5,z,6\n"))
    assert rows_of(raw) == [("1", "x", "2"), ("5", "z", "6")]
    assert broken_of(raw) == [(2, 3, "too_many_cells", "3,y,4,5")]


def test_row_numbers_count_broken_rows(made: Make, read: Read, engine: Engine) -> None:
    (raw,) = read(made("a.csv", "id,name,n\n1,x,2\n3,y,4,5\n\n5,z,6\n"))
    assert engine.rows(f"SELECT _row, c0 FROM {raw.name} ORDER BY 1") == [(1, "1"), (3, "5")]
    assert physical_lines(engine, raw, [(0, 1), (0, 2), (0, 3)]) == {(0, 1): 2, (0, 2): 3, (0, 3): 5}


def test_a_quote_that_never_ends_breaks_its_own_line_only(
    made: Make, read: Read, rows_of: Cells, broken_of: Cells
) -> None:
    (raw,) = read(made("a.csv", 'id,name,n\n1,"x,2\n3,y,4\n5,"z",6\n7,w,8\n'))
    assert rows_of(raw) == [("3", "y", "4"), ("5", "z", "6"), ("7", "w", "8")]
    assert broken_of(raw) == [(1, 2, "unterminated_quote", '1,"x,2\n')]


def test_quotes_inside_quotes_that_were_not_doubled_are_understood(made: Make, read: Read, rows_of: Cells) -> None:
    (raw,) = read(made("a.csv", 'id,name,n\n1,"frame 7" single",2\n3,"a ""b""",4\n5,6" pipe,7\n'))
    assert rows_of(raw) == [("1", 'frame 7" single', "2"), ("3", 'a "b"', "4"), ("5", '6" pipe', "7")]


def test_bytes_that_belong_to_no_character_break_their_row(
    made: Make, read: Read, rows_of: Cells, broken_of: Cells
) -> None:
    body = "id,name,n\n1,Müller,2\n".encode() + b"3,Sch\xfctz,4\n" + "5,Bäcker,6\n".encode()
    (raw,) = read(made("a.csv", body))
    assert rows_of(raw) == [("1", "Müller", "2"), ("5", "Bäcker", "6")]
    assert broken_of(raw) == [(2, 3, "undecodable", "3,Sch�tz,4\n")]


def test_a_line_too_long_to_be_true_is_broken_and_reading_goes_on(
    made: Make, read: Read, rows_of: Cells, broken_of: Cells
) -> None:
    path = made("a.csv", "id,name,n\n1,x,2\n3," + "y" * 5_000_000 + ",4\n5,z,6\n")
    (raw,) = read(path, limits=ReadLimits(record_characters=100_000))
    assert rows_of(raw) == [("1", "x", "2"), ("5", "z", "6")]
    assert [(row, line, reason) for row, line, reason, _text in broken_of(raw)] == [(2, 3, "too_long")]


def test_an_endless_line_is_never_held_in_memory(made: Make, read: Read, rows_of: Cells, broken_of: Cells) -> None:
    path = made("a.csv", "id,name,n\n1,x,2\n3,y")
    with path.open("r+b") as file:
        file.seek(60_000_000)  # a hole: takes no space
        file.write(b",4\n5,z,6\n")
    (raw,) = read(path, limits=ReadLimits(record_characters=1_000_000))
    assert rows_of(raw) == [("1", "x", "2"), ("5", "z", "6")]
    assert [reason for _row, _line, reason, _text in broken_of(raw)] == ["too_long"]


def test_zero_bytes_are_left_out(made: Make, read: Read, rows_of: Cells) -> None:
    (raw,) = read(made("a.csv", b"id,name\n1,x\0y\n" + b"2,z\n" * 20))
    assert rows_of(raw)[0] == ("1", "xy")


def test_blank_lines_are_no_rows_and_empty_rows_are_left_out(made: Make, read: Read, engine: Engine) -> None:
    (raw,) = read(made("a.csv", "id,name\n\n1,x\n,\n  \n2,y\n\n,\n,\n"))
    assert engine.rows(f"SELECT c0 FROM {raw.name} ORDER BY _row") == [("1",), ("2",)]
    assert (raw.rows, raw.broken) == (2, 0)


def test_a_file_that_is_broken_nearly_everywhere_is_refused(made: Make, read: Read) -> None:
    path = made("a.csv", "id,name\n" + "1,x\n" * 300 + "1,2,3,4\n" * 100)
    with pytest.raises(NotUnderstood, match="More than 50 rows"):
        read(path, limits=ReadLimits(broken_rows=50))


@pytest.mark.parametrize("dirt", ["1,2,3\n4,y\n", "1,\0\n4,y\n"])
def test_a_dirty_file_in_a_group_of_clean_ones_leaves_the_others_as_they_are(
    made: Make, read: Read, engine: Engine, dirt: str
) -> None:
    clean = "id,name\n" + "".join(f"{number},x\n" for number in range(1, 3001))
    dirty = clean + dirt
    (raw,) = read(made("a.csv", clean), made("b.csv", dirty), made("c.csv", clean))
    counted = engine.rows(f"SELECT _file, count(*), min(_row), max(_row) FROM {raw.name} GROUP BY 1 ORDER BY 1")
    assert counted == [(0, 3000, 1, 3000), (1, 3002 - raw.broken, 1, 3002), (2, 3000, 1, 3000)]
    assert engine.value(f"SELECT c0 FROM {raw.name} WHERE _file = 1 AND _row = 3002") == "4"
    assert engine.value(f"SELECT count(*) FROM {raw.name} WHERE _row <= 3000 AND c0 <> _row::VARCHAR") == 0


# What is no table


def test_an_empty_file_is_refused(made: Make, read: Read) -> None:
    for content in ("", "\n\n  \n"):
        with pytest.raises(EmptyFile, match=r"a\.csv is empty"):
            read(made("a.csv", content))


def test_a_file_with_headings_only_has_no_rows(made: Make, read: Read) -> None:
    for content in ("id,name,amount\n", "id,name,amount"):
        (raw,) = read(made("a.csv", content))
        assert (raw.headings, raw.rows, raw.broken) == (["id", "name", "amount"], 0, 0)


@pytest.mark.parametrize(
    ("content", "looks_like"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "PDF"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "picture"),
        (b"\x7fELF\x02\x01\x01" + bytes(100), "program"),
        (bytes(range(256)) * 20, "binary"),
        (b"<!DOCTYPE html><html><body><table>", "web page"),
        (b"SQLite format 3\0", "database"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_what_it_looks_like(
    made: Make, read: Read, content: bytes, looks_like: str
) -> None:
    with pytest.raises(NotATable, match=looks_like) as refused:
        read(made("orders.csv", content))
    assert "CSV" in refused.value.way_out


def test_a_full_disk_is_said(made: Make, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage)
    with pytest.raises(NotEnoughSpace, match="not enough space"):
        read(made("a.csv", "a,b\n1,2\n"))


def test_nothing_to_read_is_said(tmp_path: Path, read: Read) -> None:
    (tmp_path / "nothing").mkdir()
    with pytest.raises(NothingToRead, match="nothing"):
        read(tmp_path / "nothing")


def test_progress_is_told_by_file(made: Make, read: Read) -> None:
    told: list[tuple[str, float]] = []
    dirty = "id,name\n" + "1,x\n" * 150_000 + "1,2,3\n"
    read(made("a.csv", "id,name\n1,x\n"), made("b.csv", dirty), progress=lambda name, part: told.append((name, part)))
    assert told[0] == ("a.csv", 1.0)
    assert [name for name, _part in told[1:]] == ["b.csv"] * 3
    assert 0 < told[2][1] < told[3][1] == 1.0
