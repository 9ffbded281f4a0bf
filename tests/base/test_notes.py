"""Notes of the core are said in the language in force, with figures as that language writes them."""

from __future__ import annotations

import json
from datetime import date

from django.utils import translation
from django.utils.translation import gettext

from regulars.base.formats import day, listed, number, percent
from regulars.base.notes import rendered
from regulars.core.notes import Figure, Note, Share, as_data

OFF = Note(
    "%(name)s expected %(expected)s orders on %(days)s: %(off)s off.",
    name=Note("what no one translated"),
    expected=123456.2,
    off=Share(0.034),
    days=[date(2011, 9, 8), date(2011, 12, 8)],
)
ALIKE = Note("the same phone number %(phone)s", phone=Note("the same address"))  # both are in the catalogue


def test_in_english_a_note_has_dates_and_lists_as_pages_have_them() -> None:
    with translation.override("en"):
        assert rendered(OFF) == "what no one translated expected 123,456 orders on 8 Sep 2011 and 8 Dec 2011: 3.4% off."


def test_figures_are_written_as_the_language_writes_them() -> None:
    with translation.override("hi"):
        days = listed([day(date(2011, 9, 8)), day(date(2011, 12, 8))])
        said = f"what no one translated expected {number(123456)} orders on {days}: {percent(0.034)} off."
        assert "1,23,456" in said
        assert rendered(OFF) == rendered(json.loads(json.dumps(as_data(OFF)))) == said


def test_a_note_and_the_notes_in_it_are_said_in_the_language_in_force() -> None:
    with translation.override("ne"):
        said = gettext("the same phone number %(phone)s") % {"phone": gettext("the same address")}
        assert said != ALIKE
        assert rendered(ALIKE) == rendered(as_data(ALIKE)) == said


def test_a_figure_keeps_its_decimals_and_plain_text_stays() -> None:
    with translation.override("en"):
        assert rendered(Note("Off by %(off)s.", off=Figure(0.0123, 3))) == "Off by 0.012."
        assert rendered("Kept as a plain text, 3% of it.") == "Kept as a plain text, 3% of it."
        assert rendered("") == ""


def test_a_text_in_a_note_is_not_looked_up() -> None:
    with translation.override("ne"):
        assert rendered(Note("%(name)s", name="the same address")) == "the same address"
