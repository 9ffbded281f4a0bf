"""Which row holds the headings: reports have titles and dates above them, some exports have none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from regulars.facts.imports.raw_tables import distinct

SEARCHED_ROWS = 50


def body_width(rows: Sequence[Sequence[str]]) -> int:
    """The number of cells that most rows have, empty ones at the end aside; rows of one cell count if all are such."""
    widths = [_width(cells) for cells in rows]
    counted = Counter(width for width in widths if width > 1) or Counter(widths)
    return max(counted, key=lambda width: counted[width], default=0)


def _width(cells: Sequence[str]) -> int:
    return max((at for at, cell in enumerate(cells, start=1) if cell.strip()), default=0)


def find_headings(rows: Sequence[Sequence[str]]) -> tuple[int | None, list[str]]:
    """The position of the row with the headings (None: there is none), and a heading for each column of the body."""
    width = body_width(rows)
    at = next((at for at, cells in enumerate(rows[:SEARCHED_ROWS]) if _is_heading_row(cells, width)), None)
    cells = [] if at is None else list(rows[at][: max(width, _width(rows[at]))])
    return at, distinct(cells + [""] * (width - len(cells)))


def _is_heading_row(cells: Sequence[str], width: int) -> bool:
    """As wide as the body, nearly all cells filled, and with words rather than values."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    enough = width - 1 if width <= 4 else 0.6 * width
    words = sum(not _is_value(cell) for cell in filled)
    return len(cells) >= width and len(filled) >= max(enough, 1) and words >= 0.8 * len(filled)


def _is_value(cell: str) -> bool:
    """A number, an amount, a date, an e-mail address: nothing that a heading would be."""
    digits = sum(character.isdigit() for character in cell)
    return "@" in cell or 2 * digits > len(cell)
