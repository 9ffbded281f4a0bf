"""What happened since an endpoint was last told: the entries of the audit trail, and the figures in force.

Later stages pull, earlier ones never push: every change notes itself in the audit trail, in its own transaction, and
here it is read. Entries get their numbers before their transactions end, so on PostgreSQL entry 8 may appear before
entry 7. Numbers that were passed over are therefore kept as missing, and looked for again for a while.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max

from regulars.base.models import AuditEntry
from regulars.base.webhooks.events import WebhookEvent
from regulars.base.webhooks.models import WebhookDelivery, WebhookEndpoint
from regulars.insight.models import Snapshot

ENTRIES_AT_ONCE = 500
MOST_MISSING = 10_000
LONGEST_TRANSACTION = timedelta(hours=1)
"""A number that did not appear by then belongs to a transaction that was rolled back."""

SNAPSHOT_IS_NEWS = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Unread:
    """Entries that the endpoint was not told of, and where reading goes on."""

    entries: list[AuditEntry]
    seen: int
    missing: dict[str, float]


def unread(endpoint: WebhookEndpoint, at: datetime) -> Unread:
    """The next entries, with those that came late. Changes nothing."""
    late = list(AuditEntry.objects.filter(pk__in=[int(number) for number in endpoint.missing]).order_by("pk"))
    new = list(AuditEntry.objects.filter(pk__gt=endpoint.seen).order_by("pk")[:ENTRIES_AT_ONCE])
    seen = new[-1].pk if new else endpoint.seen
    passed_over = set(range(max(endpoint.seen + 1, seen - MOST_MISSING), seen)) - {entry.pk for entry in new}
    oldest = (at - LONGEST_TRANSACTION).timestamp()
    arrived = {entry.pk for entry in late}
    still = {
        number: since for number, since in endpoint.missing.items() if since > oldest and int(number) not in arrived
    }
    return Unread(
        entries=late + new, seen=seen, missing=still | {str(number): at.timestamp() for number in sorted(passed_over)}
    )


def newest_entry() -> int:
    """Number of the newest entry of the audit trail."""
    newest: int | None = AuditEntry.objects.aggregate(newest=Max("pk"))["newest"]
    return newest or 0


def untold_snapshot(endpoint: WebhookEndpoint, at: datetime) -> Snapshot | None:
    """The snapshot in force, if it is new and the endpoint wants to know of it and does not yet."""
    if WebhookEvent.SNAPSHOT_TAKEN not in endpoint.events:
        return None
    since = max(endpoint.created_at, at - SNAPSHOT_IS_NEWS)
    snapshot = Snapshot.objects.filter(current=True, created_at__gt=since).defer("portfolio", "lifetime_model").first()
    if snapshot is None:
        return None
    told = WebhookDelivery.objects.filter(endpoint=endpoint, origin=snapshot_origin(snapshot)).exists()
    return None if told else snapshot


def entry_origin(entry: AuditEntry) -> str:
    return f"audit:{entry.pk}"


def snapshot_origin(snapshot: Snapshot) -> str:
    return f"snapshot:{snapshot.pk}"
