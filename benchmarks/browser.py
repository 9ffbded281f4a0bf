"""What a person at a browser waits for, and what a page weighs, on the demo's data.

    python benchmarks/browser.py

Makes the whole demo, serves it with two processes, opens it in Chromium. Weights are the bytes that went over the wire
(compressed, headers included) for a page with all that it loads, nothing being cached. An interaction is measured in
the page, from the click to the frame in which its result is drawn; typing in the search waits 250 ms for the next
letter first, which is not counted.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

CHECKOUT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(CHECKOUT / "tests"))

from served import CHROMIUM_FLAGS, Installation, chromium, found_demo, sign_in  # noqa: E402

FIRST_BAR_KB, LARGEST_BAR_KB, INTERACTION_BAR_MS = 250, 500, 200
RUNS = 9

PAGES = ("/today/", "/accounts/", "an account", "/portfolio/", "/imports/", "/duplicates/", "/settings/causes/")
UNTIL_DRAWN = """
new Promise((drawn, failed) => {
  const started = performance.now();
  setTimeout(() => failed(new Error("nothing came")), 20000);
  document.addEventListener("htmx:afterSettle", () => {
    requestAnimationFrame(() => requestAnimationFrame(() => drawn(performance.now() - started)));
  }, { once: true });
  ACT
})
"""
NARROW = UNTIL_DRAWN.replace(
    "ACT",
    """
  const choice = document.querySelector("form.filters select[name=pareto], form.filters select");
  choice.selectedIndex = choice.selectedIndex ? 0 : 1;
  choice.dispatchEvent(new Event("change", { bubbles: true }));""",
)
DONE = UNTIL_DRAWN.replace("ACT", "document.querySelector(\".action form[action*='/done/'] .answers button\").click();")
UNDO = UNTIL_DRAWN.replace("ACT", "document.querySelector('.toast button').click();")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="regulars-benchmark-") as home, sync_playwright() as playwright:
        made = Installation(Path(home))
        found_demo(made, whole=True)
        with made.served() as address:
            browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
            page = browser.new_context(base_url=address, locale="en-GB").new_page()
            page.goto("/sign-in/")
            sign_in(page)
            _weigh(page)
            _interact(page)
            browser.close()


def _weigh(page: Page) -> None:
    page.goto("/accounts/")
    account = str(page.locator("main th[scope=row] a").first.get_attribute("href"))
    print(f"{'page':20} {'kB over the wire':>17}")
    for where in PAGES:
        bytes_ = _weight(page, account if where == "an account" else where)
        bar = FIRST_BAR_KB if where == PAGES[0] else LARGEST_BAR_KB
        print(f"{where:20} {bytes_ / 1000:17.0f}{'' if bytes_ <= bar * 1000 else f'   missed: bar {bar}'}")


def _weight(page: Page, where: str) -> int:
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Network.clearBrowserCache")
    sizes: list[float] = []
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(where)
    page.wait_for_load_state("networkidle")
    wire.detach()
    return int(sum(sizes))


def _interact(page: Page) -> None:
    print(f"\n{'interaction':20} {'median':>8} {'slowest':>8} ms of {RUNS}")
    page.goto("/accounts/")
    _tell("filter accounts", [page.evaluate(NARROW) for _ in range(RUNS)])
    done, undone = [], []
    page.goto("/today/?whose=everyone")
    for _ in range(RUNS):
        done.append(page.evaluate(DONE))
        undone.append(page.evaluate(UNDO))
    _tell("done", done)
    _tell("undo", undone)


def _tell(what: str, times_ms: list[Any]) -> None:
    median, slowest = statistics.median(times_ms), max(times_ms)
    verdict = "" if median <= INTERACTION_BAR_MS else f"   missed: bar {INTERACTION_BAR_MS}"
    print(f"{what:20} {median:8.0f} {slowest:8.0f}{verdict}")


if __name__ == "__main__":
    main()
