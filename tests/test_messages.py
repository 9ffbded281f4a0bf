"""The catalogues: every message of the program in every language, with the same figures in it."""

from __future__ import annotations

import gettext
import importlib.util
import re
import shutil
from collections import Counter
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from django.conf import settings

from conftest import missing

LOCALE = Path(settings.LOCALE_PATHS[0])
LANGUAGES = [code for code, _name in settings.LANGUAGES if code != "en"]
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%|%[sd]|\{[\w.:!,]*\}|</?\w+[^>]*>")


@cache
def catalogue(language: str) -> Catalog:
    with _file(language).open("rb") as source:
        return read_po(source, locale=language)


def _file(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def _messages(language: str) -> list[Message]:
    return [message for message in catalogue(language) if message.id]


def _texts(said: str | list[str] | tuple[str, ...] | None) -> list[str]:
    return [said or ""] if said is None or isinstance(said, str) else list(said)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated_for_certain(language: str) -> None:
    """E20: a missing message, and one that was only guessed from a similar one, would show as English."""
    lacking = [message.id for message in _messages(language) if message.fuzzy or not all(_texts(message.string))]
    assert not lacking, f"{len(lacking)} messages: make messages, then translate. The first: {lacking[:5]}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_figures_and_marks_of_its_message(language: str) -> None:
    wrong = [(message.id, text) for message in _messages(language) for text in _mistaken(message)]
    assert not wrong, wrong[:5]


def _mistaken(message: Message) -> list[str]:
    """The translations that lack something of every form of the message, or have something of none."""
    forms = [Counter(PLACEHOLDER.findall(text)) for text in _texts(message.id)]
    needed, allowed = forms[0], forms[-1]
    for form in forms:
        needed, allowed = needed & form, allowed | form
    return [
        text for text in _texts(message.string) if text and not needed <= Counter(PLACEHOLDER.findall(text)) <= allowed
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_that_of_its_source(language: str) -> None:
    with _file(language).with_suffix(".mo").open("rb") as compiled:
        spoken = gettext.GNUTranslations(compiled)
    plain = [m for m in _messages(language) if isinstance(m.id, str) and m.string and not m.fuzzy]
    stale = [m.id for m in plain if _spoken(spoken, m) != m.string]
    assert not stale, f"make messages: {stale[:5]}"


def _spoken(spoken: gettext.GNUTranslations, message: Message) -> str:
    if message.context:
        return spoken.pgettext(message.context, str(message.id))
    return spoken.gettext(str(message.id))


def test_the_catalogues_have_all_messages_of_the_sources_and_no_others(tmp_path: Path) -> None:
    if shutil.which("xgettext") is None:
        missing("GNU gettext (Debian: apt install gettext): new messages were not looked for")
    shutil.copytree(LOCALE, tmp_path / "locale")
    _gatherer().gather(tmp_path / "locale")
    for language in LANGUAGES:
        with (tmp_path / "locale" / language / "LC_MESSAGES" / "django.po").open("rb") as source:
            found = {(message.context, str(message.id)) for message in read_po(source) if message.id}
        known = {(message.context, str(message.id)) for message in _messages(language)}
        assert found == known, f"make messages: {sorted(map(str, found ^ known))[:5]}"


def _gatherer() -> ModuleType:
    where = Path(__file__).parents[1] / "scripts" / "messages.py"
    spec = importlib.util.spec_from_file_location("messages", where)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
