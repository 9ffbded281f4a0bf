"""What people earn for sales won, kept and grown (C3)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from regulars.core.incentives import Earned, IncentiveTerms, Kind, earned, paid_by_month, part_of

AMOUNTS = st.integers(-(10**9), 10**9)
RESULTS = st.fixed_dictionaries(dict.fromkeys(Kind, AMOUNTS))
TERMS = st.builds(
    IncentiveTerms,
    rates_bps=st.fixed_dictionaries({kind: st.integers(0, 3000) for kind in Kind}),
    base_minor=st.integers(0, 500_000),
    threshold_bps=st.integers(0, 12_000),
    cap_minor=st.none() | st.integers(0, 10**7),
)
SIMPLE = IncentiveTerms(rates_bps={Kind.NEW: 500, Kind.KEPT: 100, Kind.GROWN: 300}, base_minor=100_000)


def sold(new: int = 0, kept: int = 0, grown: int = 0) -> dict[Kind, int]:
    return {Kind.NEW: new, Kind.KEPT: kept, Kind.GROWN: grown}


def test_each_kind_pays_its_rate_beside_the_base() -> None:
    found = earned(sold(200_000, 1_000_000, 100_000), SIMPLE, months=2, target_minor=None)
    assert found.by_kind == {Kind.NEW: 10_000, Kind.KEPT: 10_000, Kind.GROWN: 3_000}
    assert (found.base_minor, found.total_minor) == (200_000, 223_000)


def test_half_a_cent_is_rounded_up() -> None:
    assert [part_of(amount, 250) for amount in (19, 20, 60, 59, -20)] == [0, 1, 2, 1, -1]


def test_below_the_threshold_only_the_base_is_paid_and_without_a_target_there_is_none() -> None:
    terms = IncentiveTerms(rates_bps=SIMPLE.rates_bps, base_minor=100, threshold_bps=8_000)
    missed = earned(sold(kept=79_999), terms, months=1, target_minor=100_000)
    assert (missed.total_minor, missed.below_threshold) == (100, True)
    assert earned(sold(kept=80_000), terms, months=1, target_minor=100_000).total_minor == 900
    assert earned(sold(kept=1), terms, months=1, target_minor=None).below_threshold is False


def test_what_the_cap_took_is_told() -> None:
    terms = IncentiveTerms(rates_bps=SIMPLE.rates_bps, cap_minor=5_000)
    found = earned(sold(new=200_000), terms, months=1, target_minor=None)
    assert (found.total_minor, found.cut_minor) == (5_000, 5_000)


def test_growth_that_was_only_an_early_order_is_taken_back_next_month() -> None:
    months = [sold(kept=100_000, grown=50_000), sold(kept=50_000, grown=-50_000)]
    assert paid_by_month(months, SIMPLE, targets_minor=None) == [102_500, 99_000]


@given(RESULTS, TERMS, st.integers(1, 12), st.none() | st.integers(1, 10**9))
def test_no_more_than_the_cap_and_no_less_than_the_base(
    results: dict[Kind, int], terms: IncentiveTerms, months: int, target: int | None
) -> None:
    found: Earned = earned(results, terms, months=months, target_minor=target)
    assert found.total_minor >= terms.base_minor * months
    if terms.cap_minor is not None:
        assert found.variable_minor <= terms.cap_minor


@given(RESULTS, TERMS, st.sampled_from(Kind), st.integers(0, 10**8), st.none() | st.integers(1, 10**9))
def test_who_sells_more_never_earns_less(
    results: dict[Kind, int], terms: IncentiveTerms, kind: Kind, more: int, target: int | None
) -> None:
    better = {**results, kind: results[kind] + more}
    before = earned(results, terms, months=3, target_minor=target).total_minor
    assert earned(better, terms, months=3, target_minor=target).total_minor >= before


@given(st.lists(RESULTS, min_size=1, max_size=12), TERMS)
def test_the_months_add_up_to_the_year(results: list[dict[Kind, int]], terms: IncentiveTerms) -> None:
    year = {kind: sum(one[kind] for one in results) for kind in Kind}
    whole = earned(year, terms, months=len(results), target_minor=None).total_minor
    assert sum(paid_by_month(results, terms, targets_minor=None)) == whole
