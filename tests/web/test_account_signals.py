"""Signals on the page of an account: noted, read, withdrawn, put back; the protection level in words (C1, B10)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from regulars.base.models import Member
from regulars.facts.models import Account, Signal
from regulars.facts.signals import record_signal
from regulars.insight.models import Protection
from regulars.insight.protection import protect_all

Maker = Callable[..., Any]
AS_OF = date(2024, 12, 9)


@pytest.fixture
def firm(scored: Maker, owner: Member) -> Account:
    made: Account = scored("Harbour Gifts", owner=owner, pareto="A")
    protect_all(on=AS_OF)
    return made


def page_of(browser: Client, account: Account, part: str = "") -> str:
    return browser.get(f"/accounts/{account.uid}/{part}").content.decode()


def undo(browser: Client, account: Account) -> None:
    found = re.search(r'class="toast".*?action="([^"]+)"', page_of(browser, account))
    assert found, "there is nothing to undo"
    browser.post(found[1].replace("&amp;", "&"))


def test_a_signal_is_noted_and_the_level_follows_at_once(browser: Client, firm: Account, owner: Member) -> None:
    assert "Raised protection" in page_of(browser, firm)
    said = {"kind": "competitor_quoted", "said": "Ten per cent below us", "on": "2024-12-08", "strength": ""}
    noted = browser.post(f"/accounts/{firm.uid}/signals/", said)
    assert noted.headers["Location"] == f"/accounts/{firm.uid}/"
    made = Signal.objects.get()
    assert (made.kind, made.strength, made.observed_on, made.recorded_by) == (
        "competitor_quoted", 4, date(2024, 12, 8), owner,
    )  # fmt: skip
    page = page_of(browser, firm)
    assert "Noted: a competitor has quoted." in page
    assert '<a class="tag protection-3"' in page
    assert "Ten per cent below us" in page
    assert "strength 4 of 5" in page
    undo_page = page_of(browser, firm, "timeline/?kind=signals")
    assert "A competitor has quoted" in undo_page


def test_noting_is_undone_with_a_reason_of_its_own_and_that_is_undone_again(browser: Client, firm: Account) -> None:
    browser.post(f"/accounts/{firm.uid}/signals/", {"kind": "competitor_quoted"})
    undo(browser, firm)
    assert Signal.objects.get().withdrawn_reason == "Noted by mistake"
    assert Protection.objects.get(account=firm).level == 2
    undo(browser, firm)
    assert Signal.objects.get().withdrawn_at is None
    assert Protection.objects.get(account=firm).level == 3


def test_a_refused_signal_keeps_what_was_typed(browser: Client, firm: Account) -> None:
    said = {"kind": "gossip", "said": "They told me", "on": "2030-01-01"}
    answer = browser.post(f"/accounts/{firm.uid}/signals/", said)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "They told me" in page
    assert "That day is yet to come." in page
    assert not Signal.objects.exists()


def test_withdrawing_asks_why_and_what_is_withdrawn_can_still_be_read(
    browser: Client, firm: Account, owner: Member
) -> None:
    made = record_signal(account=firm, kind="complaint", observed_on=AS_OF, member=owner, said="Broken")
    where = f"/accounts/signals/{made.uid}/"
    assert browser.post(where, {"reason": ""}).status_code == 422
    assert browser.post(where, {"reason": "About another firm"}).status_code == 302
    assert "Nothing was noted lately" in page_of(browser, firm)
    assert "withdrawn: About another firm" in page_of(browser, firm, "signals/")
    page = browser.get(where).content.decode()
    assert "Broken" in page
    assert "Let it count again" in page


def test_readers_see_signals_and_no_forms(
    firm: Account, owner: Member, members: dict[str, Member], signed_in: Callable[[Member], Client]
) -> None:
    made = record_signal(account=firm, kind="complaint", observed_on=AS_OF, member=owner, said="Broken")
    analyst = signed_in(members["analyst"])
    for where in (f"/accounts/{firm.uid}/", f"/accounts/{firm.uid}/signals/", f"/accounts/signals/{made.uid}/"):
        page = analyst.get(where).content.decode()
        assert "Broken" in page
        assert "Note a signal" not in page
        assert "Withdraw it" not in page


def test_an_account_without_orders_has_signals_and_no_level(browser: Client, owner: Member) -> None:
    account = Account.objects.create(name="Prospect", owner=owner)
    browser.post(f"/accounts/{account.uid}/signals/", {"kind": "interest_shown", "said": "Asked about paper"})
    page = page_of(browser, account)
    assert "Asked about paper" in page
    assert "protection-" not in page


def test_the_list_is_narrowed_and_sorted_by_protection(browser: Client, firm: Account, scored: Maker) -> None:
    scored("Calm firm", pareto="B")
    record_signal(account=firm, kind="competitor_quoted", observed_on=AS_OF, member=None)
    protect_all(on=AS_OF)
    found = browser.get("/accounts/?protection=3").content.decode()
    assert "Harbour Gifts" in found
    assert "Calm firm" not in found
    assert "High protection: one of the large customers" in found
    for sorting, first in (("-protection", "Harbour Gifts"), ("protection", "Calm firm")):
        page = browser.get(f"/accounts/?sort={sorting}").content.decode()
        rows = page[page.index("<tbody") :]
        others = {"Harbour Gifts", "Calm firm"} - {first}
        assert all(rows.index(first) < rows.index(other) for other in others)
