"""A real wholesaler (UCI Online Retail II): numbers that plain SQL gives, each found by a query of its own."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from regulars.base.bulk_load import insert_rows
from regulars.base.warehouse import open_engine, quoted
from regulars.facts.history import HISTORY
from regulars.facts.models import Account
from regulars.insight.models import Score
from regulars.insight.portfolio import portfolio
from regulars.insight.portfolio_figures import Portfolio
from regulars.insight.snapshots import take_snapshot

pytestmark = pytest.mark.django_db

LINES = """
    SELECT 'uci' AS source, invoice AS order_id, row_number() OVER ()::VARCHAR AS line_no, customer_id AS account_id,
        invoice_date::DATE AS business_date, stock_code AS product, NULL AS category, quantity::DOUBLE AS quantity,
        'GBP' AS currency, round(quantity * price * 100)::BIGINT AS net_minor, net_minor AS net_base_minor,
        NULL AS cost_base_minor, NULL AS discount_base_minor, NULL AS seller, country AS department, 'web' AS channel,
        CASE WHEN upper(invoice) LIKE 'C%' OR quantity < 0 THEN 'return' ELSE 'sale' END AS kind, NULL AS import_id
    FROM {file} WHERE regexp_matches(stock_code, '^[0-9]{{5}}') AND price > 0
"""


@pytest.fixture
def wholesaler(organisation: Any, shared_data: Path) -> None:
    """The history with goods alone: postage, fees and adjustments have other stock codes."""
    organisation.base_currency = "GBP"
    organisation.save()
    lines = LINES.format(file=quoted(str(shared_data / "uci_online_retail_ii.parquet")))
    HISTORY.writable()
    with open_engine() as engine:
        named = (
            f"SELECT DISTINCT account_id AS id, 'Customer ' || account_id AS name FROM ({lines}) WHERE account_id > 0"
        )
        assert insert_rows(Account, engine.arrow(named)) == 5875
        version = HISTORY.append(engine, lines)
    with transaction.atomic():
        HISTORY.put_in_force(version)


def test_figures_of_a_real_wholesaler(wholesaler: None) -> None:
    """C1, D2, E1, E14, E17, A7."""
    snapshot = take_snapshot(as_of=dt.date(2011, 12, 9))
    scores_are_as_known()
    firm = portfolio()
    assert firm is not None
    firm_is_as_known(firm)
    customers_are_as_known(firm)
    assert snapshot.lifetime_model["orders"]["name"] == "BetaGeoNBD"


def scores_are_as_known() -> None:
    assert Score.objects.count() == 5875
    assert Score.objects.filter(order_days__gt=0).count() == 5852
    largest = list(Score.objects.order_by("rank").values_list("account_id", "sales_12m", "order_days")[:3])
    assert largest == [(14646, 278778.02, 91), (18102, 231822.69, 67), (17450, 187706.69, 31)]
    busiest = Score.objects.get(account_id=14911)
    assert busiest.order_days == 247
    assert (busiest.gap_typical_days, busiest.gap_longest_days, busiest.gap_spread_days) == (2.0, 20.0, 3.0)
    assert busiest.gap_mean_days == pytest.approx(2.9959349593)


def firm_is_as_known(firm: Portfolio) -> None:
    assert (firm.accounts, firm.accounts_12m, firm.history_from) == (5852, 4261, dt.date(2009, 12, 1))
    assert firm.sales_12m == pytest.approx(9389963.05)
    assert firm.sales_previous_12m == pytest.approx(9210349.64)
    assert firm.sales_without_customer_12m == pytest.approx(1406180.15)
    assert firm.margin_12m is None, "no cost is known"
    assert firm.curve.top_fifth_share == pytest.approx(0.7344262653)
    assert firm.curve.accounts_for_80_percent == 1161
    assert firm.concentration.herfindahl == pytest.approx(0.0033112115)
    assert firm.concentration.largest_share == pytest.approx(278778.02 / 9389963.05)
    assert firm.retention.net == pytest.approx(0.8014058742)
    assert firm.retention.gross == pytest.approx(0.6192216371)
    assert firm.retention.repeat_rate == pytest.approx(0.6320112650)


def customers_are_as_known(firm: Portfolio) -> None:
    (year,) = firm.customers
    assert (year.active, year.new, year.kept, year.returned, year.lost) == (4261, 1567, 2680, 14, 1543)
    february = next(month for month in firm.months if month.month == dt.date(2011, 2, 1))
    assert (february.orders, february.customers, february.complete) == (941, 757, True)
    assert february.sales == pytest.approx(500493.88)
    assert not firm.months[-1].complete
    began = next(cohort for cohort in firm.cohorts if cohort.start == dt.date(2010, 1, 1))
    assert began.accounts == 1184
    assert began.periods[3].active_share == pytest.approx(602 / 1184)
    assert firm.cohorts[0].beginning_unknown
    assert not began.beginning_unknown
    assert firm.departments[0].name == "United Kingdom"
