"""The life of an account in one piece, by those who do it: won, handed over, served, reviewed, expanded.

Missions A1, A4, A5, B1, B2, B5, B7, B8, B9, D4.
"""

from __future__ import annotations

import re
import time
from email import message_from_binary_file
from email.policy import default
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from journeys.browser.conftest import PHONE, WAIT_MS, Opener
from journeys.browser.test_first_run import WORK_MS
from regulars.cli.demo_firm import SEED
from regulars.cli.made_up import address_part, person
from served import Installation

MANAGER = person(f"{SEED}:manager 0", "demo").name
FIRM = "Quayside Lanterns"
ORDER = """Order,Date,Customer no.,Customer,SKU,Quantity,Net
Q-1,2011-12-08,99001,Quayside Lanterns,LANTERN,40,320.00
Q-1,2011-12-08,99001,Quayside Lanterns,CANDLE,80,64.00
"""
ADVICE = "Candles for every lantern"
BETTER = "If you could change one thing about working with us"
KEPT = "Everything is kept."


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0)


def test_an_account_is_won_handed_over_served_reviewed_and_grown(
    signed_in: Opener, browser: Browser, installation: Installation, complaints: list[str], tmp_path: Path
) -> None:
    seller, manager = signed_in("new"), signed_in(address_part(MANAGER, sign="."), viewport=PHONE)
    win(seller)
    complaints.clear()  # the browser says that an incomplete hand-over was refused
    account = hand_over(seller, manager)
    first_order(signed_in("owner"), manager, account, tmp_path)
    solve_an_issue(signed_in("service", viewport=PHONE), browser, installation)
    form = prepare_a_review(manager, account, installation)
    hold_it(manager, form)
    complaints.clear()  # the browser complains that it could not connect
    follow_it_up(manager)
    remember(signed_in("head"), account)


def win(seller: Page) -> None:
    """A call comes in, and becomes a customer. What was promised is written down before it is forgotten."""
    seller.goto("/leads/")
    seller.get_by_role("link", name="Take a lead down").click()
    seller.get_by_label("Firm", exact=True).fill(FIRM)
    seller.get_by_label("Whom to ask for").fill("Ada Quist")
    seller.get_by_label("E-mail").fill("ada@quayside.example")
    seller.get_by_role("button", name="Take it down").click()
    seller.get_by_role("link", name="It is won").click()
    seller.get_by_label("Who looks after the customer from now on").select_option(label=MANAGER)
    seller.get_by_label("What the customer cares about").fill("Deliveries before eight")
    seller.get_by_label("What we promised").first.fill("Send the lantern samples")
    seller.get_by_label("Due on").first.fill("2011-12-20")
    seller.get_by_role("button", name="It is won").click()
    expect(seller.get_by_role("heading", level=1)).to_contain_text(FIRM)
    seller.get_by_role("button", name="Send it").click()
    expect(seller.get_by_text("It does not say what work and orders are to be expected.")).to_be_visible()
    expect(seller.get_by_label("What the customer cares about")).to_have_value("Deliveries before eight")
    seller.get_by_label("Work and orders to expect").fill("Lanterns for forty tables")
    seller.get_by_role("button", name="Send it").click()
    expect(seller.get_by_role("status")).to_contain_text(f"Sent to {MANAGER}")


def hand_over(seller: Page, manager: Page) -> str:
    """Returned with a question, sent again, accepted, introduced. The address of the account."""
    manager.goto("/today/")
    manager.get_by_role("link", name="1 hand-over waits for you").click()
    open_handover(manager)
    expect(manager.get_by_text("Send the lantern samples")).to_be_visible()
    assert fits(manager)
    manager.get_by_label("What is missing, or why").fill("When is the first order to be expected?")
    manager.get_by_role("button", name="Return it").click()
    expect(manager.get_by_role("status")).to_contain_text("Returned to")

    seller.goto("/today/")
    seller.get_by_role("link", name=re.compile(r"hand-overs? waits? for you")).click()
    open_handover(seller)
    expect(seller.get_by_text("When is the first order to be expected?").first).to_be_visible()
    seller.get_by_label("Work and orders to expect").fill("Lanterns for forty tables, from December")
    seller.get_by_role("button", name="Send it").click()

    manager.goto("/handovers/")
    open_handover(manager)
    manager.get_by_role("button", name="Accept it").click()
    expect(manager.get_by_role("status")).to_contain_text(f"{MANAGER} looks after {FIRM} now.")
    manager.get_by_role("button", name="We are introduced").click()
    expect(manager.get_by_text("Introduced to the customer on 8 Dec 2011.")).to_be_visible()
    manager.get_by_role("link", name="To the account").click()
    expect(manager.get_by_text("It cares about: Deliveries before eight")).to_be_visible()
    manager.locator("#promises").get_by_role("button", name="Kept").click()
    expect(manager.get_by_role("status")).to_contain_text("Kept: Send the lantern samples")
    manager.get_by_role("button", name="Undo").click()
    expect(manager.locator("#promises").get_by_role("button", name="Kept")).to_be_visible()
    return manager.url


def open_handover(page: Page) -> None:
    page.locator(".records").first.get_by_role("link", name=FIRM).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(FIRM)


def first_order(office: Page, manager: Page, account: str, folder: Path) -> None:
    """It comes from the order program, with a number of its own, and goes to the account that was won."""
    file = folder / "first_order.csv"
    file.write_text(ORDER, encoding="utf-8")
    office.goto("/imports/")
    office.locator("#files").set_input_files(file)
    expect(office.get_by_text("2 order lines of December 2011 over £384.")).to_be_visible(timeout=WORK_MS)
    office.get_by_role("button", name="Import", exact=True).click()
    office.wait_for_url(lambda url: "/imports/files/" not in url, timeout=WORK_MS)
    manager.goto(account)
    expect(manager.get_by_text("customer since 8 Dec 2011")).to_be_visible()


def solve_an_issue(service: Page, browser: Browser, installation: Installation) -> None:
    """Taken down on the phone, solved, told by mail, and answered by the customer without a login."""
    service.goto("/issues/")
    service.get_by_role("link", name="Take one down").first.click()
    service.get_by_label("Name, customer number, phone or e-mail").fill("quayside")
    service.get_by_role("button", name="Find").click()
    service.locator("main").get_by_role("link", name=FIRM).click()
    service.get_by_label("What is wrong?").fill("Two lanterns arrived broken")
    service.get_by_label("Who told us").select_option(label="Ada Quist")
    assert fits(service)
    service.get_by_role("button", name="Take it down").click()
    expect(service.get_by_role("status")).to_contain_text("Taken down.")
    service.get_by_label("What solved it").fill("Both were replaced the same day")
    service.get_by_role("button", name="It is solved").click()
    expect(service.get_by_role("status")).to_contain_text("Solved.")
    service.get_by_role("button", name="Send it to Ada Quist").click()
    expect(service.get_by_role("status")).to_contain_text("on its way")

    link = re.search(r"http\S+/effort/\S+", mailed(installation, "Both were replaced"))
    assert link
    customer = browser.new_context().new_page()
    customer.goto(link[0])
    customer.locator("[name=score][value='1']").check()
    customer.get_by_role("button", name="Send the answer").click()
    expect(customer.get_by_role("heading", name="Thank you!")).to_be_visible()
    customer.context.close()
    service.reload()
    expect(service.get_by_text("They say: 1 of 7")).to_be_visible()


def mailed(installation: Installation, words: str) -> str:
    """The text of the mail with these words, once it was sent."""
    end = time.monotonic() + 3 * WAIT_MS / 1000
    while time.monotonic() < end:
        for file in installation.mails.glob("*.log"):
            with file.open("rb") as stream:
                part = message_from_binary_file(stream, policy=default).get_body(("plain",))
            text = part.get_content() if part else ""
            if words in text:
                return str(text)
        time.sleep(0.2)
    raise AssertionError(f"no mail says {words}")


def prepare_a_review(manager: Page, account: str, installation: Installation) -> str:
    """Planned, the customer invited with the appointment, and what to know read. The address of the form."""
    manager.goto(account)
    manager.get_by_role("navigation", name="Pages of this account").get_by_role("link", name="Reviews").click()
    manager.get_by_role("link", name="Plan a review").click()
    manager.get_by_label("Day").fill("2011-12-14")
    manager.get_by_role("button", name="Schedule it").click()
    manager.get_by_role("link", name="Invite the customer").click()
    manager.get_by_role("button", name="Send", exact=True).click()
    expect(manager.get_by_role("status")).to_contain_text("The mail to Ada Quist is on its way.")
    assert "free check-up" in mailed(installation, "14 Dec 2011")
    manager.get_by_role("link", name="Prepare it").click()
    expect(manager.get_by_role("link", name="Two lanterns arrived broken")).to_be_visible()
    expect(manager.get_by_role("link", name="Send the lantern samples")).to_be_visible()
    expect(manager.get_by_text("Was helped without trouble").first).to_be_visible()
    assert fits(manager)
    manager.get_by_role("link", name="Hold it: open the form").click()
    return manager.url


def hold_it(manager: Page, form: str) -> None:
    """At the customer's table; the connection is lost, the page is left, and no word with it."""
    better = manager.get_by_label(BETTER)
    better.fill("Announce deliveries")
    expect(manager.locator("#kept")).to_have_text(KEPT)
    manager.context.set_offline(True)
    better.fill("Announce deliveries two days before")
    manager.get_by_label("What we recommend").first.fill(ADVICE)
    expect(manager.locator("#kept")).to_contain_text("No connection.")
    manager.context.set_offline(False)
    manager.goto(form)
    expect(manager.get_by_label("What we recommend").first).to_have_value(ADVICE)
    expect(manager.get_by_label(BETTER)).to_have_value("Announce deliveries two days before")
    assert fits(manager)
    manager.get_by_role("button", name="Finish the review").click()
    manager.wait_for_url("**/summary/")
    expect(manager.get_by_label("Text", exact=True)).to_have_value(re.compile(ADVICE))


def follow_it_up(manager: Page) -> None:
    """What was recommended becomes an opportunity, and is won."""
    manager.get_by_role("button", name="Follow it up").click()
    expect(manager.get_by_role("heading", level=1)).to_contain_text(ADVICE)
    manager.get_by_text("It was won").click()
    manager.locator("#won_amount").fill("1200")
    manager.get_by_role("button", name="Won", exact=True).click()
    expect(manager.get_by_role("status")).to_contain_text(f"Won: {ADVICE}")
    assert fits(manager)


def remember(head: Page, account: str) -> None:
    """All of it stands in one timeline, for who leads."""
    head.goto(f"{account}timeline/")
    story = head.locator("main")
    for event in (
        "Won as a lead",
        "Hand-over: returned",
        "Hand-over: accepted",
        "Issue: solved",
        "Was helped without trouble",
        "Review: finished",
        "Opportunity: won",
        "2 lines, £384.00",
    ):
        expect(story).to_contain_text(event)
