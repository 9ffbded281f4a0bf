"""The sales plan: proposed, adjusted, accepted, held against what came; pay by it (A5, A6, C3)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from regulars.base.access import Forbidden
from regulars.base.models import Member, Team
from regulars.core.incentives import Kind
from regulars.facts.merges import merge_accounts
from regulars.facts.models import Account
from regulars.insight.models import Score
from regulars.insight.sales_results import account_results
from regulars.insight.snapshots import take_snapshot
from regulars.plan.incentives import (
    WrongScheme,
    end_scheme,
    put_in_force,
    remove_scheme,
    scheme_of,
    simulate,
    statement_of,
    visible_schemes,
    write_scheme,
)
from regulars.plan.models import CreditShare, IncentiveScheme, SalesPlan, Target
from regulars.plan.results import WrongShare, added, results_of_people, share_results
from regulars.plan.targets import (
    NoFigures,
    WrongPlan,
    accept_plan,
    months_passed,
    people_of_plan,
    plan_of,
    propose_plan,
    remove_plan,
    reopen_plan,
    set_targets,
    together,
    usual_beginning,
)
from written_history import write_history

pytestmark = pytest.mark.django_db
BEGINS = date(2024, 1, 1)
AS_OF = date(2024, 6, 30)


def line(account: int, day: date, net: int) -> dict[str, Any]:
    return {"account_id": account, "business_date": day, "net_base_minor": net}


@pytest.fixture
def seller(organisation: Any) -> Member:
    team = Team.objects.create(name="Growth")
    return Member.objects.create(email="sam@x.example", name="Sam", role=Member.Role.ACCOUNT_MANAGER, team=team)


@pytest.fixture
def other(organisation: Any) -> Member:
    return Member.objects.create(email="nia@x.example", name="Nia", role=Member.Role.NEW_BUSINESS_SELLER)


@pytest.fixture
def firm(seller: Member, other: Member) -> None:
    """Account 1 of the seller bought for years and grew; account 2 of the other is new; account 3 is nobody's."""
    lines = [line(1, date(year, month, 5), 10_000) for year in (2022, 2023) for month in range(1, 13)]
    lines += [line(1, date(2024, month, 5), 12_000) for month in range(1, 7)]
    lines += [line(2, date(2024, 3, 8), 50_000), line(2, date(2024, 5, 8), 20_001)]
    lines += [line(3, date(2023, 2, 1), 7_000), line(3, date(2024, 2, 1), 5_000)]
    write_history(lines)
    Account.objects.filter(pk=1).update(owner=seller)
    Account.objects.filter(pk=2).update(owner=other)
    take_snapshot(as_of=AS_OF)


def results() -> dict[int | None, dict[Kind, int]]:
    found = results_of_people(account_results(BEGINS, as_of=AS_OF))
    return {person: added(months) for person, months in found.by_person.items()}


def proposed(owner: Member, *, stretch_bps: int = 0) -> SalesPlan:
    return propose_plan(begins=BEGINS, stretch_bps=stretch_bps, as_of=AS_OF, member=owner)


def test_results_count_for_who_looks_after_the_account(firm: None, seller: Member, other: Member) -> None:
    assert results() == {
        seller.pk: {Kind.NEW: 0, Kind.KEPT: 60_000, Kind.GROWN: 12_000},
        other.pk: {Kind.NEW: 70_001, Kind.KEPT: 0, Kind.GROWN: 0},
        None: {Kind.NEW: 0, Kind.KEPT: 5_000, Kind.GROWN: 0},
    }


def test_shared_results_are_divided_to_the_unit(firm: None, seller: Member, other: Member, owner: Member) -> None:
    account = Account.objects.get(pk=2)
    share_results(account=account, person=seller, share_bps=5_000, member=owner)
    found = results()
    assert found[seller.pk][Kind.NEW] + found[other.pk][Kind.NEW] == 70_001
    assert found[seller.pk][Kind.NEW] in (35_000, 35_001)
    with pytest.raises(WrongShare):
        share_results(account=account, person=other, share_bps=5_001, member=owner)
    share_results(account=account, person=other, share_bps=2_000, member=owner)
    assert sum(one[Kind.NEW] for one in results().values()) == 70_001, "what is left is the owner's"
    share_results(account=account, person=seller, share_bps=0, member=owner)
    assert [one.member for one in CreditShare.objects.filter(account=account)] == [other]
    with pytest.raises(Forbidden):
        share_results(account=account, person=seller, share_bps=100, member=seller)


def test_shares_of_a_merged_account_never_give_away_more_than_there_is(
    firm: None, seller: Member, other: Member, owner: Member
) -> None:
    kept, merged = Account.objects.get(pk=2), Account.objects.get(pk=3)
    share_results(account=kept, person=seller, share_bps=6_000, member=owner)
    share_results(account=merged, person=owner, share_bps=7_000, member=owner)
    before = sum(sum(one.values()) for one in results().values())
    merge_accounts(kept=kept, merged=merged, member=owner)
    found = results()
    assert sum(sum(one.values()) for one in found.values()) == before
    assert owner.pk not in found, "what was agreed for the account that stays is in force"


def test_a_plan_is_proposed_for_everybody_from_what_is_expected(firm: None, seller: Member, owner: Member) -> None:
    plan = proposed(owner)
    mine = next(one for one in people_of_plan(plan, as_of=AS_OF, member=owner) if one.person == seller)
    year = added(mine.targets)
    score = Account.objects.get(pk=1).score
    expected = score.expected_value_365 if score.expected_value_365 is not None else score.sales_12m
    assert sum(year.values()) == pytest.approx(expected * 100, abs=2)
    assert year[Kind.KEPT] <= score.sales_12m * 100 + 1
    assert {one.person for one in people_of_plan(plan, as_of=AS_OF, member=owner)} >= {seller, None}
    stretched = proposed(owner, stretch_bps=1_000)
    assert stretched.pk == plan.pk
    more = next(one for one in people_of_plan(plan, as_of=AS_OF, member=owner) if one.person == seller)
    assert sum(added(more.targets).values()) == pytest.approx(sum(year.values()) * 1.1, abs=3)


def test_targets_are_set_by_hand_until_the_plan_is_accepted(firm: None, seller: Member, owner: Member) -> None:
    plan = proposed(owner)
    set_targets(plan=plan, person=seller, amounts_minor={Kind.GROWN: [100] * 12}, member=owner)
    mine = next(one for one in people_of_plan(plan, as_of=AS_OF, member=owner) if one.person == seller)
    assert added(mine.targets)[Kind.GROWN] == 1_200
    targets, came = mine.so_far(6)
    assert (targets[Kind.GROWN], came[Kind.GROWN]) == (600, 12_000)
    accept_plan(plan=plan, on=AS_OF, member=owner)
    for refused in (
        lambda: set_targets(plan=plan, person=seller, amounts_minor={Kind.GROWN: [1] * 12}, member=owner),
        lambda: proposed(owner),
        lambda: remove_plan(plan=plan, member=owner),
        lambda: accept_plan(plan=plan, on=AS_OF, member=owner),
    ):
        with pytest.raises(WrongPlan):
            refused()
    reopen_plan(plan=plan, member=owner)
    with pytest.raises(WrongPlan):
        set_targets(plan=plan, person=seller, amounts_minor={Kind.GROWN: [-1] * 12}, member=owner)
    remove_plan(plan=plan, member=owner)
    assert not Target.objects.exists()


def test_all_people_together_have_the_sales_of_the_firm(firm: None, owner: Member) -> None:
    plan = proposed(owner)
    whole = together(people_of_plan(plan, as_of=AS_OF, member=owner))
    assert sum(added(whole.came).values()) == 6 * 12_000 + 70_001 + 5_000


def test_sellers_see_their_own_targets_and_others_none(firm: None, seller: Member, owner: Member) -> None:
    plan = proposed(owner)
    assert [one.person for one in people_of_plan(plan, as_of=AS_OF, member=seller)] == [seller]
    for role in (Member.Role.SERVICE, Member.Role.MARKETER, Member.Role.ANALYST):
        colleague = Member.objects.create(email=f"{role}@x.example", name=role, role=role)
        assert people_of_plan(plan, as_of=AS_OF, member=colleague) == []
        assert not visible_schemes(colleague).exists()
        with pytest.raises(Forbidden):
            statement_of(colleague, plan=plan, as_of=AS_OF, member=colleague)
    with pytest.raises(Forbidden):
        proposed(seller)


def test_a_plan_needs_a_month_figures_and_a_likely_stretch(organisation: Any, owner: Member) -> None:
    Score.objects.all().delete()
    with pytest.raises(NoFigures):
        proposed(owner)
    with pytest.raises(WrongPlan):
        propose_plan(begins=date(2024, 1, 2), stretch_bps=0, as_of=AS_OF, member=owner)
    with pytest.raises(WrongPlan):
        proposed(owner, stretch_bps=9_000)


def test_a_year_begins_with_the_fiscal_year_and_counts_its_months(organisation: Any) -> None:
    organisation.fiscal_year_start = 4
    organisation.save()
    assert usual_beginning(date(2024, 3, 31)) == date(2023, 4, 1)
    assert usual_beginning(date(2024, 4, 1)) == date(2024, 4, 1)
    plan = SalesPlan.objects.create(begins=date(2023, 4, 1))
    assert plan_of(date(2024, 3, 31)) == plan
    assert plan_of(date(2024, 4, 1)) is None
    passed = [months_passed(plan, as_of=day) for day in (date(2023, 3, 31), date(2023, 4, 1), date(2025, 1, 1))]
    assert passed == [0, 1, 12]


# Pay


def written(owner: Member, **fields: Any) -> IncentiveScheme:
    terms: dict[str, Any] = {"name": "Growth first", "new_bps": 500, "kept_bps": 100, "grown_bps": 300, **fields}
    return write_scheme(member=owner, **terms)


def test_the_simulator_tells_what_everybody_would_have_earned(
    firm: None, seller: Member, other: Member, owner: Member
) -> None:
    found = simulate(written(owner, base_minor=1_000), as_of=date(2025, 1, 15), member=owner)
    assert (found.begins, found.until) == (BEGINS, date(2024, 12, 31))
    earned = {one.person: one.earned for one in found.people}
    assert earned[seller].by_kind == {Kind.NEW: 0, Kind.KEPT: 720, Kind.GROWN: 0}, "less than last year"
    assert earned[other].by_kind[Kind.NEW] == 3_500
    assert (found.fixed_minor, found.total_minor) == (24_000, 24_000 + 720 + 3_500)
    with pytest.raises(Forbidden):
        simulate(found.scheme, as_of=AS_OF, member=seller)


def test_a_statement_tells_month_by_month_what_is_paid(firm: None, seller: Member, owner: Member) -> None:
    plan = proposed(owner)
    assert statement_of(seller, plan=plan, as_of=AS_OF, member=seller) is None
    put_in_force(scheme=written(owner), on=BEGINS, member=owner)
    found = statement_of(seller, plan=plan, as_of=AS_OF, member=seller)
    assert found is not None
    assert [one.paid_minor for one in found.months] == [160] * 6  # 1 % of 100.00 kept, 3 % of 20.00 grown
    assert found.so_far.total_minor == 960
    assert found.months[0].target_minor is None, "a draft agrees on nothing"
    plan = accept_plan(plan=plan, on=AS_OF, member=owner)
    again = statement_of(seller, plan=plan, as_of=AS_OF, member=owner)
    assert again is not None
    assert again.months[0].target_minor is not None


def test_each_month_is_paid_by_the_scheme_that_was_in_force_in_it(firm: None, seller: Member, owner: Member) -> None:
    plan = proposed(owner)
    first = put_in_force(scheme=written(owner, base_minor=1_000), on=date(2024, 2, 1), member=owner)
    second = put_in_force(scheme=written(owner, name="New", kept_bps=1_000), on=date(2024, 4, 10), member=owner)
    end_scheme(scheme=second, on=date(2024, 5, 15), member=owner)
    found = statement_of(seller, plan=plan, as_of=AS_OF, member=seller)
    assert found is not None
    assert found.scheme == second
    assert [one.paid_minor for one in found.months] == [0, 1_160, 1_160, 1_060, 1_060, 0]
    assert found.so_far.total_minor == sum(one.paid_minor for one in found.months)
    later = statement_of(seller, plan=plan, as_of=date(2025, 3, 1), member=seller)
    assert later is not None, "what a year has earned stays known"
    assert [one.paid_minor for one in later.months][:6] == [one.paid_minor for one in found.months]
    assert first.begins == date(2024, 2, 1)


def test_the_target_is_one_of_sales_also_where_margin_is_paid(organisation: Any, seller: Member, owner: Member) -> None:
    lines = [line(1, date(year, month, 5), 10_000) for year in (2022, 2023) for month in range(1, 13)]
    lines += [line(1, date(2024, month, 5), 10_000) for month in range(1, 7)]
    write_history([{**one, "cost_base_minor": 7_000} for one in lines])
    Account.objects.filter(pk=1).update(owner=seller)
    take_snapshot(as_of=AS_OF)
    plan = propose_plan(begins=BEGINS, stretch_bps=0, as_of=AS_OF, member=owner)
    nothing = [0] * 12
    amounts = {Kind.NEW: nothing, Kind.KEPT: [10_000] * 12, Kind.GROWN: nothing}
    set_targets(plan=plan, person=seller, amounts_minor=amounts, member=owner)
    accept_plan(plan=plan, on=AS_OF, member=owner)
    scheme = written(owner, measure="margin", kept_bps=1_000, threshold_bps=9_000)
    put_in_force(scheme=scheme, on=BEGINS, member=owner)
    found = statement_of(seller, plan=plan, as_of=AS_OF, member=seller)
    assert found is not None
    assert not found.so_far.below_threshold, "who sells what was agreed has reached the target"
    assert [one.paid_minor for one in found.months] == [300] * 6
    simulated = simulate(scheme, as_of=date(2025, 1, 15), member=owner).people
    (mine,) = [one for one in simulated if one.person == seller]
    assert mine.earned.below_threshold, "half of the year's target was sold"


def test_what_is_in_force_is_never_changed_only_followed_by_another(organisation: Any, owner: Member) -> None:
    first = put_in_force(scheme=written(owner), on=BEGINS, member=owner)
    with pytest.raises(WrongScheme):
        write_scheme(scheme=first, member=owner, name="Other")
    with pytest.raises(WrongScheme):
        remove_scheme(scheme=first, member=owner)
    with pytest.raises(WrongScheme):
        put_in_force(scheme=written(owner, name="Same day"), on=BEGINS, member=owner)
    second = put_in_force(scheme=written(owner, name="New"), on=date(2024, 4, 1), member=owner)
    assert [scheme_of(day) for day in (date(2024, 3, 31), date(2024, 4, 1))] == [first, second]
    end_scheme(scheme=second, on=date(2024, 5, 31), member=owner)
    assert scheme_of(date(2024, 6, 1)) is None


@pytest.mark.parametrize(
    "wrong",
    [{"name": " "}, {"measure": "hours"}, {"new_bps": 6_000}, {"threshold_bps": 10_001}, {"cap_minor": -1}],
)
def test_an_unlikely_scheme_is_refused(organisation: Any, owner: Member, wrong: dict[str, Any]) -> None:
    with pytest.raises(WrongScheme) as refusal:
        written(owner, **wrong)
    assert refusal.value.way_out
    assert not IncentiveScheme.objects.exists()
