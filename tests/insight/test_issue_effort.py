"""Trouble against buying again: groups, days, intervals (mission B1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from regulars.base.models import Member
from regulars.facts.effort import answer_effort, key_of
from regulars.facts.issues import (
    Given,
    asked_again,
    escalate_issue,
    note_on_issue,
    open_issue,
    pause_issue,
    reopen_issue,
    resume_issue,
    solve_issue,
    take_back_issue_step,
    transfer_issue,
    visible_issues,
)
from regulars.facts.models import Account, Issue
from regulars.insight import issue_effort
from regulars.insight.issue_effort import Group, effort_figures
from regulars.insight.issue_time import Stretch, where_time_goes

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


def test_of_many_issues_only_the_newest_are_read_and_the_counts_stay_exact(
    owner: Member,
    write_history: Callable[..., int],
    orders: Callable[..., list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: Any,
) -> None:
    """B1: the page answers at 20,000 issues as at 20."""
    monkeypatch.setattr(issue_effort, "MOST_KNOWN", 3)
    monkeypatch.setattr(issue_effort, "LATEST", 2)
    accounts = [solved(f"customer {one}", owner, score=1, at=AT + timedelta(days=one)) for one in range(6)]
    solved("young", owner, at=AT + timedelta(days=200))
    write_history([line for one in accounts for line in orders(one.pk, "2024-05-01")])
    with django_assert_max_num_queries(17):
        found = effort_figures(visible_issues(None), as_of=AS_OF)
    assert found.low == Group(customers=3, again=3)
    assert (found.solved, found.answered, found.too_recent, found.latest) == (7, 6, 1, 2)
    assert sum(one.count for one in found.about) == 2
    assert {one.issues for one in found.time_spent} == {2}


def test_who_had_just_the_days_to_buy_again_counts(
    owner: Member, write_history: Callable[..., int], orders: Callable[..., list[dict[str, Any]]]
) -> None:
    day = solved("to the day", owner, at=datetime(2024, 6, 12, 10, tzinfo=UTC))  # 180 days before
    solved("a day less", owner, at=datetime(2024, 6, 13, 10, tzinfo=UTC))
    write_history(orders(day.pk, "2024-06-12", "2024-12-09"))  # the first on the day itself is not again
    found = effort_figures(visible_issues(None), as_of=AS_OF)
    assert (found.low, found.too_recent) == (Group(customers=1, again=1), 1)


def test_the_interval_is_that_of_wilson() -> None:
    low, high = Group(customers=20, again=18).interval or (0, 0)
    assert (round(low, 3), round(high, 3)) == (0.699, 0.972)  # Newcombe 1998, method 3
    assert Group(customers=0, again=0).interval is None


def test_the_time_of_an_issue_is_told_by_what_it_went_through(owner: Member) -> None:
    """B1: slowest steps. Each stretch is named by the step that began it; asking again ends none."""
    account = Account.objects.create(name="Harbour Gifts", owner=owner)
    made = open_issue(account=account, title="x", at=AT, due_at=AT + timedelta(days=9), member=owner)

    def after(hours: int) -> datetime:
        return AT + timedelta(hours=hours)

    asked_again(issue=made, at=after(1), member=owner)
    note_on_issue(issue=made, said="looked at it", at=after(3), member=owner)  # 3 h until something was done
    pause_issue(issue=made, waits_for="a part", until=None, at=after(5), member=owner)  # 2 h at work
    note_on_issue(issue=made, said="still waiting", at=after(9), member=owner)
    resume_issue(issue=made, at=after(25), due_at=after(60), member=owner)  # 20 h waiting
    escalate_issue(issue=made, to=owner, at=after(26), member=owner)  # 1 h at work
    take_back_issue_step(issue=made, member=owner)
    solve_issue(issue=made, solution="x", at=after(30), member=owner)  # with the step taken back: 5 h at work
    reopen_issue(issue=made, reason="again", at=after(100), due_at=after(130), member=owner)
    solve_issue(issue=made, solution="x", at=after(104), member=owner)  # 4 h after it came back
    still_open = open_issue(account=account, title="y", at=AT, due_at=AT + timedelta(days=9), member=owner)

    found = where_time_goes(Issue.objects.values_list("pk", flat=True))
    assert {one.stretch: (one.issues, one.hours) for one in found} == {
        Stretch.UNANSWERED: (1, 3.0),
        Stretch.AT_WORK: (1, 7.0),
        Stretch.WAITING: (1, 20.0),
        Stretch.CAME_BACK: (1, 4.0),
    }
    assert found[0].stretch is Stretch.WAITING
    assert sum(one.share for one in found) == pytest.approx(1.0)
    assert where_time_goes([still_open.pk]) == []


def test_times_of_several_issues_give_the_middle_and_the_longest(owner: Member) -> None:
    colleague = Member.objects.create(name="Sam", email="sam@example.com", role=owner.role)
    for number, hours in enumerate((1, 2, 9)):
        account = Account.objects.create(name=f"customer {number}", owner=owner)
        made = open_issue(account=account, title="x", at=AT, due_at=AT + timedelta(days=9), member=owner)
        transfer_issue(issue=made, given=Given(owner=colleague), at=AT, member=owner)
        solve_issue(issue=made, solution="x", at=AT + timedelta(hours=hours), member=owner)
    (found,) = [one for one in where_time_goes(Issue.objects.values_list("pk", flat=True)) if one.hours]
    assert (found.stretch, found.issues, found.median_hours, found.longest_hours) == (Stretch.HANDED_ON, 3, 2.0, 9.0)
