"""Contacts: the people at an account."""

from __future__ import annotations

from datetime import date
from typing import TypedDict, Unpack

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.accounts import require_account, seen_by
from regulars.facts.models import Account, Contact, ContactPart, Signal
from regulars.facts.signals import SignalSource, record_signal, withdraw_signal


class WrongContact(Refusal):
    """A contact cannot be made or changed like this."""


class ContactFields(TypedDict, total=False):
    """What a member may say about a contact."""

    name: str
    role: str
    level: str
    language: str
    email: str
    phone: str
    mobile: str
    channel: str


def visible_contacts(member: Member | None) -> QuerySet[Contact]:
    """The contacts of the accounts that `member` may see."""
    return Contact.objects.filter(seen_by(member, at="account__"), account__merged_into=None)


@transaction.atomic
def create_contact(*, account: Account, member: Member | None, **fields: Unpack[ContactFields]) -> Contact:
    """A new contact with a name."""
    require_account(account, member=member)
    contact = Contact(account=account.merged_into or account)
    _set(contact, fields)
    with audited(contact, verb="create_contact", member=member):
        contact.save()
    return contact


@transaction.atomic
def change_contact(*, contact: Contact, member: Member | None, **fields: Unpack[ContactFields]) -> Contact:
    """Change what is said about a contact."""
    require_account(contact.account, member=member)
    contact = Contact.objects.select_for_update().get(pk=contact.pk)
    with audited(contact, verb="change_contact", member=member):
        _set(contact, fields)
        contact.save()
    return contact


@transaction.atomic
def deactivate_contact(*, contact: Contact, member: Member | None, on: date | None = None) -> Contact:
    """The person is no longer there: kept with all that was said, but nobody is told to call.

    With the day `on`, the leaving of a champion is a signal of the account.
    """
    found = _set_active(contact, False, verb="deactivate_contact", member=member)
    champion = ContactPart.objects.filter(contact=found, part=ContactPart.Part.CHAMPION).exists()
    if on is not None and champion and not _leaving_of(found).exists():
        record_signal(
            account=found.account,
            kind="champion_left",
            observed_on=on,
            member=member,
            said=found.name,
            source=SignalSource.of(found),
        )
    return found


@transaction.atomic
def activate_contact(*, contact: Contact, member: Member | None) -> Contact:
    """The person is there again, or was never gone. The signal of the leaving is withdrawn."""
    found = _set_active(contact, True, verb="activate_contact", member=member)
    for signal in _leaving_of(found):
        withdraw_signal(signal=signal, member=member, reason=_("%(name)s is there again.") % {"name": found.name})
    return found


def _leaving_of(contact: Contact) -> QuerySet[Signal]:
    source = SignalSource.of(contact)
    told = Signal.objects.filter(account=contact.account_id, kind="champion_left", withdrawn_at=None)
    return told.filter(source_kind=source.kind, source_uid=source.uid)


def _set_active(contact: Contact, active: bool, *, verb: str, member: Member | None) -> Contact:
    require_account(contact.account, member=member)
    contact = Contact.objects.select_for_update(of=("self",)).select_related("account").get(pk=contact.pk)
    with audited(contact, verb=verb, member=member):
        contact.active = active
        contact.save(update_fields=["active", "updated_at"])
    return contact


def _set(contact: Contact, fields: ContactFields) -> None:
    for name, value in fields.items():
        setattr(contact, name, str(value).strip())
    try:
        contact.clean_fields(
            exclude=[field.name for field in contact._meta.fields if field.name not in {"name", *fields}]
        )
        if fields.get("email"):
            validate_email(contact.email)
    except ValidationError as problem:
        raise WrongContact(" ".join(problem.messages), _("Correct it; nothing was changed.")) from None
