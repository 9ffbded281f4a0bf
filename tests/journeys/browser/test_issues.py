"""A problem taken down on the phone, solved, told, and answered by the customer without a login (missions B1, D4)."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, expect

from journeys.browser.conftest import PHONE, Opener


def test_an_issue_is_solved_with_low_effort(signed_in: Opener, browser: Browser, complaints: list[str]) -> None:
    service = signed_in("service", viewport=PHONE)
    service.goto("/accounts/")
    service.locator("tbody a, .rows a").first.click()
    service.get_by_role("navigation", name="Pages of this account").get_by_role("link", name="Issues").click()
    service.get_by_label("It prefers").select_option(label="repair to replacement")
    service.get_by_role("button", name="Save").click()
    expect(service.get_by_text("offer repair first")).to_be_visible()

    service.get_by_role("navigation", name="Pages of this account").get_by_role("link", name="Issues").click()
    service.locator("main").get_by_role("link", name="Take one down").first.click()
    expect(service.get_by_text("offer repair first")).to_be_visible()
    service.get_by_label("What is wrong?").fill("Two lamps arrived broken")
    assert service.evaluate("document.documentElement.scrollWidth <= innerWidth")
    service.get_by_role("button", name="Take it down").click()
    expect(service.get_by_role("status")).to_contain_text("Taken down.")
    service.get_by_label("What solved it").fill("Both were repaired")
    service.get_by_role("button", name="It is solved").click()
    expect(service.get_by_role("status")).to_contain_text("Solved.")

    letter = service.get_by_label("In their language, before they ask").input_value()
    link = re.search(r"/effort/\S+", letter)
    assert link
    customer = browser.new_context(base_url=re.sub(r"(https?://[^/]+)/.*", r"\1", service.url)).new_page()
    customer.goto(link[0])
    customer.locator("[name=score][value='1']").check()
    customer.get_by_role("button", name="Send the answer").click()
    expect(customer.get_by_role("heading", name="Thank you!")).to_be_visible()
    customer.context.close()

    service.reload()
    expect(service.get_by_text("They say: 1 of 7")).to_be_visible()
