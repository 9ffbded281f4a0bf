"""Entries of the audit trail in words: what was done, to which record, which fields, with names in place of numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.base.models import AuditEntry
from regulars.base.thresholds import declared_thresholds
from regulars.facts.models import CustomField
from regulars.plan.causes import CAUSES

LONGEST_VALUE = 300

VERBS: dict[str, str | Promise] = {
    "accept_invitation": gettext_lazy("accepted an invitation"),
    "activate_contact": gettext_lazy("brought a contact back"),
    "activate_member": gettext_lazy("gave the login back"),
    "add_rule": gettext_lazy("added a rule"),
    "add_site": gettext_lazy("added a site"),
    "add_webhook": gettext_lazy("added a webhook"),
    "ask_for_backup": gettext_lazy("asked for a backup"),
    "ask_for_refresh": gettext_lazy("had lists computed"),
    "assign_owner": gettext_lazy("gave to a member"),
    "change_account": gettext_lazy("changed an account"),
    "change_contact": gettext_lazy("changed a contact"),
    "change_custom_field": gettext_lazy("changed a field of ours"),
    "change_department": gettext_lazy("changed a department"),
    "change_interaction": gettext_lazy("changed what was recorded"),
    "change_member": gettext_lazy("changed a member"),
    "change_organisation": gettext_lazy("changed the organisation"),
    "change_role": gettext_lazy("changed a role"),
    "change_rule": gettext_lazy("changed a rule"),
    "change_site": gettext_lazy("changed a site"),
    "change_team": gettext_lazy("changed a team"),
    "change_thresholds": gettext_lazy("changed figures of causes"),
    "change_view": gettext_lazy("changed a view"),
    "change_webhook": gettext_lazy("changed a webhook"),
    "confirm_email": gettext_lazy("confirmed an e-mail"),
    "create_account": gettext_lazy("added an account"),
    "create_contact": gettext_lazy("added a contact"),
    "create_custom_field": gettext_lazy("added a field of ours"),
    "create_department": gettext_lazy("added a department"),
    "create_member": gettext_lazy("added a member"),
    "create_organisation": gettext_lazy("founded the organisation"),
    "create_team": gettext_lazy("added a team"),
    "create_token": gettext_lazy("made an API token"),
    "deactivate_contact": gettext_lazy("noted that a contact left"),
    "deactivate_member": gettext_lazy("took the login away"),
    "delete_view": gettext_lazy("deleted a view"),
    "discard_upload": gettext_lazy("threw files away"),
    "download_backup": gettext_lazy("took a backup out of the house"),
    "end_session": gettext_lazy("ended a session"),
    "forget_mapping": gettext_lazy("forgot a mapping"),
    "import": gettext_lazy("imported"),
    "invite_member": gettext_lazy("invited a member"),
    "join_tags": gettext_lazy("joined tags"),
    "let_in_again": gettext_lazy("let somebody in again"),
    "mark_different": gettext_lazy("said that two are different"),
    "mark_done": gettext_lazy("did an action"),
    "mark_not_useful": gettext_lazy("dismissed an action"),
    "merge_accounts": gettext_lazy("merged accounts"),
    "move_rule": gettext_lazy("moved a rule"),
    "pause_webhook": gettext_lazy("paused a webhook"),
    "reassign": gettext_lazy("gave an action to a member"),
    "record_interaction": gettext_lazy("recorded a call, visit or mail"),
    "record_rate": gettext_lazy("recorded an exchange rate"),
    "remove_backup": gettext_lazy("removed a backup"),
    "remove_department": gettext_lazy("removed a department"),
    "remove_rate": gettext_lazy("removed an exchange rate"),
    "remove_rule": gettext_lazy("removed a rule"),
    "remove_site": gettext_lazy("removed a site"),
    "remove_tag": gettext_lazy("removed a tag"),
    "remove_team": gettext_lazy("removed a team"),
    "remove_webhook": gettext_lazy("removed a webhook"),
    "rename_mapping": gettext_lazy("renamed a mapping"),
    "rename_tag": gettext_lazy("renamed a tag"),
    "reopen": gettext_lazy("reopened an action"),
    "resend_invitation": gettext_lazy("sent an invitation again"),
    "resend_webhook": gettext_lazy("had a message sent again"),
    "resend_webhook": gettext_lazy("sent a webhook again"),
    "restore": gettext_lazy("restored a backup"),
    "restore_default_rules": gettext_lazy("restored the usual rules"),
    "restore_interaction": gettext_lazy("restored what was withdrawn"),
    "restore_site": gettext_lazy("restored a site"),
    "restore_view": gettext_lazy("restored a view"),
    "resume_webhook": gettext_lazy("resumed a webhook"),
    "retry_job": gettext_lazy("had a job tried again"),
    "revoke_token": gettext_lazy("revoked an API token"),
    "rotate_webhook_secret": gettext_lazy("changed the secret of a webhook"),
    "rotate_webhook_secret": gettext_lazy("made a new secret for a webhook"),
    "save_view": gettext_lazy("saved a view"),
    "snooze": gettext_lazy("put an action off"),
    "stop_webhook": gettext_lazy("stopped a webhook"),
    "tag": gettext_lazy("tagged"),
    "undo_import": gettext_lazy("undid an import"),
    "undo_merge": gettext_lazy("undid a merge"),
    "untag": gettext_lazy("took tags off"),
    "upload": gettext_lazy("handed files over"),
    "withdraw_different": gettext_lazy("took back that two are different"),
    "withdraw_interaction": gettext_lazy("withdrew what was recorded"),
    "withdraw_invitation": gettext_lazy("withdrew an invitation"),
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
    return str(VERBS.get(verb) or verb.replace("_", " "))


def kind_of(subject: str) -> str:
    """The kind of a record, in words."""
    return str(KINDS.get(subject) or subject.rpartition(".")[2])


def verbs() -> list[tuple[str, str]]:
    """All verbs to choose from, by their words."""
    return sorted(((verb, capfirst(str(words))) for verb, words in VERBS.items()), key=lambda one: one[1])


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
        record = self._named(model, entry.subject_id) or _name_in(entry)
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
        if record is None:
            return ""
        return _short(CAUSES[record.cause].name if model._meta.label == "plan.Action" else record)

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
        choices = dict(getattr(_field(model, name), "flatchoices", None) or [])
        return str(choices[value]) if isinstance(value, str) and value in choices else _text(value)


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
