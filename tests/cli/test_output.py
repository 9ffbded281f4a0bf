from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from regulars.cli import output
from regulars.cli.output import Column, emit_json, in_minor, money, show_table

COLUMNS = [
    Column(heading="Account", flexible=True),
    Column(heading="Sales", justify="right"),
    Column(heading="Owner", rank=2),
    Column(heading="Share", justify="right", rank=1),
]


def shown(rows: list[list[str]], width: int, monkeypatch: pytest.MonkeyPatch) -> str:
    console = Console(width=width, record=True, quiet=False, file=None, highlight=False)
    monkeypatch.setattr(output, "console", console)
    with console.capture() as captured:
        show_table(COLUMNS, rows)
    return captured.get()


def test_a_narrow_terminal_loses_the_less_important_columns_first(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [["The Willow Gift Shop", "12,345", "Mia Moser of the growth team", "4.1%"]]
    wide = shown(rows, 100, monkeypatch)
    assert "Owner" in wide
    assert "Share" in wide
    narrow = shown(rows, 50, monkeypatch)
    assert "Owner" not in narrow
    assert "Share" in narrow
    tiny = shown(rows, 30, monkeypatch)
    assert "Share" not in tiny
    assert "12,345" in tiny


@given(
    st.lists(st.lists(st.text("abc é漢", max_size=40), min_size=4, max_size=4), max_size=4),
    st.integers(40, 120),
)
def test_a_table_is_never_wider_than_the_terminal(rows: list[list[str]], width: int) -> None:
    from rich.cells import cell_len

    with pytest.MonkeyPatch.context() as patch:
        lines = shown(rows, width, patch).splitlines()
    assert all(cell_len(line) <= width for line in lines)


def test_json_knows_dates_decimals_ids_and_unknown_money(capsys: pytest.CaptureFixture[str]) -> None:
    uid = UUID(int=7)
    emit_json(
        {"on": date(2026, 1, 31), "amount": Decimal("1.5"), "uid": uid, "unknown": money(None, "EUR"), "name": "नेपाल"}
    )
    printed = capsys.readouterr().out
    assert "नेपाल" in printed
    assert json.loads(printed) == {
        "on": "2026-01-31",
        "amount": 1.5,
        "uid": str(uid),
        "unknown": None,
        "name": "नेपाल",
    }


@pytest.mark.parametrize(
    ("amount", "currency", "expected"), [(12.346, "EUR", 12.35), (12.6, "JPY", 13), (1.2346, "KWD", 1.235)]
)
def test_money_in_json_has_its_currency_and_its_decimals(amount: float, currency: str, expected: float) -> None:
    assert money(amount, currency) == {"amount": expected, "currency": currency}


def test_minor_units_are_shown_with_the_decimals_of_their_currency() -> None:
    assert in_minor(1234567, "EUR") == "12,345.67"
    assert in_minor(1234567, "JPY") == "1,234,567"
    assert in_minor(-1500, "KWD") == "-1.500"
