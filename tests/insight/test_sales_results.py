"""The order history, divided into won, kept and grown (A6, C3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pytest

from regulars.insight.sales_results import AccountResults, account_results

pytestmark = pytest.mark.django_db
BEGINS = date(2024, 1, 1)
WriteHistory = Callable[[Sequence[dict[str, Any]]], int]


def line(account: int | None, day: date, net: int, **more: Any) -> dict[str, Any]:
    return {"account_id": account, "business_date": day, "net_base_minor": net, **more}


LINES = [
    line(1, date(2021, 5, 3), 1_000),  # a customer for long
    line(1, date(2023, 3, 10), 10_000),
    line(1, date(2024, 3, 1), 15_000),
    line(2, date(2024, 2, 29), 7_000, cost_base_minor=4_000),
    line(2, date(2024, 6, 30), 3_000, cost_base_minor=1_000),
    line(3, date(2024, 4, 2), -500, kind="return"),
    line(None, date(2024, 4, 3), 9_999),
]


def row(found: AccountResults, account: int, kind: str) -> list[int]:
    place = found.accounts.tolist().index(account)
    amounts: list[int] = getattr(found.kinds, kind)[place].tolist()
    return amounts


def test_each_account_is_won_kept_or_grown_month_by_month(write_history: WriteHistory) -> None:
    write_history(LINES)
    found = account_results(BEGINS, as_of=date(2024, 6, 30))
    assert found.months[0] == BEGINS
    assert found.months[-1] == date(2024, 12, 1)
    assert row(found, 1, "kept") == [0, 0, 10_000, *[0] * 9]
    assert row(found, 1, "grown") == [0, 0, 5_000, *[0] * 9]
    assert row(found, 2, "new") == [0, 7_000, 0, 0, 0, 3_000, *[0] * 6]
    assert row(found, 3, "grown")[3] + row(found, 3, "kept")[3] == -500
    assert found.kinds.total.sum() == 24_500  # all but the line of nobody


def test_what_comes_after_the_day_is_not_known_yet(write_history: WriteHistory) -> None:
    write_history(LINES)
    found = account_results(BEGINS, as_of=date(2024, 6, 29))
    assert row(found, 2, "new")[5] == 0


def test_a_customer_is_new_for_a_year_and_then_no_longer(write_history: WriteHistory) -> None:
    write_history([line(1, date(2024, 2, 10), 100), line(1, date(2025, 2, 20), 100), line(1, date(2025, 3, 20), 100)])
    found = account_results(date(2025, 1, 1), as_of=date(2025, 12, 31))
    assert row(found, 1, "new")[:3] == [0, 100, 0]
    assert row(found, 1, "grown")[:3] == [0, 0, 100]


def test_of_margins_it_is_told_how_much_is_known(write_history: WriteHistory) -> None:
    write_history(LINES)
    found = account_results(BEGINS, as_of=date(2024, 6, 30), of_margin=True)
    assert row(found, 2, "new") == [0, 3_000, 0, 0, 0, 2_000, *[0] * 6]
    assert row(found, 1, "grown") == [0] * 12
    assert found.costed == pytest.approx(10_000 / 35_000)


def test_without_orders_there_are_no_results(organisation: Any) -> None:
    assert account_results(BEGINS, as_of=date(2024, 6, 30)).accounts.size == 0
