"""Winning against keeping in the browser: compared, explained, amounts noted (mission E17)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from regulars.base.models import Member
from regulars.facts.interactions import record_interaction
from regulars.facts.models import Account
from regulars.insight.snapshots import take_snapshot
from regulars.plan.models import SellingCost
from written_history import write_history

pytestmark = pytest.mark.django_db
AS_OF = date(2024, 6, 30)
FAIR = {"aim": "winning", "on": "2024-05-02", "text": "Spring fair", "amount": "140"}
Signer = Callable[[Member], Client]


@pytest.fixture
def firm(organisation: Any, members: dict[str, Member]) -> Account:
    lines = [(1, date(2022, 1, 5), 10_000), (1, date(2024, 2, 5), 300_000), (2, date(2024, 3, 8), 70_000)]
    write_history([{"account_id": one, "business_date": day, "net_base_minor": net} for one, day, net in lines])
    take_snapshot(as_of=AS_OF)
    return Account.objects.get(pk=1)


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def test_what_is_missing_is_said_until_both_sides_are_known(browser: Client, firm: Account, owner: Member) -> None:
    """E17."""
    page = text_of(browser.get("/plan/costs/"))
    assert "It cannot be said yet" in page
    assert "No amount for winning is noted" in page
    assert "is only an assumption" in page
    assert "Too little is known of what your goods cost" in page
    assert browser.post("/plan/costs/", FAIR).status_code == 302
    record_interaction(account=firm, kind="visit", on=date(2024, 5, 5), member=owner)
    page = text_of(browser.get("/plan/costs/"))
    assert "What is noted comes to €140 for each customer won, and to €120 for each kept." in page
    record_interaction(account=Account.objects.get(pk=2), kind="call", on=date(2024, 3, 1), member=owner)
    browser.post("/plan/costs/", FAIR | {"amount": "90", "text": "Samples"})
    page = text_of(browser.get("/plan/costs/"))
    assert "Winning a customer cost €240, keeping one €120: 2 times as much." in page
    assert "Call: 1" in page
    assert "came back as 2.9 in sales within these months, each spent on keeping as 25" in page
    assert "No amount for winning is noted" not in page
    assert "Spring fair" in page
    assert "/plan/costs/" in text_of(browser.get("/plan/"))
    earlier = text_of(browser.get("/plan/costs/?years_back=1"))
    assert "look as if they were won" in earlier


def test_an_amount_is_removed_with_a_way_back(browser: Client, firm: Account) -> None:
    browser.post("/plan/costs/", FAIR)
    removed = browser.post(f"/plan/costs/{SellingCost.objects.get().uid}/remove/", follow=True)
    assert not SellingCost.objects.exists()
    back = re.search(r'action="([^"]*undo=1[^"]*)"', removed.content.decode())
    assert back
    browser.post(back[1].replace("&amp;", "&"))
    again = SellingCost.objects.get()
    assert (again.text, again.amount_minor, again.aim) == ("Spring fair", 14_000, "winning")


def test_a_refusal_keeps_what_was_typed(browser: Client, firm: Account) -> None:
    answer = browser.post("/plan/costs/", FAIR | {"on": "2099-01-01"})
    assert (answer.status_code, "Spring fair" in answer.content.decode()) == (422, True)
    assert not SellingCost.objects.exists()


def test_before_figures_the_page_says_what_to_do(browser: Client, organisation: Any) -> None:
    assert "Import your orders first" in text_of(browser.get("/plan/costs/?years_back=zzz"))


@pytest.mark.parametrize("role", [role.value for role in Member.Role])
def test_costs_are_the_business_of_those_who_lead(
    role: str, members: dict[str, Member], signed_in: Signer, firm: Account
) -> None:
    client, head = signed_in(members[role]), role in {"owner", "sales_head"}
    assert client.get("/plan/costs/").status_code == (200 if head else 403)
    assert client.post("/plan/costs/", FAIR).status_code == (302 if head else 403)
    made = SellingCost.objects.first() or SellingCost.objects.create(aim="winning", on=AS_OF, text="x", amount_minor=1)
    assert client.post(f"/plan/costs/{made.uid}/remove/").status_code == (302 if head else 403)
    assert SellingCost.objects.exists() is not head
