"""Sentences that know what they are made of, so that they can be said in another language later.

A model says what is to be known about its fit in English. A `Note` is that English text, and keeps beside it the
sentence with its placeholders and the raw numbers, shares and dates that stand in them: what shows notes to people
looks the sentence up in their language and writes the figures as they do. Nothing here knows a language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import floor, log10
from typing import Any, Self, TypeGuard


@dataclass(frozen=True)
class Share:
    """A part of a whole, 0.041, that is read as 4.1 %."""

    value: float


@dataclass(frozen=True)
class Figure:
    """A number whose decimals count: `digits` of them; a bare number in a note is written as a whole one."""

    value: float
    digits: int

    @classmethod
    def of(cls, value: float, *, significant: int) -> Self:
        """Give a figure with so many significant digits."""
        leading = floor(log10(abs(value))) if value else 0
        return cls(value, max(significant - 1 - leading, 0))


def gettext_noop(message: str) -> str:
    """Give the message back: the mark by which it is gathered for translation."""
    return message


class Note(str):
    """A sentence in English, with its `template` and the `values` in it.

    The template has named placeholders, `%(orders)s`, all of kind s, and is marked by `gettext_noop` where it is
    written down. A value is text (a `Note` is translated in its turn), a number (written as a whole one), a `Share`, a
    `Figure`, a date or a list of these. Put numbers where the sentence does not bend by them: "Orders left out: 1".
    """

    template: str
    values: Mapping[str, Any]

    def __new__(cls, template: str, /, **values: Any) -> Self:
        text = template % {name: _english(value) for name, value in values.items()} if values else template
        note = super().__new__(cls, text)
        note.template, note.values = template, values
        return note

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        return (self.template,), dict(self.values)

    @classmethod
    def joined(cls, *sentences: str) -> Note:
        """Give one note of several sentences; a plain text among them stays as it is."""
        if len(sentences) == 1:
            return cls.of(sentences[0])
        places = {f"sentence{number}": sentence for number, sentence in enumerate(sentences)}
        return cls(" ".join(f"%({name})s" for name in places), **places)

    @classmethod
    def of(cls, text: str) -> Note:
        """Give the text itself where it is a note, else a note of it that has no placeholders."""
        return text if isinstance(text, Note) else cls(text)


def as_data(note: str) -> dict[str, Any] | str:
    """Give a note as JSON can keep it; a plain text stays one."""
    if not isinstance(note, Note):
        return note
    return {"template": note.template, "values": {name: _kept(value) for name, value in note.values.items()}}


def from_data(data: Mapping[str, Any] | str) -> Note:
    """Give back the note that `as_data` wrote down; of a plain text, a note that says it."""
    if isinstance(data, str):
        return Note(data)
    return Note(data["template"], **{name: _read(value) for name, value in data["values"].items()})


def is_list(value: Any) -> TypeGuard[Sequence[Any]]:
    """Whether a value of a note is several, to be read as "a, b and c"."""
    return isinstance(value, Sequence) and not isinstance(value, str)


def _english(value: Any) -> str:
    match value:
        case str():
            return str(value)
        case Share():
            return f"{value.value:.1%}" if abs(value.value) < 0.0995 and value.value else f"{value.value:.0%}"
        case Figure():
            return f"{value.value:,.{value.digits}f}"
        case date():
            return value.isoformat()
        case _ if is_list(value):
            *others, last = [_english(one) for one in value] or [""]
            return f"{', '.join(others)} and {last}" if others else last
        case _:
            return f"{value:,.0f}"


def _kept(value: Any) -> Any:
    match value:
        case str():
            return as_data(value)
        case Share():
            return {"share": float(value.value)}
        case Figure():
            return {"figure": float(value.value), "digits": value.digits}
        case date():
            return {"day": value.isoformat()}
        case _ if is_list(value):
            return [_kept(one) for one in value]
        case _:
            return value if isinstance(value, int) else float(value)


def _read(value: Any) -> Any:
    match value:
        case {"share": share}:
            return Share(share)
        case {"figure": figure, "digits": digits}:
            return Figure(figure, digits)
        case {"day": day}:
            return date.fromisoformat(day)
        case {"template": _, "values": _}:
            return from_data(value)
        case list():
            return [_read(one) for one in value]
        case _:
            return value
