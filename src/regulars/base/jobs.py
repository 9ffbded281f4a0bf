"""Jobs: machine work that a worker does later, in the same database as the records it belongs to.

    @job(retries=3)
    def send_report(*, snapshot_id: int) -> None: ...

    enqueue(send_report, snapshot_id=7)  # in the transaction of the change: both happen, or neither

A job that fails is tried again after a pause that grows; every failed attempt is kept with its reason. A worker may die
at any point and another then begins the job again, so a job must do no harm when it is begun twice.
"""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django_tasks import TaskResultStatus, task
from django_tasks.base import Task
from django_tasks_db.models import get_date_max

from regulars.base.audit import record_change
from regulars.base.models import Job, JobFailure, Member, Organisation, ScheduleRun
from regulars.base.organisation import zone
from regulars.core.errors import Refusal

P = ParamSpec("P")
T = TypeVar("T")

LONGEST_PAUSE_SECONDS = 3600


class NoSuchJob(Refusal):
    """There is no failed job with this id."""


@dataclass(frozen=True)
class Retries:
    """How often a job is tried again, and the first pause before it; every further pause is twice as long."""

    retries: int
    pause_seconds: float

    def pause(self, attempt: int) -> timedelta:
        """The pause after this attempt (1 is the first), shaken so that many failures do not come back at once."""
        seconds = min(self.pause_seconds * 2 ** (attempt - 1), LONGEST_PAUSE_SECONDS)
        return timedelta(seconds=seconds * random.uniform(0.75, 1.25))


_retries: dict[str, Retries] = {}


def job(*, retries: int = 3, pause_seconds: float = 30) -> Callable[[Callable[P, T]], Task[P, T]]:
    """Make a function of a module a job. Its arguments and its result must be JSON."""

    def decorate(function: Callable[P, T]) -> Task[P, T]:
        made: Task[P, T] = task()(function)
        _retries[made.module_path] = Retries(retries, pause_seconds)
        return made

    return decorate


def enqueue(what: Task[P, T], *arguments: P.args, **named: P.kwargs) -> UUID:
    """Put a job in the queue, within the transaction that is open. Returns its id."""
    return UUID(str(what.enqueue(*arguments, **named).id))


def waiting_jobs() -> models.QuerySet[Job]:
    """Jobs that a worker may begin now, the most urgent first."""
    due = models.Q(run_after=get_date_max()) | models.Q(run_after__lte=timezone.now())
    return Job.objects.filter(due, status=TaskResultStatus.READY)


def failed_jobs() -> models.QuerySet[Job]:
    """Jobs that were given up, the latest first. `failures_of` says why."""
    return Job.objects.filter(status=TaskResultStatus.FAILED).order_by("-finished_at")


def failures_of(failed: Job) -> models.QuerySet[JobFailure]:
    """The failed attempts at one job, the latest first."""
    return JobFailure.objects.filter(job_id=failed.pk).order_by("-at", "-pk")


@transaction.atomic
def retry_job(*, job_id: UUID, member: Member | None) -> Job:
    """Put a job that was given up back in the queue, with all its retries before it."""
    found = Job.objects.select_for_update().filter(pk=job_id, status=TaskResultStatus.FAILED).first()
    if found is None:
        raise NoSuchJob(
            _("There is no failed job %(id)s.") % {"id": job_id}, _("See the failed jobs with: regulars check")
        )
    found.worker_ids = []
    put_back(found, timezone.now())
    record_change(member=member, verb="retry_job", record=found, before={}, after={"job": str(job_id)})
    return found


@transaction.atomic
def note_failure(failed: Job, error: BaseException) -> None:
    """Keep the reason, and put the job back in the queue for later, or give it up after its last retry."""
    policy = _policy(failed.task_path)
    now = timezone.now()
    again_at = now + policy.pause(failed.attempt) if failed.attempt <= policy.retries else None
    JobFailure.objects.create(
        job_id=failed.pk,
        path=failed.task_path,
        attempt=failed.attempt,
        at=now,
        reason=str(error) or type(error).__name__,
        traceback="".join(traceback.format_exception(error)),
        again_at=again_at,
    )
    if again_at is None:
        failed.set_failed(error)
    else:
        put_back(failed, again_at)


def put_back(back: Job, at: datetime) -> None:
    """Let a job wait again, not to be begun before `at`."""
    back.status = TaskResultStatus.READY
    back.run_after = at
    back.started_at = back.finished_at = None
    back.save(update_fields=["status", "run_after", "started_at", "finished_at", "worker_ids"])


def _policy(path: str) -> Retries:
    try:
        import_string(path)  # its decorator makes the policy known, which a worker just started may not have met yet
    except ImportError:
        return Retries(0, 0)
    return _retries.get(path, Retries(0, 0))


# The schedule


def enqueue_due(at: datetime) -> list[str]:
    """Put the periodic jobs of `settings.SCHEDULE` in the queue that became due up to `at`. Returns their names.

    However many workers ask, and however many moments were missed while all were off, a job is put in the queue once.
    The first time a name is seen only notes it, so that a new installation does not begin with last night's work.
    """
    if not Organisation.objects.exists():
        return []
    return [name for name, entry in settings.SCHEDULE.items() if _claim(name, entry, last_due(entry["at"], at))]


def last_due(daily_at: str, now: datetime) -> datetime:
    """The latest moment up to `now` at which it was `daily_at` (HH:MM) where the organisation is."""
    where = zone(Organisation.objects.order_by("pk").first())
    local = now.astimezone(where)
    due = datetime.combine(local.date(), time.fromisoformat(daily_at), tzinfo=where)
    return due if due <= local else datetime.combine(due.date() - timedelta(days=1), due.time(), tzinfo=where)


def enqueue_needed() -> list[str]:
    """Put the jobs of `settings.NEEDED_JOBS` in the queue for which there is something to do. Returns their names.

    One that waits or runs already is not put there again. Two workers that ask at the same moment may both do it, so
    such a job must be one that may be done twice.
    """
    return [name for name, entry in settings.NEEDED_JOBS.items() if _enqueue_needed(entry)]


def _enqueue_needed(entry: dict[str, str]) -> bool:
    pending = Job.objects.filter(task_path=entry["job"], status__in=[TaskResultStatus.READY, TaskResultStatus.RUNNING])
    if not import_string(entry["needed"])() or pending.exists():
        return False
    enqueue(import_string(entry["job"]))
    return True


def forget_done_jobs(*, path: str, before: datetime) -> int:
    """Forget the jobs of a kind that went well and ended before a moment. Returns how many there were."""
    count, _by_model = Job.objects.filter(
        task_path=path, status=TaskResultStatus.SUCCESSFUL, finished_at__lt=before
    ).delete()
    return count


@transaction.atomic
def _claim(name: str, entry: dict[str, Any], due: datetime) -> bool:
    _run, first = ScheduleRun.objects.get_or_create(name=name, defaults={"due_at": due})
    # The winner of several workers is the one whose update finds the old moment.
    if first or not ScheduleRun.objects.filter(name=name, due_at__lt=due).update(due_at=due):
        return False
    enqueue(import_string(entry["job"]))
    return True
