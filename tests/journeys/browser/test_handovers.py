"""Won, handed over, returned, accepted, promised and kept: two people at two browsers (missions A1, A5, B2)."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from journeys.browser.conftest import PHONE, Opener
from regulars.cli.demo_firm import SEED
from regulars.cli.made_up import address_part, person

MANAGER = person(f"{SEED}:manager 0", "demo").name
FIRM = "Lantern Bay Stationers"


def open_from_queue(page: Page) -> None:
    page.goto("/handovers/")
    page.locator(".records").first.get_by_role("link", name=FIRM).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(FIRM)


def test_a_won_customer_is_handed_over_returned_and_accepted(signed_in: Opener, complaints: list[str]) -> None:
    seller = signed_in("new")
    keeper = signed_in(address_part(MANAGER, sign="."), viewport=PHONE)

    seller.goto("/accounts/new/")
    seller.get_by_label("Name", exact=True).fill(FIRM)
    seller.locator("main form button.strong").first.click()
    expect(seller.get_by_role("heading", level=1)).to_contain_text(FIRM)
    seller.get_by_role("link", name="Hand over to a colleague").click()
    seller.get_by_label("Who looks after the customer from now on").select_option(label=MANAGER)
    seller.get_by_label("What the customer cares about").fill("Deliveries before eight")
    seller.get_by_role("button", name="Keep as a draft").click()
    seller.get_by_text("Note a promise").click()
    seller.get_by_label("What we promised").fill("Send the catalogue")
    seller.get_by_role("button", name="Note it").click()
    expect(seller.get_by_text("Promised: Send the catalogue")).to_be_visible()
    seller.get_by_role("button", name="Send it").click()
    expect(seller.get_by_text("It does not say what work and orders are to be expected.")).to_be_visible()
    expect(seller.get_by_label("What the customer cares about")).to_have_value("Deliveries before eight")
    complaints.clear()  # the browser says that it was refused
    seller.get_by_label("Work and orders to expect").fill("An order a month")
    seller.get_by_role("button", name="Send it").click()
    expect(seller.get_by_role("status")).to_contain_text(f"Sent to {MANAGER}")

    open_from_queue(keeper)
    expect(keeper.get_by_text("Send the catalogue")).to_be_visible()
    assert keeper.evaluate("document.documentElement.scrollWidth <= innerWidth")
    keeper.get_by_label("What is missing, or why").fill("Who decides there?")
    keeper.get_by_role("button", name="Return it").click()

    open_from_queue(seller)
    expect(seller.get_by_text("Who decides there?")).to_be_visible()
    seller.get_by_label("People there, and what they decide").fill("Ada Quist decides")
    seller.get_by_role("button", name="Send it").click()

    open_from_queue(keeper)
    expect(keeper.get_by_text("Ada Quist decides")).to_be_visible()
    keeper.get_by_role("button", name="Accept it").click()
    expect(keeper.get_by_role("status")).to_contain_text(f"{MANAGER} looks after {FIRM} now.")
    keeper.get_by_role("link", name="To the account").click()
    expect(keeper.get_by_text("It cares about: Deliveries before eight")).to_be_visible()
    promises = keeper.locator("#promises")
    promises.get_by_role("button", name="Kept").click()
    expect(keeper.get_by_role("status")).to_contain_text("Kept: Send the catalogue")
    keeper.get_by_role("button", name="Undo").click()
    expect(promises.get_by_role("button", name="Kept")).to_be_visible()
