"""Which encoding a text is in."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import charset_normalizer

from regulars.facts.imports.unreadable import UnknownEncoding

SAMPLE_BYTES = 256_000
LINE_BYTES = 1_000_000

_SIGNS = frozenset("€£¥§°ºª«»„“”‘’–—…·•®©™¿¡´`¨²³½¼×\u00a0")
_WESTERN = (
    "äöüß",
    "éèêëàâçîïôûùüœæÿ",
    "áéíóúñü",
    "ãõáâàçéêíóôú",
    "àèéìíòóùú",
    "åäöøæéü",
    "áéíóúýþðæö",
    "éëïóöüèáà",
)
_ALPHABETS = {
    "cp1252": _WESTERN,
    "cp1250": ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž"),
    "cp1254": ("çğıöşüâîû",),
    "cp1257": ("ąčęėįšųūž", "āčēģīķļņšūž", "äõöüšž"),
    "cp850": _WESTERN,
    "mac_roman": _WESTERN,
}
"""Letters beyond ASCII of the languages that are written in each code page of the Latin script, likelier pages first.
Detectors by byte statistics mistake these pages for one another on the names and places of a customer list."""

_OTHER_SCRIPTS = ["cp1251", "cp1253", "cp1255", "cp1256", "cp874", "koi8_r", "shift_jis", "gb18030", "big5", "euc_kr"]


def known_encoding(name: str) -> str:
    """The name of an encoding as Python has it."""
    try:
        found = codecs.lookup(name)
        "".encode(found.name)
    except LookupError as error:
        raise UnknownEncoding(name) from error
    return "utf-8-sig" if found.name == "utf-8" else found.name


def find_encoding(sample: bytes) -> str:
    """The encoding of a text that begins with `sample`."""
    if sample.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    wide = utf16_without_mark(sample)
    if wide:
        return wide
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return _utf8_or_code_page(sample.splitlines(keepends=True))
    return "utf-8"


def utf16_without_mark(sample: bytes) -> str | None:
    """In UTF-16 every other byte of European text is zero."""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if max(even, odd) < len(sample) * 0.1 or min(even, odd) > max(even, odd) * 0.1:
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def find_code_page(sample: bytes) -> str:
    """The encoding of a text that is not Unicode."""
    sample = sample[:SAMPLE_BYTES]
    pages = [*_ALPHABETS, *_OTHER_SCRIPTS]
    best = charset_normalizer.from_bytes(sample, cp_isolation=pages).best()
    latin = max(_ALPHABETS, key=lambda page: _share_of_letters(sample, page))
    if best is None or best.encoding in _ALPHABETS or _share_of_letters(sample, latin) > 0.97:
        return latin
    return best.encoding


def settle_encoding(path: Path) -> str:
    """The encoding of a text that was thought to be UTF-8 and is not throughout: judged by all its lines."""
    with path.open("rb") as file:
        return _utf8_or_code_page(iter(lambda: file.readline(LINE_BYTES), b""))


def _utf8_or_code_page(lines: Iterable[bytes]) -> str:
    """UTF-8 if most lines beyond ASCII are; the others are then broken. Else the code page of those that are not."""
    good = bad = 0
    sample = bytearray()
    for line in lines:
        if line.isascii() or len(line) == LINE_BYTES:
            continue
        try:
            line.decode()
            good += 1
        except UnicodeDecodeError:
            bad += 1
            if len(sample) < SAMPLE_BYTES:
                sample += line
    return "utf-8" if good >= bad else find_code_page(bytes(sample))


def _share_of_letters(sample: bytes, page: str) -> float:
    """How many of the characters beyond ASCII are letters of one language of the page, or usual signs."""
    text = sample.decode(page, errors="replace")
    beyond = [character for character in text if not character.isascii()]
    if not beyond:
        return 0.0
    alphabets = [
        _SIGNS | frozenset(letters + letters.upper() + "İ" * (page == "cp1254")) for letters in _ALPHABETS[page]
    ]
    shares = [sum(character in alphabet for character in beyond) for alphabet in alphabets]
    odd = sum(before.islower() and after.isupper() for before, after in pairwise(text))
    return (max(shares) - odd) / len(beyond)
