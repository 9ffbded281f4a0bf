"""The first page of an account: what there is to do, what happened, and what is noted in two taps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from regulars.base.models import Member
from regulars.facts.accounts import assign_owner, change_account
from regulars.facts.contacts import create_contact
from regulars.facts.custom_fields import create_custom_field
from regulars.facts.interactions import record_interaction
from regulars.facts.models import Account, Interaction
from regulars.insight.models import Score
from regulars.plan.models import Action

Maker = Callable[..., Any]
Signer = Callable[[Member], Client]
ON = date(2024, 12, 8)


@pytest.fixture
def firm(scored: Maker, owner: Member) -> Account:
    made: Account = scored("Harbour Gifts", owner=owner, city="Bristol")
    return made


def page_of(browser: Client, account: Account, part: str = "") -> str:
    return browser.get(f"/accounts/{account.uid}/{part}").content.decode()


# What there is to do


def test_an_action_is_done_from_the_page_of_its_account_and_taken_back_there(
    browser: Client, firm: Account, proposed: Maker
) -> None:
    action: Action = proposed(firm)
    assert f'action="/accounts/actions/{action.uid}/done/"' in page_of(browser, firm)
    done = browser.post(f"/accounts/actions/{action.uid}/done/", {"kind": "call", "outcome": "Reached, will order"})
    assert done.headers["Location"] == f"/accounts/{firm.uid}/"
    page = page_of(browser, firm)
    assert "Done and noted with Harbour Gifts." in page
    assert "Reached, will order" in page
    assert f'action="/accounts/actions/{action.uid}/reopen/"' in page
    browser.post(f"/accounts/actions/{action.uid}/reopen/")
    action.refresh_from_db()
    assert action.state == Action.State.OPEN
    assert not Interaction.objects.exists()


def test_a_refused_verb_keeps_what_was_typed_on_the_page_of_the_account(
    browser: Client, firm: Account, proposed: Maker
) -> None:
    action = proposed(firm)
    answer = browser.post(f"/accounts/actions/{action.uid}/done/", {"outcome": " ", "text": "Asked for samples"})
    assert answer.status_code == 422
    assert "Asked for samples" in answer.content.decode()
    assert 'role="alert"' in answer.content.decode()


def test_what_was_put_off_says_until_when_and_can_be_had_back(browser: Client, firm: Account, proposed: Maker) -> None:
    action = proposed(firm, state="snoozed", snoozed_until=date(2024, 12, 20))
    page = page_of(browser, firm)
    assert "Put off until 20 Dec 2024." in page
    assert f"/accounts/actions/{action.uid}/reopen/" in page


# Noting


def test_a_talk_is_noted_in_two_taps_as_of_today(browser: Client, firm: Account) -> None:
    assert browser.post(f"/accounts/{firm.uid}/log/", {"kind": "visit", "outcome": "Not reached"}).status_code == 302
    talk = firm.interactions.get()
    assert (talk.kind, talk.outcome, talk.on) == ("visit", "Not reached", date(2024, 12, 9))


def test_a_talk_names_whom_it_was_with(browser: Client, firm: Account, owner: Member) -> None:
    ada = create_contact(account=firm, member=owner, name="Ada Vale")
    said = {"kind": "call", "text": "Wants lanterns", "people": [str(ada.uid)]}
    assert browser.post(f"/accounts/{firm.uid}/log/", said).status_code == 302
    assert list(firm.interactions.get().contacts.all()) == [ada]
    assert "<bdi>Wants lanterns</bdi> · <bdi>Ada Vale</bdi>" in page_of(browser, firm, "timeline/")


def test_a_contact_of_another_account_is_no_choice(
    browser: Client, firm: Account, scored: Maker, owner: Member
) -> None:
    stranger = create_contact(account=scored("Other"), member=owner, name="Stranger")
    said = {"kind": "call", "text": "Long text typed on a phone", "people": [str(stranger.uid)]}
    create_contact(account=firm, member=owner, name="Ada Vale")
    answer = browser.post(f"/accounts/{firm.uid}/log/", said)
    assert answer.status_code == 422
    assert "Long text typed on a phone" in answer.content.decode()


def test_a_talk_is_corrected_taken_back_and_put_back(browser: Client, firm: Account, owner: Member) -> None:
    ada = create_contact(account=firm, member=owner, name="Ada Vale")
    talk = record_interaction(account=firm, kind="call", on=ON, member=owner, outcome="Reachd", contacts=[ada])
    where = f"/accounts/talks/{talk.uid}/"
    assert "Reachd" in browser.get(where).content.decode()
    assert browser.post(where, {"kind": "call", "on": "2024-12-07", "outcome": "Reached"}).status_code == 302
    talk.refresh_from_db()
    assert (talk.outcome, talk.on) == ("Reached", date(2024, 12, 7))
    assert browser.post(f"{where}withdraw/").status_code == 302
    page = page_of(browser, firm)
    assert f'action="{where}restore/"' in page
    assert not firm.interactions.exists()
    browser.post(f"{where}restore/")
    again = firm.interactions.get()
    assert (again.uid, again.outcome, again.on, list(again.contacts.all())) == (talk.uid, "Reached", talk.on, [ada])
    assert browser.post(f"{where}restore/").status_code == 422


def test_a_correction_that_fails_keeps_what_was_typed(browser: Client, firm: Account, owner: Member) -> None:
    talk = record_interaction(account=firm, kind="call", on=ON, member=owner, outcome="Reached")
    answer = browser.post(f"/accounts/talks/{talk.uid}/", {"kind": "call", "on": "someday", "outcome": "A better word"})
    assert answer.status_code == 422
    assert "A better word" in answer.content.decode()


def test_the_note_of_an_action_is_taken_back_with_the_action(browser: Client, firm: Account, proposed: Maker) -> None:
    action = proposed(firm)
    browser.post(f"/accounts/actions/{action.uid}/done/", {"outcome": "Reached"})
    talk = firm.interactions.get()
    page = browser.get(f"/accounts/talks/{talk.uid}/").content.decode()
    assert f"/accounts/actions/{action.uid}/reopen/" in page
    refused = browser.post(f"/accounts/talks/{talk.uid}/withdraw/")
    assert refused.status_code == 422
    assert "Reopen the action" in refused.content.decode()
    assert firm.interactions.exists()


# The timeline


def test_the_timeline_tells_talks_actions_and_changes_newest_first_and_one_kind_alone(
    browser: Client, firm: Account, owner: Member, proposed: Maker
) -> None:
    record_interaction(account=firm, kind="call", on=ON, member=owner, outcome="Reached")
    proposed(firm, state="not_useful", proposed_on=ON - timedelta(days=3), closed_on=ON, reason="Seasonal")
    priya = Member.objects.create(email="p@firm.example", name="Priya Nair", role="account_manager")
    assign_owner(accounts=[firm], owner=priya, member=owner)
    page = page_of(browser, firm, "timeline/")
    told = [page.index(text) for text in ("Priya Nair", "<b>Call</b>", "not useful", "Proposed: ")]
    assert told[1:] == sorted(told[1:])  # the change is of the day of the test
    talks = page_of(browser, firm, "timeline/?kind=talks")
    assert "<b>Call</b>" in talks
    assert "Seasonal" not in talks
    assert "Given into other hands" in page_of(browser, firm, "timeline/?kind=changes")
    assert "<b>Call</b>" in page_of(browser, firm, "timeline/?kind=nonsense")


def test_the_timeline_goes_on_page_by_page(browser: Client, firm: Account, owner: Member) -> None:
    for number in range(45):
        record_interaction(
            account=firm, kind="call", on=ON - timedelta(days=number), member=owner, text=f"talk {number:02}"
        )
    first, second = (page_of(browser, firm, f"timeline/?kind=talks&page={page}") for page in (1, 2))
    assert "talk 00" in first
    assert "talk 29" in first
    assert "talk 30" not in first
    assert "talk 30" in second
    assert "talk 44" in second
    assert "talk 29" not in second
    assert "page=2" in first
    assert "page=3" not in second


# What is shown to whom


def test_confidential_fields_are_hidden_from_who_may_not_see_them(
    members: dict[str, Member], signed_in: Signer, firm: Account, owner: Member
) -> None:
    create_custom_field(label="Taste", member=owner)
    create_custom_field(label="Credit limit", type="number", confidential=True, member=owner)
    change_account(account=firm, member=owner, custom={"taste": "Baroque", "credit_limit": 4711})
    for role, sees in (("owner", True), ("service", False)):
        page = page_of(signed_in(members[role]), firm)
        assert "Baroque" in page
        assert ("4,711" in page) == sees


def test_the_family_shows_who_belongs_to_it_and_what_all_bring(
    browser: Client, firm: Account, scored: Maker, members: dict[str, Member], signed_in: Signer
) -> None:
    firm.team = members["account_manager"].team
    firm.save()
    scored("Harbour North", parent=firm, sales_12m=500.0)
    page = page_of(browser, firm)
    assert "Harbour North" in page
    assert "All together: €10,500 in 12 months" in page
    assert "Harbour North" not in page_of(signed_in(members["account_manager"]), firm)


def test_the_page_costs_as_many_queries_for_much_as_for_little(
    browser: Client,
    firm: Account,
    scored: Maker,
    proposed: Maker,
    owner: Member,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    def fill(count: int) -> None:
        for number in range(count):
            contact = create_contact(account=firm, member=owner, name=f"Person {number}")
            record_interaction(account=firm, kind="call", on=ON, member=owner, text="x", contacts=[contact])
            scored(f"Child {number}", parent=firm)
            change_account(account=firm, member=owner, city=f"City {number}")
            proposed(firm, state="not_useful", closed_on=ON, reason="No")

    fill(1)
    proposed(firm)
    page_of(browser, firm)
    with django_assert_max_num_queries(47) as little:
        page_of(browser, firm)
    fill(12)
    with django_assert_max_num_queries(len(little) + 2):  # the family beyond those shown is counted and summed
        page_of(browser, firm)


@pytest.mark.parametrize(
    ("days", "orders", "said"),
    [(1, 1.2, ("silent for 1 day<", "about 1 order<")), (9, 0.2, ("silent for 9 days<", "about 0 orders<")),
     (None, None, ("silent for ? days<", "about ? orders<"))],
)  # fmt: skip
def test_one_day_and_one_order_are_told_in_the_singular_and_what_is_unknown_too(
    browser: Client, scored: Maker, days: int | None, orders: float | None, said: tuple[str, ...]
) -> None:
    account = scored("Harbour Gifts")
    Score.objects.filter(account=account).update(silence_days=days, expected_orders_365=orders)
    page = page_of(browser, account)
    assert all(one in page for one in said)
