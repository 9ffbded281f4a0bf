"""A key account leaves, in the what-if: from the portfolio to what would soften it, and on a phone (mission E14)."""

from __future__ import annotations

from playwright.sync_api import expect

from journeys.browser.conftest import PHONE, Opener


def test_a_key_account_leaves_in_the_what_if(signed_in: Opener) -> None:
    page = signed_in("owner")
    page.goto("/portfolio/")
    page.get_by_role("link", name="On whom do we depend, and what if it leaves?").click()
    page.wait_for_url("**/portfolio/dependence/")
    expect(page.locator(".drawing svg")).to_have_count(1)
    page.get_by_role("link", name="Fixed costs, margin and suppliers").click()
    page.get_by_label("Fixed costs a year").fill("1000000000")
    page.get_by_label("Usual margin").fill("30")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Add a supplier").click()
    page.get_by_label("Supplier").fill("Paper mill")
    page.get_by_label("Its share of all").fill("50")
    page.get_by_label("From which yearly volume").fill("1000; 5\n5000; 10")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Paper mill")).to_be_visible()

    page.goto("/portfolio/dependence/")
    page.get_by_role("link", name="What if it leaves?", exact=True).first.click()
    page.wait_for_url("**/portfolio/dependence/what-if/**")
    expect(page.get_by_text("Lost at once:")).to_be_visible()
    expect(page.get_by_role("rowheader", name="Round 1", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="Who probably leaves next")).to_be_visible()
    expect(page.get_by_role("heading", name="What would soften it")).to_be_visible()
    expect(page.locator(".drawing svg")).to_have_count(1)
    page.get_by_label("Prices rise", exact=True).select_option("keep_profit")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**goal=keep_profit")
    expect(page.get_by_label("Prices rise", exact=True)).to_have_value("keep_profit")
    page.get_by_role("link", name="take a rise of prices?").first.click()
    page.get_by_label("its chance to stay falls").fill("3")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("For 1 customer it was entered")).to_be_visible()
    page.get_by_role("button", name="Undo").click()

    phone = signed_in("owner", viewport=PHONE)
    for where in ("/portfolio/dependence/", "/portfolio/dependence/what-if/"):
        phone.goto(where)
        expect(phone.locator(".told > div").first).to_be_visible()
        assert phone.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0

    page.goto("/settings/dependence/")
    page.get_by_role("link", name="Paper mill").click()
    page.get_by_role("button", name="Remove").click()
    page.get_by_label("Fixed costs a year").fill("")
    page.get_by_label("Usual margin").fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Usual margin")).to_have_value("")
