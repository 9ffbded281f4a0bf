"""What the values of columns look like: dates and their order, numbers and their decimal sign, e-mails, distinctness.

Shares are taken from a sample (the first rows and some from the middle), the order of dates and the decimal sign from
all rows.
"""

from __future__ import annotations

import re
import statistics
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Final

from regulars.base.warehouse import Engine, identifier
from regulars.facts.imports.raw_tables import RawTable

SAMPLE_ROWS: Final = 2_000
CLEAR_VOTES: Final = 1_000
"""So many values with one decimal sign, and none with the other, settle it for a file."""

_DATE = (
    r"^\s*(\p{Nd}{1,4}[./\- ]\s?\p{Nd}{1,2}[./\- ]\s?\p{Nd}{2,4}"
    r"|\p{Nd}{1,2}[ .\-/]+[\p{L}\p{M}]{3,}\.?[ ,.\-/]+\p{Nd}{2,4}"
    r"|[\p{L}\p{M}]{3,}\.? \p{Nd}{1,2},? \p{Nd}{4}"
    r"|(19|20)\p{Nd}{2}(0[1-9]|1[0-2])([0-2]\p{Nd}|3[01]))([T ,].*)?\s*$"
)
_NUMBER = (
    r"^[\s(]*(?:[A-Z]{2,3}|Rs\.?|R\$|kr\.?|Fr\.?|\p{Sc})?\s*[-+−]?\s*(?:\p{Sc})?\s*"
    r"\p{Nd}[\p{Nd}.,'’٫٬\s ]*\s*(?:[A-Z]{3}|\p{Sc}|%|kr|Fr\.?)?[\s)]*-?\s*$"
)
_EMAIL = r"^\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*$"
_CURRENCY = r"^\s*([A-Za-z]{3}|\p{Sc}|R\$|Rs\.?|kr)\s*$"
_DECIMALS = r"^\s*[-+−(]*\p{Nd}+[.,]\p{Nd}*[1-9]\p{Nd}*\)?\s*$"


@dataclass(frozen=True)
class Profile:
    """One column of a raw table: shares (0 … 1) among the cells of the sample that are not empty."""

    heading: str
    column: str
    filled: float = 0.0
    """Share of the rows whose cell is not empty."""
    distinct: float = 0.0
    values: int = 0
    """How many different values the sample has."""
    dates: float = 0.0
    numbers: float = 0.0
    decimals: float = 0.0
    """Share of numbers with digits other than 0 after the decimal sign."""
    emails: float = 0.0
    currencies: float = 0.0
    words: float = 0.0
    """Share of values of several words."""


def profiles(engine: Engine, raw: RawTable) -> dict[str, Profile]:
    """By heading, the profile of each column."""
    engine.run(f"DROP TABLE IF EXISTS {raw.name}_sample")
    sample = _sample_table(engine, raw)
    columns = ", ".join(raw.columns)
    rows = engine.rows(
        f"""
        SELECT name, count(*), count(DISTINCT value),
            avg(regexp_matches(value, $date)::INTEGER), avg(regexp_matches(value, $number)::INTEGER),
            avg(regexp_matches(value, $decimals)::INTEGER), avg(regexp_matches(value, $email)::INTEGER),
            avg(regexp_matches(value, $currency)::INTEGER), avg(contains(trim(value), ' ')::INTEGER)
        FROM (UNPIVOT (SELECT {columns} FROM {sample}) ON {columns} INTO NAME name VALUE value)
        WHERE trim(value) <> '' GROUP BY name
        """,
        {"date": _DATE, "number": _NUMBER, "decimals": _DECIMALS, "email": _EMAIL, "currency": _CURRENCY},
    )
    total = max(1, int(engine.value(f"SELECT count(*) FROM {sample}")))
    heading_of = dict(zip(raw.columns, raw.headings, strict=True))
    found = {
        heading_of[name]: Profile(heading_of[name], name, count / total, distinct / count, distinct, *shares)
        for name, count, distinct, *shares in rows
    }
    return {
        heading: found.get(heading, Profile(heading, column))
        for heading, column in zip(raw.headings, raw.columns, strict=True)
    }


def sample_rows(engine: Engine, raw: RawTable, headings: Sequence[str]) -> list[tuple[str | None, ...]]:
    """The cells under some headings in the rows of the sample, in the sequence of the file."""
    if not headings:
        return []
    columns = ", ".join(identifier(raw.column(heading)) for heading in headings)
    return engine.rows(f"SELECT {columns} FROM {_sample_table(engine, raw)} ORDER BY _file, _row")


def sampled(engine: Engine, raw: RawTable) -> RawTable:
    """The sample as a raw table of its own."""
    return replace(raw, name=_sample_table(engine, raw))


def _sample_table(engine: Engine, raw: RawTable) -> str:
    """The sample as a table, made once: all rows where there are few, else the first and some from the middle."""
    name = f"{raw.name}_sample"
    parts = [f"(SELECT * FROM {raw.name} LIMIT {SAMPLE_ROWS})"]
    if raw.rows > SAMPLE_ROWS:
        parts.append(f"(SELECT * FROM {raw.name} LIMIT {SAMPLE_ROWS} OFFSET {max(SAMPLE_ROWS, raw.rows // 2)})")
    engine.run(f"CREATE TEMP TABLE IF NOT EXISTS {name} AS {' UNION ALL '.join(parts)}")
    return name


def number(text: str | None, decimal: str) -> Decimal | None:
    """A number of the sample, read with the decimal sign of the file; None where it is none."""
    if not text:
        return None
    plain = "".join(str(unicodedata.digit(sign, sign)) for sign in text.replace("−", "-").replace("٫", "."))
    negative = "-" in plain or ("(" in plain and ")" in plain)
    other = "." if decimal == "," else ","
    plain = re.sub(r"[^\d.,]", "", plain).replace(other, "").replace(",", ".")
    try:
        return -Decimal(plain) if negative else Decimal(plain)
    except InvalidOperation:
        return None


# The order of dates


@dataclass(frozen=True)
class DateOrder:
    """For one separator: the order of day, month and year, and what speaks for it (numbers of values)."""

    order: str
    for_it: int = 0
    against_it: int = 0
    guessed: bool = False


_PARTS = re.compile(r"^\s*(\d{1,4})([./\- ])\s?(\d{1,2})[./\- ]\s?(\d{1,4})(?!\d)")
_Parts = tuple[str, str, str]


def date_orders(engine: Engine, raw: RawTable, headings: Sequence[str], *, month_first: bool) -> dict[str, DateOrder]:
    """For each separator that the date columns use: `dmy`, `mdy` or `ymd`.

    The values of all rows decide: a first part above 12 is a day, a second part above 12 too. Where no value tells, the
    sequence of the rows does, at last `month_first`.
    """
    seen: dict[str, Counter[_Parts]] = {}
    for heading in headings:
        column = identifier(raw.column(heading))
        beginnings = engine.rows(f"SELECT left({column}, 12), count(*) FROM {raw.name} GROUP BY 1")
        for beginning, count in beginnings:
            if parts := _PARTS.match(beginning or ""):
                seen.setdefault(parts[2], Counter())[(parts[1], parts[3], parts[4])] += count
    orders = {separator: _order(values) for separator, values in seen.items()}
    if not all(orders.values()):
        rows = [beginning or "" for heading in headings for (beginning,) in sample_rows(engine, raw, [heading])]
        for separator in orders:
            orders[separator] = orders[separator] or DateOrder(_likelier(separator, rows, month_first), guessed=True)
    return {separator: order for separator, order in sorted(orders.items()) if order}


def _order(values: Counter[_Parts]) -> DateOrder | None:
    """By what only one order allows; None where no value tells."""
    year_first = sum(count for (first, *_), count in values.items() if len(first) > 2 or int(first) > 31)
    if 2 * year_first > values.total():
        return DateOrder("ymd", year_first, sum(count for (first, *_), count in values.items() if len(first) <= 2))
    day_first = sum(count for (first, second, _), count in values.items() if 31 >= int(first) > 12 >= int(second))
    day_second = sum(count for (first, second, _), count in values.items() if 31 >= int(second) > 12 >= int(first))
    if day_first == day_second:
        return None
    return (
        DateOrder("dmy", day_first, day_second) if day_first > day_second else DateOrder("mdy", day_second, day_first)
    )


def _likelier(separator: str, rows: Sequence[str], month_first: bool) -> str:
    """By the sequence of the rows: files are mostly sorted by date, and the wrong order jumps back and forth."""
    found = [parts for text in rows if (parts := _PARTS.match(text)) and parts[2] == separator]
    values = [(int(parts[4]), int(parts[3]), int(parts[1])) for parts in found]

    def jumps(dates: list[tuple[int, int, int]]) -> int:
        return min(sum(a > b for a, b in pairwise(dates)), sum(a < b for a, b in pairwise(dates)))

    as_dmy, as_mdy = jumps(values), jumps([(year, first, second) for year, second, first in values])
    if as_dmy != as_mdy:
        return "dmy" if as_dmy < as_mdy else "mdy"
    return "mdy" if month_first and separator != "." else "dmy"


# The decimal sign


@dataclass(frozen=True)
class DecimalSign:
    """`.` or `,`; how many values could only be read with it, how many only with the other."""

    sign: str
    for_it: int = 0
    against_it: int = 0
    guessed: bool = False
    ambiguous: tuple[str, ...] = field(default=())
    """Values that could be read both ways, where they alone would have had to decide."""


def decimal_sign(engine: Engine, raw: RawTable, headings: Sequence[str], *, otherwise: str) -> DecimalSign:
    """The decimal sign of all amounts of a file; `otherwise` where no value tells.

    All values count, until one column has told it clearly; of the others then those in the sample.
    """
    votes: Counter[str] = Counter()
    unclear: list[str] = []
    for heading in headings:
        clear = max(votes["."], votes[","]) >= CLEAR_VOTES and not min(votes["."], votes[","])
        rows = sampled(engine, raw) if clear else raw
        for vote, count, example in _votes(engine, rows, identifier(raw.column(heading))):
            votes[vote] += count
            if not vote:
                unclear.append(example)
    if votes["."] == votes[","]:
        return DecimalSign(otherwise, guessed=bool(unclear), ambiguous=tuple(unclear[:3]))
    sign = "." if votes["."] > votes[","] else ","
    return DecimalSign(sign, votes[sign], votes["," if sign == "." else "."])


def _votes(engine: Engine, raw: RawTable, column: str) -> Iterator[tuple[str, int, str]]:
    """The decimal signs that the values of a column show ("" where it could be both), how often, and an example.

    Values are counted by their last four signs (seven where a currency follows), which tell nearly all: regular
    expressions over a million values take seconds.
    """
    window = f"CASE WHEN right({column}, 1) BETWEEN '0' AND '9' THEN 4 ELSE 7 END"
    for ending, comma_before, point_before, count, example in engine.rows(
        f"SELECT substr({column}, -({window}), 7) AS ending, {_before(column, ',', window)} AS comma, "
        f"{_before(column, '.', window)} AS point, count(*), any_value({column}) "
        f"FROM {raw.name} WHERE contains({column}, ',') OR contains({column}, '.') GROUP BY ALL"
    ):
        shown = re.sub(r"\D+$", "", ending)
        if "," in shown or "." in shown:
            yield _vote(shown, {"," * comma_before, "." * point_before} - {""}), count, str(example)
        elif comma_before != point_before:  # four digits or more after the only sign
            yield "," if comma_before else ".", count, str(example)


def _before(column: str, sign: str, window: str) -> str:
    """SQL: does `sign` stand before the last signs of a value?"""
    return f"(instr({column}, '{sign}') BETWEEN 1 AND length({column}) - {window})"


def _vote(ending: str, before: set[str]) -> str:
    """The decimal sign of a number by its last signs and the signs before; empty where it could be both ("1,234")."""
    last = ending[max(ending.rfind(","), ending.rfind("."))]
    other = "," if last == "." else "."
    signs = {*before, *(sign for sign in ending if sign in ".,")}
    if other in signs:
        return last
    if last in before or ending.count(last) > 1:  # 1,23,456: thousands
        return other
    digits_after = sum(sign.isdigit() for sign in ending[ending.rfind(last) :])
    return "" if digits_after == 3 else last


# What amounts mean


def median(values: Iterable[Decimal]) -> Decimal | None:
    """The middle value; None where there is none."""
    kept = list(values)
    return statistics.median(kept) if kept else None
