"""Backups kept on the machine of the installation: made by a job, checked at once, listed, removed.

Each is a file in `settings.BACKUPS_ROOT`, with a note of the same name (`.json`) that says what the check found.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import TaskResultStatus

from regulars.base.access import Permission, require
from regulars.base.audit import record_change
from regulars.base.backup import BrokenBackup, backup, check_backup
from regulars.base.jobs import enqueue, job
from regulars.base.models import Job, Member
from regulars.base.organisation import organisation
from regulars.core.errors import Refusal

_NAME = re.compile(r"regulars-\d{8}-\d{6}")


class NoSuchBackup(Refusal):
    """There is no backup of this name."""


class BackupUnderWay(Refusal):
    """One is being made already."""


@dataclass(frozen=True, kw_only=True)
class KeptBackup:
    """One backup. `rows`: how many records it holds; None while it was not checked, or is damaged."""

    name: str
    file: Path
    made_at: datetime
    size_bytes: int
    rows: int | None
    problem: str

    @property
    def is_whole(self) -> bool:
        """It was read to its end after it was written, and is as it should be."""
        return self.rows is not None


def kept_backups() -> list[KeptBackup]:
    """All backups that are whole files, the newest first."""
    folder = Path(settings.BACKUPS_ROOT)
    files = sorted(folder.glob("regulars-*.zip"), reverse=True) if folder.is_dir() else []
    return [_kept(file) for file in files if _NAME.fullmatch(file.stem)]


def find_backup(name: str, *, member: Member | None) -> KeptBackup:
    """The backup of this name, for who may take everything out of the house. Raises `NoSuchBackup`."""
    require(member, Permission.MANAGE_OWNERS)
    found = next((one for one in kept_backups() if one.name == name), None)
    if found is None:
        raise NoSuchBackup(_("There is no backup “%(name)s”.") % {"name": name}, _("Look at the list again."))
    return found


def is_under_way() -> bool:
    """Whether a backup waits to be made or is being made."""
    pending = (TaskResultStatus.READY, TaskResultStatus.RUNNING)
    return Job.objects.filter(task_path=make_backup.module_path, status__in=pending).exists()


@transaction.atomic
def ask_for_backup(*, member: Member | None) -> UUID:
    """Have a job write everything into a new file and check it. Returns the id of the job."""
    require(member, Permission.CONFIGURE)
    if is_under_way():
        raise BackupUnderWay(_("A backup is being made already."), _("Wait for its end."))
    name = f"regulars-{timezone.now():%Y%m%d-%H%M%S}"
    record_change(member=member, verb="ask_for_backup", record=organisation(), before={}, after={"backup": name})
    return enqueue(make_backup, name=name)


@job(retries=2, pause_seconds=300)
def make_backup(*, name: str) -> None:
    """Write the backup, unless an attempt before this one did, then read it again to its end."""
    file = _file(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        backup(file)
    note: dict[str, Any] = {"rows": None, "problem": ""}
    try:
        note["rows"] = check_backup(file).rows
    except BrokenBackup as broken:
        note["problem"] = broken.sentence
    file.with_suffix(".json").write_text(json.dumps(note))


def note_download(*, kept: KeptBackup, member: Member | None) -> None:
    """Write down that everything was taken out of the house."""
    require(member, Permission.MANAGE_OWNERS)
    after = {"backup": kept.name}
    record_change(member=member, verb="download_backup", record=organisation(), before={}, after=after)


def remove_backup(*, kept: KeptBackup, member: Member | None) -> None:
    """Remove a backup for good."""
    require(member, Permission.MANAGE_OWNERS)
    before = {"backup": kept.name}
    record_change(member=member, verb="remove_backup", record=organisation(), before=before, after={})
    kept.file.unlink(missing_ok=True)
    kept.file.with_suffix(".json").unlink(missing_ok=True)


def _file(name: str) -> Path:
    assert _NAME.fullmatch(name), name
    return Path(settings.BACKUPS_ROOT) / f"{name}.zip"


def _kept(file: Path) -> KeptBackup:
    note_file = file.with_suffix(".json")
    note = json.loads(note_file.read_text()) if note_file.exists() else {"rows": None, "problem": ""}
    made_at = datetime.strptime(file.stem, "regulars-%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    return KeptBackup(name=file.stem, file=file, made_at=made_at, size_bytes=file.stat().st_size, **note)
