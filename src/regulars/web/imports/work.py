"""What a page says of a job: how far it is, that nobody takes it up, or that it was broken off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django_tasks import TaskResultStatus

from regulars.base.jobs import failures_of
from regulars.base.models import Job
from regulars.base.worker import living_workers
from regulars.facts.models import Worked

WAITS_LONG = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class Work:
    """The job on a record."""

    going_on: bool = False
    waiting: bool = False
    nobody_works: bool = False
    """It waits, and there is no worker who would take it up."""
    doing: str = ""
    share: float = 0.0
    per_cent: int = 0
    broken_off: bool = False
    reason: str = ""


def work_on(record: Worked) -> Work:
    """How far the job on the record is."""
    job = Job.objects.filter(pk=record.job_id).first() if record.job_id else None
    if job is None:
        return Work(broken_off=record.job_id is not None)
    if job.status == TaskResultStatus.FAILED:
        failure = failures_of(job).first()
        return Work(broken_off=True, reason=failure.reason if failure else "")
    if job.status == TaskResultStatus.SUCCESSFUL:
        return Work()
    waiting = job.status == TaskResultStatus.READY
    return Work(
        going_on=True,
        waiting=waiting,
        nobody_works=waiting and timezone.now() - job.enqueued_at > WAITS_LONG and not living_workers(),
        doing=record.doing,
        share=record.share_done,
        per_cent=int(record.share_done * 100),
    )


def go_to(request: HttpRequest, name: str, uid: UUID | None = None) -> HttpResponse:
    """On to another page, for a browser as for a part of a page that is loaded anew."""
    address = reverse(name, args=[uid] if uid else [])
    if request.headers.get("HX-Request") and not request.headers.get("HX-Boosted"):
        return HttpResponse(headers={"HX-Redirect": address})
    return redirect(address)
