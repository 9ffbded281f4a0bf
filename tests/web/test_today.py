"""Today in the browser: the cards, what one does with them, and taking it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.translation import gettext, override

from regulars.base.models import Member
from regulars.facts.models import Account, Contact, Interaction
from regulars.plan.models import Action

Maker = Callable[..., Any]


@pytest.fixture
def account(scored: Maker, owner: Member) -> Account:
    made: Account = scored("Harbour & Vale", owner=owner)
    return made


@pytest.fixture
def action(account: Account, proposed: Maker) -> Action:
    made: Action = proposed(account)
    return made


def page(browser: Client, where: str = "/today/") -> str:
    return browser.get(where).content.decode()


def test_a_card_says_whom_why_what_to_say_what_it_is_worth_and_how_to_reach_them(
    browser: Client, action: Action, account: Account
) -> None:
    Contact.objects.create(account=account, name="Jo Vale", phone="+44 117 1", email="jo@example.com")
    shown = page(browser)
    for said in ("Harbour &amp; Vale", "Still orders, but less", "€1,000", "You used to order more", "Jo Vale"):
        assert said in shown
    assert 'href="tel:+44 117 1"' in shown
    assert 'href="mailto:jo@example.com"' in shown


def test_done_is_noted_with_the_account_and_can_be_taken_back(browser: Client, action: Action) -> None:
    answer = browser.post(
        f"/today/{action.uid}/done/", {"outcome": "Reached, will order", "kind": "visit", "text": "Wants lanterns"}
    )
    assert answer.headers["Location"] == "/today/?whose=mine"
    talk = Interaction.objects.get()
    assert (talk.kind, talk.outcome, talk.text) == ("visit", "Reached, will order", "Wants lanterns")
    shown = page(browser)
    assert "Done and noted with Harbour &amp; Vale." in shown
    assert f"/today/{action.uid}/reopen/" in shown
    assert "Done and noted" not in page(browser), "a toast is shown once"
    browser.post(f"/today/{action.uid}/reopen/")
    action.refresh_from_db()
    assert action.state == Action.State.OPEN
    assert not Interaction.objects.exists()


@pytest.mark.parametrize("said", [{"days": "7"}, {"until": "2024-12-16", "reason": "They are closed"}])
def test_later_puts_it_off(browser: Client, action: Action, said: dict[str, str]) -> None:
    assert browser.post(f"/today/{action.uid}/snooze/", said).status_code == 302
    action.refresh_from_db()
    assert (action.state, str(action.snoozed_until)) == (Action.State.SNOOZED, "2024-12-16")
    assert "Harbour" not in page(browser, "/today/").replace("Harbour &amp; Vale is back", "")


def test_not_useful_keeps_the_reason(browser: Client, action: Action) -> None:
    browser.post(f"/today/{action.uid}/not-useful/", {"reason": "Their pause is normal"})
    action.refresh_from_db()
    assert (action.state, action.reason) == (Action.State.NOT_USEFUL, "Their pause is normal")


@pytest.mark.parametrize("until", ["2024-12-09", "soon", "99999999999"])
def test_a_refused_attempt_says_why_and_keeps_what_was_typed(browser: Client, action: Action, until: str) -> None:
    answer = browser.post(f"/today/{action.uid}/snooze/", {"until": until, "reason": "They <b>move</b> house"})
    shown = answer.content.decode()
    assert answer.status_code == 422
    assert "Choose a day after today." in shown
    assert 'value="They &lt;b&gt;move&lt;/b&gt; house"' in shown


def test_what_somebody_else_did_meanwhile_is_not_done_twice(browser: Client, action: Action) -> None:
    for status in (302, 422):
        assert browser.post(f"/today/{action.uid}/done/", {"outcome": "Reached"}).status_code == status
    assert Interaction.objects.count() == 1


def test_an_unknown_verb_is_not_found(browser: Client, action: Action) -> None:
    assert browser.post(f"/today/{action.uid}/explode/").status_code == 404
    assert browser.get(f"/today/{action.uid}/done/").status_code == 405


def test_everyones_list_shows_the_colleagues_actions_to_who_sees_all(
    browser: Client, scored: Maker, proposed: Maker, members: dict[str, Member]
) -> None:
    proposed(scored("Theirs", owner=members["account_manager"]))
    assert "Theirs" not in page(browser, "/today/?whose=mine")
    assert "Theirs" in page(browser, "/today/?whose=everyone")
    assert "Theirs" in page(browser), "an empty list of one's own gives way to everyone's"


def test_who_may_not_write_sees_no_buttons(
    members: dict[str, Member], signed_in: Callable[[Member], Client], scored: Maker, proposed: Maker
) -> None:
    analyst = members["analyst"]
    proposed(scored("Theirs", owner=analyst))
    shown = page(signed_in(analyst))
    assert "Theirs" in shown
    assert "/done/" not in shown


def test_what_closed_itself_is_said_with_its_reason(browser: Client, action: Action) -> None:
    action.state = Action.State.CLOSED
    action.closed_on = action.proposed_on
    action.figures = {**action.figures, "closed": {"key": "not_so_any_more"}}
    action.save()
    assert "Closed by themselves" in page(browser)


def test_the_digest_shows_what_did_not_fit(browser: Client, scored: Maker, proposed: Maker, owner: Member) -> None:
    for number in range(10):
        proposed(scored(f"Firm {number}", owner=owner), expected_money=100.0 - number)
    shown = page(browser)
    assert "Firm 6" in shown
    assert "Firm 9" not in shown
    assert "Firm 9" in page(browser, "/today/digest/")


def test_thirty_accounts_cost_as_many_queries_as_nine(
    browser: Client, scored: Maker, proposed: Maker, owner: Member
) -> None:
    counts = []
    for accounts in (9, 21):
        for _number in range(accounts):
            proposed(scored("Firm", owner=owner))
        for where in ("/today/", "/today/digest/", "/accounts/"):
            with CaptureQueriesContext(
                connection,
            ) as queries:
                page(browser, where)
            counts.append(len(queries))
    assert counts[:3] == counts[3:]
    assert max(counts) <= 20


def test_usual_answers_are_kept_in_english_and_shown_in_the_readers_language(
    browser: Client, scored: Maker, proposed: Maker, owner: Member
) -> None:
    account = scored(owner=owner)
    action = proposed(account)
    browser.get("/today/?lang=hi")
    with override("hi"):
        label = gettext("Not reached")
    assert f'value="Not reached">{label}<' in page(browser)
    browser.post(f"/today/{action.uid}/done/", {"outcome": "Not reached", "text": "engaged"})
    assert account.interactions.get().outcome == "Not reached"
    assert f"<bdi>{label}</bdi>: <bdi>engaged</bdi>" in page(browser, f"/accounts/{account.uid}/")
