"""How alike a prospect and a customer are: by kind, business, size and place, and by what the prospect looks for.

The likeness is the weight of what is the same over the weight of all that is known of the prospect (Gower 1971, with
weights). What is not known of the customer counts as not the same: nothing may look alike because nobody asked.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Trait(StrEnum):
    """In what two may be alike."""

    TRADE = "trade"
    WANTED = "wanted"
    KIND = "kind"
    SIZE = "size"
    REGION = "region"
    COUNTRY = "country"


WEIGHTS: Final = {
    Trait.TRADE: 3.0,
    Trait.WANTED: 3.0,
    Trait.KIND: 2.0,
    Trait.SIZE: 2.0,
    Trait.REGION: 1.0,
    Trait.COUNTRY: 1.0,
}
SIZE_CLASSES: Final = (10, 50, 250, 1000)
"""Fewer people than these make a class: micro, small, medium, large, very large (the European Union's, and one)."""
NEAR: Final = 0.5
"""What a size one class away counts."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What is known of one of the two; empty is unknown. `wanted`: what is looked for, or valued."""

    kind: str = ""
    trade: str = ""
    size: str = ""
    region: str = ""
    country: str = ""
    wanted: str = ""


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """How alike, from 0 to 1; in what entirely, in what nearly, and what is not known of the customer."""

    value: float
    same: tuple[Trait, ...]
    near: tuple[Trait, ...]
    unknown: tuple[Trait, ...]


def likeness(prospect: Profile, customer: Profile) -> Likeness:
    """How alike the customer is to the prospect. 0 where nothing is known of the prospect."""
    asked = [trait for trait in WEIGHTS if getattr(prospect, trait.value)]
    shares = {trait: _share(trait, getattr(prospect, trait), getattr(customer, trait)) for trait in asked}
    weight = sum(WEIGHTS[trait] for trait in asked)
    found = sum(WEIGHTS[trait] * share for trait, share in shares.items())
    return Likeness(
        value=found / weight if weight else 0.0,
        same=tuple(trait for trait, share in shares.items() if share == 1),
        near=tuple(trait for trait, share in shares.items() if 0 < share < 1),
        unknown=tuple(trait for trait in asked if not getattr(customer, trait.value)),
    )


def size_class(size: str) -> int | None:
    """The class of a size in words or figures ("25", "10-49", "1 200 people"); None where no figure is in it."""
    together = re.sub(r"(?<=\d)[\s.,\u00a0\u202f](?=\d{3}\b)", "", size)
    figures = [int(figure) for figure in re.findall(r"\d{1,9}", together)]
    if not figures:
        return None
    people = math.sqrt(max(min(figures), 1) * max(max(figures), 1))
    return sum(people >= limit for limit in SIZE_CLASSES)


def _share(trait: Trait, wanted: str, found: str) -> float:
    wanted, found = wanted.strip().casefold(), found.strip().casefold()
    if not found:
        return 0.0
    if wanted == found:
        return 1.0
    if trait is Trait.SIZE:
        return _size_share(wanted, found)
    return _shared_words(wanted, found) if trait is Trait.TRADE else 0.0


def _size_share(wanted: str, found: str) -> float:
    first, second = size_class(wanted), size_class(found)
    if first is None or second is None:
        return 0.0
    return {0: 1.0, 1: NEAR}.get(abs(first - second), 0.0)


def _shared_words(first: str, second: str) -> float:
    """Words that both have, over all words of either (Jaccard 1901). Short words bind others and say nothing."""
    one, other = ({word for word in re.split(r"[\s,.;&()/-]+", text) if len(word) >= 4} for text in (first, second))
    return len(one & other) / len(one | other) if one and other else 0.0
