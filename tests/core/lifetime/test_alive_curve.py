"""The chance that one account is still a customer, day after day. Mission row C1."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.core.lifetime import BetaGeoNBD, ModifiedBetaGeoNBD, ParetoNBD
from regulars.core.lifetime.alive_curve import alive_curve, may_leave_after_first
from regulars.core.lifetime.seasonal import SeasonalClock

FIRST = date(2024, 1, 1)
PUBLISHED = {  # fitted to the CDNOW sample, in weeks
    BetaGeoNBD: {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426},
    ModifiedBetaGeoNBD: {"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614},
    ParetoNBD: {"r": 0.5533, "alpha": 10.578, "s": 0.6062, "beta": 11.668},
}


def with_params(make: type[Any]) -> Any:
    model = make()
    model.params_ = PUBLISHED[make]
    return model


def after(*weeks: float) -> list[date]:
    return [FIRST + timedelta(days=round(7 * week)) for week in weeks]


@pytest.mark.parametrize("make", PUBLISHED)
def test_the_curve_says_on_each_day_what_the_model_says_of_the_history_up_to_then(make: type[Any]) -> None:
    orders, (as_of,) = after(0, 3, 5, 20), after(30)
    curve = alive_curve([with_params(make)], orders, as_of=as_of)
    for day, chance in zip(curve.days, curve.chances, strict=True):
        known = [order for order in orders if order <= day]
        summary = {
            "frequency": [len(known) - 1],
            "recency": [(known[-1] - FIRST).days / 7],
            "age": [(day - FIRST).days / 7],
        }
        told = with_params(make).probability_alive(summary)[0] if len(known) > 1 or make is not BetaGeoNBD else np.nan
        assert chance == pytest.approx(told, rel=1e-12, nan_ok=True)
    assert curve.days[-1] == as_of
    assert [day for day, ordered in zip(curve.days, curve.ordered, strict=True) if ordered] == orders


def test_right_after_an_order_the_chance_is_the_published_one() -> None:
    orders = after(0, 4, 9)
    curves = {make: alive_curve([with_params(make)], orders, as_of=orders[-1]) for make in PUBLISHED}
    assert curves[ParetoNBD].now == pytest.approx(1.0, abs=1e-9)
    a, b = 0.793, 2.426
    assert curves[BetaGeoNBD].now == pytest.approx((b + 2 - 1) / (a + b + 2 - 1))
    a, b = 0.891, 1.614
    assert curves[ModifiedBetaGeoNBD].now == pytest.approx((b + 2) / (a + b + 2))
    assert curves[ModifiedBetaGeoNBD].chances[0] == pytest.approx(b / (a + b))


def test_nothing_is_claimed_of_an_account_that_ordered_once_by_a_model_that_lets_nobody_leave_then() -> None:
    orders, (as_of,) = after(0, 10), after(12)
    bg, mbg = with_params(BetaGeoNBD), with_params(ModifiedBetaGeoNBD)
    assert not may_leave_after_first(bg)
    assert may_leave_after_first(mbg)
    alone, both, other = (alive_curve(models, orders, as_of=as_of) for models in ([bg], [bg, mbg], [mbg]))
    once = np.array([day < orders[1] for day in alone.days])
    assert np.isnan(alone.chances[once]).all()
    assert np.isfinite(alone.chances[~once]).all()
    assert both.chances[once] == pytest.approx(other.chances[once])
    assert both.chances[~once] == pytest.approx((alone.chances[~once] + other.chances[~once]) / 2)


@given(
    gaps=st.lists(st.integers(1, 60), min_size=1, max_size=12),
    silence=st.integers(0, 300),
    make=st.sampled_from(list(PUBLISHED)),
)
def test_the_chance_lies_between_nothing_and_all_and_falls_until_the_next_order(
    gaps: list[int], silence: int, make: type[Any]
) -> None:
    days = [FIRST + timedelta(days=int(sum(gaps[:n]))) for n in range(len(gaps) + 1)]
    as_of = days[-1] + timedelta(days=silence)
    curve = alive_curve([with_params(make)], days, as_of=as_of, until=as_of + timedelta(days=365))
    known = np.isfinite(curve.chances)
    assert np.all((curve.chances[known] >= 0) & (curve.chances[known] <= 1))
    falls = known[1:] & known[:-1] & ~curve.ordered[1:]
    assert np.all(np.diff(curve.chances)[falls] <= 1e-12)
    assert np.all(np.diff([day.toordinal() for day in curve.days]) > 0)


def test_a_silence_tells_more_of_who_used_to_order_often() -> None:
    often, seldom = after(0, 1, 2, 3, 4, 5, 6, 7, 8), after(0, 4, 8)
    (as_of,) = after(20)
    chances = [alive_curve([with_params(BetaGeoNBD)], orders, as_of=as_of).now for orders in (often, seldom)]
    assert chances[0] < chances[1] / 2


def test_ahead_it_says_when_the_chance_falls_below_a_half_if_no_order_comes() -> None:
    orders, (as_of, until) = after(0, 1, 2, 3, 4, 5), after(6, 60)
    curve = alive_curve([with_params(ParetoNBD)], orders, as_of=as_of, until=until, every_days=1)
    day = curve.falls_below(0.5)
    assert day is not None
    assert day > as_of
    (before,) = [chance for at, chance in zip(curve.days, curve.chances, strict=True) if at == day - timedelta(days=1)]
    assert before >= 0.5
    assert curve.falls_below(0.0) is None


def test_what_came_after_the_day_asked_about_is_not_known() -> None:
    orders, (as_of, until) = after(0, 2, 4, 11), after(6, 12)
    curve = alive_curve([with_params(BetaGeoNBD)], orders, as_of=as_of, until=until)
    assert curve.chances == pytest.approx(
        alive_curve([with_params(BetaGeoNBD)], orders[:3], as_of=as_of, until=until).chances, nan_ok=True
    )
    assert curve.ordered.sum() == 3


def test_silence_out_of_season_lowers_the_chance_less() -> None:
    orders, (as_of,) = [date(2024, 9, 1), date(2024, 10, 1), date(2024, 11, 1), date(2024, 12, 1)], [date(2025, 2, 1)]
    quiet_in_winter = SeasonalClock((0.2, 0.2, *[1.16] * 10))
    plain = alive_curve([with_params(ParetoNBD)], orders, as_of=as_of).now
    assert alive_curve([with_params(ParetoNBD)], orders, as_of=as_of, clock=quiet_in_winter).now > plain


def test_it_can_begin_later_than_the_account() -> None:
    orders, (since, as_of) = after(0, 3, 30), after(25, 40)
    whole = alive_curve([with_params(ParetoNBD)], orders, as_of=as_of)
    part = alive_curve([with_params(ParetoNBD)], orders, as_of=as_of, since=since)
    assert part.days[0] == since
    assert part.now == whole.now


def test_without_an_order_there_is_no_curve() -> None:
    with pytest.raises(ValueError, match="needs an order"):
        alive_curve([with_params(ParetoNBD)], after(5), as_of=FIRST)
