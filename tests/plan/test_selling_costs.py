"""What winning a customer costs against keeping one: talks, hours, amounts, and what both brought (mission E17)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from regulars.base.access import Forbidden
from regulars.base.models import AuditEntry, Member
from regulars.base.organisation import change_thresholds
from regulars.facts.interactions import record_interaction
from regulars.facts.models import Account, Lead, LeadStep
from regulars.insight.snapshots import take_snapshot
from regulars.plan.models import Bonus, GivenBonus, SellingCost, WorkingHours
from regulars.plan.selling_costs import CostOfKeeping, WrongCost, cost_of_keeping, note_cost, remove_cost
from written_history import write_history

pytestmark = pytest.mark.django_db
AS_OF = date(2024, 6, 30)
BEGINS = date(2023, 7, 1)


def line(account: int, day: date, net: int, cost: int | None = None) -> dict[str, Any]:
    return {"account_id": account, "business_date": day, "net_base_minor": net, "cost_base_minor": cost}


@pytest.fixture
def seller(owner: Member) -> Member:
    return Member.objects.create(email="sam@x.example", name="Sam", role="account_manager")


@pytest.fixture
def firm(organisation: Any, seller: Member) -> None:
    """Account 1 bought for years, 2 was won in March, 3 left before the months, 4 never bought."""
    lines = [line(1, date(2022, 1, 5), 10_000, 6_000), line(1, date(2024, 2, 5), 300_000, 200_000)]
    lines += [line(2, date(2024, 3, 8), 50_000, 40_000), line(2, date(2024, 5, 8), 20_000, 10_000)]
    lines += [line(3, date(2022, 2, 1), 7_000, 1_000)]
    write_history(lines)
    Account.objects.create(pk=4, name="Never")
    Account.objects.update(owner=seller)
    take_snapshot(as_of=AS_OF)


def talk(account: int, kind: str, on: date, member: Member | None) -> None:
    record_interaction(account=Account.objects.get(pk=account), kind=kind, on=on, member=member)


def noted(owner: Member, aim: str = "winning", amount_minor: int = 10_000, **said: Any) -> SellingCost:
    given: dict[str, Any] = {"on": AS_OF, "today": AS_OF, "text": "Spring fair"}
    return note_cost(aim=aim, amount_minor=amount_minor, member=owner, **given | said)


def found(owner: Member, *, years_back: int = 0) -> CostOfKeeping:
    return cost_of_keeping(as_of=AS_OF, years_back=years_back, member=owner)


def test_customers_won_and_kept_with_what_they_brought(firm: None, owner: Member) -> None:
    """E17."""
    told = found(owner)
    assert (told.begins, told.ends) == (BEGINS, AS_OF)
    assert (told.winning.customers, told.winning.sales, told.winning.margin) == (1, 700.0, 200.0)
    assert (told.keeping.customers, told.keeping.sales, told.keeping.margin) == (1, 3_000.0, 1_000.0)
    assert told.costed == 1.0


def test_talks_up_to_the_first_order_are_winning_and_later_ones_keeping(
    firm: None, owner: Member, seller: Member
) -> None:
    """E17."""
    talk(2, "visit", date(2024, 3, 8), seller)
    talk(4, "call", date(2024, 4, 1), seller)
    talk(2, "visit", date(2024, 3, 9), seller)
    talk(1, "meeting", BEGINS, seller)
    told = found(owner)
    assert told.winning.talks == {"visit": 1, "call": 1}
    assert told.keeping.talks == {"visit": 1, "meeting": 1}
    assert told.winning.hours == pytest.approx(3.25)
    assert told.keeping.hours == pytest.approx(4.5)
    assert told.winning.time_cost == pytest.approx(3.25 * 40)


def test_notes_what_the_machine_sent_and_other_months_take_nobodys_time(
    firm: None, owner: Member, seller: Member
) -> None:
    talk(1, "note", AS_OF, seller)
    talk(1, "mail", AS_OF, None)
    talk(1, "call", BEGINS - timedelta(days=1), seller)
    told = found(owner)
    assert told.keeping.hours == told.winning.hours == 0.0
    assert told.keeping.cost_each is None
    assert told.keeping.sales_per_cost is None
    assert found(owner, years_back=1).keeping.talks == {"call": 1}


def test_getting_in_touch_with_leads_is_winning(firm: None, owner: Member, seller: Member) -> None:
    at = datetime(2024, 6, 30, 10, 0, tzinfo=UTC)
    lead = Lead.objects.create(name="Alpine", owner=seller, channel="hand", came_at=at)
    LeadStep.objects.create(lead=lead, kind="contacted", at=at, member=seller)
    LeadStep.objects.create(lead=lead, kind="contacted", at=at, member=seller, taken_back_at=at)
    LeadStep.objects.create(lead=lead, kind="noted", at=at, member=seller)
    told = found(owner).winning
    assert (told.lead_contacts, told.hours) == (1, 0.25)


def test_amounts_and_bonuses_make_the_cost_of_a_customer(firm: None, owner: Member) -> None:
    """E17."""
    noted(owner, amount_minor=14_000)
    noted(owner, "keeping", amount_minor=5_000)
    noted(owner, on=BEGINS - timedelta(days=1), amount_minor=99_000)
    bonus = Bonus.objects.create(name="Dinner", cost_minor=1)
    account = Account.objects.get(pk=1)
    GivenBonus.objects.create(bonus=bonus, account=account, on=AS_OF, cost_minor=2_500)
    GivenBonus.objects.create(
        bonus=bonus, account=account, on=AS_OF, cost_minor=9_999, taken_back_at=datetime(2024, 6, 30, tzinfo=UTC)
    )
    told = found(owner)
    assert (told.winning.cost_each, told.keeping.cost_each) == (140.0, 75.0)
    assert (told.winning.sales_per_cost, told.keeping.sales_per_cost) == (5.0, 40.0)
    assert told.winning.margin_per_cost == pytest.approx(200 / 140)


def test_a_margin_is_told_only_where_most_costs_are_known(organisation: Any, owner: Member) -> None:
    """E17: unknown is unknown."""
    write_history([line(1, date(2024, 2, 5), 100_000), line(2, date(2024, 3, 8), 100_000, 40_000)])
    take_snapshot(as_of=AS_OF)
    told = found(owner)
    assert told.winning.margin is None
    assert told.winning.margin_per_cost is None
    assert told.costed == pytest.approx(0.5)


def test_what_an_hour_costs_is_an_assumption_until_the_firm_says_it(firm: None, owner: Member, seller: Member) -> None:
    talk(1, "visit", AS_OF, seller)
    assert not found(owner).hour_costs_said
    assert found(owner).hours_planned is None
    change_thresholds(member=owner, values={"hour_costs": 60, "visit_hours": 2})
    WorkingHours.objects.create(member=seller, hours_a_month=100)
    told = found(owner)
    assert (told.hour_costs_said, told.keeping.time_cost, told.hours_planned) == (True, 120.0, 1200.0)


def test_in_the_first_year_of_a_history_everybody_looks_won(firm: None, owner: Member) -> None:
    """E17: unknown is unknown."""
    assert not found(owner).everybody_looks_won
    assert found(owner, years_back=1).everybody_looks_won


@pytest.mark.parametrize(
    "said",
    [{"aim": "fun"}, {"text": " "}, {"amount_minor": 0}, {"amount_minor": -5}, {"on": AS_OF + timedelta(days=1)}],
)
def test_an_unlikely_amount_is_refused(said: dict[str, Any], organisation: Any, owner: Member) -> None:
    with pytest.raises(WrongCost):
        noted(owner, **said)


def test_what_was_removed_stands_in_the_trail(organisation: Any, owner: Member) -> None:
    remove_cost(cost=noted(owner), member=owner)
    assert not SellingCost.objects.exists()
    assert AuditEntry.objects.get(verb="remove_cost").before["text"] == "Spring fair"


def test_who_sees_no_pay_sees_no_costs_either(firm: None, seller: Member) -> None:
    for refused in (lambda: found(seller), lambda: noted(seller)):
        with pytest.raises(Forbidden):
            refused()
