"""A history is a summary that can be looked at as it was on an earlier day. Mission row C1."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from regulars.core.lifetime import BetaGeoNBD, History, UnusableSummary, summarise
from regulars.core.lifetime.history import as_history
from regulars.core.lifetime.seasonal import SeasonalClock
from simulated_orders import START, simulated_orders

AS_OF = START + timedelta(days=700)


@pytest.fixture(scope="module")
def orders() -> pa.Table:
    table = simulated_orders(31, accounts=150)
    values = np.random.default_rng(1).gamma(3, 20, len(table))
    return table.append_column("value", pa.array(np.where(values < 12, np.nan, values), from_pandas=True))


@pytest.mark.parametrize("unit", ["second", "day", "week"])
def test_its_columns_are_those_of_a_summary(orders: pa.Table, unit: str) -> None:
    history = History.of(orders, as_of=AS_OF, unit=unit)
    summary = summarise(orders, as_of=AS_OF, unit=unit).order_by("account").to_pyarrow()
    assert history.accounts.to_pylist() == summary["account"].to_pylist()
    assert set(history) == set(summary.column_names) - {"account"}
    for name in history:
        assert history[name] == pytest.approx(summary[name].to_numpy().astype(float), nan_ok=True), name


def test_without_values_it_has_no_mean_value(orders: pa.Table) -> None:
    history = History.of(orders.drop_columns(["value"]), as_of=AS_OF)
    assert "mean_value" not in history
    assert len(history) == 4
    with pytest.raises(KeyError):
        history["mean_value"]


def test_a_model_learns_the_same_from_it_as_from_the_summary(orders: pa.Table) -> None:
    history, summary = History.of(orders, as_of=AS_OF), summarise(orders, as_of=AS_OF)
    assert BetaGeoNBD().fit(history).params_ == pytest.approx(BetaGeoNBD().fit(summary).params_)


def test_an_earlier_day_looks_as_it_did_then(orders: pa.Table) -> None:
    earlier = START + timedelta(days=200)
    seen, then = History.of(orders, as_of=AS_OF).at(earlier), History.of(orders, as_of=earlier)
    assert seen.accounts.to_pylist() == then.accounts.to_pylist()
    assert all(seen[name] == pytest.approx(then[name], nan_ok=True) for name in then)
    assert len(seen.accounts) < 150


def test_what_came_after_a_day_is_counted_for_the_accounts_known_then(orders: pa.Table) -> None:
    history = History.of(orders, as_of=AS_OF)
    past = history.at(START + timedelta(days=200))
    until = START + timedelta(days=300)
    came = history.between(past.as_of, until)[past.positions]
    kept: dict[int, set[date]] = {account: set() for account in past.accounts.to_pylist()}
    for row in orders.to_pylist():
        if row["account"] in kept and past.as_of < row["date"] <= until:
            kept[row["account"]].add(row["date"])
    assert came.tolist() == [len(days) for days in kept.values()]


def test_a_sample_is_a_part_of_the_accounts_with_all_their_orders(orders: pa.Table) -> None:
    history = History.of(orders, as_of=AS_OF)
    part = history.sample(40)
    assert 30 <= len(part.accounts) <= 40
    assert part["frequency"].tolist() == history["frequency"][part.positions].tolist()
    assert history.sample(1000) is history


def test_another_clock_changes_times_and_not_orders(orders: pa.Table) -> None:
    history = History.of(orders, as_of=AS_OF)
    twice = history.on(SeasonalClock((2.0,) * 12))
    assert twice["age"] == pytest.approx(2 * history["age"])
    assert twice["frequency"].tolist() == history["frequency"].tolist()


def test_what_is_not_there_is_refused(orders: pa.Table) -> None:
    history = History.of(orders, as_of=AS_OF)
    with pytest.raises(ValueError, match="later"):
        history.at(AS_OF + timedelta(days=1))
    with pytest.raises(ValueError, match="fortnight"):
        History.of(orders, as_of=AS_OF, unit="fortnight")
    with pytest.raises(UnusableSummary, match="single order days"):
        as_history({"frequency": [1], "recency": [1], "age": [2]})


def test_no_orders_are_an_empty_history(orders: pa.Table) -> None:
    history = History.of(orders, as_of=START - timedelta(days=1))
    assert history["age"].size == 0
    assert history.days_long == 0
