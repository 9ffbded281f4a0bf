"""Endpoints: who is told what. Whoever may configure the installation manages all of them."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TypedDict, Unpack

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from regulars.base.access import Permission, may, require
from regulars.base.audit import record_change
from regulars.base.models import AuditEntry, Member
from regulars.base.webhooks.addresses import checked_url
from regulars.base.webhooks.events import WebhookEvent
from regulars.base.webhooks.models import WebhookEndpoint
from regulars.core.errors import Refusal

MOST_ENDPOINTS = 20
BOTH_SECRETS_FOR = timedelta(hours=24)
"""After a new secret was made, messages are signed with both, so that the other side has time to change."""

SECRET_PREFIX = "whsec_"  # noqa: S105 - the form of secrets, not one
SECRET_BYTES = 32


class WrongEndpoint(Refusal):
    """An endpoint cannot be made or changed like this."""


class EndpointFields(TypedDict, total=False):
    """What may be changed. Not the address: another address is another endpoint, with a secret of its own."""

    name: str
    events: Iterable[str]


def visible_endpoints(member: Member | None) -> QuerySet[WebhookEndpoint]:
    """All endpoints, for who may configure the installation."""
    endpoints = WebhookEndpoint.objects.select_related("member").order_by("pk")
    return endpoints if may(member, Permission.CONFIGURE) else endpoints.none()


@transaction.atomic
def add_endpoint(*, name: str, url: str, events: Iterable[str], member: Member) -> tuple[WebhookEndpoint, str]:
    """An endpoint that is told from now on what `member` may see, and its secret, which is not shown again."""
    require(member, Permission.CONFIGURE)
    checked_url(url)
    if WebhookEndpoint.objects.count() >= MOST_ENDPOINTS:
        raise WrongEndpoint(
            _("There are %(count)d webhooks already.") % {"count": MOST_ENDPOINTS}, _("Remove one that nobody needs.")
        )
    secret = _new_secret()
    endpoint = WebhookEndpoint.objects.create(
        member=member,
        name=_checked_name(name),
        url=url,
        events=_checked_events(events),
        secret=secret,
    )
    said = {"name": endpoint.name, "url": url, "events": endpoint.events}
    record_change(member=member, verb="add_webhook", record=endpoint, before={}, after=said)
    endpoint.seen = AuditEntry.objects.aggregate(newest=Max("pk"))["newest"]
    endpoint.save(update_fields=["seen", "updated_at"])
    return endpoint, secret


@transaction.atomic
def change_endpoint(
    *, endpoint: WebhookEndpoint, member: Member | None, **fields: Unpack[EndpointFields]
) -> WebhookEndpoint:
    """Change the name or the events; those that happened before stay as they were told."""
    endpoint = _locked(endpoint, member)
    before = {"name": endpoint.name, "events": endpoint.events}
    endpoint.name = _checked_name(fields["name"]) if "name" in fields else endpoint.name
    endpoint.events = _checked_events(fields["events"]) if "events" in fields else endpoint.events
    return _kept(endpoint, verb="change_webhook", member=member, before=before)


@transaction.atomic
def pause_endpoint(*, endpoint: WebhookEndpoint, member: Member | None) -> WebhookEndpoint:
    """Send nothing until it is resumed. What happens meanwhile is sent then."""
    endpoint = _locked(endpoint, member)
    before = {"state": endpoint.state}
    endpoint.state = WebhookEndpoint.State.PAUSED
    return _kept(endpoint, verb="pause_webhook", member=member, before=before)


@transaction.atomic
def resume_endpoint(*, endpoint: WebhookEndpoint, member: Member | None) -> WebhookEndpoint:
    """Send again, beginning with what waits, after a pause or after it was stopped."""
    endpoint = _locked(endpoint, member)
    before = {"state": endpoint.state}
    endpoint.state = WebhookEndpoint.State.ACTIVE
    endpoint.failures = 0
    endpoint.failing_since = endpoint.held_until = None
    endpoint.reason = ""
    return _kept(endpoint, verb="resume_webhook", member=member, before=before)


@transaction.atomic
def rotate_secret(*, endpoint: WebhookEndpoint, at: datetime, member: Member | None) -> tuple[WebhookEndpoint, str]:
    """A new secret, which is not shown again. For a day the one before signs as well."""
    endpoint = _locked(endpoint, member)
    endpoint.previous_secret, endpoint.secret = endpoint.secret, _new_secret()
    endpoint.previous_until = at + BOTH_SECRETS_FOR
    endpoint.save()
    after = {"previous_until": endpoint.previous_until}
    record_change(member=member, verb="rotate_webhook_secret", record=endpoint, before={}, after=after)
    return endpoint, endpoint.secret


@transaction.atomic
def remove_endpoint(*, endpoint: WebhookEndpoint, member: Member | None) -> None:
    """Tell it nothing any more, and forget what it was told."""
    endpoint = _locked(endpoint, member)
    said = {"name": endpoint.name, "url": endpoint.url, "events": endpoint.events}
    record_change(member=member, verb="remove_webhook", record=endpoint, before=said, after={})
    endpoint.delete()


def _locked(endpoint: WebhookEndpoint, member: Member | None) -> WebhookEndpoint:
    require(member, Permission.CONFIGURE)
    return WebhookEndpoint.objects.select_for_update(of=("self",)).select_related("member").get(pk=endpoint.pk)


def _kept(
    endpoint: WebhookEndpoint, *, verb: str, member: Member | None, before: Mapping[str, object]
) -> WebhookEndpoint:
    after = {name: getattr(endpoint, name) for name in before}
    if after != before:
        endpoint.save()
        record_change(member=member, verb=verb, record=endpoint, before=before, after=after)
    return endpoint


def _new_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _checked_name(name: str) -> str:
    if not 0 < len(name.strip()) <= 100:
        raise WrongEndpoint(
            _("A webhook needs a name of at most 100 letters."), _("Say who is told, such as: web shop.")
        )
    return name.strip()


def _checked_events(events: Iterable[str]) -> list[str]:
    wanted = set(events)
    unknown = wanted - set(WebhookEvent)
    if unknown:
        raise WrongEndpoint(
            _("There is no event “%(event)s”.") % {"event": min(unknown)},
            _("Use some of: %(events)s.") % {"events": ", ".join(WebhookEvent)},
        )
    if not wanted:
        raise WrongEndpoint(_("No event is chosen."), _("Choose at least one."))
    return [event for event in WebhookEvent if event in wanted]
