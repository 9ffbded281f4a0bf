"""The catalogues of messages: `make messages` gathers what is new in the sources into each language's catalogue.

Needs GNU gettext. Afterwards translate what is empty or marked fuzzy, and run it again: it compiles, too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "src" / "regulars"
LOCALE = SOURCES / "locale"
PLURALS = {"ne": 2, "hi": 2, "ur": 2, "bn": 2, "th": 1}
"""The languages, and how many forms a noun has beside a number: as in Django's own catalogues, which must agree."""

HEADER = """msgid ""
msgstr ""
"Project-Id-Version: Regulars\\n"
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals={forms}; plural={rule};\\n"
"""


def gather(into: Path) -> None:
    """Merge the messages of the sources into the catalogues of the folder `into`.

    The sources are copied, so that a catalogue can be gathered anywhere: the tests ask what is missing in this way.
    """
    with tempfile.TemporaryDirectory() as folder:
        sources = Path(folder) / "regulars"
        shutil.copytree(SOURCES, sources, ignore=_not_sources)
        shutil.copytree(into, sources / "locale", dirs_exist_ok=True)
        for language in PLURALS:
            _begin(sources / "locale" / language / "LC_MESSAGES" / "django.po", language)
        asked = [word for language in PLURALS for word in ("-l", language)]
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": ""}
        command = [
            sys.executable,
            "-m",
            "django",
            "makemessages",
            *asked,
            "--no-location",
            "--no-obsolete",
            "--no-wrap",
        ]
        subprocess.run([*command, "-v", "0"], cwd=sources, env=environment, check=True)
        shutil.copytree(sources / "locale", into, dirs_exist_ok=True)
    for language in PLURALS:
        _without_dates(into / language / "LC_MESSAGES" / "django.po")


def _begin(catalogue: Path, language: str) -> None:
    """An empty catalogue, where the language has none."""
    if not catalogue.exists():
        forms = PLURALS[language]
        catalogue.parent.mkdir(parents=True, exist_ok=True)
        rule = "0" if forms == 1 else "(n != 1)"
        catalogue.write_text(HEADER.format(language=language, forms=forms, rule=rule), encoding="utf-8")


def _without_dates(catalogue: Path) -> None:
    """Leave out when it was gathered: the version control knows, and every run would change it."""
    lines = catalogue.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(('"POT-Creation-Date', '"Report-Msgid-Bugs-To'))]
    catalogue.write_text("".join(kept), encoding="utf-8")


def _not_sources(folder: str, names: list[str]) -> set[str]:
    """Only code and templates have messages; the catalogues come from elsewhere."""
    return {
        name
        for name in names
        if name in ("locale", "static", "__pycache__", "demo_data")
        or ((Path(folder) / name).is_file() and Path(name).suffix not in (".py", ".html", ".txt"))
    }


def compile_catalogue(catalogue: Path) -> None:
    """Write the compiled catalogue beside its source."""
    with catalogue.open("rb") as source, catalogue.with_suffix(".mo").open("wb") as target:
        write_mo(target, read_po(source))


def main() -> None:
    LOCALE.mkdir(exist_ok=True)
    gather(LOCALE)
    for language in PLURALS:
        catalogue = LOCALE / language / "LC_MESSAGES" / "django.po"
        compile_catalogue(catalogue)
        with catalogue.open("rb") as source:
            messages = [message for message in read_po(source) if message.id]
        lacking = [message for message in messages if message.fuzzy or not all(_texts(message.string))]
        print(f"{language}: {len(messages)} messages, {len(lacking)} to translate")


def _texts(string: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (string or "",) if string is None or isinstance(string, str) else tuple(string)


if __name__ == "__main__":
    main()
