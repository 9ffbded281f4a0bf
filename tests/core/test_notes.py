"""A note is its English text, and gives its parts back after any copy."""

from __future__ import annotations

import json
import pickle
from copy import deepcopy
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.core.errors import Refusal
from regulars.core.notes import Figure, Note, Share, as_data, from_data

CAME = Note(
    "Of %(name)s: %(expected)s expected on %(days)s, %(off)s off (%(error)s).",
    name=Note("last window"),
    expected=1240.4,
    days=[date(2011, 6, 9), date(2011, 9, 8), date(2011, 12, 8)],
    off=Share(0.034),
    error=Figure.of(0.01234, significant=2),
)
ENGLISH = "Of last window: 1,240 expected on 2011-06-09, 2011-09-08 and 2011-12-08, 3.4% off (0.012)."


def test_a_note_is_its_english_text() -> None:
    assert CAME == ENGLISH
    assert f"{CAME}" == ENGLISH
    assert Note("100% of it") == "100% of it"


@pytest.mark.parametrize("other", [deepcopy(CAME), pickle.loads(pickle.dumps(CAME))])  # noqa: S301 - of our own
def test_a_copy_keeps_the_parts(other: Note) -> None:
    assert (other, other.template, other.values) == (CAME, CAME.template, CAME.values)


def test_a_note_goes_through_json_and_comes_back_whole() -> None:
    back = from_data(json.loads(json.dumps(as_data(CAME))))
    assert back == ENGLISH
    assert back.values == CAME.values
    assert isinstance(back.values["name"], Note)


def test_numbers_of_numpy_can_be_kept() -> None:
    counted = Note("Left out: %(count)s, %(share)s", count=np.float64(3.0), share=Share(np.float64(0.5)))
    assert json.loads(json.dumps(as_data(counted)))["values"] == {"count": 3.0, "share": {"share": 0.5}}
    assert json.dumps(as_data(Note("Left out: %(count)s", count=np.int64(3))))


def test_a_plain_text_of_earlier_days_is_read_as_a_note() -> None:
    assert as_data("Said before.") == "Said before."
    assert from_data("Said before, 3% of it.") == "Said before, 3% of it."


def test_sentences_are_joined_without_being_read_as_templates() -> None:
    joined = Note.joined(CAME, "100% plain.")
    assert joined == f"{ENGLISH} 100% plain."
    assert from_data(json.loads(json.dumps(as_data(joined)))) == joined
    assert Note.joined("Alone.") == "Alone."


def test_a_refusal_gives_both_its_sentences_as_a_note() -> None:
    refusal = Refusal(CAME, Note("Import more."))
    assert refusal.note == f"{ENGLISH} Import more."
    assert Refusal("No way out.").note == "No way out."


@given(st.floats(min_value=1e-12, max_value=1e12), st.integers(1, 6))
def test_a_figure_keeps_its_significant_digits(value: float, significant: int) -> None:
    written = float(Note("%(x)s", x=Figure.of(value, significant=significant)).replace(",", ""))
    assert written == pytest.approx(value, rel=0.51 * 10.0 ** (1 - significant))
