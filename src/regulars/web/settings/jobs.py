"""Jobs, for the owner when something did not come: what runs, what waits, what failed and why, does a worker live?"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from django_tasks import TaskResultStatus

from regulars.base.jobs import last_due, retry_job
from regulars.base.models import Job, JobFailure, ScheduleRun
from regulars.base.organisation import zone
from regulars.base.worker import living_workers
from regulars.facts.models import Import, Upload, Worked
from regulars.insight.models import BacktestRequest
from regulars.web.frame import Toast, show_next
from regulars.web.settings.pages import desk_for, show

PAGE = "settings_jobs"
JOBS_A_PAGE = 25

NAMES: dict[str, str | Promise] = {
    "regulars.plan.daily.nightly": gettext_lazy("Figures and lists of the day"),
    "regulars.plan.lost.take_in_losses": gettext_lazy("Meetings with customers just lost"),
    "regulars.insight.backtests.backtest_again": gettext_lazy("Weekly trial of the forecasts"),
    "regulars.insight.forecast_tracking.try_forecasts": gettext_lazy("Looking whether forecasts are to be tried"),
    "regulars.insight.backtests.make_backtest": gettext_lazy("Trial of the forecasts on your own past"),
    "regulars.facts.history.tidy_history": gettext_lazy("Tidying of the order history"),
    "regulars.base.kept_backups.make_backup": gettext_lazy("Backup"),
    "regulars.facts.duplicates.find_duplicates": gettext_lazy("Search for duplicates"),
    "regulars.base.mail.sending.send_waiting": gettext_lazy("Sending of mail"),
    "regulars.base.mail.inbox.look_into_mailbox": gettext_lazy("Looking into the mailbox"),
    "regulars.facts.incoming_mail.take_in": gettext_lazy("Taking in of mail"),
    "regulars.plan.issue_mail.take_in_issue_mail": gettext_lazy("Opening of issues from mail"),
    "regulars.facts.letters.note_letters": gettext_lazy("Noting of mail that was sent"),
    "regulars.base.mail.sending.tidy_mail": gettext_lazy("Tidying of the outbox"),
    "regulars.api.webhooks.job.deliver_webhooks": gettext_lazy("Delivery of webhooks"),
    "regulars.api.webhooks.job.tidy_webhooks": gettext_lazy("Tidying of the webhook log"),
    "regulars.plan.intake.take_in": gettext_lazy("Import"),
    "regulars.plan.intake.take_back": gettext_lazy("Undoing of an import"),
    "regulars.facts.imports.uploads.examine": gettext_lazy("Examination of files"),
    "regulars.facts.imports.uploads.tidy_uploads": gettext_lazy("Tidying of uploaded files"),
}
"""What the jobs are called here; others by the name of their function."""


def name_of(path: str) -> str:
    """What a job is called."""
    return str(NAMES.get(path) or capfirst(path.rpartition(".")[2].replace("_", " ")))


@dataclass(frozen=True, kw_only=True)
class Row:
    """One job as the page shows it, with the reason of its latest failure."""

    job: Job
    name: str
    doing: str = ""
    share_done: float | None = None
    reason: str = ""
    again_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A periodic job: when it was last put in the queue, and when it is next."""

    name: str
    last: datetime | None
    next: datetime


@require_safe
def jobs(request: HttpRequest) -> HttpResponse:
    """The queue, the failures, the schedule and the workers."""
    desk = desk_for(request, PAGE)
    failed = Paginator(_newest_first(TaskResultStatus.FAILED), JOBS_A_PAGE).get_page(request.GET.get("page"))
    every_few_seconds = [entry["job"] for entry in settings.NEEDED_JOBS.values()]
    done = _newest_first(TaskResultStatus.SUCCESSFUL).exclude(task_path__in=every_few_seconds)[:JOBS_A_PAGE]
    running = Job.objects.filter(status=TaskResultStatus.RUNNING).order_by("started_at")
    waiting = Job.objects.filter(status=TaskResultStatus.READY)
    pending = list(waiting[:JOBS_A_PAGE])
    context = {
        "zone": zone(desk.organisation),
        "running": _rows(running),
        "waiting": _rows(pending),
        "waiting_count": waiting.count(),
        "page": failed,
        "failed": _rows(failed.object_list),
        "done": _rows(done),
        "planned": _planned(),
        "workers": living_workers(),
        "goes_on": bool(running) or bool(pending),
    }
    return show(request, PAGE, "jobs", context)


def _newest_first(status: TaskResultStatus) -> QuerySet[Job]:
    return Job.objects.filter(status=status).order_by("-finished_at")


def _rows(found: Any) -> list[Row]:
    listed = list(found)
    ids = [job.pk for job in listed]
    latest = {failure.job_id: failure for failure in JobFailure.objects.filter(job_id__in=ids).order_by("at", "pk")}
    works: dict[Any, Worked] = {
        work.job_id: work
        for works_of_kind in (kind.objects.filter(job_id__in=ids) for kind in (Upload, Import, BacktestRequest))
        for work in works_of_kind
    }
    return [_row(job, latest.get(job.pk), works.get(job.pk)) for job in listed]


def _row(job: Job, failure: JobFailure | None, work: Worked | None) -> Row:
    return Row(
        job=job,
        name=name_of(job.task_path),
        doing=work.doing if work else "",
        share_done=work.share_done if work else None,
        reason=failure.reason if failure else "",
        again_at=failure.again_at if failure else None,
    )


def _planned() -> list[Planned]:
    now = timezone.now()
    runs = dict(ScheduleRun.objects.values_list("name", "due_at"))
    planned = [
        Planned(
            name=name_of(entry["job"]),
            last=runs.get(name),
            next=last_due(entry["at"], now + timedelta(days=1)),
        )
        for name, entry in settings.SCHEDULE.items()
    ]
    return sorted(planned, key=lambda one: one.next)


@require_POST
def retry(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Put a job that was given up back in the queue."""
    desk = desk_for(request, PAGE)
    found = retry_job(job_id=uid, member=desk.member)
    show_next(request, Toast(text=_("“%(job)s” waits in the queue again.") % {"job": name_of(found.task_path)}))
    return redirect(PAGE)
