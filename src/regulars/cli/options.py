"""What holds for every command, and how a command ends."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum


class Exit(IntEnum):
    """What the process tells its caller."""

    FINE = 0
    BUG = 1
    """An error of Regulars itself."""
    REFUSED = 2
    """Nothing was done: bad arguments, or a refusal with its way out."""
    PARTIAL = 3
    """Done, but something was left out: rows were rejected."""
    UNHEALTHY = 4
    """`regulars check` found an error."""
    INTERRUPTED = 130


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options that may stand anywhere on the command line."""

    json: bool = False
    quiet: bool = False
    as_of: date | None = None
    acting: str = ""
    """Who acts (`--as`): e-mail or name of a member; empty: the owner."""
    home: str = ""


_FLAGS = ("--json", "--quiet", "-q")
_WITH_VALUE = ("--as-of", "--as", "--home")


def general_options_first(arguments: Sequence[str]) -> list[str]:
    """The arguments with the general options in front, so that they may stand anywhere; what follows `--` stays."""
    end = list(arguments).index("--") if "--" in arguments else len(arguments)
    front: list[str] = []
    rest: list[str] = []
    remaining = iter(arguments[:end])
    for argument in remaining:
        if argument in _FLAGS or argument.startswith(tuple(f"{name}=" for name in _WITH_VALUE)):
            front.append(argument)
        elif argument in _WITH_VALUE:
            front += [argument, *[value for value in [next(remaining, None)] if value is not None]]
        else:
            rest.append(argument)
    return [*front, *rest, *arguments[end:]]


def apply_home(home: str) -> None:
    """Keep database, warehouse and imports in the folder `home`, whatever the environment says."""
    os.environ["REGULARS_HOME"] = home
    for elsewhere in ("DATABASE_URL", "REGULARS_WAREHOUSE", "REGULARS_IMPORTS"):
        os.environ.pop(elsewhere, None)
