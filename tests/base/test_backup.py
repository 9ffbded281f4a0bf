"""Backup and restore: everything, in one piece, from any database to any other."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

import jobs_for_tests as jobs
import regulars.base.backup as module
from regulars.base.backup import BrokenBackup, CannotBackUp, CannotRestore, backup, restore
from regulars.base.jobs import enqueue
from regulars.base.json_lines import WrongColumns, dump_records, load_records
from regulars.base.locks import Busy, exclusive
from regulars.base.members import create_member
from regulars.base.models import AuditEntry, Department, Member, TableVersion, Team, Worker, new_uid
from regulars.base.organisation import create_organisation
from regulars.base.warehouse import open_engine
from regulars.facts.history import HISTORY
from regulars.facts.models import Account, Contact, ExchangeRate, Product, Tag

pytestmark = pytest.mark.django_db(transaction=True)

Start = Callable[..., "subprocess.Popen[str]"]

LINES = """
    SELECT 'shop' AS source, 'o' || i AS order_id, '1' AS line_no, i % 7 AS account_id,
        DATE '2026-01-01' AS business_date, 'p' AS product, NULL::VARCHAR AS category, 1.5 AS quantity,
        'EUR' AS currency, i AS net_minor, i AS net_base_minor, NULL::BIGINT AS cost_base_minor,
        0 AS discount_base_minor, NULL::VARCHAR AS seller, NULL::VARCHAR AS department, NULL::VARCHAR AS channel,
        'sale' AS kind, 1 AS import_id
    FROM range({first}, {last}) AS r(i)"""


def add_lines(first: int, last: int) -> None:
    with open_engine() as engine:
        HISTORY.writable()
        HISTORY.put_in_force(HISTORY.append(engine, LINES.format(first=first, last=last)))


def sum_of_lines(version: int | None = None) -> int:
    with open_engine() as engine:
        return int(engine.value(f"SELECT coalesce(sum(net_minor), 0) FROM {HISTORY.relation(version)}"))


def fill() -> None:
    """An installation with something of every kind of value and relation."""
    create_organisation(name="Druckerei “Süd”", base_currency="NPR", time_zone="Asia/Kathmandu", language="ne")
    sales = Department.objects.create(name="Sales")
    north = Department.objects.create(name="North", parent=sales)
    team = Team.objects.create(name="नेपाल", department=north)
    owner = create_member(member=None, email="o@example.com", name="Olga", role="owner", password="x", team=team)
    child = Account.objects.create(name='Quote " comma, \n line \r break \u2028', owner=owner, source="shop")
    parent = Account.objects.create(name="Parent", custom={"since": 1999, "nested": [None, True, 1.25, "ß"]}, team=team)
    Account.objects.filter(pk=child.pk).update(parent=parent)  # points to a row after its own
    Account.objects.create(name="Twin", merged_into=child, source="shop", external_id="17")
    child.tags.add(Tag.objects.create(name="vip"), Tag.objects.create(name="old"))
    Contact.objects.create(account=child, name="Rita")
    Product.objects.create(name="Paper", cost=Decimal("0.1234"), currency="EUR", source="shop", external_id="p")
    ExchangeRate.objects.create(currency="USD", valid_from=date(1999, 12, 31), rate=Decimal("0.0000000001"))
    enqueue(jobs.nightly)
    add_lines(0, 1000)
    add_lines(1000, 1500)
    kept = Path(settings.IMPORTS_ROOT) / str(new_uid())
    kept.mkdir(parents=True)
    (kept / "rejected.csv").write_text("line;reason\n7;no customer\n", encoding="utf-8")


def content() -> dict[str, list[Any]]:
    """All rows of all tables, without what says where and when they were restored."""
    left_out = {Worker, TableVersion}
    rows = {
        model._meta.label: [json.loads(line) for line in dump_records(model)][1:]
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy and model not in left_out
    }
    rows["base.AuditEntry"] = [row for row in rows["base.AuditEntry"] if "restore" not in row]
    rows["versions"] = list(TableVersion.objects.order_by("table").values_list("table", "version"))
    return rows


def kept_files() -> dict[str, bytes]:
    root = Path(settings.IMPORTS_ROOT)
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path, start_python: Start) -> Callable[[str], None]:
    """Run Python code in another, empty installation."""
    home = tmp_path / "elsewhere"
    home.mkdir()
    database = f"sqlite:///{home / 'other.sqlite3'}"
    if request.param == "PostgreSQL":
        database = request.getfixturevalue("postgres_url")
    environment = os.environ | {
        "DATABASE_URL": database,
        "REGULARS_HOME": str(home),
        "REGULARS_WAREHOUSE": str(home / "warehouse"),
        "REGULARS_IMPORTS": str(home / "imports"),
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }

    def run(code: str) -> None:
        start = "import django; django.setup(); from pathlib import Path; from regulars.base.backup import *\n"
        process = start_python("-c", start + code, env=environment)
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0, output

    return run


def test_everything_survives_the_way_to_another_database_and_back(
    tmp_path: Path, elsewhere: Callable[[str], None]
) -> None:
    fill()
    before, files, lines = content(), kept_files(), sum_of_lines()
    assert lines == sum(range(1500))
    there, back = tmp_path / "there.zip", tmp_path / "back.zip"
    backup(there)
    elsewhere(
        f"restore(Path({str(there)!r}))\n"
        "from regulars.facts.models import Tag, Account\n"
        "Tag.objects.create(name='new ids go on after the restored ones').delete()\n"
        "assert Account.objects.get(name='Parent').custom['nested'] == [None, True, 1.25, 'ß']\n"
        f"backup(Path({str(back)!r}))"
    )
    Account.objects.create(name="made after the backup")
    add_lines(1500, 1600)
    restore(back, replace=True)
    assert content() == before
    assert kept_files() == files
    assert sum_of_lines() == lines
    assert Account.objects.get(pk=Account.objects.create(name="next").pk).pk > before["facts.Account"][-1][0]


def test_a_restored_history_is_written_and_taken_back_as_before(tmp_path: Path) -> None:
    """E.g. the undo of an import that was made before the backup."""
    fill()
    earlier = HISTORY.version_in_force() - 1
    backup(tmp_path / "b.zip")
    add_lines(9000, 9100)
    restore(tmp_path / "b.zip", replace=True)
    assert sum_of_lines(earlier) == sum(range(1000))
    HISTORY.writable()
    HISTORY.put_in_force(HISTORY.restore(earlier))
    assert sum_of_lines() == sum(range(1000))
    add_lines(1000, 1001)
    assert sum_of_lines() == sum(range(1001))


def test_times_survive_to_the_microsecond(tmp_path: Path) -> None:
    team = Team.objects.create(name="North")
    moment = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    Team.objects.update(created_at=moment, updated_at=moment, uid=UUID(int=7))
    backup(tmp_path / "b.zip")
    restore(tmp_path / "b.zip", replace=True)
    team.refresh_from_db()
    assert (team.created_at, team.updated_at, team.uid) == (moment, moment, UUID(int=7))


def test_an_installation_in_use_is_not_replaced_by_accident(tmp_path: Path) -> None:
    fill()
    backup(tmp_path / "b.zip")
    before = content()
    with pytest.raises(CannotRestore, match="holds records"):
        restore(tmp_path / "b.zip")
    assert content() == before


def test_nothing_is_restored_under_a_running_worker(tmp_path: Path) -> None:
    backup(tmp_path / "b.zip")
    now = datetime.now(UTC)
    Worker.objects.create(id="w", machine="elsewhere", process=1, started_at=now, seen_at=now)
    with pytest.raises(CannotRestore, match="worker"):
        restore(tmp_path / "b.zip")


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def flip(file: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        entry = max(archive.infolist(), key=lambda one: one.compress_size)
        middle = entry.header_offset + len(entry.filename) + 60 + entry.compress_size // 2
    content = bytearray(file.read_bytes())
    content[middle] ^= 1
    file.write_bytes(content)


def empty(file: Path) -> None:
    file.write_bytes(b"")


def be_something_else(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("hello.txt", "hello")


def lie_about_the_content(file: Path) -> None:
    """A record file that is whole by itself, but not the one that the manifest speaks of."""
    with zipfile.ZipFile(file) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    entries["records/base.organisation.jsonl"] = entries["records/base.organisation.jsonl"].replace(b"NPR", b"USD")
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in entries.items():
            archive.writestr(name, text)


def reach_outside(file: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(entries.pop("manifest.json"))
    manifest["entries"]["imports/../../outside"] = manifest["entries"]["records/base.team.jsonl"]
    entries["imports/../../outside"] = entries["records/base.team.jsonl"]
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in entries.items():
            archive.writestr(name, text)
        archive.writestr("manifest.json", json.dumps(manifest))


@pytest.mark.parametrize("damage", [cut, flip, empty, be_something_else, lie_about_the_content, reach_outside])
def test_a_damaged_file_is_refused_before_anything_changes(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    fill()
    file = tmp_path / "b.zip"
    backup(file)
    Account.objects.create(name="made after the backup")
    before, files = content(), kept_files()
    damage(file)
    with pytest.raises(BrokenBackup) as refusal:
        restore(file, replace=True)
    assert "Nothing was changed" in refusal.value.way_out
    assert (content(), kept_files(), sum_of_lines()) == (before, files, sum(range(1500)))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokenBackup, match="no file"):
        restore(tmp_path / "b.zip")


def test_a_backup_of_other_records_names_the_version_to_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_migrations", lambda: [["base", "0099_from_the_future"]])
    backup(tmp_path / "b.zip")
    monkeypatch.undo()
    with pytest.raises(CannotRestore, match="same version"):
        restore(tmp_path / "b.zip")


def test_a_restore_that_fails_in_the_middle_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill()
    backup(tmp_path / "b.zip")
    Account.objects.create(name="made after the backup")
    before, files, folders = content(), kept_files(), sorted(Path(settings.WAREHOUSE_ROOT).iterdir())

    def fail(model: Any, lines: Any) -> int:
        if model is Contact:
            raise WrongColumns("facts.Contact")
        return real(model, lines)

    real = load_records
    monkeypatch.setattr(module, "load_records", fail)
    with pytest.raises(CannotRestore):
        restore(tmp_path / "b.zip", replace=True)
    assert (content(), kept_files(), sum_of_lines()) == (before, files, sum(range(1500)))
    assert sorted(Path(settings.WAREHOUSE_ROOT).iterdir()) == folders
    assert not list(Path(settings.IMPORTS_ROOT).glob(".restoring*"))


def test_a_restore_that_is_killed_leaves_the_old_state_and_can_be_repeated(tmp_path: Path, start_python: Start) -> None:
    fill()
    backup(tmp_path / "b.zip")
    saved = content()
    Account.objects.create(name="made after the backup")
    before = content()
    code = (
        "import django, os; django.setup(); from pathlib import Path; import regulars.base.backup as module\n"
        "module._note = lambda *_: os._exit(9)\n"
        f"module.restore(Path({str(tmp_path / 'b.zip')!r}), replace=True)"
    )
    assert start_python("-c", code, env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}).wait(60) == 9
    assert content() == before
    assert sum_of_lines() == sum(range(1500))
    restore(tmp_path / "b.zip", replace=True)
    assert content() == saved
    assert not list(Path(settings.IMPORTS_ROOT).glob(".restoring*"))
    assert len(list(Path(settings.WAREHOUSE_ROOT).iterdir())) == 1


def test_a_backup_shows_one_moment_and_keeps_no_writer_waiting(tmp_path: Path) -> None:
    fill()
    before = content()
    written: list[str] = []

    def write() -> None:
        Tag.objects.create(name="during the backup")
        Member.objects.update(name="during the backup")
        written.append("yes")
        connection.close()

    def meanwhile(what: str, share: float | None) -> None:
        if share and not written:
            writer = threading.Thread(target=write)
            writer.start()
            writer.join(20)
            assert written, "the writer had to wait for the backup"

    backup(tmp_path / "b.zip", progress=meanwhile)
    assert Tag.objects.filter(name="during the backup").exists()
    restore(tmp_path / "b.zip", replace=True)
    assert content() == before


def test_a_backup_waits_for_an_import_and_then_says_so(tmp_path: Path, start_python: Start) -> None:
    code = (
        "import django, sys; django.setup()\n"
        "from regulars.base.locks import exclusive\n"
        "with exclusive('history'):\n    print('held', flush=True); sys.stdin.read()"
    )
    importer = start_python("-c", code, stdin=subprocess.PIPE)
    assert importer.stdout is not None
    assert importer.stdout.readline() == "held\n"
    with pytest.raises(Busy):
        backup(tmp_path / "b.zip", wait_seconds=0.2)
    importer.communicate()
    backup(tmp_path / "b.zip", wait_seconds=20)
    assert not list(tmp_path.glob(".*.part"))
    with exclusive("history"):
        pass


def test_a_backup_is_for_its_owners_eyes_and_never_replaces_an_older_one(tmp_path: Path) -> None:
    file = tmp_path / "b.zip"
    manifest = backup(file)
    with pytest.raises(CannotBackUp):
        backup(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert manifest.rows > 0
    assert zipfile.is_zipfile(file)
    assert list(tmp_path.glob(".*")) == []


def test_a_backup_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CannotBackUp):
        backup(tmp_path / "no such folder" / "b.zip")
    with pytest.raises(CannotBackUp):
        backup(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_write_folder", full)
    with pytest.raises(CannotBackUp, match="disk is full"):
        backup(tmp_path / "b.zip")
    assert not list(tmp_path.glob("*.zip")) + list(tmp_path.glob(".*"))


def test_a_restore_is_noted(tmp_path: Path) -> None:
    manifest = backup(tmp_path / "b.zip")
    restore(tmp_path / "b.zip")
    assert AuditEntry.objects.get(verb="restore").after["made_at"] == manifest.made_at
