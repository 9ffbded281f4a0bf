"""What an order history says of each account: small histories worked out by hand, random ones by a plain reference."""

from __future__ import annotations

import datetime as dt
import itertools
import statistics
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

import ibis
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.core.account_figures import FIGURES, FigureRules, account_figures, with_resolved_accounts

AS_OF = dt.date(2024, 6, 30)


class Line(NamedTuple):
    account: int | None
    business_date: dt.date
    net: int
    kind: str = "sale"
    cost: int | None = None
    product: str | None = "P"
    category: str | None = "C"


SCHEMA = pa.schema(
    [
        ("account", pa.int64()),
        ("business_date", pa.date32()),
        ("net", pa.int64()),
        ("kind", pa.string()),
        ("cost", pa.int64()),
        ("product", pa.string()),
        ("category", pa.string()),
    ]
)


def table_of(lines: list[Line]) -> pa.Table:
    return pa.Table.from_pylist([line._asdict() for line in lines], schema=SCHEMA)


def figures(
    lines: list[Line],
    *,
    as_of: dt.date = AS_OF,
    redirects: dict[int, int] | None = None,
    roots: dict[int, int] | None = None,
    **options: Any,
) -> dict[int, dict[str, Any]]:
    table = with_resolved_accounts(ibis.memtable(table_of(lines)), _pairs(redirects, "target"))
    expression = account_figures(table, as_of=as_of, roots=_pairs(roots, "root"), **options)
    return {row["account"]: row for row in expression.to_pyarrow().to_pylist()}


def _pairs(pairs: dict[int, int] | None, name: str) -> Any:
    if pairs is None:
        return None
    return ibis.memtable(
        pa.table({"account": pa.array(pairs.keys(), pa.int64()), name: pa.array(pairs.values(), pa.int64())})
    )


def days_ago(days: int) -> dt.date:
    return AS_OF - dt.timedelta(days=days)


def orders(account: int, *ages: int, net: int = 100) -> list[Line]:
    return [Line(account, days_ago(age), net) for age in ages]


def test_rhythm_comes_from_the_gaps_between_order_days() -> None:
    """E16: gaps 10, 20, 30, 40 and silent for 30 days."""
    found = figures(orders(1, 130, 120, 100, 70, 30))[1]
    assert found["order_days"] == 5
    assert (found["first_order"], found["last_order"]) == (days_ago(130), days_ago(30))
    assert found["gap_typical_days"] == 25
    assert found["gap_mean_days"] == 25
    assert found["gap_spread_days"] == pytest.approx(15)  # quartiles 17.5 and 32.5
    assert found["gap_longest_days"] == 40
    assert found["silence_days"] == 30
    assert found["pauses_as_long"] == 0.5  # 30 and 40 of the four


def test_with_few_gaps_it_is_unknown_how_unusual_the_silence_is() -> None:
    found = figures(orders(1, 100, 50, 10) + orders(2, 10))
    assert found[1]["gap_typical_days"] == 45
    assert found[1]["pauses_as_long"] is None
    for name in ("gap_typical_days", "gap_mean_days", "gap_spread_days", "gap_longest_days", "pauses_as_long"):
        assert found[2][name] is None
    assert found[2]["silence_days"] == 10


def test_several_lines_and_orders_on_a_day_are_one_order_day() -> None:
    found = figures([Line(1, days_ago(9), 100, product="a"), Line(1, days_ago(9), 50, product="b")])[1]
    assert found["order_days"] == 1
    assert found["mean_order_value"] == 150
    assert found["products_12m"] == 2


def test_sales_are_net_of_returns_and_without_fees() -> None:
    lines = [
        Line(1, days_ago(20), 1000, cost=600),
        Line(1, days_ago(10), -250, kind="return", cost=-150),
        Line(1, days_ago(10), 80, kind="fee"),
        Line(1, days_ago(5), 500, kind="other"),
    ]
    found = figures(lines)[1]
    assert found["sales_12m"] == found["sales_total"] == 750
    assert found["order_days"] == 1, "a day with nothing but returns and fees is no order day"
    assert found["returns_12m"] == 0.25
    assert found["margin_12m"] == 750 - 450
    assert found["silence_days"] == 20


def test_the_cost_of_returned_goods_comes_back_however_its_source_signs_it() -> None:
    for cost in (150, -150):
        found = figures([Line(1, days_ago(20), 1000, cost=600), Line(1, days_ago(9), -250, kind="return", cost=cost)])[
            1
        ]
        assert found["margin_12m"] == 300


def test_unknown_cost_is_unknown_margin_never_zero() -> None:
    found = figures([Line(1, days_ago(9), 100), Line(2, days_ago(9), 300, cost=100), Line(2, days_ago(8), 100)])
    assert found[1]["margin_12m"] is None
    assert found[1]["cost_known"] == 0
    assert found[2]["margin_12m"] == 200
    assert found[2]["cost_known"] == 0.75


def test_an_account_with_nothing_but_fees_has_no_figures() -> None:
    assert set(figures([*orders(1, 5), Line(2, days_ago(5), 9, kind="fee")])) == {1}


def test_an_account_with_nothing_but_returns_has_no_orders() -> None:
    found = figures([*orders(1, 5), Line(2, days_ago(5), -9, kind="return")])[2]
    assert (found["order_days"], found["buyer"], found["pareto"], found["sales_12m"]) == (0, "none", "C", -9)
    assert found["last_order"] is None
    assert found["mean_order_value"] is None
    assert found["returns_12m"] is None


def test_twelve_months_end_with_the_day_itself() -> None:
    lines = [
        Line(1, dt.date(2022, 6, 30), 1),
        Line(1, dt.date(2022, 7, 1), 10),
        Line(1, dt.date(2023, 6, 30), 100),
        Line(1, dt.date(2023, 7, 1), 1000),
        Line(1, dt.date(2024, 6, 30), 10000),
        Line(1, dt.date(2024, 7, 1), 100000),
    ]
    found = figures(lines)[1]
    assert (found["sales_12m"], found["sales_previous_12m"], found["sales_total"]) == (11000, 110, 11111)
    assert found["orders_12m"] == 2


def test_trend_needs_a_customer_and_a_firm_with_two_years() -> None:
    lines = [*orders(1, 600, 200, net=100), *orders(1, 100, net=50), *orders(2, 300, 100)]
    assert figures(lines)[1]["trend"] is None, "the firm's history begins 600 days ago"
    longer = figures([*lines, *orders(3, 800)])
    assert longer[1]["trend"] == 0.5
    assert longer[2]["trend"] is None, "a customer for ten months"
    assert longer[3]["trend"] is None, "nothing bought in the 12 months before"


def test_shares_count_what_was_sold_without_a_customer() -> None:
    found = figures([Line(1, days_ago(9), 300), Line(2, days_ago(9), 200), Line(None, days_ago(9), 500)])
    assert found[1]["share_of_firm"] == 0.3
    assert found[1]["cumulative_share"] == 0.6, "of what known accounts bought"
    assert set(found) == {1, 2}


def test_pareto_classes_are_the_fewest_accounts_that_bring_the_share() -> None:
    """E1."""
    found = figures([Line(account, days_ago(9), net) for account, net in enumerate((60, 25, 10, 4, 1), 1)])
    assert [found[account]["pareto"] for account in range(1, 6)] == ["A", "A", "B", "C", "C"]
    assert [found[account]["rank"] for account in range(1, 6)] == [1, 2, 3, 4, 5]
    assert found[2]["cumulative_share"] == 0.85


def test_equal_sales_share_a_place() -> None:
    found = figures([Line(1, days_ago(9), 5), Line(2, days_ago(9), 7), Line(3, days_ago(9), 5)])
    assert [found[account]["rank"] for account in (1, 2, 3)] == [2, 1, 2]


def test_buyers_are_regular_new_or_chance() -> None:
    """E1."""
    lines = [
        *orders(1, 200, 150, 100, 50),  # four order days in different months
        *orders(2, 53, 52, 51, 50),  # four, but all in May
        *orders(3, 90, 20),  # began 90 days ago
        *orders(4, 91, 20),
    ]
    assert {account: row["buyer"] for account, row in figures(lines).items()} == {
        1: "regular",
        2: "chance",
        3: "new",
        4: "chance",
    }


def test_the_firm_may_set_its_own_rules() -> None:
    rules = FigureRules(pareto=(0.5, 0.6), new_days=100, rhythm_gaps=1)
    found = figures([*orders(1, 95, 5, net=70), *orders(2, 9, net=30)], rules=rules)
    assert found[1]["buyer"] == "new"
    assert found[1]["pauses_as_long"] == 1
    assert found[2]["pareto"] == "C"


def test_the_head_of_a_group_answers_for_the_group() -> None:
    """E14."""
    lines = [*orders(1, 9, net=10), *orders(2, 9, net=30), *orders(3, 9, net=20), *orders(4, 9, net=40)]
    found = figures(lines, roots={2: 1, 3: 1})
    assert [found[account]["share_of_firm"] for account in (1, 2, 3, 4)] == [0.6, 0.3, 0.2, 0.4]
    assert found[1]["sales_12m"] == 10, "sales stay its own"


def test_the_head_of_a_group_needs_no_orders_of_its_own() -> None:
    found = figures([*orders(2, 9, net=30), *orders(3, 9, net=70)], roots={2: 1})
    assert found[1]["share_of_firm"] == 0.3
    assert (found[1]["order_days"], found[1]["sales_12m"], found[1]["buyer"]) == (0, 0, "none")
    assert found[1]["last_order"] is None


def test_lines_of_a_merged_account_belong_to_the_one_that_was_kept() -> None:
    found = figures([*orders(1, 30), *orders(2, 20), *orders(3, 20)], redirects={2: 1})
    assert found[1]["order_days"] == 2
    assert set(found) == {1, 3}


def test_minor_units_become_units_at_the_end() -> None:
    found = figures([Line(1, days_ago(9), 12345, cost=2345)], minor_per_unit=100)[1]
    assert found["sales_12m"] == found["sales_total"] == found["mean_order_value"] == 123.45
    assert found["margin_12m"] == 100
    assert found["share_of_firm"] == 1


def test_no_lines_give_no_figures() -> None:
    assert figures([]) == {}


# Random histories against a reference that anyone can read


def reference(lines: list[Line], as_of: dt.date) -> dict[int, dict[str, Any]]:
    year, two_years = as_of.replace(year=as_of.year - 1), as_of.replace(year=as_of.year - 2)
    counted = [line for line in lines if line.business_date <= as_of and line.kind in ("sale", "return")]
    firm_12m = sum(line.net for line in counted if line.business_date > year)
    by_account: dict[int, list[Line]] = defaultdict(list)
    for line in counted:
        if line.account is not None:
            by_account[line.account].append(line)
    found = {account: _one_account(of_account, as_of, year, two_years) for account, of_account in by_account.items()}
    place = sorted(found, key=lambda account: (-found[account]["sales_12m"], account))
    everything = sum(max(row["sales_12m"], 0) for row in found.values())
    running = 0
    for account in place:
        row = found[account]
        before, running = running, running + max(row["sales_12m"], 0)
        row["rank"] = 1 + sum(other["sales_12m"] > row["sales_12m"] for other in found.values())
        row["share_of_firm"] = row["sales_12m"] / firm_12m if firm_12m > 0 else None
        row["cumulative_share"] = running / everything if everything else None
        row["pareto"] = "C"
        if row["sales_12m"] > 0 and before / everything < 0.95:
            row["pareto"] = "A" if before / everything < 0.8 else "B"
    return found


def _one_account(lines: list[Line], as_of: dt.date, year: dt.date, two_years: dt.date) -> dict[str, Any]:
    days = sorted({line.business_date for line in lines if line.kind == "sale" and line.net > 0})
    gaps = [(later - earlier).days for earlier, later in itertools.pairwise(days)]
    silence = (as_of - days[-1]).days if days else None
    recent = [line for line in lines if line.business_date > year]
    sold = [line for line in recent if line.kind == "sale"]
    margins = [
        line.net - (line.cost if line.kind == "sale" else -abs(line.cost)) for line in recent if line.cost is not None
    ]
    quartiles = statistics.quantiles(gaps, n=4, method="inclusive") if len(gaps) > 1 else gaps * 3
    sale_12m = sum(line.net for line in sold)
    sales_12m = sum(line.net for line in recent)
    sales_total = sum(line.net for line in lines)
    return {
        "order_days": len(days),
        "first_order": days[0] if days else None,
        "last_order": days[-1] if days else None,
        "gap_typical_days": statistics.median(gaps) if gaps else None,
        "gap_mean_days": statistics.mean(gaps) if gaps else None,
        "gap_spread_days": quartiles[2] - quartiles[0] if gaps else None,
        "gap_longest_days": max(gaps, default=None),
        "silence_days": silence,
        "pauses_as_long": sum(gap >= silence for gap in gaps) / len(gaps)
        if silence is not None and len(gaps) >= 3
        else None,
        "sales_12m": sales_12m,
        "sales_previous_12m": sum(line.net for line in lines if two_years < line.business_date <= year),
        "sales_total": sales_total,
        "margin_12m": sum(margins) if margins else None,
        "cost_known": sum(line.net for line in sold if line.cost is not None) / sale_12m if sale_12m else None,
        "orders_12m": sum(day > year for day in days),
        "returns_12m": (sale_12m - sales_12m) / sale_12m if sale_12m else None,
        "products_12m": len({line.product for line in sold} - {None}),
        "categories_12m": len({line.category for line in sold} - {None}),
        "mean_order_value": sales_total / len(days) if days else None,
    }


a_line = st.builds(
    Line,
    account=st.none() | st.integers(1, 4),
    business_date=st.integers(-30, 800).map(days_ago) | st.integers(-2, 60).map(days_ago),
    net=st.integers(-500, 2000),
    kind=st.sampled_from(["sale", "sale", "sale", "return", "fee", "other"]),
    cost=st.none() | st.integers(-100, 900),
    product=st.none() | st.sampled_from("abc"),
    category=st.none() | st.sampled_from("xy"),
)


@pytest.fixture(scope="module")
def compiled() -> Iterator[tuple[Any, str]]:
    """A connection with an empty table of lines, and the SQL of all figures of its content."""
    connection = ibis.duckdb.connect(threads=1)
    lines = connection.create_table("lines", schema=ibis.schema(SCHEMA))
    yield connection.con, str(connection.compile(account_figures(lines, as_of=AS_OF)))
    connection.disconnect()


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(a_line, max_size=40))
def test_random_histories_give_what_a_plain_reference_gives(compiled: tuple[Any, str], lines: list[Line]) -> None:
    connection, sql = compiled
    connection.execute("DELETE FROM lines").fetchall()
    connection.register("given", table_of(lines))
    connection.execute("INSERT INTO lines BY NAME SELECT * FROM given").fetchall()
    result = connection.sql(sql).to_arrow_table()
    assert result.column_names == list(FIGURES)
    found = {row["account"]: row for row in result.to_pylist()}
    expected = reference(lines, AS_OF)
    assert set(found) == set(expected)
    for account, row in expected.items():
        for name, value in row.items():
            assert found[account][name] == pytest.approx(value), (account, name)


@settings(deadline=None, max_examples=15)
@given(lines=st.lists(a_line, min_size=1, max_size=40), age=st.integers(0, 400))
def test_figures_as_of_an_earlier_date_ignore_what_came_later(lines: list[Line], age: int) -> None:
    as_of = days_ago(age)
    cut = [line for line in lines if line.business_date <= as_of]
    assert figures(lines, as_of=as_of) == figures(cut, as_of=as_of)
