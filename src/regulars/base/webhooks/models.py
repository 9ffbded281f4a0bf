"""Who is told, what they are told, and how that went."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Member, Record


class WebhookEndpoint(Record):
    """An address that is told what happened, as far as its member may see it. `endpoints.py` has its verbs."""

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        PAUSED = "paused", _("paused")
        STOPPED = "stopped", _("stopped after failures")

    member = models.ForeignKey(Member, models.PROTECT, related_name="webhooks")
    name = models.CharField(_("name"), max_length=100)
    url = models.CharField(_("address"), max_length=2000)
    events = models.JSONField(_("events"), default=list)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.ACTIVE)
    reason = models.CharField(_("why it was stopped"), max_length=300, blank=True, default="")
    # Signing needs the secret itself, so unlike the key of a token it cannot be kept as a hash.
    secret = models.CharField(_("secret"), max_length=100)
    previous_secret = models.CharField(_("secret before"), max_length=100, blank=True, default="")
    previous_until = models.DateTimeField(_("secret before signs until"), null=True)
    seen = models.BigIntegerField(_("newest entry of the audit trail that was looked at"), default=0)
    missing = models.JSONField(_("entries before it that were not there yet"), default=dict)
    failures = models.PositiveIntegerField(_("attempts that failed since the last success"), default=0)
    failing_since = models.DateTimeField(_("fails since"), null=True)
    held_until = models.DateTimeField(_("left alone until"), null=True)

    def __str__(self) -> str:
        return self.name


class WebhookDelivery(Record):
    """One message to one endpoint. Its `content` is sent as it stands, also when it is sent again."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DELIVERED = "delivered", _("delivered")
        GIVEN_UP = "given_up", _("given up")
        WITHHELD = "withheld", _("withheld")

    endpoint = models.ForeignKey(WebhookEndpoint, models.CASCADE, related_name="deliveries")
    event = models.CharField(_("event"), max_length=64)
    # What it tells of: an endpoint is told of it once.
    origin = models.CharField(_("origin"), max_length=64)
    account_id = models.BigIntegerField(_("account concerned"), null=True)
    content = models.TextField(_("content"))
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.WAITING)
    reason = models.CharField(_("why it is not sent"), max_length=300, blank=True, default="")
    tries = models.PositiveSmallIntegerField(_("attempts since it was last put in the queue"), default=0)
    next_at = models.DateTimeField(_("not before"))
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["endpoint", "origin"], name="webhook_told_once"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["endpoint", "next_at"], condition=models.Q(state="waiting"), name="webhook_delivery_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.origin}"


class WebhookAttempt(models.Model):
    """One attempt at a delivery: what the other side answered, or why it could not be reached."""

    id = models.BigAutoField(primary_key=True)
    delivery = models.ForeignKey(WebhookDelivery, models.CASCADE, related_name="attempts")
    at = models.DateTimeField(_("at"))
    duration_ms = models.PositiveIntegerField(_("duration, milliseconds"))
    status = models.PositiveSmallIntegerField(_("status of the answer"), null=True)
    answer = models.TextField(_("beginning of the answer"), blank=True, default="")
    problem = models.CharField(_("what went wrong"), max_length=300, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.delivery_id} {self.status or self.problem}"
