"""What people wrote is kept apart from the words of the page, whichever way either of them is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import regulars.web

TEMPLATES = Path(regulars.web.__file__).parent / "templates"

WRITTEN = re.compile(
    r"""
    \.(closed_said|closing_words|next_step|reason_said|said|said_source|solution|source_said|wishes|words|workaround)(?![.\w])
    | \b(account|contact|manager|member|owner|person|recorded_by|settled_by|site|team|user)\.name(?![.\w])
    | \|called\b
    """,
    re.VERBOSE,
)
"""Fields whose words are nobody's translation, and names."""

NOT_READ_ALONG = re.compile(r"\{#.*?#\}|\{% (blocktranslate|block title|comment)\b.*?\{% end\w+ %\}", re.DOTALL)
TAG = re.compile(r"<(/?)([a-z][\w-]*)((?:\{%.*?%\}|\{\{.*?\}\}|\"[^\"]*\"|[^>\"])*)>", re.DOTALL)
VALUE = re.compile(r"\{\{ *(.*?) *\}\}", re.DOTALL)
WITHOUT_END = {"br", "hr", "img", "input", "link", "meta", "source", "use", "wbr"}
TEXT_ONLY = {"bdi", "option", "textarea", "title"}
"""Elements that isolate what they hold, or hold nothing else."""


def _apart(open_elements: list[tuple[str, str]]) -> bool:
    inner = [(name, attributes) for name, attributes in open_elements if name != "html"]
    return any(name in TEXT_ONLY or "dir=" in of_it or 'class="unseen"' in of_it for name, of_it in inner)


def _mixed(source: str) -> Iterator[str]:
    """Values that people wrote and that no element keeps apart from what stands beside them."""
    source = NOT_READ_ALONG.sub("", source)
    open_elements: list[tuple[str, str]] = []
    end = 0
    for tag in TAG.finditer(source):
        for value in VALUE.findall(source[end : tag.start()]):
            if WRITTEN.search(value) and not _apart(open_elements):
                yield value
        end = tag.end()
        closes, name, attributes = tag.groups()
        if not closes and name not in WITHOUT_END:
            open_elements.append((name, attributes))
        while closes and any(one == name for one, _ in open_elements):
            if open_elements.pop()[0] == name:
                break


@pytest.mark.parametrize(
    "source",
    [
        "<p>{{ one.next_step }} · {{ one.next_step_on|on_day }}</p>",
        '<p dir="auto">{{ one.said }}</p><p>{{ one.said|linebreaksbr }}</p>',
        "<li><b>{{ account|called }}</b>, {{ account.city }}</li>",
        "<span><bdi>{{ one.words }}</bdi> · {{ one.owner.name }}</span>",
    ],
)
def test_words_beside_others_are_found(source: str) -> None:
    assert len(list(_mixed(source))) == 1


def test_pages_keep_what_people_wrote_apart_from_their_own_words() -> None:
    """E20: in a page read from right to left, an English sentence keeps its full stop and its figures."""
    mixed = {
        str(path.relative_to(TEMPLATES)): found
        for path in sorted(TEMPLATES.rglob("*.html"))
        if (found := list(_mixed(path.read_text())))
    }
    assert mixed == {}, "put <bdi> around these values, or dir='auto' on the element that holds nothing else"
