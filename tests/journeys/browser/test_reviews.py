"""A review prepared, held on a phone that loses its connection, finished, written about (missions A4, B5, B7)."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from journeys.browser.conftest import PHONE, Opener
from served import sign_in

FIRM = "Anchor Row Stationers"
KEPT = "Everything is kept."


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0)


def a_review(page: Page, firm: str = FIRM) -> str:
    """A new customer with somebody there, whose review is planned; the address of its preparation."""
    page.goto("/accounts/new/")
    page.get_by_label("Name", exact=True).fill(firm)
    page.locator("main form button.strong").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(firm)
    account = page.url
    page.goto(f"{account}people/new/")
    page.get_by_label("Name", exact=True).fill("Ada Quist")
    page.get_by_label("E-mail").fill("ada@anchor.example")
    page.locator("main form button.strong").first.click()
    page.goto(f"{account}reviews/")
    page.get_by_role("link", name="Plan a review").click()
    page.get_by_label("Day").fill("2031-01-15")
    page.get_by_label("Who is met there").select_option(label="Ada Quist")
    page.locator("main form button.strong").first.click()
    page.goto(f"{account}reviews/")
    page.get_by_role("link", name="Prepare it").click()
    expect(page.get_by_role("heading", name="What to ask")).to_be_visible()
    return page.url


def test_a_review_is_held_on_a_phone_without_losing_a_word(signed_in: Opener, complaints: list[str]) -> None:
    page = signed_in("owner", viewport=PHONE)
    prepared = a_review(page)
    expect(page.locator("#orders-since")).to_contain_text("No order since")
    assert fits(page)
    page.get_by_role("link", name="Hold it: open the form").click()
    better = page.get_by_label("If you could change one thing about working with us")
    better.fill("Announce deliveries")
    expect(page.locator("#kept")).to_have_text(KEPT)
    assert fits(page)

    # The connection is lost while they talk, and the phone goes dark.
    page.context.set_offline(True)
    better.fill("Announce deliveries two days before")
    page.get_by_label("What we promise").first.fill("Announce each delivery")
    expect(page.locator("#kept")).to_contain_text("No connection.")
    page.get_by_role("button", name="Finish the review").click()
    expect(page.locator("#kept")).to_contain_text("To finish, you need a connection.")
    context, form = page.context, page.url
    page.close()
    context.set_offline(False)
    complaints.clear()  # the browser complains that it could not connect

    # A colleague writes at the desk meanwhile.
    desk = signed_in("owner")
    desk.goto(form)
    desk.get_by_label("If you could change one thing about working with us").fill("Fewer invoices")
    expect(desk.locator("#kept")).to_have_text(KEPT)

    # The desk is signed out; what is typed is sent after signing in again in another tab.
    desk.context.clear_cookies()
    desk.get_by_label("Our problem with them").first.fill("They pay late")
    expect(desk.locator("#kept")).to_contain_text("You are signed out.")
    again = desk.context.new_page()
    again.goto("/today/")
    sign_in(again, "owner@demo.example")
    expect(desk.locator("#kept")).to_have_text(KEPT)
    complaints.clear()  # the browser complains about the refused token

    page = context.new_page()
    page.goto(prepared)
    expect(page.locator("#unsent")).to_be_visible()
    page.goto(form)
    better = page.get_by_label("If you could change one thing about working with us")
    expect(better).to_have_value("Announce deliveries two days before")
    expect(page.locator(".elsewhere")).to_contain_text("Fewer invoices")
    page.get_by_role("button", name="Keep both").click()
    expect(page.locator("#kept")).to_have_text(KEPT)
    expect(page.get_by_label("What we promise").first).to_have_value("Announce each delivery")

    page.get_by_role("button", name="Finish the review").click()
    expect(page.get_by_role("alert").first).to_contain_text("Something on the form is not right yet.")
    page.get_by_label("What we recommend").first.fill("One delivery a fortnight")
    page.get_by_label("Kind", exact=True).first.select_option(label="Advice")
    page.get_by_role("button", name="Finish the review").click()
    page.wait_for_url("**/summary/")
    expect(page.get_by_text("Fewer invoices")).to_be_visible()
    expect(page.get_by_text("They pay late")).to_be_visible()
    draft = page.get_by_label("Text", exact=True)
    expect(draft).to_have_value(re.compile("One delivery a fortnight"))
    assert fits(page)
    page.get_by_role("button", name="Send it").click()
    expect(page.get_by_role("status").first).to_contain_text("The mail to Ada Quist is on its way.")
    page.get_by_role("button", name="Undo").click()
