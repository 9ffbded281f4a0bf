"""`regulars lifetimes`: how long customers stay, in words and as data."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from command_line import Regulars


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """A file of three years: half of sixty customers won in 2023 ordered once, the others every four weeks."""
    rows = [("0", date(2022, 1, 3) + timedelta(days=28 * step)) for step in range(38)]
    for number in range(1, 61):
        first = date(2023, 1, 2) + timedelta(days=3 * number)
        steps = 1 if number % 2 else (date(2024, 12, 9) - first).days // 28 + 1
        rows += [(str(number), first + timedelta(days=28 * step)) for step in range(steps)]
    file = tmp_path / "orders.csv"
    lines = [f"{place},{day},C{account},Firm {account},P1,1,100.00" for place, (account, day) in enumerate(rows)]
    file.write_text("\n".join(["order,date,customer number,customer,product,quantity,amount", *lines]))
    return file


def test_it_tells_how_long_customers_stay(regulars: Regulars, orders: Path) -> None:
    regulars("init", "--name", "Muster Druck", "--currency", "EUR")
    assert regulars("lifetimes").code == 2
    regulars("import", orders, "--yes")
    regulars("score", "--as-of", "2024-12-09")
    told = regulars("lifetimes")
    assert told.code == 0, told.err
    assert "2023" in told.out
    data = regulars("lifetimes", "--by", "quarter", "--json").data
    assert data["lifetimes"]["everyone"]["won"] == 60
    assert data["lifetimes"]["everyone"]["lost"] == 30
    assert {one["key"] for one in data["verdicts"]} >= {"stay", "early"}
    assert regulars("lifetimes", "--as-of", "2020-01-01").code == 2
    assert regulars("lifetimes", "--by", "shoe-size").code == 2
