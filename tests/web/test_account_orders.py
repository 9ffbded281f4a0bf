"""What an account ordered: by order, by product, as a file, on the timeline, month by month."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from regulars.base.models import Member
from regulars.base.warehouse import open_engine
from regulars.facts.history import HISTORY
from regulars.facts.merges import merge_accounts
from regulars.facts.models import Account, Product

Maker = Callable[..., Any]
Signer = Callable[[Member], Client]


@pytest.fixture
def firm(scored: Maker, owner: Member) -> Account:
    made: Account = scored("Harbour Gifts", owner=owner)
    return made


@pytest.fixture
def history() -> Callable[..., None]:
    """Write order lines: account, day, order, line, product, quantity, net in cents, kind."""

    def write(*lines: tuple[Any, ...]) -> None:
        names = ("account_id", "business_date", "order_id", "line_no", "product", "quantity", "net_minor", "kind")
        given = dict.fromkeys(HISTORY.columns, "NULL") | {name: name for name in names}
        given |= {"source": "'erp'", "currency": "'EUR'", "net_base_minor": "net_minor", "cost_base_minor": "50"}
        columns = ", ".join(f"{given[name]}::{kind} AS {name}" for name, kind in HISTORY.columns.items())
        marks = ", ".join("(?, ?, ?, ?, ?, ?, ?, ?)" for _line in lines)
        with open_engine() as engine:
            engine.run(
                f"CREATE TABLE lines AS SELECT * FROM (VALUES {marks}) AS v({', '.join(names)})",
                [cell for line in lines for cell in line],
            )
            HISTORY.writable()
            HISTORY.put_in_force(HISTORY.append(engine, f"SELECT {columns} FROM lines"))

    return write


@pytest.fixture
def ordered(firm: Account, history: Callable[..., None]) -> Account:
    Product.objects.create(source="erp", external_id="P1", name="Storm lantern")
    Product.objects.create(source="erp", external_id="P2", name="=Rope")
    history(
        (firm.pk, "2024-12-02", "A-3", "1", "P2", 2.0, 30_00, "sale"),
        (firm.pk, "2024-11-05", "A-2", "1", "P1", 1.0, -100_00, "return"),
        (firm.pk, "2024-10-01", "A-1", "1", "P1", 10.0, 1000_00, "sale"),
        (firm.pk, "2024-10-01", "A-1", "2", "P2", 1.0, 15_00, "sale"),
        (firm.pk, "2023-05-01", "A-0", "1", "P9", 5.0, 500_00, "sale"),
    )
    return firm


def orders_on(page: str) -> list[str]:
    return re.findall(r'<span class="number"><bdi>([^<]*)</bdi>', page)


def test_orders_stand_newest_first_with_their_totals_and_returns(browser: Client, ordered: Account) -> None:
    page = browser.get(f"/accounts/{ordered.uid}/orders/").content.decode()
    assert orders_on(page) == ["A-3", "A-2", "A-1", "A-0"]
    assert "€1,015.00" in page
    assert "−€100.00" in page
    assert page.count('<span class="tag declining">Return</span>') == 1
    assert "Storm lantern" in page


def test_what_it_buys_most_and_what_it_buys_no_longer(browser: Client, ordered: Account) -> None:
    page = browser.get(f"/accounts/{ordered.uid}/orders/").content.decode()
    most, missed = page.split("Orders, newest first")[0].split("What it buys no longer</h2>")
    assert "Storm lantern" in most
    assert "P9" in missed
    assert "last bought 1 May 2023" in missed
    assert "€900" in most  # the return is deducted


@pytest.mark.parametrize("text", ["lantern", "p1"])
def test_orders_are_searched_by_name_and_code_of_a_product(browser: Client, ordered: Account, text: str) -> None:
    page = browser.get(f"/accounts/{ordered.uid}/orders/?q={text}").content.decode()
    assert orders_on(page) == ["A-2", "A-1"]
    assert "€1,000.00" in page
    assert "=Rope" not in page
    assert "No order with this product" in browser.get(f"/accounts/{ordered.uid}/orders/?q=zzz").content.decode()


def test_one_order_is_shown_whole_and_of_long_ones_the_beginning(
    browser: Client, firm: Account, history: Callable[..., None]
) -> None:
    history(*[(firm.pk, "2024-12-02", "L&1", f"{line:02}", f"P{line:02}", 1.0, 1_00, "sale") for line in range(30)])
    page = browser.get(f"/accounts/{firm.uid}/orders/").content.decode()
    listed = page.split("Orders, newest first")[1]
    assert "18 more lines" in listed
    assert "P11" in listed
    assert "P12" not in listed
    whole = browser.get(f"/accounts/{firm.uid}/orders/?order=L%261").content.decode()
    assert "P29" in whole
    assert "?order=L%261" in listed
    assert "There is no such order here" in browser.get(f"/accounts/{firm.uid}/orders/?order=no").content.decode()


def test_orders_go_on_page_by_page(browser: Client, firm: Account, history: Callable[..., None]) -> None:
    history(
        *[(firm.pk, f"2024-01-{1 + number:02}", f"N{number:02}", "1", "P", 1.0, 1_00, "sale") for number in range(20)]
    )
    pages = [orders_on(browser.get(f"/accounts/{firm.uid}/orders/?page={page}").content.decode()) for page in (1, 2, 3)]
    assert pages[0] + pages[1] == [f"N{number:02}" for number in reversed(range(20))]
    assert pages[2] == []


def test_orders_of_a_merged_account_are_there_too(
    browser: Client, ordered: Account, owner: Member, scored: Maker, history: Callable[..., None]
) -> None:
    twin = scored("Harbour Gift")
    history((twin.pk, "2024-12-05", "T-1", "1", "P1", 1.0, 7_00, "sale"))
    merge_accounts(kept=ordered, merged=twin, member=owner)
    assert orders_on(browser.get(f"/accounts/{ordered.uid}/orders/").content.decode())[0] == "T-1"


def test_the_lines_as_a_file_hold_no_formulas_and_cost_only_for_who_may_see_it(
    members: dict[str, Member], signed_in: Signer, ordered: Account
) -> None:
    rows = {}
    for role in ("owner", "marketer"):
        answer = signed_in(members[role]).get(f"/accounts/{ordered.uid}/lines.csv")
        text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
        rows[role] = list(csv.reader(io.StringIO(text)))
    assert len(rows["owner"]) == 6
    assert rows["owner"][1][:5] == ["2024-12-02", "A-3", "1", "P2", "'=Rope"]
    assert "Cost, EUR" in rows["owner"][0]
    assert "Cost, EUR" not in rows["marketer"][0]
    assert len(rows["marketer"][1]) == len(rows["marketer"][0]) == len(rows["owner"][0]) - 1


def test_orders_stand_on_the_timeline_by_day_and_months_in_the_chart(browser: Client, ordered: Account) -> None:
    page = browser.get(f"/accounts/{ordered.uid}/months/").content.decode()
    assert 'id="months"' in page
    assert "data-chart" in page
    timeline = page.split('id="timeline"')[1]
    assert "2 lines, €1,015.00" in timeline
    assert "<b>Return</b>" in timeline
    only = browser.get(f"/accounts/{ordered.uid}/timeline/?kind=orders").content.decode()
    assert only.count("<b>1 order</b>") == 3
    # The first page asks for them when it is there, and for nothing around them.
    assert f'hx-get="/accounts/{ordered.uid}/months/"' in browser.get(f"/accounts/{ordered.uid}/").content.decode()
    part = browser.get(f"/accounts/{ordered.uid}/months/", headers={"HX-Request": "true"}).content.decode()
    assert "<h1>" not in part
    assert part.split('id="timeline"')[1].split("</ul>")[0] == timeline.split("</ul>")[0]
    assert "data-chart" in part.split('id="timeline"')[0]


def test_an_account_without_orders_says_so(browser: Client, organisation: Any) -> None:
    nobody = Account.objects.create(name="Nobody yet")
    for part in ("orders", "months"):
        assert "No order yet" in browser.get(f"/accounts/{nobody.uid}/{part}/").content.decode()
