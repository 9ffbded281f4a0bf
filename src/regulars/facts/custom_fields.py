"""Fields that the firm adds to its accounts, and the check of their values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.base.access import may, require
from regulars.base.audit import audited
from regulars.base.formats import number
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.models import Account, CustomField

Value = str | int | float | bool
"""As kept in `Account.custom`: a date is its ISO text."""


class WrongValue(Refusal):
    """A value does not fit the type of its custom field."""


class WrongCustomField(Refusal):
    """A custom field cannot be made like this."""


@transaction.atomic
def create_custom_field(
    *,
    label: str,
    type: str = CustomField.Type.TEXT,  # noqa: A002 - the field's own name
    key: str = "",
    choices: list[str] | None = None,
    confidential: bool = False,
    member: Member | None,
) -> CustomField:
    """Add a field to all accounts. `key` defaults to the label as a slug; a field of type choice needs its choices."""
    require(member, "configure")
    key = key or slugify(label).replace("-", "_")
    offered = list(dict.fromkeys(one.strip() for one in choices or [] if one.strip()))
    _refuse_unusable(label=label, key=key, type=type, choices=offered)
    made = CustomField(key=key, label=label.strip(), type=type, choices=offered, confidential=confidential)
    with audited(made, verb="create_custom_field", member=member):
        made.save()
    return made


@transaction.atomic
def change_custom_field(
    *, field: CustomField, label: str, confidential: bool, choices: list[str] | None = None, member: Member | None
) -> CustomField:
    """Change what a field is called, who sees it and, of one with choices, what is offered; key and type stay.

    A choice that accounts have is not taken away: they would hold what nobody can choose.
    """
    require(member, "configure")
    field = CustomField.objects.select_for_update().get(pk=field.pk)
    if not label.strip():
        raise WrongCustomField(_("The field has no label."), _("Say what it holds, in a few words."))
    with audited(field, verb="change_custom_field", member=member):
        field.label, field.confidential = label.strip(), confidential
        if field.type == CustomField.Type.CHOICE and choices is not None:
            field.choices = _changed_choices(field, choices)
        field.save()
    return field


@transaction.atomic
def retire_custom_field(*, field: CustomField, member: Member | None) -> CustomField:
    """Take a field out of forms, pages and lists; what accounts say in it is kept. Twice changes nothing."""
    return _retired(field, True, verb="retire_custom_field", member=member)


@transaction.atomic
def restore_custom_field(*, field: CustomField, member: Member | None) -> CustomField:
    """Bring a retired field back, with all that accounts said in it."""
    return _retired(field, False, verb="restore_custom_field", member=member)


def _retired(field: CustomField, retired: bool, *, verb: str, member: Member | None) -> CustomField:
    require(member, "configure")
    field = CustomField.objects.select_for_update().get(pk=field.pk)
    with audited(field, verb=verb, member=member):
        field.retired = retired
        field.save()
    return field


def visible_custom_fields(member: Member | None) -> QuerySet[CustomField]:
    """The fields in use that `member` may see, by label."""
    fields = CustomField.objects.filter(retired=False).order_by("label", "pk")
    return fields if may(member, "see_confidential") else fields.filter(confidential=False)


def _changed_choices(field: CustomField, choices: list[str]) -> list[str]:
    offered = list(dict.fromkeys(one.strip() for one in choices if one.strip()))
    if not offered:
        raise WrongCustomField(_("No choice is left."), _("Give the choices, each in a line of its own."))
    for gone in [one for one in field.choices if one not in offered]:
        holding = Account.objects.filter(**{f"custom__{field.key}": gone}).count()
        if holding:
            raise WrongCustomField(
                ngettext("%(count)s account has “%(choice)s”.", "%(count)s accounts have “%(choice)s”.", holding)
                % {"count": number(holding), "choice": gone},
                _("Keep this choice, or give them another one first."),
            )
    return offered


def _refuse_unusable(*, label: str, key: str, type: str, choices: list[str]) -> None:  # noqa: A002
    if type not in CustomField.Type.values:
        raise WrongCustomField(
            _("There is no type of field called %(type)s.") % {"type": type},
            _("Use one of: %(types)s.") % {"types": ", ".join(CustomField.Type.values)},
        )
    if not label.strip() or not key:
        raise WrongCustomField(
            _("A field needs a label, and a key of Latin letters."), _("Give a key, for example: taste_profile.")
        )
    if CustomField.objects.filter(key=key).exists():
        raise WrongCustomField(_("There is a field %(key)s already.") % {"key": key}, _("Choose another key."))
    if (type == CustomField.Type.CHOICE) != bool(choices):
        raise WrongCustomField(
            _("Choices belong to a field of type choice, and it needs them."), _("Give the choices, or another type.")
        )


def validated_custom(values: Mapping[str, Any], *, member: Member | None = None) -> dict[str, Value | None]:
    """`values` by key, each as its field's type; None where a value is empty and the field is to be cleared.

    Raises `WrongValue` for an unknown key, one that `member` may not see, or a value that does not fit.
    """
    fields = {field.key: field for field in CustomField.objects.filter(key__in=values)}
    checked: dict[str, Value | None] = {}
    for key, value in values.items():
        field = fields.get(key)
        if field is None or (field.confidential and not may(member, "see_confidential")):
            raise WrongValue(
                _("There is no field %(key)s.") % {"key": key}, _("Check its name, or add the field first.")
            )
        checked[key] = None if value is None or value == "" else _READERS[field.type](field, value)
    return checked


def _refuse(field: CustomField, value: Any, way_out: str) -> WrongValue:
    return WrongValue(_("%(field)s cannot be “%(value)s”.") % {"field": field.label, "value": value}, way_out)


def _text(field: CustomField, value: Any) -> Value:
    if not isinstance(value, str):
        raise _refuse(field, value, _("Give a text."))
    return value.strip()


def _number(field: CustomField, value: Any) -> Value:
    way_out = _("Give a number, for example 12.5.")
    if isinstance(value, bool):
        raise _refuse(field, value, way_out)
    try:
        read = float(value)
    except (TypeError, ValueError):
        raise _refuse(field, value, way_out) from None
    if not math.isfinite(read):
        raise _refuse(field, value, way_out)
    return int(read) if read.is_integer() and abs(read) < 2**53 else read


def _date(field: CustomField, value: Any) -> Value:
    try:
        return (value if isinstance(value, date) else date.fromisoformat(str(value).strip())).isoformat()[:10]
    except ValueError:
        raise _refuse(field, value, _("Give a date as year-month-day, for example 2026-11-30.")) from None


def _choice(field: CustomField, value: Any) -> Value:
    for choice in field.choices:
        if str(value).strip().casefold() == choice.casefold():
            return str(choice)
    raise _refuse(field, value, _("Choose one of: %(choices)s.") % {"choices": ", ".join(field.choices)})


def _yes_no(field: CustomField, value: Any) -> Value:
    known = {True: True, False: False, "yes": True, "no": False, "true": True, "false": False, "1": True, "0": False}
    answer = known.get(value.strip().casefold() if isinstance(value, str) else value)
    if answer is None:
        raise _refuse(field, value, _("Give yes or no."))
    return answer


_READERS: Final[dict[str, Callable[[CustomField, Any], Value]]] = {
    CustomField.Type.TEXT: _text,
    CustomField.Type.NUMBER: _number,
    CustomField.Type.DATE: _date,
    CustomField.Type.CHOICE: _choice,
    CustomField.Type.YES_NO: _yes_no,
}
