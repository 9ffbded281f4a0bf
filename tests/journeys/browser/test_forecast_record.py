"""How right is this? Tried by a worker while the page waits, looked at on a phone, pinned and taken back."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from journeys.browser.conftest import PHONE, Opener

WORK_MS = 240_000


def test_a_test_is_asked_for_waited_for_and_read_and_a_forecast_is_pinned_and_taken_back(signed_in: Opener) -> None:
    page = signed_in("owner")
    page.goto("/portfolio/")
    page.get_by_role("link", name="How right is what we expect?").first.click()
    page.get_by_label("Days ahead").select_option("30")
    page.get_by_role("button", name="Try it on our own past").click()
    expect(page.get_by_role("heading", name="Forecasts are being tried on your own past")).to_be_visible()
    answer = page.locator("#answer")
    expect(page.locator("#work progress")).to_have_count(0, timeout=WORK_MS)
    expect(answer).to_have_text(re.compile("Yes|Roughly|With care"))
    expect(page.locator("tr.won")).to_have_count(1)
    expect(page.locator(".drawing svg").first).to_be_visible()
    assert page.locator(".drawing svg").count() == page.locator(".drawing").count() >= 2

    page.get_by_text("Pin a forecast").click()
    page.get_by_label("Forecast", exact=True).select_option("last window")
    page.get_by_label("Why it is better than the winner").fill("Prices doubled")
    page.get_by_role("button", name="Pin it").click()
    expect(page.locator(".verdict")).to_contain_text("“last window” is used because it was pinned.")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".verdict")).not_to_contain_text("pinned")

    phone = signed_in("owner", viewport=PHONE)
    phone.goto("/portfolio/how-right/")
    expect(phone.locator("#answer")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
