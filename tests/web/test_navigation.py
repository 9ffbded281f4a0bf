"""Where am I, and where is what I look for: the navigation, and where lists begin (E6)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from regulars.base.models import Member
from regulars.insight.models import Protection
from regulars.plan.models import Handover

pytestmark = pytest.mark.django_db
AS_OF, NOON = date(2024, 12, 9), datetime(2024, 12, 9, 12, tzinfo=UTC)
Signer = Callable[[Member], Client]


def current(browser: Client, path: str) -> list[str]:
    """The entries of the navigation that say: you are here."""
    page = browser.get(path).content.decode()
    places = re.findall(r'<a class="place[^"]*" href="([^"]*)"( aria-current="page")?>', page)
    assert len(places) > 10
    return [address for address, marked in places if marked]


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/accounts/", "/accounts/"),
        ("/key-accounts/", "/accounts/"),
        ("/win-back/", "/accounts/"),
        ("/referrals/", "/leads/"),
        ("/white-space/", "/opportunities/"),
        ("/value-proofs/", "/opportunities/"),
        ("/projects/", "/opportunities/"),
        ("/pitch/", "/opportunities/"),
        ("/plan/time/", "/plan/"),
    ],
)
def test_a_page_that_belongs_to_a_place_of_the_navigation_marks_it(
    browser: Client, snapshot: Any, path: str, place: str
) -> None:
    assert current(browser, path) == [place]


def test_key_accounts_and_lost_customers_are_found_from_the_accounts(
    members: dict[str, Member], signed_in: Signer
) -> None:
    for role in ("account_manager", "service", "owner"):
        browser = signed_in(members[role])
        page = browser.get("/accounts/").content.decode()
        for address in ("/key-accounts/", "/win-back/"):
            assert f'href="{address}"' in page
            assert browser.get(address).status_code == 200


def test_who_leads_and_hands_nothing_over_starts_with_everybodys(
    members: dict[str, Member], scored: Callable[..., Any], signed_in: Signer
) -> None:
    """A1."""
    account = scored("Harbour Gifts", owner=members["account_manager"])
    people = {"giver": members["new_business_seller"], "receiver": members["account_manager"]}
    Handover.objects.create(account=account, state="sent", due_on="2024-12-20", **people)
    assert "Harbour Gifts" in signed_in(members["owner"]).get("/handovers/").content.decode()
    assert "Harbour Gifts" not in signed_in(members["owner"]).get("/handovers/?whose=mine").content.decode()
    assert "Harbour Gifts" in signed_in(members["account_manager"]).get("/handovers/").content.decode()


def test_the_head_of_an_account_says_nothing_twice_and_no_more_than_fits(
    owner: Member, browser: Client, scored: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    account = scored("Harbour Gifts", owner=owner)
    Protection.objects.create(account=account, level=4, band=3, worth=9_000, as_of=AS_OF, computed_at=NOON)
    names = ("highest protection", "declining", "gone silent", "a review is due", "a promise is overdue")
    reasons = [SimpleNamespace(cause=name, action=SimpleNamespace(cause="x")) for name in names]
    monkeypatch.setattr("regulars.web.account.record.open_reasons", lambda *_said: reasons)
    page = browser.get(f"/accounts/{account.uid}/signals/").content.decode()
    head = page[page.index("<h1>") : page.index("</h1>")]
    assert head.count("Highest protection") == 1
    assert "Gone silent" in head
    assert head.count('class="tag') <= 4
