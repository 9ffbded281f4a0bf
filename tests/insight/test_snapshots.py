"""Every account as of a date, kept for good."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from regulars.base.notes import rendered
from regulars.base.organisation import NoOrganisation, change_thresholds
from regulars.facts.models import Account
from regulars.insight import snapshots
from regulars.insight.forecast_choice import pin_forecast
from regulars.insight.models import Score, Snapshot
from regulars.insight.portfolio import portfolio
from regulars.insight.snapshots import (
    SCORE_COLUMNS,
    SCORES,
    current_snapshot,
    figures_of,
    kept_scores,
    scores_as_of,
    take_snapshot,
)

pytestmark = pytest.mark.django_db

AS_OF = dt.date(2024, 6, 30)
Orders = Callable[..., list[dict[str, Any]]]
WriteHistory = Callable[[list[dict[str, Any]]], int]


def random_history(seed: int, *, accounts: int = 60) -> list[dict[str, Any]]:
    """Customers who order at rates of their own until some leave; two years and a half."""
    chance = random.Random(seed)
    lines = []
    for account in range(1, accounts + 1):
        on, gap = dt.date(2022, 1, 1) + dt.timedelta(chance.randrange(700)), chance.choice([7, 20, 45, 90])
        while on <= AS_OF:
            lines.append(
                {
                    "account_id": account,
                    "business_date": on,
                    "net_base_minor": chance.randrange(1_000, 90_000),
                    "kind": "sale",
                    "cost_base_minor": chance.choice([None, 500]),
                    "product": chance.choice("abcdef"),
                    "seller": chance.choice(["Ann", "Bob", None]),
                }
            )
            if chance.random() < 0.05:
                lines.append({"account_id": account, "business_date": on, "net_base_minor": -700, "kind": "return"})
            if chance.random() < 0.08:
                break
            on += dt.timedelta(max(1, round(chance.expovariate(1 / gap))))
    return lines


def test_the_columns_of_a_score_are_those_of_the_model() -> None:
    assert {*SCORE_COLUMNS, "snapshot_id"} == {field.column for field in Score._meta.concrete_fields}


def test_a_snapshot_scores_every_account_that_bought(write_history: WriteHistory, orders: Orders) -> None:
    """C1, E16."""
    write_history([*orders(1, "2024-01-01", "2024-03-01", "2024-05-01"), *orders(2, "2024-06-01", net=5_000)])
    Account.objects.create(name="Prospect")
    snapshot = take_snapshot(as_of=AS_OF)
    assert (snapshot.as_of, snapshot.current, snapshot.currency) == (AS_OF, True, "EUR")
    first, second = Score.objects.order_by("account_id")
    assert (first.order_days, first.sales_12m, first.silence_days, first.rank) == (3, 300.0, 60, 1)
    assert (first.first_order, first.gap_typical_days) == (dt.date(2024, 1, 1), 60.5)
    assert (second.sales_12m, second.buyer) == (50.0, "new")
    assert second.share_of_firm == pytest.approx(1 / 7)
    assert second.pauses_as_long is None


def test_too_little_history_leaves_the_future_unknown_and_says_why(write_history: WriteHistory, orders: Orders) -> None:
    write_history(orders(1, "2024-01-01", "2024-03-01"))
    snapshot = take_snapshot(as_of=AS_OF)
    score = Score.objects.get()
    assert score.probability_alive is None
    assert score.expected_value_365 is None
    assert score.value_at_risk is None
    assert snapshot.lifetime_model["orders"] is None
    assert any("second day" in rendered(note) for note in snapshot.lifetime_model["notes"])


def test_lifetime_figures_hang_together(write_history: WriteHistory) -> None:
    """C1: what is expected and what is at risk add up to what a customer surely active would bring."""
    write_history(random_history(1))
    snapshot = take_snapshot(as_of=AS_OF)
    assert snapshot.lifetime_model["orders"]["name"] == "BetaGeoNBD"
    assert snapshot.lifetime_model["values"]["name"] == "GammaGamma"
    for score in Score.objects.all():
        assert score.probability_alive is not None
        assert 0 <= score.probability_alive <= 1
        assert score.expected_orders_365 is not None
        assert score.expected_orders_90 is not None
        assert 0 <= score.expected_orders_90 <= score.expected_orders_365
        assert score.orders_90_low is not None
        assert score.orders_90_high is not None
        assert score.orders_365_high is not None
        assert 0 <= score.orders_90_low <= score.orders_90_high <= score.orders_365_high
        assert score.expected_value_365 is not None
        assert score.value_at_risk is not None
        if score.probability_alive > 1e-6:
            if_alive = score.expected_value_365 / score.probability_alive
            assert score.value_at_risk == pytest.approx(
                min(if_alive - score.expected_value_365, max(score.sales_12m, 0)), abs=1e-6
            )


def test_one_order_tells_nothing_to_a_model_that_lets_nobody_leave_before_the_second(
    write_history: WriteHistory,
) -> None:
    write_history(random_history(1))
    pin_forecast(member=None, name="BG/NBD", reason="known for long")
    take_snapshot(as_of=AS_OF)
    once = Score.objects.filter(order_days=1)
    assert once
    for score in once:
        assert (score.probability_alive, score.value_at_risk) == (None, None)
        assert score.expected_value_365 is not None


def test_the_summary_of_the_models_is_the_one_of_core_lifetime(write_history: WriteHistory) -> None:
    import ibis
    import pyarrow as pa

    from regulars.core.lifetime import BetaGeoNBD, summarise

    lines = random_history(2)
    write_history(lines)
    snapshot = take_snapshot(as_of=AS_OF)
    sales = [line for line in lines if line["kind"] == "sale"]
    table = pa.table(
        {
            "account": [line["account_id"] for line in sales],
            "date": [line["business_date"] for line in sales],
        }
    )
    model = BetaGeoNBD().fit(summarise(ibis.memtable(table), as_of=AS_OF, unit="week"))
    assert snapshot.lifetime_model["orders"]["params"] == pytest.approx(model.params_, rel=1e-4)


def test_the_kept_scores_are_the_current_ones(write_history: WriteHistory) -> None:
    write_history(random_history(3))
    snapshot = take_snapshot(as_of=AS_OF)
    kept = {row["account_id"]: row for row in kept_scores(snapshot).to_pylist()}
    assert len(kept) == Score.objects.count() == 60
    for score in Score.objects.all():
        for name in SCORE_COLUMNS:
            assert getattr(score, name) == kept[score.account_id][name], name


def test_a_snapshot_as_of_an_earlier_date_equals_one_of_the_history_cut_there(write_history: WriteHistory) -> None:
    lines = random_history(4)
    earlier = dt.date(2023, 12, 31)
    write_history([line for line in lines if line["business_date"] <= earlier])
    then = scores_as_of(earlier)
    firm_then = portfolio(earlier)
    write_history([line for line in lines if line["business_date"] > earlier])
    assert scores_as_of(earlier) == then
    assert portfolio(earlier) == firm_then


def test_earlier_snapshots_stay_as_they_were(write_history: WriteHistory, orders: Orders) -> None:
    write_history(orders(1, "2024-01-01"))
    before = take_snapshot(as_of=dt.date(2024, 1, 31))
    write_history(orders(1, "2024-01-15"))  # came late
    after = take_snapshot(as_of=AS_OF)
    assert kept_scores(before)["order_days"].to_pylist() == [1]
    assert scores_as_of(dt.date(2024, 1, 31))["order_days"].to_pylist() == [2], "by all that is known today"
    before.refresh_from_db()
    assert (before.current, after.current) == (False, True)
    assert current_snapshot() == after


def test_nothing_is_computed_twice(
    write_history: WriteHistory, orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_history(orders(1, "2024-01-01"))
    first = take_snapshot(as_of=AS_OF)
    with monkeypatch.context() as patched:
        patched.setattr(snapshots, "compute", None)
        assert take_snapshot(as_of=AS_OF) == first
        assert scores_as_of(AS_OF).num_rows == 1
        assert figures_of(Account.objects.get(), AS_OF) is not None
    assert take_snapshot(as_of=AS_OF, force=True) != first
    assert Snapshot.objects.filter(current=True).count() == 1


def test_going_back_to_a_kept_snapshot_needs_no_computing(write_history: WriteHistory, orders: Orders) -> None:
    write_history(orders(1, "2024-01-01", "2024-06-01"))
    early = take_snapshot(as_of=dt.date(2024, 1, 31))
    take_snapshot(as_of=AS_OF)
    assert Score.objects.get().order_days == 2
    assert take_snapshot(as_of=dt.date(2024, 1, 31)) == early
    assert Score.objects.get().order_days == 1
    assert Score.objects.get().snapshot == early
    assert current_snapshot() == early


def test_a_snapshot_may_be_kept_without_becoming_current(write_history: WriteHistory, orders: Orders) -> None:
    write_history(orders(1, "2024-01-01", "2024-06-01"))
    current = take_snapshot(as_of=AS_OF)
    past = take_snapshot(as_of=dt.date(2024, 1, 31), current=False)
    assert not past.current
    assert current_snapshot() == current
    assert kept_scores(past).num_rows == 1


def test_new_thresholds_merges_and_history_make_a_new_snapshot(
    write_history: WriteHistory, orders: Orders, owner: Any
) -> None:
    write_history([*orders(1, "2024-01-01"), *orders(2, "2024-05-01")])
    taken = [take_snapshot(as_of=AS_OF)]
    change_thresholds(member=owner, values={"new_customer_days": 30})
    taken.append(take_snapshot(as_of=AS_OF))
    assert Score.objects.get(account_id=2).buyer == "chance"
    Account.objects.filter(pk=2).update(merged_into=1)
    taken.append(take_snapshot(as_of=AS_OF))
    assert list(Score.objects.values_list("account_id", "order_days")) == [(1, 2)]
    write_history(orders(1, "2024-06-01"))
    taken.append(take_snapshot(as_of=AS_OF))
    assert len(set(taken)) == 4


def test_chains_of_merges_end_at_the_account_that_was_kept(write_history: WriteHistory, orders: Orders) -> None:
    write_history([*orders(1, "2024-01-01"), *orders(2, "2024-02-01"), *orders(3, "2024-03-01")])
    Account.objects.filter(pk=3).update(merged_into=2)
    Account.objects.filter(pk=2).update(merged_into=1)
    take_snapshot(as_of=AS_OF)
    assert list(Score.objects.values_list("account_id", "order_days")) == [(1, 3)]


def test_the_head_of_a_group_answers_for_all_below_it(write_history: WriteHistory, orders: Orders) -> None:
    """E14: a subsidiary of a subsidiary, one of them merged into another, and a head that buys nothing itself."""
    write_history(
        [*orders(2, "2024-01-01", net=100), *orders(3, "2024-01-01", net=200), *orders(4, "2024-01-01", net=700)]
    )
    head = Account.objects.create(name="Holding")
    Account.objects.filter(pk=2).update(parent=head)
    Account.objects.filter(pk=3).update(parent=2)
    take_snapshot(as_of=AS_OF)
    shares = {score.account_id: score.share_of_firm for score in Score.objects.all()}
    assert shares == {head.pk: pytest.approx(0.3), 2: pytest.approx(0.1), 3: pytest.approx(0.2), 4: pytest.approx(0.7)}
    firm = portfolio()
    assert firm is not None
    assert firm.concentration.largest_share == pytest.approx(0.7)
    assert firm.concentration.top_five_share == pytest.approx(1.0)
    assert firm.concentration.herfindahl == pytest.approx(0.3**2 + 0.7**2)


def test_a_snapshot_of_no_history_is_empty(organisation: Any) -> None:
    snapshot = take_snapshot(as_of=AS_OF)
    assert Score.objects.count() == 0
    assert kept_scores(snapshot).num_rows == 0
    firm = portfolio()
    assert firm is not None
    assert (firm.accounts, firm.sales_12m, firm.retention.net, firm.months) == (0, 0, None, [])


def test_figures_of_one_account(write_history: WriteHistory, orders: Orders) -> None:
    write_history([*orders(1, "2024-01-01", "2024-06-01"), *orders(2, "2024-06-01")])
    one, two = Account.objects.order_by("pk")
    assert figures_of(one) is None, "before the first snapshot"
    take_snapshot(as_of=AS_OF)
    now, then = figures_of(one), figures_of(one, dt.date(2024, 1, 31))
    assert now is not None
    assert then is not None
    assert (now.order_days, then.order_days) == (2, 1)
    assert figures_of(two, dt.date(2024, 1, 31)) is None


def test_without_a_firm_there_is_a_way_out(db: None) -> None:
    with pytest.raises(NoOrganisation):
        take_snapshot(as_of=AS_OF)


def test_what_breaks_off_while_keeping_leaves_the_old_snapshot(
    write_history: WriteHistory, orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_history(orders(1, "2024-01-01", "2024-06-01"))
    before = take_snapshot(as_of=dt.date(2024, 1, 31))
    version = SCORES.version_in_force()

    def break_off(*_: Any) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as patched:
        patched.setattr(snapshots, "replace_rows", break_off)
        with pytest.raises(ConnectionResetError):
            take_snapshot(as_of=AS_OF)
    assert current_snapshot() == before
    assert Score.objects.get().order_days == 1
    assert SCORES.version_in_force() == version
    assert take_snapshot(as_of=AS_OF).current, "and the next one succeeds"
    assert kept_scores(before).num_rows == 1


def test_progress_is_told(write_history: WriteHistory, orders: Orders) -> None:
    write_history(orders(1, "2024-01-01"))
    told: list[float] = []
    take_snapshot(as_of=AS_OF, progress=lambda text, share: told.append(share))
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_scores_are_written_in_few_statements(write_history: WriteHistory) -> None:
    write_history(random_history(5))
    statements = []

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        take_snapshot(as_of=AS_OF)
    assert len(statements) < 60


def test_the_portfolio_survives_its_keeping(write_history: WriteHistory) -> None:
    """D2, E14, A7: what is kept with the snapshot is what was computed."""
    write_history(random_history(6))
    computed = snapshots.compute(as_of=AS_OF)
    take_snapshot(as_of=AS_OF)
    kept = portfolio()
    assert kept == computed.portfolio
    assert kept is not None
    assert kept.two_years_known
    assert {part.name for part in kept.sellers} == {"Ann", "Bob", None}
    assert sum(part.sales_12m for part in kept.sellers) == pytest.approx(kept.sales_12m)
    assert sum(kept.buyers.values()) == Score.objects.count()
    assert sum(kept.buyers_of_class_a.values()) == Score.objects.filter(pareto="A").count()
    assert sum(month.sales for month in kept.months) == pytest.approx(
        sum(Score.objects.values_list("sales_total", flat=True))
    )
    assert kept.value_at_risk == pytest.approx(sum(score.value_at_risk or 0 for score in Score.objects.all()))


def test_many_small_parts_are_put_together(write_history: WriteHistory, orders: Orders) -> None:
    lines = [line for n in range(60) for line in orders(1, "2024-05-01", net=100 * (n + 1), category=f"C{n}")]
    write_history(lines)
    take_snapshot(as_of=AS_OF)
    firm = portfolio()
    assert firm is not None
    assert len(firm.categories) == 50
    assert (firm.categories[0].name, firm.categories[0].sales_12m) == ("C59", 60.0)
    assert (firm.categories[-1].name, firm.categories[-1].put_together) == (None, 11)
    assert sum(part.sales_12m for part in firm.categories) == pytest.approx(firm.sales_12m)


def test_sales_without_a_customer_count_for_the_firm_alone(write_history: WriteHistory, orders: Orders) -> None:
    write_history([*orders(1, "2024-05-01", net=3_000), *orders(None, "2024-05-02", net=1_000)])
    take_snapshot(as_of=AS_OF)
    firm = portfolio()
    assert firm is not None
    assert (firm.sales_12m, firm.sales_without_customer_12m, firm.accounts) == (40.0, 10.0, 1)
    assert Score.objects.get().share_of_firm == 0.75
