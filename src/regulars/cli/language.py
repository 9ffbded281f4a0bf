"""The language of the command line: the same catalogue as everywhere, read before Django is loaded.

`regulars --help` must come at once, and loading Django takes most of a second; so texts of the command line are looked
up by the standard library, in the language of the terminal (`LANGUAGE`, `LC_ALL`, `LC_MESSAGES`, `LANG`).
"""

from __future__ import annotations

import gettext
import os
from pathlib import Path

_catalogue = gettext.translation("django", Path(__file__).parents[1] / "locale", fallback=True)

_ = _catalogue.gettext
ngettext = _catalogue.ngettext


def terminal_language() -> str:
    """The code of the terminal's language ("en", "hi", …), whether Regulars speaks it or not."""
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        wanted = os.environ.get(variable, "").split(":")[0]
        if wanted:
            language = wanted.split(".")[0].split("_")[0]
            return "en" if language in ("C", "POSIX") else language
    return "en"
