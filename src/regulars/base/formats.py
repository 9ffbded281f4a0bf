"""Numbers, money and dates as people write them in the language in force, in the digits that all languages share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from babel.lists import format_list
from babel.numbers import NumberPattern, get_currency_name, parse_pattern
from django.utils.translation import get_language, to_locale

from regulars.core.money import exponent

Amount = float | Decimal

MINUS = "−"
BUDDHIST_YEARS_AHEAD = 543

_buddhist_years: ContextVar[bool] = ContextVar("buddhist_years", default=False)
LAKH_CURRENCIES = {"BDT", "INR", "NPR", "PKR"}
"""Currencies whose amounts are grouped by lakh and crore, in whichever language: ₹12,34,567."""


def number(value: Amount, *, digits: int = 0) -> str:
    """At most `digits` decimals: 12,345 or 2.5."""
    return _written(_rounded(value, digits), _number_pattern(_locale(), digits))


def percent(share: Amount, *, digits: int | None = None, signed: bool = False) -> str:
    """A share as per cent: 0.041 → 4.1%. Without `digits`, one decimal below ten per cent, none above.

    `signed` puts a sign before a change: +12%, −32%.
    """
    if digits is None:
        digits = 1 if abs(float(share)) < 0.0995 else 0
    rounded = _rounded(share, digits + 2)
    text = _written(abs(rounded), _percent_pattern(_locale(), digits))
    sign = MINUS if rounded < 0 else "+" if signed and rounded > 0 else ""
    return _together(sign + text)


def chance(value: Amount) -> str:
    """A chance as per cent; nothing is certain, so neither 0% nor 100%: 0.58 → 58%, 0.999 → >99%."""
    if 0.005 <= float(value) < 0.995:
        return percent(value, digits=0)
    bound, sign = (0.01, "<") if float(value) < 0.5 else (0.99, ">")
    return _together(sign + percent(bound, digits=0))


def named_currency(code: str) -> str:
    """A currency to choose: EUR · Euro."""
    return f"{code} · {get_currency_name(code, locale=_locale())}"


def money(amount: Amount, currency: str, *, exact: bool = False) -> str:
    """An amount in units of its currency. From 100 on in whole units, as estimates and totals go; `exact` keeps all."""
    decimals = exponent(currency)
    digits = decimals if exact or abs(float(amount)) < 99.995 else 0
    rounded = _rounded(amount, digits)
    text = _written(abs(rounded), _money_pattern(_locale(), digits, currency in LAKH_CURRENCIES), currency)
    return _together(MINUS + text if rounded < 0 else text)


def day(on: date) -> str:
    """A date: 3 Dec 2011, as the language has it.

    From right to left it is kept apart: its first figure would go with an English name that stands before it.
    """
    text = _date(on, _usual_locale().date_formats["medium"].pattern)
    return f"\u2067{text}\u2069" if _locale().text_direction == "rtl" else text


def year(on: date) -> str:
    """The year of a date: 2011."""
    return _date(on, "y")


def month(on: date) -> str:
    """The month of a date: December 2011."""
    return _date(on, "LLLL y")


def day_of_year(month_of_year: int, day_of_month: int) -> str:
    """A day that comes every year: 3 December."""
    return format_skeleton("MMMMd", date(2024, month_of_year, day_of_month), locale=_usual_locale())


def short_month(on: date) -> str:
    """The month of a date where there is little room: Dec 11."""
    return _date(on, "LLL yy")


def weekday(on: date, *, short: bool = False) -> str:
    """The day of the week: Tuesday; short: Tue."""
    return _date(on, "ccc" if short else "cccc")


def clock(at: datetime, where: tzinfo) -> str:
    """The time of day at a place: 14:05."""
    return str(format_time(at.astimezone(where), "HH:mm", locale=_locale()))


def moment(at: datetime, where: tzinfo) -> str:
    """A moment as the clock shows it at a place: 3 Dec 2011, 14:05."""
    local = at.astimezone(where)
    return f"{day(local.date())}, {format_time(local, 'HH:mm', locale=_locale())}"


def size(size_bytes: int) -> str:
    """The size of a file: 640 kB, 12.4 MB."""
    for unit, in_bytes in (("GB", 1e9), ("MB", 1e6)):
        if size_bytes >= in_bytes:
            return f"{number(size_bytes / in_bytes, digits=1)} {unit}"
    return f"{number(max(size_bytes / 1e3, 1))} kB"


@contextmanager
def buddhist_years(wanted: bool = True) -> Iterator[None]:
    """Within it, dates in Thai count years as the Buddhist calendar does: 2024 is 2567."""
    token = _buddhist_years.set(wanted)
    try:
        yield
    finally:
        _buddhist_years.reset(token)


def listed(names: Sequence[str]) -> str:
    """Several in one breath: A, B and C."""
    return str(format_list(names, locale=_usual_locale()))


def _date(on: date, pattern: str) -> str:
    if _buddhist_years.get() and get_language() == "th":
        year = str(on.year + BUDDHIST_YEARS_AHEAD)
        pattern = re.sub("y+", lambda found: f"'{year[-2:] if found[0] == 'yy' else year}'", pattern)
    return format_date(on, pattern, locale=_locale())


def _rounded(value: Amount, digits: int) -> Decimal:
    """Half away from zero, as in invoices; 0 has no sign."""
    rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return rounded if rounded else abs(rounded)


def _together(text: str) -> str:
    """In a language written from right to left, keep sign, figure and unit as they are, whatever stands around them."""
    return f"\u2066{text}\u2069" if _locale().text_direction == "rtl" else text


def _written(value: Decimal, pattern: NumberPattern, currency: str | None = None) -> str:
    return str(pattern.apply(value, _locale(), currency=currency, currency_digits=False))


@cache
def _number_pattern(locale: Locale, digits: int) -> NumberPattern:
    return parse_pattern(locale.decimal_formats[None].pattern.replace(".###", _decimals("#", digits)))


@cache
def _percent_pattern(locale: Locale, digits: int) -> NumberPattern:
    return parse_pattern(locale.percent_formats[None].pattern.replace("0", "0" + _decimals("#", digits)))


@cache
def _money_pattern(locale: Locale, digits: int, by_lakh: bool) -> NumberPattern:
    pattern = locale.currency_formats["standard"].pattern.split(";")[0].replace(".00", _decimals("0", digits))
    if by_lakh and "#,##,##0" not in pattern:
        pattern = pattern.replace("#,##0", "#,##,##0")
    return parse_pattern(pattern)


def _decimals(mark: str, digits: int) -> str:
    return "." + mark * digits if digits else ""


def _usual_locale() -> Locale:
    """As most of the world writes the language: English with days before months, and no comma before "and"."""
    return _locale_of("en-001") if _locale().language == "en" else _locale()


def _locale() -> Locale:
    return _locale_of(get_language() or "en")


@cache
def _locale_of(language: str) -> Locale:
    try:
        return Locale.parse(to_locale(language))
    except UnknownLocaleError:
        return Locale.parse("en")
