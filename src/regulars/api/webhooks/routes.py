"""Managing endpoints over the API, and looking at what they were told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal, cast
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema, Status
from pydantic import StringConstraints

from regulars.api.bearer import OutOfScope, acting, scoped, token_in
from regulars.api.changes import IfMatch, require_unchanged
from regulars.api.fields import NO_NUL, MemberRef
from regulars.api.paging import Page, PageIn, page_of
from regulars.api.problems import not_found
from regulars.base.access import Permission, require
from regulars.base.models import Member
from regulars.base.tokens import ApiScope
from regulars.base.webhooks import deliveries, endpoints
from regulars.base.webhooks.events import WebhookEvent, scope_of
from regulars.base.webhooks.models import WebhookDelivery, WebhookEndpoint

router = Router(tags=["webhooks"])

Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=NO_NUL), Field(examples=["Shop"])]
Url = Annotated[
    str,
    StringConstraints(min_length=1, max_length=2000, pattern=NO_NUL),
    Field(examples=["https://example.com/regulars"]),
]
Events = Annotated[list[WebhookEvent], Field(min_length=1, max_length=len(WebhookEvent))]

# Not the enumerations of the models: both are called State, and a description knows one schema of a name.
EndpointState = Literal["active", "paused", "stopped"]
DeliveryState = Literal["waiting", "delivered", "given_up", "withheld"]


class NewWebhookIn(Schema):
    """Who shall be told what."""

    name: Name
    url: Url = Field(description="Where messages are sent: https://…")
    events: Events


class WebhookIn(Schema):
    """What may be changed."""

    name: Name | None = None
    events: Events | None = None
    state: Literal["active", "paused"] | None = Field(None, description="“active” also resumes what was stopped.")


class WebhookOut(Schema):
    """An address that is told what happened, as far as its member may see it."""

    uid: UUID
    name: str
    url: str
    events: list[WebhookEvent]
    member: MemberRef
    state: EndpointState
    reason: str = Field(description="Why it was stopped.")
    failing_since: datetime | None
    previous_secret_until: datetime | None = Field(description="Until then the secret before signs as well.")


class WebhookWithSecretOut(WebhookOut):
    """With the secret that messages are signed with. It is not shown again."""

    secret: str


class AttemptOut(Schema):
    """One attempt: the status and the beginning of the answer, or what went wrong."""

    at: datetime
    duration_ms: int
    status: int | None
    answer: str
    problem: str


class DeliveryOut(Schema):
    """One message to one address, and how it went."""

    uid: UUID
    webhook_id: str = Field(description="The `webhook-id` under which it is sent.")
    event: str
    state: DeliveryState
    reason: str
    next_at: datetime | None = Field(description="When it is tried next.")
    finished_at: datetime | None
    content: str
    attempts: list[AttemptOut]


class DeliveryFilter(PageIn):
    """Which deliveries."""

    state: DeliveryState | None = None
    event: WebhookEvent | None = None


@router.get("/webhooks", response=Page[WebhookOut], summary="Webhooks")
@scoped(ApiScope.WEBHOOKS_READ)
def list_webhooks(request: HttpRequest, page: Query[PageIn]) -> Page[WebhookOut]:
    found, following = page_of(_endpoints(acting(request)), page)
    return Page[WebhookOut](items=[_shown(one) for one in found], next=following)


@router.post("/webhooks", response={201: WebhookWithSecretOut}, summary="Have an address told what happens")
@scoped(ApiScope.WEBHOOKS_WRITE)
def add_webhook(request: HttpRequest, webhook: NewWebhookIn) -> Status[WebhookWithSecretOut]:
    """The token needs the scopes, too, with which the events could be read. The secret is not shown again."""
    member = acting(request)
    require(member, Permission.CONFIGURE)
    _require_scopes(request, webhook.events)
    made, secret = endpoints.add_endpoint(name=webhook.name, url=webhook.url, events=webhook.events, member=member)
    return Status(201, _with_secret(made, secret))


@router.get("/webhooks/{uuid:uid}", response=WebhookOut, summary="One webhook")
@scoped(ApiScope.WEBHOOKS_READ)
def get_webhook(request: HttpRequest, uid: UUID) -> WebhookOut:
    return _shown(_endpoint(uid, acting(request)))


@router.patch("/webhooks/{uuid:uid}", response=WebhookOut, summary="Change, pause or resume a webhook")
@scoped(ApiScope.WEBHOOKS_WRITE)
@transaction.atomic
def patch_webhook(request: HttpRequest, uid: UUID, webhook: WebhookIn, if_match: IfMatch) -> WebhookOut:
    """The address stays: another address is another webhook, with a secret of its own."""
    member = acting(request)
    endpoint = WebhookEndpoint.objects.select_for_update(of=("self",)).get(pk=_endpoint(uid, member).pk)
    require_unchanged(request, _shown(endpoint), if_match)
    _require_scopes(request, webhook.events or [])
    fields = {name: value for name, value in (("name", webhook.name), ("events", webhook.events)) if value is not None}
    endpoint = endpoints.change_endpoint(endpoint=endpoint, member=member, **fields)  # type: ignore[arg-type]
    if webhook.state == "paused":
        endpoint = endpoints.pause_endpoint(endpoint=endpoint, member=member)
    elif webhook.state == "active":
        endpoint = endpoints.resume_endpoint(endpoint=endpoint, member=member)
    return _shown(endpoint)


@router.delete("/webhooks/{uuid:uid}", response={204: None}, summary="Remove a webhook")
@scoped(ApiScope.WEBHOOKS_WRITE)
def delete_webhook(request: HttpRequest, uid: UUID) -> Status[None]:
    """What it was told is forgotten with it."""
    member = acting(request)
    endpoints.remove_endpoint(endpoint=_endpoint(uid, member), member=member)
    return Status(204, None)


@router.post("/webhooks/{uuid:uid}/secret", response=WebhookWithSecretOut, summary="Make a new secret")
@scoped(ApiScope.WEBHOOKS_WRITE)
def post_secret(request: HttpRequest, uid: UUID) -> WebhookWithSecretOut:
    """For a day messages are signed with the one before as well."""
    member = acting(request)
    endpoint = _endpoint(uid, member)
    return _with_secret(*endpoints.rotate_secret(endpoint=endpoint, at=timezone.now(), member=member))


@router.post("/webhooks/{uuid:uid}/test", response=DeliveryOut, summary="Send a test message")
@scoped(ApiScope.WEBHOOKS_WRITE)
def post_test(request: HttpRequest, uid: UUID) -> DeliveryOut:
    member = acting(request)
    return _delivery(deliveries.send_test(endpoint=_endpoint(uid, member), at=timezone.now(), member=member))


@router.get("/webhooks/{uuid:uid}/deliveries", response=Page[DeliveryOut], summary="What it was told, and how it went")
@scoped(ApiScope.WEBHOOKS_READ)
def list_deliveries(request: HttpRequest, uid: UUID, page: Query[DeliveryFilter]) -> Page[DeliveryOut]:
    found = _deliveries(_endpoint(uid, acting(request)))
    conditions = {"state": page.state, "event": page.event}
    wanted = {name: value for name, value in conditions.items() if value is not None}
    shown, following = page_of(found.filter(**wanted).prefetch_related("attempts"), page)
    return Page[DeliveryOut](items=[_delivery(one) for one in shown], next=following)


@router.post(
    "/webhooks/{uuid:uid}/deliveries/{uuid:delivery}/resend", response=DeliveryOut, summary="Send a message again"
)
@scoped(ApiScope.WEBHOOKS_WRITE)
def post_resend(request: HttpRequest, uid: UUID, delivery: UUID) -> DeliveryOut:
    """As it was, under the same `webhook-id`."""
    member = acting(request)
    found = _deliveries(_endpoint(uid, member)).filter(uid=delivery).first()
    if found is None:
        raise not_found()
    return _delivery(deliveries.resend(delivery=found, at=timezone.now(), member=member))


def _endpoints(member: Member) -> QuerySet[WebhookEndpoint]:
    require(member, Permission.CONFIGURE)
    return endpoints.visible_endpoints(member)


def _endpoint(uid: UUID, member: Member) -> WebhookEndpoint:
    found = _endpoints(member).filter(uid=uid).first()
    if found is None:
        raise not_found()
    return found


def _deliveries(endpoint: WebhookEndpoint) -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(endpoint=endpoint)


def _require_scopes(request: HttpRequest, events: Iterable[WebhookEvent]) -> None:
    """A token must not have others told what it may not read itself."""
    lacking = {scope_of(event) for event in events} - set(token_in(request).scopes)
    if lacking:
        raise OutOfScope(
            _("This token was not made for these events: it lacks the scope %(scope)s.") % {"scope": min(lacking)},
            _("Make one with this scope: regulars token add"),
        )


def _shown(endpoint: WebhookEndpoint) -> WebhookOut:
    return WebhookOut(
        uid=endpoint.uid,
        name=endpoint.name,
        url=endpoint.url,
        events=endpoint.events,
        member=MemberRef(uid=endpoint.member.uid, name=endpoint.member.name),
        state=cast("EndpointState", endpoint.state),
        reason=endpoint.reason,
        failing_since=endpoint.failing_since,
        previous_secret_until=endpoint.previous_until,
    )


def _with_secret(endpoint: WebhookEndpoint, secret: str) -> WebhookWithSecretOut:
    return WebhookWithSecretOut(**_shown(endpoint).dict(), secret=secret)


def _delivery(delivery: WebhookDelivery) -> DeliveryOut:
    waits = delivery.state == WebhookDelivery.State.WAITING
    return DeliveryOut(
        uid=delivery.uid,
        webhook_id=deliveries.message_id(delivery.uid),
        event=delivery.event,
        state=cast("DeliveryState", delivery.state),
        reason=delivery.reason,
        next_at=delivery.next_at if waits else None,
        finished_at=delivery.finished_at,
        content=delivery.content,
        attempts=[AttemptOut.from_orm(one) for one in sorted(delivery.attempts.all(), key=lambda one: one.pk)],
    )
