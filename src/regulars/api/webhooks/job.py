"""The jobs that find what happened, send it, and forget it. The worker asks `is_needed` every few seconds."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from regulars.api.webhooks.trail import newest_entry, untold_snapshot
from regulars.base.jobs import forget_done_jobs, job
from regulars.base.locks import Busy, exclusive
from regulars.base.models import AuditEntry
from regulars.base.webhooks.deliveries import forget_old_deliveries
from regulars.base.webhooks.models import WebhookEndpoint
from regulars.base.webhooks.sending import is_anything_due, send_due

DONE_JOBS_KEPT = timedelta(days=1)


def is_needed() -> bool:
    """Whether there may be something to tell, or something waits that may be sent now. Cheap; changes nothing."""
    at = timezone.now()
    endpoints = list(WebhookEndpoint.objects.filter(state=WebhookEndpoint.State.ACTIVE))
    if not endpoints:
        return False
    late = {int(number) for endpoint in endpoints for number in endpoint.missing}
    return (
        newest_entry() > min(endpoint.seen for endpoint in endpoints)
        or is_anything_due(at)
        or (bool(late) and AuditEntry.objects.filter(pk__in=late).exists())
        or any(untold_snapshot(endpoint, at) for endpoint in endpoints)
    )


@job(retries=3, pause_seconds=30)
def deliver_webhooks() -> int:
    """Find what happened, and send what is due. Returns how many attempts there were; 0 while another process sends."""
    from regulars.api.webhooks.gathering import gather, may_see  # loads the API, which workers seldom need

    try:
        with exclusive("webhooks"):
            gather(at=timezone.now())
            return send_due(may_see=may_see)
    except Busy:
        return 0


@job(retries=3, pause_seconds=600)
def tidy_webhooks() -> int:
    """Forget what was delivered or given up a month ago, and the jobs that did it. Returns how many deliveries."""
    now = timezone.now()
    forget_done_jobs(path=deliver_webhooks.module_path, before=now - DONE_JOBS_KEPT)
    return forget_old_deliveries(at=now)
