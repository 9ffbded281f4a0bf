"""The history is a ledger of imports: any sequence of imports and undos gives what the imports in force say."""

from __future__ import annotations

import csv
import shutil
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.base.models import TableVersion
from regulars.base.warehouse import open_engine
from regulars.facts.history import HISTORY
from regulars.facts.imports.runs import run_import, stage_import
from regulars.facts.imports.undo import CannotUndo, undo_import
from regulars.facts.models import Account, Contact, Import, Product

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = date(2024, 12, 31)
HEADINGS = ["Order ID", "Line No", "Date", "Customer ID", "Customer", "Product", "Quantity", "Amount"]
Lines = dict[tuple[str, str], int]
"""(order, line) -> amount in minor units."""


def write_orders(file: Path, lines: Lines, *, numbered: bool) -> Path:
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow([name for name in HEADINGS if numbered or name != "Line No"])
        for (order, line), minor in lines.items():
            row = [order, line, "2024-03-0" + order[-1], f"K{order[-1]}", f"Firm {order[-1]}", f"P{line}", "1"]
            if not numbered:
                row.pop(1)
            writer.writerow([*row, f"{minor / 100:.2f}"])
    return file


def bring_in(file: Path) -> Import:
    with stage_import(paths=[file], as_of=TODAY) as staged:
        return run_import(staged)


def history() -> Lines:
    with open_engine() as engine:
        rows = engine.rows(f"SELECT order_id, line_no, net_minor FROM {HISTORY.relation()}")
    assert len(rows) == len({row[:2] for row in rows}), "a line stands twice in the history"
    return {(order, line): minor for order, line, minor in rows}


def start_afresh() -> None:
    for model in (Contact, Product, Account, Import, TableVersion):
        model._default_manager.all().delete()
    shutil.rmtree(django_settings.WAREHOUSE_ROOT, ignore_errors=True)


def in_force(imports: list[tuple[Lines, bool, bool]], *, numbered: bool) -> Lines:
    """What the imports that are in force say, read in their sequence."""
    state: Lines = {}
    for lines, alive, _ in imports:
        if alive:
            if not numbered:
                orders = {order for order, _line in lines}
                state = {key: minor for key, minor in state.items() if key[0] not in orders}
            state |= lines
    return state


numbers = st.sampled_from(["1", "2", "3"])
files_of_lines = st.dictionaries(
    st.tuples(st.sampled_from(["A1", "A2", "A3"]), numbers), st.sampled_from([1000, 2000, 3050]), min_size=1, max_size=6
)


def as_whole_orders(lines: Lines) -> Lines:
    """Lines numbered as Regulars numbers them where the file does not: by their sequence within the order."""
    counts: dict[str, int] = {}
    whole: Lines = {}
    for (order, _line), minor in sorted(lines.items()):
        counts[order] = counts.get(order, 0) + 1
        whole[order, str(counts[order])] = minor
    return whole


@given(
    deeds=st.lists(st.one_of(files_of_lines, st.integers(0, 5)), min_size=2, max_size=7),
    numbered=st.booleans(),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_sequence_of_imports_and_undos_gives_what_the_imports_in_force_say(
    organisation: object, tmp_path: Path, deeds: list[Lines | int], numbered: bool
) -> None:
    start_afresh()
    done: list[tuple[Lines, bool, Import]] = []
    for deed in deeds:
        if isinstance(deed, int):
            if deed < len(done) and done[deed][1]:
                undo_import(import_=done[deed][2])
                done[deed] = (done[deed][0], False, done[deed][2])
        else:
            lines = dict(sorted(deed.items())) if numbered else as_whole_orders(deed)
            done.append((lines, True, bring_in(write_orders(tmp_path / "orders.csv", lines, numbered=numbered))))
        expected = in_force(done, numbered=numbered)  # type: ignore[arg-type]
        assert history() == expected
        orders = {order for lines, alive, _ in done if alive for order, _line in lines}
        assert {f"K{order[-1]}" for order in orders} == set(Account.objects.values_list("external_id", flat=True))


def test_the_same_file_twice_changes_nothing(organisation: object, tmp_path: Path) -> None:
    file = write_orders(tmp_path / "orders.csv", {("A1", "1"): 100, ("A1", "2"): 200}, numbered=True)
    bring_in(file)
    version = HISTORY.version_in_force()
    again = bring_in(file)
    assert again.report["history"] == {"added": 0, "changed": 0, "removed": 0, "unchanged": 2}
    assert HISTORY.version_in_force() == version
    assert Account.objects.count() == 1


def test_a_corrected_export_updates(organisation: object, tmp_path: Path) -> None:
    bring_in(write_orders(tmp_path / "a.csv", {("A1", "1"): 100, ("A1", "2"): 200}, numbered=False))
    second = bring_in(write_orders(tmp_path / "b.csv", {("A1", "1"): 150}, numbered=False))
    assert second.report["history"] == {"added": 0, "changed": 1, "removed": 1, "unchanged": 0}
    assert history() == {("A1", "1"): 150}
    undo_import(import_=second)
    assert history() == {("A1", "1"): 100, ("A1", "2"): 200}


def test_an_import_is_undone_once(organisation: object, tmp_path: Path) -> None:
    import_ = bring_in(write_orders(tmp_path / "a.csv", {("A1", "1"): 100}, numbered=True))
    undo_import(import_=import_)
    with pytest.raises(CannotUndo, match="not in force"):
        undo_import(import_=import_)


def test_undo_keeps_an_account_that_someone_works_with(organisation: object, tmp_path: Path, owner: object) -> None:
    import_ = bring_in(write_orders(tmp_path / "a.csv", {("A1", "1"): 100, ("A2", "1"): 100}, numbered=True))
    account = Account.objects.get(external_id="K1")
    Contact.objects.create(account=account, name="Carla")
    report = undo_import(import_=import_)
    assert list(Account.objects.values_list("external_id", flat=True)) == ["K1"]
    assert report.records_kept == 1


def test_undo_gives_back_what_an_import_changed_in_accounts(organisation: object, tmp_path: Path) -> None:
    first = tmp_path / "customers.csv"
    first.write_text("Customer ID,Customer name,City,Phone,E-mail\nK1,Alpha,Bonn,0228 1,a@example.com\n")
    bring_in(first)
    second = tmp_path / "customers2.csv"
    second.write_text(
        "Customer ID,Customer name,City,Phone,E-mail\nK1,Alpha GmbH,Köln,,a@example.com\nK2,Beta,Bonn,,\n"
    )
    import_ = bring_in(second)
    alpha = Account.objects.get(external_id="K1")
    assert (alpha.name, alpha.city, alpha.phone) == ("Alpha GmbH", "Köln", "0228 1")
    Account.objects.filter(pk=alpha.pk).update(city="Aachen")  # by hand, since
    report = undo_import(import_=import_)
    alpha.refresh_from_db()
    assert (alpha.name, alpha.city) == ("Alpha", "Aachen")
    assert not Account.objects.filter(external_id="K2").exists()
    assert (report.fields_restored, report.fields_kept) == (1, 1)


def test_undo_keeps_a_record_that_a_later_import_brought_too(organisation: object, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("Customer ID,Customer name,City\nK1,Alpha,Bonn\nK2,Beta,Bonn\n")
    first = bring_in(file)
    file.write_text("Customer ID,Customer name,City\nK1,Alpha,Bonn\nK3,Gamma,Bonn\n")
    second = bring_in(file)
    assert second.report["records"]["account"] == {"created": 1, "changed": 0, "unchanged": 1}
    undo_import(import_=first)
    assert set(Account.objects.values_list("external_id", flat=True)) == {"K1", "K3"}
    undo_import(import_=second)
    assert not Account.objects.exists()
