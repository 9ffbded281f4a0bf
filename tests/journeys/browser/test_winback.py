"""A customer is lost, asked why, offered something, and won back: on a phone, by the one who meets it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from journeys.browser.conftest import PHONE, Opener


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0)


def test_a_customer_is_lost_and_won_back(signed_in: Opener) -> None:
    page = signed_in("owner", viewport=PHONE)
    page.goto("/accounts/new/")
    page.get_by_label("Name").first.fill("Lost and Found Ltd")
    page.locator("main form button.strong").first.click()
    page.wait_for_url("**/accounts/*-*/")
    account = page.url

    page.locator("#loss summary").click()
    page.get_by_label("our service").check()
    page.get_by_label("In its words").fill("Two late deliveries")
    page.get_by_role("button", name="Note it as lost").click()
    page.wait_for_url("**/win-back/*-*/")
    expect(page.get_by_text("Lost since").first).to_be_visible()
    expect(page.get_by_label("our service")).to_be_checked()
    assert fits(page)

    page.get_by_role("textbox", name="What if we …").fill("delivered within a day")
    page.get_by_role("button", name="Note the offer").click()
    page.get_by_label("Answer to: delivered within a day").select_option("yes")
    page.get_by_role("button", name="Note the answer").click()
    expect(page.locator(".records .tag", has_text="yes")).to_be_visible()

    page.goto("/win-back/")
    assert fits(page)
    expect(page.get_by_text("Our service").first).to_be_visible()
    page.goto(account)
    page.locator("#loss").get_by_role("link", name="Win it back").click()
    page.get_by_role("button", name="Won back", exact=True).click()
    expect(page.get_by_role("heading", name="Won back")).to_be_visible()
    page.goto("/win-back/?show=settled")
    expect(page.get_by_role("link", name="Lost and Found Ltd")).to_be_visible()
