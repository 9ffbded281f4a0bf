"""What a heading may mean: the usual headings of each field in ten languages, from `heading_words/*.toml`.

Headings are compared by their `key`: without case, accents, punctuation, blanks, small words, units in brackets, and
with one spelling of "number". A heading that no list has is compared by likeness (rapidfuzz), with a high threshold.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from babel.core import get_global
from rapidfuzz import fuzz, process

from regulars.facts.imports.mapping import FIELDS

SURE: Final = 1.0
MAYBE: Final = 0.6
LIKENESS: Final = 91
"""Least likeness (per cent) of two headings that are taken for the same."""
LIKENESS_LENGTH: Final = 7
"""Shorter headings are never compared by likeness: too many words are alike."""

PSEUDO_FIELDS: Final = frozenset(
    {"amount", "discount", "cost", "name", "code", "first_name", "last_name", "stranger", "other"}
)
"""Meanings that only the values or the content of the file turn into a field; `stranger` marks lists of suppliers or
employees, `other` is known and not needed."""

_NUMBER_WORDS = frozenset({"no", "nr", "num", "nbr", "nro", "numero", "number", "nummer", "n", "№", "नं", "नम्बर", "नंबर"})
_PERCENT_WORDS = frozenset(
    {"pct", "prozent", "porcentaje", "percentual", "pourcent", "pourcentage", "percentage", "percentagem", "फिसदी"}
)
_SPELLING = {**dict.fromkeys(_NUMBER_WORDS, "no"), **dict.fromkeys(_PERCENT_WORDS, "percent")}
_SMALL_WORDS = frozenset(
    {"de", "da", "do", "du", "des", "del", "of", "the", "der", "la", "le", "el", "d", "l", "s", "em", "en"}
)
_GLUED_NUMBER = re.compile(r"(?<=[^\W\d_]{3})(?:number|nummer|nbr|num|nr|numero)$")
_BRACKETS = re.compile(r"[(\[]([^)\]]*)[)\]]")
_LINE_PREFIXES = ("lineitems", "lineitem", "orderlines", "orderline", "invoicelines", "invoiceline", "items", "lines")
_HEADING_OF_ORDER = ("orders", "order", "invoice", "billing", "customer")


@dataclass(frozen=True)
class Meaning:
    """A field that a heading may stand for, how sure that is (0 … 1), and the language of the word."""

    field: str
    weight: float
    language: str


def key(heading: str) -> str:
    """What is left of a heading for comparison: "Rechnungs-Nr." and "RECHNUNGSNUMMER" have the same key."""
    text = unicodedata.normalize("NFKD", heading.replace("ı", "i")).casefold()
    text = "".join(sign for sign in text if not "\u0300" <= sign <= "\u036f" and sign not in "\u200c\u200d\u0640")
    text = unicodedata.normalize("NFC", text)
    text = _BRACKETS.sub(lambda found: " percent " if "%" in found[1] else " ", text)
    text = text.replace("%", " percent ").replace("#", " no ").replace("º", " ").replace("°", " ")
    words = [_SPELLING.get(word, word) for word in _words(text)]
    words = [word for word in words if word not in _SMALL_WORDS] or words
    if words and words[0] == "no" and len(words) > 1:  # "no de facture" is "facture no"
        words = [*words[1:], "no"]
    return _GLUED_NUMBER.sub("no", "".join(words))


def _words(text: str) -> list[str]:
    """Runs of letters, marks and digits. Python's `\\w` would cut Hindi words at their vowel signs."""
    kept = "".join(sign if unicodedata.category(sign)[0] in "LMN" else " " for sign in text)
    return kept.split()


def unit_currency(heading: str) -> str:
    """The currency that a heading names: EUR for "Betrag (EUR)", "Amount EUR" or "Importe €"; empty if none."""
    for word in re.findall(r"\b[A-Z]{3}\b", heading):
        if word in get_global("all_currencies"):
            return str(word)
    signs = {sign: code for sign, code in SIGNS.items() if sign in heading}
    return next(iter(signs.values())) if len(signs) == 1 else ""


SIGNS: Final = {"€": "EUR", "£": "GBP", "₹": "INR", "฿": "THB", "৳": "BDT", "₺": "TRY", "₽": "RUB", "R$": "BRL"}
"""Currency signs that stand for one currency alone (not $, kr, ¥ or Rs)."""


@cache
def _dictionary() -> dict[str, tuple[Meaning, ...]]:
    known = frozenset().union(*FIELDS.values()) | PSEUDO_FIELDS
    found: dict[str, dict[str, Meaning]] = {}
    for file in sorted(files("regulars.facts.imports").joinpath("heading_words").iterdir(), key=lambda file: file.name):
        if not file.name.endswith(".toml"):
            continue
        language = file.name.removesuffix(".toml")
        for field, lists in tomllib.loads(file.read_text(encoding="utf-8")).items():
            assert field in known, f"{file.name}: {field} is not a field"
            for name, weight in (("sure", SURE), ("maybe", MAYBE)):
                for heading in lists.get(name, ()):
                    _note(found.setdefault(key(heading), {}), Meaning(field, weight, language))
    return {heading: tuple(meanings.values()) for heading, meanings in found.items()}


def _note(meanings: dict[str, Meaning], meaning: Meaning) -> None:
    """English wins where a word is spelled alike in several languages, else the surer meaning."""
    known = meanings.get(meaning.field)
    if known is None or meaning.weight > known.weight or (meaning.weight == known.weight and meaning.language == "en"):
        meanings[meaning.field] = meaning


@lru_cache(maxsize=4096)
def meanings(heading: str) -> tuple[Meaning, ...]:
    """The fields that a heading may stand for, the likeliest first; empty if nothing is known about it."""
    own = key(heading)
    for form in _forms(own):
        if form in _dictionary():
            lost = 0.0 if form == own else 0.05
            return tuple(
                sorted(
                    (replace(one, weight=one.weight - lost) for one in _dictionary()[form]), key=lambda one: -one.weight
                )
            )
    if own.endswith("percent"):
        shares = {"discount", "discount_percent"}
        return tuple(one for one in meanings(own.removesuffix("percent")) if one.field in shares)
    if len(own) < LIKENESS_LENGTH:
        return ()
    alike = process.extractOne(own, _long_keys(), scorer=fuzz.ratio, score_cutoff=LIKENESS)
    return tuple(replace(one, weight=one.weight * 0.85) for one in _dictionary()[alike[0]]) if alike else ()


@cache
def _long_keys() -> tuple[str, ...]:
    return tuple(heading for heading in _dictionary() if len(heading) >= LIKENESS_LENGTH)


def _forms(own: str) -> Iterable[str]:
    """The key, without the spelled-out umlauts, without what names the table ("line_items.sku", "customer.email")."""
    yield own
    yield own.replace("ae", "a").replace("oe", "o").replace("ue", "u")
    for prefix in (*_LINE_PREFIXES, *_HEADING_OF_ORDER):
        if own.startswith(prefix) and len(own) > len(prefix) + 2:
            yield own.removeprefix(prefix)


def language_of(headings: Iterable[str]) -> str:
    """The language that most headings are in, English where words are shared; empty if none is known."""
    votes = Counter(one.language for heading in headings for one in meanings(heading)[:1])
    return votes.most_common(1)[0][0] if votes else ""
