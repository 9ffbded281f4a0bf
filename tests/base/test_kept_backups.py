"""Backups kept on the machine: who may have them made, taken out and removed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from regulars.base.access import Forbidden
from regulars.base.kept_backups import (
    BackupUnderWay,
    NoSuchBackup,
    ask_for_backup,
    find_backup,
    kept_backups,
    make_backup,
    note_download,
    remove_backup,
)
from regulars.base.models import AuditEntry, Job, Member

NAME = "regulars-20260101-120000"


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.BACKUPS_ROOT = str(tmp_path / "backups")
    return tmp_path / "backups"


@pytest.mark.django_db(transaction=True)
def test_a_backup_is_checked_when_it_is_made_and_not_written_twice(organisation: Any, folder: Path) -> None:
    make_backup.call(name=NAME)
    kept = kept_backups()[0]
    assert kept.name == NAME
    assert kept.made_at.isoformat() == "2026-01-01T12:00:00+00:00"
    assert kept.is_whole
    assert kept.rows
    written_at = kept.file.stat().st_mtime_ns
    make_backup.call(name=NAME)
    assert kept.file.stat().st_mtime_ns == written_at


def test_other_files_in_the_folder_are_no_backups(owner: Member, folder: Path) -> None:
    folder.mkdir()
    for name in ("notes.zip", "regulars-latest.zip", "regulars-20260101-120000.zip.part"):
        (folder / name).write_text("x")
    assert kept_backups() == []
    with pytest.raises(NoSuchBackup):
        find_backup("../regulars", member=owner)


def test_one_backup_is_made_at_a_time(owner: Member) -> None:
    ask_for_backup(member=owner)
    with pytest.raises(BackupUnderWay):
        ask_for_backup(member=owner)
    assert Job.objects.count() == 1
    assert AuditEntry.objects.filter(verb="ask_for_backup", member=owner).count() == 1


@pytest.mark.parametrize("role", ["sales_head", "analyst"])
def test_only_owners_take_one_out_or_remove_it(owner: Member, role: str, folder: Path) -> None:
    folder.mkdir()
    (folder / f"{NAME}.zip").write_text("everything")
    someone = Member.objects.create(email="s@firm.example", name="S", role=role)
    kept = find_backup(NAME, member=owner)
    with pytest.raises(Forbidden):
        find_backup(NAME, member=someone)
    with pytest.raises(Forbidden):
        note_download(kept=kept, member=someone)
    with pytest.raises(Forbidden):
        remove_backup(kept=kept, member=someone)
    assert kept.file.exists()


def test_who_may_not_configure_has_none_made(organisation: Any) -> None:
    with pytest.raises(Forbidden):
        ask_for_backup(member=Member.objects.create(email="s@firm.example", name="S", role="analyst"))
