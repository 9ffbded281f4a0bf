"""How long something lasts, and whether two groups differ in it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from regulars.core.survival import UnusableDurations, kaplan_meier, log_rank, ratio_of_shares, share_with_bounds

# Remission of leukaemia in weeks (Freireich et al. 1963), the most often published data of survival: 6-MP and placebo.
TREATED = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
RELAPSED = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def cases(least: int = 1) -> st.SearchStrategy[list[tuple[int, bool]]]:
    return st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=least, max_size=60)


# Published numbers


def test_the_curve_of_the_leukaemia_data_is_the_published_one() -> None:
    """Klein & Moeschberger 2003, table 4.1A."""
    curve = kaplan_meier(TREATED, RELAPSED)
    assert curve.times.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert curve.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert curve.lost.tolist() == [3, 1, 1, 1, 1, 1, 1]
    assert curve.survival == pytest.approx([0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], abs=5e-4)
    errors = [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346]
    assert curve.standard_error(curve.times) == pytest.approx(errors, abs=5e-5)


def test_the_log_log_band_of_the_leukaemia_data_is_the_published_one() -> None:
    """As R's survfit(conf.type = "log-log") and Stata's `sts list` print it."""
    low, high = kaplan_meier(TREATED, RELAPSED).band([6, 7, 10, 13, 16, 22, 23])
    assert low == pytest.approx([0.620, 0.563, 0.503, 0.432, 0.368, 0.268, 0.188], abs=5e-4)
    assert high == pytest.approx([0.952, 0.923, 0.889, 0.849, 0.805, 0.747, 0.680], abs=5e-4)


def test_medians_and_means_of_the_leukaemia_data_are_the_published_ones() -> None:
    """Medians 23 and 8 weeks; mean up to 35 weeks 23.287, standard error 2.827 (Klein & Moeschberger 2003, 4.5)."""
    treated, placebo = kaplan_meier(TREATED, RELAPSED), kaplan_meier(PLACEBO, [1] * 21)
    medians = treated.median(), placebo.median()
    assert [(one.value, one.low, one.high) for one in medians] == [(23, 13, np.inf), (8, 4, 11)]
    mean = treated.mean(35)
    assert mean.value == pytest.approx(23.287, abs=5e-4)
    assert (mean.high - mean.value) / 1.959964 == pytest.approx(2.827, abs=1e-3)
    assert placebo.mean(23).value == pytest.approx(np.mean(PLACEBO))


def test_the_log_rank_test_of_the_leukaemia_data_is_the_published_one() -> None:
    """χ² 16.79 on one degree, 10.75 and 19.25 expected (Kleinbaum & Klein 2012, section 2.4)."""
    found = log_rank(TREATED + PLACEBO, RELAPSED + [1] * 21, ["6-MP"] * 21 + ["placebo"] * 21)
    assert found.chi_squared == pytest.approx(16.79, abs=5e-3)
    assert found.degrees == 1
    assert found.p_value == pytest.approx(4.17e-5, rel=1e-3)
    assert found.lost.tolist() == [9, 21]
    assert found.expected == pytest.approx([19.25, 10.75], abs=5e-3)
    assert found.ratio == pytest.approx([9 / 19.25, 21 / 10.75], abs=1e-3)


# Against another implementation


@pytest.mark.filterwarnings("ignore:The confidence interval is undefined")
@given(cases(2))
def test_curve_and_band_are_those_of_scipy(some: list[tuple[int, bool]]) -> None:
    durations, lost = np.array([one for one, _ in some]), np.array([one for _, one in some])
    theirs = stats.ecdf(stats.CensoredData.right_censored(durations, ~lost)).sf
    ours = kaplan_meier(durations, lost)
    assert ours.at(theirs.quantiles) == pytest.approx(theirs.probabilities, abs=1e-12)
    inner = (theirs.probabilities > 0) & (theirs.probabilities < 1)
    with np.errstate(all="ignore"):
        bounds = theirs.confidence_interval(0.9, method="log-log")
    low, high = ours.band(theirs.quantiles, level=0.9)
    assert low[inner] == pytest.approx(bounds.low.probabilities[inner], abs=1e-9)
    assert high[inner] == pytest.approx(bounds.high.probabilities[inner], abs=1e-9)


@given(cases(3), cases(3))
def test_the_comparison_of_two_is_that_of_scipy(some: list[tuple[int, bool]], others: list[tuple[int, bool]]) -> None:
    data = [stats.CensoredData.right_censored([t for t, _ in one], [not d for _, d in one]) for one in (some, others)]
    with np.errstate(all="ignore"):
        theirs = stats.logrank(*data).statistic
    both = some + others
    ours = log_rank([t for t, _ in both], [d for _, d in both], [0] * len(some) + [1] * len(others))
    if ours.degrees:
        assert ours.chi_squared == pytest.approx(theirs**2, rel=1e-9, abs=1e-9)


# Properties


@given(cases())
def test_a_curve_falls_from_one_within_its_band(some: list[tuple[int, bool]]) -> None:
    curve = kaplan_meier([t for t, _ in some], [d for _, d in some])
    times = np.arange(-1, 32)
    share = curve.at(times)
    low, high = curve.band(times)
    assert share[0] == 1
    assert np.all(np.diff(share) <= 0)
    for bound in (low, high):
        assert np.all((bound >= 0) & (bound <= 1))
    assert np.all((low <= share + 1e-12) & (share <= high + 1e-12))


@given(cases())
def test_where_all_were_seen_to_the_end_the_curve_is_their_share(some: list[tuple[int, bool]]) -> None:
    durations = np.array([one for one, _ in some])
    curve = kaplan_meier(durations, np.ones(durations.size))
    assert curve.at(range(31)) == pytest.approx([(durations > day).mean() for day in range(31)], abs=1e-12)
    if durations.max() > 0:
        assert curve.mean(float(durations.max())).value == pytest.approx(durations.mean())


@given(cases(4), st.integers(2, 4))
def test_groups_that_are_alike_do_not_differ(some: list[tuple[int, bool]], copies: int) -> None:
    durations, lost = [t for t, _ in some] * copies, [d for _, d in some] * copies
    groups = [copy for copy in range(copies) for _ in some]
    found = log_rank(durations, lost, groups)
    assert found.chi_squared == pytest.approx(0, abs=1e-9)
    assert found.p_value == pytest.approx(1)
    assert found.lost.sum() == pytest.approx(found.expected.sum())


@given(cases(6), st.permutations(range(3)))
def test_what_groups_are_called_does_not_matter(some: list[tuple[int, bool]], names: list[int]) -> None:
    durations, lost = [t for t, _ in some], [d for _, d in some]
    first = log_rank(durations, lost, [place % 3 for place in range(len(some))])
    second = log_rank(durations, lost, [names[place % 3] for place in range(len(some))])
    assert first.degrees == second.degrees
    assert first.chi_squared == pytest.approx(second.chi_squared, rel=1e-8, abs=1e-8)


def test_strata_compare_like_with_like() -> None:
    """Two lands in which all groups last equally long differ in nothing, even if groups sit unevenly in them."""
    random = np.random.default_rng(11)
    land = np.repeat([0, 1], 400)
    group = np.where(random.random(800) < np.where(land == 0, 0.9, 0.1), "a", "b")
    durations = random.exponential(np.where(land == 0, 1.0, 5.0))
    lost = np.ones(800)
    assert log_rank(durations, lost, group).p_value < 1e-9
    assert log_rank(durations, lost, group, strata=land).p_value > 0.05
    same = log_rank(durations, lost, group, strata=np.zeros(800))
    assert same.chi_squared == pytest.approx(log_rank(durations, lost, group).chi_squared)


def test_the_test_calls_chance_a_difference_as_seldom_as_it_says() -> None:
    random = np.random.default_rng(5)
    found = []
    for _ in range(400):
        durations, ends = random.exponential(1.0, 90), random.uniform(0, 2, 90)
        found.append(log_rank(np.minimum(durations, ends), durations <= ends, np.arange(90) % 3).p_value < 0.05)
    assert 0.02 <= np.mean(found) <= 0.085


def test_the_band_holds_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(6)
    held = []
    for _ in range(500):
        durations, ends = random.exponential(1.0, 80), random.uniform(0, 3, 80)
        low, high = kaplan_meier(np.minimum(durations, ends), durations <= ends).band(1.0, level=0.9)
        held.append(low <= np.exp(-1) <= high)
    assert 0.86 <= np.mean(held) <= 0.95


def test_late_entry_does_not_bend_the_curve() -> None:
    """Cases that were first seen at a later age say the same of how long cases last; taken as new they would not."""
    random = np.random.default_rng(8)
    durations, entry = random.exponential(1.0, 20_000), random.uniform(0, 1.5, 20_000) * (random.random(20_000) < 0.7)
    seen = durations > entry
    durations, entry = durations[seen], np.where(entry[seen] > 0, entry[seen], -1.0)
    late = kaplan_meier(durations, np.ones(durations.size), entry=entry)
    assert late.at([0.5, 1, 2]) == pytest.approx(np.exp([-0.5, -1, -2]), abs=0.015)
    assert kaplan_meier(durations, np.ones(durations.size)).at(1.0) > np.exp(-1) + 0.08


def test_what_was_not_reached_is_infinite() -> None:
    few = kaplan_meier([1, 5, 5, 5], [1, 0, 0, 0])
    assert few.median().value == np.inf
    assert few.quantile(0.2).value == 1
    nobody = kaplan_meier([], [])
    assert nobody.at([0, 5]).tolist() == [1, 1]
    assert (nobody.cases, nobody.median().value) == (0, np.inf)


@pytest.mark.parametrize(
    ("durations", "lost", "entry"),
    [([1, -1], [1, 1], None), ([1, np.nan], [1, 1], None), ([1, 2], [1], None), ([1, 2], [1, 0], [0, 2])],
)
def test_durations_that_contradict_themselves_are_refused(
    durations: list[float], lost: list[int], entry: object
) -> None:
    with pytest.raises(UnusableDurations):
        kaplan_meier(durations, lost, entry=entry)


def test_one_group_is_not_compared() -> None:
    with pytest.raises(UnusableDurations, match="one group"):
        log_rank([1, 2], [1, 1], ["a", "a"])
    with pytest.raises(ValueError, match="longest"):
        kaplan_meier([1, 2], [1, 1]).mean(3)


# Shares


def test_a_ratio_of_shares_has_the_published_bounds() -> None:
    """Aspirin and heart attacks (Physicians' Health Study; Agresti 2002, section 2.2): 1.82, 1.43 to 2.31."""
    found = ratio_of_shares(189, 11034, 104, 11037)
    assert (found.value, found.low, found.high) == pytest.approx((1.82, 1.43, 2.31), abs=5e-3)
    backwards = ratio_of_shares(104, 11037, 189, 11034)
    assert (1 / backwards.high, 1 / backwards.low) == pytest.approx((found.low, found.high))
    for nothing in ((0, 10, 1, 10), (1, 10, 0, 10), (11, 10, 1, 10)):
        with pytest.raises(ValueError, match="no ratio"):
            ratio_of_shares(*nothing)


@given(st.integers(0, 400), st.integers(1, 400))
def test_a_share_has_the_bounds_of_wilson(some: int, of: int) -> None:
    if some > of:
        with pytest.raises(ValueError, match="no share"):
            share_with_bounds(some, of)
        return
    found = share_with_bounds(some, of, level=0.9)
    theirs = stats.binomtest(some, of).proportion_ci(0.9, method="wilson")
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
    assert found.low <= found.value <= found.high
