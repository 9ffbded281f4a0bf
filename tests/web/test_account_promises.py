"""Promises on the page of an account: noted, kept, agreed anew, undone (mission A1)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from regulars.base.models import Member
from regulars.facts.models import Account
from regulars.plan.models import Promise
from regulars.plan.promises import make_promise

AS_OF = date(2024, 12, 9)


@pytest.fixture
def firm(scored: Callable[..., Any], owner: Member) -> Account:
    made: Account = scored("Harbour Gifts", owner=owner)
    return made


@pytest.fixture
def promised(firm: Account, owner: Member) -> Promise:
    return make_promise(account=firm, text="Send samples", due_on=date(2024, 12, 10), on=AS_OF, member=owner)


def page_of(browser: Client, account: Account, part: str = "") -> str:
    return browser.get(f"/accounts/{account.uid}/{part}").content.decode()


def undo(browser: Client, page: str) -> None:
    found = re.search(r'class="toast".*?action="([^"]+)"', page)
    assert found, "there is nothing to undo"
    browser.post(found[1])


def test_a_promise_is_noted_shown_and_undone(browser: Client, firm: Account, owner: Member) -> None:
    assert "Nothing is promised" in page_of(browser, firm)
    said = {"text": "Send samples", "due_on": "2024-12-12", "owner": "", "source": "visit"}
    assert browser.post(f"/accounts/{firm.uid}/promises/", said).status_code == 302
    made = Promise.objects.get()
    assert (made.owner, made.source, made.due_on) == (owner, "visit", date(2024, 12, 12))
    page = page_of(browser, firm)
    assert "Send samples" in page
    undo(browser, page)
    assert Promise.objects.get().state == Promise.State.WITHDRAWN
    undo(browser, page_of(browser, firm))
    assert Promise.objects.get().state == Promise.State.OPEN


def test_keeping_it_is_one_tap_and_can_be_undone(browser: Client, firm: Account, promised: Promise) -> None:
    browser.post(f"/accounts/promises/{promised.uid}/kept/")
    page = page_of(browser, firm)
    assert "Kept: Send samples" in page
    assert "Nothing is promised" in page
    assert "Send samples" in page_of(browser, firm, "promises/")
    undo(browser, page)
    promised.refresh_from_db()
    assert promised.state == Promise.State.OPEN


def test_another_day_needs_a_reason_and_keeps_what_was_typed(browser: Client, firm: Account, promised: Promise) -> None:
    where = f"/accounts/promises/{promised.uid}/renegotiate/"
    refused = browser.post(where, {"due_on": "2024-01-01", "reason": "The mill is late"})
    assert refused.status_code == 422
    assert "That day has passed." in refused.content.decode()
    assert "The mill is late" in refused.content.decode()
    assert browser.post(where, {"due_on": "2024-12-24", "reason": "The mill is late"}).status_code == 302
    page = browser.get(f"/accounts/promises/{promised.uid}/").content.decode()
    assert "The mill is late" in page
    assert "agreed anew" in page
    assert "Promise: agreed anew" in page_of(browser, firm, "timeline/?kind=promises")


def test_readers_see_promises_and_no_forms(
    firm: Account, promised: Promise, members: dict[str, Member], signed_in: Callable[[Member], Client]
) -> None:
    analyst = signed_in(members["analyst"])
    for where in (f"/accounts/{firm.uid}/", f"/accounts/{firm.uid}/promises/", f"/accounts/promises/{promised.uid}/"):
        page = analyst.get(where).content.decode()
        assert "Send samples" in page
        assert "Note a promise" not in page
        assert "Kept<" not in page
