"""Figures in templates, written as everywhere else in Regulars; what is unknown is a question mark."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from django import template
from django.http import HttpRequest
from django.utils.translation import gettext as _

from regulars.base import formats
from regulars.base.notes import rendered
from regulars.core.money import from_minor
from regulars.facts import interactions

register = template.Library()

UNKNOWN = "?"


@register.filter
def money(amount: Any, currency: str) -> str:
    """An amount in units of its currency: £24,310."""
    return UNKNOWN if amount is None else formats.money(amount, currency)


@register.filter
def amount_of(record: Any) -> str:
    """The amount of a record that keeps it in minor units of its own currency: £24,310."""
    if record.amount_minor is None:
        return UNKNOWN
    return formats.money(from_minor(record.amount_minor, record.currency), record.currency)


@register.filter
def exact_money(amount: Any, currency: str) -> str:
    """An amount to the last minor unit: £1,204.40."""
    return UNKNOWN if amount is None else formats.money(amount, currency, exact=True)


@register.filter
def number(value: Any) -> str:
    """12,345; a quantity keeps up to two decimals."""
    return UNKNOWN if value is None else formats.number(value, digits=2 if isinstance(value, float) else 0)


@register.filter
def whole(value: Any) -> str:
    """A figure without decimals."""
    return UNKNOWN if value is None else formats.number(value)


@register.filter
def share(value: Any) -> str:
    """0.58 → 58%."""
    return UNKNOWN if value is None else formats.percent(value, digits=0)


@register.filter
def chance(value: Any) -> str:
    """0.58 → 58%; nothing is certain, so neither 0% nor 100%."""
    return UNKNOWN if value is None else formats.chance(value)


@register.filter
def small_share(value: Any) -> str:
    """0.018 → 1.8%."""
    return UNKNOWN if value is None else formats.percent(value)


@register.filter
def change(value: Any) -> str:
    """−0.32 → −32%."""
    return UNKNOWN if value is None else formats.percent(value, digits=0, signed=True)


@register.filter
def in_words(note: Any) -> str:
    """A note of a model or of a backtest, or what was kept of it as data, in the language of the page."""
    return rendered(note)


@register.filter
def on_day(value: date | None) -> str:
    """3 Dec 2011."""
    return UNKNOWN if value is None else formats.day(value)


@register.filter
def in_month(value: date | None) -> str:
    """Dec 2011."""
    return UNKNOWN if value is None else formats.month(value)


@register.filter
def rate(value: Decimal) -> str:
    """An exchange rate with all its decimals: 0.9213."""
    return formats.number(value, digits=10)


@register.filter
def at_moment(value: datetime | None, where: tzinfo) -> str:
    """3 Dec 2011, 14:05, as the clock shows it there."""
    return UNKNOWN if value is None else formats.moment(value, where)


@register.filter
def at_clock(value: datetime | None, where: tzinfo) -> str:
    """14:05, as the clock shows it there."""
    return UNKNOWN if value is None else formats.clock(value, where)


@register.filter
def file_size(value: int) -> str:
    """12.4 MB."""
    return formats.size(value)


@register.filter
def said(text: str) -> str:
    """An answer that was chosen from a list, in the reader's language."""
    return interactions.said(text)


@register.filter
def called(named: Any) -> str:
    """The name of an account, contact or member; one that was made up for the demo says so."""
    return str(named) + (_(" (made up)") if getattr(named, "generated", False) else "")


@register.simple_tag(takes_context=True)
def with_query(context: dict[str, Any], **changes: Any) -> str:
    """The query of this address with some values changed; an empty value takes one away."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value not in ("", None):
            query[name] = str(value)
    return f"?{query.urlencode()}" if query else request.path


@register.inclusion_tag("web/parts/icon.html")
def icon(name: str) -> dict[str, str]:
    """A picture that goes with a word; screen readers skip it."""
    return {"name": name}
