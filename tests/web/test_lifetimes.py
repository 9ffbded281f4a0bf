"""The page of lifetimes: what it says, to whom, and in what words where little is known."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from regulars.base.models import Member, Team
from regulars.base.warehouse import open_engine
from regulars.facts.history import HISTORY
from regulars.facts.models import Account
from regulars.insight.snapshots import take_snapshot

Signer = Callable[[Member], Client]
END, START = date(2024, 12, 9), date(2021, 1, 4)


def put_in_force(accounts: dict[Account, tuple[date, date]]) -> None:
    """Orders of each account every four weeks from one date to another."""
    rows = [
        f"('{account.pk}-{day}', {account.pk}, DATE '{day}', 10000)"
        for account, (first, last) in accounts.items()
        for day in (first + timedelta(days=gone) for gone in range(0, (last - first).days + 1, 28))
    ]
    said = {"source": "'erp'", "line_no": "'1'", "currency": "'EUR'", "kind": "'sale'", "net_minor": "n"}
    said |= {"net_base_minor": "n", "order_id": "o", "account_id": "a", "business_date": "d", "product": "'p'"}
    columns = ", ".join(f"{said.get(name, 'NULL')}::{kind} AS {name}" for name, kind in HISTORY.columns.items())
    with open_engine() as engine:
        HISTORY.writable()
        version = HISTORY.append(engine, f"SELECT {columns} FROM (VALUES {', '.join(rows)}) AS v(o, a, d, n)")
    HISTORY.put_in_force(version)


@pytest.fixture
def firm(members: dict[str, Member]) -> None:
    """Customers won in 2023, of whom every fourth never ordered again, and in 2024, every second; 30 are ours."""
    stranger = Member.objects.create(
        email="far@example.com", name="Far", role="account_manager", team=Team.objects.create(name="Elsewhere")
    )
    orders = {Account.objects.create(name="First Ltd", owner=stranger): (START, END)}
    for number in range(240):
        owner = members["account_manager"] if number < 30 else stranger
        account = Account.objects.create(name=f"Firm {number}", owner=owner, country=("France", "Nepal")[number % 2])
        year, leaves = (2023, number % 4 == 0) if number < 120 else (2024, number % 2 == 0)
        first = date(year, 1, 2) + timedelta(days=2 * (number % 120))
        orders[account] = (first, first if leaves else END)
    put_in_force(orders)
    take_snapshot(as_of=END)


def page_of(client: Client, query: str = "") -> str:
    answer = client.get(f"/portfolio/lifetimes/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_verdicts_come_first_then_curves_and_cohorts(firm: None, browser: Client) -> None:
    """A7."""
    page = page_of(browser)
    assert "Of the customers won in 2024 you lose" in page
    assert page.index("you lose") < page.index("data-chart=") < page.index("By when they were won")
    assert "of the next 5 years on average" in page
    assert "after 180 days" in page
    assert "vega" in page
    assert 'id="verdict-early"' in page
    portfolio = browser.get("/portfolio/").content.decode()
    assert 'href="/portfolio/lifetimes/"' in portfolio
    assert 'hx-get="/portfolio/lifetimes/" hx-trigger="load" hx-select="#verdict-early"' in portfolio


def test_customers_may_be_told_apart_by_what_they_are(firm: None, browser: Client) -> None:
    page = page_of(browser, "?by=country")
    assert '<option value="country" selected>' in page
    assert "France" in page
    assert "Nepal" in page
    assert '<option value="year" selected>' in page_of(browser, "?by=shoe-size")


def test_each_role_sees_the_lifetimes_of_the_accounts_that_it_sees(
    firm: None, members: dict[str, Member], signed_in: Signer
) -> None:
    whole, part = page_of(signed_in(members["analyst"])), page_of(signed_in(members["account_manager"]))
    assert "all accounts" in whole
    assert "the accounts that you and your team look after" in part
    assert "Of 30 customers won, 8 were lost." in part
    assert "It is too early to say" in page_of(signed_in(members["new_business_seller"]))


def test_the_curves_may_be_taken_along_by_who_may_export(
    firm: None, members: dict[str, Member], signed_in: Signer
) -> None:
    answer = signed_in(members["analyst"]).get("/portfolio/lifetimes.csv?by=year")
    rows = list(csv.reader(b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()))  # type: ignore[attr-defined]
    assert rows[0][0] == "Customers"
    assert {row[0] for row in rows[1:]} == {"All customers won", "2023", "2024"}
    assert all(0 <= float(row[5]) <= float(row[4]) <= float(row[6]) <= 1 for row in rows[1:])
    assert signed_in(members["account_manager"]).get("/portfolio/lifetimes.csv").status_code == 403


def test_without_figures_or_without_history_it_says_what_to_do(browser: Client) -> None:
    assert "There are no figures yet" in page_of(browser)
    assert browser.get("/portfolio/lifetimes.csv").status_code == 200
    take_snapshot(as_of=END)
    page = page_of(browser)
    assert "It is too early to say" in page
    assert "data-chart" not in page


def test_the_page_asks_no_more_than_it_may(firm: None, browser: Client, django_assert_max_num_queries: Any) -> None:
    page_of(browser)
    with django_assert_max_num_queries(12):
        page_of(browser)
