"""Numbers, money and dates in the language in force."""

from __future__ import annotations

import datetime as dt

import pytest
from django.conf import settings
from django.utils.translation import override
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from regulars.base.formats import buddhist_years, chance, day, money, month, number, percent, short_month


def plain(text: str) -> str:
    """With ordinary spaces."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def test_a_chance_is_never_certain() -> None:
    assert [chance(value) for value in (0.0, 0.004, 0.58, 0.995, 0.999)] == ["<1%", "<1%", "58%", ">99%", ">99%"]


def test_english() -> None:
    with override("en"):
        assert number(1234567) == "1,234,567"
        assert number(2.45, digits=1) == "2.5"
        assert number(19.0, digits=1) == "19"
        assert money(1234.5, "GBP") == "£1,235"
        assert money(12.5, "GBP") == "£12.50"
        assert money(-1234.5, "GBP", exact=True) == "−£1,234.50"
        assert money(1234, "JPY", exact=True) == "¥1,234"
        assert plain(money(1.2345, "KWD")) in ("KWD 1.235", "KWD1.235")
        assert day(dt.date(2011, 12, 3)) == "3 Dec 2011"
        assert month(dt.date(2011, 12, 3)) == "December 2011"


def test_shares_have_a_decimal_only_when_small() -> None:
    with override("en"):
        assert [percent(share) for share in (0.041, 0.382, 0.0996, 0, 1.5)] == ["4.1%", "38%", "10%", "0%", "150%"]
        assert percent(0.0404, digits=0) == "4%"
        assert percent(-0.324, signed=True) == "−32%"
        assert percent(0.324, signed=True) == "+32%"
        assert percent(-0.00001, signed=True) == "0%"


def test_other_languages_write_their_own_way() -> None:
    with override("de"):
        assert plain(money(1234.5, "EUR", exact=True)) == "1.234,50 €"
        assert plain(percent(0.041)) == "4,1 %"
        assert day(dt.date(2011, 12, 3)) == "03.12.2011"
    with override("hi"):
        assert number(1234567) == "12,34,567"
        assert money(3212345.5, "INR") == "₹32,12,346"


@pytest.mark.parametrize("language", ["en", "ur", "ne"])
def test_rupees_and_takas_are_grouped_by_lakh_in_every_language(language: str) -> None:
    with override(language):
        assert "32,12,346" in money(3212345.5, "INR")
        assert "32,12,346" in money(3212345.5, "NPR")


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
@hypothesis_settings(deadline=None)
@given(value=st.floats(-1e15, 1e15))
def test_every_number_can_be_written_in_every_language(language: str, value: float) -> None:
    with override(language):
        for text in (number(value, digits=1), percent(value, signed=True), money(value, "INR")):
            assert any(letter in "0123456789" for letter in text)
        assert day(dt.date(2024, 2, 29))


def test_signs_and_units_stay_with_their_figures_where_one_writes_from_right_to_left() -> None:
    with override("ur"):
        assert percent(0.02, signed=True) == "\u2066+2%\u2069"
        assert chance(0.999).startswith("\u2066>")  # else it would be shown as <
        assert money(-1234, "GBP") == "\u2066−£1,234\u2069"
        assert day(dt.date(2011, 12, 3)) == "\u20673 دسمبر، 2011\u2069"
    with override("hi"):
        assert percent(0.02, signed=True) == "+2%"


def test_an_unknown_language_falls_back_to_english() -> None:
    with override("tlh"):
        assert number(1000) == "1,000"


def test_thai_dates_count_years_as_the_buddhist_calendar_does_where_wanted() -> None:
    leap_day = dt.date(2024, 2, 29)
    with override("th"):
        assert "2024" in day(leap_day)
        with buddhist_years():
            assert "2567" in day(leap_day)
            assert month(leap_day).endswith("2567")
            assert short_month(leap_day).endswith("67")
            with override("en"):
                assert day(leap_day) == "29 Feb 2024"
        assert "2024" in day(leap_day)
