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
PUT_IN_PLACE = """async where => {
  const answer = await fetch(where);
  if (!answer.ok) throw new Error(`${where}: ${answer.status}`);
  const other = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const frame of other.querySelectorAll("iframe")) frame.removeAttribute("src");  // is a page of its own
  document.replaceChild(document.adoptNode(other.documentElement), document.documentElement);
  await Promise.all([...document.querySelectorAll("link[rel=stylesheet]")].map(
    link => link.sheet || new Promise((done, failed) => { link.onload = done; link.onerror = failed; })));
}"""
"""Shows another page of the same address without going there: its words and styles, but its scripts do not run."""
READ_WITH_SCRIPTS = ["en", "ur"]
"""What scripts write is looked at once in each direction of writing; it is the same in every language."""
READ_WITHOUT = [code for code, _name in settings.LANGUAGES if code not in READ_WITH_SCRIPTS]
AXE = Axe().axe_script
RUN_AXE = """options => {
  const rules = {};  // those are left out that never find anything serious
  for (const rule of axe._audit.rules)
    if (!["serious", "critical"].includes(rule.impact)) rules[rule.id] = { enabled: false };
  return axe.run({ resultTypes: ["violations"], ...(options.runOnly ? {} : { rules }), ...options })
    .then(found => found.violations);
}"""
EVERYTHING: dict[str, Any] = {}
COLOURS = {"runOnly": ["color-contrast"]}
WHAT_DIRECTION_CHANGES = {
    "runOnly": [
        *("color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable"),
        *("html-has-lang", "html-lang-valid", "html-xml-lang-mismatch", "valid-lang"),
    ]
}
"""A page from right to left has the elements, names and roles that it has from left to right, in other places."""
LOOKS = {
    "en": (("light", EVERYTHING), ("dark", COLOURS)),  # in the dark only the colours differ
    "ur": (("light", WHAT_DIRECTION_CHANGES),),
}

# One process finds the pages and looks at all of them; others have the rest of the suite.
pytestmark = pytest.mark.xdist_group("every page")


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


def test_pages_are_found_by_their_addresses_and_by_links(pages: list[str]) -> None:
    assert {"/today/", "/today/digest/", "/accounts/", "/design/"} <= set(pages)
    assert any(where.startswith("/accounts/") and len(where) > 40 for where in pages)
    assert "/theme/" not in pages


def test_no_page_ends_in_an_error(pages: list[str], walked: list[tuple[list[str], list[str]]]) -> None:
    assert walked[0][1] == []


@pytest.mark.parametrize("language", READ_WITH_SCRIPTS)
def test_axe_finds_nothing_serious_and_every_text_fits(owner: Page, pages: list[str], language: str) -> None:
    """Everything is asked of a page that is loaded once: loading costs more than each of the questions."""
    found = []
    for where in pages:
        owner.set_viewport_size(PHONE)  # type: ignore[arg-type]
        owner.goto(f"{where}?lang={language}")
        owner.evaluate(SETTLED)
        owner.evaluate(AXE)
        wrong = overflowing(owner) + list(_flaws_in_all_looks(owner, "phone", language))
        owner.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
        wrong += [f"desktop: {text}" for text in overflowing(owner) if "sideways" in text]
        wrong += _flaws_in_all_looks(owner, "desktop", language)
        owner.set_viewport_size(PHONE)  # type: ignore[arg-type]
        wrong += _overflowing_when_opened(owner)
        found += [f"{where} in {language}: {what}" for what in wrong]
    assert not found, "\n".join(dict.fromkeys(found))


def _flaws_in_all_looks(page: Page, width: str, language: str) -> Iterator[str]:
    for colours, looked_for in LOOKS[language]:
        page.emulate_media(color_scheme=colours, reduced_motion="reduce")  # type: ignore[arg-type]
        yield from (f"{width}, {colours}: {flaw}" for flaw in flaws(page, looked_for))
    page.emulate_media(color_scheme="light", reduced_motion="reduce")


def flaws(page: Page, options: dict[str, Any] = EVERYTHING) -> list[str]:
    """What axe, which is in the page, calls serious or critical."""
    return [
        f"{flaw['id']}: {flaw['help']}: {node['html'][:160]} {_why(node)}"
        for flaw in page.evaluate(RUN_AXE, options)
        if flaw["impact"] in ("serious", "critical")
        for node in flaw["nodes"][:3]
    ]


def _why(node: dict[str, Any]) -> str:
    return str(node.get("any", [{}])[:1] and node["any"][0]["message"] if node.get("any") else "")


@pytest.mark.parametrize("language", READ_WITHOUT)
def test_no_text_overflows_its_box_on_a_phone(owner: Page, pages: list[str], language: str) -> None:
    found = []
    owner.route("**/favicon.ico", lambda asked: asked.fulfill(status=204))  # asked for while no document names an icon
    for where in pages:
        owner.evaluate(PUT_IN_PLACE, f"{where}?lang={language}")
        owner.evaluate(SETTLED)
        assert owner.evaluate("document.documentElement.lang") == language
        found += [f"{where} in {language}: {text}" for text in overflowing(owner) + _overflowing_when_opened(owner)]
    assert not found, "\n".join(dict.fromkeys(found))


def _overflowing_when_opened(page: Page) -> list[str]:
    """Texts that do not fit once what can be opened is open, one of each group after the other."""
    groups = itertools.takewhile(lambda nth: page.evaluate(OPEN_ONE_OF_EACH_GROUP, nth), itertools.count())
    return [f"opened ({place}): {text}" for place in groups for text in overflowing(page)]


def overflowing(page: Page) -> list[str]:
    """Texts that do not fit their box, or the window."""
    texts: list[str] = page.evaluate(OVERFLOW)
    return texts


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
    blank.evaluate(AXE)
    assert {flaw.partition(":")[0] for flaw in flaws(blank)} >= {"label", "image-alt"}


def test_addresses_with_an_id_are_not_made_up() -> None:
    assert "/accounts/" in plain_addresses()
    assert all("<" not in where for where in plain_addresses())
