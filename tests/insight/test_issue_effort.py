"""Trouble against buying again: groups, days, intervals (mission B1)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from regulars.base.models import Member
from regulars.facts.effort import answer_effort, key_of
from regulars.facts.issues import asked_again, open_issue, solve_issue, visible_issues
from regulars.facts.models import Account
from regulars.insight import issue_effort
from regulars.insight.issue_effort import Group, effort_figures

pytestmark = pytest.mark.django_db
AT = datetime(2024, 3, 4, 10, tzinfo=UTC)
AS_OF = date(2024, 12, 9)


def solved(name: str, owner: Member, *, asked: int = 0, score: int | None = None, at: datetime = AT) -> Account:
    account = Account.objects.create(name=name, owner=owner)
    made = open_issue(account=account, title="x", at=at, due_at=at + timedelta(days=9), member=owner)
    for _ in range(asked):
        asked_again(issue=made, at=at, member=owner)
    done = solve_issue(issue=made, solution="x", at=at + timedelta(hours=6), member=owner)
    if score is not None:
        answer_effort(key=key_of(done), score=score, words="", at=at)
    return account


def test_the_answer_counts_before_what_was_seen_and_the_young_are_left_out(
    owner: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    easy, hard, said_easy = solved("a", owner), solved("b", owner, asked=2), solved("c", owner, asked=2, score=1)
    solved("young", owner, at=AT + timedelta(days=200))
    days = {easy.pk: [AT.date() + timedelta(days=30)], hard.pk: [AT.date() + timedelta(days=181)], said_easy.pk: []}
    monkeypatch.setattr(issue_effort, "_order_days", lambda *_given, **_named: days)
    found = effort_figures(visible_issues(None), as_of=AS_OF)
    assert (found.low, found.high) == (Group(customers=2, again=1), Group(customers=1, again=0))
    assert (found.solved, found.answered, found.too_recent) == (4, 1, 1)
    (about,) = found.about
    assert (about.count, about.median_hours, about.high) == (4, 6.0, 1)


def test_the_interval_is_that_of_wilson() -> None:
    low, high = Group(customers=20, again=18).interval or (0, 0)
    assert (round(low, 3), round(high, 3)) == (0.699, 0.972)  # Newcombe 1998, method 3
    assert Group(customers=0, again=0).interval is None
