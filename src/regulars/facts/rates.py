"""Exchange rates by date, and the conversion of staged lines into the base currency."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import groupby

from babel.numbers import is_currency
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.base.access import require
from regulars.base.audit import audited
from regulars.base.formats import day
from regulars.base.models import Member
from regulars.base.organisation import organisation
from regulars.base.warehouse import Engine, quoted
from regulars.core.errors import Refusal
from regulars.core.money import exponent
from regulars.facts.models import ExchangeRate

RATE_VALID_DAYS = 35
"""A rate serves the days from `valid_from` on, at most this many: monthly tables fit, a forgotten table is noticed."""


@dataclass(frozen=True)
class MissingRate:
    """A currency and the days for which no rate is known."""

    currency: str
    days: int
    first: dt.date
    last: dt.date


class MissingRates(Refusal):
    """Amounts that cannot be converted, with the days whose rate is missing."""

    def __init__(self, base_currency: str, missing: list[MissingRate]) -> None:
        named = "; ".join(
            ngettext(
                "%(currency)s for %(first)s",
                "%(currency)s for %(days)d days from %(first)s to %(last)s",
                gap.days,
            )
            % {
                "currency": gap.currency,
                "days": gap.days,
                "first": day(gap.first),
                "last": day(gap.last),
            }
            for gap in missing
        )
        super().__init__(
            _("There is no exchange rate into %(base)s: %(named)s.") % {"base": base_currency, "named": named},
            _(
                "Import a file with the columns currency, valid_from and rate (units of %(base)s for one unit); a rate "
                "serves %(days)d days."
            )
            % {"base": base_currency, "days": RATE_VALID_DAYS},
        )
        self.missing = missing


class WrongRate(Refusal):
    """A rate cannot be recorded like this."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """From `valid_from` on, one unit of `currency` is `rate` units of the base currency."""

    currency: str
    valid_from: dt.date
    rate: Decimal


@transaction.atomic
def record_rates(*, rates: Iterable[Rate], member: Member | None) -> int:
    """Add rates, or correct those of the same currency and day. Returns how many differ from what was known.

    Order lines that were imported before keep the amounts that they were given then. All are recorded, or none.
    """
    require(member, "configure")
    base_currency = organisation().base_currency
    changed = 0
    for rate in rates:
        _refuse_unusable(rate, base_currency)
        key = {"currency": rate.currency, "valid_from": rate.valid_from}
        record = ExchangeRate.objects.select_for_update().filter(**key).first() or ExchangeRate(**key)
        if record.pk is not None and record.rate == rate.rate:
            continue
        with audited(record, verb="record_rate", member=member):
            record.rate = rate.rate
            record.save()
        changed += 1
    return changed


@transaction.atomic
def remove_rate(*, rate: ExchangeRate, member: Member | None) -> None:
    """Forget a rate. Order lines that were converted with it keep their amounts."""
    require(member, "configure")
    with audited(rate, verb="remove_rate", member=member):
        rate.delete()


def _refuse_unusable(rate: Rate, base_currency: str) -> None:
    if not is_currency(rate.currency, "en"):
        raise WrongRate(
            _("“%(code)s” is not a currency.") % {"code": rate.currency},
            _("Give the three letters of ISO 4217, for example EUR, USD or INR."),
        )
    if rate.currency == base_currency:
        raise WrongRate(
            _("%(currency)s is the currency of your books: it needs no rate.") % {"currency": base_currency},
            _("Leave its lines out."),
        )
    if not rate.rate.is_finite() or not Decimal("1e-10") <= rate.rate < Decimal("1e10"):
        raise WrongRate(
            _("The rate of %(currency)s is not a number above zero.") % {"currency": rate.currency},
            _("Say how many %(base)s one %(currency)s is worth, for example 0.92.")
            % {"base": base_currency, "currency": rate.currency},
        )


def rates_in(text: str) -> list[Rate]:
    """The rates of a pasted table: currency, day (year-month-day) and rate in each line, by tabs, semicolons or commas.

    A line of headings is passed over. Raises `WrongRate` that names the first line that is none.
    """
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        cells = [cell.strip().strip('"') for cell in re.split(r"\t|;" if re.search(r"\t|;", line) else ",", line)]
        if not any(cells) or (number == 1 and not re.fullmatch(r"[A-Za-z]{3}", cells[0])):
            continue
        found.append(_read_rate(cells, number))
    if not found:
        raise WrongRate(_("There is no rate in the text."), _("Paste lines such as: USD; 2026-01-01; 0.92"))
    return found


def _read_rate(cells: list[str], number: int) -> Rate:
    try:
        currency, day, rate = cells
        return Rate(
            currency=currency.upper(),
            valid_from=dt.date.fromisoformat(day),
            rate=Decimal(rate.replace(",", ".")).quantize(Decimal("1e-10")),
        )
    except (ValueError, InvalidOperation):
        raise WrongRate(
            _("Line %(number)s is not a rate: “%(line)s”.") % {"number": number, "line": " ".join(cells)[:80]},
            _("Write currency, day and rate, such as: USD; 2026-01-01; 0.92"),
        ) from None


@dataclass(frozen=True, kw_only=True)
class RateGap:
    """Days of a currency that no rate serves; `until` is None where all days from `since` on have none."""

    currency: str
    since: dt.date
    until: dt.date | None


def rate_gaps(*, today: dt.date) -> list[RateGap]:
    """Where orders in a currency that has rates could not be read, since a rate serves `RATE_VALID_DAYS` days."""
    days = ExchangeRate.objects.order_by("currency", "valid_from").values_list("currency", "valid_from")
    gaps = []
    for currency, rows in groupby(days, key=lambda row: row[0]):
        starts = [valid_from for _currency, valid_from in rows]
        for start, following in zip(starts, [*starts[1:], None], strict=True):
            ends = start + dt.timedelta(days=RATE_VALID_DAYS)
            if ends < (following or today):
                until = following - dt.timedelta(days=1) if following else None
                gaps.append(RateGap(currency=currency, since=ends, until=until))
    return gaps


def load_rates(engine: Engine) -> None:
    """Make the table `rates` (currency, valid_from, rate) of all recorded rates in `engine`."""
    engine.run("CREATE OR REPLACE TABLE rates (currency VARCHAR, valid_from DATE, rate DECIMAL(20, 10))")
    engine.load("rates", ExchangeRate.objects.values_list("currency", "valid_from", "rate"))


def find_conversions(engine: Engine, lines: str, base_currency: str) -> None:
    """Make the table `conversions` (currency, business_date, factor): base minor units for one minor unit of that day.

    `lines` names a table with `currency` and `business_date`; `rates` must be loaded. Raises `MissingRates`. Lines in
    the base currency have no row: the caller's outer join leaves them as they are.
    """
    foreign = f"SELECT DISTINCT currency, business_date FROM {lines} WHERE currency <> {quoted(base_currency)}"
    currencies = [row[0] for row in engine.rows(f"SELECT DISTINCT currency FROM ({foreign})")]
    engine.run("CREATE OR REPLACE TABLE scales (currency VARCHAR, scale DECIMAL(9, 4))")
    engine.load("scales", [(currency, _scale(currency, base_currency)) for currency in currencies])
    engine.run(
        f"""CREATE OR REPLACE TABLE conversions AS
        SELECT day.currency, day.business_date,
               (CASE WHEN day.business_date < rates.valid_from + {RATE_VALID_DAYS} THEN rates.rate END
                * scales.scale)::DECIMAL(20, 10) AS factor
        FROM ({foreign}) AS day JOIN scales ON scales.currency = day.currency
        ASOF LEFT JOIN rates ON rates.currency = day.currency AND rates.valid_from <= day.business_date"""
    )
    missing = engine.rows(
        "SELECT currency, count(*), min(business_date), max(business_date) FROM conversions "
        "WHERE factor IS NULL GROUP BY currency ORDER BY currency"
    )
    if missing:
        raise MissingRates(base_currency, [MissingRate(*row) for row in missing])


def in_base(amount: str, factor: str) -> str:
    """SQL: minor units in the base currency, rounded half away from zero as `core.money.convert_minor` does.

    `factor` is NULL for a line in the base currency.
    """
    return f"coalesce(round({amount}::DECIMAL(18, 0) * {factor})::BIGINT, {amount})"


def _scale(currency: str, base_currency: str) -> Decimal:
    return Decimal(10) ** (exponent(base_currency) - exponent(currency))
