"""The day's list as it is worked through: by tapping, by keyboard, without JavaScript, from right to left."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from journeys.browser.conftest import PHONE, Opener
from served import PASSWORD, sign_in

EVERYONE = "/today/?whose=everyone"


def name_of(page: Page, place: int = 0) -> str:
    return page.locator(".action .who a").nth(place).inner_text().removesuffix(" (made up)")


def test_who_signs_in_lands_on_today_and_signs_out_again(new_page: Opener, address: str) -> None:
    page = new_page(address)
    page.goto("/accounts/")
    sign_in_elsewhere = page.url
    assert "/sign-in/" in sign_in_elsewhere
    page.goto("/")
    sign_in(page, "service@demo.example")
    expect(page.get_by_role("heading", name="Today", level=1)).to_be_visible()
    page.locator("form[action='/sign-out/'] button").locator("visible=true").first.click()
    page.wait_for_url("**/sign-in/**")
    page.goto("/today/")
    assert "/sign-in/" in page.url


def test_a_wrong_password_keeps_the_address_that_was_typed(new_page: Opener, address: str) -> None:
    page = new_page(address)
    page.goto("/sign-in/")
    page.locator("input[type=email]").fill("marketing@demo.example")
    page.locator("input[type=password]").fill("not " + PASSWORD)
    page.locator("main form button.strong").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.locator("input[type=email]")).to_have_value("marketing@demo.example")


@pytest.mark.parametrize("viewport", [None, PHONE], ids=["desktop", "phone"])
def test_an_action_is_done_in_two_taps_and_undone_in_one(signed_in: Opener, viewport: dict[str, int] | None) -> None:
    page = signed_in("owner", **({"viewport": viewport} if viewport else {}))
    page.goto(EVERYONE)
    name = name_of(page)
    card = page.locator(".action").first
    card.get_by_text("Done…").click()
    card.get_by_role("button", name="Reached, will order").click()
    toast = page.get_by_role("status").filter(has_text=name)
    expect(toast).to_be_visible()
    assert name_of(page) != name
    toast.get_by_role("button", name="Undo").click()
    expect(page.locator(".action .who a").first).to_contain_text(name)


def test_the_list_is_worked_through_by_keyboard(signed_in: Opener) -> None:
    page = signed_in("head")
    page.goto(EVERYONE)
    first, second = name_of(page, 0), name_of(page, 1)
    page.keyboard.press("j")
    expect(page.locator(".action").nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator(".action").nth(1)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("s")
    expect(page.get_by_role("button", name="Tomorrow").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text=first)).to_be_visible()
    expect(page.locator(".action .who a").first).to_contain_text(second)
    page.keyboard.press("u")
    expect(page.locator(".action .who a").first).to_contain_text(first)
    page.keyboard.press("j")
    page.keyboard.press("n")
    expect(page.get_by_role("button", name="We spoke already").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="We spoke already").first).to_be_hidden()


def test_keys_are_explained_and_search_has_one(signed_in: Opener) -> None:
    page = signed_in("head")
    page.keyboard.press("?")
    keys = page.locator("dialog#keys")
    expect(keys).to_be_visible()
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    page.goto("/accounts/")
    page.keyboard.press("/")
    focused = page.evaluate("document.activeElement.type")
    assert focused == "search"
    page.keyboard.type("d?")
    assert page.evaluate("document.activeElement.value") == "d?"
    expect(keys).to_be_hidden()


def test_today_works_without_javascript(signed_in: Opener) -> None:
    page = signed_in("owner", java_script_enabled=False)
    page.goto(EVERYONE)
    name = name_of(page)
    card = page.locator(".action").first
    card.get_by_text("Later").click()
    card.get_by_role("button", name="In a week").click()
    expect(page.get_by_role("status").filter(has_text=name)).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".action .who a").first).to_contain_text(name)


def test_today_reads_from_right_to_left_in_urdu(signed_in: Opener) -> None:
    page = signed_in("owner", viewport=PHONE)
    page.goto(f"{EVERYONE}&lang=ur")
    assert page.locator("html").get_attribute("dir") == "rtl"
    heading = page.locator("h1").bounding_box()
    assert heading is not None
    who = page.locator(".action .who a").first.evaluate("one => getComputedStyle(one).direction")
    assert who == "rtl"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_lost_connection_loses_nothing_that_was_typed(signed_in: Opener, complaints: list[str]) -> None:
    page = signed_in("owner")
    page.goto(EVERYONE)
    name = name_of(page)
    card = page.locator(".action").first
    card.get_by_text("Done…").click()
    card.get_by_role("textbox", name="What was said").fill("Wants the catalogue by Friday.")
    page.context.set_offline(True)
    card.get_by_role("button", name="Reached, no need now").click()
    lost = page.locator("dialog#offline")
    expect(lost).to_be_visible()
    lost.get_by_role("button", name="Close").click()
    expect(card.get_by_role("textbox", name="What was said")).to_have_value("Wants the catalogue by Friday.")
    page.context.set_offline(False)
    complaints.clear()  # the browser says that it was offline
    card.get_by_role("button", name="Reached, no need now").click()
    expect(page.get_by_role("status").filter(has_text=name)).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".action .who a").first).to_contain_text(name)
