"""What holds on every page that an owner can reach, in every language, on a desktop and on a phone, light and dark."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Page

from journeys.browser.conftest import DESKTOP, PHONE, Opener
from journeys.browser.pages import all_pages, plain_addresses

OVERFLOW = (Path(__file__).parent / "overflow.js").read_text()
OPEN_ONE_OF_EACH_GROUP = """place => {
  let largest = 0;
  for (const one of document.querySelectorAll("details")) one.removeAttribute("name");
  for (const one of document.querySelectorAll("details")) {
    const siblings = [...one.parentElement.children].filter(other => other.matches("details"));
    one.open = siblings[Math.min(place, siblings.length - 1)] === one;
    largest = Math.max(largest, siblings.length);
  }
  return largest > place;
}"""
"""Opens what can be opened, of several beside each other one, as people do; false when that was all."""
SETTLED = "document.fonts.ready.then(() => new Promise(done => requestAnimationFrame(() => setTimeout(done))))"
LANGUAGES = [code for code, _name in settings.LANGUAGES]
COLOURS = {"resultTypes": ["violations"], "runOnly": ["color-contrast"]}
EVERYTHING = {"resultTypes": ["violations"]}


@pytest.fixture(scope="module")
def walked() -> list[tuple[list[str], list[str]]]:
    """What the first test that asks has found."""
    return []


@pytest.fixture
def owner(signed_in: Opener) -> Page:
    return signed_in("owner", viewport=PHONE)


@pytest.fixture
def pages(owner: Page, walked: list[tuple[list[str], list[str]]]) -> list[str]:
    """The addresses of all pages."""
    if not walked:
        walked.append(all_pages(owner))
    return walked[0][0]


def visit(page: Page, pages: list[str], language: str) -> Iterator[str]:
    """Go from page to page, in a language."""
    for where in pages:
        page.goto(f"{where}?lang={language}")
        page.evaluate(SETTLED)
        yield where


def test_pages_are_found_by_their_addresses_and_by_links(pages: list[str]) -> None:
    assert {"/today/", "/today/digest/", "/accounts/", "/design/"} <= set(pages)
    assert any(where.startswith("/accounts/") and len(where) > 40 for where in pages)
    assert "/theme/" not in pages


def test_no_page_ends_in_an_error(pages: list[str], walked: list[tuple[list[str], list[str]]]) -> None:
    assert walked[0][1] == []


@pytest.mark.parametrize("language", ["en", "ur"])
def test_axe_finds_nothing_serious(owner: Page, pages: list[str], language: str) -> None:
    found = []
    for where in visit(owner, pages, language):
        for look, looked_for in _looks(owner, dark=language == "en"):
            found += [f"{where} {look}: {flaw}" for flaw in flaws(owner, looked_for)]
    assert not found, "\n".join(found)


def _looks(page: Page, *, dark: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """The looks of a page that is open. In the dark only its colours differ."""
    for width, viewport in (("desktop", DESKTOP), ("phone", PHONE)):
        page.set_viewport_size(viewport)  # type: ignore[arg-type]
        yield f"{width}, light", EVERYTHING
        if dark:
            page.emulate_media(color_scheme="dark", reduced_motion="reduce")
            yield f"{width}, dark", COLOURS
        page.emulate_media(color_scheme="light", reduced_motion="reduce")


def flaws(page: Page, options: dict[str, Any] = EVERYTHING) -> list[str]:
    """What axe calls serious or critical."""
    response = Axe().run(page, options=options).response
    return [
        f"{flaw['id']}: {flaw['help']}: {node['html'][:160]} {_why(node)}"
        for flaw in response["violations"]
        if flaw["impact"] in ("serious", "critical")
        for node in flaw["nodes"][:3]
    ]


def _why(node: dict[str, Any]) -> str:
    return str(node.get("any", [{}])[:1] and node["any"][0]["message"] if node.get("any") else "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_overflows_its_box_on_a_phone(owner: Page, pages: list[str], language: str) -> None:
    found = []
    for where in visit(owner, pages, language):
        found += [f"{where} in {language}: {text}" for text in overflowing(owner)]
        for place in itertools.takewhile(lambda nth: owner.evaluate(OPEN_ONE_OF_EACH_GROUP, nth), itertools.count()):
            found += [f"{where} in {language}, opened ({place}): {text}" for text in overflowing(owner)]
    assert not found, "\n".join(dict.fromkeys(found))


def overflowing(page: Page) -> list[str]:
    """Texts that do not fit their box, or the window."""
    texts: list[str] = page.evaluate(OVERFLOW)
    return texts


def test_no_page_scrolls_sideways_on_a_desktop(owner: Page, pages: list[str]) -> None:
    owner.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    found = []
    for where in visit(owner, pages, "ur"):
        found += [f"{where}: {text}" for text in overflowing(owner) if "sideways" in text]
    assert not found, "\n".join(found)


@pytest.fixture
def blank(new_page: Opener) -> Page:
    """A page without content, and without the policy of ours, which forbids styles in the text."""
    return new_page("http://127.0.0.1", viewport=PHONE)


LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


@pytest.mark.parametrize(
    "content",
    [
        f"<p>{LONG}</p>",
        f'<div style="width: 80px"><b>{LONG}</b></div>',
        f'<div style="width: 80px; overflow: hidden">{LONG}</div>',
        f'<p dir="rtl" style="white-space: nowrap">{"لفظ " * 60}</p>',
        f'<div style="width: 200px; height: 10px; overflow: hidden">{"word " * 30}</div>',
    ],
)
def test_an_overflowing_text_would_be_found(blank: Page, content: str) -> None:
    blank.set_content(f'<!doctype html><meta name="viewport" content="width=device-width">{content}')
    assert overflowing(blank)


def test_a_text_that_is_cut_on_purpose_or_can_be_scrolled_is_none(blank: Page) -> None:
    blank.set_content(
        f"""<!doctype html><div style="width: 80px; overflow-x: auto">{LONG}</div>
        <div style="width: 80px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap">{LONG}</div>
        <p style="overflow-wrap: anywhere">{LONG}</p>"""
    )
    assert overflowing(blank) == []


def test_a_serious_flaw_would_be_found(blank: Page) -> None:
    blank.set_content('<html lang="en"><title>t</title><main><h1>t</h1><input><img src="data:,"></main>')
    assert {flaw.partition(":")[0] for flaw in flaws(blank)} >= {"label", "image-alt"}


def test_addresses_with_an_id_are_not_made_up() -> None:
    assert "/accounts/" in plain_addresses()
    assert all("<" not in where for where in plain_addresses())
