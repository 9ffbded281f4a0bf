"""Mail that came in: that of a known contact stands among the interactions; of others somebody says who it is."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from regulars.base.access import Permission, may
from regulars.base.audit import record_change
from regulars.base.jobs import job
from regulars.base.mail.models import IncomingMail
from regulars.base.models import Member
from regulars.base.organisation import organisation, today
from regulars.core.errors import Refusal
from regulars.facts.accounts import require_account
from regulars.facts.contacts import create_contact
from regulars.facts.interactions import record_interaction
from regulars.facts.models import Account, Contact, Interaction

FIRST_WORDS = 300
State = IncomingMail.State


class MailSettled(Refusal):
    """What is to be done with the mail was decided before, or it is not the member's business."""


def visible_incoming(member: Member | None) -> QuerySet[IncomingMail]:
    """All mails that came in, newest first, for who may configure: who wrote them may be anybody."""
    mails = IncomingMail.objects.order_by("-written_at", "-pk")
    return mails if may(member, Permission.CONFIGURE) else mails.none()


def is_needed() -> bool:
    """Whether a mail came in that was not looked at yet."""
    return IncomingMail.objects.filter(state=State.NEW).exists()


@job(retries=3, pause_seconds=60)
def take_in() -> int:
    """Record an interaction for every new mail of a known contact; the others wait. Returns how many were recorded."""
    new = IncomingMail.objects.filter(state=State.NEW).order_by("pk").values_list("pk", flat=True)
    return sum(_take_in(pk) for pk in new)


@transaction.atomic
def assign_mail(*, mail: IncomingMail, account: Account, member: Member | None) -> Contact:
    """Say to whom a mail belongs: its sender becomes a contact there, and all that waits of the sender stands with it.

    Returns the contact: a new one, or the one that has this address there already.
    """
    require_account(account, member=member)
    account = account.merged_into or account
    mail = _waiting(mail, member)
    here = account.contacts.filter(email__iexact=mail.sender_address, active=True).first()
    name = mail.sender_name or mail.sender_address
    contact = here or create_contact(account=account, name=name, email=mail.sender_address, member=member)
    waiting = IncomingMail.objects.filter(state=State.WAITING, sender_address=mail.sender_address)
    for one in waiting.select_for_update().order_by("pk"):
        _record(one, account, contact)
        _note(one, verb="assign_mail", before=State.WAITING, member=member)
    return contact


@transaction.atomic
def ignore_mail(*, mail: IncomingMail, member: Member | None) -> IncomingMail:
    """Leave a mail aside that is nobody's of ours."""
    mail = _waiting(mail, member)
    mail.state, mail.reason = State.IGNORED, _("Somebody said so.")
    mail.save(update_fields=["state", "reason", "updated_at"])
    _note(mail, verb="ignore_mail", before=State.WAITING, member=member)
    return mail


@transaction.atomic
def restore_mail(*, mail: IncomingMail, member: Member | None) -> IncomingMail:
    """Let a mail wait again that was left aside."""
    mail = _in_state(mail, State.IGNORED, member)
    mail.state, mail.reason = State.WAITING, ""
    mail.save(update_fields=["state", "reason", "updated_at"])
    _note(mail, verb="restore_mail", before=State.IGNORED, member=member)
    return mail


@transaction.atomic
def _take_in(pk: int) -> int:
    mail = IncomingMail.objects.select_for_update().filter(pk=pk, state=State.NEW).first()
    if mail is None:
        return 0
    found = _known(mail.sender_address)
    if found is None:
        mail.state = State.WAITING
        mail.save(update_fields=["state", "updated_at"])
        return 0
    _record(mail, *found)
    return 1


def _known(address: str) -> tuple[Account, Contact | None] | None:
    """The one account that has this address, with the contact; None for none, and for several."""
    contacts = list(Contact.objects.filter(email__iexact=address, active=True).select_related("account"))
    accounts = {contact.account_id: contact.account for contact in contacts}
    if not contacts:
        general = Account.objects.filter(email__iexact=address, merged_into=None)
        accounts = {account.pk: account for account in general[:2]}
    if len(accounts) != 1:
        return None
    return next(iter(accounts.values())), contacts[0] if contacts else None


def _record(mail: IncomingMail, account: Account, contact: Contact | None) -> None:
    """In the same transaction as the state: so once."""
    record_interaction(
        account=account,
        kind=Interaction.Kind.MAIL,
        on=today(organisation(), mail.written_at),
        member=None,
        text=f"{mail.subject}\n\n{Truncator(mail.text).chars(FIRST_WORDS)}",
        contacts=[contact] if contact else [],
    )
    mail.state = State.TAKEN
    mail.account_id, mail.contact_id = account.pk, contact.pk if contact else None
    mail.save(update_fields=["state", "account_id", "contact_id", "updated_at"])


def _waiting(mail: IncomingMail, member: Member | None) -> IncomingMail:
    return _in_state(mail, State.WAITING, member)


def _in_state(mail: IncomingMail, state: str, member: Member | None) -> IncomingMail:
    found = visible_incoming(member).select_for_update().filter(pk=mail.pk, state=state).first()
    if found is None:
        raise MailSettled(_("Somebody decided about this mail already."), _("Look at the list again."))
    return found


def _note(mail: IncomingMail, *, verb: str, before: str, member: Member | None) -> None:
    record_change(
        member=member,
        verb=verb,
        record=mail,
        before={"state": before},
        after={"state": mail.state},
        account_id=mail.account_id,
    )
