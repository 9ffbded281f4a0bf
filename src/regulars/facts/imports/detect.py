"""From headings and values to a proposed mapping: saved mappings first, then known exports, then words and values.

`propose_all` looks at all files of one import together, since orders may refer to customers, products and salespeople
in other files; see `joins.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from django.utils.translation import gettext as _

from regulars.base.warehouse import Engine
from regulars.facts.imports import meaning_of_amounts as amounts
from regulars.facts.imports.exports import recognise
from regulars.facts.imports.exports.declaration import KnownExport
from regulars.facts.imports.headings import language_of
from regulars.facts.imports.joins import joined
from regulars.facts.imports.mapping import Mapping
from regulars.facts.imports.profiles import Profile, date_orders, decimal_sign, profiles, sample_rows
from regulars.facts.imports.proposals import Proposal, has_amount, missing_for_orders, used_headings
from regulars.facts.imports.raw_tables import RawTable
from regulars.facts.imports.saved_mappings import OWN_PREFIX, find_saved, foreign, save_mapping
from regulars.facts.imports.unknown_lists import DATES, MONEY, by_words

__all__ = ["Proposal", "find_saved", "propose", "propose_all", "save_mapping", "with_columns"]

COMMA_LANGUAGES: Final = frozenset({"de", "es", "pt", "fr"})
TYPED_FORMATS: Final = frozenset({"parquet", "json", "jsonl", "xlsx", "xls", "ods"})
"""Their numbers are numbers: no comma of a language is in them."""


def propose(engine: Engine, raw: RawTable, *, source: str = "", others: Sequence[RawTable] = ()) -> Proposal:
    """The mapping of one group of files; `others` are the other groups of the same import."""
    found = propose_all(engine, [raw, *others])[0]
    return replace(found, mapping=replace(found.mapping, source=source)) if source else found


def propose_all(engine: Engine, raws: Sequence[RawTable]) -> list[Proposal]:
    """The mapping of each group of files of one import, and how they refer to each other."""
    found = joined(engine, raws, [_propose_alone(engine, raw) for raw in raws])
    return [
        replace(one, unused=[heading for heading in raw.headings if heading not in used_headings(one.mapping)])
        for raw, one in zip(raws, found, strict=True)
    ]


def with_columns(mapping: Mapping, columns: dict[str, str]) -> Mapping:
    """The mapping with columns that the user named; a file that was not understood gets the content that fits them.

    An empty heading takes a field out.
    """
    merged = {**mapping.columns, **columns}
    changed = replace(
        mapping,
        columns={name: heading for name, heading in merged.items() if heading},
        instead={name: others for name, others in mapping.instead.items() if name not in columns},
        lookups={name: lookup for name, lookup in mapping.lookups.items() if name not in columns},
    )
    return changed if changed.content else replace(changed, content=_content(set(changed.columns)))


def _content(fields: set[str]) -> str:
    """The content that these fields make up; empty if none."""
    if not missing_for_orders(fields):
        return "order_lines"
    if {"currency", "valid_from", "rate"} <= fields:
        return "rates"
    if {"product", "product_name"} <= fields and not has_amount(fields):
        return "products"
    if "contact_name" in fields and fields & {"contact_id", "contact_email", "contact_role"}:
        return "contacts"
    return "accounts" if "account_name" in fields and "order_id" not in fields else ""


def _propose_alone(engine: Engine, raw: RawTable) -> Proposal:
    own = _without_our_columns(raw)
    seen = profiles(engine, own)
    known = recognise(own.headings)
    if saved := find_saved(own.headings):
        found = Proposal(saved, 1.0, [_("The mapping that was used before is used.")], saved=True)
    elif known:
        found = _by_export(engine, own, known)
    else:
        found = by_words(engine, own, seen)
    if found.mapping.content:
        found = _with_notation(engine, own, seen, found, known)
    return _as_corrected_rows(raw, found) if own is not raw and found.mapping.content == "order_lines" else found


def _without_our_columns(raw: RawTable) -> RawTable:
    kept = foreign(raw.headings)
    if len(kept) == len(raw.headings):
        return raw
    return replace(raw, headings=kept, columns=[raw.column(heading) for heading in kept])


def _as_corrected_rows(raw: RawTable, found: Proposal) -> Proposal:
    """Rejected rows that come back: single rows of orders, numbered as they were when they were rejected."""
    number = next((heading for heading in raw.headings if heading.casefold() == f"{OWN_PREFIX}line_no"), "")
    columns = {**found.mapping.columns, **({"line_no": number} if number else {})}
    notes = [*found.notes, _("Corrected rows of an earlier import: the other lines of their orders stay as they are.")]
    return replace(found, mapping=replace(found.mapping, columns=columns, complete_orders=False), notes=notes)


def _by_export(engine: Engine, raw: RawTable, known: KnownExport) -> Proposal:
    mapping = known.mapping(raw.headings)
    title = _(known.title)
    if not known.content:
        return Proposal(mapping, 1.0, [_("“%(title)s” is not needed and left out.") % {"title": title}])
    notes = [_("Recognised as “%(title)s”.") % {"title": title}]
    if known.note:
        notes.append(_(known.note))
    if mapping.content != "order_lines" or mapping.joined_by:
        return Proposal(mapping, 1.0, notes)
    columns, more = amounts.settled(engine, raw, mapping.columns)
    columns = amounts.without_discounts_counted_twice(engine, raw, columns)
    missing = missing_for_orders(columns)
    content = "" if missing else mapping.content
    return Proposal(replace(mapping, columns=columns, content=content), 0.5 if missing else 1.0, notes + more, missing)


# Dates and decimal sign


def _with_notation(
    engine: Engine, raw: RawTable, seen: dict[str, Profile], found: Proposal, known: KnownExport | None
) -> Proposal:
    """The order of dates and the decimal sign, from the values of all rows."""
    mapping = found.mapping
    own = set(raw.headings)
    dates = [heading for name, heading in mapping.columns.items() if name in DATES and heading in own]
    orders = date_orders(
        engine, raw, dates, month_first=bool(known and known.month_first) or _american(engine, raw, mapping)
    )
    notes = list(found.notes)
    date_order = {}
    for separator, order in orders.items():
        date_order[separator] = mapping.date_order.get(separator, order.order) if order.guessed else order.order
        notes += _date_notes(
            separator, order.order, order.against_it, order.guessed and separator not in mapping.date_order
        )
    numbers = [
        heading
        for name, heading in mapping.columns.items()
        if name in MONEY and heading in own and seen[heading].numbers
    ]
    typed = all(file.format in TYPED_FORMATS for file in raw.files)
    language = language_of(raw.headings)
    otherwise = mapping.decimal or ("," if language in COMMA_LANGUAGES and not typed else ".")
    sign = decimal_sign(engine, raw, numbers, otherwise=otherwise)
    if sign.against_it:
        notes.append(
            _("%(count)d amounts have another decimal sign than “%(sign)s”, which most amounts have.")
            % {"count": sign.against_it, "sign": sign.sign}
        )
    elif sign.guessed and not mapping.decimal:
        notes.append(
            _("Amounts such as “%(value)s” can be read in two ways; “%(sign)s” is taken for the decimal sign.")
            % {"value": sign.ambiguous[0], "sign": sign.sign}
        )
    changed = replace(mapping, date_order={**mapping.date_order, **date_order}, decimal=sign.sign if numbers else "")
    return replace(found, mapping=changed, notes=notes)


_ORDER_NAMES: Final = {"dmy": "31.12.", "mdy": "12/31", "ymd": "2024-12-31"}


def _date_notes(separator: str, order: str, against: int, guessed: bool) -> list[str]:
    values = {"separator": separator, "order": order, "example": _ORDER_NAMES[order], "count": against}
    if guessed:
        return [
            _("No date with “%(separator)s” tells whether its day or its month comes first; %(order)s is a guess.")
            % values
        ]
    if against:
        return [
            _("Most dates with “%(separator)s” are like %(example)s, but %(count)d are not and will be rejected.")
            % values
        ]
    return []


def _american(engine: Engine, raw: RawTable, mapping: Mapping) -> bool:
    """The file is about dollars, so dates are likelier 12/31."""
    if mapping.constants.get("currency"):
        return mapping.constants["currency"] == "USD"
    heading = mapping.columns.get("currency", "")
    if heading not in raw.headings:
        return False
    values = {(value or "").strip().upper() for (value,) in sample_rows(engine, raw, [heading])} - {""}
    return values == {"USD"}
