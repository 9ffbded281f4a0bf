"""Issues in the browser: taken down on the phone, worked off, told to the customer (mission B1, B3, D4, E18)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from regulars.base.mail.models import OutgoingMail
from regulars.base.models import Member, Team
from regulars.facts.issues import open_issue, reopen_issue, solve_issue
from regulars.facts.known_problems import note_problem
from regulars.facts.models import Account, Contact, Issue, KnownProblem
from regulars.facts.service_profiles import describe_service
from regulars.facts.signals import record_signal

Maker = Callable[..., Any]
AT = datetime(2024, 12, 9, 10, tzinfo=UTC)


@pytest.fixture
def firm(scored: Maker, owner: Member) -> Account:
    made: Account = scored("Harbour Gifts", owner=owner)
    return made


@pytest.fixture
def issue(firm: Account, owner: Member) -> Issue:
    return opened(firm, owner)


def opened(account: Account, member: Member | None, title: str = "Lamp broken", **said: Any) -> Issue:
    return open_issue(account=account, title=title, at=AT, due_at=AT + timedelta(hours=4), member=member, **said)


def page_of(browser: Client, where: str) -> str:
    answer = browser.get(where)
    assert answer.status_code == 200, where
    return answer.content.decode()


def act(browser: Client, issue: Issue, verb: str, **said: str) -> Any:
    return browser.post(f"/issues/{issue.uid}/{verb}/", said)


def test_an_issue_is_taken_down_from_a_name_with_the_profile_on_top(browser: Client, firm: Account) -> None:
    describe_service(account=firm, prefers="repair", cares_about="", member=None)
    found = page_of(browser, "/issues/new/?q=harbour")
    assert f"/issues/new/?account={firm.uid}" in found
    assert "offer repair first" in page_of(browser, f"/issues/new/?account={firm.uid}")
    said = {"title": "Two lamps broken", "about": "quality", "complaint": "on"}
    made = browser.post(f"/issues/new/?account={firm.uid}", said)
    issue = Issue.objects.get()
    assert made.headers["Location"] == f"/issues/{issue.uid}/"
    assert (issue.title, issue.about, issue.complaint) == ("Two lamps broken", "quality", True)
    page = page_of(browser, f"/issues/{issue.uid}/")
    assert "offer repair first" in page
    assert "Taken down." in page
    assert "Two lamps broken" in page_of(browser, f"/accounts/{firm.uid}/issues/")


def test_what_is_refused_keeps_what_was_typed(browser: Client, firm: Account, issue: Issue) -> None:
    refused = browser.post(f"/issues/new/?account={firm.uid}", {"title": "", "text": "It is dark", "about": "other"})
    assert refused.status_code == 422
    assert "It is dark" in refused.content.decode()
    refused = act(browser, issue, "promise", on="2020-01-01")
    assert refused.status_code == 422
    assert "That day has passed." in refused.content.decode()
    assert browser.get(f"/issues/new/?account={uuid.uuid4()}").status_code == 404


def test_known_problems_are_proposed_while_typing_and_are_kept_with_the_issue(browser: Client, firm: Account) -> None:
    made = note_problem(title="Lamp glass breaks", workaround="Send two", member=None)
    part = page_of(browser, "/issues/known/?title=the+glass")
    assert "Send two" in part
    assert "<html" not in part
    browser.post(
        f"/issues/new/?account={firm.uid}", {"title": "Glass", "about": "quality", "known_problem": str(made.uid)}
    )
    issue = Issue.objects.get()
    assert issue.known_problem == made
    assert "Send two" in page_of(browser, f"/issues/{issue.uid}/")


def test_an_issue_is_worked_off_step_by_step_and_each_is_undone(browser: Client, issue: Issue) -> None:
    team = Team.objects.create(name="Electrics")
    for verb, said, state in (
        ("note", {"said": "Box was crushed"}, "open"),
        ("asked", {}, "open"),
        ("promise", {"on": "2024-12-11"}, "open"),
        ("help", {"said": "Too dear for me"}, "open"),
        ("transfer", {"hands": f"team-{team.uid}"}, "open"),
        ("pause", {"said": "A photo", "until": "2024-12-20"}, "waiting"),
        ("resume", {}, "open"),
        ("solve", {"said": "Sent two", "praised": "on"}, "solved"),
        ("close", {}, "closed"),
        ("reopen", {"said": "Broken again"}, "reopened"),
    ):
        assert act(browser, issue, verb, **said).status_code == 302, verb
        issue.refresh_from_db()
        assert issue.state == state, verb
    assert (issue.team, issue.times_asked, issue.times_reopened, issue.times_transferred) == (team, 1, 1, 1)
    page = page_of(browser, f"/issues/{issue.uid}/")
    undo = re.search(r'class="toast".*?action="([^"]+)"', page)
    assert undo
    browser.post(undo[1])
    issue.refresh_from_db()
    assert (issue.state, issue.times_reopened) == ("closed", 0)
    assert browser.post(f"/issues/{issue.uid}/explode/").status_code == 404


def test_the_customer_is_told_in_their_own_language(browser: Client, firm: Account, issue: Issue) -> None:
    issue.contact = Contact.objects.create(account=firm, name="Eva", email="eva@harbour.example", language="th")
    issue.save()
    page = page_of(browser, f"/issues/{issue.uid}/")
    assert 'lang="th"' in page
    assert "Send it to Eva" in page
    assert act(browser, issue, "write", said="").status_code == 422
    act(browser, issue, "write", said="Your lamp is on its way")
    assert OutgoingMail.objects.get().text.strip() == "Your lamp is on its way"
    Contact.objects.update(email="")
    Account.objects.update(email="office@harbour.example")
    assert "mailto:office@harbour.example?subject=" in page_of(browser, f"/issues/{issue.uid}/")
    act(browser, issue, "told", said="We are on to it")
    assert "We are on to it" in page_of(browser, f"/issues/{issue.uid}/")


def test_the_queue_shows_what_is_due_first_and_narrows(
    browser: Client, firm: Account, owner: Member, members: dict[str, Member]
) -> None:
    open_issue(account=firm, title="Later", at=AT, due_at=AT + timedelta(days=9), member=owner)
    opened(firm, owner, "Sooner")
    opened(firm, members["service"], "Of service")
    page = page_of(browser, "/issues/")
    assert page.index("Sooner") < page.index("Later")
    assert "Of service" not in page
    assert "Of service" in page_of(browser, "/issues/?whose=all")
    late = page_of(browser, "/issues/?whose=all&state=overdue")
    assert "Later" not in late
    assert "Nothing of this kind" in page_of(browser, "/issues/?state=closed")
    assert "Later" in page_of(browser, "/issues/?whose=nobody&state=strange")


def test_the_queue_costs_as_many_queries_however_long_it_is(
    browser: Client, firm: Account, owner: Member, django_assert_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    opened(firm, owner)
    with CaptureQueriesContext(connection) as one:
        browser.get("/issues/?whose=all")
    for number in range(5):
        opened(firm, owner, f"Number {number}")
    with django_assert_num_queries(len(one)):
        browser.get("/issues/?whose=all")


def test_who_has_reason_to_be_dissatisfied_is_listed_until_it_is_made_good(
    browser: Client, firm: Account, scored: Maker, issue: Issue, owner: Member
) -> None:
    calm = scored("Calm firm")
    opened(calm, owner, "Small thing")
    assert "Harbour Gifts" not in page_of(browser, "/issues/dissatisfied/")
    solve_issue(issue=issue, solution="Sent", at=AT, member=owner)
    reopen_issue(issue=issue, reason="Again", at=AT, due_at=AT, member=owner)
    heard = scored("Angry firm")
    record_signal(account=heard, kind="complaint", observed_on=AT.date(), member=None, said="Rude on the phone")
    page = page_of(browser, "/issues/dissatisfied/")
    assert "came back after it was solved" in page
    assert "Rude on the phone" in page
    assert "Calm firm" not in page
    solve_issue(issue=issue, solution="Sent again", at=AT, member=owner)
    record_signal(account=heard, kind="praise", observed_on=AT.date(), member=None)
    assert "Nobody has reason to be dissatisfied" in page_of(browser, "/issues/dissatisfied/")


def test_the_timeline_of_the_account_tells_how_a_problem_began_and_ended(
    browser: Client, firm: Account, issue: Issue, owner: Member
) -> None:
    solve_issue(issue=issue, solution="New cable.", at=AT + timedelta(hours=2), member=owner)
    page = page_of(browser, f"/accounts/{firm.uid}/timeline/?kind=issues")
    assert re.findall(r"<b>Issue: ([\w ]+)</b></a> · <bdi>Lamp broken</bdi>", page) == ["solved", "told us"]
    assert f"/issues/{issue.uid}/" in page


def test_known_problems_are_kept_by_service(browser: Client) -> None:
    said = {"title": "Papers late", "signs": "where is my invoice", "workaround": "Mail it"}
    assert browser.post("/issues/problems/", said).status_code == 302
    assert browser.post("/issues/problems/", {"title": ""}).status_code == 422
    made = KnownProblem.objects.get()
    assert "Papers late" in page_of(browser, "/issues/problems/")
    where = f"/issues/problems/{made.uid}/"
    assert "where is my invoice" in page_of(browser, where)
    browser.post(where, said | {"title": "Papers too late"})
    browser.post(f"{where}settle/")
    made.refresh_from_db()
    assert made.title == "Papers too late"
    assert made.solved_on is not None


def test_readers_see_and_do_nothing_and_a_foreign_issue_is_absent(
    issue: Issue, members: dict[str, Member], signed_in: Callable[[Member], Client]
) -> None:
    analyst = signed_in(members["analyst"])
    page = page_of(analyst, f"/issues/{issue.uid}/")
    assert "Lamp broken" in page
    assert "What now?" not in page
    assert analyst.get("/issues/new/").status_code == 403
    assert act(analyst, issue, "solve", said="x").status_code == 403
    seller = signed_in(members["new_business_seller"])
    assert seller.get(f"/issues/{issue.uid}/").status_code == 404
    assert act(seller, issue, "solve", said="x").status_code == 404
    assert "Lamp broken" not in page_of(seller, "/issues/?whose=all")
    service = signed_in(members["service"])
    assert act(service, issue, "solve", said="x").status_code == 302
