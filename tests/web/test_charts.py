"""Charts: valid specifications, in the language, direction and colours of the page, and a table beside each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.utils import translation

import regulars.web
from regulars.core.expected_months import AgainstExpected, Change, Expectation
from regulars.core.portfolio import sales_curve
from regulars.facts.models import Account
from regulars.insight.account_months import ExpectedMonths
from regulars.insight.portfolio_figures import CustomerYear, Month
from regulars.insight.standings import Standings, value_and_risk
from regulars.web.account_chart import account_chart
from regulars.web.charts import LIGHT, Chart, as_svg, steps_between, ticks_between
from regulars.web.portfolio_charts import customers_chart, months_chart, sales_curve_chart, value_risk_map

STATIC = Path(regulars.web.__file__).parent / "static/web"


def month(number: int, sales: float, *, complete: bool = True) -> Month:
    return Month(month=date(2024, number, 1), sales=sales, orders=1, customers=1, complete=complete)


def expectation(number: int, low: float, high: float) -> Expectation:
    return Expectation(month=date(2024, number, 1), low=low, high=high, mean=(low + high) / 2)


MONTHS = [month(1, 400.0), month(2, -30.0), month(3, 1250.0), month(4, 90.0, complete=False)]
EXPECTED = [expectation(number, 100.0, 700.0) for number in (2, 3, 4)]


def chart_of_an_account(change: Change | None = None) -> Chart:
    against = AgainstExpected(expectations=EXPECTED, change=change)
    chart = account_chart(ExpectedMonths(months=MONTHS, against=against), currency="EUR")
    assert chart is not None
    return chart


def standings_of(alive: list[float], worth: list[float], risk: list[float]) -> Standings:
    count = len(alive)
    return Standings(
        key="",
        currency="EUR",
        accounts=np.arange(1, count + 1),
        sales_12m=np.array(worth),
        sales_previous_12m=np.array(worth),
        orders_12m=np.full(count, 5.0),
        probability_alive=np.array(alive),
        expected_value_365=np.array(worth) - np.array(risk),
        value_at_risk=np.array(risk),
        trend=np.zeros(count),
    )


def the_map() -> Chart:
    placed = value_and_risk(standings_of([0.99, 0.2, np.nan], [900.0, 5000.0, 70.0], [9.0, 4000.0, 0.0]))
    named = {number: Account(pk=number, name=f"Firm {number}") for number in (1, 2)}
    chart = value_risk_map(placed, named)
    assert chart is not None
    return chart


class Firm:
    """What the charts of a portfolio ask it."""

    currency = "EUR"
    sales_12m, sales_previous_12m = 1200.0, 1000.0
    months = MONTHS
    curve = sales_curve(np.array([500.0, 300.0, 200.0, 100.0, 100.0]))
    customers = (CustomerYear(ending=date(2024, 4, 30), active=9, new=2, kept=6, returned=1, lost=3),)


def all_charts() -> Iterator[Chart]:
    whole: Any = Firm()
    yield chart_of_an_account()
    yield the_map()
    for make in (sales_curve_chart, months_chart, customers_chart):
        chart = make(whole)
        assert chart is not None
        yield chart


def test_every_specification_is_valid_vega_lite() -> None:
    import altair

    for chart in all_charts():
        altair.LayerChart.from_dict(json.loads(chart.as_json))


def test_every_chart_has_a_caption_and_a_table_with_a_cell_for_each_heading() -> None:
    for chart in all_charts():
        assert chart.title
        assert chart.caption
        assert chart.rows
        assert {len(row) for row in chart.rows} == {len(chart.headings)}


def test_every_chart_can_be_drawn_without_a_browser_in_real_colours() -> None:
    for chart in all_charts():
        picture = as_svg(chart)
        assert picture.startswith("<svg")
        assert "var(" not in picture
        assert "null" not in re.sub(r'="[^"]*"', "", picture)


def test_colours_outside_the_page_are_those_of_the_light_theme() -> None:
    light = (STATIC / "css/tokens.css").read_text().split(":root {")[1].split("}")[0]
    tokens = dict(re.findall(r"--([\w-]+): (#\w+);", light))
    assert {name: tokens[name] for name in LIGHT} == LIGHT
    used = {colour for chart in all_charts() for colour in re.findall(r"var\(--([\w-]+)\)", chart.as_json)}
    assert used <= set(LIGHT)


def test_the_title_of_an_account_says_since_when_it_departs_from_what_was_expected() -> None:
    assert chart_of_an_account().title == "Is it buying as expected? Yes"
    less = chart_of_an_account(Change(since=date(2024, 2, 1), less=True, chance=0.001))
    assert less.title == "Is it buying as expected? Less since February 2024"
    more = chart_of_an_account(Change(since=date(2024, 2, 1), less=False, chance=0.001))
    assert more.title == "Is it buying as expected? More since February 2024"


def test_a_month_that_nobody_could_expect_has_no_band_and_a_question_mark() -> None:
    chart = chart_of_an_account()
    january = chart.spec["data"]["values"][0]
    assert "low" not in january
    assert [cell.text for cell in chart.rows[-1]] == ["January 2024", "€400", "1", "?", "?"]
    assert [cell.text for cell in chart.rows[0]] == ["April 2024", "€90.00", "1", "€400", "€100 to €700"]


def test_without_a_model_the_months_are_shown_without_expectations_and_without_a_month_nothing_is() -> None:
    bare = account_chart(ExpectedMonths(months=MONTHS, against=None), currency="EUR")
    assert bare is not None
    assert bare.title == "When does it buy? Most in March 2024"
    assert account_chart(ExpectedMonths(months=[], against=None), currency="EUR") is None


def test_a_point_of_the_map_leads_to_its_account_and_the_riskiest_comes_first_in_the_table() -> None:
    chart = the_map()
    assert chart.title == "Whom to see first? 1 customer holds half of the €4,009 at risk"
    assert [row[0].text for row in chart.rows] == ["Firm 2", "Firm 1"]
    addresses = {point["name"]: point["address"] for point in chart.spec["data"]["values"]}
    assert addresses["Firm 2"] == chart.rows[0][0].address
    assert chart.notes == ["Of 1 customer nobody can say yet, because it ordered on one day only."]


def test_the_map_holds_the_riskiest_and_the_largest_and_sums_up_the_rest() -> None:
    worth = np.linspace(10_000, 1_000, 1000)
    risk = np.where(np.arange(1000) >= 900, 800.0, 1.0)
    placed = value_and_risk(standings_of([0.9] * 1000, worth.tolist(), risk.tolist()), most=400)
    shown = set(placed.shown.accounts.tolist())
    assert len(shown) == 400
    assert set(range(901, 1001)) <= shown
    assert set(range(1, 101)) <= shown
    assert placed.others == 600
    assert placed.others_worth + placed.shown.worth.sum() == pytest.approx(worth.sum())
    assert placed.hold_half_of_risk == 51


def test_in_a_language_from_right_to_left_time_runs_that_way_and_amounts_stand_where_reading_begins() -> None:
    def sides(chart: Chart) -> tuple[bool, str]:
        encoding = chart.spec["layer"][1]["encoding"]
        return encoding["x"]["scale"].get("reverse", False), encoding["y"]["axis"]["orient"]

    assert sides(chart_of_an_account()) == (False, "left")
    with translation.override("ur"):
        assert sides(chart_of_an_account()) == (True, "right")


@pytest.mark.parametrize(("low", "high"), [(0, 7), (-30, 1250), (0, 1), (0, 9_400_000), (-5, -1), (3, 3)])
def test_ticks_are_few_and_hold_all_values_between_them(low: float, high: float) -> None:
    ticks = ticks_between(low, high)
    assert ticks[0] <= low <= high <= ticks[-1]
    assert 2 <= len(ticks) <= 7
    assert np.allclose(np.diff(ticks), ticks[1] - ticks[0])


def test_logarithmic_steps_lie_within_the_axis() -> None:
    assert steps_between(90.0, 2500.0) == [100.0, 200.0, 500.0, 1000.0, 2000.0]
    assert steps_between(0.9, 250_000.0) == [1.0, 10.0, 100.0, 1000.0, 10_000.0, 100_000.0]
