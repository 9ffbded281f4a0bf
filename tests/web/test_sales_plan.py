"""The sales plan in the browser: proposed, changed, accepted; hours and pay; who sees what (A5, A6, C3)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from regulars.base.models import Member
from regulars.facts.models import Account
from regulars.insight.snapshots import take_snapshot
from regulars.plan.incentives import put_in_force, write_scheme
from regulars.plan.models import CreditShare, IncentiveScheme, SalesPlan, Target, VisitChoice, WorkingHours
from regulars.plan.targets import accept_plan, propose_plan
from written_history import write_history

AS_OF = date(2024, 6, 30)
MONTH = "2024-01"
Signer = Callable[[Member], Client]
SCHEME = {"name": "Growth", "measure": "sales", "base": "1000", "new": "5", "kept": "1", "grown": "3", "threshold": "0"}


@pytest.fixture
def firm(organisation: Any, members: dict[str, Member]) -> Account:
    """One account of the account manager, with two and a half years of orders, as of the last of them."""
    days = [date(year, month, 5) for year in (2022, 2023, 2024) for month in range(1, 13)]
    write_history(
        [{"account_id": 1, "business_date": day, "net_base_minor": 400_000} for day in days if day <= AS_OF]
        + [{"account_id": 2, "business_date": date(2024, 3, 4), "net_base_minor": 50_000}]
    )
    Account.objects.filter(pk=1).update(owner=members["account_manager"], name="Harbour Gifts")
    take_snapshot(as_of=AS_OF)
    return Account.objects.get(pk=1)


@pytest.fixture
def plan(firm: Account, members: dict[str, Member]) -> SalesPlan:
    return propose_plan(begins=date(2024, 1, 1), stretch_bps=0, as_of=AS_OF, member=members["owner"])


def page_of(client: Client, where: str) -> str:
    answer = client.get(where)
    assert answer.status_code == 200, where
    return answer.content.decode()


@pytest.mark.parametrize("role", [role.value for role in Member.Role])
def test_each_role_sees_the_targets_and_pay_that_are_its_business(
    role: str, members: dict[str, Member], plan: SalesPlan, signed_in: Signer
) -> None:
    client, member, other = signed_in(members[role]), members[role], members["account_manager"]
    if other == member:
        other = members["new_business_seller"]
    head, seller = role in {"owner", "sales_head"}, role in {"account_manager", "new_business_seller"}
    scheme = write_scheme(member=members["owner"], name="Growth")
    expected = {
        "/plan/": 200 if head else 302 if seller else 403,
        f"/plan/{MONTH}.csv": 200 if head else 403,
        f"/plan/{MONTH}/{member.uid}/": 200 if head or seller else 403,
        f"/plan/{MONTH}/{other.uid}/": 200 if head else 404 if seller else 403,
        f"/plan/{MONTH}/nobody/": 200 if head else 404 if seller else 403,
        "/plan/2023-01/nobody/": 404 if head or seller else 403,
        "/plan/time/": 200 if head else 302 if seller else 403,
        f"/plan/time/{member.uid}/": 404 if head else 200 if seller else 403,
        f"/plan/time/{other.uid}/": 200 if head else 404 if seller else 403,
        "/plan/incentives/": 200 if head else 403,
        "/plan/incentives/new/": 200 if head else 403,
        f"/plan/incentives/{scheme.uid}/": 200 if head else 403,
        "/plan/statement/": 302 if head or seller else 403,
        f"/plan/people/{member.uid}/statement/": 200 if head or seller else 403,
        f"/plan/people/{member.uid}/statement.csv": 200 if head or seller else 403,
        f"/plan/people/{other.uid}/statement/": 200 if head else 404 if seller else 403,
        f"/plan/people/{member.uid}/statement.pdf": 404 if head or seller else 403,  # nothing is paid yet
        f"/plan/people/{other.uid}/statement.pdf": 404 if head or seller else 403,
    }
    got = {where: client.get(where).status_code for where in expected}
    assert got == expected
    posts = {
        "/plan/propose/": 422 if head else 403,
        "/plan/incentives/shares/": 422 if head else 403,
        f"/plan/{MONTH}/accept/": 302 if head else 403,
        f"/plan/{MONTH}/reopen/": 302 if head else 403,
        f"/plan/{MONTH}/remove/": 302 if head else 403,
        f"/plan/incentives/{scheme.uid}/force/": 302 if head else 403,
    }
    assert {where: client.post(where).status_code for where in posts} == posts
    navigation = page_of(client, "/today/")
    assert ('href="/plan/"' in navigation) == (head or seller)


def test_a_plan_is_proposed_changed_accepted_and_opened_again(browser: Client, firm: Account) -> None:
    assert "There is no plan yet" in page_of(browser, "/plan/")
    refused = browser.post("/plan/propose/", {"begins": "2024-01", "stretch": "80"})
    assert refused.status_code == 422
    assert 'value="80"' in refused.content.decode()
    assert browser.post("/plan/propose/", {"begins": "2024-01", "stretch": "5"}).status_code == 302
    page = page_of(browser, "/plan/")
    assert "6 months of it have begun" in page
    assert "Accept the plan" in page
    person = firm.owner
    assert person is not None
    where = f"/plan/{MONTH}/{person.uid}/"
    form = dict(re.findall(r'name="((?:new|kept|grown)_\d+)" value="([^"]*)"', page_of(browser, where)))
    assert len(form) == 36
    assert browser.post(where, {**form, "grown_0": "1234.50"}).status_code == 302
    assert Target.objects.get(member=person, kind="grown", month=date(2024, 1, 1)).amount_minor == 123_450
    wrong = browser.post(where, {**form, "grown_0": "-1"})
    assert wrong.status_code == 422
    assert browser.post(f"/plan/{MONTH}/accept/").status_code == 302
    page = page_of(browser, where)
    assert 'name="grown_0"' not in page
    assert "Open it again" in page_of(browser, "/plan/")
    browser.post(f"/plan/{MONTH}/reopen/")
    browser.post(f"/plan/{MONTH}/remove/")
    assert not SalesPlan.objects.exists()


@pytest.mark.parametrize("month", ["0001-01", "9999-12", "2124-01"])
def test_a_year_far_away_is_not_planned_and_what_was_typed_stays(browser: Client, firm: Account, month: str) -> None:
    refused = browser.post("/plan/propose/", {"begins": month, "stretch": "7"})
    assert refused.status_code == 422
    assert 'value="7"' in refused.content.decode()
    assert not SalesPlan.objects.exists()
    assert browser.get("/plan/", {"plan": month}).status_code == 404


def test_beside_an_accepted_plan_the_year_after_is_offered(browser: Client, plan: SalesPlan) -> None:
    assert 'value="2024-01"' in browser.get("/plan/?plan=2024-01").content.decode()
    accept_plan(plan=plan, on=AS_OF, member=Member.objects.filter(role="owner").first())
    assert 'value="2025-01"' in browser.get("/plan/?plan=2024-01").content.decode()


def test_the_file_has_every_person_month_and_kind(browser: Client, plan: SalesPlan) -> None:
    lines = b"".join(browser.get(f"/plan/{MONTH}.csv").streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 1 + 36 * 2  # the account manager, and the accounts of nobody
    assert any(",2024-03,new," in line and line.endswith("500.00") for line in lines)


def test_hours_are_set_and_visits_decided_and_taken_back(browser: Client, firm: Account) -> None:
    person = firm.owner
    assert person is not None
    where = f"/plan/time/{person.uid}/"
    assert "Harbour Gifts" in page_of(browser, where)
    assert browser.post(where, {"hours_a_month": "100", "winning": "30"}).status_code == 302
    hours = WorkingHours.objects.get(member=person)
    assert (hours.hours_a_month, hours.winning_bps) == (100, 3000)
    assert browser.post(where, {"hours_a_month": "900", "winning": "30"}).status_code == 422
    assert browser.post(f"/plan/time/visits/{firm.uid}/", {"visits": "9"}).status_code == 302
    assert VisitChoice.objects.get(account=firm).visits == 9
    page = page_of(browser, where)
    undo = re.search(r'class="toast".*?action="([^"]+)"', page, re.DOTALL)
    assert undo
    browser.post(undo[1].replace("&amp;", "&"))
    assert not VisitChoice.objects.exists()
    browser.post(f"/plan/time/visits/{firm.uid}/", {"visits": "often"})
    assert "is not a number of visits" in page_of(browser, where)


def test_a_scheme_is_written_simulated_put_in_force_and_paid_by(
    browser: Client, plan: SalesPlan, firm: Account, members: dict[str, Member], signed_in: Signer
) -> None:
    assert "There is no scheme yet" in page_of(browser, "/plan/incentives/")
    assert browser.post("/plan/incentives/new/", {**SCHEME, "new": "90"}).status_code == 422
    assert browser.post("/plan/incentives/new/", SCHEME).status_code == 302
    scheme = IncentiveScheme.objects.get()
    assert (scheme.base_minor, scheme.new_bps, scheme.cap_minor) == (100_000, 500, None)
    page = page_of(browser, "/plan/incentives/")
    assert "The firm would have paid" in page
    assert "What each would have earned" in page
    second = write_scheme(member=None, name="Winning first", new_bps=1_000)
    both = page_of(browser, f"/plan/incentives/?first={scheme.uid}&second={second.uid}")
    assert both.count("The firm would have paid") == 2
    assert browser.post(f"/plan/incentives/{scheme.uid}/force/").status_code == 302
    scheme.refresh_from_db()
    assert scheme.begins == date(2024, 6, 1)
    assert "is not changed any more" in page_of(browser, f"/plan/incentives/{scheme.uid}/")
    accept_plan(plan=plan, on=AS_OF, member=members["owner"])
    mine = page_of(signed_in(members["account_manager"]), f"/plan/people/{members['account_manager'].uid}/statement/")
    assert "By “Growth”" in mine
    printed = f"/plan/people/{members['account_manager'].uid}/statement.pdf"
    assert printed in mine
    own = signed_in(members["account_manager"]).get(f"{printed}?month=2024-06")
    assert (own.status_code, own["Content-Type"], own.content[:4]) == (200, "application/pdf", b"%PDF")
    assert "2024-06.pdf" in own["Content-Disposition"]
    assert browser.get(f"{printed}?month=1999-01").status_code == 422
    assert signed_in(members["new_business_seller"]).get(printed).status_code == 404
    assert browser.post(f"/plan/incentives/{scheme.uid}/end/").status_code == 302
    assert browser.post(f"/plan/incentives/{second.uid}/remove/").status_code == 302
    assert browser.post(f"/plan/incentives/{scheme.uid}/sell/").status_code == 404


def test_results_are_shared(browser: Client, plan: SalesPlan, members: dict[str, Member]) -> None:
    put_in_force(scheme=write_scheme(member=None, name="Growth"), on=AS_OF, member=None)
    said = {"account": "Harbour Gifts", "person": str(members["new_business_seller"].pk), "share": "25"}
    assert browser.post("/plan/incentives/shares/", said).status_code == 302
    assert CreditShare.objects.get().share_bps == 2_500
    assert "25%" in page_of(browser, "/plan/incentives/")
    unknown = browser.post("/plan/incentives/shares/", {**said, "account": "Nobody"})
    assert unknown.status_code == 422
