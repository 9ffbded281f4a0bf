"""Files that are read at once, as one small table: lists of leads, live orders."""

from __future__ import annotations

import csv
import io
from typing import Final

from django.utils.translation import gettext as _

from regulars.base.formats import number
from regulars.core.errors import Refusal
from regulars.facts.imports.encodings import find_encoding
from regulars.facts.imports.text_files import find_delimiter

MOST_BYTES: Final = 2_000_000
MOST_ROWS: Final = 2_000


def read_small_table(
    content: bytes, *, wrong: type[Refusal], nothing: str
) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Headings, and the rows that say anything, each with its line in the file. Refuses with `wrong` what is no table
    or too large, and with the sentence `nothing` one without rows."""
    if len(content) > MOST_BYTES:
        raise wrong(_("The file is too large."), _("Give smaller files, or use the API."))
    try:
        text = content.decode(find_encoding(content))
        if "\x00" in text:
            raise ValueError("binary")
        reader = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=find_delimiter(text))
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(map(str.strip, row))]
    except (UnicodeDecodeError, ValueError, csv.Error, Refusal):
        raise wrong(
            _("This is no table that can be read."), _("Save it as CSV, with a line of headings on top.")
        ) from None
    if len(rows) < 2:
        raise wrong(nothing, _("Choose one with headings and rows."))
    if len(rows) > MOST_ROWS + 1:
        raise wrong(_("These are too many rows."), _("Give at most %(most)s at a time.") % {"most": number(MOST_ROWS)})
    return rows[0][1], rows[1:]
