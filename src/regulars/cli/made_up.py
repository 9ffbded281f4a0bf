"""Names for the demo's accounts, whose data knows them by number only: plausible, all different, always the same."""

from __future__ import annotations

import random
import tomllib
import unicodedata
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
        email=f"{address_part(f'{first} {last}', sign='.')}@{address_part(firm)}.example",
        phone=f"+44 1632 960{chance.randrange(1000):03d}",
        role=role,
        level=level,
    )


def address_part(name: str, *, sign: str = "-") -> str:
    """A name as it may stand in an e-mail address: "José Saraiva" with sign "." is "jose.saraiva"."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    letters = [letter if letter.isascii() and letter.isalnum() else " " for letter in plain.lower()]
    return sign.join("".join(letters).split()) or "someone"


@cache
def _words() -> dict[str, Any]:
    text = files("regulars.cli").joinpath("demo_data", "names.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
