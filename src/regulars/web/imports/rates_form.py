"""Exchange rates that a file needs and nobody recorded: typed where they are missed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from regulars.base.formats import day, month
from regulars.core.errors import Refusal
from regulars.facts.rates import RATE_VALID_DAYS

MOST_MONTHS = 24
"""For a longer time rates come in a file."""


class WrongRate(Refusal):
    """What was typed is no rate, or nothing was typed."""


@dataclass(frozen=True, kw_only=True)
class RateField:
    """One rate to be typed."""

    name: str
    currency: str
    label: str
    days: list[date]
    """From which days on it counts: a rate serves for a while only."""
    typed: str = ""


def rate_fields(missing: list[dict[str, Any]], typed: Mapping[str, str]) -> list[RateField]:
    """A field for each month that lacks a rate; one for the whole time, where that is long."""
    return [field for gap in missing for field in _fields(gap, typed)]


def rates_said(fields: list[RateField]) -> list[tuple[str, date, Decimal]]:
    """Currency, first day and rate of all that was typed. An empty month takes the rate of the month before it.

    Raises `WrongRate`.
    """
    said = []
    last: dict[str, Decimal] = {}
    for field in fields:
        rate = _rate(field) if field.typed.strip() else last.get(field.currency)
        if rate is None:
            raise WrongRate(
                _("There is no rate for %(currency)s yet.") % {"currency": field.currency},
                _("Type at least the first one; months without one take the rate of the month before."),
            )
        last[field.currency] = rate
        said += [(field.currency, on, rate) for on in field.days]
    return said


def _fields(gap: dict[str, Any], typed: Mapping[str, str]) -> Iterator[RateField]:
    currency = gap["currency"]
    first, last = date.fromisoformat(gap["first"]), date.fromisoformat(gap["last"])
    months = list(_months(first, last))
    if len(months) > MOST_MONTHS:
        days = [first + timedelta(days=past) for past in range(0, (last - first).days + 1, RATE_VALID_DAYS)]
        label = _("From %(first)s to %(last)s") % {"first": day(first), "last": day(last)}
        yield RateField(name=currency, currency=currency, label=label, days=days, typed=typed.get(currency, ""))
        return
    for start in months:
        name = f"{currency}.{start:%Y-%m}"
        yield RateField(
            name=name, currency=currency, label=month(start), days=[max(start, first)], typed=typed.get(name, "")
        )


def _months(first: date, last: date) -> Iterator[date]:
    at = first.replace(day=1)
    while at <= last:
        yield at
        at = (at + timedelta(days=32)).replace(day=1)


def _rate(field: RateField) -> Decimal:
    text = re.sub(r"\s", "", field.typed).replace(",", ".")
    try:
        rate = Decimal(text)
    except InvalidOperation:
        rate = Decimal(0)
    if not rate.is_finite() or not Decimal("1e-9") <= rate < Decimal("1e9"):
        raise WrongRate(
            _("“%(text)s” is not a rate for %(currency)s.") % {"text": field.typed, "currency": field.currency},
            _("Type a number above zero, such as 0.92."),
        )
    return rate
