"""Exchange rates by date, and the conversion of staged lines into the base currency."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from babel.dates import format_date
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

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
        locale = get_language() or "en"
        named = "; ".join(
            ngettext(
                "%(currency)s for %(first)s",
                "%(currency)s for %(days)d days from %(first)s to %(last)s",
                gap.days,
            )
            % {
                "currency": gap.currency,
                "days": gap.days,
                "first": format_date(gap.first, "medium", locale),
                "last": format_date(gap.last, "medium", locale),
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
