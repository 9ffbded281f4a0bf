"""Interactions: who of ours spoke with whom, when, about what."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date
from typing import TypedDict, Unpack

from django.db import transaction
from django.db.models import Max, ProtectedError, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from regulars.base.audit import audited, fields_of, record_change, removed_entry
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.accounts import account_of_removed, require_account, seen_by
from regulars.facts.models import Account, Contact, Interaction

USUAL_OUTCOMES = (
    gettext_noop("Reached, will order"),
    gettext_noop("Reached, no need now"),
    gettext_noop("Reached, a problem to solve"),
    gettext_noop("Not reached"),
)
"""What usually comes of a talk: recorded in English and shown in the reader's language by `said`."""


class WrongInteraction(Refusal):
    """An interaction cannot be recorded like this."""


class InteractionFields(TypedDict, total=False):
    """What may be corrected."""

    kind: str
    on: date
    text: str
    outcome: str


def said(answer: str) -> str:
    """An answer in the reader's language, where it is one of the usual ones; else as it was typed."""
    return _(answer) if answer else ""


def visible_interactions(member: Member | None) -> QuerySet[Interaction]:
    """The interactions with the accounts that `member` may see, newest first."""
    seen = Interaction.objects.filter(seen_by(member, at="account__"), account__merged_into=None)
    return seen.order_by("-on", "-pk")


@transaction.atomic
def record_interaction(
    *,
    account: Account,
    kind: str,
    on: date,
    member: Member | None,
    text: str = "",
    outcome: str = "",
    contacts: Iterable[Contact] = (),
) -> Interaction:
    """Record that `member` called, visited, wrote to or met the account, or noted something, on a business date."""
    require_account(account, member=member)
    account = account.merged_into or account
    people = list(contacts)
    _refuse_unknown_kind(kind)
    if any(contact.account_id != account.pk for contact in people):
        raise WrongInteraction(
            _("Not all of these contacts belong to %(account)s.") % {"account": account},
            _("Choose contacts of this account."),
        )
    made = Interaction(
        account=account, member=member, kind=kind, on=on, text=text.strip(), outcome=outcome.strip()[:100]
    )
    with audited(made, verb="record_interaction", member=member):
        made.save()
    made.contacts.set(people)
    return made


@transaction.atomic
def change_interaction(
    *, interaction: Interaction, member: Member | None, **fields: Unpack[InteractionFields]
) -> Interaction:
    """Correct what was recorded; the audit trail keeps what it said."""
    require_account(interaction.account, member=member)
    _refuse_unknown_kind(fields.get("kind", interaction.kind))
    interaction = Interaction.objects.select_for_update().get(pk=interaction.pk)
    with audited(interaction, verb="change_interaction", member=member):
        interaction.kind = fields.get("kind", interaction.kind)
        interaction.on = fields.get("on", interaction.on)
        interaction.text = fields.get("text", interaction.text).strip()
        interaction.outcome = fields.get("outcome", interaction.outcome).strip()[:100]
        interaction.save()
    return interaction


def _refuse_unknown_kind(kind: str) -> None:
    if kind not in Interaction.Kind.values:
        raise WrongInteraction(
            _("There is no kind of interaction called %(kind)s.") % {"kind": kind},
            _("Use one of: %(kinds)s.") % {"kinds": ", ".join(Interaction.Kind.values)},
        )


@transaction.atomic
def withdraw_interaction(*, interaction: Interaction, member: Member | None) -> None:
    """Take back what was recorded by mistake; the audit trail keeps what it said, for `restore_interaction`."""
    require_account(interaction.account, member=member)
    people = list(interaction.contacts.order_by("pk").values_list("pk", flat=True))
    before = {**fields_of(interaction), "uid": str(interaction.uid), "contacts": people}
    record_change(member=member, verb="withdraw_interaction", record=interaction, before=before, after={})
    try:
        interaction.delete()
    except ProtectedError:
        raise WrongInteraction(
            _("This was noted when an action was done."), _("Reopen the action: that takes the note back as well.")
        ) from None


@transaction.atomic
def restore_interaction(*, uid: uuid.UUID, member: Member | None) -> Interaction:
    """Put back what was withdrawn, as it was; the account may have been merged since. It keeps its `uid`."""
    entry = removed_entry(Interaction, uid, verb="withdraw_interaction")
    account = account_of_removed(entry, member=member)
    if Interaction.objects.filter(uid=uid).exists():
        raise WrongInteraction(_("This is there again already."), _("There is nothing left to do."))
    said = dict(entry.before)
    people = said.pop("contacts")
    restored = Interaction(**{**said, "uid": uid, "account_id": account.pk, "on": date.fromisoformat(said["on"])})
    with audited(restored, verb="restore_interaction", member=member):
        restored.save()
    restored.contacts.set(Contact.objects.filter(pk__in=people, account=account))
    return restored


def last_contacts(*, until: date | None = None, accounts: Iterable[int] | None = None) -> dict[int, date]:
    """For each account, or each of these, the date of the last contact, up to and with `until`. A note is none."""
    contacts = Interaction.objects.exclude(kind=Interaction.Kind.NOTE)
    if accounts is not None:
        contacts = contacts.filter(account__in=accounts)
    if until is not None:
        contacts = contacts.filter(on__lte=until)
    return dict(contacts.order_by().values_list("account_id").annotate(last=Max("on")))
