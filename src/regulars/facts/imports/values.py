"""Text of cells into numbers and dates, in SQL.

What a computer wrote (`12.50`, `2024-01-31 09:15:00`) is cast by the engine directly. For every other column a
dictionary is made first: a table of its distinct texts and what each of them means. So the many ways to write an amount
or a day cost only once for each text, however many rows the file has.
"""

from __future__ import annotations

import functools
import re
import string
import unicodedata
from collections.abc import Mapping as Table
from typing import Final, TypeVar

from babel import Locale
from babel.numbers import list_currencies

from regulars.base.warehouse import Engine, quoted

Value = TypeVar("Value")

NUMBER: Final = "DECIMAL(18,6)"
"""A number of a file: twelve digits before the point, six after it, which is exact for all but noise."""

FINE_NUMBER: Final = "DECIMAL(28,12)"
"""A number that may be very small, as exchange rates are."""

LANGUAGES: Final = ("en", "de", "es", "pt", "fr", "it", "nl", "ne", "hi", "ur", "bn", "th")
"""Languages whose names of months and weekdays are read."""

NUMBER_FIELDS: Final = (
    *("quantity", "unit_price", "net_amount", "gross_amount", "tax_amount", "discount_amount", "discount_percent"),
    *("cost_amount", "unit_cost", "order_shipping", "order_discount", "order_refund"),
)
"""Fields of an order line that hold numbers."""

EMPTY_WORDS: Final = ("-", "–", "—", "n/a", "na", "null", "none", "nan", "nil", "#n/a", "nat")
"""What programs write into a cell that has no number or date."""

_DIGITS: Final = ("०१२३४५६७८९", "০১২৩৪৫৬৭৮৯", "๐๑๒๓๔๕๖๗๘๙", "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "０１２３４５６７８９")
_SAME_SIGN: Final = {
    "−–—‒﹣－": "-",
    "\u00a0\u2009\u202f\u2007\u2002\u2003\u3000\t\r\n": " ",
    "’‘ʼ´`": "'",
    "٫": ".",
    "٬": "'",
    "،，": ",",
}
_INVISIBLE: Final = "\u200e\u200f\u200b\u061c\ufeff"

CURRENCY_SIGNS: Final = {
    "€": "EUR",
    "£": "GBP",
    "₹": "INR",
    "৳": "BDT",
    "฿": "THB",
    "บาท": "THB",
    "₺": "TRY",
    "₽": "RUB",
    "₴": "UAH",
    "₩": "KRW",
    "₫": "VND",
    "₱": "PHP",
    "₦": "NGN",
    "₪": "ILS",
    "zł": "PLN",
    "Kč": "CZK",
    "Ft": "HUF",
    "R$": "BRL",
    "US$": "USD",
    "C$": "CAD",
    "CA$": "CAD",
    "A$": "AUD",
    "AU$": "AUD",
    "NZ$": "NZD",
    "HK$": "HKD",
    "S$": "SGD",
    "MX$": "MXN",
    "Euro": "EUR",
    "Fr.": "CHF",
    "SFr.": "CHF",
    "रु": "NPR",
    "रू": "NPR",
    "टका": "BDT",
    "টাকা": "BDT",
    "روپے": "PKR",
}
"""Signs that mean one currency."""

SHARED_SIGNS: Final = {
    "$": ("USD", "CAD", "AUD", "NZD", "HKD", "SGD", "MXN", "ARS", "CLP", "COP"),
    "¥": ("JPY", "CNY"),
    "￥": ("JPY", "CNY"),
    "元": ("CNY",),
    "円": ("JPY",),
    "kr": ("SEK", "NOK", "DKK", "ISK"),
    "kr.": ("DKK", "NOK", "SEK", "ISK"),
    "Rs": ("INR", "PKR", "NPR", "LKR", "MUR"),
    "Rs.": ("INR", "PKR", "NPR", "LKR", "MUR"),
    "रु.": ("NPR", "INR"),
    "रू.": ("NPR", "INR"),
    "₨": ("PKR", "NPR", "LKR", "MUR", "INR"),
    "Tk": ("BDT",),
    "Tk.": ("BDT",),
    "лв": ("BGN",),
    "lei": ("RON",),
}
"""Signs that several currencies share: the organisation's own if it is among them, else the first."""


def currency_of(text: str, base_currency: str) -> str | None:
    """The ISO 4217 code that a code or sign stands for; None if it stands for none.

    A sign that several currencies share means `base_currency` if that is among them.
    """
    plain = text.strip()
    if plain.upper() in _currency_codes():
        return plain.upper()
    shared = _folded(SHARED_SIGNS).get(plain.casefold())
    if shared:
        return base_currency if base_currency in shared else shared[0]
    return _folded(CURRENCY_SIGNS).get(plain.casefold())


def text(cell: str) -> str:
    """SQL: the text of a cell without blanks around it, NULL if nothing is left."""
    return f"nullif(trim({cell}), '')"


def clean_text(cell: str) -> str:
    """SQL: as `text`, for cells with blanks around them that are not plain spaces (tabs, no-break spaces, newlines)."""
    return f"nullif(trim({cell}, {quoted(_BLANKS)}), '')"


_BLANKS: Final = " \t\r\n\u00a0\u2007\u202f\u3000\ufeff\u200b"
_ODD_BLANKS: Final = ("\t", "\n", "\u00a0")


def blanks_around(column: str) -> tuple[str, str]:
    """SQL aggregates over a raw column: some text has plain blanks around it; some needs `clean_text`."""
    contained = " OR ".join(f"contains({column}, chr({ord(blank)}))" for blank in _ODD_BLANKS)
    padded = f"coalesce(min({column}) < '!', false) OR coalesce(bool_or(ends_with({column}, ' ')), false)"
    return padded, f"coalesce(bool_or({contained}), false)"


def is_empty_word(cell: str) -> str:
    """SQL: true where a cell says in words that it is empty."""
    return f"lower({cell}) IN ({', '.join(map(quoted, EMPTY_WORDS))})"


# Numbers


def plain_number(cell: str, kind: str = NUMBER) -> str:
    """SQL: the number of a text that needs no dictionary."""
    return f"TRY_CAST({cell} AS {kind})"


def number_profile(cell: str, decimal: str) -> str:
    """SQL aggregates: the engine reads all texts and means what their writer meant; all are whole; the largest one."""
    foreign = " OR contains({cell}, '.')" if decimal == "," else ""
    value = plain_number(cell)
    return (
        f"count({cell}) = count({value}) AND NOT coalesce(bool_or(contains({cell}, '_'){foreign}), false), "
        f"NOT coalesce(bool_or(contains({cell}, '.') OR contains(lower({cell}), 'e')), false), "
        f"coalesce(max(abs({value})), 0)::DOUBLE"
    ).replace("{cell}", cell)


def make_number_dictionary(engine: Engine, name: str, texts: str, decimal: str, kind: str = NUMBER) -> None:
    """Make the table `name`: text, value (NULL: not a number), sign (currency sign or code in the cell, or NULL).

    `texts` is a query with one column `text`. `decimal` is `.` or `,`; empty: seen from the texts. A text that makes no
    sense with that decimal sign, but does with the other, is read with the other: `12,5` among `1,234.56`.
    """
    engine.run(f"CREATE OR REPLACE TEMP TABLE number_shapes AS {_number_shapes(texts)}")
    sign = decimal or _seen_decimal(engine)
    first, second = ("point", "comma") if sign == "." else ("comma", "point")
    engine.run(
        f"""CREATE OR REPLACE TABLE {name} AS
        SELECT text, sign, CASE WHEN negative THEN -1 ELSE 1 END * TRY_CAST(
          CASE WHEN scientific THEN amount
               WHEN fits_{first} THEN {_canonical(first)}
               WHEN fits_{second} THEN {_canonical(second)} END AS {kind}) AS value
        FROM number_shapes"""
    )
    engine.run("DROP TABLE number_shapes")


def _number_shapes(texts: str) -> str:
    tokens = _currency_tokens()
    before, after = f"(?i)^([-+(]*)\\s*({tokens})\\s*", f"(?i)\\s*({tokens})\\s*([-)]*)$"
    # Grouping: by three, or as in India by two after the first three.
    groups = "(\\d{{1,3}}({g}\\d{{3}})+|\\d{{1,2}}({g}\\d{{2}})+{g}\\d{{3}}|\\d+)?"
    point = groups.format(g="[, '']") + "(\\.\\d*)?"
    comma = groups.format(g="[. '']") + "(,\\d*)?"
    return f"""
    WITH texts AS (SELECT DISTINCT text FROM ({texts}) WHERE text IS NOT NULL),
    ascii AS (SELECT text, trim({_as_ascii("text")}) AS plain FROM texts),
    bare AS (SELECT text,
      coalesce(nullif(regexp_extract(plain, {quoted(before)}, 2), ''),
               regexp_extract(plain, {quoted(after)}, 1)) AS sign,
      trim(regexp_replace(regexp_replace(plain, {quoted(before)}, '\\1'), {quoted(after)}, '\\2')) AS bare FROM ascii),
    ended AS (SELECT text, nullif(sign, '') AS sign, regexp_replace(bare, '([.,]-+|/-| ?%)$', '') AS bare FROM bare),
    amounts AS (SELECT text, sign,
      regexp_matches(bare, '^[(+ ]*-|-$|^\\(.*\\)$') AS negative,
      regexp_replace(bare, '^[-+( ]+|[-) ]+$', '', 'g') AS amount FROM ended
      WHERE regexp_full_match(bare, '\\([^()]*\\)|[^()]*')
        AND (length(bare) - length(replace(bare, '-', '')) <= 1 OR regexp_matches(bare, '\\d[eE]-\\d+$')))
    SELECT texts.text, sign, negative, amount,
      regexp_full_match(amount, '\\d+(\\.\\d+)?[eE][-+]?\\d+') AS scientific,
      regexp_full_match(amount, '{point}') AND regexp_matches(amount, '\\d') AS fits_point,
      regexp_full_match(amount, '{comma}') AND regexp_matches(amount, '\\d') AS fits_comma
    FROM texts LEFT JOIN amounts USING (text)"""


def _seen_decimal(engine: Engine) -> str:
    """The decimal sign that more of the texts prove: those that make sense with one alone."""
    point, comma = engine.rows(
        """SELECT count(*) FILTER (WHERE fits_point AND NOT fits_comma),
                  count(*) FILTER (WHERE fits_comma AND NOT fits_point)
        FROM number_shapes"""
    )[0]
    return "," if comma > point else "."


def _canonical(sign: str) -> str:
    if sign == "point":
        return "translate(amount, ', ''', '')"
    return "replace(translate(amount, '. ''', ''), ',', '.')"


def _as_ascii(cell: str) -> str:
    """SQL: digits of all scripts, and the many minus signs, blanks and apostrophes, as their plain forms."""
    pairs = [(sign, plain) for signs, plain in _SAME_SIGN.items() for sign in signs]
    pairs += [(digit, str(value)) for digits in _DIGITS for value, digit in enumerate(digits)]
    source = "".join(sign for sign, _plain in pairs) + _INVISIBLE
    target = "".join(plain for _sign, plain in pairs)
    return f"translate({cell}, {quoted(source)}, {quoted(target)})"


@functools.cache
def _currency_codes() -> frozenset[str]:
    return frozenset(list_currencies())


@functools.cache
def _currency_tokens() -> str:
    tokens = {*_currency_codes(), *CURRENCY_SIGNS, *SHARED_SIGNS}
    return "|".join(re.escape(token) for token in sorted(tokens, key=lambda token: (-len(token), token)))


def _folded(signs: Table[str, Value]) -> dict[str, Value]:
    return {sign.casefold(): value for sign, value in signs.items()}


# Dates


def is_plain_date(cell: str) -> str:
    """SQL: true for `2024-01-31` and `2024-01-31 09:15:00`, which the engine casts; no zone, no other calendar."""
    return (
        f"((length({cell}) = 10 OR length({cell}) = 19 AND {cell}[17] = ':') AND {cell}[5] = '-' AND {cell} < '2400' "
        f"AND TRY_CAST({cell} AS TIMESTAMP) IS NOT NULL)"
    )


def plain_date(cell: str) -> str:
    """SQL: the day of a text that needs no dictionary."""
    return f"TRY_CAST({cell} AS TIMESTAMP)::DATE"


def make_date_dictionary(
    engine: Engine, name: str, texts: str, *, date_order: Table[str, str], time_zone: str, latest_year: int
) -> None:
    """Make the table `name`: text, day (NULL: not a date), calendar (`buddhist` where the year was one, or NULL).

    `texts` is a query with one column `text`. `date_order` says for each separator whether day, month or year comes
    first; a separator that is missing is judged by the texts. A time with a zone becomes the day in `time_zone`; a time
    without one leaves the day as written. A year of two digits is the latest one that is not after `latest_year`.
    """
    engine.run(f"CREATE OR REPLACE TEMP TABLE date_shapes AS {_date_shapes(texts)}")
    engine.run("CREATE OR REPLACE TEMP TABLE months (name VARCHAR, month INTEGER)")
    engine.load("months", _month_names())
    orders = {**_seen_orders(engine), **date_order}
    engine.run(
        f"""CREATE OR REPLACE TABLE {name} AS
        WITH months AS (SELECT {_folded_month("name")} AS name, min(month) AS month FROM months
                        GROUP BY ALL HAVING min(month) = max(month)),
        parts AS ({_date_parts(orders)}),
        years AS (SELECT text, m, d, CASE
            WHEN length(y) = 4 THEN TRY_CAST(y AS INTEGER)
            WHEN length(y) = 2 THEN {latest_year} - ({latest_year} - TRY_CAST(y AS INTEGER)) % 100 END AS y
          FROM parts),
        days AS (SELECT text, y > {BUDDHIST_FROM} AS buddhist,
            TRY(make_date(y - CASE WHEN y > {BUDDHIST_FROM} THEN 543 ELSE 0 END, m, d)) AS day FROM years)
        SELECT text, coalesce({_counted_day(engine, time_zone)}, {_zoned_day(time_zone)}, day) AS day,
               CASE WHEN buddhist AND day IS NOT NULL THEN 'buddhist' END AS calendar
        FROM date_shapes LEFT JOIN days USING (text)"""
    )
    engine.run("DROP TABLE date_shapes")
    engine.run("DROP TABLE months")


BUDDHIST_FROM: Final = 2400
"""Years after this one are of the Thai calendar, 543 ahead."""

_LATIN: Final = frozenset(string.ascii_lowercase)
_TIME = (
    r"(?:(?:T|\s*,\s*|\s+-\s+|\s+)\d{1,2}[:.h]\d{2}(?:[:.]\d{2}(?:[.,]\d+)?)?\s*(?:[AaPp]\.?\s?[Mm]\.?)?)?"
    r"(?:\s*(?:Z|[A-Z]{2,4}|[-+]\d{2}:?\d{2}))?"
)
_ZONED = r"^\d{4}-\d{1,2}-\d{1,2}[T ]\d{1,2}:\d{2}\S*\s*(?:Z|UTC|GMT|[-+]\d{2}(?::?\d{2})?)$"


def _date_shapes(texts: str) -> str:
    weekday = rf"^(?:(?i:{_weekday_tokens()})[.,]*\s+)?"
    word = r"([\p{L}\p{M}.''’॰]+?)\.?"  # ॰ shortens a word in Devanagari
    numeric = weekday + r"(\d{1,4}) ?([./ -]) ?(\d{1,2}) ?([./ -]) ?(\d{1,4})" + _TIME + "$"
    compact = r"^(\d{4})(\d{2})(\d{2})(?:[T ]?\d{4,6}Z?)?$"
    day_first = (
        weekday
        + rf"(\d{{1,2}})(?:st|nd|rd|th|er|º|ª)?[\s/.,-]*(?:de |of )?{word}"
        + rf"[\s/.,-]*(?:de |del )?(\d{{4}}|\d{{2}}){_TIME}$"
    )
    month_first = weekday + rf"{word}\s*(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}}){_TIME}$"
    year_first = rf"^(\d{{4}})[\s/.,-]+{word}[\s/.,-]+(\d{{1,2}})(?:[\s,]+(?i:{_weekday_tokens()}))?{_TIME}$"
    return f"""
    SELECT text, plain,
      regexp_extract(plain, '{numeric}', ['p', 's', 'q', 's2', 'r']) AS numeric,
      regexp_extract(plain, '{compact}', ['y', 'm', 'd']) AS compact,
      regexp_extract(plain, '{day_first}', ['d', 'm', 'y']) AS day_first,
      regexp_extract(plain, '{month_first}', ['m', 'd', 'y']) AS month_first,
      regexp_extract(plain, '{year_first}', ['y', 'm', 'd']) AS year_first
    FROM (SELECT text, trim({_as_ascii("text")}) AS plain
          FROM (SELECT DISTINCT text FROM ({texts}) WHERE text IS NOT NULL))"""


def _date_parts(orders: Table[str, str]) -> str:
    """SQL: text, y, m, d of each text of `date_shapes` that looks like a date."""
    by_sign = " ".join(f"WHEN {quoted(sign)} THEN {quoted(order)}" for sign, order in orders.items())
    named = " UNION ALL ".join(
        f"SELECT text, {shape}.y AS y, month AS m, TRY_CAST({shape}.d AS INTEGER) AS d FROM date_shapes JOIN months "
        f"ON months.name = {_folded_month(f'{shape}.m')} WHERE {shape}.d <> ''"
        for shape in ("day_first", "month_first", "year_first")
    )
    return f"""
    SELECT text,
      CASE order_ WHEN 'ymd' THEN numeric.p ELSE numeric.r END AS y,
      TRY_CAST(CASE order_ WHEN 'mdy' THEN numeric.p ELSE numeric.q END AS INTEGER) AS m,
      TRY_CAST(CASE order_ WHEN 'ymd' THEN numeric.r WHEN 'mdy' THEN numeric.q ELSE numeric.p END AS INTEGER) AS d
    FROM (SELECT *, CASE WHEN length(numeric.p) = 4 THEN 'ymd' ELSE CASE numeric.s {by_sign} END END AS order_
          FROM date_shapes WHERE numeric.s <> '' AND numeric.s = numeric.s2)
    UNION ALL
    SELECT text, compact.y, TRY_CAST(compact.m AS INTEGER), TRY_CAST(compact.d AS INTEGER)
    FROM date_shapes WHERE compact.y <> ''
    UNION ALL {named}"""


def _seen_orders(engine: Engine) -> dict[str, str]:
    """For each separator the order of day and month that more of the texts prove; day first where nothing does."""
    seen = engine.rows(
        """SELECT numeric.s, count(*) FILTER (WHERE TRY_CAST(numeric.q AS INTEGER) > 12)
                           > count(*) FILTER (WHERE TRY_CAST(numeric.p AS INTEGER) > 12)
        FROM date_shapes WHERE numeric.s <> '' AND numeric.s = numeric.s2 AND length(numeric.p) <= 2 GROUP BY ALL"""
    )
    return {"/": "dmy", **{sign: "mdy" if month_first else "dmy" for sign, month_first in seen}}


def _counted_day(engine: Engine, time_zone: str) -> str:
    """SQL: the day of a text in a column that counts days (as Excel does) or seconds since 1970, else NULL."""
    days, seconds, thousandths = engine.rows(
        r"""SELECT coalesce(bool_and(regexp_full_match(plain, '[1-9]\d{4}(\.\d+)?')), false),
                   coalesce(bool_and(regexp_full_match(plain, '1\d{9}(\.\d+)?')), false),
                   coalesce(bool_and(regexp_full_match(plain, '1\d{12}')), false) FROM date_shapes"""
    )[0]
    if days:
        return "DATE '1899-12-30' + floor(TRY_CAST(plain AS DOUBLE))::INTEGER"
    if seconds or thousandths:
        return (
            f"timezone({quoted(time_zone)}, to_timestamp(TRY_CAST(plain AS DOUBLE) / {1 if seconds else 1000}))::DATE"
        )
    return "NULL::DATE"


def _zoned_day(time_zone: str) -> str:
    stamp = r"regexp_replace(regexp_replace(plain, '\s*(Z|UTC|GMT)$', '+00'), '\s+([-+]\d)', '\1')"
    return (
        f"CASE WHEN regexp_matches(plain, '{_ZONED}') THEN "
        f"timezone({quoted(time_zone)}, TRY_CAST({stamp} AS TIMESTAMPTZ))::DATE END"
    )


def _folded_month(name: str) -> str:
    return f"nfc_normalize(lower(replace({name}, '.', '')))"


@functools.cache
def _month_names() -> tuple[tuple[str, int], ...]:
    names: set[tuple[str, int]] = {("sept", 9), ("mrz", 3), ("jän", 1), ("jänner", 1), ("feber", 2)}
    for language in LANGUAGES:
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                months = Locale(language).months[context][width]
                names |= {(str(name), int(number)) for number, name in months.items()}
    # Typists leave accents out; stripping those of other scripts would take their vowels away.
    bare = {(_without_accents(name), number) for name, number in names if name[0].lower() in _LATIN}
    return tuple(sorted(names | bare))


def _without_accents(name: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFD", name) if not unicodedata.combining(sign))


@functools.cache
def _weekday_tokens() -> str:
    tokens = {
        str(name).rstrip(".")
        for language in LANGUAGES
        for width in ("wide", "abbreviated")
        for name in Locale(language).days["format"][width].values()
    }
    return "|".join(
        re.escape(token).replace("'", "''") for token in sorted(tokens, key=lambda token: (-len(token), token))
    )
