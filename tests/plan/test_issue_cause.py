"""A problem that is overdue is on the list of who looks after the account, until it is solved or waits (B1, E7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from regulars.base.models import Member
from regulars.facts.issues import open_issue, solve_issue
from regulars.facts.models import Account
from regulars.insight.models import Snapshot
from regulars.plan.closing import closing_sentence
from regulars.plan.models import Action
from regulars.plan.proposals import refresh_actions
from regulars.plan.today import todays_list

pytestmark = pytest.mark.django_db
AS_OF = date(2024, 12, 9)
AT = datetime(2024, 12, 5, 10, tzinfo=UTC)


def test_an_overdue_issue_is_proposed_to_who_looks_after_the_account_and_closes_itself(
    scored: Callable[..., Account], snapshot: Snapshot, owner: Member
) -> None:
    account = scored("Harbour Gifts", owner=owner)
    in_time = scored("Calm firm", owner=owner)
    open_issue(account=in_time, title="Small", at=AT, due_at=AT + timedelta(days=9), member=owner)
    late = open_issue(account=account, title="Lamp broken", at=AT, due_at=AT + timedelta(days=1), member=owner)
    open_issue(account=account, title="Bill wrong", at=AT, due_at=AT + timedelta(days=2), member=owner)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    action = Action.objects.get(cause="issue", state=Action.State.OPEN)
    assert (action.account, action.member) == (account, owner)
    (card,) = [one for one in todays_list(owner, AS_OF).items if one.reason.action.cause == "issue"]
    assert "“Lamp broken”" in card.reason.sentences[0]
    assert "3 days ago" in card.reason.sentences[0]
    assert "1 more" in card.reason.sentences[1]
    for issue in account.issues.all():
        solve_issue(issue=issue, solution="Done", at=AT, member=owner)
    late.refresh_from_db()
    refresh_actions(snapshot=snapshot, today=AS_OF)
    action.refresh_from_db()
    assert action.state == Action.State.CLOSED
    assert "solved" in closing_sentence(action.figures["closed"])
