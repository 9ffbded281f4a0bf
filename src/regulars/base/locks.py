"""One writer at a time, across processes, released by the system itself when a process dies."""

from __future__ import annotations

import fcntl
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from regulars.core.errors import Refusal


class Busy(Refusal):
    """Another process is doing what may be done by one alone."""


@contextmanager
def exclusive(name: str, *, wait_seconds: float = 0) -> Iterator[None]:
    """Hold the lock `name`; raise `Busy` when another process holds it for longer than `wait_seconds`.

    PostgreSQL: an advisory lock of the session. SQLite: a lock on a file beside it. Both end with the process.
    """
    until = time.monotonic() + wait_seconds
    holder = _PostgresLock(name) if connection.vendor == "postgresql" else _FileLock(name)
    while not holder.acquire():
        if time.monotonic() >= until:
            holder.give_up()
            raise Busy(
                _("Another process is changing the order history right now."),
                _("Wait until it has finished, then try again; nothing was changed."),
            )
        time.sleep(0.1)
    try:
        yield
    finally:
        holder.release()


class _PostgresLock:
    def __init__(self, name: str) -> None:
        self.key = zlib.crc32(f"regulars:{name}".encode())

    def acquire(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [self.key])
            return bool(cursor.fetchone()[0])

    def release(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [self.key])

    def give_up(self) -> None:
        """Nothing is held, nothing is to be let go."""


class _FileLock:
    def __init__(self, name: str) -> None:
        folder = Path(settings.HOME) / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        self.file = (folder / f"{name}.lock").open("w")

    def acquire(self) -> bool:
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        fcntl.flock(self.file, fcntl.LOCK_UN)
        self.give_up()

    def give_up(self) -> None:
        self.file.close()
