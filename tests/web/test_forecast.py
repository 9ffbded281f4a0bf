"""What is to be expected, on the page of an account and on the portfolio: to whom it is told, and in which words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape
from typing import Any

import numpy as np
import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from regulars.base.models import Member, Team
from regulars.core.lifetime.alive_curve import AliveCurve
from regulars.facts.models import Account
from regulars.insight.models import Score
from regulars.web.alive_chart import alive_chart
from scored_firm import scored_firm

Signer = Callable[[Member], Client]


@pytest.fixture
def stranger(members: dict[str, Member]) -> Member:
    """An account manager of another team."""
    return Member.objects.create(
        email="far@example.com", name="Far", role="account_manager", team=Team.objects.create(name="Far away")
    )


@pytest.fixture
def firm(members: dict[str, Member], stranger: Member) -> list[Account]:
    """A firm of sixty accounts with two years of orders and a snapshot; the best is the account manager's."""
    best = scored_firm(21, accounts=60, owner=stranger)
    Account.objects.filter(pk=best[0].pk).update(owner=members["account_manager"])
    return best


def text_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


def test_an_account_tells_what_to_expect_of_it_with_bounds_and_what_it_is_worth(
    browser: Client, firm: list[Account]
) -> None:
    page = browser.get(f"/accounts/{firm[0].uid}/forecast/").content.decode()
    told = text_of(page)
    score = Score.objects.get(account=firm[0])
    assert f"{score.orders_90_low:.0f} to {score.orders_90_high:.0f}" in told
    assert "The chance that it is still a customer is" in told
    assert "If no order comes until" in told
    assert re.search(r"It is worth €[\d,]+: the sales to be expected of it within 36 months", told)
    assert "those a year later counting for 10% less." in told
    assert "no stay is counted for longer than 5 years" in told
    assert 'href="/portfolio/how-right/"' in page


def test_the_curve_is_drawn_and_told_as_a_table(browser: Client, firm: list[Account]) -> None:
    page = browser.get(f"/accounts/{firm[0].uid}/forecast/").content.decode()
    found = re.search(r'data-chart="([^"]*)"', page)
    assert found
    rows = json.loads(unescape(found[1]))["data"]["values"]
    assert all(0 <= row["chance"] <= 1 for row in rows)
    assert {row["time"] for row in rows} == {"past", "now", "ahead"}
    assert any(row.get("ordered") for row in rows)
    assert not any(row.get("ordered") for row in rows if row["time"] == "ahead")
    assert "if no order comes" in text_of(page)


def test_the_first_page_asks_for_it_when_it_is_there(browser: Client, firm: list[Account]) -> None:
    where = f"/accounts/{firm[0].uid}/forecast/"
    assert f'hx-get="{where}"' in browser.get(f"/accounts/{firm[0].uid}/").content.decode()
    part = browser.get(where, headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert part.headers["Vary"].count("HX-Request") == 1
    assert 'id="forecast"' in part.content.decode()


def test_an_account_without_orders_says_so(browser: Client, owner: Member) -> None:
    empty = Account.objects.create(name="Empty", owner=owner)
    assert "Nothing can be said yet" in text_of(browser.get(f"/accounts/{empty.uid}/forecast/").content.decode())
    assert "forecast/" not in browser.get(f"/accounts/{empty.uid}/").content.decode()


def test_the_forecast_of_a_foreign_account_answers_like_none(
    firm: list[Account], members: dict[str, Member], signed_in: Signer
) -> None:
    manager = signed_in(members["account_manager"])
    assert manager.get(f"/accounts/{firm[0].uid}/forecast/").status_code == 200
    assert manager.get(f"/accounts/{firm[1].uid}/forecast/").status_code == 404


def test_the_portfolio_tells_what_all_will_buy_how_sure_that_is_and_what_they_are_worth(
    browser: Client, firm: list[Account]
) -> None:
    assert 'hx-get="/portfolio/forecast/?as_of=' in browser.get("/portfolio/").content.decode()
    told = text_of(browser.get("/portfolio/forecast/").content.decode())
    assert "What will your customers buy? About €" in told
    assert f"The {len(firm)} customers who have ordered are expected to buy for €" in told
    assert "How far such forecasts are off on your own past is not known yet" in told
    assert "Your customers are worth €" in told
    assert "New customers come on top." in told


def test_who_sees_some_accounts_gets_the_forecast_of_those(
    firm: list[Account], members: dict[str, Member], signed_in: Signer
) -> None:
    told = {
        role: text_of(signed_in(members[role]).get("/portfolio/forecast/").content.decode())
        for role in ("account_manager", "new_business_seller")
    }
    assert "The 1 customer who has ordered is expected to buy for €" in told["account_manager"]
    assert "Nothing can be said yet" in told["new_business_seller"]


def test_how_far_ahead_and_how_much_less_is_set_and_counts_at_once(browser: Client, firm: list[Account]) -> None:
    where = f"/accounts/{firm[0].uid}/forecast/"
    settings = "/settings/causes/worth/"
    assert "It counts at once." in text_of(browser.get(settings).content.decode())
    assert browser.post(settings, {"discount_rate": "0", "value_horizon_months": "12"}).status_code == 302
    told = text_of(browser.get(where).content.decode())
    assert "the sales to be expected of it within 12 months." in told
    assert "counting for" not in told


def test_without_figures_the_portfolio_says_what_to_do(browser: Client, owner: Member) -> None:
    assert "Import a longer history." in text_of(browser.get("/portfolio/forecast/").content.decode())
    assert browser.get("/portfolio/forecast/?as_of=nonsense").status_code == 200


def test_both_ask_the_database_no_more_often_the_more_there_is(
    browser: Client, firm: list[Account], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for where in (f"/accounts/{firm[0].uid}/forecast/", "/portfolio/forecast/"):
        browser.get(where)
        with django_assert_max_num_queries(25):
            browser.get(where)


def curve(*chances: float, now: int) -> AliveCurve:
    days = [date(2024, 1, 1) + timedelta(days=7 * at) for at in range(len(chances))]
    ordered = np.array([at == 0 for at in range(len(chances))])
    return AliveCurve(as_of=days[now], days=days, chances=np.array(chances), ordered=ordered)


@pytest.mark.parametrize(
    ("chance", "says"),
    [
        (0.9, "Probably: the chance is 90%"),
        (0.6, "Perhaps: the chance is 60%"),
        (0.2, "Probably not: the chance is 20%"),
    ],
)
def test_the_title_of_the_curve_answers_its_question(chance: float, says: str) -> None:
    chart = alive_chart(curve(1.0, chance, chance / 2, now=1))
    assert chart is not None
    assert says in chart.title


def test_what_nobody_knows_is_not_drawn() -> None:
    nan = float("nan")
    assert alive_chart(curve(nan, nan, now=1)) is None
    chart: Any = alive_chart(curve(nan, 0.9, 0.8, now=1))
    assert len(chart.spec["data"]["values"]) == 2
    assert "Before its second order nobody can say." in chart.notes
