"""Printing: every language in its own letters, data that stay data, and a page that needs no font of the machine."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from django.utils.translation import gettext_lazy, override
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from regulars.base.formats import day, money, percent
from regulars.base.printing import FONTS, page_count, render_pages, render_pdf

SOME_DAY = date(2011, 12, 3)
SPECIMEN = "base/printing/specimen.typ"
SAID = {
    "en": "Delivered in full, on the day that was promised",
    "ne": "वाचा गरिएको दिनमा पूरा सामान पुर्‍याइयो",
    "hi": "वादे के दिन पूरा सामान पहुँचाया गया",
    "bn": "প্রতিশ্রুত দিনে সম্পূর্ণ পণ্য পৌঁছেছে",
    "th": "ส่งครบถ้วนในวันที่สัญญาไว้",
    "ur": "وعدے کے دن پورا سامان پہنچایا گیا",
}
FONT = {
    "en": "Inter",
    "ne": "NotoSansDevanagari",
    "hi": "NotoSansDevanagari",
    "bn": "NotoSansBengali",
    "th": "NotoSansThai",
    "ur": "NotoNastaliqUrdu",
}


def specimen(title: str, words: Any = None) -> dict[str, Any]:
    words = title if words is None else words
    return {
        "title": title,
        "firm": "Muster",
        "words": words,
        "heading": words,
        "figures": [{"label": words, "figure": money(1234567, "INR"), "note": percent(0.12, signed=True)}],
        "headings": [words, "EUR"],
        "rows": [[words, money(99.5, "EUR")], ["Żółć Ελλάδα Привет", "1"]],
        "pairs": [{"name": words, "text": day(SOME_DAY)}],
        "bars": [{"name": words, "share": 1, "text": "100"}, {"name": "-", "share": 0.4, "text": "40"}],
        "months": [{"share": 0.1 * (at % 11), "label": "24" if at % 12 == 0 else ""} for at in range(36)],
        "top": "1,000",
    }


def text_of(made: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(made)).pages)


def letters(text: str) -> set[str]:
    return {letter for letter in text if letter.isalpha()}


def fonts_of(made: bytes) -> set[str]:
    names = set()
    for page in PdfReader(io.BytesIO(made)).pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index]
            names.add(str(font.get_object()["/BaseFont"]).split("+")[-1].split("-")[0])
    return names


@pytest.mark.parametrize("language", SAID)
def test_a_page_is_written_in_the_letters_of_its_language_with_our_own_fonts(language: str) -> None:
    """E13"""
    with override(language):
        made = render_pdf(SPECIMEN, specimen(SAID[language]))
    assert made.startswith(b"%PDF")
    # A letter that only occurs joined to others may be found under the first of them.
    wanted = letters(SAID[language])
    assert len(wanted & letters(text_of(made))) >= 0.7 * len(wanted)
    assert any(name.startswith(FONT[language]) for name in fonts_of(made))
    reader = PdfReader(io.BytesIO(made))
    assert str(reader.trailer["/Root"]["/Lang"]) == language  # type: ignore[index]
    assert reader.metadata is not None
    assert reader.metadata.title == SAID[language]


def test_a_page_in_english_is_found_again_word_for_word() -> None:
    """E13"""
    assert SAID["en"] in " ".join(text_of(render_pdf(SPECIMEN, specimen(SAID["en"]), language="en")).split())


def test_the_same_data_give_the_same_file() -> None:
    assert render_pdf(SPECIMEN, specimen("A")) == render_pdf(SPECIMEN, specimen("A"))


@pytest.mark.parametrize(
    "evil", ['#read("/config/settings.py")', '"); #panic("x")', "#{1 + 1} $x$ *b* @a <b> //", "\\u{41}"]
)
def test_what_somebody_wrote_is_printed_and_never_carried_out(evil: str) -> None:
    made = render_pdf(SPECIMEN, specimen("A", evil))
    assert evil.replace(" ", "") in text_of(made).replace(" ", "").replace("\n", "")


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_text_can_be_printed(words: str) -> None:
    assert render_pdf(SPECIMEN, specimen("A", words)).startswith(b"%PDF")


def test_lazy_texts_are_printed_and_unformatted_values_are_refused() -> None:
    assert "Open" in text_of(render_pdf(SPECIMEN, specimen("A", gettext_lazy("Open")), language="en"))
    with pytest.raises(TypeError, match="formatted"):
        render_pdf(SPECIMEN, specimen("A", SOME_DAY))


@pytest.mark.parametrize(
    "template", ["../secret.typ", "/etc/passwd", "base/../x.typ", "specimen.typ", "base/printing/x.py"]
)
def test_only_files_of_the_package_are_templates(template: str) -> None:
    with pytest.raises(AssertionError):
        render_pdf(template, {"title": "A"})


def test_pages_can_be_had_as_pictures() -> None:
    pages = render_pages(SPECIMEN, specimen("A"), language="en", ppi=40)
    assert len(pages) == 2
    assert all(page.startswith(b"\x89PNG") for page in pages)


def test_the_pages_of_a_document_are_counted() -> None:
    long = render_pdf(SPECIMEN, specimen("A", "\n".join(["word " * 300] * 40)))
    for made in (long, render_pdf(SPECIMEN, specimen("A"))):
        assert page_count(made) == len(PdfReader(io.BytesIO(made)).pages)
    assert page_count(long) > 20


def test_the_fonts_and_their_licences_are_part_of_the_package() -> None:
    fonts = {one.stem for one in FONTS.glob("*.ttf")}
    assert len(fonts) == 5
    assert fonts == {one.name.split(".")[0] for one in FONTS.glob("*.LICENSE.txt")}
    assert sum(one.stat().st_size for one in FONTS.iterdir()) < 2_000_000
