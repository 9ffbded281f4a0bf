"""The pictures of the user guide and of the README: `make screenshots`.

Makes the whole demo, serves it as users do, and photographs its pages: Today in every language, the others in English,
some on a phone and in the dark. What is in the pictures is what the tests in `tests/journeys/browser` walk through.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT / "tests"))

from served import CHROMIUM_FLAGS, Installation, chromium, found_demo, sign_in  # noqa: E402

FOLDER = CHECKOUT / "docs" / "guide" / "pictures"
LANGUAGES = ("en", "ne", "hi", "ur", "bn", "th")
DESKTOP, PHONE = (1280, 800), (390, 780)
SETTLED_MS = 800
"""Charts are drawn by then."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One picture: which page, how large, in which language and light."""

    name: str
    where: str
    size: tuple[int, int] = DESKTOP
    language: str = "en"
    dark: bool = False
    through: tuple[str, ...] = ()
    """Links to follow from there, one after the other: where one finds the first of each page."""
    shows: str = ""
    """What stands at the top of the picture; without it, the page begins there."""


ACCOUNT = "main th[scope=row] a"
REVIEWS = "/reviews/?whose=everyone"
REVIEW = ("main a.appointment", "main a:text-is('Prepare it')")
REVIEW_FORM = (*REVIEW, "main a:text('Hold it')")
CASE = (ACCOUNT, "nav.tabs a[href$='/growth/']", "main .records a", "main a:text-is('Read it')")


PICTURES = (
    *(Picture(name=f"today-{code}", where="/today/?whose=everyone", language=code) for code in LANGUAGES),
    Picture(name="today-phone", where="/today/?whose=everyone", size=PHONE),
    Picture(name="today-dark", where="/today/?whose=everyone", dark=True),
    Picture(name="accounts", where="/accounts/"),
    Picture(name="account", where="/accounts/", through=(ACCOUNT,)),
    Picture(name="account-phone", where="/accounts/", through=(ACCOUNT,), size=PHONE),
    Picture(name="portfolio", where="/portfolio/"),
    Picture(name="imports", where="/imports/"),
    Picture(name="first-import", where="/imports/first/"),
    Picture(name="duplicates", where="/duplicates/"),
    Picture(name="settings", where="/settings/"),
    Picture(name="causes", where="/settings/causes/"),
    Picture(name="leads", where="/leads/?whose=all"),
    Picture(name="handovers", where="/handovers/?whose=everyone"),
    Picture(name="handover", where="/handovers/?whose=everyone", through=(".records a",)),
    Picture(name="issues", where="/issues/?whose=all"),
    Picture(name="issue-phone", where="/issues/?whose=all", through=("main .records a",), size=PHONE),
    Picture(name="reviews", where=REVIEWS),
    Picture(name="review-phone", where=REVIEWS, through=REVIEW_FORM, size=PHONE),
    Picture(name="review", where=REVIEWS, through=REVIEW, shows="main h2"),
    Picture(name="opportunities", where="/opportunities/?whose=everyone"),
    Picture(name="white-space", where="/white-space/"),
    Picture(name="business-case", where="/accounts/", through=CASE),
    Picture(name="key-accounts", where="/key-accounts/"),
    Picture(name="people-map", where="/key-accounts/", through=("main a[href$='/people-map/']",), shows="main h2"),
    Picture(name="what-if", where="/portfolio/dependence/what-if/"),
    Picture(name="sales-plan", where="/plan/"),
    Picture(name="playbooks", where="/playbooks/"),
    Picture(name="win-back", where="/win-back/"),
    Picture(name="live-orders", where="/live-orders/"),
)


def main() -> None:
    wanted = set(sys.argv[1:])
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="regulars-pictures-") as home:
        made = Installation(Path(home))
        found_demo(made, whole=True)
        with made.served() as address, _browser() as browser:
            for picture in PICTURES:
                if not wanted or picture.name in wanted:
                    _take(browser, address, picture)


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        yield started
        started.close()


def _take(browser: Browser, address: str, picture: Picture) -> None:
    width, height = picture.size
    context = browser.new_context(
        base_url=address,
        viewport={"width": width, "height": height},
        device_scale_factor=2 if picture.size == PHONE else 1,
        color_scheme="dark" if picture.dark else "light",
        reduced_motion="reduce",
        locale="en-GB",
    )
    page = context.new_page()
    page.goto("/sign-in/")
    sign_in(page)
    page.goto(picture.where)
    for link in picture.through:
        page.goto(str(page.locator(link).first.get_attribute("href")))
    page.goto(page.url + ("&" if "?" in page.url else "?") + f"lang={picture.language}")
    page.wait_for_load_state("networkidle")
    if picture.shows:
        page.evaluate("what => document.querySelector(what).scrollIntoView()", picture.shows)
    page.wait_for_timeout(SETTLED_MS)
    file = FOLDER / f"{picture.name}.png"
    _save(page.screenshot(), file)
    print(f"{file.relative_to(CHECKOUT)}: {file.stat().st_size / 1000:.0f} kB")
    context.close()


def _save(shot: bytes, file: Path) -> None:
    """With 256 colours a page looks the same and weighs a third."""
    picture = Image.open(BytesIO(shot)).convert("RGB")
    picture.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(file, optimize=True)


if __name__ == "__main__":
    main()
