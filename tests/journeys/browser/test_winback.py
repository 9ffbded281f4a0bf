"""A customer is lost, its superior meets it, asks why, offers something, and wins it back (missions A7, E15, E16)."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from journeys.browser.conftest import PHONE, Opener
from journeys.browser.test_account_life import MANAGER
from journeys.browser.test_first_run import WORK_MS
from regulars.cli.made_up import address_part

WORDS = "Two deliveries came late, and nobody called"
LOOKS = 60
"""How often Today is looked at until the worker has seen the loss."""


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0)


def look_at_today(page: Page, card: Locator, count: int) -> None:
    """Until the worker has come to it."""
    for _look in range(LOOKS):
        page.goto("/today/?whose=mine")
        if card.count() == count:
            return
        page.wait_for_timeout(WORK_MS / LOOKS)
    expect(card).to_have_count(count)


def test_a_customer_is_lost_met_by_the_superior_and_won_back(signed_in: Opener) -> None:
    manager = signed_in(address_part(MANAGER, sign="."), viewport=PHONE)
    manager.goto("/accounts/")
    manager.locator("tbody a, .rows a").first.click()
    name = manager.get_by_role("heading", level=1).inner_text().partition(" (made up)")[0]
    manager.locator("#loss summary").click()
    manager.get_by_label("our service").check()
    manager.get_by_label("In its words").fill(WORDS)
    manager.get_by_role("button", name="Note it as lost").click()
    manager.wait_for_url("**/win-back/*-*/")
    expect(manager.get_by_text("Lost since").first).to_be_visible()
    assert fits(manager)

    head = signed_in("head")
    card = head.locator(".action").filter(has_text=name).filter(has_text="Lost")
    look_at_today(head, card, 1)
    expect(card).to_contain_text("Meet them in person within days.")
    card.locator(".who a").first.click()
    head.locator("#loss").get_by_role("link", name="Win it back").click()
    expect(head.get_by_label("our service")).to_be_checked()
    head.get_by_label("better terms elsewhere").check()
    head.get_by_role("button", name="Note why").click()
    head.get_by_role("textbox", name="What if we …").fill("delivered within a day")
    head.get_by_role("button", name="Note the offer").click()
    head.get_by_label("Answer to: delivered within a day").select_option("yes")
    head.get_by_role("button", name="Note the answer").click()
    expect(head.locator(".records .tag", has_text="yes")).to_be_visible()

    head.goto("/win-back/")
    expect(head.get_by_role("link", name=name).first).to_be_visible()
    expect(head.get_by_text("Our service").first).to_be_visible()
    head.get_by_role("link", name=name).first.click()
    head.get_by_role("button", name="Won back", exact=True).click()
    expect(head.get_by_role("heading", name="Won back")).to_be_visible()
    head.goto("/win-back/?show=settled")
    expect(head.get_by_role("link", name=name)).to_be_visible()
    look_at_today(head, card, 0)
    manager.goto("/win-back/?show=settled")
    assert fits(manager)
