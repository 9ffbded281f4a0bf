"""How much trouble it was: asked by a link without a login, once; observed always; against buying again (B1)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client

from regulars.base.mail.models import OutgoingMail
from regulars.base.models import Member
from regulars.facts.effort import TROUBLES, StaleQuestion, answer_effort, issue_of_key, key_of, observed_effort
from regulars.facts.issues import asked_again, open_issue, reopen_issue, solve_issue
from regulars.facts.models import Account, Contact, EffortAnswer, Issue, Signal

AT = datetime(2024, 12, 9, 10, tzinfo=UTC)


@pytest.fixture
def issue(scored: Callable[..., Account], owner: Member) -> Issue:
    account = scored("Harbour Gifts", owner=owner)
    eva = Contact.objects.create(account=account, name="Eva", email="eva@harbour.example", language="th")
    made = open_issue(account=account, title="Lamp broken", at=AT, due_at=AT, member=owner, contact=eva)
    return solve_issue(issue=made, solution="Sent two", at=AT + timedelta(hours=1), member=owner)


def link_in(text: str) -> str:
    found = re.search(r"/effort/[^\s\"&<]+/", text)
    assert found
    return found[0]


def test_the_question_goes_with_the_letter_and_is_answered_without_a_login_once(browser: Client, issue: Issue) -> None:
    page = browser.get(f"/issues/{issue.uid}/").content.decode()
    letter = re.search(r'<textarea id="told_said".*?>(.*?)</textarea>', page, re.DOTALL)
    assert letter
    browser.post(f"/issues/{issue.uid}/write/", {"said": letter[1]})
    (sent,) = OutgoingMail.objects.all()
    assert sent.to_address == "eva@harbour.example"
    where = link_in(sent.text)
    customer = Client()
    asked = customer.get(f"{where}?score=6")
    assert asked.status_code == 200
    assert asked.headers["Content-Language"] == "th"
    assert not EffortAnswer.objects.exists(), "opening the link is no answer"
    assert customer.post(where, {"score": "9"}).status_code == 422
    assert customer.post(where, {"score": "6", "words": "Nobody called back"}).status_code == 200
    answer = EffortAnswer.objects.get()
    assert (answer.issue, answer.score) == (issue, 6)
    assert customer.post(where, {"score": "1"}).status_code == 410
    assert Signal.objects.get().kind == "high_effort"
    assert "Nobody called back" in browser.get(f"/issues/{issue.uid}/").content.decode()
    assert "Nobody called back" in browser.get("/issues/dissatisfied/").content.decode()
    assert mail.outbox == []  # the worker sends it


def test_a_link_opens_nothing_when_it_is_old_false_or_out_of_date(issue: Issue, owner: Member) -> None:
    key = key_of(issue)
    assert issue_of_key(key) == issue
    for false in ("x", key[:-1] + ("A" if key[-1] != "A" else "B")):
        assert Client().get(f"/effort/{false}/").status_code == 410
    with time_machine.travel(datetime.now(UTC) + timedelta(days=50)), pytest.raises(StaleQuestion):
        issue_of_key(key)
    reopen_issue(issue=issue, reason="Again", at=AT, due_at=AT, member=owner)
    with pytest.raises(StaleQuestion):
        issue_of_key(key)
    solve_issue(issue=issue, solution="Sent again", at=AT, member=owner)
    answer_effort(key=key_of(Issue.objects.get(pk=issue.pk)), score=1, words="", at=AT)
    assert "low_effort" in Signal.objects.values_list("kind", flat=True)


def test_who_answers_too_often_is_told_so(issue: Issue) -> None:
    customer = Client()
    answers = {customer.post(f"/effort/{key_of(issue)}/", {"words": "x"}).status_code for _ in range(40)}
    assert answers == {422, 429}


def test_trouble_is_observed_whether_or_not_anybody_answers(issue: Issue, owner: Member) -> None:
    reopen_issue(issue=issue, reason="Again", at=AT, due_at=AT + timedelta(days=1), member=owner)
    asked_again(issue=issue, at=AT, member=owner)
    done = solve_issue(issue=issue, solution="Sent", at=AT + timedelta(days=2), member=owner)
    assert Issue.objects.values_list(TROUBLES, flat=True).get(pk=done.pk) == 3
    assert observed_effort(done) == [
        "It came back 1 time.",
        "They had to ask again 1 time.",
        "It was solved later than due.",
    ]


def test_the_page_says_when_it_is_too_early_and_what_it_was_about(browser: Client, issue: Issue) -> None:
    page = browser.get("/issues/effort/").content.decode()
    assert "It is too early to say" in page
    assert "What it was about" in page
