"""The columns that a list of accounts may show: what stands in their cells, on the page and in a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.base import formats
from regulars.facts.models import CustomField
from regulars.insight.models import Protection
from regulars.plan.causes import CAUSES
from regulars.web.accounts.filters import CUSTOM
from regulars.web.accounts.rows import ACTIONS, LAST_CONTACT, TAGS, Row
from regulars.web.desk import Desk
from regulars.web.templatetags.regulars import UNKNOWN, chance, change, small_share

Figure = str | int | float | date | None
"""A value as a file has it; None: not known."""

USUAL = ("sales", "trend", "silence", "alive", "risk", "owner")
"""The columns of who has not chosen any. The name always stands first."""

AS_WRITTEN = '<td data-label="{}" class="{}">{}</td>'
LEFT_TO_RIGHT = '<td data-label="{}" class="{}"><bdi dir="ltr">{}</bdi></td>'


@dataclass(frozen=True, kw_only=True)
class Column:
    """What one column shows of a row. `unit` says in the heading of a file what its figures count."""

    key: str
    heading: str | Promise
    value: Callable[[Row], Figure]
    said: Callable[[Any, Desk], str]
    path: str = ""
    """The field by which the list is sorted; empty: it cannot be."""
    figures: bool = False
    unit: str | Promise = ""
    needs: str = ""
    factor: float = 1.0
    """A share is written into files as per cent."""
    risky: bool = False

    nobody: str | Promise = ""
    """What stands where a text is missing."""

    def cell(self, row: Row, desk: Desk) -> SafeString:
        """The cell of the page."""
        value = self.value(row)
        missing = value is None or value == ""
        text = (UNKNOWN if self.figures and value is None else self.nobody) if missing else self.said(value, desk)
        classes = ("figure" * self.figures, "risk" * (self.risky and bool(value)), "none" * missing)
        shape = LEFT_TO_RIGHT if self.unit in (MONEY, PER_CENT) else AS_WRITTEN
        return format_html(shape, self.heading, " ".join(filter(None, classes)), text)

    def exported(self, row: Row) -> Figure:
        value = self.value(row)
        return round(value * self.factor, 2) if isinstance(value, float) else value

    def export_heading(self, desk: Desk) -> str:
        if not self.unit:
            return str(self.heading)
        unit = desk.currency if self.unit == MONEY else self.unit
        return _("%(heading)s, %(unit)s") % {"heading": self.heading, "unit": unit}


MONEY = "money"
PER_CENT = "%"
DAYS = gettext_lazy("days")


def _score(name: str) -> Callable[[Row], Figure]:
    return lambda row: getattr(row.score, name) if row.score else None


def _account(name: str) -> Callable[[Row], Figure]:
    return lambda row: getattr(row.account, name) or ""


def _named(name: str) -> Callable[[Row], Figure]:
    """The name of what the account belongs to."""
    return lambda row: getattr(row.account, name).name if getattr(row.account, name) else ""


def _as_it_is(value: Any, _desk: Desk) -> str:
    return str(value)


def _money(value: float, desk: Desk) -> str:
    return formats.money(value, desk.currency)


def _days(value: float, _desk: Desk) -> str:
    whole = round(value)
    return ngettext("%(days)s day", "%(days)s days", whole) % {"days": formats.number(whole)}


def _number(value: float, _desk: Desk) -> str:
    return formats.number(value)


def _day(value: date, _desk: Desk) -> str:
    return formats.day(value)


def _buyer(value: str, _desk: Desk) -> str:
    return {"regular": _("Regular"), "chance": _("By chance"), "new": _("New"), "none": _("No order yet")}[value]


def _causes(row: Row) -> str:
    return ", ".join(capfirst(str(CAUSES[action.cause].name)) for action in row.actions)


def _text(key: str, heading: Promise, field: str, **options: Any) -> Column:
    return Column(key=key, heading=heading, value=_account(field), said=_as_it_is, path=field, **options)


def _belongs(key: str, heading: Promise, **options: Any) -> Column:
    return Column(key=key, heading=heading, value=_named(key), said=_as_it_is, path=f"{key}__name", **options)


def _figure(
    key: str, heading: Promise, field: str, said: Callable[[Any, Desk], str], unit: str | Promise = "", **options: Any
) -> Column:
    if unit == PER_CENT:
        options["factor"] = 100.0
    path = f"score__{field}"
    return Column(
        key=key, heading=heading, value=_score(field), said=said, path=path, figures=True, unit=unit, **options
    )


NAME = _text("name", gettext_lazy("Account"), "name")
"""Stands first in every list."""

OFFERED: tuple[Column, ...] = (
    _figure("sales", gettext_lazy("Sales, 12 months"), "sales_12m", _money, MONEY),
    _figure("before", gettext_lazy("Sales, the 12 months before"), "sales_previous_12m", _money, MONEY),
    _figure("trend", gettext_lazy("Trend"), "trend", lambda value, _desk: change(value), PER_CENT),
    _figure(
        "share", gettext_lazy("Share of all sales"), "share_of_firm", lambda value, _d: small_share(value), PER_CENT
    ),
    _figure("margin", gettext_lazy("Margin, 12 months"), "margin_12m", _money, MONEY),
    _figure("orders", gettext_lazy("Orders, 12 months"), "orders_12m", _number),
    _figure("order_value", gettext_lazy("Usual order"), "mean_order_value", _money, MONEY),
    _figure("first_order", gettext_lazy("First order"), "first_order", _day),
    _figure("last_order", gettext_lazy("Last order"), "last_order", _day),
    _figure("silence", gettext_lazy("Silent"), "silence_days", _days, DAYS),
    _figure("gap", gettext_lazy("Usual gap"), "gap_typical_days", _days, DAYS),
    _figure("alive", gettext_lazy("Still a customer"), "probability_alive", lambda value, _d: chance(value), PER_CENT),
    _figure("expected", gettext_lazy("Expected, next 12 months"), "expected_value_365", _money, MONEY),
    _figure("risk", gettext_lazy("At risk"), "value_at_risk", _money, MONEY, risky=True),
    Column(
        key="protection",
        heading=gettext_lazy("Protection"),
        value=lambda row: row.protection.level if row.protection else None,
        said=lambda value, _desk: str(Protection.Level(value).label),
        path="protection__level",
        figures=True,
    ),
    Column(key="pareto", heading=gettext_lazy("Class"), value=_score("pareto"), said=_as_it_is, path="score__pareto"),
    Column(key="buyer", heading=gettext_lazy("Buyer"), value=_score("buyer"), said=_buyer, path="score__buyer"),
    Column(key="cause", heading=gettext_lazy("Reason to act"), value=_causes, said=_as_it_is, needs=ACTIONS),
    _belongs("owner", gettext_lazy("Looked after by"), nobody=gettext_lazy("nobody")),
    _belongs("team", gettext_lazy("Team")),
    _belongs("department", gettext_lazy("Department")),
    Column(
        key="contact",
        heading=gettext_lazy("Last contact"),
        value=lambda row: row.last_contact,
        said=_day,
        needs=LAST_CONTACT,
    ),
    Column(key="tags", heading=gettext_lazy("Tags"), value=lambda row: ", ".join(row.tags), said=_as_it_is, needs=TAGS),
    _text("number", gettext_lazy("Customer number"), "external_id"),
    _text("city", gettext_lazy("City"), "city"),
    _text("country", gettext_lazy("Country"), "country"),
    _text("email", gettext_lazy("E-mail"), "email"),
    _text("phone", gettext_lazy("Phone"), "phone"),
)


def offered_columns(desk: Desk, custom_fields: Mapping[str, CustomField]) -> dict[str, Column]:
    """The columns that the member may choose, by key: those of Regulars, and the firm's own fields."""
    ours = {one.key: one for one in OFFERED if one.key != "margin" or desk.sees_cost}
    return ours | {CUSTOM + key: _custom(field) for key, field in custom_fields.items()}


def _custom(field: CustomField) -> Column:
    return Column(
        key=CUSTOM + field.key,
        heading=field.label,
        value=lambda row: row.account.custom.get(field.key),
        said=_SAID_BY_TYPE.get(field.type, _as_it_is),
        path=f"custom__{field.key}",
        figures=field.type == CustomField.Type.NUMBER,
    )


_SAID_BY_TYPE: dict[str, Callable[[Any, Desk], str]] = {
    CustomField.Type.DATE: lambda value, _desk: formats.day(date.fromisoformat(value)),
    CustomField.Type.YES_NO: lambda value, _desk: _("Yes") if value else _("No"),
    CustomField.Type.NUMBER: lambda value, _desk: formats.number(value, digits=2),
}


def chosen_columns(keys: Iterable[str], offered: Mapping[str, Column]) -> list[Column]:
    """The chosen ones that there are, in the sequence in which they are offered; none chosen: the usual ones."""
    wanted = set(keys) & set(offered) or set(USUAL)
    return [column for key, column in offered.items() if key in wanted]
