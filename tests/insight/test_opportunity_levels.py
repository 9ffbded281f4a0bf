"""Opportunity levels of a whole firm, from its orders and from what somebody knows of a wallet (mission B4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from regulars.base.models import Member
from regulars.facts.models import Account
from regulars.facts.wallet_estimates import estimate_wallet
from regulars.insight.models import OpportunityLevel, Score
from regulars.insight.opportunity_level_sentences import opportunity_sentences, why_in_short
from regulars.insight.opportunity_levels import level_all
from regulars.insight.snapshots import take_snapshot
from regulars.insight.thresholds import level_rules

pytestmark = pytest.mark.django_db
DAY = date(2024, 12, 9)
Level = OpportunityLevel.Level


def sold(account: int, groups: int, each_minor: int, *, named: bool = True) -> list[dict[str, Any]]:
    """One order with a line of each group."""
    return [
        {"account_id": account, "business_date": DAY - timedelta(days=30), "net_base_minor": each_minor}
        | {"product": f"P{group}", "category": f"G{group}" if named else None}
        | {"order_id": str(account), "line_no": str(group)}
        for group in range(groups)
    ]


@pytest.fixture
def firm(write_history: Callable[..., int], organisation: Any) -> list[Account]:
    """Thirty customers. The last and largest: one bought everything, one a single thing; the first is small."""
    accounts = [Account.objects.create(name=f"Firm {number}") for number in range(30)]
    lines: list[dict[str, Any]] = []
    for place, one in enumerate(accounts[:28]):
        lines += sold(one.pk, 1 + place % 8, 10_000 * (place + 1) // (1 + place % 8))
    lines += sold(accounts[28].pk, 10, 100_000) + sold(accounts[29].pk, 1, 900_000)
    write_history(lines)
    take_snapshot(as_of=DAY)
    return accounts


def levels() -> dict[str, OpportunityLevel]:
    return {one.account.name: one for one in OpportunityLevel.objects.select_related("account")}


def test_a_large_customer_with_one_thing_is_high_with_everything_low_and_a_small_one_low(firm: list[Account]) -> None:
    assert level_all(on=DAY) == 30
    found = levels()
    assert found["Firm 29"].level == Level.HIGH
    assert found["Firm 28"].level == Level.LOW
    assert found["Firm 0"].level == Level.LOW
    assert (found["Firm 29"].counted, found["Firm 29"].owned, found["Firm 28"].room) == ("category", 1, 0.0)
    assert found["Firm 29"].due_again is None  # that was never computed, so nobody knows


def test_every_level_says_from_what_it_follows(firm: list[Account], organisation: Any) -> None:
    level_all(on=DAY)
    high = levels()["Firm 29"]
    told = " ".join(one.text for one in opportunity_sentences(high, currency="EUR", rules=level_rules(organisation)))
    assert "Its means are ample" in told
    assert "from 1 product group" in told
    assert "is open" in told
    assert "ample means" in why_in_short(high)


def test_a_wallet_that_somebody_knows_counts_more_than_what_others_of_its_size_buy(
    firm: list[Account], owner: Member
) -> None:
    small = firm[0]
    estimate_wallet(account=small, yearly=Decimal(50_000), source="Its report", estimated_on=DAY, on=DAY, member=owner)
    level_all(on=DAY)
    found = levels()["Firm 0"]
    assert (found.level, found.means, found.wallet_year) == (Level.HIGH, OpportunityLevel.Means.MUCH, 50_000)
    assert found.room == pytest.approx(1 - (found.sales_year or 0.0) / 50_000)


def test_what_others_get_of_a_wallet_is_told_from_the_last_year(firm: list[Account], owner: Member) -> None:
    left = firm[20]
    estimate_wallet(account=left, yearly=Decimal(1_000), source="Its report", estimated_on=DAY, on=DAY, member=owner)
    Score.objects.filter(account=left).update(sales_12m=0.0, sales_previous_12m=1_000.0)
    level_all(on=DAY)
    found = levels()["Firm 20"]
    assert (found.sales_year, found.room) == (1_000.0, 1.0), "it bought all here once, and nothing this year"


def test_without_product_groups_products_are_counted(write_history: Callable[..., int], organisation: Any) -> None:
    accounts = [Account.objects.create(name=f"Firm {number}") for number in range(12)]
    write_history([line for place, one in enumerate(accounts) for line in sold(one.pk, 1 + place, 10_000, named=False)])
    take_snapshot(as_of=DAY)
    level_all(on=DAY)
    assert {one.counted for one in levels().values()} == {"product"}
    assert levels()["Firm 11"].owned == 12


def test_since_when_is_said_once_a_level_changed(firm: list[Account]) -> None:
    level_all(on=DAY)
    assert levels()["Firm 29"].since is None
    OpportunityLevel.objects.filter(account=firm[29]).update(level=Level.LOW)
    later = DAY + timedelta(days=1)
    level_all(on=later)
    assert levels()["Firm 29"].since == later
    level_all(on=later + timedelta(days=1))
    assert levels()["Firm 29"].since == later


def test_who_never_bought_has_no_level(firm: list[Account]) -> None:
    Score.objects.all().delete()
    assert level_all(on=DAY) == 0
    assert levels() == {}
