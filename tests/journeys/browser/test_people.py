"""Who comes in, how safely, and what each role finds there."""

from __future__ import annotations

import base64
import email
import email.policy
import hashlib
import hmac
import re
import struct
import time

import pytest
from playwright.sync_api import Page, StorageState, expect

from journeys.browser.conftest import PHONE, Opener
from regulars.cli.demo_firm import SEED
from regulars.cli.made_up import address_part, person
from served import Installation, sign_in

NEW_PASSWORD = "seven little geese by the pond"

MANAGER = address_part(person(f"{SEED}:manager 0", "demo").name, sign=".")
PLACES = {
    "owner": {"Today", "Accounts", "Portfolio", "Imports", "Settings"},
    "head": {"Today", "Accounts", "Portfolio", "Imports", "Settings"},
    MANAGER: {"Today", "Accounts", "Portfolio"},
    "new": {"Today", "Accounts", "Portfolio"},
    "service": {"Today", "Accounts", "Portfolio"},
    "marketing": {"Today", "Accounts", "Portfolio", "Settings"},
    "analyst": {"Today", "Accounts", "Portfolio"},
}
"""What the navigation offers to each role."""


@pytest.mark.parametrize("who", PLACES)
def test_each_role_finds_in_its_navigation_what_it_may_use(signed_in: Opener, who: str) -> None:
    page = signed_in(who)
    assert _places(page) == PLACES[who]
    for name in sorted(PLACES[who]):
        page.get_by_role("navigation", name="Pages").get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()


def _places(page: Page) -> set[str]:
    links = page.get_by_role("navigation", name="Pages").locator("a.place").filter(visible=True)
    return {text.strip() for text in links.all_inner_texts()} & PLACES["owner"]


def test_on_a_phone_the_other_pages_are_behind_more(signed_in: Opener) -> None:
    page = signed_in("owner", viewport=PHONE)
    assert _places(page) == {"Today", "Accounts"}
    page.get_by_role("button", name="More").click()
    assert _places(page) == PLACES["owner"]


def test_only_who_may_change_things_is_offered_to(signed_in: Opener) -> None:
    writes = signed_in("service")
    writes.goto("/today/?whose=everyone")
    expect(writes.locator(".action").first.get_by_text("Done…")).to_be_visible()
    looks = signed_in("analyst")
    looks.goto("/today/?whose=everyone")
    expect(looks.locator(".action").first).to_be_visible()
    expect(looks.get_by_text("Done…")).to_have_count(0)


def test_who_was_invited_comes_in_by_the_mail_and_takes_a_second_step_from_then_on(
    signed_in: Opener, new_page: Opener, installation: Installation, address: str, complaints: list[str]
) -> None:
    owner = signed_in("owner")
    owner.goto("/settings/members/")
    owner.get_by_role("link", name="Invite a member").click()
    owner.get_by_label("Name").fill("Nora Newcomer")
    owner.get_by_label("E-mail").fill("nora@demo.example")
    owner.get_by_label("Role").select_option(label="Service")
    owner.get_by_role("button", name="Send the invitation").click()
    expect(owner.get_by_role("status").filter(has_text="nora@demo.example").first).to_be_visible()

    link = _link_in_mail(installation, to="nora@demo.example")
    guest = new_page(address)
    guest.goto(link.replace("http://localhost:8000", address))
    guest.locator("input[type=password]").first.fill(NEW_PASSWORD)
    guest.get_by_role("button", name="Begin").click()
    expect(guest.get_by_role("heading", name="Today", level=1)).to_be_visible()

    guest.goto("/profile/security/app/")
    if "/confirm/" in guest.url:  # the password once more, before what protects the login is changed
        guest.locator("input[type=password]").fill(NEW_PASSWORD)
        guest.locator("main form button.strong").click()
    secret = guest.locator(".secret").inner_text()
    guest.get_by_label("Code that the app shows").fill(code_of(secret))
    guest.get_by_role("button", name="Connect").click()
    guest.wait_for_url("**/recovery-codes/**")
    guest.context.clear_cookies()

    guest.goto("/sign-in/")
    guest.locator("input[type=email]").fill("nora@demo.example")
    guest.locator("input[type=password]").fill(NEW_PASSWORD)
    guest.locator("main form button.strong").first.click()
    expect(guest.get_by_role("heading", name="Second step")).to_be_visible()
    guest.get_by_label("Code").fill(code_of(secret, steps_ahead=1))  # each code works once
    guest.get_by_role("button", name="Sign in").click()
    guest.wait_for_url("**/today/**")

    again = new_page(address)
    again.goto(link.replace("http://localhost:8000", address))
    expect(again.get_by_role("link", name="Sign in")).to_be_visible()
    assert all("410" in one for one in complaints)  # the link works once
    complaints.clear()


def _link_in_mail(installation: Installation, *, to: str) -> str:
    """The address of an invitation in the latest mail to somebody."""
    for file in sorted(installation.mails.iterdir(), key=lambda one: one.stat().st_mtime, reverse=True):
        for text in file.read_text(encoding="utf-8").split("-" * 79):
            mail = email.message_from_string(text.strip(), policy=email.policy.default)
            body = mail.get_body(preferencelist=("plain",)) if mail["To"] == to else None
            found = re.search(r"https?://\S+/invitation/\S+", body.get_content() if body else "")
            if found:
                return found[0]
    raise AssertionError(f"no mail to {to}")


def code_of(secret: str, *, steps_ahead: int = 0) -> str:
    """What an authenticator app shows (RFC 6238: thirty seconds, six digits)."""
    key = base64.b32decode(secret.replace(" ", ""))
    moment = int(time.time()) // 30 + steps_ahead
    digest = hmac.new(key, struct.pack(">Q", moment), hashlib.sha1).digest()
    at = digest[-1] & 15
    number: int = struct.unpack(">I", digest[at : at + 4])[0]
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06d}"


def test_a_lost_password_is_replaced_by_mail(
    new_page: Opener, installation: Installation, address: str, sessions: dict[str, StorageState]
) -> None:
    page = new_page(address)
    page.goto("/password/forgotten/")
    page.get_by_label("E-mail").fill("marketing@demo.example")
    page.locator("main form button.strong").click()
    page.wait_for_url("**/sent/")
    mails = "".join(file.read_text(encoding="utf-8") for file in installation.mails.iterdir())
    link = re.findall(r"https?://\S+(/password/new/[\w/-]+)", mails)[-1]
    page.goto(link)
    page.locator("input[type=password]").first.fill(NEW_PASSWORD)
    page.locator("main form button.strong").click()
    page.context.clear_cookies()
    page.goto("/sign-in/")
    sign_in(page, "marketing@demo.example", NEW_PASSWORD)
    sessions["marketing@demo.example"] = page.context.storage_state()  # the earlier ones have ended
