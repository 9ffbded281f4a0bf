"""How the files of one import refer to each other: orders to their headers, keys to the names in other files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from django.utils.translation import gettext as _

from regulars.base.warehouse import Engine, identifier
from regulars.facts.imports.exports.declaration import plain
from regulars.facts.imports.headings import meanings
from regulars.facts.imports.mapping import FIELDS, LOOKUP, Lookup, Mapping, Step, fingerprint
from regulars.facts.imports.proposals import ACCOUNT, Proposal, missing_for_orders
from regulars.facts.imports.raw_tables import RawTable

KEYED_FIELDS: Final = ("seller", "department", "category", "owner")
"""Fields whose column may hold keys of another file instead of names."""
_NAMING: Final[dict[str, tuple[str, ...]]] = {
    "seller": ("seller", "name", "contact_name", "account_name"),
    "owner": ("seller", "name", "contact_name", "account_name"),
    "department": ("department", "name", "account_region"),
    "category": ("category", "name", "product_name"),
}
"""For each of them, what the heading of the name in the other file may mean."""
LEAST_SHARED: Final = 0.5
"""Least share of order numbers that a file of headers must know."""


def joined(engine: Engine, raws: Sequence[RawTable], found: list[Proposal]) -> list[Proposal]:
    """The proposals with what they take from each other; lines whose headers are nowhere are not understood."""
    groups = list(zip(raws, found, strict=True))
    for at, (raw, proposal) in enumerate(groups):
        if proposal.mapping.content in {"order_lines", "order_headers", "products", "accounts"}:
            groups[at] = (raw, _with_lookups(engine, raw, proposal, groups))
    for at, (raw, proposal) in enumerate(groups):
        if proposal.mapping.content == "order_lines":
            groups[at] = (raw, _with_headers(engine, raw, proposal, groups))
    lines = [proposal for _raw, proposal in groups if proposal.mapping.content == "order_lines"]
    needed = _looked_up(proposal for _raw, proposal in groups)
    return [_settled(raw, proposal, lines, needed) for raw, proposal in groups]


Group = tuple[RawTable, Proposal]


def _settled(raw: RawTable, proposal: Proposal, lines: list[Proposal], needed: set[str]) -> Proposal:
    """The final content of a group, now that all others are known."""
    mapping = proposal.mapping
    if mapping.content == "order_headers" and not any(one.mapping.joined_by for one in lines):
        missing = missing_for_orders(mapping.columns)
        if lines:  # the lines say all that they need themselves
            note = _("The orders in this file are left out: their lines say all that is needed.")
            return Proposal(Mapping(content=""), proposal.confidence, [*proposal.notes, note])
        if missing:
            return replace(proposal, mapping=replace(mapping, content=""), missing=missing)
    if fingerprint(raw.headings) in needed and mapping.content not in FIELDS:
        notes = proposal.notes or [_("Read for the names that stand in it.")]
        return Proposal(Mapping(content=LOOKUP, export=mapping.export, source=mapping.source), 1.0, notes)
    if mapping.content == LOOKUP:
        return Proposal(
            Mapping(content="", export=mapping.export, source=mapping.source), 1.0, [_("No other file refers to it.")]
        )
    return proposal


def _looked_up(proposals: Iterable[Proposal]) -> set[str]:
    """Fingerprints of the files that lookups refer to."""
    return {
        step.headings for proposal in proposals for lookup in proposal.mapping.lookups.values() for step in lookup.steps
    }


# Order headers


def _with_headers(engine: Engine, raw: RawTable, proposal: Proposal, groups: Sequence[Group]) -> Proposal:
    """Lines without date or customer get them from the headers of the same import."""
    mapping = proposal.mapping
    missing = missing_for_orders(mapping.columns)
    without_account = not set(mapping.columns) & set(ACCOUNT)
    if not missing and not without_account:
        return replace(proposal, mapping=replace(mapping, joined_by=""))
    for other, header in groups:
        if header.mapping.content == "order_headers" and _share_orders(engine, raw, mapping, other, header.mapping):
            gained = {**header.mapping.columns, **mapping.columns}
            return replace(
                proposal,
                mapping=replace(mapping, joined_by="order_id"),
                missing=missing_for_orders(gained),
                notes=[*proposal.notes, _("Dates and customers come from the file of orders, by the order number.")],
            )
    if missing:
        return replace(proposal, mapping=replace(mapping, content="", joined_by=""), missing=missing)
    return replace(proposal, mapping=replace(mapping, joined_by=""))


def _share_orders(engine: Engine, raw: RawTable, mapping: Mapping, other: RawTable, header: Mapping) -> bool:
    own, theirs = mapping.columns.get("order_id", ""), header.columns.get("order_id", "")
    if own not in raw.headings or theirs not in other.headings:
        return False
    return _share_known(engine, raw, own, other, theirs) >= LEAST_SHARED


def _share_known(engine: Engine, raw: RawTable, heading: str, other: RawTable, match: str) -> float:
    """Share of the different values under `heading` that stand under `match` in the other file."""
    own, theirs = identifier(raw.column(heading)), identifier(other.column(match))
    found = engine.value(
        f"SELECT avg((value IN (SELECT trim({theirs}) FROM {other.name} WHERE {theirs} IS NOT NULL))::INTEGER) "
        f"FROM (SELECT DISTINCT trim({own}) AS value FROM {raw.name} WHERE {own} IS NOT NULL)"
    )
    return float(found or 0)


# Lookups


def _with_lookups(engine: Engine, raw: RawTable, proposal: Proposal, groups: Sequence[Group]) -> Proposal:
    """Keys turned into the names that stand in other files; category and cost of products where lines have none."""
    mapping = proposal.mapping
    present = {fingerprint(other.headings) for other, _proposal in groups}
    lookups = {
        name: lookup
        for name, lookup in mapping.lookups.items()
        if all(step.headings in present for step in lookup.steps)
    }
    others = [(other, one) for other, one in groups if other is not raw]
    for name in KEYED_FIELDS:
        heading = mapping.columns.get(name, "")
        step = _step_to_name(engine, raw, heading, name, others) if heading in raw.headings else None
        if step:
            lookups[name] = Lookup(key=heading, steps=(step,))
    if mapping.content == "order_lines":
        for name in _wanted_of_products(mapping):
            if way := _way_through_products(engine, raw, mapping, name, others):
                lookups[name] = way
    new = [name for name in lookups if name not in mapping.lookups]
    notes = [
        _("“%(heading)s” is looked up in another file: %(field)s.")
        % {"heading": lookups[name].key, "field": _(FIELDS[mapping.content][name])}
        for name in new
        if name in FIELDS[mapping.content]
    ]
    columns = {name: heading for name, heading in mapping.columns.items() if name not in lookups}
    return replace(
        proposal, mapping=replace(mapping, columns=columns, lookups=lookups), notes=[*proposal.notes, *notes]
    )


def _wanted_of_products(mapping: Mapping) -> list[str]:
    wanted = [] if "category" in mapping.columns else ["category"]
    if not mapping.columns.keys() & {"cost_amount", "unit_cost"}:
        wanted.append("unit_cost")
    return wanted


def _way_through_products(
    engine: Engine, raw: RawTable, mapping: Mapping, name: str, others: Sequence[Group]
) -> Lookup | None:
    """From the product of a line to its category or cost in a file of products, and on to where that refers to."""
    key = mapping.columns.get("product", "")
    if key not in raw.headings:
        return None
    for other, products in others:
        match = products.mapping.columns.get("product", "")
        if products.mapping.content != "products" or match not in other.headings:
            continue
        if _share_known(engine, raw, key, other, match) < LEAST_SHARED:
            continue
        headings = fingerprint(other.headings)
        if heading := products.mapping.columns.get(name):
            further = _step_to_name(engine, other, heading, name, [one for one in others if one[0] is not other])
            step = Step(headings=headings, match=match, values=(heading,))
            return Lookup(key=key, steps=(step, further) if further else (step,))
        if way := products.mapping.lookups.get(name):
            return Lookup(key=key, steps=(Step(headings=headings, match=match, values=(way.key,)), *way.steps))
    return None


def _step_to_name(engine: Engine, raw: RawTable, heading: str, name: str, others: Sequence[Group]) -> Step | None:
    """The other file whose unique column of the same heading these keys refer to, and its headings of the name."""
    if name not in _NAMING:
        return None
    for other, proposal in others:
        match = next((one for one in other.headings if plain(one) == plain(heading)), "")
        if not match or proposal.mapping.content in {"order_lines", "order_headers"}:
            continue
        values = _naming(proposal.mapping, other, match, name)
        if (
            values
            and _unique(engine, other, match)
            and _share_known(engine, raw, heading, other, match) >= LEAST_SHARED
        ):
            return Step(headings=fingerprint(other.headings), match=match, values=values)
    return None


def _naming(mapping: Mapping, raw: RawTable, key: str, name: str) -> tuple[str, ...]:
    """The headings of a file that name what its key stands for."""
    if heading := mapping.columns.get("name"):  # said by a known export
        return mapping.together.get(heading, (heading,))
    by_meaning: dict[str, str] = {}
    for heading in raw.headings:
        if heading != key:
            for meaning in meanings(heading):
                by_meaning.setdefault(meaning.field, heading)
    parts = tuple(by_meaning[part] for part in ("first_name", "last_name") if part in by_meaning)
    if parts and name in {"seller", "owner"}:
        return parts
    return next(((by_meaning[one],) for one in _NAMING[name] if one in by_meaning), ())


def _unique(engine: Engine, raw: RawTable, heading: str) -> bool:
    column = identifier(raw.column(heading))
    return bool(engine.value(f"SELECT count(DISTINCT {column}) = count(*) AND count(*) > 0 FROM {raw.name}"))
