"""Where am I, and where is what I look for: the navigation, and where lists begin (E6)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from regulars.base.models import Member
from regulars.plan.models import Handover

pytestmark = pytest.mark.django_db
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
