"""Deliveries: what endpoints are told, sending one again, and what is kept of it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import record_change
from regulars.base.models import Member, new_uid
from regulars.base.webhooks.endpoints import WrongEndpoint, visible_endpoints
from regulars.base.webhooks.events import TEST_EVENT
from regulars.base.webhooks.models import WebhookDelivery, WebhookEndpoint
from regulars.core.errors import Refusal

KEPT = timedelta(days=30)


class CannotResend(Refusal):
    """A delivery that waits, or holds nothing that could be sent."""


def visible_deliveries(member: Member | None) -> QuerySet[WebhookDelivery]:
    """The deliveries to the endpoints that `member` may see, newest first."""
    return WebhookDelivery.objects.filter(endpoint__in=visible_endpoints(member)).order_by("-pk")


def message(event: str, *, at: datetime, data: dict[str, Any]) -> str:
    """What is sent: the kind of event, when it happened, and the record that it is about."""
    return json.dumps({"type": event, "timestamp": at.isoformat(), "data": data}, ensure_ascii=False)


@transaction.atomic
def send_test(*, endpoint: WebhookEndpoint, at: datetime, member: Member | None) -> WebhookDelivery:
    """Put a message in the queue that says nothing but that it is a test."""
    require(member, Permission.CONFIGURE)
    _refuse_inactive(endpoint)
    uid = new_uid()
    data = {"webhook": str(endpoint.uid), "sentence": _("This is a test.")}
    return WebhookDelivery.objects.create(
        uid=uid,
        endpoint=endpoint,
        event=TEST_EVENT,
        origin=f"test:{uid}",
        content=message(TEST_EVENT, at=at, data=data),
        next_at=at,
    )


@transaction.atomic
def resend(*, delivery: WebhookDelivery, at: datetime, member: Member | None) -> WebhookDelivery:
    """Put a delivery that is finished back in the queue, as it was. The receiver knows it by its id."""
    require(member, Permission.CONFIGURE)
    delivery = WebhookDelivery.objects.select_for_update(of=("self",)).select_related("endpoint").get(pk=delivery.pk)
    _refuse_inactive(delivery.endpoint)
    if delivery.state == WebhookDelivery.State.WAITING or not delivery.content:
        raise CannotResend(
            _("This message waits already, or holds nothing to send."), _("Choose one that was sent or given up.")
        )
    before = {"state": delivery.state}
    delivery.state = WebhookDelivery.State.WAITING
    delivery.tries, delivery.next_at, delivery.finished_at, delivery.reason = 0, at, None, ""
    delivery.save()
    record_change(member=member, verb="resend_webhook", record=delivery, before=before, after={"state": delivery.state})
    return delivery


def message_id(uid: UUID) -> str:
    """The id under which the receiver knows the message, however often it comes."""
    return f"msg_{uid.hex}"


def forget_old_deliveries(*, at: datetime) -> int:
    """Forget what was delivered or given up a month ago. Returns how many there were."""
    old = WebhookDelivery.objects.filter(finished_at__lt=at - KEPT)
    count = old.count()
    old.delete()
    return count


def _refuse_inactive(endpoint: WebhookEndpoint) -> None:
    if endpoint.state != WebhookEndpoint.State.ACTIVE:
        raise WrongEndpoint(_("%(webhook)s is not told anything now.") % {"webhook": endpoint}, _("Resume it first."))
