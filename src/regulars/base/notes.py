"""Notes of the core, said in the language in force."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext

from regulars.base import formats
from regulars.core.notes import Figure, Note, Share, from_data, is_list


def rendered(note: Mapping[str, Any] | str) -> str:
    """A note, or what `as_data` kept of one, in the language in force; a plain text is looked up as it stands."""
    known = note if isinstance(note, Note) else from_data(note)
    if not known.template:
        return ""
    sentence = gettext(known.template)
    return sentence % {name: _written(value) for name, value in known.values.items()} if known.values else sentence


def _written(value: Any) -> str:
    match value:
        case Note():
            return rendered(value)
        case str():
            return value
        case Share():
            return formats.percent(value.value)
        case Figure():
            return formats.number(value.value, digits=value.digits)
        case date():
            return formats.day(value)
        case _ if is_list(value):
            return formats.listed([_written(one) for one in value])
        case _:
            return formats.number(value)
