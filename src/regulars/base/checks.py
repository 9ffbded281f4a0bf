"""Is this installation in order, and if not, what is there to do? `regulars check` prints what is found."""

from __future__ import annotations

import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.base.expressions import engine_in_words
from regulars.base.jobs import failed_jobs, waiting_jobs
from regulars.base.mail.at_once import mail_problem
from regulars.base.mail.inbox import configured_place
from regulars.base.mail.models import Mailbox, OutgoingMail
from regulars.base.models import Member, Organisation, TableVersion
from regulars.base.warehouse import table_problem, warehouse_root
from regulars.base.worker import living_workers
from regulars.core.errors import Refusal

LITTLE_SPACE_BYTES = 2_000_000_000
LONG_WAIT = timedelta(minutes=10)
MAIL_WAIT_SECONDS = 10


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: how it is, and what to do if it is not in order."""

    name: str
    state: State
    sentence: str
    way_out: str = ""


def check_installation() -> list[Finding]:
    """Look at everything this installation stands on. Changes nothing but a test file that is gone at once."""
    database = _database()
    found = [database, _secret_key(), _warehouse_folder(), _space(), _engine()]
    if database.state == State.ERROR:  # whatever is kept in it cannot be asked for
        return [*found, _mail()]
    return [*found, *_tables(), _organisation(), _owner(), _mail(), *_mails(), _worker(), _failed_jobs()]


def _ok(name: str, sentence: str) -> Finding:
    return Finding(name, State.OK, sentence)


def _database() -> Finding:
    name = _("database")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return Finding(
            name,
            State.ERROR,
            _("The database does not answer: %(reason)s") % {"reason": str(error).strip()},
            _("Check DATABASE_URL, and that the server runs. Without DATABASE_URL an SQLite file is used."),
        )
    if missing:
        sentence = ngettext(
            "The database lacks %(count)s change of this version.",
            "The database lacks %(count)s changes of this version.",
            len(missing),
        )
        return Finding(name, State.ERROR, sentence % {"count": len(missing)}, _("Run: regulars upgrade"))
    if connection.vendor == "sqlite" and _journal_mode() != "wal":
        return Finding(
            name,
            State.WARNING,
            _("SQLite keeps no write-ahead log here, so readers and writers wait for each other."),
            _("Keep the home folder (REGULARS_HOME) on a local disk, not on a network drive."),
        )
    return _ok(name, _("%(engine)s answers and is up to date.") % {"engine": connection.display_name})


def _journal_mode() -> str:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        return str(cursor.fetchone()[0])


def _secret_key() -> Finding:
    name = _("secret key")
    kept = Path(settings.HOME) / "secret_key"
    if kept.exists() and kept.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return Finding(
            name,
            State.WARNING,
            _("Other users of this machine may read the secret key at %(file)s.") % {"file": kept},
            _("Run: chmod 600 %(file)s") % {"file": kept},
        )
    return _ok(name, _("The secret key is kept."))


def _warehouse_folder() -> Finding:
    name = _("warehouse")
    for folder in (warehouse_root(), Path(settings.IMPORTS_ROOT)):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            return Finding(
                name,
                State.ERROR,
                _("%(folder)s cannot be written: %(reason)s.") % {"folder": folder, "reason": error.strerror},
                _("Give the user that runs Regulars the right to write there, or choose another folder."),
            )
    return _ok(name, _("The folders can be written."))


def _space() -> Finding:
    name = _("disk space")
    free = shutil.disk_usage(_existing(warehouse_root())).free
    sentence = _("%(gigabytes).1f GB are free.") % {"gigabytes": free / 1e9}
    if free < LITTLE_SPACE_BYTES:
        return Finding(
            name, State.WARNING, sentence, _("Make space: an import needs about twice the size of its file.")
        )
    return _ok(name, sentence)


def _existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder


def _engine() -> Finding:
    name = _("engine")
    try:
        return _ok(name, engine_in_words())
    except Refusal as refusal:
        return Finding(name, State.ERROR, refusal.sentence, refusal.way_out)


def _tables() -> list[Finding]:
    found = []
    for table in TableVersion.objects.order_by("table"):
        name = _("table %(table)s") % {"table": table.table}
        problem = table_problem(table.table)
        if problem:
            found.append(
                Finding(
                    name,
                    State.ERROR,
                    _("The table cannot be read: %(reason)s") % {"reason": problem},
                    _("Put the folder of the warehouse back, or restore a backup: regulars restore FILE --replace"),
                )
            )
        else:
            found.append(_ok(name, _("The table can be read at version %(version)s.") % {"version": table.version}))
    return found


def _organisation() -> Finding:
    name = _("organisation")
    found = Organisation.objects.first()
    if found is None:
        return Finding(
            name,
            State.WARNING,
            _("Regulars does not know yet which firm it works for."),
            _("Import an order file, or run the demo: regulars demo"),
        )
    return _ok(
        name,
        _("%(name)s, counting in %(currency)s, in the time zone %(zone)s.")
        % {"name": found.name, "currency": found.base_currency, "zone": found.time_zone},
    )


def _owner() -> Finding:
    name = _("members")
    if not Member.objects.filter(role=Member.Role.OWNER, is_active=True).exists():
        return Finding(
            name,
            State.WARNING,
            _("There is no active owner, so nobody may manage this installation in the browser."),
            _("Make one with the command for members; see: regulars --help"),
        )
    count = Member.objects.filter(is_active=True).count()
    return _ok(name, ngettext("%(count)s active member.", "%(count)s active members.", count) % {"count": count})


def _mail() -> Finding:
    name = _("mail")
    with _short_patience():
        problem = mail_problem()
    if problem:
        return Finding(
            name,
            State.ERROR,
            _("Mail cannot be sent: %(reason)s") % {"reason": problem},
            _("Check REGULARS_MAIL_URL, for example smtp+tls://user:password@mail.example.com:587"),
        )
    if "console" in settings.EMAIL_BACKEND:
        return Finding(
            name,
            State.WARNING,
            _("Mail is only printed, not sent."),
            _("To send it, set REGULARS_MAIL_URL, for example smtp+tls://user:password@mail.example.com:587"),
        )
    return _ok(name, _("The mail server answers."))


def _mails() -> list[Finding]:
    """What is wrong with single mails and with the mailbox; nothing, where nothing is."""
    return [finding for finding in (_doubtful_mails(_("outbox")), _closed_mailbox(_("mailbox"))) if finding]


def _doubtful_mails(name: str) -> Finding | None:
    count = OutgoingMail.objects.filter(state__in=[OutgoingMail.State.UNKNOWN, OutgoingMail.State.FAILED]).count()
    if not count:
        return None
    sentence = ngettext(
        "%(count)s mail was not sent, or nobody knows whether it was.",
        "%(count)s mails were not sent, or nobody knows whether they were.",
        count,
    )
    return Finding(
        name, State.WARNING, sentence % {"count": count}, _("Decide what to do with each: Settings, Outbox.")
    )


def _closed_mailbox(name: str) -> Finding | None:
    place = configured_place()
    mailbox = Mailbox.objects.filter(address=place.address).exclude(problem="").first() if place else None
    if mailbox is None:
        return None
    return Finding(
        name,
        State.WARNING,
        _("The mailbox %(address)s could not be looked into: %(reason)s")
        % {"address": mailbox.address, "reason": mailbox.problem},
        _("Check REGULARS_MAILBOX_URL, for example imaps://user:password@mail.example.com/INBOX"),
    )


@contextmanager
def _short_patience() -> Iterator[None]:
    """A mail server that never answers must not keep the check from its other findings."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(MAIL_WAIT_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _worker() -> Finding:
    name = _("worker")
    living = living_workers()
    waiting = waiting_jobs().order_by("enqueued_at").first()
    if living:
        age = max(0, int(min((timezone.now() - worker.seen_at).total_seconds() for worker in living)))
        sentence = ngettext(
            "%(count)s worker is running, last seen %(age)s s ago.",
            "%(count)s workers are running, last seen %(age)s s ago.",
            len(living),
        )
        return _ok(name, sentence % {"count": len(living), "age": age})
    if waiting is not None and waiting.enqueued_at < timezone.now() - LONG_WAIT:
        return Finding(
            name,
            State.ERROR,
            _("No worker is running, and a job has been waiting since %(since)s.")
            % {"since": f"{waiting.enqueued_at:%Y-%m-%d %H:%M} UTC"},
            _("Start one: regulars worker"),
        )
    return Finding(
        name,
        State.WARNING,
        _("No worker is running: nothing happens at night by itself."),
        _("Start one: regulars worker"),
    )


def _failed_jobs() -> Finding:
    name = _("jobs")
    failed = failed_jobs()
    latest = failed.first()
    if latest is None:
        return _ok(name, _("No job was given up."))
    count = failed.count()
    sentence = ngettext(
        "%(count)s job was given up. The latest: %(job)s: %(reason)s",
        "%(count)s jobs were given up. The latest: %(job)s: %(reason)s",
        count,
    )
    reason = latest.traceback.strip().splitlines()[-1:] or [latest.exception_class_path]
    return Finding(
        name,
        State.WARNING,
        sentence % {"count": count, "job": latest.task_path.rpartition(".")[2], "reason": reason[0]},
        _("Mend what the reason names, then retry the job %(id)s.") % {"id": latest.pk},
    )
