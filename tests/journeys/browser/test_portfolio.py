"""The portfolio as it is looked at: charts are drawn under the strict policy, follow the theme, lead to accounts."""

from __future__ import annotations

from playwright.sync_api import expect

from journeys.browser.conftest import Opener

POINTS = ".drawing.tall .mark-symbol path"
FILL = "point => getComputedStyle(point).fill"


def test_a_point_of_the_map_says_what_it_is_and_leads_to_its_account(signed_in: Opener) -> None:
    page = signed_in("owner")
    page.goto("/portfolio/")
    point = page.locator(POINTS).last
    expect(point).to_be_attached()
    assert page.locator(".drawing svg").count() == page.locator(".drawing").count() >= 4
    light = point.evaluate(FILL)
    page.emulate_media(color_scheme="dark")
    assert point.evaluate(FILL) != light, "colours follow the theme without being drawn again"
    point.hover(force=True)
    expect(page.locator(".tip")).to_contain_text("at risk")
    name = page.locator(".tip").inner_text().split(":")[0].removesuffix(" (made up)")
    point.click(force=True)
    page.wait_for_url("**/accounts/*/**")
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    expect(page.locator(".drawing svg").first).to_be_visible()
