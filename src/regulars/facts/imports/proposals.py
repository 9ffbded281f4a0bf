"""What is proposed for one group of files, and what order lines need at the least."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _

from regulars.facts.imports.mapping import Mapping

ACCOUNT: Final = ("account_id", "account_name", "account_email")
"""Each of these names the customer."""
AMOUNTS: Final = ("net_amount", "gross_amount", "amount")


@dataclass(frozen=True)
class Proposal:
    """What the columns of one group of files are taken for."""

    mapping: Mapping
    confidence: float
    """0 … 1: how sure the fields that every record needs are; 1 for saved mappings and known exports."""
    notes: list[str] = field(default_factory=list)
    """What was decided, and how to change it."""
    missing: list[str] = field(default_factory=list)
    """What was not found, without which the files cannot be read; the content is then empty."""
    unused: list[str] = field(default_factory=list)
    """Headings that no field takes."""
    saved: bool = False
    """By a mapping that was used before."""


def has_amount(fields: Iterable[str]) -> bool:
    """Lines have an amount: as such, or as price and quantity."""
    names = set(fields)
    return bool(names & set(AMOUNTS)) or {"unit_price", "quantity"} <= names


def missing_for_orders(fields: Iterable[str]) -> list[str]:
    """What order lines need and these fields do not give, as sentences."""
    names = set(fields)
    sentences = []
    if "order_id" not in names:
        sentences.append(_("No column with order or invoice numbers was found."))
    if "business_date" not in names:
        sentences.append(_("No column with the dates of the orders was found."))
    if not has_amount(names):
        sentences.append(_("No column with the amounts of the lines, nor with quantity and price, was found."))
    return sentences


def used_headings(mapping: Mapping) -> set[str]:
    """All headings of the files that the mapping reads."""
    named = {
        *mapping.columns.values(),
        *(heading for others in mapping.instead.values() for heading in others),
        *(lookup.key for lookup in mapping.lookups.values()),
    }
    return named | {part for name in named for part in mapping.together.get(name, ())}
