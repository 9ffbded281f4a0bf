"""Workbooks, JSON and Parquet become the same text that a CSV export would hold."""

from __future__ import annotations

import datetime
import json
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from regulars.base.warehouse import Engine
from regulars.facts.imports.sources import RawTable, ReadLimits, physical_lines, preview
from regulars.facts.imports.unreadable import DamagedFile, EmptyFile, ExpandsTooFar
from regulars.facts.imports.workbooks import number_text

Make = Callable[[str, str | bytes], Path]
Read = Callable[..., list[RawTable]]
Cells = Callable[[RawTable], list[tuple[Any, ...]]]


moment = datetime.datetime.fromisoformat


def workbook(path: Path, sheets: dict[str, list[list[Any]]], hidden: str = "") -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.sheet_state = "hidden" if name == hidden else "visible"
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


# Workbooks


def test_a_workbook_is_read_as_canonical_text(tmp_path: Path, read: Read, engine: Engine) -> None:
    rows: list[list[Any]] = [
        ["Sales report"],
        [],
        ["Invoice", "Date", "Amount", "Paid", "Customer"],
        [489434, moment("2024-01-31T00:00:00"), 12.34 * 3, True, 13085.0],
        [None] * 5,
        ["C489435", moment("2024-01-31T07:45:00"), -0.1 + 0.3, None, "Müller"],
    ]
    (raw,) = read(workbook(tmp_path / "a.xlsx", {"Orders": rows}))
    assert raw.headings == ["Invoice", "Date", "Amount", "Paid", "Customer"]
    assert engine.rows(f"SELECT _row, {', '.join(raw.columns)} FROM {raw.name} ORDER BY _row") == [
        (1, "489434", "2024-01-31", "37.02", "true", "13085"),
        (3, "C489435", "2024-01-31 07:45:00", "0.2", None, "Müller"),
    ]
    assert physical_lines(engine, raw, [(0, 3)]) == {(0, 3): 6}
    assert (raw.files[0].name, raw.files[0].sheet, raw.files[0].heading_line) == ("a.xlsx/Orders", "Orders", 3)


@pytest.mark.parametrize(
    ("value", "text"),
    [(12.340000000000001, "12.34"), (1e16, "10000000000000000"), (1e-7, "0.0000001"), (5, "5"), (-3.0, "-3")],
)
def test_numbers_have_neither_noise_nor_exponents(value: float, text: str) -> None:
    assert number_text(value) == text


def test_each_visible_sheet_with_data_is_read(tmp_path: Path, read: Read) -> None:
    skipped: dict[str, str] = {}
    sheets: dict[str, list[list[Any]]] = {
        "2009": [["Invoice", "Price"], [1, 2.5]],
        "2010": [["price", "invoice"], [3.5, 2]],
        "Customers": [["Id", "Name", "City"], [1, "x", "Rome"]],
        "Empty": [],
        "Secret": [["Invoice", "Price"], [9, 9]],
    }
    raws = read(workbook(tmp_path / "a.xlsx", sheets, hidden="Secret"), skipped=skipped.__setitem__)
    assert [[file.sheet for file in raw.files] for raw in raws] == [["2009", "2010"], ["Customers"]]
    assert raws[0].rows == 2
    assert set(skipped) == {"a.xlsx/Empty", "a.xlsx/Secret"}


def test_sheets_too_large_to_keep_are_read_again(tmp_path: Path, read: Read, rows_of: Cells) -> None:
    sheets: dict[str, list[list[Any]]] = {name: [["Id", "Name"], [1, name]] for name in ("a", "b", "c")}
    (raw,) = read(workbook(tmp_path / "a.xlsx", sheets), limits=ReadLimits(workbook_cells=4))
    assert rows_of(raw) == [("1", "a"), ("1", "b"), ("1", "c")]


def test_a_workbook_without_data_is_refused(tmp_path: Path, read: Read) -> None:
    with pytest.raises(EmptyFile):
        read(workbook(tmp_path / "a.xlsx", {"Sheet": []}))


def test_a_damaged_workbook_is_refused(tmp_path: Path, read: Read) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "<nonsense")
    with pytest.raises(DamagedFile):
        read(tmp_path / "a.xlsx")


def test_a_bomb_in_a_workbook_is_stopped(tmp_path: Path, read: Read) -> None:
    path = workbook(tmp_path / "a.xlsx", {"Sheet": [["Id", "Name"], *[[1, "x"]] * 2000]})
    with pytest.raises(ExpandsTooFar):
        read(path, limits=ReadLimits(expansion=2, expansion_from_bytes=1000))


# JSON

ORDERS = [
    {
        "id": 1,
        "total": 12.10,
        "customer": {"name": "Müller", "address": {"city": "Köln"}},
        "tags": ["new", "vip"],
        "line_items": [{"sku": "A", "price": "1.50"}, {"sku": "B", "price": "2"}],
        "refunds": [{"amount": 3}],
    },
    {"id": 2, "total": 5, "customer": None, "line_items": [], "test": True},
]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", json.dumps(ORDERS)),
        ("a.json", json.dumps(ORDERS, indent=2)),
        ("a.json", json.dumps({"orders": ORDERS})),
        ("a.json", json.dumps({"orders": ORDERS}, indent=2)),
        ("a.jsonl", "\n".join(map(json.dumps, ORDERS))),
        ("a.json", "\ufeff" + json.dumps(ORDERS)),
    ],
)
def test_json_orders_become_one_row_a_line_item(
    made: Make, read: Read, engine: Engine, name: str, content: str
) -> None:
    (raw,) = read(made(name, content))
    first, second, third = preview(engine, raw)
    assert {first["id"], second["id"]} == {"1"}
    assert (first["line_items.sku"], second["line_items.sku"], third["line_items.sku"]) == ("A", "B", None)
    assert (first["customer.name"], first["customer.address.city"], first["tags"]) == ("Müller", "Köln", "new, vip")
    assert (third["id"], third["test"], third["customer"]) == ("2", "true", None)


def test_json_numbers_keep_their_digits(made: Make, read: Read, rows_of: Cells) -> None:
    for content in ('{"a": 12.10, "b": 12345678901234567890}\n', '[{"a": 12.10, "b": 12345678901234567890}]'):
        (raw,) = read(made("a.json", content))
        assert rows_of(raw) == [("12.10", "12345678901234567890")]


def test_a_line_that_is_no_json_is_broken(made: Make, read: Read, rows_of: Cells, broken_of: Cells) -> None:
    (raw,) = read(made("a.jsonl", '{"a": 1}\n\n{"a": 2\n{"a": 3}\n'))
    assert rows_of(raw) == [("1",), ("3",)]
    assert broken_of(raw) == [(2, 3, "not_json", '{"a": 2\n')]


def test_json_that_breaks_off_is_refused(made: Make, read: Read) -> None:
    with pytest.raises(DamagedFile, match="JSON"):
        read(made("a.json", json.dumps(ORDERS)[:-20]))


# Parquet


def test_parquet_columns_of_any_type_become_text(tmp_path: Path, read: Read, rows_of: Cells) -> None:
    table = pa.table(
        {
            "id": [1, 2],
            "customer": pa.array([13085.0, None], pa.float64()),
            "amount": [12.5, -0.00001],
            "exact": [Decimal("1.50"), Decimal("-2.00")],
            "day": [datetime.date(2024, 1, 31), None],
            "at": [moment("2024-01-31T00:00:00"), moment("2024-01-31T07:45:00")],
            "open": [True, False],
            "name": ["Müller", ""],
            "lines": [[{"sku": "A"}], []],
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    (raw,) = read(tmp_path / "a.parquet")
    assert raw.headings == table.column_names
    assert rows_of(raw) == [
        ("1", "13085", "12.5", "1.50", "2024-01-31", "2024-01-31", "true", "Müller", '[{"sku":"A"}]'),
        ("2", None, "-0.00001", "-2.00", None, "2024-01-31 07:45:00", "false", None, "[]"),
    ]


def test_a_damaged_parquet_file_is_refused(made: Make, read: Read) -> None:
    with pytest.raises(DamagedFile):
        read(made("a.parquet", b"PAR1" + b"x" * 100))


# Real data


def test_the_real_history_of_a_wholesaler_is_read_whole(shared_data: Path, read: Read, engine: Engine) -> None:
    (raw,) = read(shared_data / "uci_online_retail_ii.parquet")
    assert raw.rows == 1_044_847
    customers = engine.value(f"SELECT count(DISTINCT {raw.column('customer_id')}) FROM {raw.name}")
    assert customers == 5_942


def test_a_folder_of_related_tables_is_read_as_a_table_each(shared_data: Path, read: Read, tmp_path: Path) -> None:
    folder = tmp_path / "northwind"
    folder.mkdir()
    for file in shared_data.glob("northwind_*.parquet"):
        (folder / file.name).write_bytes(file.read_bytes())
    raws = read(folder)
    assert {raw.files[0].name for raw in raws} >= {
        "northwind/northwind_orders.parquet",
        "northwind/northwind_order_details.parquet",
    }
    assert len(raws) == len(list(folder.iterdir()))
