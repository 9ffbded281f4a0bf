"""The back office's week: a file with faults comes in, the faults are corrected, and all of it can be taken back."""

from __future__ import annotations

import csv
from pathlib import Path

from playwright.sync_api import Page, expect

from journeys.browser.conftest import Opener
from journeys.browser.test_first_run import WORK_MS, found_the_firm
from served import Installation


def test_rejected_rows_are_corrected_and_imported_again_and_all_is_taken_back(
    empty_installation: tuple[Installation, str], new_page: Opener, orders: Path, tmp_path: Path
) -> None:
    orders.write_text(
        orders.read_text(encoding="utf-8")
        + "O-1,someday,K001,Firm 1,P1,1,5.00\nO-2,2025-12-30,K002,Firm 2,P2,1,a lot\n",
        encoding="utf-8",
    )
    page = new_page(empty_installation[1])
    found_the_firm(page)
    upload(page, orders)
    expect(page.get_by_text("2 rows have a fault")).to_be_visible(timeout=WORK_MS)
    page.get_by_role("button", name="Import", exact=True).click()
    page.wait_for_url(lambda url: "/imports/files/" not in url, timeout=WORK_MS)

    open_newest(page)
    expect(page.get_by_role("heading", name="2 rows were left out")).to_be_visible()
    expect(page.locator("#rejected-rows")).to_contain_text("someday")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download as CSV").click()
    rejected = tmp_path / "rejected.csv"
    downloading.value.save_as(rejected)
    correct(rejected)
    upload(page, rejected)
    expect(page.get_by_role("heading", name="What will be imported")).to_be_visible(timeout=WORK_MS)
    expect(page.get_by_text("have a fault")).to_have_count(0)
    page.get_by_role("button", name="Import", exact=True).click()
    page.wait_for_url(lambda url: "/imports/files/" not in url, timeout=WORK_MS)

    page.goto("/imports/")
    expect(page.locator("#imports-table tbody tr")).to_have_count(2)
    for _import in range(2):
        take_back(page)
    page.goto("/accounts/")
    expect(page.locator("main")).to_contain_text("There are no accounts yet")


def upload(page: Page, file: Path) -> None:
    """Choose the file; it is sent at once."""
    page.locator("#files").set_input_files(file)


def open_newest(page: Page) -> None:
    """The newest import that is not taken back."""
    page.goto("/imports/")
    page.locator("#imports-table tbody tr").filter(has_not_text="undone").first.get_by_role("link").first.click()


def correct(file: Path) -> None:
    """As somebody would in a spreadsheet."""
    with file.open(newline="", encoding="utf-8-sig") as stream:
        rows = list(csv.reader(stream))
    cells = {"someday": "2025-12-30", "a lot": "12.50"}
    with file.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([cells.get(cell, cell) for cell in row] for row in rows)


def take_back(page: Page) -> None:
    open_newest(page)
    page.get_by_role("link", name="Take it back…").click()
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("Taken back on")).to_be_visible(timeout=WORK_MS)
