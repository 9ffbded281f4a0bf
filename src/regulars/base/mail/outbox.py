"""The outbox: putting a mail in, in the transaction of the change that it tells of; sending it again, or not at all."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from email.utils import formataddr, make_msgid
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from regulars.base.access import Permission, may
from regulars.base.audit import record_change
from regulars.base.mail.composing import Attachment, framed, own_domain, sender_of
from regulars.base.mail.models import MailAttachment, OutgoingMail
from regulars.base.models import Member, Record
from regulars.core.errors import Refusal

KEPT = timedelta(days=400)
MOST_ATTACHED_BYTES = 10_000_000
"""Many mail servers take no more."""

LONGEST_SUBJECT = 300
State = OutgoingMail.State
_FINISHED = (State.SENT, State.CANCELLED)
_SENT_AGAIN = (State.FAILED, State.UNKNOWN, State.CANCELLED)


class WrongMail(Refusal):
    """A mail cannot be sent like this."""


class NoSuchMail(Refusal):
    """There is no such mail, or it is not the member's business."""


class MailWentOn(Refusal):
    """The mail is no longer in the state that was seen."""


def visible_mails(member: Member | None) -> QuerySet[OutgoingMail]:
    """All mails for who may configure the installation, else those asked for oneself; newest first."""
    mails = OutgoingMail.objects.select_related("member").order_by("-pk")
    if may(member, Permission.CONFIGURE):
        return mails
    return mails.filter(member=member) if member is not None and member.is_active else mails.none()


def find_mail(uid: str, *, member: Member | None) -> OutgoingMail:
    """The visible mail with this uid. Raises `NoSuchMail`."""
    try:
        found = visible_mails(member).filter(uid=UUID(uid)).first()
    except ValueError:
        found = None
    if found is None:
        raise _no_such()
    return found


def mails_about(record: Record) -> QuerySet[OutgoingMail]:
    """The mails that were sent, or are to be sent, about a record; newest first. The caller knows who may see them."""
    about = OutgoingMail.objects.filter(related_kind=record._meta.label_lower, related_uid=record.uid)
    return about.order_by("-pk")


@transaction.atomic
def send_mail(
    *,
    to: str,
    subject: str,
    text: str,
    html: str = "",
    name: str = "",
    language: str = "",
    member: Member | None = None,
    sender_name: str = "",
    reply_to: Iterable[str] = (),
    automatic: bool = True,
    unsubscribe: str = "",
    attachments: Iterable[Attachment] = (),
    about: Record | None = None,
    account_id: int | None = None,
    contact_id: int | None = None,
    once: str = "",
) -> OutgoingMail:
    """Put a mail to one address in the outbox: it goes out if the transaction that is open is completed.

    `html`: content made by templates of ours, where it is more than the text. `language`: of the text, else the one at
    hand. `automatic`: nobody wrote it by hand, and machines should not answer it. `unsubscribe`: for mail to many, the
    https address at which one click ends it. `once`: what asks for the mail; asked again, the first one is returned.
    Raises `WrongMail`.
    """
    asked = OutgoingMail.objects.filter(once=once).first() if once else None
    if asked is not None:
        return asked
    files = _checked_files(attachments)
    language = language or get_language() or "en"
    made = OutgoingMail.objects.create(
        to_address=_checked_address(to),
        to_name=" ".join(name.split())[:200],
        sender=formataddr(sender_of(sender_name)),
        reply_to=[_checked_address(address) for address in reply_to],
        subject=_checked_subject(subject),
        text=text,
        html=framed(text, language=language, html=html),
        language=language,
        message_id=make_msgid(domain=own_domain()),
        headers=_headers(automatic=automatic, unsubscribe=unsubscribe),
        next_at=timezone.now(),
        member=member,
        once=once or None,
        related_kind=about._meta.label_lower if about is not None else "",
        related_uid=about.uid if about is not None else None,
        account_id=account_id,
        contact_id=contact_id,
    )
    MailAttachment.objects.bulk_create(_kept(made, file) for file in files)
    said = {"to_address": made.to_address, "subject": made.subject, "files": [file.name for file in files]}
    record_change(member=member, verb="send_mail", record=made, before={}, after=said)
    return made


@transaction.atomic
def resend_mail(*, mail: OutgoingMail, member: Member | None) -> OutgoingMail:
    """Put a mail that failed, was cancelled, or of which nobody knows, back in the queue. It keeps its Message-ID."""
    changes = {"state": State.QUEUED, "attempts": 0, "next_at": timezone.now(), "claimed_at": None, "error": ""}
    return _moved(mail, _SENT_AGAIN, changes, verb="resend_mail", member=member)


@transaction.atomic
def cancel_mail(*, mail: OutgoingMail, member: Member | None) -> OutgoingMail:
    """Do not send a mail that still waits."""
    return _moved(mail, (State.QUEUED,), {"state": State.CANCELLED}, verb="cancel_mail", member=member)


@transaction.atomic
def confirm_mail(*, mail: OutgoingMail, member: Member | None) -> OutgoingMail:
    """Say that a mail of which nobody knew did go out: the recipient has it, or the mail server's log says so."""
    changes = {"state": State.SENT, "sent_at": mail.claimed_at or timezone.now(), "error": ""}
    return _moved(mail, (State.UNKNOWN,), changes, verb="confirm_mail", member=member)


def doubt_waiting(reason: str) -> int:
    """Send nothing that waits before somebody looked at it: a restored backup knows not what went since it was made."""
    on_its_way = OutgoingMail.objects.filter(state__in=[State.QUEUED, State.CLAIMED])
    return on_its_way.update(state=State.UNKNOWN, error=reason[:500])


def forget_old_mails(*, at: datetime) -> int:
    """Forget what was sent or cancelled long ago. Returns how many mails there were."""
    old = OutgoingMail.objects.filter(state__in=_FINISHED, created_at__lt=at - KEPT)
    count = old.count()
    old.delete()
    return count


def _moved(
    mail: OutgoingMail,
    states: tuple[OutgoingMail.State, ...],
    changes: Mapping[str, Any],
    *,
    verb: str,
    member: Member | None,
) -> OutgoingMail:
    """The mail after the change, if it was in one of these states. The update itself decides, not what was read."""
    before = visible_mails(member).filter(pk=mail.pk).first()
    if before is None:
        raise _no_such()
    moved = OutgoingMail.objects.filter(pk=mail.pk, state__in=states)
    if not moved.update(**changes, updated_at=timezone.now()):
        raise MailWentOn(
            _("This cannot be done: the mail is now “%(state)s”.") % {"state": before.get_state_display()},
            _("Look at it again."),
        )
    record_change(
        member=member,
        verb=verb,
        record=mail,
        before={"state": before.state},
        after={"state": changes["state"]},
        account_id=before.account_id,
    )
    mail.refresh_from_db()
    return mail


# What is refused


def _no_such() -> NoSuchMail:
    return NoSuchMail(_("There is no such mail."), _("Look at the list again."))


def _checked_address(address: str) -> str:
    try:
        validate_email(address.strip())
    except ValidationError:
        raise WrongMail(
            _("“%(address)s” is no e-mail address.") % {"address": address}, _("Correct it; nothing was sent.")
        ) from None
    return address.strip()


def _checked_subject(subject: str) -> str:
    """On one line, as headers must be."""
    one_line = " ".join(subject.split())
    if not one_line:
        raise WrongMail(_("A mail needs a subject."), _("Say in a few words what it is about."))
    return one_line if len(one_line) <= LONGEST_SUBJECT else one_line[: LONGEST_SUBJECT - 1] + "…"


def _checked_files(attachments: Iterable[Attachment]) -> list[Attachment]:
    files = list(attachments)
    size = sum(len(file.content) for file in files)
    if size > MOST_ATTACHED_BYTES:
        raise WrongMail(
            _("The files are too large for a mail: %(size).1f MB.") % {"size": size / 1e6},
            _("Attach at most %(limit)d MB.") % {"limit": MOST_ATTACHED_BYTES // 1_000_000},
        )
    return files


def _kept(mail: OutgoingMail, file: Attachment) -> MailAttachment:
    name = re.sub(r'[\r\n/\\"]', "_", file.name)[-200:]
    encoded = base64.b64encode(file.content).decode()
    return MailAttachment(
        mail=mail, name=name, content_type=file.content_type, encoded=encoded, bytes_count=len(file.content)
    )


def _headers(*, automatic: bool, unsubscribe: str) -> dict[str, str]:
    """RFC 3834 for mail that nobody wrote by hand, RFC 8058 for mail to many."""
    headers = {"Auto-Submitted": "auto-generated"} if automatic else {}
    if unsubscribe:
        if not re.fullmatch(r"https?://[^\s<>]+", unsubscribe):
            raise WrongMail(
                _("“%(address)s” is no address at which one could unsubscribe.") % {"address": unsubscribe},
                _("Use a full address, beginning with https://."),
            )
        headers["List-Unsubscribe"] = f"<{unsubscribe}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers
