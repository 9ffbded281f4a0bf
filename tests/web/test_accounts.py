"""The list of accounts and the page of one."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from regulars.base.models import Member
from regulars.facts.models import Account, Contact, Interaction

Maker = Callable[..., Any]


def names(browser: Client, query: str = "") -> list[str]:
    page = browser.get(f"/accounts/{query}").content.decode()
    return re.findall(r'<th scope="row"><a [^>]*>([^<]*)</a>', page)


@pytest.fixture
def three(scored: Maker, owner: Member) -> list[Account]:
    return [
        scored("Anna", sales_12m=100.0, trend=None, pareto="C", buyer="chance", city="Bonn"),
        scored("Berta", sales_12m=300.0, trend=-0.5, pareto="A", owner=owner, external_id="C-7"),
        scored("Carla", sales_12m=200.0, trend=0.5, pareto="B"),
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Berta", "Carla", "Anna"]),
        ("?sort=name", ["Anna", "Berta", "Carla"]),
        ("?sort=-name", ["Carla", "Berta", "Anna"]),
        ("?sort=trend", ["Berta", "Carla", "Anna"]),  # unknown last
        ("?sort=-trend", ["Carla", "Berta", "Anna"]),  # whichever way
        ("?sort=nonsense", ["Berta", "Carla", "Anna"]),
        ("?q=arl", ["Carla"]),
        ("?q=C-7", ["Berta"]),
        ("?q=bonn", ["Anna"]),
        ("?pareto=A", ["Berta"]),
        ("?buyer=chance", ["Anna"]),
        ("?buyer=none", []),
        ("?owner=nobody&sort=name", ["Anna", "Carla"]),
        ("?owner=nonsense", ["Berta", "Carla", "Anna"]),
        ("?page=99", ["Berta", "Carla", "Anna"]),
        ("?q=zzz", []),
    ],
)
def test_the_list_is_searched_filtered_and_sorted(
    browser: Client, three: list[Account], query: str, expected: list[str]
) -> None:
    assert names(browser, query) == expected


def test_an_account_without_an_order_is_listed_and_said_to_have_none(browser: Client, organisation: Any) -> None:
    Account.objects.create(name="Nobody yet")
    page = browser.get("/accounts/").content.decode()
    assert "Nobody yet" in page
    assert "no order yet" in page
    assert names(browser, "?buyer=none") == ["Nobody yet"]


def test_an_empty_list_says_what_to_do_next(browser: Client) -> None:
    assert "regulars import FILE" in browser.get("/accounts/").content.decode()
    assert "take a filter away" in browser.get("/accounts/?q=x").content.decode()


def test_the_file_holds_the_filtered_list_and_no_formulas(browser: Client, three: list[Account], scored: Maker) -> None:
    scored('=HYPERLINK("http://evil.example")', pareto="A", sales_12m=1.0)
    answer = browser.get("/accounts.csv?pareto=A")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(text)))
    assert [row[0] for row in rows] == ["Account", "Berta", '\'=HYPERLINK("http://evil.example")']
    assert rows[1][1] == "C-7"
    assert rows[0][2:4] == ["Sales, 12 months, EUR", "Trend, %"]
    assert rows[1][2:4] == ["300.0", "-50.0"]


def test_the_page_of_an_account_says_what_its_figures_mean(browser: Client, three: list[Account]) -> None:
    page = browser.get(f"/accounts/{three[1].uid}/").content.decode()
    for said in ("Berta", "€300", "95%", "Orders every 20 days on average", "Buys less: −50%", "Margin of the last"):
        assert said in page


def test_who_may_not_see_costs_does_not_read_the_margin(
    members: dict[str, Member], signed_in: Callable[[Member], Client], three: list[Account]
) -> None:
    page = signed_in(members["service"]).get(f"/accounts/{three[1].uid}/").content.decode()
    assert "Orders every 20 days" in page
    assert "Margin" not in page


def test_a_merged_account_leads_to_the_one_it_is_part_of(browser: Client, three: list[Account]) -> None:
    merged = Account.objects.create(name="Old Berta", merged_into=three[1])
    assert browser.get(f"/accounts/{merged.uid}/").headers["Location"] == f"/accounts/{three[1].uid}/"


def test_a_talk_is_noted_and_stands_on_the_timeline(browser: Client, three: list[Account]) -> None:
    where = f"/accounts/{three[0].uid}/"
    said = {"kind": "call", "on": "2024-12-08", "outcome": "Reached", "text": "Asked for <i>samples</i>"}
    assert browser.post(f"{where}log/", said).headers["Location"] == where
    page = browser.get(where).content.decode()
    assert "Noted with Anna." in page
    assert "Asked for &lt;i&gt;samples&lt;/i&gt;" in page


@pytest.mark.parametrize("wrong", [{"kind": "telepathy"}, {"on": "yesterday"}, {"outcome": "", "text": ""}])
def test_a_refused_note_keeps_what_was_typed(browser: Client, three: list[Account], wrong: dict[str, str]) -> None:
    said = {"kind": "call", "on": "2024-12-08", "outcome": "Will order soon", "text": "", **wrong}
    answer = browser.post(f"/accounts/{three[0].uid}/log/", said)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert said["outcome"] in answer.content.decode()
    assert not Interaction.objects.exists()


def test_an_account_shows_its_people(browser: Client, three: list[Account]) -> None:
    Contact.objects.create(account=three[0], name="Jo Vale", role="Buyer", mobile="+44 7")
    page = browser.get(f"/accounts/{three[0].uid}/").content.decode()
    assert "Jo Vale, Buyer" in page
    assert 'href="tel:+44 7"' in page
