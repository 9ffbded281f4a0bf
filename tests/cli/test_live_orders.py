"""Live orders on the command line (mission E16)."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from command_line import Regulars
from regulars.facts.models import Account, LiveOrder

ROWS = """order number,customer number,date,status,due date,payment status,amount
A1,C7,2024-11-01,delivered,2024-11-20,unpaid,100.00
A2,C7,2024-11-01,quote,,,200.00
A3,C7,2024-11-01,beamed,,,200.00
"""


@pytest.fixture
def firm(regulars: Regulars) -> Regulars:
    regulars("init", "--name", "Muster Druck", "--currency", "EUR")
    Account.objects.create(name="Harbour Gifts", source="shop", external_id="C7")
    return regulars


def test_a_file_is_read_and_what_was_not_taken_is_written_beside_it(firm: Regulars, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text(ROWS)
    read = firm("live-orders", "import", str(file), "--source", "shop")
    assert "New orders: 2. Changed: 0. As they were: 0. Not taken: 1." in read.out
    assert "Line 4: “beamed” is not known here." in read.err
    with (tmp_path / "orders-not-taken.csv").open(encoding="utf-8-sig", newline="") as left:
        headings, row = csv.reader(left)
    assert (row[0], row[headings.index("Line")], row[headings.index("Column")]) == ("A3", "4", "status")
    assert firm("live-orders", "import", str(file), "--source", "shop", "--json").data["unchanged"] == 2
    assert "Harbour Gifts" in firm("live-orders").out
    unpaid = firm("live-orders", "--unpaid", "--json").data
    assert [(one["number"], one["overdue"], one["owed_minor"]) for one in unpaid] == [("A1", True, 10_000)]
    assert LiveOrder.objects.count() == 2


def test_what_cannot_be_is_refused_with_a_way_out(firm: Regulars, tmp_path: Path) -> None:
    assert "live-orders import" in firm("live-orders").err
    assert firm("live-orders", "--unpaid", "--late").code == 2
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("a,b\n1,2\n")
    refused = firm("live-orders", "import", str(wrong))
    assert (refused.code, "headings such as" in refused.err) == (2, True)
    assert firm("live-orders", "import", str(tmp_path / "none.csv")).code == 2
