"""What an account, and all accounts together, will buy, and what that is worth. Mission rows C1, E1."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.db.models import F

from regulars.base.models import Member
from regulars.base.organisation import change_thresholds
from regulars.core.lifetime import BetaGeoNBD, ModifiedBetaGeoNBD, Seasonal
from regulars.facts.models import Account
from regulars.insight import forecasts
from regulars.insight.backtests import run_backtest
from regulars.insight.fitted_models import FittedModels
from regulars.insight.forecasts import BaseForecast, base_forecast, forecast_of
from regulars.insight.models import Backtest, Score, Snapshot
from regulars.insight.snapshots import take_snapshot
from simulated_firm import AS_OF, CHRISTMAS, firm_lines

pytestmark = pytest.mark.django_db

WriteHistory = Callable[[list[dict[str, Any]]], int]


def best(count: int = 1) -> list[Account]:
    return list(Account.objects.order_by(F("score__expected_value_365").desc(nulls_last=True))[:count])


def whole(**asked: Any) -> BaseForecast:
    found = base_forecast(member=None, **asked)
    assert found is not None
    return found


def test_the_forecast_of_an_account_agrees_with_its_score(write_history: WriteHistory) -> None:
    write_history(firm_lines(11, accounts=120))
    take_snapshot(as_of=AS_OF)
    for account in best(5):
        score = account.score
        found = forecast_of(account, member=None)
        assert found is not None
        assert found.probability_alive == score.probability_alive
        quarter, year = found.ahead
        assert (quarter.days, quarter.orders, quarter.sales) == (90, score.expected_orders_90, score.expected_value_90)
        assert (year.orders_low, year.orders_high) == (score.orders_365_low, score.orders_365_high)
        assert year.sales_low is not None
        assert year.sales_high is not None
        assert year.sales is not None
        assert year.sales_low < year.sales < year.sales_high
        assert found.curve is not None
        assert found.curve.now == pytest.approx(score.probability_alive, rel=1e-9)
        assert found.curve.days[-1] == AS_OF + dt.timedelta(days=365)
        assert found.stays_days is not None
        assert 0 < found.stays_days <= 5 * 365


def test_an_account_is_worth_what_it_buys_later_ones_counting_for_less(
    write_history: WriteHistory, owner: Member
) -> None:
    write_history(firm_lines(12, accounts=120))
    take_snapshot(as_of=AS_OF)
    (account,) = best()
    year = account.score.expected_value_365
    assert year is not None

    def worth(**thresholds: Any) -> float:
        change_thresholds(member=owner, values=thresholds)
        found = forecast_of(account, member=None)
        assert found is not None
        assert found.worth is not None
        return found.worth.sales

    assert worth(value_horizon_months=12, discount_rate=0.0) == pytest.approx(year, rel=0.01)
    three_years = worth(value_horizon_months=36, discount_rate=0.0)
    assert year < three_years < 3 * year * 1.01
    discounted = worth(value_horizon_months=36, discount_rate=0.2)
    assert three_years / 1.2**3 < discounted < three_years


def test_the_sum_of_the_base_is_that_of_its_accounts(write_history: WriteHistory) -> None:
    write_history(firm_lines(13, accounts=150))
    snapshot = take_snapshot(as_of=AS_OF)
    found = whole()
    scores = Score.objects.filter(expected_value_365__isnull=False)
    expected = sum(value or 0.0 for value in scores.values_list("expected_value_365", flat=True))
    assert found.sales.expected == pytest.approx(expected)
    assert found.accounts == scores.count()
    assert found.sales.low < expected < found.sales.high
    worth = [
        one.worth.sales for account in Account.objects.all() if (one := forecast_of(account, member=None)) and one.worth
    ]
    assert found.worth.sales == pytest.approx(sum(worth))
    assert found.sales.model_error is None
    assert found.times_tried == 0
    assert whole(snapshot=snapshot) == found, "the snapshot in force is the one that is meant"


def test_what_is_known_of_a_large_base_is_learned_from_a_part_that_holds_its_largest(
    write_history: WriteHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_history(firm_lines(13, accounts=250))
    snapshot = take_snapshot(as_of=AS_OF)
    exactly = whole()
    monkeypatch.setattr(forecasts, "MOST_ACCOUNTS", 100)
    fitted = FittedModels.of(snapshot)
    assert fitted is not None
    base = forecasts._Base.of(snapshot, fitted, np.array(Account.objects.values_list("pk", flat=True)))
    assert base.weight.size <= 101
    part = base.forecast([], rate=0.1, months=36, sees_cost=False)
    assert part.sales.expected == pytest.approx(exactly.sales.expected)
    assert part.worth.sales == pytest.approx(exactly.worth.sales, rel=0.02)
    assert part.sales.chance == pytest.approx(exactly.sales.chance, rel=0.2)
    assert part.accounts == exactly.accounts


def test_how_far_the_forecast_was_off_before_makes_the_bounds_of_the_base_wider(write_history: WriteHistory) -> None:
    write_history(firm_lines(14, accounts=150))
    take_snapshot(as_of=AS_OF)
    before = whole()
    run_backtest(as_of=AS_OF, tried={"BG/NBD": BetaGeoNBD(), "MBG/NBD": ModifiedBetaGeoNBD()})
    take_snapshot(as_of=AS_OF)
    after = whole()
    assert after.times_tried == 3
    assert after.sales.model_error is not None

    def width(one: BaseForecast) -> float:
        return (one.sales.high - one.sales.low) / one.sales.expected

    assert width(after) > width(before)


def test_with_a_season_the_months_are_told_and_add_up(write_history: WriteHistory) -> None:
    write_history(firm_lines(15, season=CHRISTMAS))
    run_backtest(as_of=AS_OF, tried={"seasonal BG/NBD": Seasonal(BetaGeoNBD())})
    take_snapshot(as_of=AS_OF)
    found = whole()
    assert sum(month.sales for month in found.months) == pytest.approx(found.sales.expected)
    by_month = {month.month.month: month.sales for month in found.months if month.complete}
    assert by_month[11] > 1.5 * by_month[2]
    assert found.months[0].month == (AS_OF + dt.timedelta(days=1)).replace(day=1)


def test_without_a_season_no_months_are_made_up(write_history: WriteHistory) -> None:
    write_history(firm_lines(16, accounts=80))
    take_snapshot(as_of=AS_OF)
    assert whole().months == []


def test_a_member_gets_the_forecast_of_the_accounts_that_it_sees(
    write_history: WriteHistory, owner: Member, organisation: Any
) -> None:
    write_history(firm_lines(17, accounts=100))
    take_snapshot(as_of=AS_OF)
    seller = Member.objects.create(email="anna@firm.example", name="Anna", role="new_business_seller")
    assert base_forecast(member=seller) is None
    mine = best(3)
    Account.objects.filter(pk__in=[one.pk for one in mine]).update(owner=seller)
    found = base_forecast(member=seller)
    assert found is not None
    assert found.accounts == 3
    assert found.sales.expected == pytest.approx(sum(one.score.expected_value_365 or 0.0 for one in mine))
    assert found.sales.chance > whole().sales.chance
    assert found.worth.margin is None


def test_margin_is_told_where_cost_is_known_and_to_whom_it_may_be(write_history: WriteHistory) -> None:
    lines = firm_lines(18, accounts=100)
    write_history([{**line, "cost_base_minor": line["net_base_minor"] * 7 // 10} for line in lines])
    take_snapshot(as_of=AS_OF)
    found = whole()
    assert found.worth.margin == pytest.approx(0.3 * found.worth.sales, rel=1e-3)
    (account,) = best()
    seller = Member.objects.create(email="anna@firm.example", name="Anna", role="new_business_seller")
    told = [forecast_of(account, member=member) for member in (None, seller)]
    assert [one and one.worth and one.worth.margin is None for one in told] == [False, True]


def test_an_account_without_orders_has_no_forecast_and_one_of_old_figures_has_no_curve(
    write_history: WriteHistory,
) -> None:
    write_history(firm_lines(19, accounts=80))
    snapshot = take_snapshot(as_of=AS_OF)
    assert forecast_of(Account.objects.create(name="Never ordered"), member=None) is None
    assert base_forecast(member=None) is not None
    kept = {name: snapshot.lifetime_model[name] for name in ("orders", "values", "notes")}
    Snapshot.objects.update(lifetime_model=kept)
    (account,) = best()
    found = forecast_of(account, member=None)
    assert found is not None
    assert found.curve is None
    assert found.worth is None
    assert base_forecast(member=None) is None


def test_before_there_are_figures_there_is_no_forecast(organisation: Any) -> None:
    assert base_forecast(member=None) is None


def test_months_hold_the_year_without_a_gap() -> None:
    months = forecasts._month_ends(dt.date(2024, 12, 9))
    assert [month for month, _, _ in months] == [dt.date(2024, 12, 1), *(dt.date(2025, n, 1) for n in range(1, 13))]
    assert [days for _, days, _ in months][0::12] == [22, 365]
    assert [complete for _, _, complete in months] == [False, *[True] * 11, False]
    assert [complete for _, _, complete in forecasts._month_ends(dt.date(2022, 11, 30))] == [True] * 12


def test_where_the_past_tells_how_far_orders_spread_sales_spread_with_them(write_history: WriteHistory) -> None:
    write_history(firm_lines(22, accounts=100))
    take_snapshot(as_of=AS_OF)
    (account,) = best()

    def width() -> float:
        found = forecast_of(account, member=None)
        assert found is not None
        year = found.ahead[1]
        assert year.sales_low is not None
        assert year.sales_high is not None
        return year.sales_high - year.sales_low

    narrow, of_base = width(), whole().sales.chance
    snapshot = Snapshot.objects.get()
    name = snapshot.lifetime_model["forecast"]["name"]
    tried = Backtest.objects.create(
        as_of=AS_OF, horizon_days=90, history_version=1, accounts=1, accounts_known=1, winner=name,
        outcome={"level": 0.9, "records": [{"name": name, "spread": {"level": -1.0, "slope": 0.0}}], "reasons": []},
    )  # fmt: skip
    snapshot.lifetime_model["forecast"]["backtest"] = str(tried.uid)
    snapshot.save()
    assert width() > 1.5 * narrow
    fitted = FittedModels.of(snapshot)
    assert fitted is not None
    base = forecasts._Base.of(snapshot, fitted, np.array(Account.objects.values_list("pk", flat=True)))
    assert base.forecast([], rate=0.1, months=36, sees_cost=False).sales.chance > of_base
