"""Two engines, the same numbers: the whole pipeline on DuckDB and on Spark over the same tables, column by column."""

from __future__ import annotations

import datetime as dt
import gc
import random
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pytest_django import Settings

from conftest import missing
from regulars.core.lifetime import (
    Average,
    BetaGeoNBD,
    GammaGamma,
    ModifiedBetaGeoNBD,
    ParetoNBD,
    SummaryScorer,
    counted_orders,
    counted_values,
    summarise,
)
from regulars.core.purchases import bought_together, purchases
from regulars.facts.models import Account
from regulars.insight.histories import OpenHistory, basis_in_force, open_history
from regulars.insight.snapshots import compute

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.xdist_group("spark"),  # one session for all
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),  # PySpark's, one an answer
    pytest.mark.filterwarnings("ignore:.*unclosed <socket:pytest.PytestUnraisableExceptionWarning"),
]

AS_OF = dt.date(2024, 6, 30)
ENGINES = ("duckdb", "spark-local")
WriteHistory = Callable[[list[dict[str, Any]]], int]


@pytest.fixture(autouse=True)
def spark(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if find_spec("pyspark") is None:
        missing("Spark (pip install 'regulars[spark]'): its numbers were not compared")
    from regulars.base.spark import JavaMissing, java_home

    try:
        java_home()
    except JavaMissing as absent:
        missing(str(absent))
    settings.WAREHOUSE_THREADS = 2
    monkeypatch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")  # seconds of work: compiled quickly, not well
    yield
    gc.collect()  # here its warnings are known


@pytest.fixture
def firm(write_history: WriteHistory) -> None:
    """Regulars and others, merged accounts, a group, orders without a customer, returns, fees, unknown costs."""
    write_history(lines_of_a_firm(seed=20))
    kept, merged, head, part = Account.objects.order_by("pk")[:4]
    Account.objects.filter(pk=merged.pk).update(merged_into=kept)
    Account.objects.filter(pk=part.pk).update(parent=head)


def lines_of_a_firm(seed: int, *, accounts: int = 150) -> list[dict[str, Any]]:
    print(f"seed {seed}")
    chance = random.Random(seed)
    lines: list[dict[str, Any]] = []
    for account in (None, *range(1, accounts + 1)):
        on, gap = dt.date(2021, 6, 1) + dt.timedelta(chance.randrange(900)), chance.choice([3, 7, 20, 45, 90])
        while on <= dt.date(2024, 9, 1):
            lines += [line(account, on, chance) for _ in range(chance.randrange(1, 4))]
            if account and chance.random() < 0.1:
                break
            on += dt.timedelta(max(1, round(chance.expovariate(1 / gap))))
    return lines


def line(account: int | None, on: dt.date, chance: random.Random) -> dict[str, Any]:
    kind = chance.choices(["sale", "return", "fee"], [92, 5, 3])[0]
    net = chance.randrange(100, 90_000) * (-1 if kind == "return" else 1)
    return {
        "account_id": account,
        "business_date": on,
        "kind": kind,
        "net_base_minor": net,
        "cost_base_minor": chance.choice([None, net * 6 // 10]),
        "product": chance.choice("abcdefgh"),
        "category": chance.choice(["x", "y", "", None]),
        "seller": chance.choice(["Ann", "Bob", None]),
        "department": chance.choice(["D1", "D2"]),
    }


def same(left: pa.Table, right: pa.Table) -> None:
    assert left.num_rows > 0
    assert left.schema == right.schema
    for name in left.column_names:
        ours, theirs = left[name].combine_chunks(), right[name].combine_chunks()
        if pa.types.is_floating(ours.type):
            assert ours.is_null().equals(theirs.is_null()), name
            np.testing.assert_allclose(
                pc.fill_null(ours, 0.0).to_numpy(), pc.fill_null(theirs, 0.0).to_numpy(), rtol=1e-9, err_msg=name
            )
        else:
            assert ours.equals(theirs), name


def on_both(settings: Settings, ask: Callable[[OpenHistory], pa.Table]) -> tuple[pa.Table, pa.Table]:
    answers = []
    for engine in ENGINES:
        settings.WAREHOUSE_ENGINE = engine
        with open_history(basis_in_force(), as_of=AS_OF) as history:
            answers.append(ask(history))
    return answers[0], answers[1]


def test_days_are_the_same(firm: None, settings: Settings) -> None:
    same(*on_both(settings, lambda history: history.arrow(history.days.order_by("account", "business_date"))))


@pytest.mark.parametrize("accounts", [[], [3, 5, 8]])
def test_the_part_of_a_member_is_the_same(accounts: list[int], firm: None, settings: Settings) -> None:
    def part(history: OpenHistory) -> pa.Table:
        days = history.of_accounts(accounts).days
        return history.arrow(days.aggregate(days=days.count(), net=days.net.sum(), last=days.business_date.max()))

    same(*on_both(settings, part))


def test_snapshots_are_the_same(firm: None, settings: Settings) -> None:
    computed = []
    for engine in ENGINES:
        settings.WAREHOUSE_ENGINE = engine
        computed.append(compute(as_of=AS_OF))
    ours, theirs = computed
    same(ours.scores, theirs.scores)
    assert ours.portfolio.as_json() == theirs.portfolio.as_json()


def summary_of(history: OpenHistory) -> ir.Table:
    days = history.days.filter(history.days.is_order)
    return summarise(days.select(account="account", date="business_date", value="sale"), as_of=AS_OF)


def test_summaries_are_the_same(firm: None, settings: Settings) -> None:
    same(*on_both(settings, lambda history: history.arrow(summary_of(history).order_by("account"))))


def test_models_learn_and_score_the_same_where_the_rows_are(firm: None, settings: Settings) -> None:
    def scores(history: OpenHistory) -> pa.Table:
        summary = history.engine.kept(summary_of(history))
        counts, values = history.arrow(counted_orders(summary)), history.arrow(counted_values(summary))
        orders = Average([BetaGeoNBD(), ModifiedBetaGeoNBD(), ParetoNBD()]).fit(counts)
        scorer = SummaryScorer(orders=orders, values=GammaGamma().fit(values), horizons={"90": 90 / 7, "365": 365 / 7})
        scored = history.engine.worked(summary, scorer, scorer.schema(pa.int64()))
        return history.arrow(scored.order_by("account"))

    same(*on_both(settings, scores))


def test_what_is_bought_and_bought_together_is_the_same(firm: None, settings: Settings) -> None:
    def bought(history: OpenHistory) -> pa.Table:
        return history.arrow(purchases(history.lines, as_of=AS_OF).order_by("account", "item"))

    def together(history: OpenHistory) -> pa.Table:
        found = purchases(history.lines, as_of=AS_OF)
        weighted = found.select("account", "item", weight=(found.order_days + 1).ln())
        return history.arrow(bought_together(weighted).order_by("item", "other"))

    same(*on_both(settings, bought))
    same(*on_both(settings, together))
