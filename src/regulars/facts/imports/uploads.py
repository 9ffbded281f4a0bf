"""Files handed over in the browser: kept for their member, examined by a job, then imported or thrown away.

An upload has a folder of its own: the files in `files/1/`, `files/2/`, … under the names that the member gave them,
what was found in them (`looks.json`), and the rows that would be rejected (`rejected/`).
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_tasks import TaskResultStatus

from regulars.base.access import Permission, require
from regulars.base.audit import record_change
from regulars.base.jobs import enqueue, job
from regulars.base.models import Job, Member, new_uid
from regulars.base.organisation import organisation, today
from regulars.core.errors import Refusal
from regulars.facts.imports.archives import kind_of
from regulars.facts.imports.progress import Meter
from regulars.facts.imports.rejected import RejectedRow, keep_rejected, rejected_rows
from regulars.facts.imports.runs import NotUnderstood, StagedImport, run_import, stage_import
from regulars.facts.imports.samples import Look, Preview, keep_looks, kept_looks, look_at, preview_looks
from regulars.facts.imports.unreadable import EmptyFile
from regulars.facts.imports.wishes import HowToRead
from regulars.facts.models import Import, Upload
from regulars.facts.rates import MissingRates

KEPT_DAYS: Final = 7
MOST_UPLOADS: Final = 20
"""Of one member, not yet imported."""
RATES_FILE: Final = "exchange-rates.csv"
LONGEST_NAME_BYTES: Final = 150


class NoFile(Refusal):
    """Nothing was handed over."""


class TooManyUploads(Refusal):
    """A member whose uploads lie around."""


class BeingWorkedOn(Refusal):
    """A job is at these files: they cannot be changed, nor imported twice."""


class NothingToImport(Refusal):
    """An upload that was not understood yet."""


def uploads_root() -> Path:
    """The folder of all uploads."""
    return Path(settings.IMPORTS_ROOT) / "uploads"


def folder_of(upload: Upload) -> Path:
    """The folder of one upload."""
    return uploads_root() / str(upload.uid)


def visible_uploads(member: Member) -> QuerySet[Upload]:
    """A member's own uploads, the newest first; nobody sees those of others."""
    require(member, Permission.IMPORT)
    return Upload.objects.filter(member=member).order_by("-pk")


# Receiving


@dataclass
class Incoming:
    """Files that are arriving, in a folder that vanishes unless `keep_upload` keeps it."""

    folder: Path
    names: list[str]

    def target(self, name: str) -> Path:
        """Where the next file is to be written."""
        self.names.append(name)
        place = self.folder / "files" / str(len(self.names))
        place.mkdir(parents=True)
        return place / _short(name)

    @property
    def paths(self) -> list[Path]:
        return _files_in(self.folder)


@contextmanager
def receiving() -> Iterator[Incoming]:
    """A folder for files to arrive in. Whatever happens, nothing of it stays but an upload that was kept."""
    folder = uploads_root() / str(new_uid())
    folder.mkdir(parents=True)
    try:
        yield Incoming(folder, [])
    finally:
        if not Upload.objects.filter(uid=folder.name).exists():
            shutil.rmtree(folder, ignore_errors=True)


def keep_upload(*, incoming: Incoming, member: Member, how: HowToRead | None = None) -> Upload:
    """Keep the files that arrived, once each is seen to be one that can be read, and have a job examine them.

    `how` says how they are to be read, where that is known already.
    Raises `NoFile`, `TooManyUploads`, and an `UnreadableFile` that names the file.
    """
    require(member, Permission.IMPORT)
    if not incoming.paths:
        raise NoFile(_("No file was chosen."), _("Choose one or several files, or drop them here."))
    if Upload.objects.filter(member=member).exclude(state=Upload.State.DONE).count() >= MOST_UPLOADS:
        raise TooManyUploads(
            ngettext(
                "%(count)d upload of yours waits to be imported.",
                "%(count)d uploads of yours wait to be imported.",
                MOST_UPLOADS,
            )
            % {"count": MOST_UPLOADS},
            _("Import some of them or throw them away first."),
        )
    for path in incoming.paths:
        if not path.stat().st_size:
            raise EmptyFile(path.name)
        kind_of(path.name, path)
    with transaction.atomic():
        upload = Upload.objects.create(
            uid=UUID(incoming.folder.name),
            member=member,
            files=_described(incoming.paths),
            wishes=how.to_json() if how else {},
            state=Upload.State.REFUSED,
        )
        record_change(member=member, verb="upload", record=upload, before={}, after={"files": upload.files})
        _examine_again(upload)
    return upload


def _described(paths: Sequence[Path]) -> list[dict[str, Any]]:
    return [{"name": path.name, "size_bytes": path.stat().st_size} for path in paths]


def _files_in(folder: Path) -> list[Path]:
    return sorted((folder / "files").glob("*/*"), key=lambda path: int(path.parent.name))


def _short(name: str) -> str:
    """A name that every file system takes, its ending kept: the ending says what a file is."""
    stem, suffix = Path(name).stem, Path(name).suffix[:20]
    return stem.encode()[:LONGEST_NAME_BYTES].decode(errors="ignore") + suffix


# Examining: what an import would do


def examine_again(*, upload: Upload, member: Member) -> None:
    """Have a job read the files once more, as they are wished to be read now. Raises `BeingWorkedOn`."""
    require(member, Permission.IMPORT)
    with transaction.atomic():
        _examine_again(locked(upload))


def read_as(*, upload: Upload, how: HowToRead, member: Member) -> None:
    """Keep how the files are to be read. What an import would do is known when they are examined again."""
    require(member, Permission.IMPORT)
    with transaction.atomic():
        found = locked(upload)
        found.wishes = how.to_json()
        found.save(update_fields=["wishes", "updated_at"])


def add_rates(*, upload: Upload, rates: Sequence[tuple[str, date, Decimal]], member: Member) -> None:
    """Add exchange rates (currency, from which day, units of the base currency for one) as one more file.

    So they are a part of the import, and go when it is taken back.
    """
    require(member, Permission.IMPORT)
    with transaction.atomic():
        found = locked(upload)
        folder = folder_of(found)
        known = [path for path in _files_in(folder) if path.name == RATES_FILE]
        target = known[0] if known else _next_place(folder) / RATES_FILE
        is_new = not known
        with target.open("a", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            if is_new:
                writer.writerow(("currency", "valid_from", "rate"))
            writer.writerows((currency, day.isoformat(), format(rate, "f")) for currency, day, rate in rates)
        found.files = _described(_files_in(folder))
        _examine_again(found)


def discard_upload(*, upload: Upload, member: Member) -> None:
    """Throw the files away. Raises `BeingWorkedOn`."""
    require(member, Permission.IMPORT)
    with transaction.atomic():
        found = locked(upload)
        record_change(member=member, verb="discard_upload", record=found, before={"files": found.files}, after={})
        found.delete()
        transaction.on_commit(lambda: shutil.rmtree(folder_of(upload), ignore_errors=True))


def locked(upload: Upload) -> Upload:
    """The upload as it is now, held until the transaction ends. Raises `BeingWorkedOn` while a job is at it."""
    found = Upload.objects.select_for_update().get(pk=upload.pk)
    if found.state in (Upload.State.EXAMINING, Upload.State.IMPORTING) and not gave_up(found.job_id):
        raise BeingWorkedOn(_("These files are being worked on right now."), _("Wait until that is finished."))
    return found


def gave_up(job_id: UUID | None) -> bool:
    """Whether a job will not go on by itself: it failed, or is not there any more."""
    found = Job.objects.filter(pk=job_id).first() if job_id else None
    return found is None or found.status == TaskResultStatus.FAILED


def looks_of(upload: Upload) -> list[Look]:
    """What was found in the files."""
    return kept_looks(folder_of(upload) / "looks.json")


def preview_upload(upload: Upload) -> list[Preview]:
    """Sample rows of the files as they would be read now."""
    return preview_looks(looks_of(upload), HowToRead.from_json(upload.wishes), as_of=today(organisation()))


def rejected_of(upload: Upload, *, limit: int) -> list[RejectedRow]:
    """The first rows that the import would leave out, in the language in force."""
    return list(rejected_rows(folder_of(upload) / "rejected", limit=limit))


def _next_place(folder: Path) -> Path:
    taken = [int(path.parent.name) for path in _files_in(folder)]
    place = folder / "files" / str(max(taken, default=0) + 1)
    place.mkdir(parents=True)
    return place


def _examine_again(upload: Upload) -> None:
    upload.state = Upload.State.EXAMINING
    upload.refusal, upload.doing, upload.share_done = {}, "", 0.0
    upload.job_id = enqueue(examine, upload_id=upload.pk, language=translation.get_language() or "en")
    upload.save()


@job(retries=0)
def examine(*, upload_id: int, language: str) -> None:
    """Read the files of an upload and note what is in them and what an import would do, or why there can be none."""
    upload = Upload.objects.filter(pk=upload_id).first()
    if upload is None:
        return  # thrown away meanwhile
    upload.examined_with = upload.wishes
    with translation.override(language):
        try:
            with _staged(upload, Meter(upload).span(0.0, 1.0, reading=True)) as staged:
                _keep_rejected(staged, folder_of(upload) / "rejected")
                upload.report = staged.report.to_json()
                upload.refusal, upload.state = {}, Upload.State.READY
        except Refusal as refusal:
            upload.report = {}
            upload.refusal, upload.state = _refused(refusal), Upload.State.REFUSED
    upload.save(update_fields=["state", "examined_with", "report", "refusal", "updated_at"])


@contextmanager
def _staged(upload: Upload, meter: Meter) -> Iterator[StagedImport]:
    how = HowToRead.from_json(upload.wishes)
    folder = folder_of(upload)
    with stage_import(
        paths=_files_in(folder),
        as_of=today(organisation()),
        source=how.source,
        encoding=how.encoding or None,
        delimiter=how.delimiter or None,
        adjust=how.adjust,
        looked=lambda engine, parts: keep_looks(look_at(engine, parts), folder / "looks.json"),
        progress=meter,
    ) as staged:
        yield staged


def _keep_rejected(staged: StagedImport, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    keep_rejected(staged.engine, [(part.raw, part.mapping) for part in staged.parts], folder)


def _refused(refusal: Refusal) -> dict[str, Any]:
    """The refusal as pages show it."""
    way_out = refusal.way_out
    if isinstance(refusal, NotUnderstood):
        way_out = _("Say below which column is which.")
    said: dict[str, Any] = {"sentence": refusal.sentence, "way_out": way_out}
    if isinstance(refusal, MissingRates):
        said["missing_rates"] = [asdict(gap) for gap in refusal.missing]
        said["way_out"] = _("Type the rates below, or upload a file of rates together with these files.")
    return said


# Importing


def claim_for_import(*, upload: Upload, member: Member) -> Upload:
    """Mark the upload as being imported, within the caller's transaction, which then enqueues the job.

    Raises `BeingWorkedOn`, `NothingToImport`.
    """
    require(member, Permission.IMPORT)
    found = locked(upload)
    is_stale = found.examined_with != found.wishes
    if found.made is None and (found.state == Upload.State.REFUSED or not found.report or is_stale):
        raise NothingToImport(
            _("What an import of these files would do is not known yet."), _("Let all rows be checked first.")
        )
    found.state = Upload.State.IMPORTING
    found.refusal, found.doing, found.share_done = {}, "", 0.0
    return found


def import_upload(*, upload: Upload, meter: Meter) -> Import | None:
    """Put the files of an upload in force and drop them. None, with the reason noted, where that is refused."""
    try:
        with _staged(upload, meter.span(0.0, 0.5, reading=True)) as staged:
            made = run_import(staged, member=upload.member, progress=meter.span(0.5, 0.75))
    except Refusal as refusal:
        upload.refusal, upload.state = _refused(refusal), Upload.State.READY
        upload.save(update_fields=["state", "refusal", "updated_at"])
        return None
    upload.made = made
    upload.save(update_fields=["made", "updated_at"])
    shutil.rmtree(folder_of(upload), ignore_errors=True)
    return made


def finish_upload(upload: Upload) -> None:
    """Nothing is left to do with it."""
    upload.state, upload.share_done = Upload.State.DONE, 1.0
    upload.save(update_fields=["state", "share_done", "updated_at"])


# Tidying


@job(retries=3, pause_seconds=600)
def tidy_uploads() -> int:
    """Throw away uploads that nobody touched for a week, and folders that belong to none. Returns how many."""
    old = Upload.objects.filter(updated_at__lt=timezone.now() - timedelta(days=KEPT_DAYS))
    idle = [one for one in old if one.state != Upload.State.IMPORTING or gave_up(one.job_id)]
    for upload in idle:
        upload.delete()
    known = {str(uid) for uid in Upload.objects.values_list("uid", flat=True)}
    before = (timezone.now() - timedelta(days=1)).timestamp()
    for folder in uploads_root().glob("*"):
        with suppress(FileNotFoundError):
            if folder.name not in known and folder.stat().st_mtime < before:  # younger ones may still be arriving
                shutil.rmtree(folder, ignore_errors=True)
    return len(idle)
