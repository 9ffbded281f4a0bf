"""Guides that are programs: every block of code runs, and prints what stands below it."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

GUIDES = Path(__file__).parents[1] / "docs" / "guide"
BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```$(?:\n\n^```text\n(?P<output>.*?)^```$)?", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("guide", ["customer-lifetime-value.md"])
def test_the_code_of_a_guide_prints_what_stands_below_it(guide: str) -> None:
    text = (GUIDES / guide).read_text(encoding="utf-8")
    blocks = list(BLOCK.finditer(text))
    assert len(blocks) == text.count("```python")
    names: dict[str, Any] = {}
    for block in blocks:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(block["code"], guide, "exec"), names)  # noqa: S102 - the guide is ours
        assert printed.getvalue() == (block["output"] or "")


def test_ten_lines_are_ten() -> None:
    first = BLOCK.search((GUIDES / "customer-lifetime-value.md").read_text(encoding="utf-8"))
    assert first is not None
    assert len([line for line in first["code"].splitlines() if line]) == 10
