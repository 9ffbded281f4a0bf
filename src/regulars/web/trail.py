"""The audit trail in words: what was done, to which record, and for each field what it said before and after."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from regulars.base.access import Permission, may
from regulars.base.formats import day, moment, number
from regulars.base.models import AuditEntry, Member, Organisation
from regulars.base.organisation import organisation, zone
from regulars.base.thresholds import declared_thresholds
from regulars.facts.models import Account, CustomField, ExchangeRate, Import
from regulars.plan.causes import CAUSES
from regulars.plan.models import Action
from regulars.web.trail_words import KINDS, OF_AN_IMPORT, VERBS

_SAYS_NOTHING: Final = frozenset(
    {"uid", "account_id", "source", "external_id", "made_by_import_id", "generated", "figures", "interaction_id",
     "seen_on", "stake", "expected_money", "moved", "filled", "merged_into_id", "reassigned", "contacts", "first",
     "second", "closed_by_id", "source_kind", "source_uid", "recorded_by_id", "withdrawn_by_id"}
)  # fmt: skip
"""What says nothing to who reads about an account, or stands there in other words."""

LONGEST_VALUE: Final = 300


def verbs() -> list[tuple[str, str]]:
    """All verbs to choose from, by their words."""
    return sorted(((verb, str(words)) for verb, words in VERBS.items()), key=lambda one: one[1])


def kinds() -> list[tuple[str, str]]:
    """All kinds of records to choose from, by their words."""
    return sorted(((subject, capfirst(str(words))) for subject, words in KINDS.items()), key=lambda one: one[1])


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One field. An empty text: nothing was there."""

    label: str
    before: str
    after: str


class Change:
    """One entry of the trail in words. What is not asked for costs no query."""

    def __init__(self, entry: AuditEntry, words: _Words) -> None:
        self.entry, self._words = entry, words
        self.at: datetime = entry.at
        self.by: Member | None = entry.member
        """None: Regulars itself."""
        self.verb: str = entry.verb

    @property
    def what(self) -> str:
        """What was done."""
        by_import = OF_AN_IMPORT.get(self.verb) if self.entry.subject != "facts.import" else None
        return str(by_import or VERBS.get(self.verb) or capfirst(self.verb.replace("_", " ")))

    @property
    def who(self) -> str:
        """Who did it."""
        return self.by.name if self.by else _("Regulars itself")

    @property
    def kind(self) -> str:
        """The kind of the record."""
        return str(KINDS.get(self.entry.subject) or self.entry.subject.rpartition(".")[2])

    @cached_property
    def record(self) -> str:
        """What the record is called now; as it was called, where it is gone."""
        model = _model(self.entry.subject)
        named = self._words.name_of(model, self.entry.subject_id)
        return named or ("" if model is Organisation else _name_in(self.entry))

    @cached_property
    def account(self) -> Account | None:
        """The account concerned, if it is still there."""
        found = self._words.record(Account, self.entry.account_id)
        return found if isinstance(found, Account) else None

    @cached_property
    def differences(self) -> list[Difference]:
        """The fields that differ."""
        return list(self._words.differences(self.entry))


def told_changes(entries: Iterable[AuditEntry], *, member: Member | None, whole: bool = False) -> list[Change]:
    """The entries in words, in the language in force; fields that `member` may not see are left out.

    `whole`: with the fields that only tell how Regulars keeps its books. The number of queries does not depend on how
    many entries there are: one for each kind of record that they name.
    """
    listed = list(entries)
    words = _Words(listed, member=member, left_out=frozenset() if whole else _SAYS_NOTHING)
    return [Change(entry, words) for entry in listed]


class _Words:
    """Names and meanings for many entries, each kind read once and only when somebody asks."""

    def __init__(self, entries: Iterable[AuditEntry], *, member: Member | None, left_out: frozenset[str]) -> None:
        self.member, self.left_out = member, left_out
        self.wanted: dict[type[models.Model], set[int]] = defaultdict(set)
        self.found: dict[type[models.Model], Mapping[int, models.Model]] = {}
        for entry in entries:
            self._want(entry)

    def _want(self, entry: AuditEntry) -> None:
        model = _model(entry.subject)
        pointed = [(model, entry.subject_id), (Account, entry.account_id)]
        pointed += [(_target(model, key), value) for side in (entry.before, entry.after) for key, value in side.items()]
        for target, value in pointed:
            if target is not None and isinstance(value, int):
                self.wanted[target].add(value)

    def record(self, model: type[models.Model] | None, key: int | None) -> models.Model | None:
        if model is None or key is None:
            return None
        if model not in self.found:
            self.found[model] = model._default_manager.in_bulk(sorted(self.wanted[model]))
        return self.found[model].get(key)

    def name_of(self, model: type[models.Model] | None, key: int | None) -> str:
        record = self.record(model, key)
        return "" if record is None else _short(_called(record))

    @cached_property
    def fields(self) -> dict[str, CustomField]:
        """The fields that the firm added and `member` may see, by key."""
        sees_all = may(self.member, Permission.SEE_CONFIDENTIAL)
        return {one.key: one for one in CustomField.objects.all() if sees_all or not one.confidential}

    @cached_property
    def meanings(self) -> dict[str, str]:
        return {one.name: capfirst(str(one.meaning)) for one in declared_thresholds()}

    @cached_property
    def zone(self) -> tzinfo:
        return zone(organisation())

    def differences(self, entry: AuditEntry) -> Iterable[Difference]:
        model = _model(entry.subject)
        for key in {**entry.before, **entry.after}:
            before, after = entry.before.get(key), entry.after.get(key)
            if key in self.left_out:
                continue
            if isinstance(before, dict) or isinstance(after, dict):
                yield from self._inner(key, before or {}, after or {})
                continue
            said = [self._value(model, key, value) for value in (before, after)]
            if said[0] != said[1]:
                yield Difference(label=_label(model, key), before=said[0], after=said[1])

    def _inner(self, name: str, before: Any, after: Any) -> Iterable[Difference]:
        """Values by key, such as fields of our own or thresholds: those that differ."""
        if not isinstance(before, dict) or not isinstance(after, dict):
            return
        for key in {**before, **after}:
            if before.get(key) == after.get(key):
                continue
            if name != "custom":
                label, said = self.meanings.get(key, key), [_plain(side.get(key)) for side in (before, after)]
            elif key in self.fields:
                field = self.fields[key]
                label, said = field.label, [own_value(field, side.get(key)) for side in (before, after)]
            else:
                continue
            yield Difference(label=label, before=said[0], after=said[1])

    def _value(self, model: type[models.Model] | None, key: str, value: Any) -> str:
        if value in (None, ""):
            return ""
        target = _target(model, key)
        if target is not None and isinstance(value, int):
            return self.name_of(target, value) or f"#{value}"
        field = _field(model, key)
        if field is not None and getattr(field, "flatchoices", None) and isinstance(value, str):
            return str(dict(field.flatchoices).get(value, value))
        if isinstance(value, str) and isinstance(field, models.DecimalField):
            return number(Decimal(value), digits=field.decimal_places)
        if isinstance(value, str) and isinstance(field, models.DateTimeField):
            return moment(datetime.fromisoformat(value), self.zone)
        if isinstance(value, str) and isinstance(field, models.DateField):
            return day(date.fromisoformat(value[:10]))
        return _plain(value)


def own_value(field: CustomField, value: Any) -> str:
    """What an account says in a field that the firm added, as people write it."""
    if field.type == CustomField.Type.DATE and isinstance(value, str) and value:
        return day(date.fromisoformat(value))
    return _plain(value)


def _plain(value: Any) -> str:
    if value in (None, ""):
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int | float):
        return number(value, digits=2)
    return _short(", ".join(map(_plain, value)) if isinstance(value, list) else value)


def _called(record: models.Model) -> Any:
    """What a record is called here. The organisation is the only one of its kind, so it needs no name."""
    match record:
        case Action():
            return CAUSES[record.cause].name if record.cause in CAUSES else record.cause
        case ExchangeRate():
            return record.currency
        case Import():
            return ", ".join(str(file["name"]) for file in record.files if "name" in file) or record.source
        case Organisation():
            return ""
        case _:
            return record


def _name_in(entry: AuditEntry) -> str:
    """What a record that is gone was called, as far as the entry tells."""
    said = {**entry.after, **entry.before}
    return next((_short(said[key]) for key in ("name", "label", "currency") if said.get(key)), "")


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _model(subject: str) -> type[models.Model] | None:
    try:
        return apps.get_model(subject)
    except (LookupError, ValueError):
        return None


def _field(model: type[models.Model] | None, key: str) -> Any:
    if model is None:
        return None
    try:
        return model._meta.get_field(key.removesuffix("_id"))
    except FieldDoesNotExist:
        return None


def _target(model: type[models.Model] | None, key: str) -> type[models.Model] | None:
    """The kind of record that a field points to."""
    if key in {"member", "person"}:
        return Member
    field = _field(model, key)
    return field.related_model if isinstance(field, models.ForeignKey) else None


def _label(model: type[models.Model] | None, key: str) -> str:
    if key == "tags":
        return capfirst(_("tags"))
    field = _field(model, key)
    return capfirst(str(getattr(field, "verbose_name", "") or key.replace("_", " ")))
