"""The bars of an account's months."""

from __future__ import annotations

from datetime import date

from regulars.insight.portfolio_figures import Month
from regulars.web.month_bars import HEIGHT, WIDTH, bars_of_months


def month(year: int, number: int, sales: float) -> Month:
    return Month(month=date(year, number, 1), sales=sales, orders=1, customers=1, complete=True)


def test_months_without_an_order_are_gaps_and_not_left_out() -> None:
    chart = bars_of_months([month(2023, 11, 100.0), month(2024, 2, 50.0)], currency="EUR")
    assert chart is not None
    assert [(bar.title, bar.height > 0) for bar in chart.bars] == [
        ("November 2023", True),
        ("December 2023", False),
        ("January 2024", False),
        ("February 2024", True),
    ]
    assert "November 2023" in chart.title


def test_bars_stay_within_the_picture_and_returns_hang_below_the_axis() -> None:
    chart = bars_of_months([month(2024, 1, 100.0), month(2024, 2, -40.0)], currency="EUR")
    assert chart is not None
    sold, returned = chart.bars
    assert returned.below
    assert returned.y == chart.axis
    assert abs(sold.y + sold.height - chart.axis) < 0.2
    for bar in chart.bars:
        assert 0 <= bar.y <= bar.y + bar.height <= HEIGHT
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH


def test_no_month_no_chart() -> None:
    assert bars_of_months([], currency="EUR") is None
