"""The orders of one account: merged accounts and returns counted, products of two years compared."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import ibis
import pytest

from regulars.base.models import Member
from regulars.base.warehouse import open_engine
from regulars.core.account_figures import account_days
from regulars.facts.accounts import create_account
from regulars.facts.history import HISTORY
from regulars.facts.merges import merge_accounts
from regulars.facts.models import Account
from regulars.facts.orders import order_days_of_account, orders_of_account, products_of_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def write() -> Callable[..., None]:
    """Write order lines: account, day, order, line, product, net, kind."""

    def write_lines(*lines: tuple[Any, ...]) -> None:
        names = ("account_id", "business_date", "order_id", "line_no", "product", "net_minor", "kind")
        given = dict.fromkeys(HISTORY.columns, "NULL") | {name: name for name in names}
        given |= {"source": "'erp'", "currency": "'EUR'", "net_base_minor": "net_minor"}
        columns = ", ".join(f"{given[name]}::{kind} AS {name}" for name, kind in HISTORY.columns.items())
        marks = ", ".join("(?, ?, ?, ?, ?, ?, ?)" for _line in lines)
        with open_engine() as engine:
            engine.run(
                f"CREATE TABLE lines AS SELECT * FROM (VALUES {marks}) AS v({', '.join(names)})",
                [cell for line in lines for cell in line],
            )
            HISTORY.writable()
            HISTORY.put_in_force(HISTORY.append(engine, f"SELECT {columns} FROM lines"))

    return write_lines


@pytest.fixture
def account(owner: Member) -> Account:
    return create_account(member=owner, name="Firm")


def test_an_order_is_the_lines_of_one_number_on_one_day(account: Account, write: Callable[..., None]) -> None:
    write(
        (account.pk, "2024-05-01", "1", "1", "A", 100, "sale"),
        (account.pk, "2024-05-01", "1", "2", "B", 250, "sale"),
        (account.pk, "2024-06-01", "1", "3", "B", -250, "return"),
        (account.pk, "2024-05-02", "2", "1", "A", 70, "fee"),
    )
    found = orders_of_account(account, limit=10)
    assert [(one.order_id, one.net_minor, one.returned_minor, one.line_count) for one in found] == [
        ("1", -250, -250, 1),
        ("2", 70, 0, 1),
        ("1", 350, 0, 2),
    ]
    assert [line.product for line in found[2].lines] == ["A", "B"]
    assert [one.order_id for one in orders_of_account(account, limit=1, offset=1)] == ["2"]


def test_a_search_that_looks_like_sql_is_only_a_search(account: Account, write: Callable[..., None]) -> None:
    write(
        (account.pk, "2024-05-01", "1", "1", "100%_'; --", 100, "sale"),
        (account.pk, "2024-05-01", "2", "1", "B", 1, "sale"),
    )
    assert [one.order_id for one in orders_of_account(account, limit=9, product="%_'")] == ["1"]
    assert orders_of_account(account, limit=9, product="%") == orders_of_account(account, limit=9, order_id="1")
    assert orders_of_account(account, limit=9, order_id="1' OR '1'='1") == []


def test_days_count_orders_and_returns_and_no_fees(account: Account, owner: Member, write: Callable[..., None]) -> None:
    twin = create_account(member=owner, name="Twin")
    write(
        (account.pk, "2024-05-01", "1", "1", "A", 100, "sale"),
        (twin.pk, "2024-05-01", "2", "1", "A", -40, "return"),
        (account.pk, "2024-05-01", "1", "2", "POST", 5, "fee"),
        (account.pk, "2024-04-01", "0", "1", "POST", 5, "fee"),
    )
    merge_accounts(kept=account, merged=twin, member=owner)
    (day,) = order_days_of_account(account, limit=10)
    assert (day.business_date, day.orders, day.lines) == (date(2024, 5, 1), 2, 2)
    assert (day.net_base_minor, day.returned_base_minor) == (60, -40)


def test_an_order_day_is_what_the_figures_take_for_one(account: Account, write: Callable[..., None]) -> None:
    write(
        (account.pk, "2024-05-01", "1", "1", "A", 100, "sale"),
        (account.pk, "2024-05-01", "2", "1", "A", -140, "return"),
        (account.pk, "2024-05-02", "3", "1", "A", 0, "sale"),
        (account.pk, "2024-05-03", "4", "1", "A", -20, "return"),
        (account.pk, "2024-05-04", "5", "1", "POST", 5, "fee"),
    )
    with open_engine() as engine:
        columns = "account_id AS account, business_date, kind, net_base_minor AS net, cost_base_minor AS cost"
        engine.run(f"CREATE TABLE lines AS SELECT {columns} FROM {HISTORY.relation()}")
        days = ibis.to_sql(account_days(engine.ibis().table("lines"), as_of=date(2024, 5, 31)), dialect="duckdb")
        expected = engine.rows(f"SELECT business_date, is_order, net, sale FROM ({days}) ORDER BY business_date DESC")
    assert [is_order for _on, is_order, _net, _sale in expected] == [False, False, True]
    assert expected == [
        (day.business_date, day.is_order, day.net_base_minor, day.net_base_minor - day.returned_base_minor)
        for day in order_days_of_account(account)
    ]


def test_products_of_the_last_year_are_told_from_those_of_the_year_before(
    account: Account, write: Callable[..., None]
) -> None:
    as_of = date(2024, 6, 30)
    write(
        (account.pk, "2024-06-30", "1", "1", "A", 100, "sale"),
        (account.pk, "2024-07-01", "2", "1", "A", 900, "sale"),  # not yet
        (account.pk, "2023-07-01", "3", "1", "A", 30, "sale"),
        (account.pk, "2023-06-30", "4", "1", "A", 7, "sale"),  # the year before
        (account.pk, "2023-01-01", "5", "1", "B", 50, "sale"),
        (account.pk, "2022-06-30", "6", "1", "C", 50, "sale"),  # long ago
        (account.pk, "2024-01-01", "7", "1", "A", -20, "return"),
    )
    assert [
        (one.product, one.net_12m_minor, one.net_previous_12m_minor, one.order_days_12m, one.last_bought)
        for one in products_of_account(account, as_of=as_of)
    ] == [("A", 110, 7, 2, date(2024, 6, 30)), ("B", 0, 50, 0, date(2023, 1, 1))]


def test_nothing_is_found_before_anything_was_imported(account: Account) -> None:
    assert orders_of_account(account, limit=5) == []
    assert order_days_of_account(account, limit=5) == []
    assert products_of_account(account, as_of=date(2024, 1, 1)) == []
