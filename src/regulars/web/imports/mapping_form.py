"""Which column is which: the form that shows how files are read, and what is wished when it comes back."""

from __future__ import annotations

from collections.abc import Mapping as Said
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.base.formats import day, money, number
from regulars.core.money import from_minor
from regulars.facts.imports.mapping import FIELDS, LINE_FIELDS, LOOKUP, Mapping
from regulars.facts.imports.samples import Look, Preview, ShownRow
from regulars.facts.imports.wishes import LEFT_OUT, HowToRead, Wishes
from regulars.facts.models import ClassificationRule, CustomField

CONTENTS = (
    ("order_lines", gettext_lazy("Order or invoice lines")),
    ("order_headers", gettext_lazy("Orders without their lines")),
    ("accounts", gettext_lazy("Customers")),
    ("contacts", gettext_lazy("Contacts")),
    ("products", gettext_lazy("Products")),
    ("rates", gettext_lazy("Exchange rates")),
    (LOOKUP, gettext_lazy("Looked up by the other files")),
    (LEFT_OUT, gettext_lazy("Not needed, leave out")),
)
DATE_ORDERS = (
    ("", gettext_lazy("As found out")),
    ("dmy", gettext_lazy("Day, month, year: 31/12/2026")),
    ("mdy", gettext_lazy("Month, day, year: 12/31/2026")),
    ("ymd", gettext_lazy("Year, month, day: 2026/12/31")),
)
DECIMALS = (
    ("", gettext_lazy("As found out")),
    (".", gettext_lazy("Point: 1,234.56")),
    (",", gettext_lazy("Comma: 1.234,56")),
)
ENCODINGS = (
    ("", gettext_lazy("As found out")),
    *((name, name) for name in ("utf-8", "windows-1252", "windows-1250", "windows-1251", "utf-16", "shift_jis")),
)
DELIMITERS = (
    ("", gettext_lazy("As found out")),
    (",", gettext_lazy("Comma")),
    (";", gettext_lazy("Semicolon")),
    ("\t", gettext_lazy("Tab")),
    ("|", gettext_lazy("Vertical bar")),
)

Choice = tuple[str, Any]
_DATES = {"dmy": "31/12", "mdy": "12/31", "ymd": "2026/12/31"}


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of the file and what it is taken for."""

    name: str
    """Of its field in the form."""
    heading: str
    examples: str
    chosen: str
    also: str
    """Further fields that it serves, in words."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """One group of files in the form."""

    number: int
    preview: Preview
    wishes: Wishes
    content: str
    columns: list[Column]
    dates: str
    """How dates were found to be written."""
    decimal: str
    """The decimal sign that was found."""
    choices: list[tuple[str, list[Choice]]]
    """The fields of a column, in groups."""
    further: list[str]
    """What is read besides plain columns, in sentences."""
    headings: list[str]
    """Of the table of sample rows."""
    rows: list[dict[str, Any]]

    @property
    def look(self) -> Look:
        return self.preview.look

    @property
    def is_read(self) -> bool:
        """Whether its rows become records; else its columns have no meaning of their own."""
        return self.content in FIELDS


def groups_of(previews: Sequence[Preview], how: HowToRead) -> list[Group]:
    """The form's groups, as the files would be read now."""
    own = [(f"custom.{field.key}", field.label) for field in CustomField.objects.order_by("label")]
    understood = any(preview.mapping.content for preview in previews)
    return [_group(number, preview, how, own, understood=understood) for number, preview in enumerate(previews)]


def how_said(said: Said[str, str], looks: Sequence[Look], before: HowToRead) -> HowToRead:
    """What the form says, as wishes against what was found out."""
    groups = {
        look.key: _wishes_said(said, f"{number}.", look, before.groups.get(look.key, Wishes()))
        for number, look in enumerate(looks)
    }
    return HowToRead(
        source=said.get("source", "").strip()[:64],
        encoding=_one_of(said.get("encoding", ""), ENCODINGS),
        delimiter=_one_of(said.get("delimiter", ""), DELIMITERS),
        groups={**before.groups, **groups},
    )


def _wishes_said(said: Said[str, str], prefix: str, look: Look, before: Wishes) -> Wishes:
    content = _one_of(said.get(f"{prefix}content", ""), CONTENTS)
    wished = {
        heading: said[name]
        for place, heading in enumerate(look.headings)
        if (name := f"{prefix}column.{place}") in said
    }
    return Wishes(
        content="" if content == _proposed_content(look) else content,
        columns=before.columns if content == LEFT_OUT else _columns_said(wished, look, before, content),
        date_order=_one_of(said.get(f"{prefix}date_order", ""), DATE_ORDERS),
        decimal=_one_of(said.get(f"{prefix}decimal", ""), DECIMALS),
        currency=said.get(f"{prefix}currency", "").strip().upper()[:3],
    )


def _proposed_content(look: Look) -> str:
    """What the group was recognised as; what was not understood or is not needed is left out."""
    return look.mapping.content or LEFT_OUT


def _columns_said(wished: dict[str, str], look: Look, before: Wishes, content: str) -> dict[str, str]:
    """For each field that is to come from elsewhere than was found out, its heading.

    A field that is chosen for a second column moves there; a form that was sent earlier tells which one is the second.
    """
    proposed = look.mapping.columns
    now = {name: heading for name, heading in {**proposed, **before.columns}.items() if heading}
    shown = _fields_by_heading(now)
    changed = {heading: name for heading, name in wished.items() if name != shown.get(heading, [""])[0]}
    for heading in changed:
        for name in shown.get(heading, [])[:1]:
            now.pop(name, None)
    now |= {name: heading for heading, name in changed.items() if name}
    known = {*FIELDS.get(content, {}), *(name for name in now if name.startswith("custom."))}
    return {
        name: now.get(name, "")
        for name in {**proposed, **now}
        if name in known and now.get(name, "") != proposed.get(name, "")
    }


def _fields_by_heading(columns: dict[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, heading in columns.items():
        found.setdefault(heading, []).append(name)
    return found


def _one_of(value: str, choices: Sequence[Choice]) -> str:
    return value if value in {key for key, _label in choices} else ""


# Showing


def _group(number: int, preview: Preview, how: HowToRead, own: list[Choice], *, understood: bool) -> Group:
    """One group; where none is understood, it may be lines of orders whose columns are to be named."""
    look, mapping = preview.look, preview.mapping
    wishes = how.groups.get(look.key, Wishes())
    content = wishes.content or mapping.content or (LEFT_OUT if understood else "order_lines")
    labels = {name: capfirst(_(label)) for name, label in FIELDS.get(content, {}).items()} | dict(own)
    by_heading = _fields_by_heading(mapping.columns)
    headings, rows = _table(preview, labels)
    return Group(
        number=number,
        preview=preview,
        wishes=wishes,
        content=content,
        columns=[
            _column(f"{number}.column.{place}", heading, look, by_heading.get(heading, []), labels)
            for place, heading in enumerate(look.headings)
        ],
        dates=", ".join(_DATES[order] for order in dict.fromkeys(look.mapping.date_order.values())),
        decimal=look.mapping.decimal,
        choices=_choices(content, labels, own),
        further=_further(mapping, look, labels),
        headings=headings,
        rows=rows,
    )


def _column(name: str, heading: str, look: Look, fields: list[str], labels: dict[str, Any]) -> Column:
    known = [field for field in fields if field in labels]
    return Column(
        name=name,
        heading=heading,
        examples=" · ".join(look.examples(heading)),
        chosen=known[0] if known else "",
        also=", ".join(str(labels[field]) for field in known[1:]),
    )


def _choices(content: str, labels: dict[str, Any], own: list[Choice]) -> list[tuple[str, list[Choice]]]:
    """The fields in groups; order lines have many."""
    fields = [(name, labels[name]) for name in FIELDS.get(content, {})]
    if content not in ("order_lines", "order_headers"):
        return [("", fields)] + ([(_("Fields of your own"), own)] if content == "accounts" and own else [])
    customer = [choice for choice in fields if choice[0].startswith(("account_", "contact_"))]
    line = [choice for choice in fields if choice[0] in LINE_FIELDS]
    order = [choice for choice in fields if choice not in customer and choice not in line]
    return [(_("The order"), order), (_("The customer"), customer), (_("The line"), line)]


def _further(mapping: Mapping, look: Look, labels: dict[str, Any]) -> list[str]:
    """What a column alone does not show."""
    made_of_several = {
        labels[name]: mapping.together[heading]
        for name, heading in mapping.columns.items()
        if heading in mapping.together and name in labels
    }
    sentences = [
        _("%(field)s: put together of %(columns)s.") % {"field": field, "columns": ", ".join(parts)}
        for field, parts in made_of_several.items()
    ]
    sentences += [
        _("%(field)s: where that is empty, %(columns)s.") % {"field": labels[name], "columns": ", ".join(others)}
        for name, others in mapping.instead.items()
        if name in labels and others
    ]
    sentences += [
        _("%(field)s: looked up in another file by %(column)s.") % {"field": labels[name], "column": way.key}
        for name, way in mapping.lookups.items()
        if name in labels
    ]
    sentences += [
        _("%(field)s: %(value)s in every row.") % {"field": labels[name], "value": value}
        for name, value in mapping.constants.items()
        if name in labels
    ]
    return sentences


def _table(preview: Preview, labels: dict[str, Any]) -> tuple[list[str], list[dict[str, Any]]]:
    """Headings and rows of the sample."""
    if preview.mapping.content == "order_lines":
        headings = [_("Order no."), _("Date"), _("Customer"), _("Product"), _("Quantity"), _("Amount"), _("Kind")]
        return headings, [{"row": row, "line": _line(row)} for row in preview.rows]
    names = list(next((row.values for row in preview.rows if row.values), {}))
    names = [name for name in names if any(row.values.get(name) is not None for row in preview.rows)]
    cells = [{"row": row, "cells": [_text(row.values.get(name)) for name in names]} for row in preview.rows]
    return [str(labels.get(name, name)) for name in names], cells


def _text(value: Any) -> str:
    """A value of a record as people write it."""
    match value:
        case None:
            return "–"
        case date():
            return day(value)
        case Decimal() | float():
            return number(value, digits=6)
        case _:
            return str(value)


def _line(row: ShownRow) -> dict[str, Any] | None:
    if not row.values:
        return None
    values = row.values
    return values | {
        "customer": values["account_name"] or values["account_key"],
        "what": values["product_name"] or values["product"],
        "amount": money(from_minor(values["net_minor"], values["currency"]), values["currency"], exact=True),
        "kind_label": ClassificationRule.Kind(values["kind"]).label,
    }
