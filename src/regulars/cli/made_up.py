"""Names for the demo's accounts, whose data knows them by number only: plausible, all different, always the same."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who does not exist."""

    name: str
    email: str
    phone: str
    role: str
    level: str


def firm_names(seed: int) -> Iterator[str]:
    """Names of firms, each once: of a thing and a trade, of a family and a trade. There are some ten thousand."""
    firms, last = _words()["firms"], _words()["people"]["last"]
    things = [f"{thing} {trade}" for thing in firms["things"] for trade in firms["trades"]]
    families = [
        pattern.format(last=name, trade=trade)
        for name in last
        for trade in firms["trades"]
        for pattern in ("{last} {trade}", "{last} & Sons {trade}", "{last}’s {trade}")
    ]
    names = things + families
    random.Random(seed).shuffle(names)
    yield from names


def person(seed: str, firm: str) -> Person:
    """Somebody at `firm`. Addresses end in `.example` and numbers are of a range that is never connected."""
    chance = random.Random(seed)
    people = _words()["people"]
    first, last = chance.choice(people["first"]), chance.choice(people["last"])
    role, level = chance.choice(people["roles"])
    return Person(
        name=f"{first} {last}",
        email=f"{first}.{last}@{_domain(firm)}.example".lower(),
        phone=f"+44 1632 960{chance.randrange(1000):03d}",
        role=role,
        level=level,
    )


def _domain(firm: str) -> str:
    letters = [letter if letter.isascii() and letter.isalnum() else "-" for letter in firm.lower()]
    return "-".join(part for part in "".join(letters).split("-") if part) or "firm"


@cache
def _words() -> dict[str, Any]:
    text = files("regulars.cli").joinpath("demo_data", "names.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
