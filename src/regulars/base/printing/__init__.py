"""Printing: templates of ours and data become a PDF, by Typst.

    render_pdf("plan/printing/dossier.typ", {"title": ..., "people": [...]}) -> bytes

A template is a file of this package; data reach it as JSON, never as text of the template, so nothing that a customer
or a member wrote can be a command. Numbers, dates and money are in the data as they are to be read (`base/formats.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import typst
from django.utils.functional import Promise
from django.utils.translation import get_language, get_language_info

PACKAGE = Path(__file__).resolve().parents[2]
FONTS = Path(__file__).resolve().parent / "fonts"
TEMPLATE = re.compile(r"(?:[a-z_]+/)+[a-z_]+\.typ")

_PAGES = re.compile(rb"/Type\s*/Pages\b[^>]{0,20000}?/Count\s+(\d+)")
_OWN_LETTERS = re.compile(
    "["
    "\u0000-\u052f\u0600-\u06ff\u0900-\u09ff\u0e00-\u0e7f\u1e00-\u1eff\u2000-\u20c0"
    "\u2122\u2190-\u2193\u2212\u2215\u2248\u2264\u2265\u25a0-\u25cf\u2713"
    "]*"
)
"""What the fonts in this package can write."""


def render_pdf(template: str, data: Mapping[str, Any], *, language: str | None = None) -> bytes:
    """The PDF of a template of ours, `data` in it, in a language (else the one in force).

    `template` is a path within the package; `data` must hold `title`. Texts may be lazy translations.
    """
    made = _compiled(template, data, language=language, kind="pdf")
    assert isinstance(made, bytes)
    return made


def render_pages(template: str, data: Mapping[str, Any], *, language: str | None = None, ppi: int = 96) -> list[bytes]:
    """The same as pictures (PNG), one a page: to look at, and for previews."""
    made = _compiled(template, data, language=language, kind="png", ppi=ppi)
    return [made] if isinstance(made, bytes) else list(made)


def page_count(made: bytes) -> int:
    """How many pages a PDF of `render_pdf` has: the root of its tree of pages counts them all."""
    return max((int(count) for count in _PAGES.findall(made)), default=0)


def _compiled(
    template: str, data: Mapping[str, Any], *, language: str | None, kind: Any, ppi: int | None = None
) -> bytes | list[bytes]:
    assert TEMPLATE.fullmatch(template), f"{template} is no template of this package"
    assert data.get("title"), "a document has a title"
    code = (language or get_language() or "en").split("-")[0]
    inputs = {
        "data": json.dumps(data, default=_text, ensure_ascii=False, allow_nan=False),
        "language": code,
        "direction": "rtl" if get_language_info(code)["bidi"] else "ltr",
    }
    foreign = not _OWN_LETTERS.fullmatch(inputs["data"])
    compiler = typst.Compiler(root=PACKAGE, font_paths=_fonts(with_those_of_the_machine=foreign))
    made = compiler.compile(PACKAGE / template, format=kind, ppi=ppi, sys_inputs=inputs)
    assert made is not None
    return made


@cache
def _fonts(*, with_those_of_the_machine: bool) -> typst.Fonts:
    """Our own fonts, so that a page is the same wherever it is made. Only a text in letters that they lack (a Chinese
    name) brings in what the machine happens to have."""
    return typst.Fonts(include_system_fonts=with_those_of_the_machine, include_embedded_fonts=False, font_paths=[FONTS])


def _text(value: object) -> str:
    """Lazy translations are texts. Dates and amounts are refused: they are to be written for their reader first."""
    if isinstance(value, Promise):
        return str(value)
    raise TypeError(f"{value!r} must be formatted before it is printed")
