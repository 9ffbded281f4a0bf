"""Letters: writing to a contact by mail, and noting it among the interactions once it went out."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from regulars.base.jobs import job
from regulars.base.mail.composing import Attachment
from regulars.base.mail.models import OutgoingMail
from regulars.base.mail.outbox import send_mail
from regulars.base.models import Member, Record
from regulars.base.organisation import organisation, spoken_language, today
from regulars.core.errors import Refusal
from regulars.facts.accounts import require_account
from regulars.facts.interactions import record_interaction
from regulars.facts.models import Contact, Interaction, Letter

FIRST_WORDS = 300
"""So much of a letter stands among the interactions; all of it is in the outbox."""


class CannotWrite(Refusal):
    """This contact cannot be written to."""


def language_of(contact: Contact) -> str:
    """The language in which a contact is written to: the own one, else the account's, else the organisation's.

    One that Regulars does not speak is passed over.
    """
    return spoken_language(contact.language, contact.account.language)


@transaction.atomic
def write_to_contact(
    *,
    contact: Contact,
    subject: str,
    text: str,
    member: Member | None,
    html: str = "",
    related: Record | None = None,
    attachments: Iterable[Attachment] = (),
    once: str = "",
    answers_to: str = "",
) -> Letter:
    """Put a mail to a contact in the outbox, in the name of `member`, to whom the answer goes.

    The text is in the language of the contact: write it within `translation.override(language_of(contact))`. When it
    has gone out, an interaction is recorded. `once`: what asks for it; asked again, the first letter is returned.
    `answers_to`: the address that answers go to instead of the member's.
    Raises `CannotWrite` for somebody who left or has no address.
    """
    require_account(contact.account, member=member)
    _refuse_unreachable(contact)
    mail = send_mail(
        to=contact.email,
        name=contact.name,
        subject=subject,
        text=text,
        html=html,
        language=language_of(contact),
        member=member,
        sender_name=member.name if member else "",
        reply_to=[answers_to] if answers_to else [member.email] if member else [],
        automatic=member is None,
        attachments=attachments,
        about=related,
        account_id=contact.account_id,
        contact_id=contact.pk,
        once=once,
    )
    return Letter.objects.get_or_create(mail=mail, defaults={"contact": contact, "member": member})[0]


def is_needed() -> bool:
    """Whether a letter went out that is not among the interactions yet."""
    return _sent_and_not_noted().exists()


@job(retries=3, pause_seconds=60)
def note_letters() -> int:
    """Record an interaction for every letter that went out. Returns how many there were."""
    return sum(_note(pk) for pk in _sent_and_not_noted().order_by("pk").values_list("pk", flat=True))


def _sent_and_not_noted() -> QuerySet[Letter]:
    return Letter.objects.filter(noted_at=None, mail__state=OutgoingMail.State.SENT)


@transaction.atomic
def _note(pk: int) -> int:
    """Once, whoever else may be at it."""
    locked = Letter.objects.select_for_update(of=("self",)).select_related("mail", "contact__account", "member")
    letter = locked.filter(pk=pk, noted_at=None).first()
    if letter is None:
        return 0
    letter.interaction = _recorded(letter)
    letter.noted_at = timezone.now()
    letter.save(update_fields=["interaction", "noted_at", "updated_at"])
    return 1


def _recorded(letter: Letter) -> Interaction:
    account, mail = letter.contact.account, letter.mail
    try:
        require_account(account, member=letter.member)
        author = letter.member
    except Refusal:  # who wrote it may do so no longer; it was written all the same
        author = None
    return record_interaction(
        account=account,
        kind=Interaction.Kind.MAIL,
        on=today(organisation(), mail.sent_at),
        member=author,
        text=f"{mail.subject}\n\n{Truncator(mail.text).chars(FIRST_WORDS)}",
        contacts=[letter.contact],
    )


def _refuse_unreachable(contact: Contact) -> None:
    if not contact.active:
        raise CannotWrite(
            _("%(contact)s is no longer there.") % {"contact": contact}, _("Write to somebody else at the account.")
        )
    if not contact.email:
        raise CannotWrite(
            _("No e-mail address of %(contact)s is known.") % {"contact": contact},
            _("Add it to the contact, then write again."),
        )
