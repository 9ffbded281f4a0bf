"""How warm a relation is: what was said and when, each talk counting half after a while.

A relation of two people has the warmth sum(weight(kind) * 2 ** -(age / half-life)). A visit counts most, a mail least.
The weights and limits are documented defaults (`docs/methods/key-accounts.md`), not measurements: they order relations
by closeness and recency, and that is all they are used for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

HALF_LIFE_DAYS: Final = 90.0
WEIGHTS: Final[Mapping[str, float]] = {"visit": 3.0, "meeting": 3.0, "call": 2.0, "mail": 1.0}
"""Of each kind of talk; a note is none."""
WARM: Final = 2.0
"""A call of today, or a visit of not quite two months ago."""
COOLING: Final = 0.5
"""Below it the relation is cold: a call of half a year ago."""


UNNAMED: Final = 0
"""The key of *theirs* in talks that do not say with whom."""


class Warmth(StrEnum):
    """The three states of a relation that was ever begun."""

    WARM = "warm"
    COOLING = "cooling"
    COLD = "cold"


class Talk(NamedTuple):
    """One of ours spoke with one of theirs. Of a list of accounts there are tens of thousands."""

    theirs: int
    ours: int
    kind: str
    age_days: int


@dataclass(kw_only=True, slots=True)
class Relation:
    """What two people have had to do with each other."""

    strength: float = 0.0
    talks: int = 0
    last_days: int = 0
    """Days since they spoke last."""

    @property
    def warmth(self) -> Warmth:
        return warmth_of(self.strength)


def warmth_of(strength: float) -> Warmth:
    if strength >= WARM:
        return Warmth.WARM
    return Warmth.COOLING if strength >= COOLING else Warmth.COLD


def relations(talks: Iterable[Talk]) -> dict[tuple[int, int], Relation]:
    """The relation of every pair (theirs, ours) that ever spoke with each other.

    A note, or a talk that lies in the future, adds nothing.
    """
    found: dict[tuple[int, int], Relation] = {}
    for theirs, ours, kind, age_days in talks:
        weight = WEIGHTS.get(kind)
        if weight is None or age_days < 0:
            continue
        known = found.get((theirs, ours))
        if known is None:
            known = found[theirs, ours] = Relation(last_days=age_days)
        known.strength += weight * 0.5 ** (age_days / HALF_LIFE_DAYS)
        known.talks += 1
        if age_days < known.last_days:
            known.last_days = age_days
    return found


class Gap(StrEnum):
    """What is wrong with the relations to an account, the gravest first."""

    CHAMPION_GONE = "champion_gone"
    NOBODY = "nobody"
    """Nobody there is known, or nobody was spoken with for long."""
    ONE_OF_OURS = "one_of_ours"
    ONE_OF_THEIRS = "one_of_theirs"
    LEVEL = "level"
    COLD_DECIDER = "cold_decider"


@dataclass(frozen=True, kw_only=True)
class Person:
    """One of theirs, as far as the map goes by it."""

    key: int
    level: str
    part: str
    active: bool = True


@dataclass(frozen=True, kw_only=True)
class Gaps:
    """What is wrong, and with whom."""

    found: tuple[Gap, ...] = ()
    levels: tuple[str, ...] = ()
    """At which nobody is known."""
    deciders: tuple[int, ...] = ()
    """Who decide, and are cold."""
    gone: tuple[int, ...] = ()
    """Champions who left, while no other one is there."""
    only_ours: int | None = None
    """The only one of ours with a live relation."""
    only_theirs: int | None = None
    lively: dict[str, int] = field(default_factory=dict)
    """How many of each side have a live relation: "ours" and "theirs"."""


def gaps(people: Iterable[Person], known: Mapping[tuple[int, int], Relation], *, levels: Iterable[str]) -> Gaps:
    """What is wrong with the relations. A relation lives unless it is cold; those who left count no more.

    A talk that does not say with whom shows who of ours is in contact; of theirs, nothing is known by it.
    """
    everyone = list(people)
    there = {one.key: one for one in everyone if one.active}
    counted = {UNNAMED, *there}
    live = {pair for pair, one in known.items() if one.warmth != Warmth.COLD and pair[0] in counted}
    theirs, ours = {pair[0] for pair in live} - {UNNAMED}, {pair[1] for pair in live}
    all_named = not any(pair[0] == UNNAMED for pair in live)
    missing = tuple(level for level in levels if not any(one.level == level for one in there.values()))
    deciders = tuple(
        key for key, one in there.items() if one.part in {"decision_maker", "sponsor"} and key not in theirs
    )
    gone = tuple(one.key for one in everyone if one.part == "champion" and not one.active)
    if any(one.part == "champion" for one in there.values()):
        gone = ()
    checks = (
        (Gap.CHAMPION_GONE, bool(gone)),
        (Gap.NOBODY, not live),
        (Gap.ONE_OF_OURS, bool(live) and len(ours) == 1),
        (Gap.ONE_OF_THEIRS, all_named and len(theirs) == 1),
        (Gap.COLD_DECIDER, bool(live) and all_named and bool(deciders)),
        (Gap.LEVEL, bool(there) and bool(missing)),
    )
    return Gaps(
        found=tuple(gap for gap, applies in checks if applies),
        levels=missing,
        deciders=deciders,
        gone=gone,
        only_ours=next(iter(ours)) if len(ours) == 1 else None,
        only_theirs=next(iter(theirs)) if len(theirs) == 1 else None,
        lively={"ours": len(ours), "theirs": len(theirs)},
    )
