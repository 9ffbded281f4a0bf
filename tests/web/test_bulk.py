"""Many accounts at once: given to somebody, tagged, taken back, taken out as files."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from django.test import Client
from openpyxl.worksheet.worksheet import Worksheet

from regulars.base.models import AuditEntry, Member, Team
from regulars.facts.models import Account

Signer = Callable[[Member], Client]
Maker = Callable[..., Any]

ROLES = [role.value for role in Member.Role]
MAY_ASSIGN = {"owner", "sales_head"}
MAY_WRITE = {"owner", "sales_head", "account_manager", "new_business_seller", "service"}
MAY_EXPORT = {"owner", "sales_head", "marketer", "analyst"}


@pytest.fixture
def priya(organisation: Any) -> Member:
    return Member.objects.create(email="priya@firm.example", name="Priya Nair", role="account_manager")


@pytest.fixture
def three(scored: Maker, owner: Member) -> list[Account]:
    return [
        scored("Anna", pareto="A", owner=owner),
        scored("Berta", pareto="A"),
        scored("Carla", pareto="B", owner=owner),
    ]


def owners() -> dict[str, str | None]:
    return {one.name: one.owner.name if one.owner else None for one in Account.objects.select_related("owner")}


def tags() -> dict[str, list[str]]:
    return {one.name: sorted(tag.name for tag in one.tags.all()) for one in Account.objects.all()}


def status(answer: Any) -> int:
    """How it was answered; a file is read to its end, which closes it."""
    if answer.streaming:
        assert b"".join(answer.streaming_content)
    return int(answer.status_code)


def undo(browser: Client) -> str:
    """Press what the toast offers. Returns where it leads."""
    page = browser.get("/accounts/?view=all").content.decode()
    found = re.search(r'action="(/accounts/bulk/\d+/undo/[^"]*)"', page)
    assert found, "the toast offers no undo"
    answer = browser.post(found[1].replace("&amp;", "&"))
    assert answer.status_code == 302
    return str(answer.headers["Location"])


def test_the_selected_accounts_are_given_to_a_member_and_back(
    browser: Client, three: list[Account], priya: Member
) -> None:
    said = {"account": [three[0].uid, three[1].uid], "do": "assign", "owner": priya.uid, "query": "pareto=A"}
    answer = browser.post("/accounts/bulk/", said)
    assert answer.headers["Location"] == "/accounts/?pareto=A&view=all"
    assert owners() == {"Anna": "Priya Nair", "Berta": "Priya Nair", "Carla": "Olga Owner"}
    assert "2 accounts given to Priya Nair." in browser.get("/today/").content.decode()
    assert AuditEntry.objects.filter(verb="assign_owner", account_id=three[1].pk).count() == 1


def test_undo_leads_back_to_the_list_as_it_was_filtered(browser: Client, three: list[Account]) -> None:
    said = {"account": [three[0].uid], "do": "tag", "tag": "fair", "query": "q=a&sort=name", "view": "all"}
    listed = browser.post("/accounts/bulk/", said).headers["Location"]
    assert undo(browser) == listed == "/accounts/?q=a&sort=name&view=all"


def test_undo_gives_them_back_to_whom_they_had_but_not_what_changed_since(
    browser: Client, three: list[Account], priya: Member, owner: Member
) -> None:
    everyone = [one.uid for one in three]
    browser.post("/accounts/bulk/", {"account": everyone, "do": "assign", "owner": priya.uid})
    Account.objects.filter(name="Carla").update(owner=None)
    undo(browser)
    assert owners() == {"Anna": "Olga Owner", "Berta": None, "Carla": None}
    assert "2 accounts are as they were before" in browser.get("/accounts/?view=all").content.decode()


def test_all_that_fit_are_changed_only_after_their_number_was_confirmed(
    browser: Client, three: list[Account], priya: Member
) -> None:
    said = {"all": "1", "do": "assign", "owner": "nobody", "query": "pareto=A"}
    asked = browser.post("/accounts/bulk/", said)
    assert "Shall nobody look after 2 accounts?" in asked.content.decode()
    assert owners()["Anna"] == "Olga Owner"
    browser.post("/accounts/bulk/", {**said, "confirmed": "3"})
    assert owners()["Anna"] == "Olga Owner"
    browser.post("/accounts/bulk/", {**said, "confirmed": "2"})
    assert owners() == {"Anna": None, "Berta": None, "Carla": "Olga Owner"}


def test_tags_are_put_on_taken_off_and_back(browser: Client, three: list[Account]) -> None:
    some = {"account": [three[0].uid, three[1].uid], "tag": " fair "}
    browser.post("/accounts/bulk/", {"account": [three[0].uid], "tag": "vip", "do": "tag"})
    browser.post("/accounts/bulk/", {**some, "do": "tag"})
    assert tags() == {"Anna": ["fair", "vip"], "Berta": ["fair"], "Carla": []}
    undo(browser)
    assert tags() == {"Anna": ["vip"], "Berta": [], "Carla": []}
    browser.post("/accounts/bulk/", {"all": "1", "confirmed": "3", "tag": "vip", "do": "untag"})
    assert tags()["Anna"] == []
    undo(browser)
    assert tags() == {"Anna": ["vip"], "Berta": [], "Carla": []}


@pytest.mark.parametrize(
    "said",
    [
        {"do": "assign", "owner": "nobody"},
        {"do": "assign", "owner": "nobody", "account": ["nonsense"]},
        {"do": "assign", "owner": "", "account": "first"},
        {"do": "tag", "tag": "  ", "account": "first"},
        {"do": "tag", "tag": "x" * 101, "account": "first"},
    ],
)
def test_what_is_not_said_completely_is_refused_with_a_way_out(
    browser: Client, three: list[Account], said: dict[str, Any]
) -> None:
    if said.get("account") == "first":
        said = {**said, "account": [three[0].uid]}
    before = owners()
    assert browser.post("/accounts/bulk/", said).status_code == 422
    assert owners() == before
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("role", ROLES)
def test_each_role_does_with_many_accounts_what_it_may(
    members: dict[str, Member], signed_in: Signer, scored: Maker, role: str
) -> None:
    member = members[role]
    account = scored("Own", owner=member)
    client = signed_in(member)
    some = {"account": [account.uid]}
    table = {
        "assign": (302 if role in MAY_ASSIGN else 403, {"owner": "nobody"}),
        "tag": (302 if role in MAY_WRITE else 403, {"tag": "vip"}),
        "untag": (302 if role in MAY_WRITE else 403, {"tag": "vip"}),
        "csv": (200 if role in MAY_EXPORT else 403, {}),
        "xlsx": (200 if role in MAY_EXPORT else 403, {}),
        "nonsense": (404, {}),
    }
    got = {do: status(client.post("/accounts/bulk/", {**some, "do": do, **more})) for do, (_, more) in table.items()}
    assert got == {do: expected for do, (expected, _) in table.items()}
    files = {where: status(client.get(where)) for where in ("/accounts.csv", "/accounts.xlsx")}
    assert set(files.values()) == {200 if role in MAY_EXPORT else 403}
    assert client.get("/accounts/counts/").status_code == 200


def test_accounts_of_others_stay_out_of_every_selection(
    members: dict[str, Member], signed_in: Signer, scored: Maker
) -> None:
    stranger = Member.objects.create(
        email="far@firm.example", name="Far", role="account_manager", team=Team.objects.create(name="Far away")
    )
    foreign = scored("Foreign", owner=stranger)
    client = signed_in(members["new_business_seller"])
    said = {"account": [foreign.uid], "tag": "mine", "do": "tag"}
    assert client.post("/accounts/bulk/", said).status_code == 422
    assert client.post("/accounts/bulk/", {**said, "all": "1", "confirmed": "1"}).status_code == 422
    assert tags() == {"Foreign": []}


def test_nobody_takes_back_what_another_did(
    browser: Client, members: dict[str, Member], signed_in: Signer, three: list[Account], priya: Member
) -> None:
    browser.post("/accounts/bulk/", {"account": [three[0].uid], "do": "assign", "owner": priya.uid})
    entry = AuditEntry.objects.get(verb="assign_owner")
    moment = int(entry.at.timestamp()) * 1_000_000 + entry.at.microsecond
    assert signed_in(members["sales_head"]).post(f"/accounts/bulk/{moment}/undo/").status_code == 422
    assert owners()["Anna"] == "Priya Nair"
    assert browser.post(f"/accounts/bulk/{moment}/undo/").status_code == 302
    assert owners()["Anna"] == "Olga Owner"


@pytest.mark.parametrize("moment", ["1", "9" * 30])
def test_there_is_nothing_to_take_back_at_another_moment(browser: Client, moment: str) -> None:
    assert browser.post(f"/accounts/bulk/{moment}/undo/").status_code == 422


def test_a_workbook_holds_the_list_with_figures_as_figures_and_texts_as_texts(
    browser: Client, three: list[Account], scored: Maker
) -> None:
    scored("=1+1", pareto="A", sales_12m=99.5, city="\x01Bonn")
    browser.post("/accounts/columns/", {"column": ["sales", "last_order", "city"]})
    answer = browser.get("/accounts.xlsx?pareto=A&sort=name")
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active  # type: ignore[attr-defined]
    assert isinstance(sheet, Worksheet)
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    assert rows[0] == ["Account", "Customer number", "Sales, 12 months, EUR", "Last order", "City"]
    assert [row[0] for row in rows[1:]] == ["=1+1", "Anna", "Berta"]
    assert sheet.cell(2, 1).data_type == "s"
    assert rows[1][2] == 99.5
    assert str(rows[1][3])[:10] == "2024-11-29"
    assert rows[1][4] == "Bonn"


def test_a_file_of_the_selection_holds_the_selection(browser: Client, three: list[Account]) -> None:
    answer = browser.post("/accounts/bulk/", {"account": [three[2].uid], "do": "csv"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert [line.split(",")[0] for line in text.splitlines()] == ["Account", "Carla"]
