"""The list of accounts and the page of one."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import date
from html import unescape
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from regulars.base.models import Department, Member, Team
from regulars.facts.models import Account, Contact, CustomField, Interaction, Tag
from regulars.insight.models import Score

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
    assert "They come with the first order file." in browser.get("/accounts/").content.decode()
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
    assert "<bdi>Jo Vale</bdi>, <bdi>Buyer</bdi>" in page
    assert 'href="tel:+44 7"' in page


@pytest.fixture
def group(three: list[Account], owner: Member, organisation: Any) -> list[Account]:
    """The three, with something for every filter to find in Berta."""
    anna, berta, _ = three
    team = Team.objects.create(name="Growth", department=Department.objects.create(name="Trade"))
    CustomField.objects.create(key="taste", label="Taste", type="choice", choices=["plain", "rich"])
    berta.team, berta.department = team, team.department
    berta.country, berta.city, berta.phone, berta.email = "DE", "Köln", "+49 221 1", "b@b.example"
    berta.custom = {"taste": "rich"}
    berta.save()
    berta.tags.add(Tag.objects.create(name="vip"))
    Score.objects.filter(account=berta).update(
        silence_days=62, probability_alive=0.4, value_at_risk=900.0, first_order=date(2024, 11, 1)
    )
    Score.objects.exclude(account=berta).update(value_at_risk=10.0)
    for one, on in ((anna, date(2024, 12, 1)), (three[2], date(2024, 12, 2)), (berta, date(2024, 6, 1))):
        Interaction.objects.create(account=one, kind="call", on=on)
    return three


@pytest.mark.parametrize(
    ("query", "chip", "why"),
    [
        ("silence=60", "Silent for at least 60 days", "silent for 62 days"),
        ("alive=50", "Chance still a customer at most 50%", "40%"),
        ("risk=100", "At risk at least €100", "€900"),
        ("sales_from=250", "Sales from €250", "€300"),
        ("sales_from=250&sales_to=350", "Sales up to €350", "€300"),
        ("first_since=2024-10-01", "First order since 1 Oct 2024", "Ordered for the first time on 1 Nov 2024."),
        ("contact=90", "No contact for at least 90 days", "The last contact was on 1 Jun 2024."),
        ("trend=less", "Buys less than the year before", "Buys less: −50%"),
        ("reach=phone", "With a phone number", "Phone: +49 221 1"),
        ("reach=email", "With an e-mail address", "E-mail: b@b.example"),
        ("tag=vip", "Tag: vip", "Tags: vip"),
        ("team={team}", "Team: Growth", "Team: Growth"),
        ("department={department}", "Department: Trade", "Department: Trade"),
        ("country=de", "Country: de", "Country: DE"),
        ("city=köln", "City: köln", "City: Köln"),
        ("owner=me", "Looked after by: Myself", "Looked after by Olga Owner."),
        ("owner={owner}", "Looked after by: Olga Owner", "Looked after by Olga Owner."),
        ("pareto=A", "Class A", "class A"),
        ("custom_taste=rich", "Taste: rich", "Taste: rich"),
        ("q=ert", "Search: “ert”", "Its name contains “ert”."),
        ("q=C-7", "Search: “C-7”", "Customer number: C-7"),
        ("cause=declining", "Declining", "€6,000"),
    ],
)
def test_each_filter_has_its_chip_and_says_why_an_account_is_here(
    browser: Client, group: list[Account], proposed: Maker, query: str, chip: str, why: str
) -> None:
    proposed(group[1])
    berta = group[1]
    Score.objects.filter(account=berta).update(cumulative_share=0.4, rank=2)
    assert berta.team
    assert berta.department
    assert berta.owner
    query = query.format(team=berta.team.uid, department=berta.department.uid, owner=berta.owner.uid)
    page = browser.get(f"/accounts/?{query}").content.decode()
    assert re.findall(r'<th scope="row"><a [^>]*>([^<]*)</a>', page) == ["Berta"]
    assert f"<bdi>{chip}</bdi>" in page
    assert why in re.sub(r"<[^>]*>", "", page.split('class="fits"')[1])


@pytest.mark.parametrize("query", ["silence=x", "alive=500", "first_since=soon", "risk=nan", "sales_from=inf"])
def test_a_filter_that_cannot_be_understood_narrows_nothing(browser: Client, three: list[Account], query: str) -> None:
    assert len(names(browser, f"?{query}")) == 3


def test_a_chip_leads_to_the_list_without_it(browser: Client, three: list[Account]) -> None:
    page = browser.get("/accounts/?pareto=A&buyer=regular&sort=name").content.decode()
    chips = re.findall(r'<a class="chip" href="([^"]*)"', page)
    assert [unescape(one) for one in chips] == [
        "/accounts/?buyer=regular&sort=name&view=all",
        "/accounts/?pareto=A&sort=name&view=all",
    ]


def test_counts_say_what_each_further_step_would_leave(browser: Client, three: list[Account], proposed: Maker) -> None:
    proposed(three[1])
    part = browser.get("/accounts/counts/?pareto=A").content.decode()
    said = re.findall(r'<a href="([^"]*)"[^>]*><bdi>([^<]*)</bdi> <span class="num">([^<]*)</span>', part)
    counts = {name: (count, unescape(address)) for address, name, count in said}
    assert counts["A"] == ("1", "/accounts/?view=all")  # chosen: leads back
    assert counts["B"] == ("1", "/accounts/?pareto=B&view=all")
    assert counts["Regular buyers"][0] == "1"
    assert counts["Olga Owner"][0] == "1"
    assert counts["Declining"][0] == "1"
    assert "Nobody" not in counts


def test_the_number_of_queries_does_not_grow_with_the_list(
    browser: Client, scored: Maker, proposed: Maker, owner: Member
) -> None:
    browser.post("/accounts/columns/", {"column": ["tags", "contact", "cause", "owner", "team"]})

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            browser.get("/accounts/?view=all&contact=1&tag=vip&cause=declining")
        return len(captured)

    def add(name: str) -> None:
        account = scored(name, owner=owner)
        account.tags.add(Tag.objects.get_or_create(name="vip")[0])
        proposed(account)

    add("First")
    queries()  # the toast is gone
    few = queries()
    for place in range(30):
        add(f"Firm {place}")
    assert queries() == few


def test_unknown_figures_come_last_on_every_page(
    browser: Client, scored: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The long way, which many accounts take, gives the same sequence as the short one."""
    from regulars.web.accounts import found

    for place in range(70):
        scored(f"Firm {place:02}", trend=None if place % 3 else place / 100)
    Account.objects.create(name="Not scored")
    short = [names(browser, f"?sort=trend&page={page}") for page in (1, 2)]
    cache.clear()
    monkeypatch.setattr(found, "FEW", 0)
    assert [names(browser, f"?sort=trend&page={page}") for page in (1, 2)] == short
    assert short[1][-1] == "Not scored"
    assert len({*short[0], *short[1]}) == 71


def test_many_are_counted_like_few_and_remembered_for_a_moment(
    browser: Client, scored: Maker, proposed: Maker, owner: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    from regulars.web.accounts import found

    for place in range(4):
        proposed(scored(f"Firm {place}", owner=owner, pareto="AB"[place % 2], buyer="regular"))
    Account.objects.create(name="Not scored")
    queries = ("", "?owner=nobody", "?pareto=A", "?buyer=none")
    few = [browser.get(f"/accounts/counts/{query}").content for query in queries]
    cache.clear()
    monkeypatch.setattr(found, "FEW", 0)
    assert [browser.get(f"/accounts/counts/{query}").content for query in queries] == few
    Account.objects.create(name="One more")
    assert "5 accounts" in browser.get("/accounts/?view=all").content.decode()
    cache.clear()
    assert "6 accounts" in browser.get("/accounts/?view=all").content.decode()
