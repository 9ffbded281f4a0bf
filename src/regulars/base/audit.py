"""The audit trail: who changed what, when, from what to what. Written in the change's own transaction, never edited."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.models import AuditEntry, Member
from regulars.core.errors import Refusal


class NothingRemoved(Refusal):
    """No record by this name was removed, so none can be put back."""


# Says nothing that the entry itself does not say, or must not be kept.
_LEFT_OUT = {"id", "uid", "created_at", "updated_at", "password", "last_login"}


def record_change(
    *,
    member: Member | None,
    verb: str,
    record: models.Model,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    account_id: int | None = None,
) -> None:
    """Note one change of `record` by `member` (None: Regulars itself). `audited` finds before and after by itself."""
    record_changes(member=member, verb=verb, changes=[(record, before, after)], account_id=account_id)


def record_changes(
    *,
    member: Member | None,
    verb: str,
    changes: Iterable[tuple[models.Model, Mapping[str, Any], Mapping[str, Any]]],
    account_id: int | None = None,
    of_accounts: bool = False,
) -> datetime:
    """Note many changes by one verb: `(record, before, after)` each. Returns the moment, the same for all of them.

    The account concerned is `account_id`, else the record's own account; `of_accounts`: the records are accounts.
    """
    at = timezone.now()
    AuditEntry.objects.bulk_create(
        [
            AuditEntry(
                at=at,
                member=member,
                verb=verb,
                subject=record._meta.label_lower,
                subject_id=record.pk if isinstance(record.pk, int) else None,
                account_id=record.pk if of_accounts else account_id or getattr(record, "account_id", None),
                before=dict(before),
                after=dict(after),
            )
            for record, before, after in changes
        ],
        batch_size=1000,
    )
    return at


@contextmanager
def audited(record: models.Model, *, verb: str, member: Member | None, account_id: int | None = None) -> Iterator[None]:
    """Change and save `record` inside: one transaction, and an entry of the fields that differ - none, if none does.

    A record that is new at the start is noted with all that was said about it, one deleted inside with all that it was,
    its uid included: nothing else tells any more which one it was.
    """
    before = fields_of(record)
    key = record.pk
    with transaction.atomic():
        yield
        after = fields_of(record)
        changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
        if not changed and record.pk == key:
            return
        if record.pk is None and hasattr(record, "uid"):
            before["uid"] = record.uid
            changed.append("uid")
        noted = copy.copy(record)
        noted.pk = record.pk if record.pk is not None else key
        record_change(
            member=member,
            verb=verb,
            record=noted,
            before={name: before[name] for name in changed if name in before},
            after={name: after[name] for name in changed if name in after},
            account_id=account_id,
        )


def fields_of(record: models.Model) -> dict[str, Any]:
    """The record's own fields by name, without those that say nothing; nothing for a record that is not stored."""
    if record.pk is None:
        return {}
    return {
        field.attname: copy.deepcopy(getattr(record, field.attname))
        for field in record._meta.concrete_fields
        if field.attname not in _LEFT_OUT
    }


def history_of(record: models.Model) -> models.QuerySet[AuditEntry]:
    """All that was noted about the record, newest first."""
    return AuditEntry.objects.filter(subject=record._meta.label_lower, subject_id=record.pk).order_by("-at", "-id")


def removed_entry(model: type[models.Model], uid: uuid.UUID, *, verb: str) -> AuditEntry:
    """The newest entry by which `verb` removed the record with this uid, which its `before` must name."""
    removed = AuditEntry.objects.filter(subject=model._meta.label_lower, verb=verb, before__uid=str(uid))
    entry = removed.order_by("-id").first()
    if entry is None:
        raise NothingRemoved(_("There is nothing to put back."), _("Look at what is there now."))
    return entry
