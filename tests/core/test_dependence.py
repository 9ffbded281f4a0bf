"""How much a firm depends on few customers, and what follows if one leaves (mission E14)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.core.dependence import (
    MOST_PRICE,
    STEP,
    Customers,
    Goal,
    Level,
    Lever,
    Limits,
    Supplier,
    bill_of,
    departure,
    heads_of,
    herfindahl,
    largest_shares,
    level_of,
    rolled_up,
)

BULK = Supplier(name="Paper", share=0.5, tiers=((100.0, 0.05), (300.0, 0.10)))


def customers(sales: list[float], *, goods: float = 0.6, elasticity: float | list[float] = 1.0) -> Customers:
    amounts = np.array(sales, float)
    return Customers(
        keys=np.arange(amounts.size),
        sales=amounts,
        goods=amounts * goods,
        elasticity=np.broadcast_to(np.array(elasticity, float), amounts.shape).copy(),
        entered=np.zeros(amounts.size, bool),
    )


# Shares


@pytest.mark.parametrize(
    ("share", "level"),
    [
        (None, Level.NONE),
        (0.19, Level.NONE),
        (0.20, Level.WIDEN),
        (0.30, Level.WIDEN_SOON),
        (0.40, Level.WIDEN_SOON),
        (0.41, Level.ALARM),
        (0.50, Level.ALARM),
        (0.51, Level.CRITICAL),
    ],
)
def test_levels_begin_where_the_mission_says(share: float | None, level: Level) -> None:
    """E14: from 20-30 % widen the base, over 40 % alarm, over 50 % critical."""
    assert level_of(share, Limits(), customers=10) == level


def test_a_sole_customer_is_a_level_of_its_own() -> None:
    assert level_of(1.0, Limits(), customers=1) == Level.SOLE
    assert level_of(0.0, Limits(), customers=1) == Level.NONE


def test_what_belongs_to_a_group_counts_with_its_head() -> None:
    heads = heads_of(np.array([1, 2, 3, 4]), {2: 1, 4: 3})
    once, (sales, margin) = rolled_up(heads, np.array([10.0, 5.0, 1.0, 2.0]), np.ones(4))
    assert (once.tolist(), sales.tolist(), margin.tolist()) == ([1, 3], [15.0, 3.0], [2.0, 2.0])


def test_concentration_of_equal_customers_and_of_a_sole_one() -> None:
    assert herfindahl(np.ones(4)) == pytest.approx(0.25)
    assert herfindahl(np.array([7.0])) == 1.0
    assert herfindahl(np.array([])) == 0.0
    assert largest_shares(np.array([1.0, 5.0, 2.0, 2.0])) == pytest.approx([0.5, 0.9, 1.0])
    assert largest_shares(np.array([-1.0, 0.0])) == [0.0, 0.0, 0.0]


# What a firm buys


def test_discounts_are_lost_with_the_volume_they_were_given_for() -> None:
    """Paid 380: half with discounts. 190 paid is 200 at list prices in the first tier, and 100 of it keeps the tier."""
    bill = bill_of(380.0, [BULK])
    assert BULK.list_volume(190.0) == pytest.approx(200.0)
    assert bill(np.array([380.0, 190.0, 95.0])) == pytest.approx([380.0, 190.0, 47.5 + 50.0])


@given(st.floats(1, 1e6), st.floats(0, 1), st.floats(0, 1))
def test_more_goods_with_the_same_discounts_never_make_a_piece_dearer(goods: float, one: float, other: float) -> None:
    less, more = sorted((max(one, 1e-6), max(other, 1e-6)))
    bill = bill_of(goods, [BULK])
    parts = np.array([less, more]) * goods
    a_piece = bill(parts) / parts
    assert a_piece[1] <= a_piece[0] * (1 + 1e-9)
    assert bill(np.array([goods]))[0] == pytest.approx(goods)


# What if it leaves


def test_a_calculation_by_hand() -> None:
    """Sales 1000, goods 600, fixed costs 350. The largest (400) goes: margin 240, so 110 are missing of 600 sales."""
    found = departure(customers([400, 300, 200, 100], elasticity=0.0), 0, fixed_costs=350.0, goal=Goal.COVER_COSTS)
    assert found.margin_lost == pytest.approx(160)
    assert found.uncovered == pytest.approx(110)
    (only,) = found.rounds
    assert only.missing == pytest.approx(110)
    assert only.price == pytest.approx(110 / 600)
    assert (found.settles, found.left, found.chance_to_fail) == (True, 0.0, 0.0)
    by_lever = {one.lever: one for one in found.softeners}
    assert by_lever[Lever.COSTS].amount == pytest.approx(110)
    assert by_lever[Lever.SALES].amount == pytest.approx(110 / 0.4)
    assert by_lever[Lever.BUYING].amount == pytest.approx(110 / 360)
    for one in found.softeners:
        assert one.price_with_half == pytest.approx(55 / 600, rel=0.2)


def test_to_keep_the_profit_fixed_costs_need_not_be_known() -> None:
    found = departure(customers([400, 300, 300], elasticity=0.0), 0, fixed_costs=None, goal=Goal.KEEP_PROFIT)
    assert found.rounds[0].missing == pytest.approx(160)
    assert found.uncovered is None


def test_where_costs_stay_covered_no_price_rises() -> None:
    found = departure(customers([100, 300, 300]), 0, fixed_costs=200.0, goal=Goal.COVER_COSTS)
    assert (found.rounds, found.softeners, found.left, found.settles) == ([], [], 0.0, True)


def test_a_firm_that_makes_a_loss_today_needs_no_more_than_it_has() -> None:
    found = departure(customers([0.0, 300, 300]), 0, fixed_costs=1000.0, goal=Goal.COVER_COSTS)
    assert found.rounds == []


def test_without_its_sole_customer_a_firm_cannot_cover_its_costs() -> None:
    found = departure(customers([500.0]), 0, fixed_costs=100.0, goal=Goal.COVER_COSTS)
    assert (found.settles, found.chance_to_fail, found.rounds[-1].price) == (False, 1.0, MOST_PRICE)


def test_who_is_said_to_bear_no_rise_is_named_first() -> None:
    found = departure(
        customers([400, 200, 200, 200], elasticity=[0, 0.2, 6.0, 0.2]), 0, fixed_costs=300.0, goal=Goal.COVER_COSTS
    )
    assert found.next_to_leave[0][0] == 2
    assert len(found.rounds) > 1


def test_lost_discounts_raise_what_is_missing() -> None:
    plain = {"fixed_costs": 350.0, "goal": Goal.COVER_COSTS}
    firm = customers([400, 300, 200, 100])
    without = departure(firm, 0, **plain)  # type: ignore[arg-type]
    tiers = Supplier(name="Paper", share=1.0, tiers=((500.0, 0.10),))
    found = departure(firm, 0, suppliers=[tiers], **plain)  # type: ignore[arg-type]
    assert found.discounts_lost == pytest.approx(600 / 0.9 * 0.6 * 0.1)
    assert found.rounds[0].missing == pytest.approx(without.rounds[0].missing + found.discounts_lost)


firms = st.lists(st.floats(1.0, 1000.0), min_size=2, max_size=12)
shares = st.floats(0.0, 1.0)


@settings(max_examples=60, deadline=None)
@given(firms, shares, st.floats(0.0, 4.0), st.floats(0.0, 4.0))
def test_the_more_customers_mind_prices_the_worse_it_gets(sales: list[float], fixed: float, a: float, b: float) -> None:
    """Whatever the firm: it ends, sums are conserved, prices only rise, and bounds are in sequence."""
    firm = customers(sales)
    costs = fixed * float((firm.sales - firm.goods).sum())
    calm, nervous = (_left(sales, costs, one) for one in sorted((a, b)))
    assert nervous.price >= calm.price - 2 * STEP
    assert nervous.settles <= calm.settles
    for found in (calm, nervous):
        assert found.left_low <= found.left_high <= len(sales) - 1
        prices = [one.price for one in found.rounds]
        assert prices == sorted(prices)
        assert all(price <= MOST_PRICE for price in prices)
        if found.rounds:
            last = found.rounds[-1]
            assert last.sales + found.sales_left + found.sales_lost == pytest.approx(sum(sales))
            assert sum(one.sales_leaving for one in found.rounds) == pytest.approx(found.sales_left)
            assert sum(one.leaving for one in found.rounds) == pytest.approx(found.left)


def _left(sales: list[float], costs: float, elasticity: float) -> Any:
    return departure(customers(sales, elasticity=elasticity), 0, fixed_costs=costs, goal=Goal.COVER_COSTS)


@settings(max_examples=40, deadline=None)
@given(firms, shares)
def test_where_nobody_minds_prices_it_ends_after_one_round(sales: list[float], fixed: float) -> None:
    found = departure(customers(sales, elasticity=0.0), 0, fixed_costs=fixed * 0.4 * sum(sales), goal=Goal.COVER_COSTS)
    assert len(found.rounds) <= 1
    assert (found.left, found.sales_left) == (0.0, 0.0)


def test_a_large_firm_is_followed_quickly_and_small_customers_count_in_proportion() -> None:
    rng = np.random.default_rng(3)
    sales = np.append(60_000.0, rng.lognormal(1.0, 1.0, 20_000))
    found = departure(customers(sales.tolist(), elasticity=0.8), 0, fixed_costs=45_000.0, goal=Goal.COVER_COSTS)
    assert found.left_low <= found.left <= found.left_high
    assert found.rounds
