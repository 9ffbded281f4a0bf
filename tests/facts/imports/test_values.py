"""Numbers and dates in every style that exports have."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import pytest
from babel.dates import format_date
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.base.warehouse import Engine, quoted
from regulars.facts.imports.values import currency_of, make_date_dictionary, make_number_dictionary

shared_engine = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)


def texts(values: Sequence[str]) -> str:
    return " UNION ALL ".join(f"SELECT {quoted(value)} AS text" for value in values)


def numbers(engine: Engine, values: Sequence[str], decimal: str = "") -> dict[str, Decimal | None]:
    make_number_dictionary(engine, "numbers_read", texts(values), decimal)
    return dict(engine.rows("SELECT text, value FROM numbers_read"))


def dates(engine: Engine, values: Sequence[str], zone: str = "UTC", **orders: str) -> dict[str, dt.date | None]:
    signs = {"dot": ".", "slash": "/", "dash": "-", "blank": " "}
    order = {signs[name]: value for name, value in orders.items()}
    make_date_dictionary(engine, "dates_read", texts(values), date_order=order, time_zone=zone, latest_year=2026)
    return dict(engine.rows("SELECT text, day FROM dates_read"))


@pytest.mark.parametrize(
    ("written", "decimal", "meant"),
    [
        ("1,234.56", ".", "1234.56"),
        ("1.234,56", ",", "1234.56"),
        ("1 234,56", ",", "1234.56"),
        ("1\u00a0234,56", ",", "1234.56"),
        ("1\u202f234,56", ",", "1234.56"),
        ("1'234.50", ".", "1234.50"),
        ("1’234.50", ".", "1234.50"),
        ("1,23,45,678.90", ".", "12345678.90"),
        ("1.234", ",", "1234"),
        ("1.234", ".", "1.234"),
        ("1,234", ".", "1234"),
        ("1,234", ",", "1.234"),
        ("€ 12,00", ",", "12"),
        ("12,00 €", ",", "12"),
        ("EUR 12.50", ".", "12.5"),
        ("12.50USD", ".", "12.5"),
        ("-$12.50", ".", "-12.5"),
        ("$-12.50", ".", "-12.5"),
        ("US$ 5", ".", "5"),
        ("R$ 1.234,56", ",", "1234.56"),
        ("Rs. 1,200/-", ".", "1200"),
        ("12,-", ",", "12"),
        ("12.–", ".", "12"),
        ("(12.00)", ".", "-12"),
        ("(€1,234.50)", ".", "-1234.5"),
        ("12.00-", ".", "-12"),
        ("−7", ".", "-7"),
        ("+7", ".", "7"),
        ("१,२३४.५०", ".", "1234.50"),
        ("১২৩", ".", "123"),
        ("๑๒๓.๕", ".", "123.5"),
        ("٣٫٥", ".", "3.5"),
        ("1e3", ".", "1000"),
        (".5", ".", "0.5"),
    ],
)
def test_an_amount_is_read_in_any_style(engine: Engine, written: str, decimal: str, meant: str) -> None:
    assert numbers(engine, [written], decimal)[written] == Decimal(meant)


@pytest.mark.parametrize("written", ["abc", "1,2,3", "12 5", "--5", "1.2.3", "5 apples", "1,23,4.5", "2024-01-05", ""])
def test_what_is_no_number_is_not_taken_for_one(engine: Engine, written: str) -> None:
    assert numbers(engine, [written])[written] is None


def test_a_column_says_by_its_values_which_sign_is_the_decimal_one(engine: Engine) -> None:
    assert numbers(engine, ["1.234", "12,50", "7,1"])["1.234"] == 1234
    assert numbers(engine, ["1.234", "12.50", "7.1"])["1.234"] == Decimal("1.234")


def test_a_value_that_makes_sense_with_the_other_sign_alone_is_read_with_it(engine: Engine) -> None:
    assert numbers(engine, ["1.234,56", "12.5"], ",") == {"1.234,56": Decimal("1234.56"), "12.5": Decimal("12.5")}


STYLES = [(".", ","), (",", "."), (".", " "), (",", "\u00a0"), (".", "'"), (",", "")]


@shared_engine
@given(
    amount=st.decimals(min_value=-(10**10), max_value=10**10, places=2),
    style=st.sampled_from(STYLES),
    sign=st.sampled_from(["{}", "€ {}", "{} EUR", "{} kr", "Rs. {}"]),
    negative=st.sampled_from(["-{}", "({})", "{}-"]),
)
def test_a_formatted_amount_is_read_back(
    engine: Engine, amount: Decimal, style: tuple[str, str], sign: str, negative: str
) -> None:
    decimal, thousands = style
    plain = f"{abs(amount):,.2f}".translate({ord(","): thousands, ord("."): decimal})
    written = (negative if amount < 0 else "{}").format(sign.format(plain))
    assert numbers(engine, [written], decimal)[written] == amount


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("31.12.2024", (2024, 12, 31)),
        ("1. 2. 2024", (2024, 2, 1)),
        ("12/31/2024", (2024, 12, 31)),
        ("12/31/2024 9:15 PM", (2024, 12, 31)),
        ("2024/1/5", (2024, 1, 5)),
        ("2024-01-05 00:00:00", (2024, 1, 5)),
        ("2024-01-05T09:15", (2024, 1, 5)),
        ("20240131", (2024, 1, 31)),
        ("05-Jan-24", (2024, 1, 5)),
        ("31.12.99", (1999, 12, 31)),
        ("Mon, 01 Jan 2024 10:00:00 +0000", (2024, 1, 1)),
        ("Monday, January 1, 2024", (2024, 1, 1)),
        ("mar. 5 mars 2024", (2024, 3, 5)),
        ("1er février 2024", (2024, 2, 1)),
        ("5 de enero de 2024", (2024, 1, 5)),
        ("3. März 2024", (2024, 3, 3)),
        ("१५ जनवरी २०२४", (2024, 1, 15)),
        ("15 ม.ค. 2567", (2024, 1, 15)),
        ("15/01/2567", (2024, 1, 15)),
        ("2199-01-01", (2199, 1, 1)),
    ],
)
def test_a_date_is_read_in_any_style(engine: Engine, written: str, meant: tuple[int, int, int]) -> None:
    assert dates(engine, [written])[written] == dt.date(*meant)


@pytest.mark.parametrize(
    "written", ["31.13.2024", "30.02.2024", "abc", "12", "2024", "1.2/2024", "2024-01-05 nonsense text"]
)
def test_what_is_no_date_is_not_taken_for_one(engine: Engine, written: str) -> None:
    assert dates(engine, [written])[written] is None


def test_each_separator_has_an_order_of_its_own(engine: Engine) -> None:
    read = dates(engine, ["03.04.2024", "03/04/2024", "03-04-2024"], dot="dmy", slash="mdy", dash="dmy")
    assert [str(read[text])[5:7] for text in sorted(read)] == ["04", "04", "03"]


def test_a_month_that_cannot_be_is_not_turned_into_a_day(engine: Engine) -> None:
    assert dates(engine, ["12/31/2024", "03/04/2024"], slash="dmy")["12/31/2024"] is None


def test_an_hour_with_a_zone_becomes_the_day_in_the_zone_of_the_firm(engine: Engine) -> None:
    stamps = ["2024-01-05T23:30:00Z", "2024-01-05 23:30:00 -0500", "2024-01-05T10:00:00+05:30"]
    assert [day and day.day for day in dates(engine, stamps, "Asia/Tokyo").values()].count(6) == 2
    assert dates(engine, ["2024-01-05 23:30:00"], "Asia/Tokyo")["2024-01-05 23:30:00"] == dt.date(2024, 1, 5)


def test_numbers_of_days_and_of_seconds_are_dates_where_all_of_the_column_is(engine: Engine) -> None:
    assert dates(engine, ["45292", "45293.5"]) == {"45292": dt.date(2024, 1, 1), "45293.5": dt.date(2024, 1, 2)}
    assert dates(engine, ["1704067200"]) == {"1704067200": dt.date(2024, 1, 1)}
    assert dates(engine, ["45292", "01.01.2024"])["45292"] is None


@pytest.mark.parametrize("language", ["en_GB", "de", "es", "pt", "fr", "it", "nl", "ne", "hi", "bn"])
def test_every_month_is_read_as_each_language_writes_it(engine: Engine, language: str) -> None:
    days = [dt.date(2001, month, 28) for month in range(1, 13)]
    written = {format_date(day, width, language): day for day in days for width in ("medium", "long", "full")}
    assert dates(engine, list(written), dot="dmy", slash="dmy", dash="dmy") == written


@shared_engine
@given(
    day=st.dates(dt.date(1971, 1, 1), dt.date(2026, 12, 31)),
    language=st.sampled_from(["en", "en_GB", "de", "es", "pt", "fr", "it", "nl", "ne", "hi", "bn"]),
    width=st.sampled_from(["long", "medium", "full"]),
)
def test_a_date_written_by_any_locale_is_read_back(engine: Engine, day: dt.date, language: str, width: str) -> None:
    written = format_date(day, width, language)
    order = "mdy" if language == "en" else "dmy"
    assert dates(engine, [written], dot=order, slash=order, dash=order)[written] == day


@pytest.mark.parametrize(
    ("written", "base", "meant"),
    [
        ("eur", "GBP", "EUR"),
        ("€", "GBP", "EUR"),
        ("$", "CAD", "CAD"),
        ("$", "EUR", "USD"),
        ("Rs.", "NPR", "NPR"),
        ("kr", "EUR", "SEK"),
        ("XYZ", "EUR", None),
        ("coins", "EUR", None),
    ],
)
def test_a_currency_is_known_by_code_or_sign(written: str, base: str, meant: str | None) -> None:
    assert currency_of(written, base) == meant
