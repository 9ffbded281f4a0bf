"""One row an account, the same from any kind of table. Mission row C1."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.core.lifetime import summarise

AS_OF = date(2024, 3, 31)
ORDERS = pa.table(
    {
        "account": [1, 1, 1, 1, 2, 3, None],
        "date": [date(2024, 1, 1), date(2024, 1, 15), date(2024, 1, 15), date(2024, 3, 4), date(2024, 3, 31),
                 date(2024, 4, 1), date(2024, 2, 1)],
        "value": [100.0, 30.0, 20.0, 70.0, 5.0, 9.0, 8.0],
    }
)  # fmt: skip


def rows_of(orders: Any, **options: Any) -> dict[Any, dict[str, Any]]:
    return {row.pop("account"): row for row in summarise(orders, as_of=AS_OF, **options).to_pyarrow().to_pylist()}


def test_orders_of_a_day_are_one_and_the_first_day_is_no_repeat() -> None:
    """C1. Orders after the date or without an account do not count."""
    rows = rows_of(ORDERS)
    assert set(rows) == {1, 2}
    assert rows[1] == {
        "frequency": 2,
        "recency": 9.0,
        "age": pytest.approx(90 / 7),
        "mean_value": pytest.approx(60.0),
        "log_gap_sum": pytest.approx(math.log(2) + math.log(7)),
    }
    assert rows[2] == {"frequency": 0, "recency": 0.0, "age": 0.0, "mean_value": None, "log_gap_sum": 0.0}


@pytest.mark.parametrize(("unit", "days"), [("second", 1 / 86_400), ("day", 1), ("week", 7), ("year", 365.25)])
def test_time_is_in_the_unit_asked_for(unit: float, days: float) -> None:
    row = rows_of(ORDERS, unit=unit)[1]
    assert row["recency"] == pytest.approx(63 / days)
    assert row["age"] == pytest.approx(90 / days)
    assert row["log_gap_sum"] == pytest.approx(math.log(14 / days) + math.log(49 / days))


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="fortnight"):
        summarise(ORDERS, as_of=AS_OF, unit="fortnight")


def test_every_kind_of_table_gives_the_same() -> None:
    expected = rows_of(ORDERS)
    frame = ORDERS.to_pandas()
    stamped = frame.assign(date=pd.to_datetime(frame["date"]) + timedelta(hours=13))
    for orders in (ibis.memtable(ORDERS), ORDERS.to_pandas(types_mapper=pd.ArrowDtype), stamped):
        assert {int(account): row for account, row in rows_of(orders).items()} == expected


@pytest.mark.parametrize(
    ("values", "mean"), [([None, 4.0, 8.0], 6.0), ([3.0, None, 8.0], 8.0), ([3.0, None, None], None)]
)
def test_a_day_of_unknown_value_is_no_day_of_value_zero(values: list[float | None], mean: float | None) -> None:
    dates = [date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)]
    orders = pa.table({"account": [1, 1, 1], "date": dates, "value": pa.array(values, pa.float64())})
    row = rows_of(orders)[1]
    assert row["frequency"] == 2
    assert row["mean_value"] == mean


def test_without_values_there_is_no_mean_value() -> None:
    table = summarise(ORDERS.drop_columns(["value"]), as_of=AS_OF)
    assert table.columns == ("account", "frequency", "recency", "age", "log_gap_sum")


def test_the_summary_is_an_expression_that_touches_no_engine() -> None:
    orders = ibis.table({"account": "int64", "date": "date", "value": "float64"}, name="orders")
    assert "orders" in ibis.to_sql(summarise(orders, as_of=AS_OF), dialect="duckdb")


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 120), st.integers(1, 500)), min_size=1, max_size=40))
def test_any_orders_are_summarised_as_by_hand(lines: list[tuple[int, int, int]]) -> None:
    days: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for account, day, value in lines:
        days[account][day] += value
    start = AS_OF - timedelta(days=120)
    orders = pa.table(
        {
            "account": [account for account, _, _ in lines],
            "date": [start + timedelta(days=day) for _, day, _ in lines],
            "value": [float(value) for _, _, value in lines],
        }
    )
    rows = rows_of(orders, unit="day")
    assert set(rows) == set(days)
    for account, values in days.items():
        dates = sorted(values)
        repeats = [values[day] for day in dates[1:]]
        assert rows[account] == {
            "frequency": len(repeats),
            "recency": dates[-1] - dates[0],
            "age": 120 - dates[0],
            "mean_value": pytest.approx(sum(repeats) / len(repeats)) if repeats else None,
            "log_gap_sum": pytest.approx(sum(math.log(b - a) for a, b in pairwise(dates))),
        }
