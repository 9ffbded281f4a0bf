"""What an investment costs, brings, and when it has paid for itself (mission A2)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from regulars.core.payback import Way, extra_payback_months


def way(once: int, yearly: int, benefit: int | None) -> Way:
    return Way(cost_once_minor=once, cost_yearly_minor=yearly, benefit_yearly_minor=benefit)


def test_costs_benefits_and_gain_add_up_over_the_years() -> None:
    pump = way(120_000, 10_000, 70_000)
    assert (pump.cost_minor(3), pump.benefit_minor(3), pump.gain_minor(3)) == (150_000, 210_000, 60_000)
    assert pump.payback_months == 24


def test_it_never_pays_back_what_costs_more_a_year_than_it_brings_and_nobody_knows_without_a_benefit() -> None:
    assert way(100, 50, 50).payback_months is None
    assert way(100, 0, None).payback_months is None
    assert way(100, 0, None).gain_minor(3) is None
    assert way(0, 10, 20).payback_months == 0


def test_a_begun_month_counts_whole() -> None:
    assert way(1_000, 0, 1_200).payback_months == 10
    assert way(1_001, 0, 1_200).payback_months == 11


def test_the_better_way_is_judged_by_what_it_costs_and_brings_more() -> None:
    basic, better = way(1_000, 0, 600), way(2_000, 0, 1_200)
    assert extra_payback_months(basic, better) == 20
    assert extra_payback_months(basic, way(1_000, 0, 700)) == 0
    assert extra_payback_months(basic, way(2_000, 0, 500)) is None
    assert extra_payback_months(basic, way(2_000, 0, None)) is None


@given(st.integers(0, 10**12), st.integers(0, 10**9), st.integers(0, 10**9))
def test_at_the_month_of_payback_the_costs_are_covered_and_a_month_before_they_are_not(
    once: int, yearly: int, benefit: int
) -> None:
    months = way(once, yearly, benefit).payback_months
    if months is None:
        assert benefit <= yearly
    else:
        assert months * (benefit - yearly) >= 12 * once
        assert months == 0 or (months - 1) * (benefit - yearly) < 12 * once
