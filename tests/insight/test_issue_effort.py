"""Trouble against buying again: groups, days, intervals (mission B1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from regulars.base.models import Member
from regulars.facts.effort import answer_effort, key_of
from regulars.facts.issues import asked_again, open_issue, solve_issue, visible_issues
from regulars.facts.models import Account
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
    owner: Member, write_history: Callable[..., int], orders: Callable[..., list[dict[str, Any]]]
) -> None:
    easy, hard = solved("easy", owner), solved("hard", owner, asked=2)
    said_easy = solved("said easy", owner, asked=2, score=1)
    young = solved("young", owner, at=AT + timedelta(days=200))
    merged = Account.objects.create(name="part of it", owner=owner, merged_into=said_easy)
    lines = [
        *orders(easy.pk, "2024-01-10", "2024-04-01"),
        *orders(hard.pk, "2024-01-10", "2024-09-02"),  # 182 days later
        *orders(merged.pk, "2024-05-01"),
        *orders(young.pk, "2024-10-01"),
    ]
    write_history(lines)
    found = effort_figures(visible_issues(None), as_of=AS_OF)
    assert (found.low, found.high) == (Group(customers=2, again=2), Group(customers=1, again=0))
    assert (found.solved, found.answered, found.too_recent) == (4, 1, 1)
    (about,) = found.about
    assert (about.count, about.median_hours, about.high) == (4, 6.0, 1)


def test_the_interval_is_that_of_wilson() -> None:
    low, high = Group(customers=20, again=18).interval or (0, 0)
    assert (round(low, 3), round(high, 3)) == (0.699, 0.972)  # Newcombe 1998, method 3
    assert Group(customers=0, again=0).interval is None
