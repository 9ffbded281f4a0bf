"""The highest protection involves who leads, where nobody who leads spoke for long or nobody looks after it (C1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from regulars.base.models import Member, Organisation
from regulars.facts.models import Account, Interaction
from regulars.insight.models import Protection, Snapshot
from regulars.plan.causes import CAUSES
from regulars.plan.models import Action
from regulars.plan.proposals import refresh_actions
from regulars.plan.protected_care import care_sentences

AS_OF = date(2024, 12, 9)
pytestmark = pytest.mark.django_db


@pytest.fixture
def seller(organisation: Organisation) -> Member:
    return Member.objects.create(name="Sam Seller", email="sam@example.com", role=Member.Role.ACCOUNT_MANAGER)


@pytest.fixture
def head(organisation: Organisation) -> Member:
    return Member.objects.create(name="Hedda Head", email="hedda@example.com", role=Member.Role.SALES_HEAD)


def protected(account: Account, level: int) -> Account:
    Protection.objects.create(
        account=account,
        level=level,
        band=Protection.Band.VITAL,
        worth=50_000,
        risk=0.4,
        stake=20_000,
        as_of=AS_OF,
        computed_at="2024-12-09T10:00Z",
    )
    return account


def spoke(account: Account, member: Member, *, days_ago: int, kind: str = Interaction.Kind.CALL) -> None:
    on = AS_OF - timedelta(days=days_ago)
    Interaction.objects.create(account=account, member=member, kind=kind, on=on, text="x")


def proposed(snapshot: Snapshot) -> list[Action]:
    refresh_actions(snapshot=snapshot, today=AS_OF)
    return list(Action.objects.filter(cause="unprotected", state__in=Action.PENDING).order_by("account_id"))


def test_who_leads_is_to_speak_with_a_customer_of_the_highest_protection(
    scored: Callable[..., Account], snapshot: Snapshot, seller: Member, head: Member
) -> None:
    lonely = protected(scored("Lonely", owner=seller), Protection.Level.HIGHEST)
    spoken = protected(scored("Spoken to", owner=seller), Protection.Level.HIGHEST)
    lower = protected(scored("High", owner=seller), Protection.Level.HIGH)
    for account in (lonely, lower):
        spoke(account, seller, days_ago=3)  # who looks after it is not enough
        spoke(account, head, days_ago=100)
        spoke(account, head, days_ago=2, kind=Interaction.Kind.NOTE)  # nobody was spoken to
    spoke(spoken, head, days_ago=80)
    (action,) = proposed(snapshot)
    assert (action.account, action.member, action.figures["days"]) == (lonely, head, 100)
    assert action.expected_money == pytest.approx(20_000 * 0.05)
    cause = CAUSES["unprotected"]
    assert "100 days" in cause.sentences(action.figures)[1]
    assert "Sam Seller" in cause.advice(action.figures)
    spoke(lonely, head, days_ago=0)
    assert proposed(snapshot) == []
    action.refresh_from_db()
    assert action.figures["closed"] == {"key": "settled", "cause": "unprotected"}


def test_one_that_nobody_looks_after_is_told_from_high_protection_on(
    scored: Callable[..., Account], snapshot: Snapshot, seller: Member, head: Member
) -> None:
    left = Member.objects.create(
        name="Lena Left", email="lena@example.com", role=Member.Role.ACCOUNT_MANAGER, is_active=False
    )
    orphan = protected(scored("Orphan", owner=left), Protection.Level.HIGH)
    protected(scored("Raised", owner=None), Protection.Level.RAISED)
    spoke(orphan, head, days_ago=1)
    (action,) = proposed(snapshot)
    assert (action.account, action.member, action.figures["owner"]) == (orphan, head, "")
    orphan.owner = seller
    orphan.save()
    assert proposed(snapshot) == []


def test_where_nobody_records_talks_nothing_is_said_of_them(
    scored: Callable[..., Account], snapshot: Snapshot, seller: Member, head: Member
) -> None:
    protected(scored("Lonely", owner=seller), Protection.Level.HIGHEST)
    assert proposed(snapshot) == []


def test_what_a_level_asks_for_is_said_with_names(scored: Callable[..., Account], seller: Member, head: Member) -> None:
    highest = protected(scored("Highest", owner=seller), Protection.Level.HIGHEST)
    spoke(highest, head, days_ago=5)
    said: Any = care_sentences(highest, on=AS_OF)
    assert [one.split(" ")[0] for one in said] == ["A", "Its", "Sam", "Hedda"]
    assert "4 working hours" in said[1]
    assert "90 days" in said[3]
    basic = protected(scored("Basic", owner=seller), Protection.Level.BASIC)
    assert len(care_sentences(basic, on=AS_OF)) == 2
    assert care_sentences(Account.objects.create(name="None", owner=seller), on=AS_OF) == []
