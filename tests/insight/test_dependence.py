"""On whom the firm depends, from its own figures and from what it says of itself (mission E14)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from regulars.base.access import Forbidden
from regulars.base.audit import history_of
from regulars.base.models import Member
from regulars.base.organisation import change_thresholds
from regulars.core.dependence import Goal, Level
from regulars.facts.merges import merge_accounts
from regulars.facts.models import Account
from regulars.insight.dependence import NotKnown, dependence, what_if
from regulars.insight.dependence_sentences import departure_told, level_told, rests_on
from regulars.insight.dependence_terms import (
    Tier,
    WrongTerms,
    assumptions,
    record_supplier,
    remove_supplier,
    set_assumptions,
    set_elasticity,
)
from regulars.insight.models import AccountElasticity, Score, Snapshot, SupplierTerms

pytestmark = pytest.mark.django_db


@pytest.fixture
def sold(organisation: Any) -> Callable[..., Account]:
    """Make an account with sales, and a margin of 40 % where nothing else is said."""
    snapshot = Snapshot.objects.create(
        as_of=date(2024, 12, 9), history_version=0, scores_version=0, currency="EUR", basis="", current=True
    )

    def make(name: str, sales: float, *, margin: float | None = 0.4, parent: Account | None = None) -> Account:
        account = Account.objects.create(name=name, parent=parent)
        plain: dict[str, Any] = {"order_days": 9, "sales_previous_12m": 0.0, "sales_total": sales, "orders_12m": 9}
        plain |= {"products_12m": 1, "categories_12m": 1, "buyer": "regular"}
        known = {"margin_12m": None, "cost_known": 0.0} if margin is None else {"margin_12m": sales * margin}
        Score.objects.create(
            account=account, snapshot=snapshot, sales_12m=sales, **{"cost_known": 1.0, **plain, **known}
        )
        return account

    return make


def test_groups_count_as_one_and_the_largest_come_first(sold: Callable[..., Account]) -> None:
    """E14."""
    head = sold("Head", 250)
    sold("Daughter", 200, parent=head)
    sold("Second", 400)
    sold("Third", 150)
    found = dependence(member=None)
    assert found is not None
    assert [one.account for one in found.largest[:1]] == [head.pk]
    assert found.largest[0].share == pytest.approx(0.45)
    assert [one.level for one in found.largest] == [Level.ALARM, Level.WIDEN_SOON, Level.NONE]
    assert found.customers == 3
    assert found.largest_three == pytest.approx(1.0)
    assert "45" in level_told(found)
    change_thresholds(values={"alarm_share": 0.45, "critical_share": 0.46}, member=None)
    again = dependence(member=None)
    assert again is not None
    assert again.level == Level.WIDEN_SOON


def test_a_sole_customer_is_said_to_be_one(sold: Callable[..., Account]) -> None:
    sold("Only", 250)
    found = dependence(member=None)
    assert found is not None
    assert found.level == Level.SOLE
    assert "only one customer" in level_told(found)


def test_without_figures_there_is_nothing_to_say(organisation: Any, owner: Member) -> None:
    assert dependence(member=owner) is None
    with pytest.raises(NotKnown):
        what_if(Account.objects.create(name="A"), member=owner)


def test_who_sees_a_part_of_the_firm_or_no_costs_is_refused(sold: Callable[..., Account], organisation: Any) -> None:
    account = sold("A", 100)
    seller, service = (
        Member.objects.create(email=f"{role}@firm.example", name=role, role=role)
        for role in ("account_manager", "service")
    )
    with pytest.raises(Forbidden):
        dependence(member=seller)
    assert dependence(member=service) is not None
    with pytest.raises(Forbidden):
        what_if(account, member=service)


def test_what_if_uses_what_the_firm_says(sold: Callable[..., Account]) -> None:
    """E14: margin 40 % of 1000, fixed costs 350; the largest buys 400."""
    large, second = sold("Large", 400), sold("Second", 300)
    sold("Others", 300)
    plain = what_if(large, member=None)
    assert (plain.departure.goal, plain.departure.uncovered) == (Goal.KEEP_PROFIT, None)
    set_assumptions(fixed_costs_minor=35_000, margin_share=None, elasticity=0.0, member=None)
    found = what_if(large, member=None)
    assert found.departure.goal == Goal.COVER_COSTS
    assert found.departure.uncovered == pytest.approx(110)
    assert [one.price for one in found.departure.rounds] == [pytest.approx(110 / 600)]
    assert what_if(large, member=None, goal=Goal.KEEP_PROFIT).departure.price == pytest.approx(160 / 600)

    set_elasticity(account=second, elasticity=3.0, member=None, reason="They said so")
    nervous = what_if(large, member=None)
    assert nervous.departure.next_to_leave[0][0] == second.pk
    assert nervous.departure.price > found.departure.price
    supplier = record_supplier(name="Paper", share=1.0, tiers=[Tier(from_minor=50_000, discount_bps=1000)], member=None)
    assert what_if(large, member=None).departure.discounts_lost == pytest.approx(40)
    told = " ".join(departure_told(what_if(large, member=None)))
    assert "40" in told
    assert "110" not in told
    assert any("entered" in one for one in rests_on(nervous))
    remove_supplier(supplier=supplier, member=None)
    set_elasticity(account=second, elasticity=None, member=None)
    assert what_if(large, member=None).departure == found.departure


def test_where_no_cost_is_known_the_usual_margin_must_be_entered(sold: Callable[..., Account]) -> None:
    large = sold("Large", 400, margin=None)
    sold("Second", 300, margin=None)
    with pytest.raises(NotKnown, match="no costs"):
        what_if(large, member=None)
    set_assumptions(fixed_costs_minor=None, margin_share=0.25, elasticity=None, member=None)
    found = what_if(large, member=None)
    assert found.departure.margin_lost == pytest.approx(100)
    assert found.margin_is_entered


def test_a_subsidiary_leaves_with_its_group_and_a_merged_account_hands_on_what_was_said(
    sold: Callable[..., Account],
) -> None:
    head = sold("Head", 100)
    daughter = sold("Daughter", 50, parent=head)
    other, twin = sold("Other", 300), sold("Twin", 30)
    set_elasticity(account=twin, elasticity=2.5, member=None)
    assert what_if(daughter, member=None).departure.sales_lost == pytest.approx(150)
    merge_accounts(kept=other, merged=twin, member=None)
    found = what_if(head, member=None)
    assert found.elasticities == 1
    assert found.departure.next_to_leave[0][0] == other.pk


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"share": 0.0},
        {"share": 0.8},
        {"tiers": []},
        {"tiers": [Tier(from_minor=1, discount_bps=0)]},
        {"tiers": [Tier(from_minor=1, discount_bps=500), Tier(from_minor=2, discount_bps=400)]},
        {"name": "paper"},
    ],
)
def test_suppliers_that_cannot_be_are_refused(organisation: Any, wrong: dict[str, Any]) -> None:
    fine: dict[str, Any] = {"name": "Ink", "share": 0.5, "tiers": [Tier(from_minor=1, discount_bps=500)]}
    record_supplier(**(fine | {"name": "Paper", "share": 0.4}), member=None)
    with pytest.raises(WrongTerms):
        record_supplier(**(fine | wrong), member=None)
    assert SupplierTerms.objects.count() == 1


def test_only_who_configures_says_what_the_firm_is_like_and_it_is_noted(owner: Member) -> None:
    seller = Member.objects.create(email="s@firm.example", name="S", role="account_manager")
    with pytest.raises(Forbidden):
        set_assumptions(fixed_costs_minor=1, margin_share=None, elasticity=None, member=seller)
    for wrong in ({"fixed_costs_minor": -1}, {"margin_share": 1.0}, {"elasticity": -0.1}):
        fine = {"fixed_costs_minor": None, "margin_share": None, "elasticity": None}
        with pytest.raises(WrongTerms):
            set_assumptions(**(fine | wrong), member=owner)
    said = set_assumptions(fixed_costs_minor=5, margin_share=0.3, elasticity=1.5, member=owner)
    assert assumptions() == said
    entry = history_of(said).first()
    assert entry is not None
    assert (entry.verb, entry.member) == ("set_dependence_assumptions", owner)
    mine = Account.objects.create(name="Mine", owner=seller)
    set_elasticity(account=mine, elasticity=2.0, member=seller)
    with pytest.raises(WrongTerms):
        set_elasticity(account=mine, elasticity=21.0, member=seller)
    assert AccountElasticity.objects.get().elasticity == 2.0
