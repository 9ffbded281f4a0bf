"""Issues are due by the protection of their account; what is overdue calls help (B1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from regulars.base.models import Member, Organisation
from regulars.facts.issues import open_issue, pause_issue
from regulars.facts.models import Account, Issue
from regulars.insight.models import Protection
from regulars.insight.protection import protect_all
from regulars.plan.issue_rules import (
    due_time,
    due_time_after_pause,
    issues_need_looking_after,
    look_after_issues,
    working_time,
)

pytestmark = pytest.mark.django_db
AS_OF = date(2024, 12, 9)
MONDAY_AT_TEN = datetime(2024, 12, 9, 9, tzinfo=UTC)  # ten o'clock in Berlin


def opened(account: Account, owner: Member) -> Issue:
    due_at = due_time(account, at=MONDAY_AT_TEN)
    return open_issue(account=account, title="Broken", at=MONDAY_AT_TEN, due_at=due_at, member=owner)


def test_the_better_an_account_is_protected_the_sooner_its_issue_is_due(
    scored: Callable[..., Account], owner: Member
) -> None:
    account = scored("Harbour Gifts", owner=owner)
    protect_all(on=AS_OF)
    found = {}
    for level in (1, 2, 3, 4):
        Protection.objects.update(level=level)
        found[level] = due_time(account, at=MONDAY_AT_TEN) - MONDAY_AT_TEN
    assert found[4] == timedelta(hours=4)
    assert found[3] == timedelta(hours=24)  # eight working hours: the same time tomorrow
    assert found[4] < found[3] < found[2] < found[1]
    nobody_knows = Account.objects.create(name="New", owner=owner)
    assert due_time(nobody_knows, at=MONDAY_AT_TEN) - MONDAY_AT_TEN == found[1]


def test_a_week_begins_where_the_firm_says(organisation: Organisation) -> None:
    organisation.week_start = 7
    organisation.thresholds = {"working_days_a_week": 6}
    assert working_time(organisation, year=2024).weekdays == {7, 1, 2, 3, 4, 5}


def test_a_public_holiday_is_no_working_day(organisation: Organisation, owner: Member) -> None:
    account = Account.objects.create(name="Firm", owner=owner)
    christmas_eve_at_ten = datetime(2024, 12, 24, 9, tzinfo=UTC)
    without = due_time(account, at=christmas_eve_at_ten)
    Organisation.objects.update(holidays_of="DE-BY")
    assert (without, due_time(account, at=christmas_eve_at_ten)) == (
        datetime(2024, 12, 26, 9, tzinfo=UTC),
        datetime(2024, 12, 30, 9, tzinfo=UTC),  # two days of Christmas, and the weekend
    )


def test_waiting_leaves_the_hours_that_were_left(owner: Member) -> None:
    made = opened(Account.objects.create(name="Firm", owner=owner), owner)
    waiting = pause_issue(issue=made, waits_for="Photo", at=MONDAY_AT_TEN + timedelta(hours=2), member=owner)
    wednesday = MONDAY_AT_TEN + timedelta(days=2)
    assert due_time_after_pause(waiting, at=wednesday) == wednesday + timedelta(days=1, hours=6)


def test_what_waited_until_its_day_is_taken_up_and_what_is_overdue_calls_the_head(owner: Member) -> None:
    head = Member.objects.create(email="h@x.example", name="Head", role="sales_head")
    account = Account.objects.create(name="Firm", owner=owner)
    waits, late = opened(account, owner), opened(account, owner)
    pause_issue(issue=waits, waits_for="Photo", at=MONDAY_AT_TEN, member=owner, until=date(2024, 12, 11))
    with time_machine.travel(MONDAY_AT_TEN + timedelta(hours=1)):
        assert not issues_need_looking_after()
    with time_machine.travel(MONDAY_AT_TEN + timedelta(days=3)):
        assert issues_need_looking_after()
        look_after_issues.func()
        assert not issues_need_looking_after()
    waits.refresh_from_db()
    late.refresh_from_db()
    assert (waits.state, waits.escalated_at) == ("open", None)
    assert late.escalated_to == head
    assert late.owner == owner
