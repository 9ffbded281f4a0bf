"""The board, the page of an opportunity, its business case, and the growth of an account (missions A2, A3)."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from pypdf import PdfReader

from regulars.base.models import Member
from regulars.facts.models import Account, AccountGoal, Offering, Supply
from regulars.facts.offerings import record_offering
from regulars.facts.sites import add_site
from regulars.plan.business_cases import write_case
from regulars.plan.models import BusinessCase, Handover, Opportunity, OpportunityStage, Promise
from regulars.plan.opportunities import open_opportunity

AS_OF = date(2024, 12, 9)


@pytest.fixture
def firm(scored: Callable[..., Any], owner: Member) -> Account:
    made: Account = scored("Harbour Gifts", owner=owner)
    return made


@pytest.fixture
def deal(firm: Account, owner: Member) -> Opportunity:
    return open_opportunity(
        account=firm, title="Repair contract", amount_minor=100_000, on=AS_OF, member=owner, next_step="Call"
    )


def undo(browser: Client, page: str) -> None:
    found = re.search(r'class="toast".*?action="([^"]+)"', page)
    assert found, "there is nothing to undo"
    browser.post(found[1].replace("&amp;", "&"))


def read(browser: Client, where: str) -> str:
    answer = browser.get(where)
    assert answer.status_code == 200, where
    return answer.content.decode()


def test_an_opportunity_is_opened_from_the_account_and_stands_on_the_board(
    browser: Client, firm: Account, owner: Member
) -> None:
    assert "Nothing is open here" in read(browser, "/opportunities/")
    assert "None is open" in read(browser, f"/accounts/{firm.uid}/growth/")
    new = f"/accounts/{firm.uid}/opportunities/new/"
    said = {"title": "Repair contract", "stage": "need", "amount": "1200.50", "next_step": "Call"}
    assert browser.post(new, {"stage": "need"}).status_code == 422
    answer = browser.post(new, {**said, "next_step_on": "2024-12-01"})
    made = Opportunity.objects.get()
    assert answer.headers["Location"] == f"/opportunities/{made.uid}/"
    assert (made.amount_minor, made.owner, made.stage) == (120_050, owner, "need")
    board = read(browser, "/opportunities/")
    assert "Repair contract" in board
    assert "overdue" in board
    assert "1 step overdue" in board
    assert "Chance 25%: a usual value" in board
    assert "Repair contract" in read(browser, f"/accounts/{firm.uid}/growth/")


def test_moving_on_the_board_is_one_tap_and_can_be_undone(browser: Client, deal: Opportunity) -> None:
    act = f"/opportunities/{deal.uid}/move/"
    answer = browser.post(act, {"stage": "offer", "back": "board", "whose": "mine"})
    assert answer.headers["Location"] == "/opportunities/?whose=mine"
    deal.refresh_from_db()
    assert deal.stage == "offer"
    undo(browser, read(browser, "/opportunities/"))
    deal.refresh_from_db()
    assert deal.stage == "talk"
    assert browser.post(act, {"stage": "nowhere"}).status_code == 422


def test_winning_leads_to_its_hand_over_and_losing_asks_why(browser: Client, deal: Opportunity) -> None:
    lost = browser.post(f"/opportunities/{deal.uid}/lost/", {"reason": ""})
    assert lost.status_code == 422
    browser.post(f"/opportunities/{deal.uid}/lost/", {"reason": "price", "said": "Too dear"})
    page = read(browser, f"/opportunities/{deal.uid}/")
    assert "Too dear" in page
    assert "The price" in read(browser, "/opportunities/?show=lost")
    browser.post(f"/opportunities/{deal.uid}/reopen/")
    won = browser.post(f"/opportunities/{deal.uid}/won/", {"amount": "900", "said": "", "hand_over": "on"})
    handover = Handover.objects.get()
    assert won.headers["Location"] == f"/handovers/{handover.uid}/"
    deal.refresh_from_db()
    assert (deal.state, deal.amount_minor) == ("won", 90_000)
    assert "Repair contract" in read(browser, "/opportunities/?show=won")


def test_a_promise_made_in_an_offer_stands_with_the_opportunity(browser: Client, deal: Opportunity) -> None:
    said = {"text": "Deliver in two days", "due_on": "2024-12-20", "owner": "", "source": ""}
    assert browser.post(f"/opportunities/{deal.uid}/promise/", said).status_code == 302
    assert Promise.objects.get().source_uid == deal.uid
    assert "Deliver in two days" in read(browser, f"/opportunities/{deal.uid}/")


def test_a_change_keeps_what_was_typed_when_it_is_refused(browser: Client, deal: Opportunity) -> None:
    where = f"/opportunities/{deal.uid}/"
    assert browser.post(where, {"title": "", "amount": "7"}).status_code == 422
    browser.post(where, {"title": "Repair for three years", "amount": "", "next_step": "", "next_step_on": ""})
    deal.refresh_from_db()
    assert (deal.title, deal.amount_minor, deal.next_step_on) == ("Repair for three years", None, None)


def test_the_board_has_the_same_number_of_queries_however_many_there_are(
    browser: Client, firm: Account, owner: Member, django_assert_max_num_queries: Any
) -> None:
    for number in range(8):
        open_opportunity(account=firm, title=f"Deal {number}", amount_minor=100, on=AS_OF, member=owner)
    browser.get("/opportunities/")
    with django_assert_max_num_queries(20):
        browser.get("/opportunities/")


CASE = {
    "situation": "Machines stand still",
    "years": "2",
    "language": "en",
    "recommendation": "Take the better one",
    "basic_name": "Repair on call",
    "basic_cost_yearly": "1000",
    "basic_benefit_yearly": "1500",
    "better_name": "Full service",
    "better_cost_once": "500",
    "better_cost_yearly": "1200",
    "better_benefit_yearly": "2600",
}


def test_a_business_case_has_two_ways_and_is_read_as_the_customer_reads_it(browser: Client, deal: Opportunity) -> None:
    write = f"/opportunities/{deal.uid}/case/write/"
    assert "Repair contract" in read(browser, write)
    refused = browser.post(write, {**CASE, "better_cost_yearly": "0", "better_cost_once": "0"})
    assert refused.status_code == 422
    assert "better way costs less" in refused.content.decode()
    assert browser.post(write, {**CASE, "better_name": ""}).status_code == 422
    assert browser.post(write, CASE).status_code == 302
    page = read(browser, f"/opportunities/{deal.uid}/case/")
    assert (
        "Over 2 years, “Full service” costs €900.00 more than “Repair on call”, and leaves you €1,300.00 more" in page
    )
    assert BusinessCase.objects.get().options.count() == 2
    assert "Full service" in read(browser, write)


@pytest.mark.parametrize("language", ["en", "ne", "hi", "ur", "bn", "th"])
def test_the_case_is_printed_in_the_language_of_the_customer(
    browser: Client, deal: Opportunity, owner: Member, language: str
) -> None:
    write_case(
        opportunity=deal,
        options={"basic": {"name": "Repair"}, "better": {"name": "Full service", "cost_once_minor": 50_000}},
        on=AS_OF,
        member=owner,
        language=language,
    )
    answer = browser.get(f"/opportunities/{deal.uid}/case.pdf")
    assert answer.headers["Content-Type"] == "application/pdf"
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    assert "Full service" in text
    page = read(browser, f"/opportunities/{deal.uid}/case/")
    assert f'lang="{language}" dir="{"rtl" if language == "ur" else "ltr"}"' in page


def test_a_goal_is_noted_matched_to_an_offering_and_ended(browser: Client, firm: Account, owner: Member) -> None:
    record_offering(name="Full service", words="downtime, repair", member=owner)
    where = f"/accounts/{firm.uid}/goals/"
    assert browser.post(where, {"kind": "goal", "text": ""}).status_code == 422
    browser.post(where, {"kind": "challenge", "text": "Too many repairs", "source": "visit"})
    page = read(browser, f"/accounts/{firm.uid}/growth/")
    assert "Too many repairs" in page
    assert "It says: “Too many repairs” (repairs)." in page
    found = re.search(r'href="([^"]*opportunities/new/\?offering=[^"]*from=goal[^"]*)"', page)
    assert found
    new = found[1].replace("&amp;", "&")
    assert 'value="Full service"' in read(browser, new)
    browser.post(new, {"title": "Full service", "stage": "talk"})
    assert Opportunity.objects.get().source_uid == AccountGoal.objects.get().uid
    goal = AccountGoal.objects.get()
    browser.post(f"/accounts/goals/{goal.uid}/reached/")
    assert AccountGoal.objects.get().state == "reached"
    undo(browser, read(browser, f"/accounts/{firm.uid}/growth/"))
    assert AccountGoal.objects.get().state == "live"


def test_who_supplies_what_is_said_for_the_account_and_its_places_and_withdrawn(
    browser: Client, firm: Account, owner: Member
) -> None:
    offering = record_offering(name="Repair", member=owner)
    site = add_site(account=firm, name="North plant", member=owner)
    where = f"/accounts/{firm.uid}/supply/?offering={offering.uid}"
    assert "Nothing is known" in read(browser, where)
    said = {"state": "competitor", "supplier": "Acme", "since": "2020-01-01", "source": "Mr Rai"}
    browser.post(where, said)
    browser.post(f"{where}&site={site.uid}", {"state": "in_house"})
    page = read(browser, f"/accounts/{firm.uid}/growth/")
    assert "Acme supplies it. Since 1 Jan 2020. Said on 9 Dec 2024: Mr Rai." in page
    assert "North plant" in page
    assert browser.post(where, {**said, "until": "2019-01-01"}).status_code == 422
    one = Supply.objects.get(site=None)
    browser.post(f"/accounts/supplies/{one.uid}/withdraw/")
    undo(browser, read(browser, where))
    assert "Acme" in read(browser, where)
    assert browser.get(f"/accounts/{firm.uid}/supply/?offering=no").status_code == 404


def test_the_white_space_of_the_firm_is_filtered_and_taken_out_as_a_file(
    browser: Client, firm: Account, scored: Callable[..., Any], owner: Member
) -> None:
    assert "Nobody has said yet what you offer" in read(browser, "/white-space/")
    offering = record_offering(name="Repair", member=owner)
    scored("Second firm", owner=owner)
    browser.post(f"/accounts/{firm.uid}/supply/?offering={offering.uid}", {"state": "competitor", "supplier": "=Acme"})
    page = read(browser, "/white-space/")
    assert "Harbour Gifts" in page
    assert "Second firm" in page
    only = read(browser, f"/white-space/?state=competitor&offering={offering.uid}")
    assert "Harbour Gifts" in only
    assert "Second firm" not in only
    assert "No account fits" in read(browser, "/white-space/?state=in_house")
    answer = browser.get("/white-space.csv")
    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 3
    assert "'=Acme" in "".join(lines)


def test_offerings_are_made_changed_retired_and_brought_back(browser: Client, owner: Member) -> None:
    assert "Nothing is offered yet" in read(browser, "/settings/offerings/")
    add = "/settings/offerings/add/"
    assert browser.post(add, {"name": " "}).status_code == 422
    browser.post(add, {"name": "Repair", "words": "downtime", "name_words": "Pump\nValve\n"})
    made = owner_offering()
    assert made.name_words == ["pump", "valve"]
    browser.post(f"/settings/offerings/{made.uid}/", {"name": "Service"})
    assert owner_offering().name == "Service"
    undo(browser, read(browser, "/settings/offerings/"))
    assert owner_offering().name == "Repair"
    browser.post(f"/settings/offerings/{made.uid}/retire/")
    assert "No longer offered" in read(browser, "/settings/offerings/")
    browser.post(f"/settings/offerings/{made.uid}/bring-back/")
    assert not owner_offering().retired
    assert browser.post("/settings/offerings/from-categories/").status_code == 422


def owner_offering() -> Offering:
    return Offering.objects.get()


def test_stages_are_added_changed_and_removed(browser: Client, deal: Opportunity) -> None:
    assert "First talk" in read(browser, "/settings/stages/")
    browser.post("/settings/stages/add/", {"name": "Sample sent", "chance": "30", "place": "3"})
    assert list(OpportunityStage.objects.values_list("key", flat=True)) == [
        "talk",
        "need",
        "sample-sent",
        "offer",
        "decision",
    ]
    browser.post("/settings/stages/sample-sent/", {"name": "Samples sent", "chance": "35", "place": "2"})
    assert OpportunityStage.objects.get(key="sample-sent").place == 1
    browser.post("/settings/stages/sample-sent/remove/")
    assert OpportunityStage.objects.count() == 4
    assert browser.post("/settings/stages/talk/remove/").status_code == 422
    assert browser.get("/settings/stages/nowhere/").status_code == 404


def test_what_is_far_ahead_is_not_late(browser: Client, firm: Account, owner: Member) -> None:
    ahead = AS_OF + timedelta(days=3)
    open_opportunity(account=firm, title="Later", next_step="Call", next_step_on=ahead, on=AS_OF, member=owner)
    assert "0 steps overdue" in read(browser, "/opportunities/")
