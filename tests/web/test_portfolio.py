"""The portfolio page: what it says of a firm, to whom, as of which day."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from regulars.base.models import Member, Team
from regulars.base.warehouse import open_engine
from regulars.facts.history import HISTORY
from regulars.facts.models import Account
from regulars.insight.models import Snapshot
from regulars.insight.portfolio import portfolio, portfolio_at
from regulars.insight.snapshots import take_snapshot

Signer = Callable[[Member], Client]
END, BEFORE = date(2024, 12, 9), date(2024, 6, 10)


def order_every_week(accounts: dict[Account, tuple[date, date, int]]) -> None:
    """Put orders in force: of each account from a date to a date, of so many minor units."""
    rows = [
        f"('{account.pk}-{day}', {account.pk}, DATE '{day}', {net})"
        for account, (first, last, net) in accounts.items()
        for day in (first + timedelta(days=gone) for gone in range(0, (last - first).days + 1, 7))
    ]
    said = {"source": "'erp'", "line_no": "'1'", "currency": "'EUR'", "kind": "'sale'", "net_minor": "n"}
    said |= {"net_base_minor": "n", "order_id": "o", "account_id": "a", "business_date": "d", "product": "'p'"}
    columns = ", ".join(f"{said.get(name, 'NULL')}::{kind} AS {name}" for name, kind in HISTORY.columns.items())
    with open_engine() as engine:
        HISTORY.writable()
        version = HISTORY.append(engine, f"SELECT {columns} FROM (VALUES {', '.join(rows)}) AS v(o, a, d, n)")
    HISTORY.put_in_force(version)


@pytest.fixture
def colleague(members: dict[str, Member]) -> Member:
    """An account manager of another team."""
    return Member.objects.create(
        email="far@example.com", name="Far Away", role="account_manager", team=Team.objects.create(name="Elsewhere")
    )


@pytest.fixture
def firm(members: dict[str, Member], colleague: Member) -> dict[str, Account]:
    """Twelve steady firms, of which Nearby Ltd belongs to our team; one that left, one that came since June."""
    start = END - timedelta(days=3 * 365)
    steady = {
        Account.objects.create(name=f"Firm {number}", owner=colleague, country="Germany"): (start, END, 10_000)
        for number in range(11)
    }
    near = Account.objects.create(name="Nearby Ltd", owner=members["account_manager"], country="France")
    left = Account.objects.create(name="Gone Ltd", owner=colleague, country="Germany")
    came = Account.objects.create(name="Fresh Ltd", owner=colleague, country="Germany")
    order_every_week(
        steady
        | {
            near: (start, END, 20_000),
            left: (start, date(2023, 11, 1), 10_000),
            came: (date(2024, 7, 1), END, 10_000),
        }
    )
    return {"near": near, "left": left, "came": came}


@pytest.fixture
def snapshots(firm: dict[str, Account]) -> tuple[Snapshot, Snapshot]:
    return take_snapshot(as_of=BEFORE, current=False), take_snapshot(as_of=END)


def page_of(client: Client, query: str = "") -> str:
    answer = client.get(f"/portfolio/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


# What it says


def test_without_figures_it_says_what_to_do(browser: Client) -> None:
    page = page_of(browser)
    assert "There are no figures yet" in page
    assert "Import one" in page
    assert "vega" not in page


def test_it_tells_the_figures_of_the_firm_draws_its_charts_and_leads_to_accounts(
    snapshots: Any, browser: Client, colleague: Member
) -> None:
    """C1, D2, E1, E14."""
    page = page_of(browser)
    for said in ("Whom to see first?", "Who brings the sales?", "Are we growing?", "Do we keep our customers?"):
        assert said in page
    assert "Do we depend on few? No: the largest customer brings 15% of sales" in page
    assert "Do new customers stay?" in page
    assert page.count("data-chart=") == 4
    assert re.search(r'<script src="/static/web/third_party/vega\.min\.[0-9a-f]+\.js" defer>', page)
    assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)", page)
    link = re.search(rf'href="(/accounts/\?owner={colleague.uid})"><bdi>Far Away', page)
    assert link
    assert "Firm 3" in browser.get(link[1]).content.decode()
    assert 'href="/accounts/?country=Germany"' in page


def test_any_kept_day_can_be_shown_and_laid_beside_another(snapshots: Any, browser: Client) -> None:
    earlier = page_of(browser, f"?as_of={BEFORE}")
    assert "figures of 10 Jun 2024" in earlier
    assert f'<option value="{BEFORE}" selected>' in earlier
    assert "Fresh Ltd" not in earlier
    for nonsense in ("2024-01-01", "yesterday", "0000-00-00", "%25"):
        page = page_of(browser, f"?as_of={nonsense}&compare={nonsense}")
        assert "figures of 9 Dec 2024" in page
        assert "Of that day no figures are kept" in page
        assert "What changed?" not in page
    for query in (f"?compare={BEFORE}", f"?as_of={BEFORE}&compare={END}"):
        page = page_of(browser, query)
        assert "What changed? 1 came, 1 went" in page
        came, went = page.index("Came: 1 customer"), page.index("Went: 1 customer")
        assert came < page.index("Fresh Ltd", came) < went < page.index("Gone Ltd", went)
        assert page.index("10 Jun 2024</th>") < page.index("9 Dec 2024</th>"), "the earlier date comes first"
    assert "What changed?" not in page_of(browser, f"?compare={END}"), "a day beside itself says nothing"


# Who sees what


def test_each_role_sees_the_portfolio_of_the_accounts_that_it_sees(
    snapshots: Any, members: dict[str, Member], signed_in: Signer
) -> None:
    for role, sees in SEES.items():
        page = page_of(signed_in(members[role]))
        assert ("Firm 3" in page) == (sees == "all"), role
        assert ("Nearby Ltd" in page) == (sees != "nothing"), role
        assert ("all accounts" in page) == (sees == "all"), role
    assert "No account is yours yet" in page_of(signed_in(members["new_business_seller"]), f"?compare={BEFORE}")


SEES = {
    "owner": "all",
    "sales_head": "all",
    "account_manager": "near",
    "new_business_seller": "nothing",
    "service": "all",
    "marketer": "all",
    "analyst": "all",
}


def test_a_portfolio_of_some_accounts_is_made_of_them_alone(
    snapshots: tuple[Snapshot, Snapshot], members: dict[str, Member], firm: dict[str, Account]
) -> None:
    """The command line and the API ask the same function."""
    manager, owner = members["account_manager"], members["owner"]
    part, whole = portfolio(member=manager), portfolio(member=owner)
    assert part is not None
    assert whole is not None
    assert (part.accounts, whole.accounts) == (1, 14)
    assert part.sales_12m == pytest.approx(200.0 * 53, rel=0.03)
    assert part.concentration.largest_share == 1.0
    assert sum(month.sales for month in part.months) < sum(month.sales for month in whole.months) / 4
    for day in (BEFORE, date(2024, 9, 1)):  # one of a kept snapshot, one that is computed
        then = portfolio(day, member=manager)
        assert then is not None
        assert then.accounts == 1
    Account.objects.filter(pk=firm["came"].pk).update(owner=manager)
    assert portfolio_at(snapshots[1], member=manager).accounts == 2, "who was given an account sees it at once"
    snapshots[1].portfolio |= {"margin_12m": 4321.0, "cost_known": 1.0}
    assert portfolio_at(snapshots[1], member=members["analyst"]).margin_12m == 4321.0
    assert portfolio_at(snapshots[1], member=members["marketer"]).margin_12m is None


# Speed and weight


def test_the_page_asks_and_weighs_no_more_than_it_may(
    snapshots: Any, browser: Client, django_assert_max_num_queries: Any
) -> None:
    """All that a first visit loads, compressed: at most 500 kB with charts, 250 kB without."""
    for query in ("", f"?compare={BEFORE}"):
        page = page_of(browser, query)
        with django_assert_max_num_queries(24):
            page_of(browser, query)
        assert _weight(page) <= 500_000
    assert _weight(browser.get("/today/").content.decode()) <= 250_000


def _weight(page: str) -> int:
    static = Path(settings.STATIC_ROOT)
    names = set(re.findall(r'(?:src|href)="/static/([^"#]+)', page))
    files = [static / name for name in names]
    styles = "".join(file.read_text() for file in files if file.suffix == ".css")
    fonts = {static / "web/third_party" / name for name in re.findall(r"third_party/(inter-latin\.[^\")]+)", styles)}
    everything = [page.encode(), *(file.read_bytes() for file in {*files, *fonts})]
    return sum(len(gzip.compress(content)) for content in everything)


def test_a_firm_without_accounts_is_led_to_its_first_import(browser: Client) -> None:
    take_snapshot(as_of=END)
    page = browser.get("/portfolio/").content.decode()
    assert "There are no accounts yet" in page
    assert 'href="/imports/first/"' in page
