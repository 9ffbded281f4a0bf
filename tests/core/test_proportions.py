"""How sure a counted share is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from regulars.core.proportions import wilson_interval


def test_the_interval_is_that_of_the_literature() -> None:
    low, high = wilson_interval(18, 20)
    assert (round(low, 3), round(high, 3)) == (0.699, 0.972)  # Newcombe 1998, method 3


@given(counted=st.integers(1, 5000).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials))))
def test_the_interval_is_that_of_scipy(counted: tuple[int, int]) -> None:
    expected = binomtest(*counted).proportion_ci(method="wilson")
    assert wilson_interval(*counted) == pytest.approx((float(expected.low), float(expected.high)), abs=1e-12)
