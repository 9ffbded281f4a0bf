"""How long do customers stay: from the portfolio to the curves, and on a phone."""

from __future__ import annotations

from playwright.sync_api import expect

from journeys.browser.conftest import PHONE, Opener


def test_the_portfolio_leads_to_how_long_customers_stay(signed_in: Opener) -> None:
    page = signed_in("owner")
    page.goto("/portfolio/")
    page.get_by_role("link", name="How long do customers stay?").first.click()
    expect(page.locator(".told > div").first).to_be_visible()
    expect(page.locator(".drawing svg")).to_have_count(1)
    page.get_by_label("Tell customers apart by").select_option("first_value")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**/portfolio/lifetimes/?by=first_value")
    expect(page.get_by_label("Tell customers apart by")).to_have_value("first_value")
    expect(page.get_by_role("rowheader", name="All customers won")).to_be_visible()
    expect(page.locator(".drawing svg")).to_have_count(1)

    phone = signed_in("owner", viewport=PHONE)
    phone.goto("/portfolio/lifetimes/")
    expect(phone.locator(".told > div").first).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
