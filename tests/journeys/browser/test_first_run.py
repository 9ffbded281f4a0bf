"""From an empty database to a finished action on the timeline of its account, without configuring anything."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from journeys.browser.conftest import DESKTOP, PHONE, WAIT_MS, Opener
from served import PASSWORD, Installation

WORK_MS = 6 * WAIT_MS
"""How long a job may take on a machine that is busy with other tests."""

DROP = """
([text, name]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name, { type: "text/csv" }));
  const place = document.getElementById("upload");
  for (const moment of ["dragenter", "dragover", "drop"]) {
    place.dispatchEvent(new DragEvent(moment, { dataTransfer: data, bubbles: true, cancelable: true }));
  }
}
"""


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def page(request: pytest.FixtureRequest, empty_installation: tuple[Installation, str], new_page: Opener) -> Page:
    return new_page(empty_installation[1], viewport=request.param)


def test_from_an_empty_database_to_a_finished_action(page: Page, orders: Path) -> None:
    found_the_firm(page)
    page.evaluate(DROP, [orders.read_text(encoding="utf-8"), orders.name])
    expect(page.get_by_role("heading", name="What will be imported")).to_be_visible(timeout=WORK_MS)
    page.get_by_role("button", name="Import", exact=True).click()
    page.wait_for_url("**/portfolio/**", timeout=WORK_MS)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Portfolio")

    page.goto("/today/")
    card = page.locator(".action").first
    name = card.locator(".who a").inner_text()
    card.get_by_text("Done…").click()
    card.get_by_role("textbox", name="What was said").fill("Back from holiday, orders on Monday.")
    card.get_by_role("button", name="Reached, will order").click()
    toast = page.get_by_role("status").filter(has_text=name)
    expect(toast).to_be_visible()

    page.goto("/accounts/")
    page.get_by_role("link", name=name, exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    expect(page.locator("main")).to_contain_text("Back from holiday, orders on Monday.")


def found_the_firm(page: Page) -> None:
    """The owner and the firm, as the first visitor says who they are."""
    page.goto("/")
    page.wait_for_url("**/welcome/")
    page.get_by_label("Name of the firm").fill("Muster Druck")
    page.get_by_label("Your name").fill("Olga Owner")
    page.get_by_label("Your e-mail").fill("owner@example.com")
    page.get_by_label("A password").fill(PASSWORD)
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url(re.compile("/imports/first/|/today/"))
    if "/today/" in page.url:
        page.goto("/imports/first/")
