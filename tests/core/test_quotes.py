"""Without consent no name is told, however it stands in the words (B9)."""

from __future__ import annotations

import pytest

from regulars.core.quotes import without_names


@pytest.mark.parametrize(
    ("words", "names", "expected"),
    [
        ("At Farrow & Sons we wait a day.", ["Farrow & Sons Ltd"], "At … & Sons we wait a day."),
        ("FARROW's buyer Miriam Abbott says so", ["Farrow & Sons", "Miriam Abbott"], "… buyer … says so"),
        ("We are Li Ltd, and limited is no word", ["Li Ltd"], "We are …, and limited is no word"),
        ("शर्मा ट्रेडर्स को मरम्मत जल्दी मिली", ["शर्मा ट्रेडर्स"], "… को मरम्मत जल्दी मिली"),
        ("บริษัทสมชายชอบบริการ", ["สมชาย"], "บริษัท…ชอบบริการ"),
        ("They repair within hours.", ["", " "], "They repair within hours."),
        ("A farrowing pen", ["Farrow"], "A farrowing pen"),
        ("İRİS and ıris know it", ["Iris"], "… and … know it"),
        ("Iris knows it", ["İris"], "… knows it"),
        ("So says Anna Kim…", ["Kim"], "So says Anna …"),
    ],
)
def test_names_are_left_out_and_other_words_stay(words: str, names: list[str], expected: str) -> None:
    assert without_names(words, names) == expected
