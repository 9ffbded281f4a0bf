"""The worker: a plain loop that takes jobs from the queue, one at a time. Any number may run.

Races, and why they are none: a job is claimed inside a transaction that locks its row (PostgreSQL skips rows that
others hold; SQLite lets one transaction write at a time). A worker that is killed leaves its job `RUNNING`; the others
see that it no longer lives - its process is gone from this machine, or it was not seen for `SILENT_SECONDS` - and put
the job back. A worker says that it lives from a thread of its own, so that a long job does not make it look dead.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import FrameType
from uuid import uuid4

from django.db import DatabaseError, OperationalError, close_old_connections, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import TaskResultStatus

from regulars.base.jobs import enqueue_due, enqueue_needed, note_failure, waiting_jobs
from regulars.base.models import Job, Worker

logger = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
SILENT_SECONDS = 300.0
HOUSEKEEPING_SECONDS = 20.0
LOOK_SECONDS = 3.0
"""How often it is asked whether the jobs of `settings.NEEDED_JOBS` have something to do."""


class WorkerDied(Exception):  # noqa: N818 - named for what happened
    """The worker that had begun a job was stopped in the middle of it."""


def run_worker(*, once: bool = False, interval: float = 1.0) -> int:
    """Do jobs until told to stop (SIGTERM, SIGINT: the running job is finished first); with `once`, until none waits.

    Returns how many jobs were begun. `interval`: seconds between two looks at an empty queue.
    """
    stop = threading.Event()
    begun = 0
    with _stops_gracefully(stop), _living() as worker:
        keep_house_at = look_at = 0.0
        while not stop.is_set():
            job = None
            try:
                if time.monotonic() >= keep_house_at:
                    keep_house(worker)
                    keep_house_at = time.monotonic() + HOUSEKEEPING_SECONDS
                if time.monotonic() >= look_at:
                    enqueue_needed()
                    look_at = time.monotonic() + LOOK_SECONDS
                job = _claim(worker)
                if job is not None:
                    begun += 1
                    _run(job)
            except OperationalError as error:  # a restarting or locked database; what was begun is put back later
                if once:
                    raise
                logger.warning("The database does not answer: %s", error)
            if not connection.in_atomic_block:
                close_old_connections()
            if job is None:
                if once:
                    break
                stop.wait(interval)
    return begun


def keep_house(worker: Worker) -> None:
    """Put the due periodic jobs in the queue, and orphaned jobs back into it."""
    for name in enqueue_due(timezone.now()):
        logger.info("%s is due", name)
    put_back_orphans(idle=worker)


def living_workers() -> list[Worker]:
    """The workers that are alive, as far as can be seen from this machine."""
    return [worker for worker in Worker.objects.all() if not _is_dead(worker)]


@transaction.atomic
def put_back_orphans(*, idle: Worker | None = None) -> int:
    """Note the failure of every job whose worker died in the middle of it. Returns how many there were.

    `idle`: a worker that lives, but is known to do nothing, so that what it seems to do was cut off.
    """
    living = {worker.pk for worker in living_workers()}
    busy = living - {idle.pk} if idle else living
    running = Job.objects.select_for_update(skip_locked=True).filter(status=TaskResultStatus.RUNNING)
    orphans = [job for job in running if not busy.intersection(job.worker_ids[-1:])]
    for job in orphans:
        note_failure(job, WorkerDied(_("The worker was stopped in the middle of the job.")))
    Worker.objects.exclude(pk__in=living).delete()
    return len(orphans)


def _claim(worker: Worker) -> Job | None:
    waiting = waiting_jobs()
    if not waiting.exists():  # reads without a lock: an empty queue disturbs nobody
        return None
    with transaction.atomic():
        job = waiting.select_for_update(skip_locked=True).first()
        if job is not None:
            job.claim(worker.pk)
        return job


def _run(job: Job) -> None:
    logger.info("%s begins, attempt %s", job.task_path, job.attempt)
    try:
        given = job.args_kwargs
        job.set_successful(job.task.call(*given["args"], **given["kwargs"]))
    except Exception as error:  # whatever goes wrong in a job is its own affair, not the worker's
        logger.warning("%s failed: %s", job.task_path, error)
        note_failure(job, error)


@contextmanager
def _living() -> Iterator[Worker]:
    now = timezone.now()
    worker = Worker.objects.create(
        id=uuid4().hex, machine=_this_machine(), process=os.getpid(), started_at=now, seen_at=now
    )
    ended = threading.Event()
    beat = threading.Thread(target=_beat, args=(worker, ended), daemon=True)
    is_seen = not connection.in_atomic_block  # else nobody sees the row before the end, and the beat would wait for it
    if is_seen:
        beat.start()
    try:
        yield worker
    finally:
        ended.set()
        if is_seen:
            beat.join()
        Worker.objects.filter(pk=worker.pk).delete()


def _beat(worker: Worker, ended: threading.Event) -> None:
    while not ended.wait(BEAT_SECONDS):
        try:
            worker.seen_at = timezone.now()
            worker.save()  # also if the others, who had not heard of it for long, took its row away
        except DatabaseError as error:  # a locked or restarting database: the next beat will do
            logger.warning("The worker could not say that it lives: %s", error)
        finally:
            connection.close()


def _is_dead(worker: Worker) -> bool:
    if worker.seen_at < timezone.now() - timedelta(seconds=SILENT_SECONDS):
        return True
    return worker.machine == _this_machine() and not _process_exists(worker.process)


def _this_machine() -> str:
    """The host, and on Linux its space of process ids: containers may share the name of a host."""
    space = Path("/proc/self/ns/pid")
    return f"{socket.gethostname()} {space.readlink() if space.exists() else ''}".strip()


def _process_exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(process)


def _is_zombie(process: int) -> bool:
    """A killed child whose parent has not looked yet still has its number, but does nothing any more."""
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] == "Z"


@contextmanager
def _stops_gracefully(stop: threading.Event) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread alone
        return

    def ask_to_stop(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise SystemExit(128 + number)  # asked twice: stop now, the job is put back by the next worker
        stop.set()

    before = {number: signal.signal(number, ask_to_stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
