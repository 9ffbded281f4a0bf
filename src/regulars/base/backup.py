"""Backup and restore of all that an installation knows, as one file: records, warehouse, kept files of imports.

The file is a zip: `manifest.json`, `records/*.jsonl`, `warehouse/<table>/…`, `imports/…`. It knows no engine: what was
backed up on SQLite restores on PostgreSQL and the other way round. docs/methods/backup.md describes the method.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from allauth.usersessions.models import UserSession
from django.apps import apps
from django.conf import settings
from django.core.management.color import no_style
from django.db import DatabaseError, connection, models, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars import __version__
from regulars.base.json_lines import WrongColumns, dump_records, load_records
from regulars.base.locks import exclusive
from regulars.base.mail.outbox import doubt_waiting
from regulars.base.models import AuditEntry, TableVersion, Worker, new_uid
from regulars.base.schema import bring_up_to_date
from regulars.base.warehouse import warehouse_root
from regulars.base.worker import living_workers
from regulars.core.errors import Refusal

FORMAT = 1
CHUNK_BYTES = 1 << 20
_PACKED = {".parquet", ".gz", ".zip", ".zst"}

Progress = Callable[[str, float | None], None]
"""Told what is done now, and how much of it (0 to 1; None: not known)."""


class CannotBackUp(Refusal):
    """The backup cannot be written."""


class BrokenBackup(Refusal):
    """The file is no backup, or not all of one."""


class CannotRestore(Refusal):
    """The backup cannot be restored here."""


@dataclass
class Manifest:
    """What a backup holds. `entries`: SHA-256 and bytes by path; `records`: rows by model; `tables`: versions."""

    version: str
    made_at: str
    database: str
    migrations: list[list[str]]
    records: dict[str, int] = field(default_factory=dict)
    tables: dict[str, int] = field(default_factory=dict)
    entries: dict[str, tuple[str, int]] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def rows(self) -> int:
        """How many records it holds."""
        return sum(self.records.values())

    def size_below(self, folder: str) -> int:
        """Bytes of its files in one folder."""
        return sum(size for path, (_hash, size) in self.entries.items() if path.startswith(folder))


# Backup


def backup(file: Path, *, progress: Progress | None = None, wait_seconds: float = 60) -> Manifest:
    """Write everything to a new `file`, as it is at one moment. It appears when it is whole, readable by its owner.

    Others go on reading and writing, except imports: it waits `wait_seconds` for the end of one. Raises `CannotBackUp`,
    `Busy`.
    """
    tell = progress or _silent
    if file.exists():
        raise CannotBackUp(_("There is a file %(file)s already.") % {"file": file}, _("Give the name of a new file."))
    if not file.parent.is_dir():
        raise CannotBackUp(
            _("%(file)s cannot be written.") % {"file": file}, _("Give the name of a new file in a folder that exists.")
        )
    manifest = Manifest(__version__, timezone.now().isoformat(), connection.vendor, _migrations())
    with (
        exclusive("history", wait_seconds=wait_seconds),
        _whole_or_none(file) as stream,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive,
    ):
        with _one_moment():
            _write_records(archive, manifest, tell)
            folders = {table.table: table.folder or table.table for table in TableVersion.objects.all()}
        # What a table's pointer named at that moment is in its folder: files there are added, and old ones are dropped
        # only by those who hold the lock.
        for table, folder in folders.items():
            tell(_("Table %(table)s") % {"table": table}, None)
            _write_folder(archive, manifest, warehouse_root() / folder, f"warehouse/{table}")
        tell(_("Kept files of imports"), None)
        _write_folder(archive, manifest, Path(settings.IMPORTS_ROOT), "imports")
        archive.writestr("manifest.json", json.dumps(asdict(manifest), indent=1))
    return manifest


def _write_records(archive: zipfile.ZipFile, manifest: Manifest, tell: Progress) -> None:
    kept = _models()
    for number, model in enumerate(kept):
        tell(_("Records"), number / len(kept))
        _write_entry(archive, manifest, _entry_of(model), dump_records(model))
        manifest.records[model._meta.label] = model._base_manager.count()
    manifest.tables.update(TableVersion.objects.values_list("table", "version"))


def _write_folder(archive: zipfile.ZipFile, manifest: Manifest, folder: Path, below: str) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            name = f"{below}/{path.relative_to(folder).as_posix()}"
            compression = zipfile.ZIP_STORED if path.suffix in _PACKED else zipfile.ZIP_DEFLATED
            with contextlib.suppress(FileNotFoundError), path.open("rb") as source:  # a staged file may go meanwhile
                _write_entry(archive, manifest, name, _chunks(source), compression)


def _chunks(source: IO[bytes]) -> Iterator[bytes]:
    while chunk := source.read(CHUNK_BYTES):
        yield chunk


def _write_entry(
    archive: zipfile.ZipFile,
    manifest: Manifest,
    name: str,
    chunks: Iterable[bytes],
    compression: int = zipfile.ZIP_DEFLATED,
) -> None:
    entry = zipfile.ZipInfo(name, timezone.now().timetuple()[:6])
    entry.compress_type = compression
    digest, size = hashlib.sha256(), 0
    with archive.open(entry, "w", force_zip64=True) as target:
        for chunk in chunks:
            target.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    manifest.entries[name] = (digest.hexdigest(), size)


@contextmanager
def _whole_or_none(file: Path) -> Iterator[IO[bytes]]:
    """A new file beside `file`, which takes its place at the end, or vanishes."""
    part = file.with_name(f".{file.name}.{new_uid().hex}.part")
    try:
        with open(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "w+b") as stream:  # noqa: PTH123
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(file)
    except OSError as error:
        reason = _("the disk is full") if error.errno == errno.ENOSPC else str(error)
        raise CannotBackUp(
            _("The backup could not be written to %(file)s: %(reason)s.") % {"file": file, "reason": reason},
            _("Choose a folder with enough space that you may write to. No file was left behind."),
        ) from error
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _one_moment() -> Iterator[None]:
    """All queries inside see the database as it is at the first of them, and nobody waits for them."""
    if connection.vendor == "postgresql":
        with transaction.atomic(durable=True):
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
        return
    connection.ensure_connection()
    sqlite: Any = connection
    usual = sqlite.transaction_mode
    sqlite.transaction_mode = "DEFERRED"  # reads from the write-ahead log, where the usual mode would lock out writers
    try:
        with transaction.atomic(durable=True):
            yield
    finally:
        sqlite.transaction_mode = usual


# Restore


def restore(file: Path, *, replace: bool = False, progress: Progress | None = None) -> Manifest:
    """Bring back all that `file` holds, or nothing of it. An installation that holds something needs `replace`.

    The file is read to its end and compared with its checksums before anything changes. Tables come into folders of
    their own; then one transaction replaces the records, and with them the pointers to the tables. Raises
    `BrokenBackup`, `CannotRestore`, `Busy`.
    """
    tell = progress or _silent
    with _opened(file) as archive:
        with _damage_refused(file):
            manifest = _manifest(archive)
            _verify(archive, manifest, tell)
        _prepare_database(manifest)
        with exclusive("history", wait_seconds=2):
            _refuse_where_in_use(replace=replace)
            _refuse_without_space(manifest)
            _bring_back(archive, manifest, tell)
    return manifest


def check_backup(file: Path, *, progress: Progress | None = None) -> Manifest:
    """Read `file` to its end and compare it with its checksums; nothing is changed. Raises `BrokenBackup`."""
    with _opened(file) as archive, _damage_refused(file):
        manifest = _manifest(archive)
        _verify(archive, manifest, progress or _silent)
    return manifest


@contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    if not file.is_file():
        raise BrokenBackup(_("There is no file %(file)s.") % {"file": file}, _("Check the name."))
    with _damage_refused(file):
        archive = zipfile.ZipFile(file)
    with archive:
        yield archive


@contextmanager
def _damage_refused(file: Path) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, LookupError, NotImplementedError, TypeError, ValueError) as error:
        raise BrokenBackup(
            _("%(file)s is no backup of Regulars, or not all of one.") % {"file": file},
            _("Nothing was changed. Copy the file again from where it was made, or use an older backup."),
        ) from error


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    said = json.loads(archive.read("manifest.json"))
    if said["format"] != FORMAT:
        raise CannotRestore(
            _("This backup was made by Regulars %(version)s, in a format this version does not read.")
            % {"version": said["version"]},
            _("Restore it with that version, then upgrade."),
        )
    return Manifest(**said)


def _verify(archive: zipfile.ZipFile, manifest: Manifest, tell: Progress) -> None:
    """Read every entry, so that a damaged or altered file is known before anything is changed."""
    for number, (name, (expected, _size)) in enumerate(manifest.entries.items()):
        tell(_("Checking the file"), number / len(manifest.entries))
        parts = PurePosixPath(name).parts
        if parts[0] not in {"records", "warehouse", "imports"} or ".." in parts or len(parts) < 2:
            raise ValueError(name)
        with archive.open(name) as source:
            if hashlib.file_digest(source, "sha256").hexdigest() != expected:  # type: ignore[arg-type]
                raise ValueError(name)


def _prepare_database(manifest: Manifest) -> None:
    if not _migrations():
        bring_up_to_date()
    if _migrations() != manifest.migrations or {model._meta.label for model in _models()} != set(manifest.records):
        raise CannotRestore(
            _("This backup was made by Regulars %(theirs)s, whose records differ from those of this version, %(ours)s.")
            % {"theirs": manifest.version, "ours": __version__},
            _("Use the same version for both: restore with the version that made the backup, then upgrade."),
        )


def _refuse_where_in_use(*, replace: bool) -> None:
    if living_workers():
        raise CannotRestore(_("A worker is running."), _("Stop it, restore, and start it again."))
    made_by_itself = {"contenttypes", "auth"}
    kept = (model for model in _models() if model._meta.app_label not in made_by_itself)
    if not replace and any(model._base_manager.exists() for model in kept):
        raise CannotRestore(
            _("This installation holds records already."),
            _(
                "Restore into a new one (set REGULARS_HOME to an empty folder), or replace them: "
                "regulars restore FILE --replace"
            ),
        )


def _refuse_without_space(manifest: Manifest) -> None:
    for folder, needed in (
        (warehouse_root(), manifest.size_below("warehouse/")),
        (Path(settings.IMPORTS_ROOT), manifest.size_below("imports/")),
    ):
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(folder).free < needed:
            raise CannotRestore(
                _("There is not enough space in %(folder)s: %(megabytes)s MB are needed.")
                % {"folder": folder, "megabytes": needed // 1_000_000 + 1},
                _("Make space, then try again; nothing was changed."),
            )


def _bring_back(archive: zipfile.ZipFile, manifest: Manifest, tell: Progress) -> None:
    token = new_uid().hex
    folders = {table: f"{table}-{token}" for table in manifest.tables}
    staged = Path(settings.IMPORTS_ROOT) / f".restoring-{token}"
    targets = {f"warehouse/{table}": warehouse_root() / folder for table, folder in folders.items()}
    made = [*targets.values(), staged]
    try:
        _unpack(archive, manifest, targets | {"imports": staged}, tell)
        wanted = {path.name for path in staged.iterdir()}
        made += _add_new(staged)
        with transaction.atomic(durable=True):
            _replace_records(archive, manifest, tell)
            for table, folder in folders.items():
                TableVersion.objects.filter(table=table).update(folder=folder)
            _note(manifest, token)
            doubt_waiting(_("This mail waited when the backup was made; it may have been sent since."))
            connection.check_constraints()
    except BaseException as error:
        if not _is_in_force(token):
            for path in made:
                _remove(path)
        if isinstance(error, DatabaseError | WrongColumns):
            raise CannotRestore(
                _("The database did not take the records: %(reason)s") % {"reason": error},
                _("Nothing was changed. Please report this with the sentence above."),
            ) from error
        raise
    # From here on the backup is in force; what follows is tidying.
    _tidy(staged, wanted, set(folders.values()))


def _unpack(archive: zipfile.ZipFile, manifest: Manifest, targets: dict[str, Path], tell: Progress) -> None:
    for target in targets.values():
        target.mkdir(parents=True)
    for number, name in enumerate(manifest.entries):
        below = next((below for below in targets if name.startswith(f"{below}/")), None)
        if below is not None:
            tell(_("Tables and files"), number / len(manifest.entries))
            target = targets[below] / name[len(below) + 1 :]
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(name) as source, target.open("wb") as copy:
                shutil.copyfileobj(source, copy, CHUNK_BYTES)


def _replace_records(archive: zipfile.ZipFile, manifest: Manifest, tell: Progress) -> None:
    kept = _models()
    tables = [model._meta.db_table for model in (*kept, UserSession)]  # whose sessions are of members that go
    with connection.cursor() as cursor:
        for statement in connection.ops.sql_flush(no_style(), tables, reset_sequences=False, allow_cascade=False):
            cursor.execute(statement)
    for number, model in enumerate(kept):
        tell(_("Records"), number / len(kept))
        with archive.open(_entry_of(model)) as lines:
            if load_records(model, lines) != manifest.records[model._meta.label]:
                raise WrongColumns(model._meta.label)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), kept):
            cursor.execute(statement)


def _note(manifest: Manifest, token: str) -> None:
    said = {"made_at": manifest.made_at, "version": manifest.version, "database": manifest.database, "token": token}
    AuditEntry.objects.create(at=timezone.now(), verb="restore", subject="backup", after=said)


def _is_in_force(token: str) -> bool:
    """Was the transaction of this restore completed? An interruption may come right after."""
    return AuditEntry.objects.filter(verb="restore", after__token=token).exists()


def _add_new(staged: Path) -> list[Path]:
    """Move the unpacked folders of imports that are new here to their place, where nobody misses or minds them yet."""
    added = []
    for path in sorted(staged.iterdir()):
        target = staged.parent / path.name
        if not target.exists():
            path.replace(target)
            added.append(target)
    return added


def _tidy(staged: Path, wanted: set[str], tables: set[str]) -> None:
    """Let the kept files of imports be those of the backup, and drop the tables that are no longer in force."""
    for path in staged.iterdir():
        _remove(staged.parent / path.name)
        path.replace(staged.parent / path.name)
    for path in staged.parent.iterdir():
        if path.name not in wanted:
            _remove(path)
    for path in warehouse_root().iterdir():
        if path.name not in tables and (path / "_delta_log").is_dir():
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


# What both agree on


def _models() -> list[type[models.Model]]:
    """All models with rows of their own, and the tables between them.

    Workers, sessions and failed sign-ins are of this machine, not of the firm.
    """
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed
        and not model._meta.proxy
        and model is not Worker
        and model._meta.app_label not in {"sessions", "usersessions", "axes"}
    ]


def _entry_of(model: type[models.Model]) -> str:
    return f"records/{model._meta.label_lower}.jsonl"


def _migrations() -> list[list[str]]:
    """What the database has been migrated to."""
    ours = {config.label for config in apps.get_app_configs()}
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted([app, name] for app, name in applied if app in ours)


def _silent(_what: str, _share: float | None) -> None:
    pass
