"""The main job, through the command line, on a real database and a real warehouse."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from command_line import Regulars

LAST_DAY = "2025-12-31"


@pytest.fixture
def imported(regulars: Regulars, orders: Path) -> Path:
    """The printer's orders are in, and scored as of their last day."""
    ran = regulars("import", orders, "--currency", "EUR", "--as-of", LAST_DAY)
    assert ran.code == 0, ran.out + ran.err
    return orders


def read(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_an_order_file_becomes_a_ranked_list_with_reasons(regulars: Regulars, imported: Path) -> None:
    """A6, C1, E16: without any configuration."""
    found = regulars("today", "--as-of", LAST_DAY, "--json").data
    assert found["on"] == LAST_DAY
    assert 1 <= len(found["items"]) <= 7
    expected = [item["expected"]["amount"] for item in found["items"]]
    assert expected == sorted(expected, reverse=True)
    assert all(item["sentences"] and item["advice"] for item in found["items"])
    silent = [item["account"]["name"] for item in found["items"] if item["cause"] == "gone_silent"]
    assert silent
    assert all(int(name.removeprefix("Firm ")) % 5 == 0 for name in silent)


def test_the_list_for_people_names_account_cause_money_and_number(regulars: Regulars, imported: Path) -> None:
    found = regulars("today", "--as-of", LAST_DAY, "--json").data["items"][0]
    shown = regulars("today", "--as-of", LAST_DAY).out
    assert found["account"]["name"] in shown
    assert str(found["action"]["number"]) in shown
    assert "€" in shown


def test_a_dry_run_changes_nothing_and_tells_the_totals(regulars: Regulars, orders: Path) -> None:
    told = regulars("import", orders, "--currency", "EUR", "--dry-run", "--json").data
    lines = read(orders)
    assert told["dry_run"] is True
    assert told["lines_accepted"] == len(lines)
    assert sum(month["net_minor"] for month in told["months"]) == sum(round(float(line["Net"]) * 100) for line in lines)
    assert told["without_customer"]["lines"] == 1
    assert regulars("imports", "--json").data == []


def test_the_same_file_twice_changes_nothing(regulars: Regulars, imported: Path) -> None:
    before = regulars("accounts", "--limit", "100", "--json").data
    again = regulars("import", imported, "--as-of", LAST_DAY, "--json").data
    assert again["history"]["added"] == again["history"]["changed"] == again["history"]["removed"] == 0
    assert regulars("accounts", "--limit", "100", "--json").data == before


def test_a_corrected_export_updates_and_undo_restores(regulars: Regulars, imported: Path) -> None:
    before = regulars("portfolio", "--json").data
    lines = read(imported)
    for line in lines:
        if line["Customer no."] == "K030":
            line["Net"] = str(float(line["Net"]) * 2)
    corrected = imported.with_name("corrected.csv")
    with corrected.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    report = regulars("import", corrected, "--as-of", LAST_DAY, "--json").data
    assert report["history"]["changed"] > 0
    assert report["history"]["added"] == 0
    assert regulars("portfolio", "--json").data != before
    assert regulars("undo", "--yes", "--as-of", LAST_DAY).code == 0
    assert regulars("portfolio", "--json").data == before


def test_undo_of_the_only_import_leaves_nothing(regulars: Regulars, imported: Path) -> None:
    assert regulars("undo", "--yes", "--as-of", LAST_DAY).code == 0
    assert regulars("accounts", "--json").data == []
    assert regulars("imports", "--json").data[0]["state"] == "undone"


def test_rejected_rows_are_corrected_and_come_back(regulars: Regulars, orders: Path, tmp_path: Path) -> None:
    rows = orders.read_text(encoding="utf-8").splitlines()
    cells = rows[5].split(",")
    rows[5] = ",".join([cells[0], "2024-13-45", *cells[2:]])
    orders.write_text("\n".join(rows) + "\n", encoding="utf-8")
    ran = regulars("import", orders, "--currency", "EUR", "--as-of", LAST_DAY)
    assert ran.code == 3
    assert "regulars rejected" in ran.out
    rejected = regulars("rejected", "--json").data
    assert len(rejected) == 1
    assert "2024-13-45" in rejected[0]["sentence"]

    file = tmp_path / "rejected.csv"
    assert regulars("rejected", "--to", file).code == 0
    file.write_text(file.read_text(encoding="utf-8-sig").replace("2024-13-45", "2024-01-15"), encoding="utf-8")
    back = regulars("import", file, "--as-of", LAST_DAY, "--json")
    assert back.code == 0
    assert back.data["history"]["added"] == 1
    assert back.data["history"]["removed"] == 0


def test_one_account_is_told_with_figures_sentences_and_last_lines(regulars: Regulars, imported: Path) -> None:
    """E17, and no number without its sentence."""
    found = regulars("account", "K005", "--json").data
    assert found["name"] == "Firm 5"
    assert found["figures"]["silence_days"] > 100
    assert found["figures"]["sales_12m"]["currency"] == "EUR"
    assert found["sentences"]
    assert found["last_lines"]
    shown = regulars("account", "Firm 5").out
    assert found["sentences"][0]["text"].split()[0] in shown


def test_an_accounts_months_add_up_to_what_its_file_says(regulars: Regulars, imported: Path) -> None:
    """E17."""
    expected: dict[str, float] = {}
    for line in read(imported):
        if line["Customer no."] == "K001":
            month = f"{line['Date'][:7]}-01"
            expected[month] = expected.get(month, 0.0) + float(line["Net"])
    found = regulars("account", "K001", "--as-of", LAST_DAY, "--json").data["months"]
    assert {month["month"]: month["sales"]["amount"] for month in found} == pytest.approx(expected)


def test_figures_as_of_an_earlier_day_know_nothing_of_later_orders(regulars: Regulars, imported: Path) -> None:
    then = regulars("account", "K001", "--as-of", "2024-12-31", "--json").data["figures"]
    now = regulars("account", "K001", "--json").data["figures"]
    assert then["last_order"] <= "2024-12-31" < now["last_order"]
    listed = regulars("accounts", "--as-of", "2024-12-31", "--limit", "100", "--json").data
    assert {one["customer_number"]: one["figures"] for one in listed}["K001"] == then
    assert regulars("portfolio", "--as-of", "2024-12-31", "--json").data["as_of"] == "2024-12-31"


def test_accounts_are_filtered_and_sorted(regulars: Regulars, imported: Path) -> None:
    """C1, E1."""
    by_risk = regulars("accounts", "--sort", "risk", "--pareto", "a", "--json").data
    at_risk = [one["figures"]["value_at_risk"]["amount"] for one in by_risk if one["figures"]["value_at_risk"]]
    assert at_risk == sorted(at_risk, reverse=True)
    assert {one["figures"]["pareto"] for one in by_risk} == {"A"}
    assert [one["name"] for one in regulars("accounts", "Firm 31", "--json").data] == ["Firm 31"]


def test_what_was_done_is_noted_and_leaves_the_list(regulars: Regulars, imported: Path) -> None:
    first = regulars("today", "--as-of", LAST_DAY, "--json").data["items"][0]
    number = first["action"]["number"]
    assert regulars("done", number, "--outcome", "reached, will order", "--as-of", LAST_DAY).code == 0
    left = regulars("today", "--as-of", LAST_DAY, "--json").data["items"]
    assert number not in [item["action"]["number"] for item in left]
    talks = regulars("account", f"#{first['account']['number']}", "--json").data["interactions"]
    assert talks[0]["outcome"] == "reached, will order"
    assert regulars("done", number, "--outcome", "again").code == 2
    assert regulars("reopen", number).code == 0
    assert regulars("account", f"#{first['account']['number']}", "--json").data["interactions"] == []


def test_snoozed_and_dismissed_actions_leave_the_list(regulars: Regulars, imported: Path) -> None:
    items = regulars("today", "--as-of", LAST_DAY, "--json").data["items"]
    first, second = items[0]["action"]["number"], items[1]["action"]["number"]
    snoozed = regulars("snooze", first, "--until", "+14", "--reason", "holiday", "--as-of", LAST_DAY, "--json").data
    assert snoozed["snoozed_until"] == "2026-01-14"
    assert regulars("not-useful", second, "--reason", "closed its shop", "--as-of", LAST_DAY).code == 0
    left = [item["action"]["number"] for item in regulars("today", "--as-of", LAST_DAY, "--json").data["items"]]
    assert first not in left
    assert second not in left
    received = {one["cause"]: one for one in regulars("acceptance", "--json").data}
    assert received[items[1]["cause"]]["not_useful"] == 1


def test_an_owner_sees_own_accounts_on_the_list(regulars: Regulars, imported: Path) -> None:
    regulars("member", "add", "mia@example.com", "--name", "Mia Moser")
    first = regulars("today", "--as-of", LAST_DAY, "--json").data["items"][0]["account"]["number"]
    assert regulars("today", "--as", "Mia", "--as-of", LAST_DAY, "--json").data["items"] == []
    assert regulars("account", f"#{first}", "--as", "Mia").code == 2


@pytest.mark.django_db(transaction=True)  # a backup reads in a transaction of its own
def test_backup_and_restore_bring_everything_back(regulars: Regulars, imported: Path, tmp_path: Path) -> None:
    before = [regulars(command, "--json").data for command in ("accounts", "portfolio", "imports")]
    file = tmp_path / "backup.zip"
    assert regulars("backup", file).code == 0
    assert regulars("undo", "--yes", "--as-of", LAST_DAY).code == 0
    assert regulars("restore", file).code == 2
    assert regulars("restore", file, "--replace").code == 0
    assert [regulars(command, "--json").data for command in ("accounts", "portfolio", "imports")] == before


def test_a_file_that_is_no_list_is_refused_with_what_is_missing(regulars: Regulars, tmp_path: Path) -> None:
    cities = tmp_path / "cities.csv"
    cities.write_text("City,Inhabitants\nBerlin,3700000\nPokhara,400000\n", encoding="utf-8")
    ran = regulars("import", cities)
    assert ran.code == 2
    assert "--map" in ran.err
    assert regulars("imports", "--json").data == []


def test_duplicates_are_merged_and_taken_apart(regulars: Regulars, imported: Path) -> None:
    both = regulars("accounts", "--limit", "100", "--json").data
    merged = regulars("merge", "K001", "K002", "--json").data
    assert merged["kept"]["customer_number"] == "K001"
    assert len(regulars("accounts", "--limit", "100", "--json").data) == len(both) - 1
    assert regulars("unmerge").code == 0
    assert len(regulars("accounts", "--limit", "100", "--json").data) == len(both)


def test_a_talk_is_logged(regulars: Regulars, imported: Path) -> None:
    assert regulars("log", "K003", "--kind", "visit", "--outcome", "new machine in spring").code == 0
    assert regulars("account", "K003", "--json").data["interactions"][0]["kind"] == "visit"


@pytest.mark.parametrize(
    "wrong",
    [
        ("--map", "net_amount=Nope"),
        ("--map", "nonsense=Date"),
        ("--map", "net_amount="),
        ("--date-order", "xyz"),
        ("--decimal", ";"),
        ("--currency", "EURO"),
        ("--content", "bananas"),
    ],
)
def test_a_wish_that_cannot_be_followed_is_refused_also_where_a_mapping_is_saved(
    regulars: Regulars, imported: Path, wrong: tuple[str, str]
) -> None:
    ran = regulars("import", imported, "--as-of", LAST_DAY, "--dry-run", *wrong)
    assert ran.code == 2
    assert len(ran.err.splitlines()) >= 2


def test_rejected_rows_for_a_folder_that_is_not_there_are_refused(regulars: Regulars, orders: Path) -> None:
    orders.write_text(orders.read_text(encoding="utf-8") + "O-x,,K001,Firm 1,P1,1,5.00\n", encoding="utf-8")
    assert regulars("import", orders, "--currency", "EUR", "--as-of", LAST_DAY).code == 3
    ran = regulars("rejected", "--to", orders.parent / "nowhere" / "rejected.csv")
    assert ran.code == 2
    assert "nowhere" in ran.err.replace("\n", "")


def test_the_dry_run_ends_with_the_total_of_the_file_rows_without_a_date_included(
    regulars: Regulars, orders: Path
) -> None:
    orders.write_text(orders.read_text(encoding="utf-8") + "O-x,,K001,Firm 1,P1,1,5.00\n", encoding="utf-8")
    shown = regulars("import", orders, "--currency", "EUR", "--as-of", LAST_DAY, "--dry-run").out
    total = sum(float(line["Net"]) for line in read(orders))
    last = next(line for line in shown.splitlines() if line.startswith("together"))
    assert last.split()[-1] == f"{total:,.2f}"
    assert "no date" in shown


def test_an_import_of_many_files_stays_one_readable_line(regulars: Regulars, orders: Path) -> None:
    parts = orders.parent / "parts"
    parts.mkdir()
    head, *rows = orders.read_text(encoding="utf-8").splitlines()
    for number in range(8):
        text = "\n".join([head, *rows[number::8]]) + "\n"
        (parts / f"part_of_the_orders_number_{number}.csv").write_text(text, encoding="utf-8")
    assert regulars("import", parts, "--currency", "EUR", "--as-of", LAST_DAY).code == 0
    shown = regulars("imports").out
    assert "5 more" in " ".join(shown.split())
    assert "number_7" not in shown


def test_a_file_that_is_not_understood_is_once_its_columns_are_named(regulars: Regulars, tmp_path: Path) -> None:
    """The way out that the refusal offers."""
    file = tmp_path / "odd.csv"
    file.write_text('Chit,When,Worth,Whom\nA1,05.01.2026,"5,00",Alpha\nA2,06.01.2026,"6,00",Beta\n', encoding="utf-8")
    some = ("import", file, "--as-of", "2026-01-31", "--map", "order_id=Chit", "--map", "business_date=When")
    refused = regulars(*some)
    assert refused.code == 2
    assert "numbers" not in refused.err
    assert "amounts" in refused.err
    ran = regulars(*some, "--map", "net_amount=Worth", "--map", "account_name=Whom")
    assert ran.code == 0, ran.err
    assert {one["name"] for one in regulars("accounts", "--json").data} == {"Alpha", "Beta"}
    assert regulars("import", file, "--as-of", "2026-01-31").code == 0


def test_an_account_is_assigned_and_its_action_can_be_reassigned_then(regulars: Regulars, imported: Path) -> None:
    """The way out that the refusal of `reassign` offers."""
    regulars("member", "add", "mia@example.com", "--name", "Mia Moser")
    first = regulars("today", "--as-of", LAST_DAY, "--json").data["items"][0]
    account, action = f"#{first['account']['number']}", first["action"]["number"]
    refused = regulars("reassign", action, "Mia")
    assert refused.code == 2
    assert "regulars assign" in " ".join(refused.err.split())
    assert regulars("assign", account, "Mia").code == 0
    assert regulars("reassign", action, "Mia").code == 0
    assert [one["number"] for one in regulars("accounts", "--as", "Mia", "--json").data] == [first["account"]["number"]]
    assert regulars("assign", account, "nobody", "--as", "Mia").code == 2
    assert regulars("assign", account, "nobody", "--json").data["owner"] is None


@pytest.mark.parametrize("wrong", [("--pareto", "Z"), ("--buyer", "seldom")])
def test_a_filter_that_does_not_exist_is_refused(regulars: Regulars, imported: Path, wrong: tuple[str, str]) -> None:
    assert regulars("accounts", *wrong).code == 2


def test_a_merge_says_when_the_figures_follow(regulars: Regulars, imported: Path) -> None:
    assert "regulars score" in regulars("merge", "K001", "K002").out
    assert "regulars score" in regulars("unmerge").out
    none_left = regulars("unmerge")
    assert none_left.code == 2
    assert "regulars unmerge" not in none_left.err


def test_rules_are_listed_in_a_line_or_two_each_with_their_source(regulars: Regulars) -> None:
    shown = regulars("rule", "list").out
    assert "uci_online_retail" in "".join(shown.split())
    assert len(shown.splitlines()) < 120
