"""Lists of account work cost as many queries for many records as for few (E6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from regulars.base.models import Member
from regulars.facts.issues import open_issue
from regulars.facts.known_problems import note_problem
from regulars.facts.models import Account, Lead
from regulars.facts.offerings import record_offering
from regulars.plan.joint_projects import measure_project, propose_project, start_project
from regulars.plan.models import Review
from regulars.plan.referrals import Named, ask_for_names, give_names

pytestmark = pytest.mark.django_db
AS_OF = date(2024, 12, 9)
NOW = datetime(2024, 12, 9, 10, 0, tzinfo=UTC)
Make = Callable[[Account, int], None]


def a_project(account: Account, number: int) -> None:
    said: dict[str, Any] = {"goal": "Less", "measure": "Broken", "baseline": Decimal(6)}
    made = propose_project(account=account, on=AS_OF, member=account.owner, title=f"Glass {number}", **said)
    start_project(project=made, on=AS_OF, member=account.owner)
    measure_project(project=made, value=Decimal(3), on=AS_OF, today=AS_OF, member=account.owner)


def a_referral(account: Account, number: int) -> None:
    ask = ask_for_names(account=account, on=AS_OF, member=account.owner)
    named = Named(name=f"Alpine {number}", person="Eva", phone="", email=f"eva{number}@alpine.example", wishes="")
    give_names(ask=ask, names=[named], at=NOW, member=account.owner)
    Lead.objects.filter(name=named.name).update(state="won", account=account)


def a_complaint(account: Account, number: int) -> None:
    problem = note_problem(title=f"Dents {number}", member=account.owner)
    said: dict[str, Any] = {"due_at": NOW, "known_problem": problem, "complaint": True}
    open_issue(account=account, title="Dented", at=NOW - timedelta(days=20), member=account.owner, **said)


def a_review(account: Account, number: int) -> None:
    assert account.owner is not None
    when = NOW + timedelta(days=number + 1)
    Review.objects.create(account=account, due_on=when.date(), scheduled_at=when, owner=account.owner)


def nothing_more(account: Account, number: int) -> None:
    """The account itself is the row."""


@pytest.mark.parametrize(
    ("path", "make"),
    [
        ("/projects/", a_project),
        ("/referrals/", a_referral),
        ("/issues/dissatisfied/", a_complaint),
        ("/issues/problems/", a_complaint),
        ("/reviews/start/?whose=everyone", a_review),
        ("/reviews/start/?whose=everyone&show=waiting", nothing_more),
        ("/white-space/", nothing_more),
    ],
)
def test_a_list_of_many_costs_as_many_queries_as_one_of_few(
    browser: Client, owner: Member, scored: Callable[..., Any], path: str, make: Make
) -> None:
    record_offering(name="Repair", member=None)
    costs, sizes = [], []
    for upto in (2, 9):
        for number in range(len(Account.objects.all()), upto):
            make(scored(f"Harbour {number}", owner=owner), number)
        browser.get(path)
        with CaptureQueriesContext(connection) as counted:
            answer = browser.get(path)
        assert answer.status_code == 200
        costs.append(len(counted))
        sizes.append(len(answer.content))
    assert sizes[1] > sizes[0], "the list has grown"
    assert costs[1] <= costs[0]
