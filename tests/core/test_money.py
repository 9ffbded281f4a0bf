"""Money is whole minor units, and no unit is lost or made."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.core.money import (
    NotAnAmount,
    UnknownCurrency,
    convert_minor,
    exponent,
    from_minor,
    split_minor,
    to_minor,
)

CURRENCIES = st.sampled_from(["EUR", "USD", "JPY", "KWD", "CLF", "NPR", "INR", "PKR", "BDT", "THB", "IRR"])
MINOR = st.integers(-(10**18), 10**18)
WEIGHTS = st.lists(st.integers(0, 10**9), min_size=1, max_size=30).filter(any)


@pytest.mark.parametrize(
    ("currency", "decimals"),
    [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("IQD", 3), ("PKR", 2), ("IRR", 2), ("HUF", 2), ("KRW", 0)],
)
def test_decimals_are_those_of_iso_4217(currency: str, decimals: int) -> None:
    assert exponent(currency) == decimals


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("12.34", "EUR", 1234), ("12.345", "EUR", 1235), ("-12.345", "EUR", -1235),
     ("0.125", "USD", 13), ("7.5", "JPY", 8),
     ("1.0005", "KWD", 1001), (Decimal("99.994999"), "EUR", 9999), (3, "EUR", 300), ("1e3", "EUR", 100_000)],
)  # fmt: skip
def test_half_a_unit_is_rounded_away_from_zero(amount: Any, currency: str, minor: int) -> None:
    assert to_minor(amount, currency) == minor


@pytest.mark.parametrize("amount", ["", "abc", "1,5", "NaN", "Infinity", "1e400"])
def test_what_is_no_amount_is_refused(amount: Any) -> None:
    with pytest.raises(NotAnAmount):
        to_minor(amount, "EUR")


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "ZZZ"])
def test_an_unknown_currency_is_refused(currency: str) -> None:
    with pytest.raises(UnknownCurrency):
        to_minor("1", currency)


@given(MINOR, CURRENCIES)
def test_minor_units_survive_the_way_there_and_back(minor: int, currency: str) -> None:
    assert to_minor(from_minor(minor, currency), currency) == minor


@given(MINOR, WEIGHTS)
def test_parts_add_up_and_none_is_a_unit_off_its_share(total: int, weights: list[int]) -> None:
    parts = split_minor(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1


@given(MINOR, WEIGHTS)
def test_a_refund_is_split_as_its_charge_was(total: int, weights: list[int]) -> None:
    assert split_minor(-total, weights) == [-part for part in split_minor(total, weights)]


def test_units_left_over_go_to_the_parts_cut_most() -> None:
    assert split_minor(100, [1, 1, 1]) == [34, 33, 33]
    assert split_minor(10, [Decimal("0.5"), Decimal("0.3"), Decimal("0.2")]) == [5, 3, 2]
    assert split_minor(1, [0, 1, 3]) == [0, 0, 1]


def test_conversion_minds_the_decimals_of_both_currencies() -> None:
    assert convert_minor(100, rate=Decimal(160), from_currency="EUR", to_currency="JPY") == 160
    assert convert_minor(160, rate=1 / Decimal(160), from_currency="JPY", to_currency="EUR") == 100
    assert convert_minor(1000, rate=Decimal("3.25"), from_currency="KWD", to_currency="USD") == 325


@given(MINOR, CURRENCIES)
def test_a_rate_of_one_changes_nothing(minor: int, currency: str) -> None:
    assert convert_minor(minor, rate=Decimal(1), from_currency=currency, to_currency=currency) == minor


@given(MINOR, st.decimals("0.000001", "1000000", places=6), CURRENCIES, CURRENCIES)
def test_conversion_rounds_once_and_treats_refunds_alike(minor: int, rate: Decimal, source: str, target: str) -> None:
    options: dict[str, Any] = {"rate": rate, "from_currency": source, "to_currency": target}
    converted = convert_minor(minor, **options)
    exact = Fraction(minor) * Fraction(rate) * Fraction(10) ** (exponent(target) - exponent(source))
    assert abs(converted - exact) <= Fraction(1, 2)
    assert convert_minor(-minor, **options) == -converted
