"""Sending what waits: signed, with pauses that grow after failures, until it is given up.

One process at a time sends. A message may still come twice, under the
same `webhook-id`: a process can die between sending and noting it. Messages to one endpoint go one after the other;
several endpoints are sent to at the same time, so that a slow one does not hold up the others.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from standardwebhooks import Webhook

from regulars import __version__
from regulars.base.audit import record_change
from regulars.base.mail.outbox import send_mail
from regulars.base.webhooks.addresses import Answer, post
from regulars.base.webhooks.deliveries import message_id
from regulars.base.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint

AT_ONCE = 8
LONGEST_RUN_SECONDS = 45
"""Then other jobs have their turn."""

PAUSES_SECONDS = (5, 300, 1800, 7200, 18_000, 36_000, 36_000, 36_000)
"""After the first failure, the second, ...: a message is given up after nine attempts, about a day and a half."""

LONGEST_HOLD_SECONDS = 300
STOPPED_AFTER = timedelta(days=3)
"""An endpoint where every attempt failed for so long is stopped."""

GONE = 410

MaySee = Callable[[WebhookDelivery], bool]
"""Whether the endpoint's member may still see what the delivery is about."""


def send_due(*, may_see: MaySee, run_seconds: float = LONGEST_RUN_SECONDS) -> int:
    """Send what is due, oldest first, for at most about `run_seconds`. Returns how many attempts there were."""
    until = time.monotonic() + run_seconds
    attempts = 0
    with ThreadPoolExecutor(AT_ONCE) as senders:
        while time.monotonic() < until and (due := _next_of_each_endpoint(timezone.now())):
            sent = [delivery for delivery in due[:AT_ONCE] if _goes_out(delivery, may_see)]
            at = timezone.now()
            answers = senders.map(lambda one: post(*one), [_signed(delivery, at) for delivery in sent])
            for delivery, answer in zip(sent, answers, strict=True):
                note_attempt(delivery, answer, at=at)
            attempts += len(sent)
    return attempts


def is_anything_due(at: datetime) -> bool:
    """Whether something waits that may be sent now."""
    return WebhookDelivery.objects.filter(_due(at)).exists()


def _due(at: datetime) -> Q:
    not_held = Q(endpoint__held_until=None) | Q(endpoint__held_until__lte=at)
    active = Q(endpoint__state=WebhookEndpoint.State.ACTIVE)
    return Q(state=WebhookDelivery.State.WAITING, next_at__lte=at) & active & not_held


def _next_of_each_endpoint(at: datetime) -> list[WebhookDelivery]:
    due = WebhookDelivery.objects.filter(_due(at)).select_related("endpoint__member")
    endpoints = WebhookEndpoint.objects.filter(state=WebhookEndpoint.State.ACTIVE).order_by("updated_at")
    found = [due.filter(endpoint=endpoint).order_by("next_at", "pk").first() for endpoint in endpoints]
    return [delivery for delivery in found if delivery is not None]


def _goes_out(delivery: WebhookDelivery, may_see: MaySee) -> bool:
    if may_see(delivery):
        return True
    delivery.state = WebhookDelivery.State.WITHHELD
    delivery.reason = _("The member of this webhook may not see this any more.")
    delivery.finished_at = timezone.now()
    delivery.save()
    return False


def _signed(delivery: WebhookDelivery, at: datetime) -> tuple[str, bytes, dict[str, str]]:
    """Address, content and headers, signed with every secret that is in force."""
    endpoint, number = delivery.endpoint, message_id(delivery.uid)
    secrets = [endpoint.secret]
    if endpoint.previous_until is not None and endpoint.previous_until > at:
        secrets.append(endpoint.previous_secret)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"Regulars/{__version__}",
        "webhook-id": number,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(number, at, delivery.content) for secret in secrets),
    }
    return endpoint.url, delivery.content.encode(), headers


@transaction.atomic
def note_attempt(delivery: WebhookDelivery, answer: Answer, *, at: datetime) -> None:
    """Keep what came of an attempt; after a failure try again later, give up, or stop the endpoint."""
    locked = WebhookEndpoint.objects.select_for_update(of=("self",)).select_related("member")
    endpoint = locked.filter(pk=delivery.endpoint_id).first()
    if endpoint is None:
        return  # removed meanwhile
    WebhookAttempt.objects.create(
        delivery=delivery,
        at=at,
        duration_ms=answer.duration_ms,
        status=answer.status,
        answer=answer.text,
        problem=answer.problem,
    )
    delivery.tries += 1
    if answer.is_success:
        _note_success(delivery, endpoint, at)
    else:
        _note_failure(delivery, endpoint, answer, at)
    delivery.save(update_fields=["state", "reason", "tries", "next_at", "finished_at", "updated_at"])
    endpoint.save()


def _note_success(delivery: WebhookDelivery, endpoint: WebhookEndpoint, at: datetime) -> None:
    delivery.state, delivery.finished_at = WebhookDelivery.State.DELIVERED, at
    endpoint.failures = 0
    endpoint.failing_since = endpoint.held_until = None


def _note_failure(delivery: WebhookDelivery, endpoint: WebhookEndpoint, answer: Answer, at: datetime) -> None:
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or at
    hold = min(pause_seconds(endpoint.failures), LONGEST_HOLD_SECONDS)
    endpoint.held_until = at + timedelta(seconds=max(hold, min(answer.retry_after_seconds, PAUSES_SECONDS[-1])))
    if delivery.tries > len(PAUSES_SECONDS):
        delivery.state, delivery.finished_at = WebhookDelivery.State.GIVEN_UP, at
        delivery.reason = _("Every attempt failed.")
    else:
        delivery.next_at = max(at + timedelta(seconds=_shaken(pause_seconds(delivery.tries))), endpoint.held_until)
    if answer.status == GONE:
        _stop(endpoint, _("The address answered that it is gone for good (410)."))
    elif endpoint.failing_since < at - STOPPED_AFTER:
        _stop(endpoint, _("Every attempt failed for three days."))


def pause_seconds(failures: int) -> int:
    """The pause after so many failures in a row."""
    return PAUSES_SECONDS[min(failures, len(PAUSES_SECONDS)) - 1]


def _shaken(seconds: float) -> float:
    """So that what failed together does not come back together."""
    return seconds * random.uniform(0.8, 1.2)


def _stop(endpoint: WebhookEndpoint, reason: str) -> None:
    before = {"state": endpoint.state}
    endpoint.state, endpoint.reason = WebhookEndpoint.State.STOPPED, reason
    after = {"state": endpoint.state, "reason": reason}
    record_change(member=None, verb="stop_webhook", record=endpoint, before=before, after=after)
    _tell(endpoint)


def _tell(endpoint: WebhookEndpoint) -> None:
    """Say so to its member, as soon as the mail server takes mail."""
    with translation.override(endpoint.member.language or None):
        words = {"webhook": endpoint.name, "address": endpoint.url, "reason": endpoint.reason}
        subject = _("The webhook “%(webhook)s” was stopped") % words
        text = _(
            "Regulars sends nothing to %(address)s any more. %(reason)s\n\n"
            "What happens meanwhile is kept. When the other side works again, resume the webhook in the settings."
        )
        send_mail(to=endpoint.member.email, subject=subject, text=text % words, about=endpoint)
