"""Figures of the whole firm."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.core.account_figures import account_days
from regulars.core.portfolio import (
    cohorts,
    concentration,
    customer_years,
    monthly,
    retention,
    sales_by,
    sales_curve,
)

AS_OF = dt.date(2024, 6, 30)


def lines_of(*rows: tuple[int | None, str, int], seller: str | None = "Ann", kind: str = "sale") -> Any:
    accounts, dates, nets = zip(*rows, strict=True)
    return ibis.memtable(
        pa.table(
            {
                "account": pa.array(accounts, pa.int64()),
                "business_date": pa.array([dt.date.fromisoformat(date) for date in dates]),
                "net": pa.array(nets, pa.int64()),
                "cost": pa.nulls(len(rows), pa.int64()),
                "kind": pa.array([kind] * len(rows)),
                "seller": pa.array([seller] * len(rows), pa.string()),
            }
        )
    )


def days_of(*rows: tuple[int | None, str, int]) -> Any:
    return account_days(lines_of(*rows), as_of=AS_OF)


def rows_of(expression: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = expression.to_pyarrow().to_pylist()
    return rows


def test_the_curve_says_which_20_percent_bring_how_much() -> None:
    """E1."""
    curve = sales_curve(np.array([50.0, 1, 30, 2, 5, 4, 3, 2, 2, 1, 0, -7]))
    assert curve.accounts == 10
    assert curve.top_fifth_share == 0.8
    assert curve.accounts_for_80_percent == 2
    assert curve.points[0] == (0.1, 0.5)
    assert curve.points[-1] == (1.0, 1.0)


def test_a_curve_of_nothing_says_nothing() -> None:
    curve = sales_curve(np.array([0.0, -3]))
    assert (curve.points, curve.top_fifth_share, curve.accounts_for_80_percent) == ([], None, None)
    assert concentration(np.array([])).herfindahl is None


@settings(deadline=None)
@given(st.lists(st.floats(0, 1e9), max_size=500))
def test_a_curve_rises_to_one_with_ever_smaller_steps(sales: list[float]) -> None:
    points = sales_curve(np.array(sales, dtype=float), most_points=50).points
    assert len(points) <= 50
    xs, ys = np.array(points).T if points else (np.array([1.0]), np.array([1.0]))
    assert np.all(np.diff(xs) > 0)
    assert np.all(np.diff(ys) >= 0)
    assert ys[-1] == pytest.approx(1)
    assert np.all(ys >= xs - 1e-9), "the biggest buyers bring no less than their number"


def test_concentration_of_equals_and_of_one() -> None:
    """E14."""
    equals = concentration(np.full(10, 0.1))
    assert (equals.largest_share, equals.top_five_share) == (0.1, 0.5)
    assert equals.herfindahl == pytest.approx(0.1)
    assert concentration(np.array([1.0, -0.0])).herfindahl == 1


def test_growth_of_some_does_not_hide_loss_of_others_from_gross_retention() -> None:
    """D2: 100 → 150, 100 → 0, 100 → 60; a new customer counts for neither."""
    found = retention(
        np.array([150.0, 0, 60, 500]),
        np.array([100.0, 100, 100, 0]),
        np.array([3, 0, 1, 1]),
        np.array([9, 1, 2, 1]),
        two_years_known=True,
    )
    assert found.net == 0.7
    assert found.gross == pytest.approx(160 / 300)
    assert found.repeat_rate == pytest.approx(1 / 3)
    assert found.repeat_rate_ever == 0.5


def test_retention_of_a_history_too_short_is_unknown() -> None:
    one = np.ones(1)
    found = retention(one, one, np.array([1]), np.array([1]), two_years_known=False)
    assert found.net is None
    assert found.gross is None


def test_customers_of_a_year_are_new_kept_or_returned() -> None:
    """A7."""
    days = days_of(
        (1, "2024-06-30", 5),  # kept
        (1, "2023-06-30", 5),
        (2, "2023-07-01", 5),  # new
        (3, "2024-01-01", 5),  # returned
        (3, "2022-06-30", 5),
        (4, "2023-01-01", 5),  # lost
        (4, "2020-01-01", 5),
        (None, "2024-01-01", 5),
    )
    assert rows_of(customer_years(days, as_of=AS_OF, years=2)) == [
        {"years_ago": 0, "active": 3, "new": 1, "kept": 1, "returned": 1},
        {"years_ago": 1, "active": 2, "new": 1, "kept": 0, "returned": 1},
    ]


def test_a_cohort_is_followed_from_the_quarter_of_its_first_order() -> None:
    """A7."""
    days = days_of(
        (1, "2023-02-01", 100),
        (1, "2023-03-31", 50),
        (1, "2023-07-01", 30),
        (2, "2023-01-15", 10),
        (2, "2023-04-01", 20),
        (3, "2023-04-02", 7),
        (None, "2023-01-01", 1000),
    )
    assert rows_of(cohorts(days)) == [
        {"cohort": dt.date(2023, 1, 1), "period": 0, "active": 2, "net": 160},
        {"cohort": dt.date(2023, 1, 1), "period": 1, "active": 1, "net": 20},
        {"cohort": dt.date(2023, 1, 1), "period": 2, "active": 1, "net": 30},
        {"cohort": dt.date(2023, 4, 1), "period": 0, "active": 1, "net": 7},
    ]


def test_cohorts_by_month_cross_the_year() -> None:
    found = rows_of(cohorts(days_of((1, "2023-11-30", 1), (1, "2024-02-01", 1)), unit="M"))
    assert [(row["cohort"], row["period"]) for row in found] == [(dt.date(2023, 11, 1), 0), (dt.date(2023, 11, 1), 3)]


def test_months_of_the_firm_count_all_sales_and_known_customers() -> None:
    """E17."""
    days = days_of((1, "2024-01-01", 10), (1, "2024-01-31", 5), (2, "2024-01-31", 5), (None, "2024-01-02", 100))
    assert rows_of(monthly(days)) == [{"month": dt.date(2024, 1, 1), "net": 120, "orders": 3, "customers": 2}]


def test_months_of_each_customer() -> None:
    """E17."""
    days = days_of((2, "2024-01-01", 10), (1, "2024-02-01", 5), (1, "2024-01-31", 7))
    assert [(row["account"], row["month"].month, row["net"]) for row in rows_of(monthly(days, "account"))] == [
        (1, 1, 7),
        (1, 2, 5),
        (2, 1, 10),
    ]


def test_parts_of_the_firm_come_largest_first() -> None:
    ann = lines_of((1, "2024-01-01", 10), (2, "2024-01-01", 10), (1, "2023-01-01", 7))
    bob = lines_of((1, "2024-03-01", 90), seller="Bob")
    nobody = lines_of((3, "2024-03-01", 50), seller="")
    fee = lines_of((3, "2024-03-01", 5000), kind="fee")
    found = rows_of(sales_by(ann.union(bob).union(nobody).union(fee), "seller", as_of=AS_OF))
    assert found == [
        {"part": "Bob", "sales_12m": 90, "sales_previous_12m": 0, "customers": 1},
        {"part": None, "sales_12m": 50, "sales_previous_12m": 0, "customers": 1},
        {"part": "Ann", "sales_12m": 20, "sales_previous_12m": 7, "customers": 2},
    ]
