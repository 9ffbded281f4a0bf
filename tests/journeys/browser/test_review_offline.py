"""The form of a review opens again without a connection, and is forgotten with whoever signed out (missions B5, B7)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from journeys.browser.conftest import PHONE, Opener
from journeys.browser.test_reviews import KEPT, a_review
from journeys.browser.wire import Wire, wire_to
from served import sign_in

KEPT_PAGES = """async () => (await caches.has("regulars-reviews"))
  ? (await (await caches.open("regulars-reviews")).keys()).map(one => new URL(one.url).pathname) : []"""
BETTER = "If you could change one thing about working with us"


@pytest.fixture
def wire(address: str) -> Iterator[Wire]:
    with wire_to(address) as made:
        yield made


def kept(page: Page) -> list[str]:
    found: list[str] = page.evaluate(KEPT_PAGES)
    return found


def test_the_form_loads_again_without_a_connection(wire: Wire, new_page: Opener, complaints: list[str]) -> None:
    page = new_page(wire.address, viewport=PHONE)
    page.goto("/today/")
    sign_in(page)
    prepared = a_review(page, "Harbour Lane Stationers")
    page.get_by_role("link", name="Hold it: open the form").click()
    form = page.url
    where = form.removeprefix(wire.address)
    page.get_by_label(BETTER).fill("Announce deliveries")
    expect(page.locator("#kept")).to_have_text(KEPT)
    page.wait_for_function(f"async () => (await ({KEPT_PAGES})()).includes({where!r})")
    assert [one for one in kept(page) if not one.startswith("/static/")] == [where]  # that page and its files, no other
    page.get_by_label("What we promise").first.fill("A call before each delivery")
    expect(page.locator("#kept")).to_have_text(KEPT)

    # The connection is gone, and the phone throws the page away.
    wire.cut()
    page.get_by_label(BETTER).fill("Announce deliveries two days before")
    expect(page.locator("#kept")).to_contain_text("No connection.")
    page.reload()
    expect(page.get_by_label(BETTER)).to_have_value("Announce deliveries two days before")
    expect(page.get_by_label("What we promise").first).to_have_value("A call before each delivery")
    expect(page.locator("#kept")).to_contain_text("No connection.")
    assert (
        page.evaluate("getComputedStyle(document.querySelector('.navigation')).position") == "fixed"
    )  # it looks alike
    page.get_by_label("What we recommend").first.fill("One delivery a fortnight")
    page.get_by_label("Kind", exact=True).first.select_option(label="Advice")
    page.reload()
    expect(page.get_by_label("What we recommend").first).to_have_value("One delivery a fortnight")

    # It is back: everything is sent without a touch, and nothing is taken for somebody else's words.
    wire.mend()
    expect(page.locator("#kept")).to_have_text(KEPT)
    expect(page.locator(".elsewhere")).to_have_count(0)
    page.get_by_role("button", name="Finish the review").click()
    page.wait_for_url("**/summary/")
    page.wait_for_function(f"async () => !(await ({KEPT_PAGES})()).includes({where!r})")
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 0

    # On a phone that others use, too: what was kept is gone with the sign-out.
    page.goto(form)
    page.wait_for_function(f"async () => (await ({KEPT_PAGES})()).includes({where!r})")
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/**")
    assert kept(page) == []
    assert not page.evaluate("Object.keys(localStorage).filter(key => key.endsWith('-since')).length")
    complaints.clear()  # the browser complains that it could not connect
    wire.cut()
    with pytest.raises(Exception, match="ERR_"):
        page.goto(prepared + "form/")
    complaints.clear()
