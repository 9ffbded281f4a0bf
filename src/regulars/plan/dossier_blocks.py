"""The blocks that the chapters of a printed dossier are made of, as `printing/dossier.typ` reads them.

All of them are texts that a person reads, and shares from 0 to 1 that a chart draws.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Block = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """One chapter; it begins on a page of its own. Without blocks it is left out."""

    title: str
    blocks: list[Block]


def heading(text: str) -> Block:
    return {"kind": "heading", "text": text}


def subheading(text: str) -> Block:
    return {"kind": "subheading", "text": text}


def words(text: str) -> Block:
    return {"kind": "words", "text": text}


def quiet(text: str) -> Block:
    return {"kind": "quiet", "text": text}


def notice(text: str, *, grave: bool = False) -> Block:
    return {"kind": "notice", "text": text, "grave": grave}


def said(texts: Iterable[str]) -> Block:
    """Sentences, one below the other."""
    return {"kind": "sentences", "texts": list(texts)}


def figure(label: str, text: str, note: str = "") -> dict[str, str]:
    return {"label": label, "figure": text, "note": note}


def figures(all_of_them: Iterable[dict[str, str]]) -> Block:
    return {"kind": "figures", "figures": list(all_of_them)}


def pairs(all_of_them: Iterable[tuple[str, str]]) -> Block:
    return {"kind": "pairs", "pairs": [{"name": name, "text": text} for name, text in all_of_them]}


def sheet(
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numbers: Sequence[int] = (),
    widths: Sequence[float] = (),
) -> Block:
    """A table; `numbers` are the columns that hold figures, `widths` their shares of the page."""
    return {
        "kind": "sheet",
        "headings": list(headings),
        "rows": [list(row) for row in rows],
        "figures": list(numbers),
        "widths": list(widths),
    }


def bars(all_of_them: Iterable[tuple[str, float, str]]) -> Block:
    """Name, amount, and the amount as it is written; the largest fills the line."""
    told = list(all_of_them)
    most = max((amount for _name, amount, _text in told), default=0.0)
    return {
        "kind": "bars",
        "bars": [{"name": name, "share": share_of(amount, most), "text": text} for name, amount, text in told],
    }


def upright(months: Iterable[tuple[float, str]], *, top: str) -> Block:
    """Columns over time: amount, and what stands below it; `top` is written at the highest."""
    told = list(months)
    most = max((amount for amount, _label in told), default=0.0)
    return {
        "kind": "upright",
        "top": top,
        "months": [{"share": share_of(amount, most), "label": label} for amount, label in told],
    }


def share_of(amount: float, most: float) -> float:
    """What part of the most it is; what came back more than was bought is nothing to draw."""
    return round(max(0.0, amount / most), 4) if most > 0 else 0.0


def new_page() -> Block:
    return {"kind": "new-page"}
