"""The audit trail in words: what was done, and for each field what it said before and after."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.base.access import Permission, may
from regulars.base.formats import day, number
from regulars.base.models import AuditEntry, Member
from regulars.facts.models import Account, AccountMerge, Contact, CustomField, Interaction, NotDuplicates, Site
from regulars.plan.models import Action

VERBS: Final = {
    "create_account": gettext_lazy("Account made"),
    "change_account": gettext_lazy("Account changed"),
    "assign_owner": gettext_lazy("Given into other hands"),
    "tag": gettext_lazy("Tagged"),
    "untag": gettext_lazy("Tag taken off"),
    "create_contact": gettext_lazy("Contact added"),
    "change_contact": gettext_lazy("Contact changed"),
    "deactivate_contact": gettext_lazy("Contact has left"),
    "activate_contact": gettext_lazy("Contact is there again"),
    "add_site": gettext_lazy("Place added"),
    "change_site": gettext_lazy("Place changed"),
    "remove_site": gettext_lazy("Place removed"),
    "restore_site": gettext_lazy("Place put back"),
    "record_interaction": gettext_lazy("Talk noted"),
    "change_interaction": gettext_lazy("Note changed"),
    "withdraw_interaction": gettext_lazy("Note taken back"),
    "restore_interaction": gettext_lazy("Note put back"),
    "merge_accounts": gettext_lazy("Two accounts made one"),
    "undo_merge": gettext_lazy("Merge taken back"),
    "mark_different": gettext_lazy("Said to be no duplicate"),
    "withdraw_different": gettext_lazy("May be a duplicate after all"),
    "mark_done": gettext_lazy("Action done"),
    "mark_not_useful": gettext_lazy("Action dismissed"),
    "snooze": gettext_lazy("Action put off"),
    "reassign": gettext_lazy("Action given to another"),
    "reopen": gettext_lazy("Action opened again"),
    "import": gettext_lazy("Changed by an import"),
    "undo_import": gettext_lazy("Changed by undoing an import"),
}
"""What is said about an account, its people and its actions."""

_MODELS: Final[dict[str, type[models.Model]]] = {
    model._meta.label_lower: model
    for model in (Account, Contact, Site, Interaction, Action, AccountMerge, NotDuplicates)
}
_LEFT_OUT: Final = frozenset(
    {"uid", "account_id", "source", "external_id", "made_by_import_id", "generated", "figures", "interaction_id",
     "seen_on", "stake", "expected_money", "moved", "filled", "merged_into_id", "reassigned", "contacts", "first",
     "second", "closed_by_id"}
)  # fmt: skip
"""What says nothing to a reader, or stands there in other words."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One field. An empty text: nothing was there."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """One entry of the trail in words."""

    at: datetime
    by: Member | None
    """None: Regulars itself."""
    verb: str
    what: str
    differences: list[Difference]


def told_changes(entries: Iterable[AuditEntry], *, member: Member | None) -> list[Change]:
    """The entries in words, in the language in force; fields that `member` may not see are left out.

    The number of queries does not depend on how many entries there are.
    """
    listed = list(entries)
    names = _names(listed)
    fields = {field.key: field for field in CustomField.objects.all()}
    confidential = may(member, Permission.SEE_CONFIDENTIAL)
    hidden = {key for key, field in fields.items() if field.confidential and not confidential}
    return [
        Change(
            at=entry.at,
            by=entry.member,
            verb=entry.verb,
            what=str(VERBS.get(entry.verb) or entry.verb.replace("_", " ")),
            differences=[
                *_differences(entry, names),
                *_custom_differences(entry, {key: one for key, one in fields.items() if key not in hidden}),
            ],
        )
        for entry in listed
    ]


def _differences(entry: AuditEntry, names: Mapping[tuple[str, int], str]) -> list[Difference]:
    model = _MODELS.get(entry.subject)
    found = []
    for key in {**entry.before, **entry.after}:
        if key in _LEFT_OUT or key == "custom":
            continue
        field = _field(model, key)
        before, after = (_told(field, side.get(key), names) for side in (entry.before, entry.after))
        if before != after:
            label = _("tags") if key == "tags" else str(field.verbose_name) if field is not None else key
            found.append(Difference(label=capfirst(label), before=before, after=after))
    return found


def _custom_differences(entry: AuditEntry, fields: Mapping[str, CustomField]) -> list[Difference]:
    before, after = entry.before.get("custom") or {}, entry.after.get("custom") or {}
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return []
    changed = [key for key in {**before, **after} if before.get(key) != after.get(key) and key in fields]
    return [
        Difference(
            label=fields[key].label,
            before=own_value(fields[key], before.get(key)),
            after=own_value(fields[key], after.get(key)),
        )
        for key in changed
    ]


def own_value(field: CustomField, value: Any) -> str:
    """What an account says in a field that the firm added, as people write it."""
    if field.type == CustomField.Type.DATE and isinstance(value, str) and value:
        return day(date.fromisoformat(value))
    return _plain(value)


def _field(model: type[models.Model] | None, key: str) -> models.Field[Any, Any] | None:
    fields = model._meta.concrete_fields if model is not None else ()
    return next((field for field in fields if field.attname == key), None)


def _told(field: models.Field[Any, Any] | None, value: Any, names: Mapping[tuple[str, int], str]) -> str:
    if value in (None, ""):
        return ""
    if isinstance(field, models.ForeignKey):
        return names.get((field.related_model._meta.label_lower, value), f"#{value}")
    if field is not None and field.flatchoices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(field, models.DateField) and not isinstance(field, models.DateTimeField):
        return day(date.fromisoformat(str(value)[:10]))
    return _plain(value)


def _plain(value: Any) -> str:
    if value in (None, ""):
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int | float):
        return number(value, digits=2)
    return ", ".join(map(_plain, value)) if isinstance(value, list) else str(value)


def _names(entries: Iterable[AuditEntry]) -> dict[tuple[str, int], str]:
    """The names of the records that the entries point to: one query a kind of record."""
    wanted: dict[type[models.Model], set[int]] = defaultdict(set)
    for entry in entries:
        for side in (entry.before, entry.after):
            for key, value in side.items():
                field = _field(_MODELS.get(entry.subject), key)
                if isinstance(field, models.ForeignKey) and isinstance(value, int) and key not in _LEFT_OUT:
                    wanted[field.related_model].add(value)
    return {
        (model._meta.label_lower, pk): str(record)
        for model, ids in wanted.items()
        for pk, record in model._default_manager.in_bulk(sorted(ids)).items()
    }
