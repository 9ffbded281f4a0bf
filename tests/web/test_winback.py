"""Lost customers in the browser: declared, asked why, offered something, won back or parted from (E15, E16, A7)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from regulars.base.models import Member, Team
from regulars.facts.models import Account
from regulars.plan.models import WinBack
from regulars.plan.winback import declare_lost, note_reasons, part_well

AS_OF = date(2024, 12, 9)


@pytest.fixture
def firm(scored: Callable[..., Any], owner: Member) -> Account:
    made: Account = scored("Harbour Gifts", owner=owner)
    return made


@pytest.fixture
def work(firm: Account, owner: Member) -> WinBack:
    return declare_lost(account=firm, since=AS_OF, on=AS_OF, member=owner)


def undo(browser: Client, page: str) -> None:
    found = re.search(r'class="toast".*?action="([^"]+)"', page)
    assert found, "there is nothing to undo"
    browser.post(found[1])


def test_an_account_is_declared_lost_on_its_page_and_that_is_undone(browser: Client, firm: Account) -> None:
    where = f"/accounts/{firm.uid}/loss/"
    assert "Nobody has said so" in browser.get(where).content.decode()
    assert where in browser.get(f"/accounts/{firm.uid}/").content.decode()
    said = {"since": "2024-12-01", "known": "contract", "reasons": ["our_service"], "said": "Too slow"}
    assert browser.post(where, said | {"since": "2025-01-01"}).status_code == 422
    answer = browser.post(where, said)
    assert answer.status_code == 302
    made = WinBack.objects.get()
    assert (made.reasons, made.said, made.since) == (["our_service"], "Too slow", date(2024, 12, 1))
    page = browser.get(answer.headers["Location"]).content.decode()
    assert "Lost since" in page
    assert "Too slow" in page
    undo(browser, page)
    made.refresh_from_db()
    assert made.state == "mistake"
    assert "Nobody has said so" in browser.get(where).content.decode()


def test_it_is_asked_offered_answered_won_back_and_that_is_undone(browser: Client, work: WinBack) -> None:
    where = f"/win-back/{work.uid}/"
    browser.post(f"{where}reasons/", {"reasons": ["better_terms"], "said": ""})
    browser.post(f"{where}offer/", {"text": "delivered within a day"})
    offer = work.offers.get()
    assert browser.post(f"{where}offer/", {"text": ""}).status_code == 422
    assert browser.post(f"{where}answer/", {"offer": "none", "answer": "yes"}).status_code == 422
    browser.post(f"{where}answer/", {"offer": str(offer.uid), "answer": "yes", "said": "From May on"})
    page = browser.get(where).content.decode()
    assert "delivered within a day" in page
    assert "From May on" in page
    browser.post(f"{where}won/")
    work.refresh_from_db()
    assert (work.state, work.reasons) == ("won", ["better_terms"])
    undo(browser, browser.get(where).content.decode())
    work.refresh_from_db()
    assert work.state == "open"
    assert browser.post(f"{where}eat/").status_code == 404


def test_one_parts_well_and_looks_again(browser: Client, work: WinBack) -> None:
    where = f"/win-back/{work.uid}/part/"
    refused = browser.post(where, {"look_again_on": "2024-12-09", "gift": "A calendar"})
    assert refused.status_code == 422
    assert "A calendar" in refused.content.decode()
    browser.post(where, {"look_again_on": "2024-12-10", "gift": "A calendar", "door_open": "on"})
    page = browser.get(f"/win-back/{work.uid}/").content.decode()
    assert "A calendar" in page
    assert "door stays open" in page
    assert "nobody to look at again" in browser.get("/win-back/?show=again").content.decode()
    assert "Harbour Gifts" in browser.get("/win-back/?show=settled").content.decode()
    WinBack.objects.update(look_again_on=AS_OF)
    assert "Harbour Gifts" in browser.get("/win-back/?show=again").content.decode()


def test_the_list_is_ranked_by_what_to_expect_and_says_why_customers_left(
    browser: Client, work: WinBack, scored: Callable[..., Any]
) -> None:
    larger = declare_lost(account=scored("Larger", sales_12m=90_000.0), since=AS_OF, on=AS_OF, member=None)
    note_reasons(win_back=larger, reasons=["no_need"], said="", member=None)
    page = browser.get("/win-back/?show=none").content.decode()
    assert page.index("Larger") < page.index("Harbour Gifts")
    assert "No longer needs it" in page
    assert "nobody has noted yet" in page


def test_an_empty_list_says_what_to_do(browser: Client) -> None:
    assert "comes here by itself" in browser.get("/win-back/").content.decode()
    assert "Nothing is settled yet" in browser.get("/win-back/?show=settled").content.decode()


def test_the_number_of_queries_does_not_grow_with_the_list(
    browser: Client, scored: Callable[..., Any], django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        declare_lost(account=scored(f"Firm {number}"), since=AS_OF, on=AS_OF, member=None)
    with django_assert_max_num_queries(14):
        browser.get("/win-back/")


@pytest.mark.parametrize("role", [role.value for role in Member.Role])
def test_who_may_not_write_reads_and_what_is_foreign_is_absent(
    role: str, work: WinBack, members: dict[str, Member], signed_in: Callable[[Member], Client]
) -> None:
    member = members[role]
    stranger = Member.objects.create(email="far@example.com", name="Far", team=Team.objects.create(name="Far away"))
    Account.objects.update(owner=stranger)
    client = signed_in(member)
    sees_all = role in {"owner", "sales_head", "service", "marketer", "analyst"}
    writes = role in {"owner", "sales_head", "service"}
    where = f"/win-back/{work.uid}/"
    assert client.get(where).status_code == (200 if sees_all else 404)
    assert ("Harbour Gifts" in client.get("/win-back/").content.decode()) == sees_all
    assert ("Note why" in client.get(where).content.decode()) == writes
    assert client.get(f"/accounts/{work.account.uid}/loss/").status_code == (200 if sees_all else 404)
    posted = client.post(f"{where}won/")
    assert posted.status_code == (404 if not sees_all else 302 if writes else 403)
    work.refresh_from_db()
    assert work.state == ("won" if writes else "open")


def test_who_was_parted_from_is_read_by_others(work: WinBack, members: Any, signed_in: Any) -> None:
    note_reasons(win_back=work, reasons=["no_need"], said="Moved", member=None)
    part_well(win_back=work, on=AS_OF, member=None, recommendation_asked=True)
    page = signed_in(members["analyst"]).get(f"/win-back/{work.uid}/").content.decode()
    assert "No longer needs it" in page
    assert "asked for a recommendation" in page
