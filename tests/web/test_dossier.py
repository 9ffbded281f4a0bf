"""The dossier of an account in the browser: read, noted, corrected, printed; who gets what (mission E13)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from regulars.base.models import Member
from regulars.facts.contacts import create_contact
from regulars.facts.models import Account, Contact
from regulars.plan.dossier import note_fact
from regulars.plan.dossier_prints import make_dossier
from regulars.plan.models import DossierFact, DossierPrint

pytestmark = pytest.mark.django_db
AS_OF = date(2024, 12, 9)
SAID = {"topic": "history", "text": "Founded in 1987", "source": "its catalogue", "known_on": "2024-12-09"}


@pytest.fixture
def account(scored: Callable[..., Account], owner: Member) -> Account:
    return scored("Harbour Gifts", owner=owner)


@pytest.fixture
def anna(account: Account) -> Contact:
    return create_contact(account=account, member=None, name="Anna Lund")


def noted(account: Account, member: Member | None = None, **said: Any) -> DossierFact:
    what: dict[str, Any] = {
        "topic": "finances",
        "text": "Pays late",
        "source": "ledger",
        "known_on": AS_OF,
        "on": AS_OF,
    }
    return note_fact(account=account, member=member, **(what | said))


def page(browser: Client, account: Account, **more: Any) -> str:
    answer = browser.get(f"/accounts/{account.uid}/dossier/", **more)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_an_empty_dossier_says_what_to_ask_and_where_to_begin(browser: Client, account: Account) -> None:
    """E13"""
    told = page(browser, account)
    assert "0%" in told
    assert "Who decides what, in which steps" in told
    assert "Nobody is known there yet." in told
    assert "could ask." in told
    assert (
        f'href="/accounts/{account.uid}/dossier/"' in browser.get(f"/accounts/{account.uid}/people/").content.decode()
    )


def test_a_fact_is_noted_on_the_firm_and_on_a_person_and_taken_back(
    browser: Client, account: Account, anna: Contact
) -> None:
    """E13"""
    where = f"/accounts/{account.uid}/dossier/new/"
    assert browser.post(where, SAID, follow=True).status_code == 200
    person = SAID | {"topic": "interests", "text": "Sails on Sundays", "source": "herself"}
    answer = browser.post(f"{where}?contact={anna.uid}", person, follow=True)
    told = answer.content.decode()
    assert "Founded in 1987" in told
    assert "Sails on Sundays" in told
    assert "<bdi>herself</bdi>, <bdi>9 Dec 2024</bdi>" in told
    fact = DossierFact.objects.get(contact=anna)
    undo = f"/accounts/facts/{fact.uid}/take-back/"
    assert undo in told
    assert "Sails on Sundays" not in browser.post(undo, follow=True).content.decode().split('role="status"')[0]
    assert not DossierFact.objects.filter(contact=anna, withdrawn_at=None).exists()
    browser.post(f"/accounts/facts/{fact.uid}/restore/")
    assert "Sails on Sundays" in page(browser, account)


def test_a_refusal_keeps_what_was_typed(browser: Client, account: Account) -> None:
    answer = browser.post(f"/accounts/{account.uid}/dossier/new/", SAID | {"known_on": "2025-12-09"})
    assert answer.status_code == 422
    told = answer.content.decode()
    assert "That day is still to come." in told
    assert "Founded in 1987" in told
    assert not DossierFact.objects.exists()
    assert browser.post(f"/accounts/{account.uid}/dossier/new/", SAID | {"source": ""}).status_code == 422


def test_what_is_too_old_is_shown_so_and_counts_again_when_it_is_confirmed(browser: Client, account: Account) -> None:
    """E13"""
    fact = noted(account, known_on=AS_OF - timedelta(days=800))
    told = page(browser, account)
    assert "1 topic is known from too long ago" in told
    shown = browser.get(f"/accounts/facts/{fact.uid}/").content.decode()
    assert "counts no more until somebody confirms it" in shown
    assert browser.post(f"/accounts/facts/{fact.uid}/confirm/", {"source": ""}).status_code == 422
    browser.post(f"/accounts/facts/{fact.uid}/confirm/", {"source": "call of today"})
    assert "known from too long ago" not in page(browser, account)
    browser.post(f"/accounts/facts/{fact.uid}/end/")
    assert "Pays late" not in page(browser, account)


def test_a_fact_is_corrected(browser: Client, account: Account) -> None:
    fact = noted(account)
    changed = {"text": "Pays after 60 days", "source": "bank", "known_on": "2024-12-01", "expires_on": ""}
    assert browser.post(f"/accounts/facts/{fact.uid}/", changed).status_code == 302
    fact.refresh_from_db()
    assert (fact.text, fact.source, fact.on, fact.expires_on) == ("Pays after 60 days", "bank", date(2024, 12, 1), None)


def test_confidential_facts_are_hidden_from_others(
    members: dict[str, Member], signed_in: Callable[[Member], Client], scored: Callable[..., Account]
) -> None:
    """E13"""
    account = scored("Harbour Gifts", owner=members["account_manager"])
    secret = noted(account, members["owner"], text="Looks for a buyer", confidential=True)
    for role, seen in (("owner", True), ("sales_head", True), ("account_manager", False), ("service", False)):
        browser = signed_in(members[role])
        assert ("Looks for a buyer" in page(browser, account)) == seen, role
        assert browser.get(f"/accounts/facts/{secret.uid}/").status_code == (200 if seen else 404)
    analyst = signed_in(members["analyst"])
    open_fact = noted(account, members["owner"], text="Open")
    assert analyst.get(f"/accounts/facts/{open_fact.uid}/").status_code == 403
    assert analyst.post(f"/accounts/facts/{open_fact.uid}/end/").status_code in {403, 422}
    assert DossierFact.objects.get(pk=open_fact.pk).ended_on is None
    assert analyst.post(f"/accounts/{account.uid}/dossier/new/", SAID).status_code == 403


def test_a_foreign_dossier_answers_like_one_that_does_not_exist(
    members: dict[str, Member], signed_in: Callable[[Member], Client], scored: Callable[..., Account], anna: Contact
) -> None:
    foreign = scored("Foreign", owner=members["owner"])
    fact = noted(foreign, members["owner"])
    browser = signed_in(members["new_business_seller"])
    own = scored("Own", owner=members["new_business_seller"])
    for where in (
        f"/accounts/{foreign.uid}/dossier/",
        f"/accounts/{foreign.uid}/dossier/new/",
        f"/accounts/facts/{fact.uid}/",
        f"/accounts/dossiers/{uuid.uuid4()}.pdf",
        f"/accounts/{own.uid}/dossier/new/?contact={anna.uid}",
        f"/accounts/{own.uid}/dossier/new/?contact=nobody",
    ):
        assert browser.get(where).status_code == 404, where
    assert browser.post(f"/accounts/{foreign.uid}/dossier/print/").status_code == 404
    assert browser.post(f"/accounts/facts/{fact.uid}/nonsense/").status_code == 404


def test_it_is_printed_fetched_and_kept_from_others(
    browser: Client, account: Account, members: dict[str, Member], signed_in: Callable[[Member], Client]
) -> None:
    """E13"""
    told = browser.post(f"/accounts/{account.uid}/dossier/print/", follow=True).content.decode()
    assert 'hx-trigger="every 1s"' in told
    asked = DossierPrint.objects.get()
    part = page(browser, account, HTTP_HX_REQUEST="true", HTTP_HX_TARGET="printing")
    assert "<html" not in part
    assert "It waits: no worker is running." in part
    make_dossier.func(print_id=asked.pk)
    part = page(browser, account, HTTP_HX_REQUEST="true", HTTP_HX_TARGET="printing")
    assert re.search(r"\d+ pages, as of", part)
    where = f"/accounts/dossiers/{asked.uid}.pdf"
    assert where in part
    answer = browser.get(where)
    assert answer.content.startswith(b"%PDF")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert "no-store" in answer.headers["Cache-Control"]
    assert "dossier-harbour-gifts-2024-12-09.pdf" in answer.headers["Content-Disposition"]
    assert signed_in(members["sales_head"]).get(where).status_code == 404


def test_a_printing_that_failed_says_what_to_do(browser: Client, account: Account, owner: Member) -> None:
    DossierPrint.objects.create(account=account, member=owner, language="en", as_of=AS_OF, state="failed")
    told = page(browser, account)
    assert "It could not be made." in told
    assert "Make the PDF" in told


def test_a_dossier_with_many_people_costs_no_more_questions_of_the_database(
    browser: Client, account: Account, django_assert_max_num_queries: Any
) -> None:
    for at in range(15):
        noted(
            account,
            topic="career",
            text="Was at Nord",
            contact=create_contact(account=account, member=None, name=f"Person {at}"),
        )
    with django_assert_max_num_queries(45):
        page(browser, account)


def test_of_many_people_a_page_shows_few_and_the_questions_have_a_list_of_their_own(
    browser: Client, account: Account
) -> None:
    """E13"""
    for at in range(30):
        create_contact(account=account, member=None, name=f"Person {at:02}")
    first = page(browser, account)
    shown = set(re.findall(r'What we know<span class="unseen"> (Person \d\d)<', first))
    assert shown == {f"Person {at:02}" for at in range(25)}
    assert "Page 1 of 2" in first
    assert len(first) < 200_000
    where = f"/accounts/{account.uid}/dossier/?ask=all"
    assert where in first
    asked = []
    for number in range(1, 20):
        told = browser.get(f"{where}&page={number}").content.decode()
        asked += re.findall(r"<small>(Person \d\d: [^<]+)", told)
        if 'rel="next"' not in told:
            break
    assert {one.split(":")[0] for one in asked} == {f"Person {at:02}" for at in range(30)}
