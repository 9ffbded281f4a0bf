from __future__ import annotations

import csv
import random
from datetime import date, timedelta
from pathlib import Path

import pytest

from command_line import Regulars, command_line


@pytest.fixture
def regulars(db: None, capsys: pytest.CaptureFixture[str]) -> Regulars:
    """Run a command on the test database: `regulars("today", "--json").data`."""
    return command_line(capsys)


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """Two years of a small printer's order lines up to 31 December 2025, always the same: 30 customers with a rhythm.

    Every fifth of them went silent in August; one bought once; some lines are returns, some have no customer.
    """
    chance = random.Random(7)
    lines = []
    for customer in range(1, 31):
        gap_days = chance.choice([14, 21, 30, 45])
        day = date(2024, 1, 2) + timedelta(days=chance.randrange(gap_days))
        end = date(2025, 8, 15) if customer % 5 == 0 else date(2025, 12, 31)
        while day <= end:
            lines += _order(customer, day, chance)
            day += timedelta(days=max(1, round(gap_days * chance.uniform(0.7, 1.3))))
    lines += _order(31, date(2025, 6, 6), chance)
    lines.append(
        {
            "Order": "O-nobody",
            "Date": "2025-03-03",
            "Customer no.": "",
            "Customer": "",
            "SKU": "P1",
            "Quantity": "1",
            "Net": "9.00",
        }
    )
    lines.append(
        {
            "Order": "R-1",
            "Date": "2025-05-05",
            "Customer no.": "K001",
            "Customer": "Firm 1",
            "SKU": "P1",
            "Quantity": "-1",
            "Net": "-20.00",
        }
    )
    return write_orders(tmp_path / "orders.csv", lines)


def _order(customer: int, day: date, chance: random.Random) -> list[dict[str, str]]:
    number = f"O-{customer:03d}-{day:%Y%m%d}"
    return [
        {
            "Order": number,
            "Date": day.isoformat(),
            "Customer no.": f"K{customer:03d}",
            "Customer": f"Firm {customer}",
            "SKU": f"P{chance.randrange(1, 9)}",
            "Quantity": str(chance.randrange(1, 9)),
            "Net": f"{chance.uniform(5, 60) * customer:.2f}",
        }
        for _line in range(chance.randrange(1, 4))
    ]


def write_orders(file: Path, lines: list[dict[str, str]]) -> Path:
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, ["Order", "Date", "Customer no.", "Customer", "SKU", "Quantity", "Net"])
        writer.writeheader()
        writer.writerows(lines)
    return file
