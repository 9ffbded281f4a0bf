"""From what happened to what endpoints are told: which event it is, and the record as its member may see it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import translation
from ninja import Schema
from ninja.responses import NinjaJSONEncoder

from regulars.api.facts.accounts import accounts_of, shown_account
from regulars.api.facts.contacts import shown_contact
from regulars.api.facts.imports import shown_import
from regulars.api.facts.interactions import shown_interaction
from regulars.api.facts.signals import shown_signal, signals_of
from regulars.api.insight import SnapshotOut
from regulars.api.plan import actions_of, shown_action
from regulars.api.webhooks import account_work
from regulars.api.webhooks.trail import entry_origin, snapshot_origin, unread, untold_snapshot
from regulars.base.access import Permission, may
from regulars.base.models import AuditEntry, Member
from regulars.base.organisation import organisation
from regulars.base.webhooks.deliveries import message
from regulars.base.webhooks.events import WebhookEvent, kind_of
from regulars.base.webhooks.models import WebhookDelivery, WebhookEndpoint
from regulars.facts.accounts import visible_accounts
from regulars.facts.contacts import visible_contacts
from regulars.facts.interactions import visible_interactions
from regulars.facts.models import Account, Import
from regulars.insight.models import Snapshot

logger = logging.getLogger(__name__)

_E = WebhookEvent

EVENTS: dict[str, tuple[dict[str, WebhookEvent], WebhookEvent | None]] = {
    "facts.account": ({"create_account": _E.ACCOUNT_CREATED}, _E.ACCOUNT_CHANGED),
    "facts.accountmerge": ({}, _E.ACCOUNT_CHANGED),
    "facts.contact": ({"create_contact": _E.CONTACT_CREATED}, _E.CONTACT_CHANGED),
    "facts.interaction": (
        {"record_interaction": _E.INTERACTION_RECORDED, "withdraw_interaction": _E.INTERACTION_WITHDRAWN},
        _E.INTERACTION_CHANGED,
    ),
    "facts.signal": (
        {
            "record_signal": _E.SIGNAL_RECORDED,
            "withdraw_signal": _E.SIGNAL_WITHDRAWN,
            "restore_signal": _E.SIGNAL_RESTORED,
        },
        None,
    ),
    "plan.action": (
        {
            "mark_done": _E.ACTION_DONE,
            "mark_not_useful": _E.ACTION_NOT_USEFUL,
            "snooze": _E.ACTION_SNOOZED,
            "reassign": _E.ACTION_REASSIGNED,
            "reopen": _E.ACTION_REOPENED,
        },
        None,
    ),
    "facts.import": ({"import": _E.IMPORT_FINISHED, "undo_import": _E.IMPORT_UNDONE}, None),
    **account_work.EVENTS,
}
"""By kind of record: the events of verbs, and the event of all other verbs."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What an event is about; `record` is None for one that is gone."""

    uid: UUID | str
    record: Schema | None
    account_id: int | None = None


def gather(*, at: datetime) -> int:
    """Put in the queue what active endpoints were not told of yet. Returns how many messages.

    One process at a time may do this.
    """
    active = WebhookEndpoint.objects.filter(state=WebhookEndpoint.State.ACTIVE).select_related("member")
    return sum(_gather_for(endpoint, at) for endpoint in active.order_by("pk"))


def _gather_for(endpoint: WebhookEndpoint, at: datetime) -> int:
    found = unread(endpoint, at)
    with translation.override(endpoint.member.language or organisation().language):
        made = [*_from_entries(endpoint, found.entries, at), *_from_snapshot(endpoint, at)]
    with transaction.atomic():
        WebhookDelivery.objects.bulk_create(made, ignore_conflicts=True)
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(seen=found.seen, missing=found.missing)
    return len(made)


def _from_entries(endpoint: WebhookEndpoint, entries: list[AuditEntry], at: datetime) -> Iterator[WebhookDelivery]:
    for entry in entries:
        for event, origin in _told_by(entry):
            if event in endpoint.events:
                yield from _delivery(endpoint, entry, event, origin, at)


def _told_by(entry: AuditEntry) -> Iterator[tuple[WebhookEvent, str]]:
    """The events that an entry stands for, each with the origin under which it is told once."""
    if (event := event_of(entry)) is not None:
        yield event, entry_origin(entry)
    if (also := account_work.ALSO.get((entry.subject, entry.verb))) is not None:
        yield also, f"{entry_origin(entry)}:{also}"


def _delivery(
    endpoint: WebhookEndpoint, entry: AuditEntry, event: WebhookEvent, origin: str, at: datetime
) -> Iterator[WebhookDelivery]:
    delivery = WebhookDelivery(endpoint=endpoint, event=event, origin=origin, next_at=at)
    try:
        told = _told(event, entry, endpoint.member)
    except Exception:  # one record that cannot be said must not keep all that follows from being sent
        logger.exception("Entry %s of the audit trail cannot be told to webhook %s", entry.pk, endpoint.pk)
        delivery.state, delivery.finished_at = WebhookDelivery.State.GIVEN_UP, at
        yield delivery
        return
    if told is not None:
        delivery.account_id = told.account_id
        delivery.content = message(event, at=entry.at, data=_data(told))
        yield delivery


def _from_snapshot(endpoint: WebhookEndpoint, at: datetime) -> Iterator[WebhookDelivery]:
    snapshot = untold_snapshot(endpoint, at)
    if snapshot is None or not may(endpoint.member, Permission.READ):
        return
    told = Told(uid=snapshot.uid, record=shown_snapshot(snapshot))
    yield WebhookDelivery(
        endpoint=endpoint,
        event=_E.SNAPSHOT_TAKEN,
        origin=snapshot_origin(snapshot),
        content=message(_E.SNAPSHOT_TAKEN, at=snapshot.created_at, data=_data(told)),
        next_at=at,
    )


def event_of(entry: AuditEntry) -> WebhookEvent | None:
    """The event that an entry of the audit trail stands for; None: nothing that is told."""
    by_verb, otherwise = EVENTS.get(entry.subject, ({}, None))
    return by_verb.get(entry.verb, otherwise)


def may_see(delivery: WebhookDelivery) -> bool:
    """Whether the endpoint's member may see now what the delivery is about."""
    member = delivery.endpoint.member
    if kind_of(delivery.event) in account_work.KINDS:
        return account_work.sees_record(delivery.event, json.loads(delivery.content)["data"]["uid"], member)
    if delivery.account_id is not None:
        return _sees_account(delivery.account_id, member)
    needed = Permission.IMPORT if delivery.event.startswith("import.") else Permission.READ
    return may(member, needed)


def _data(told: Told) -> dict[str, Any]:
    """The record in the same words as a read, to the digit of its moments."""
    shown = json.dumps(told.record.model_dump(), cls=NinjaJSONEncoder) if told.record else "null"
    return {"uid": str(told.uid), "record": json.loads(shown)}


def _told(event: WebhookEvent, entry: AuditEntry, member: Member) -> Told | None:
    """What the event is about, as the member may see it; None: not for this member's eyes, or nothing is left of it."""
    kind = account_work.kind_told(event)
    if kind is None:
        return _KINDS[entry.subject](entry, member)
    found = account_work.record_of(event, entry, member)
    shown = kind.shown(found, member) if found is not None else None
    return Told(uid=found.uid, record=shown, account_id=kind.account(found)) if shown is not None else None


def _told_account(entry: AuditEntry, member: Member) -> Told | None:
    """One that was merged is shown as the account that it is part of now."""
    number = (entry.subject_id if entry.subject == "facts.account" else entry.account_id) or 0
    named = Account.objects.filter(pk=number).values_list("uid", "merged_into_id").first()
    found = named and accounts_of(member).filter(pk=named[1] or number).first()
    return Told(uid=named[0], record=shown_account(found, member), account_id=found.pk) if named and found else None


def _told_contact(entry: AuditEntry, member: Member) -> Told | None:
    found = visible_contacts(member).select_related("account").filter(pk=entry.subject_id or 0).first()
    return Told(uid=found.uid, record=shown_contact(found), account_id=found.account_id) if found else None


def _told_interaction(entry: AuditEntry, member: Member) -> Told | None:
    if entry.verb == "withdraw_interaction":
        seen = entry.account_id is not None and _sees_account(entry.account_id, member)
        return Told(uid=entry.before["uid"], record=None, account_id=entry.account_id) if seen else None
    found = visible_interactions(member).select_related("account", "member").filter(pk=entry.subject_id or 0).first()
    return Told(uid=found.uid, record=shown_interaction(found), account_id=found.account_id) if found else None


def _told_signal(entry: AuditEntry, member: Member) -> Told | None:
    found = signals_of(member).filter(pk=entry.subject_id or 0).first()
    return Told(uid=found.uid, record=shown_signal(found), account_id=found.account_id) if found else None


def _told_action(entry: AuditEntry, member: Member) -> Told | None:
    found = actions_of(member).filter(pk=entry.subject_id or 0).first()
    return Told(uid=found.uid, record=shown_action(found), account_id=found.account_id) if found else None


def _told_import(entry: AuditEntry, member: Member) -> Told | None:
    found = Import.objects.select_related("member").filter(pk=entry.subject_id or 0).first()
    return Told(uid=found.uid, record=shown_import(found)) if found and may(member, Permission.IMPORT) else None


_KINDS: dict[str, Callable[[AuditEntry, Member], Told | None]] = {
    "facts.account": _told_account,
    "facts.accountmerge": _told_account,
    "facts.contact": _told_contact,
    "facts.interaction": _told_interaction,
    "facts.signal": _told_signal,
    "plan.action": _told_action,
    "facts.import": _told_import,
}


def shown_snapshot(snapshot: Snapshot) -> SnapshotOut:
    return SnapshotOut(uid=snapshot.uid, as_of=snapshot.as_of, currency=snapshot.currency)


def _sees_account(account_id: int, member: Member) -> bool:
    merged_into = Account.objects.filter(pk=account_id).values_list("merged_into_id", flat=True).first()
    return visible_accounts(member).filter(pk=merged_into or account_id).exists()
