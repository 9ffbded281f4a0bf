"""Countries as people write them - name in any of our languages, or code - and the code that they mean."""

from __future__ import annotations

from functools import cache

from babel import Locale
from django.conf import settings
from django.utils.translation import get_language, to_locale

_OTHER_NAMES = {"uk": "GB", "england": "GB", "great britain": "GB", "usa": "US", "america": "US", "holland": "NL"}

_FURTHER_LANGUAGES = ["de", "es", "fr", "pt"]
"""Lists of leads come in these as well, as imports do."""


@cache
def _codes() -> dict[str, str]:
    found = dict(_OTHER_NAMES)
    for language in [code for code, _name in settings.LANGUAGES] + _FURTHER_LANGUAGES:
        for code, name in Locale.parse(to_locale(language)).territories.items():
            if len(code) == 2 and code.isalpha():
                found.setdefault(name.casefold(), code)
                found.setdefault(code.casefold(), code)
    return found


def country_code(text: str) -> str:
    """The code of two letters that is meant; a text that means no country comes back as it is, in lower case."""
    said = text.strip().casefold()
    return _codes().get(said, said)


def country_name(text: str) -> str:
    """How the country is called in the language in force; what is no country comes back as it is."""
    names = Locale.parse(to_locale(get_language() or "en")).territories
    return str(names.get(country_code(text), text.strip()))
