"""What an account buys against what was to be expected of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from regulars.core.calendar import months_before
from regulars.core.expected_months import AgainstExpected, OrderDay, against_expected
from regulars.core.lifetime.sales_ahead import FittedModels

MODELS = FittedModels(r=0.67, alpha=9.1, p=2.0, q=3.7, gamma=510.0)
AS_OF = date(2024, 6, 10)
MONTHS = [months_before(date(2024, 6, 1), ago) for ago in range(23, -1, -1)]


def ordered(days: Sequence[date], value: float = 300.0) -> list[OrderDay]:
    return [OrderDay(on=day, is_order=True, sale=value, net=value) for day in days]


def every(days: int, *, since: date, until: date) -> list[date]:
    return [since + timedelta(days=gone) for gone in range(0, (until - since).days + 1, days)]


def told(days: list[OrderDay], months: Sequence[date] = MONTHS) -> AgainstExpected:
    return against_expected(days, months=months, as_of=AS_OF, models=MODELS)


def test_who_goes_on_as_before_buys_as_expected() -> None:
    found = told(ordered(every(14, since=date(2022, 1, 3), until=AS_OF)))
    assert len(found.expectations) == 24
    assert found.change is None


def test_who_stops_buys_less_since_the_month_after_its_last_order() -> None:
    found = told(ordered(every(14, since=date(2022, 1, 3), until=date(2023, 11, 30))))
    assert found.change is not None
    assert found.change.less
    assert found.change.since == date(2023, 12, 1)
    expected = {one.month: one.mean or 0.0 for one in found.expectations}
    assert expected[date(2024, 5, 1)] > 0.7 * expected[date(2023, 12, 1)] > 0, "silence does not lower the bar"


def test_who_starts_to_order_three_times_as_often_buys_more_since_then() -> None:
    calm = every(21, since=date(2022, 1, 3), until=date(2023, 12, 20))
    found = told(ordered([*calm, *every(6, since=date(2024, 1, 2), until=AS_OF)]))
    assert found.change is not None
    assert not found.change.less
    assert found.change.since == date(2024, 1, 1)


def test_the_expectation_of_a_month_knows_nothing_of_that_month_and_later() -> None:
    before = every(14, since=date(2022, 1, 3), until=date(2023, 5, 31))
    march = [months_before(date(2023, 6, 1), ago) for ago in range(12, -1, -1)]
    stayed = told(ordered([*before, *every(3, since=date(2023, 6, 1), until=AS_OF)]), march)
    left = told(ordered(before), march)
    assert stayed.expectations == left.expectations


def test_nothing_is_expected_before_the_first_order() -> None:
    found = told(ordered(every(10, since=date(2024, 2, 10), until=AS_OF)))
    assert [one.month for one in found.expectations] == [date(2024, month, 1) for month in (3, 4, 5, 6)]
    assert told([OrderDay(on=date(2023, 1, 5), is_order=False, sale=0.0, net=-20.0)]).expectations == []


def test_goods_that_came_back_lower_what_is_expected() -> None:
    kept = ordered(every(14, since=date(2022, 1, 3), until=date(2024, 5, 30)))
    returned = [OrderDay(on=day.on, is_order=True, sale=day.sale, net=day.net / 2) for day in kept]
    pairs = zip(told(kept).expectations, told(returned).expectations, strict=True)
    assert all((half.mean or 0) < (whole.mean or 0) for whole, half in pairs)


def test_few_of_the_accounts_that_go_on_as_before_are_told_to_have_changed() -> None:
    """And eight of ten months, or more where no order is likely, lie within the band."""
    random = np.random.default_rng(5)
    judged = changed = inside = months = 0
    for _ in range(250):
        days = _drawn(random)
        found = told(days)
        if len(days) >= 6:
            judged += 1
            changed += found.change is not None
        for one in found.expectations[:-1]:
            bought = sum(day.net for day in days if day.on.replace(day=1) == one.month)
            inside += one.low <= bought <= one.high
            months += 1
    assert changed <= 0.1 * judged
    assert 0.8 <= inside / months <= 0.97


def _drawn(random: np.random.Generator) -> list[OrderDay]:
    """An account drawn from the models, that stays."""
    rate, scale = random.gamma(MODELS.r, 1 / MODELS.alpha), random.gamma(MODELS.q, 1 / MODELS.gamma)
    first = date(2022, 6, 1)
    at, days = float(random.integers(0, 400)), set()
    while at <= (AS_OF - first).days:
        days.add(first + timedelta(days=int(at)))
        at += 7 * random.exponential(1 / rate)
    values = random.gamma(MODELS.p, size=len(days)) / scale
    pairs = zip(sorted(days), values, strict=True)
    return [OrderDay(on=on, is_order=True, sale=float(value), net=float(value)) for on, value in pairs]
