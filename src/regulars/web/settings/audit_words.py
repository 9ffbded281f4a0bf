"""Entries of the audit trail in words: what was done, to which record, which fields, with names in place of numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.base.formats import number
from regulars.base.models import AuditEntry, Organisation
from regulars.base.thresholds import declared_thresholds
from regulars.facts.models import CustomField, ExchangeRate
from regulars.plan.causes import CAUSES
from regulars.plan.models import Action
from regulars.web import trail

LONGEST_VALUE = 300

VERBS: dict[str, str | Promise] = {
    **trail.VERBS,
    "accept_invitation": gettext_lazy("Invitation accepted"),
    "activate_member": gettext_lazy("Login given back"),
    "add_rule": gettext_lazy("Rule added"),
    "add_webhook": gettext_lazy("Webhook added"),
    "ask_for_backup": gettext_lazy("Backup asked for"),
    "ask_for_refresh": gettext_lazy("Computing of the lists asked for"),
    "change_custom_field": gettext_lazy("Field of ours changed"),
    "change_department": gettext_lazy("Department changed"),
    "change_member": gettext_lazy("Member changed"),
    "change_organisation": gettext_lazy("Organisation changed"),
    "change_role": gettext_lazy("Role changed"),
    "change_rule": gettext_lazy("Rule changed"),
    "change_team": gettext_lazy("Team changed"),
    "change_thresholds": gettext_lazy("Figures of causes changed"),
    "change_view": gettext_lazy("View changed"),
    "change_webhook": gettext_lazy("Webhook changed"),
    "confirm_email": gettext_lazy("E-mail confirmed"),
    "create_custom_field": gettext_lazy("Field of ours added"),
    "create_department": gettext_lazy("Department added"),
    "create_member": gettext_lazy("Member added"),
    "create_organisation": gettext_lazy("Organisation founded"),
    "create_team": gettext_lazy("Team added"),
    "create_token": gettext_lazy("API token made"),
    "deactivate_member": gettext_lazy("Login taken away"),
    "delete_view": gettext_lazy("View removed"),
    "discard_upload": gettext_lazy("Uploaded files thrown away"),
    "download_backup": gettext_lazy("Backup taken out of the house"),
    "end_session": gettext_lazy("Session ended"),
    "forget_mapping": gettext_lazy("Mapping of columns forgotten"),
    "import": gettext_lazy("Files imported"),
    "invite_member": gettext_lazy("Member invited"),
    "join_tags": gettext_lazy("Tags joined"),
    "let_in_again": gettext_lazy("Let in again after too many attempts"),
    "move_rule": gettext_lazy("Rule moved"),
    "pause_webhook": gettext_lazy("Webhook paused"),
    "record_rate": gettext_lazy("Exchange rate recorded"),
    "remove_backup": gettext_lazy("Backup removed"),
    "remove_department": gettext_lazy("Department removed"),
    "remove_rate": gettext_lazy("Exchange rate removed"),
    "remove_rule": gettext_lazy("Rule removed"),
    "remove_tag": gettext_lazy("Tag removed"),
    "remove_team": gettext_lazy("Team removed"),
    "remove_webhook": gettext_lazy("Webhook removed"),
    "rename_mapping": gettext_lazy("Mapping of columns renamed"),
    "rename_tag": gettext_lazy("Tag renamed"),
    "resend_invitation": gettext_lazy("Invitation sent again"),
    "resend_webhook": gettext_lazy("Message of a webhook sent again"),
    "restore": gettext_lazy("Restored from a backup"),
    "restore_default_rules": gettext_lazy("Usual rules restored"),
    "restore_view": gettext_lazy("View put back"),
    "resume_webhook": gettext_lazy("Webhook resumed"),
    "retry_job": gettext_lazy("Job tried again"),
    "revoke_token": gettext_lazy("API token revoked"),
    "rotate_webhook_secret": gettext_lazy("New secret made for a webhook"),
    "save_view": gettext_lazy("View kept"),
    "stop_webhook": gettext_lazy("Webhook stopped"),
    "undo_import": gettext_lazy("Import undone"),
    "upload": gettext_lazy("Files handed over"),
    "withdraw_invitation": gettext_lazy("Invitation withdrawn"),
}
"""What the verbs of all stages are called here; a new one shows its own name until it stands here."""

KINDS: dict[str, str | Promise] = {
    "base.apitoken": gettext_lazy("API token"),
    "base.department": gettext_lazy("department"),
    "base.invitation": gettext_lazy("invitation"),
    "base.job": gettext_lazy("job"),
    "base.member": gettext_lazy("member"),
    "base.organisation": gettext_lazy("organisation"),
    "base.team": gettext_lazy("team"),
    "facts.account": gettext_lazy("account"),
    "facts.accountmerge": gettext_lazy("merge"),
    "facts.classificationrule": gettext_lazy("classification rule"),
    "facts.contact": gettext_lazy("contact"),
    "facts.customfield": gettext_lazy("field of ours"),
    "facts.exchangerate": gettext_lazy("exchange rate"),
    "facts.import": gettext_lazy("import"),
    "facts.interaction": gettext_lazy("call, visit or mail"),
    "facts.notduplicates": gettext_lazy("pair of accounts"),
    "facts.site": gettext_lazy("site"),
    "facts.tag": gettext_lazy("tag"),
    "facts.savedmapping": gettext_lazy("mapping of columns"),
    "facts.upload": gettext_lazy("upload"),
    "web.savedview": gettext_lazy("view"),
    "plan.action": gettext_lazy("action"),
}
"""What the records are called here."""


def verb_of(verb: str) -> str:
    """What was done, in words."""
    return str(VERBS.get(verb) or capfirst(verb.replace("_", " ")))


def kind_of(subject: str) -> str:
    """The kind of a record, in words."""
    return str(KINDS.get(subject) or subject.rpartition(".")[2])


def verbs() -> list[tuple[str, str]]:
    """All verbs to choose from, by their words."""
    return sorted(((verb, str(words)) for verb, words in VERBS.items()), key=lambda one: one[1])


def kinds() -> list[tuple[str, str]]:
    """All kinds of records to choose from, by their words."""
    return sorted(((subject, capfirst(str(words))) for subject, words in KINDS.items()), key=lambda one: one[1])


@dataclass(frozen=True, kw_only=True)
class FieldChange:
    """One field: what stood there, and what stands there now. Empty: nothing."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """One entry in words."""

    entry: AuditEntry
    verb: str
    kind: str
    who: str
    record: str
    """The name of the record as it is now; as it was, where it is gone."""
    account_uid: Any
    account: str
    fields: list[FieldChange]


class Words:
    """Tells entries in words. Names are read once for all of them, with one query for each kind of record."""

    def __init__(self, entries: list[AuditEntry], *, sees_confidential: bool) -> None:
        self.entries = entries
        wanted: dict[type[models.Model], set[int]] = defaultdict(set)
        for entry in entries:
            model = _model(entry.subject)
            if model is not None and entry.subject_id is not None:
                wanted[model].add(entry.subject_id)
            if entry.account_id is not None:
                wanted[apps.get_model("facts", "Account")].add(entry.account_id)
            for name, value in [*entry.before.items(), *entry.after.items()]:
                target = _target(model, name)
                if target is not None and isinstance(value, int):
                    wanted[target].add(value)
        self.found = {model: model._default_manager.in_bulk(list(ids)) for model, ids in wanted.items()}
        fields = CustomField.objects.all()
        self.meanings = {one.name: capfirst(str(one.meaning)) for one in declared_thresholds()}
        self.labels = {one.key: one.label for one in fields if sees_confidential or not one.confidential}

    def changes(self) -> list[Change]:
        """Every entry in words, in the same sequence."""
        return [self._told(entry) for entry in self.entries]

    def _told(self, entry: AuditEntry) -> Change:
        model = _model(entry.subject)
        record = self._named(model, entry.subject_id) or ("" if model is Organisation else _name_in(entry))
        account: Any = self.found.get(apps.get_model("facts", "Account"), {}).get(entry.account_id or 0)
        return Change(
            entry=entry,
            verb=verb_of(entry.verb),
            kind=kind_of(entry.subject),
            who=entry.member.name if entry.member else _("Regulars itself"),
            record=record,
            account_uid=account.uid if account else None,
            account=str(account) if account else "",
            fields=list(self._fields(model, entry)),
        )

    def _named(self, model: type[models.Model] | None, key: int | None) -> str:
        if model is None or key is None:
            return ""
        record = self.found.get(model, {}).get(key)
        return "" if record is None else _short(_called(record))

    def _fields(self, model: type[models.Model] | None, entry: AuditEntry) -> Iterable[FieldChange]:
        for name in dict.fromkeys([*entry.before, *entry.after]):
            before, after = entry.before.get(name), entry.after.get(name)
            if isinstance(before, dict) or isinstance(after, dict):
                yield from self._inner(name, before or {}, after or {})
            elif before not in (None, "", []) or after not in (None, "", []):
                yield FieldChange(
                    name=_label(model, name),
                    before=self._value(model, name, before),
                    after=self._value(model, name, after),
                )

    def _inner(self, name: str, before: Any, after: Any) -> Iterable[FieldChange]:
        """Values by key, such as fields of our own or thresholds: those that differ."""
        if not isinstance(before, dict) or not isinstance(after, dict):
            return
        for key in dict.fromkeys([*before, *after]):
            if before.get(key) == after.get(key) or (name == "custom" and key not in self.labels):
                continue
            label = self.labels.get(key, key) if name == "custom" else self.meanings.get(key, key)
            yield FieldChange(name=label, before=_text(before.get(key)), after=_text(after.get(key)))

    def _value(self, model: type[models.Model] | None, name: str, value: Any) -> str:
        target = _target(model, name)
        if target is not None and isinstance(value, int):
            return self._named(target, value) or f"#{value}"
        field = _field(model, name)
        if isinstance(field, models.DecimalField) and isinstance(value, str):
            return number(Decimal(value), digits=field.decimal_places)
        choices = dict(getattr(field, "flatchoices", None) or [])
        return str(choices[value]) if isinstance(value, str) and value in choices else _text(value)


def _called(record: models.Model) -> Any:
    """What a record is called here. The organisation is the only one of its kind, so it needs no name."""
    match record:
        case Action():
            return CAUSES[record.cause].name if record.cause in CAUSES else record.cause
        case ExchangeRate():
            return record.currency
        case Organisation():
            return ""
        case _:
            return record


def _name_in(entry: AuditEntry) -> str:
    """What a record that is gone was called, as far as the entry tells."""
    said = {**entry.after, **entry.before}
    return next((_short(said[key]) for key in ("name", "label", "currency") if said.get(key)), "")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return _short(", ".join(map(str, value)) if isinstance(value, list) else value)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _model(subject: str) -> type[models.Model] | None:
    try:
        return apps.get_model(subject)
    except (LookupError, ValueError):
        return None


def _field(model: type[models.Model] | None, name: str) -> Any:
    if model is None:
        return None
    try:
        return model._meta.get_field(name.removesuffix("_id"))
    except FieldDoesNotExist:
        return None


def _target(model: type[models.Model] | None, name: str) -> type[models.Model] | None:
    """The kind of record that a field points to."""
    if name in {"member", "person"}:
        return apps.get_model("base", "Member")
    field = _field(model, name)
    return field.related_model if isinstance(field, models.ForeignKey) else None


def _label(model: type[models.Model] | None, name: str) -> str:
    field = _field(model, name)
    return capfirst(str(field.verbose_name if field is not None else name.replace("_", " ")))
