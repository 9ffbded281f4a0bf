"""Views of the list: kept, shared, renamed, deleted and brought back; chosen columns; where the list starts."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from regulars.base.models import Member, Team
from regulars.facts.models import Account
from regulars.web.models import SavedView

Signer = Callable[[Member], Client]
Maker = Callable[..., Any]


def headings(browser: Client, address: str) -> list[str]:
    page = browser.get(address).content.decode()
    return re.findall(r'<a id="sort-[^"]*" href="[^"]*">([^<]*)', page)


def tabs(browser: Client) -> list[str]:
    page = browser.get("/accounts/?view=all").content.decode()
    return re.findall(r'<a id="view-\d+" href="[^"]*"[^>]*><bdi>([^<]*)</bdi></a>', page)


@pytest.fixture
def kept(browser: Client, scored: Maker) -> SavedView:
    scored("Berta", pareto="A")
    scored("Carla", pareto="B")
    browser.post("/accounts/views/", {"name": "My best", "query": "pareto=A&sort=name&nonsense=1"})
    return SavedView.objects.get()


def test_a_view_keeps_filters_sorting_and_columns_under_a_name(browser: Client, kept: SavedView) -> None:
    assert kept.query == "pareto=A&sort=name"
    assert tabs(browser)[-1] == "My best"
    page = browser.get(f"/accounts/?{kept.query}&view={kept.uid}").content.decode()
    assert "Berta" in page
    assert "Carla" not in page


def test_the_product_comes_with_views(browser: Client) -> None:
    assert tabs(browser) == ["All accounts", "Gone quiet", "Biggest at risk", "Nobody looks after", "New this quarter"]


@pytest.mark.parametrize("name", ["", "   ", "my BEST", "x" * 101])
def test_a_view_that_cannot_be_kept_keeps_what_was_typed(browser: Client, kept: SavedView, name: str) -> None:
    answer = browser.post("/accounts/views/", {"name": name, "query": "pareto=B"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'role="alert"' in page
    assert f'value="{name}"' in page
    assert "Carla" in page
    assert SavedView.objects.count() == 1


def test_a_view_is_renamed_and_shows_something_else(browser: Client, kept: SavedView) -> None:
    where = f"/accounts/views/{kept.uid}/"
    browser.post(f"{where}rename/", {"name": "The best"})
    browser.post(f"{where}update/", {"query": "pareto=B", "view": str(kept.uid)})
    kept.refresh_from_db()
    assert (kept.name, kept.query) == ("The best", "pareto=B")


def test_a_deleted_view_is_brought_back(browser: Client, kept: SavedView) -> None:
    browser.post(f"/accounts/views/{kept.uid}/delete/")
    page = browser.get("/accounts/?view=all").content.decode()
    assert "View “My best” deleted." in page
    assert f'action="/accounts/views/{kept.uid}/restore/"' in page
    assert "My best" not in tabs(browser)
    browser.post(f"/accounts/views/{kept.uid}/restore/")
    assert "My best" in tabs(browser)


def test_the_list_starts_with_the_view_that_the_member_chose(browser: Client, kept: SavedView) -> None:
    browser.post("/accounts/start/", {"view": "at-risk"})
    assert browser.get("/accounts/").headers["Location"] == "/accounts/?risk=1&sort=-risk&view=at-risk"
    browser.post("/accounts/start/", {"view": str(kept.uid)})
    assert browser.get("/accounts/").headers["Location"].endswith(f"view={kept.uid}")
    browser.post(f"/accounts/views/{kept.uid}/delete/")
    assert browser.get("/accounts/").headers["Location"] == "/accounts/?view=all"
    browser.post("/accounts/start/", {"view": "all"})
    assert browser.get("/accounts/").status_code == 200


def test_columns_are_kept_for_the_member_and_for_the_view(browser: Client, kept: SavedView) -> None:
    browser.post("/accounts/columns/", {"column": ["risk", "city", "nonsense"]})
    assert [one.strip() for one in headings(browser, "/accounts/?view=all")] == ["Account", "At risk", "City"]
    browser.post("/accounts/columns/", {"column": ["pareto"], "view": str(kept.uid)})
    assert [one.strip() for one in headings(browser, f"/accounts/?view={kept.uid}")] == ["Account", "Class"]
    assert [one.strip() for one in headings(browser, "/accounts/?view=all")] == ["Account", "At risk", "City"]


def test_every_column_and_sorting_can_be_shown(browser: Client, kept: SavedView, owner: Member) -> None:
    from regulars.web.accounts.columns import OFFERED

    Account.objects.update(owner=owner, team=Team.objects.create(name="Growth"))
    browser.post("/accounts/columns/", {"column": [column.key for column in OFFERED]})
    page = browser.get("/accounts/?view=all").content.decode()
    for said in ("€10,000", "Growth", "Regular", "20 days", "30%" if "30%" in page else "€3,000"):
        assert said in page
    for column in OFFERED:
        for sorting in (column.key, f"-{column.key}"):
            answer = browser.get(f"/accounts/?view=all&sort={sorting}")
            assert "Berta" in answer.content.decode(), sorting


def test_who_may_not_see_costs_has_no_column_of_margins(
    members: dict[str, Member], signed_in: Signer, kept: SavedView
) -> None:
    client = signed_in(members["marketer"])
    client.post("/accounts/columns/", {"column": ["margin", "sales"]})
    assert [one.strip() for one in headings(client, "/accounts/?view=all&sort=margin")][1:] == ["Sales, 12 months"]


@pytest.mark.parametrize(
    ("role", "shares"), [("owner", True), ("sales_head", True), ("account_manager", False), ("analyst", False)]
)
def test_who_leads_others_shares_views(members: dict[str, Member], signed_in: Signer, role: str, shares: bool) -> None:
    client = signed_in(members[role])
    answer = client.post("/accounts/views/", {"name": "For all", "query": "pareto=A", "audience": "everyone"})
    assert answer.status_code == (302 if shares else 422)
    assert ("For all" in tabs(signed_in(members["service"]))) == shares
    assert ("Who sees it" in client.get("/accounts/?view=all").content.decode()) == shares


def test_a_view_for_a_team_is_seen_by_the_team_alone(members: dict[str, Member], signed_in: Signer) -> None:
    team = members["sales_head"].team
    assert team is not None
    stranger = Member.objects.create(email="far@firm.example", name="Far", role="service")
    head = signed_in(members["sales_head"])
    head.post("/accounts/views/", {"name": "Ours", "query": "", "audience": f"team:{team.uid}"})
    assert "Ours" in tabs(signed_in(members["account_manager"]))
    assert "Ours" not in tabs(signed_in(stranger))


@pytest.mark.parametrize("verb", ["rename", "update", "delete", "restore"])
def test_anothers_view_answers_like_one_that_does_not_exist(
    members: dict[str, Member], signed_in: Signer, kept: SavedView, verb: str
) -> None:
    """His own head cannot change a private one either, and a shared one only heads can."""
    for role in ("sales_head", "account_manager", "analyst"):
        answer = signed_in(members[role]).post(f"/accounts/views/{kept.uid}/{verb}/", {"name": "Stolen"})
        assert answer.status_code == 404, role
    kept.audience = "everyone"
    kept.save()
    seller = signed_in(members["account_manager"])
    assert seller.post(f"/accounts/views/{kept.uid}/{verb}/", {"name": "Stolen"}).status_code == 404
    assert SavedView.objects.filter(name="My best", deleted_at=None).exists()
