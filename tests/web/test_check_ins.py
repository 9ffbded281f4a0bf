"""Check-ins in the browser: the letter is read, changed and sent; the customer answers without a login (mission B2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from regulars.base.mail.models import OutgoingMail
from regulars.base.models import Member, Team
from regulars.facts.contacts import create_contact
from regulars.facts.models import Account, Contact, Issue
from regulars.plan.check_ins import answer_check_in, ask_how_it_went
from regulars.plan.customer_links import key_of
from regulars.plan.models import Action, CheckIn, CheckInAnswer

pytestmark = pytest.mark.django_db
ON = date(2024, 12, 9)
AT = datetime(2024, 12, 9, 10, 0, tzinfo=UTC)
Signer = Callable[[Member], Client]


@pytest.fixture(autouse=True)
def at_ten() -> Any:
    with time_machine.travel(AT, tick=False) as clock:
        yield clock


@pytest.fixture
def eva(scored: Callable[..., Account], owner: Member) -> Contact:
    account = scored("Harbour Gifts", owner=owner)
    return create_contact(account=account, member=owner, name="Eva", email="eva@harbour.example", language="ur")


def asked(contact: Contact, owner: Member) -> CheckIn:
    return ask_how_it_went(contact=contact, on=ON, member=owner, subject="How?", text="Here: {link}", sold_on=ON)


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def proposed(account: Account, owner: Member) -> Action:
    figures = {"as_of": "2024-12-09", "currency": "EUR", "last_order": "2024-11-27", "sales_12m": 9000.0}
    figures |= {"sold": "2024-11-27", "ago_days": 12, "sales": 2400.0, "usual": 800.0, "category": ""}
    return Action.objects.create(
        account=account, cause="after_sale", member=owner, stake=9000.0, expected_money=270.0, figures=figures,
        proposed_on=ON, seen_on=ON,
    )  # fmt: skip


def test_from_today_to_the_letter_to_the_issue(browser: Client, eva: Contact, owner: Member) -> None:
    """B2."""
    proposed(eva.account, owner)
    where = f"/accounts/{eva.account.uid}/check-in/"
    assert where in text_of(browser.get("/today/"))
    assert where in text_of(browser.get(f"/accounts/{eva.account.uid}/"))
    page = text_of(browser.get(where))
    assert "About the sale of 27 Nov 2024." in page
    refused = browser.post(where, {"subject": "How?", "text": "no place for it"})
    assert (refused.status_code, "no place for it" in text_of(refused)) == (422, True)
    assert browser.post(where, {"subject": "How?", "text": "Here: {link}"}).status_code == 302
    link = re.search(r"/how-it-went/\S+/", OutgoingMail.objects.get().text)
    assert link
    assert CheckIn.objects.get().sold_on == date(2024, 11, 27)
    customer = Client(enforce_csrf_checks=True)
    opened = customer.get(link[0])
    assert (opened.status_code, opened.headers["Content-Language"]) == (200, "ur")
    assert 'dir="rtl"' in opened.content.decode()
    assert not CheckInAnswer.objects.exists()  # opening answers nothing
    assert customer.post(link[0], {"how": "well"}).status_code == 403  # nor does a form from elsewhere
    customer = Client()
    assert customer.post(link[0], {"how": "wrong", "words": "", "about": "quality"}).status_code == 422
    told = customer.post(link[0], {"how": "wrong", "words": "Two lamps broken", "about": "quality"})
    assert told.status_code == 200
    issue = Issue.objects.get()
    assert (issue.about, issue.came_by) == ("quality", "check_in")
    assert "By the link of a check-in" in text_of(browser.get(f"/issues/{issue.uid}/"))
    after = text_of(browser.get(where))
    assert "Two lamps broken" in after
    assert f"/issues/{issue.uid}/" in after
    assert "Eva was asked on 9 Dec 2024." in after
    assert "not all is right" in text_of(browser.get(f"/accounts/{eva.account.uid}/timeline/?kind=issues"))


def test_all_is_well_with_one_click(eva: Contact, owner: Member) -> None:
    where = f"/how-it-went/{key_of(asked(eva, owner))}/"
    assert Client().post(where, {"how": "well"}).status_code == 200
    assert CheckInAnswer.objects.get().went_well
    assert not Issue.objects.exists()


def test_false_links_open_nothing_and_asking_is_limited(db: None, settings: Any) -> None:
    assert Client().get("/how-it-went/x/").status_code == 410
    settings.ACCOUNT_RATE_LIMITS = {"customer_answer": "1/m/ip"}
    assert {Client().post("/how-it-went/x/").status_code for _ in range(3)} == {410, 429}


def test_without_an_address_the_page_says_what_to_do(
    browser: Client, scored: Callable[..., Account], owner: Member
) -> None:
    account = scored("Without", owner=owner)
    page = text_of(browser.get(f"/accounts/{account.uid}/check-in/"))
    assert "call them instead, or add an address" in page
    assert browser.post(f"/accounts/{account.uid}/check-in/", {"subject": "x", "text": "{link}"}).status_code == 200
    assert not CheckIn.objects.exists()


def test_who_only_reads_sends_nothing_and_strangers_find_nothing(
    members: dict[str, Member], signed_in: Signer, eva: Contact
) -> None:
    where, letter = f"/accounts/{eva.account.uid}/check-in/", {"subject": "x", "text": "{link}"}
    reader = signed_in(members["analyst"])
    assert reader.get(where).status_code == 200
    assert reader.post(where, letter).status_code in {403, 422}
    far = Member.objects.create(
        email="far@firm.example", name="Far", role="account_manager", team=Team.objects.create(name="Far")
    )
    assert signed_in(far).post(where, letter).status_code == 404
    assert not CheckIn.objects.exists()


def test_many_answers_cost_no_more_queries(
    browser: Client, eva: Contact, owner: Member, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    made = asked(eva, owner)
    answer_check_in(key=key_of(made), went_well=False, words="First", at=AT)
    where = f"/accounts/{eva.account.uid}/check-in/"
    browser.get(where)
    for number in range(4):
        answer_check_in(key=key_of(made), went_well=False, words=f"Problem {number}", at=AT)
    with django_assert_max_num_queries(30):
        browser.get(where)
