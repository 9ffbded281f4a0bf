"""Quoting somebody without a name: names of people and firms are taken out of what was said."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

LEFT_OUT: Final = "…"
LEAST_LETTERS: Final = 3
"""Shorter parts of a name are words like any other."""
_LEGAL: Final = {"gmbh", "inc", "ltd", "llc", "plc", "corp", "company", "und", "and", "the", "pvt", "limited", "sons"}


def without_names(words: str, names: Iterable[str]) -> str:
    """The words with every name of `names` left out, whole or in part, however it is written."""
    wholes = {name.strip() for name in names if name.strip()}
    parts = {part for name in wholes for part in re.split(r"[\s,.;&()/]+", name) if _tells(part)}
    for name in sorted(_found(wholes | parts, words), key=len, reverse=True):
        words = re.sub(_pattern(name), LEFT_OUT, words, flags=re.IGNORECASE)
    return re.sub(rf"{LEFT_OUT}(?:[\s.&,-]*{LEFT_OUT})+", LEFT_OUT, words)


def _found(names: Iterable[str], words: str) -> list[str]:
    """Without those that surely do not stand in the words: to look for a pattern takes a hundred times as long.

    Only where all is ASCII is that sure: other letters are the same in more ways than one.
    """
    plain = words.replace(LEFT_OUT, " ").lower()
    return [name for name in names if not (plain.isascii() and name.isascii()) or name.lower() in plain]


def _pattern(name: str) -> str:
    """Where the name stands as a word; in scripts that put signs on letters or no space between words, anywhere."""
    if re.search(r"[^\W\d_]", name) and not re.search(r"[^\u0000-\u024f]", name):
        return rf"(?<!\w){re.escape(name)}(?:['’]s)?(?!\w)"
    return re.escape(name)


def _tells(part: str) -> bool:
    return len(part) >= LEAST_LETTERS and part.casefold() not in _LEGAL and not part.isdecimal()
