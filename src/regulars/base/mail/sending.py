"""Sending what waits: each mail at most once, and a human decides where nobody can know.

No protocol lets two machines agree for certain that a mail was handed over: one may die before it hears the other's
answer. So a mail is claimed, in a transaction of its own, before it is handed to the server, and confirmed after. One
process at a time sends, holding a lock that dies with it; so whatever is still claimed when another takes the lock was
cut off in between. It becomes `UNKNOWN`, and is not sent again unless somebody says so.

What the server refused with a code was certainly not sent: after a passing refusal (4xx) or without a connection it is
tried again, with pauses that grow.
"""

from __future__ import annotations

import logging
import smtplib
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import formataddr

from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.jobs import forget_done_jobs, job
from regulars.base.locks import Busy, exclusive
from regulars.base.mail.composing import Attachment, Envelope
from regulars.base.mail.models import OutgoingMail
from regulars.base.mail.outbox import forget_old_mails

LONGEST_RUN_SECONDS = 45
"""Then other jobs have their turn."""

PAUSES_SECONDS = (60, 300, 900, 3600, 7200, 18_000, 36_000, 36_000, 36_000)
"""After the first failure, the second, ...: a mail is given up after ten attempts, about a day and a half."""

DONE_JOBS_KEPT = timedelta(days=1)
State = OutgoingMail.State

logger = logging.getLogger(__name__)


def is_needed() -> bool:
    """Whether a mail waits that may be sent now, or one was cut off while it was sent."""
    return OutgoingMail.objects.filter(_due(timezone.now()) | Q(state=State.CLAIMED)).exists()


@job(retries=3, pause_seconds=30)
def send_waiting() -> int:
    """Send the mails that are due. Returns how many were sent; 0 while another process sends."""
    try:
        return send_due()
    except Busy:
        return 0


@job(retries=3, pause_seconds=600)
def tidy_mail() -> int:
    """Forget what was sent long ago, and the jobs that did it. Returns how many mails."""
    now = timezone.now()
    forget_done_jobs(path=send_waiting.module_path, before=now - DONE_JOBS_KEPT)
    return forget_old_mails(at=now)


def send_due(*, run_seconds: float = LONGEST_RUN_SECONDS) -> int:
    """Send what is due, oldest first, for at most about `run_seconds`. Returns how many were sent.

    Not within a transaction: a claim must be stored before the mail goes. Raises `Busy` while another process sends.
    """
    with exclusive("mail"):
        _doubt_abandoned()
        connection = get_connection(fail_silently=False)
        try:
            return _send_due(connection, until=time.monotonic() + run_seconds)
        finally:
            _close(connection)


def _send_due(connection: BaseEmailBackend, *, until: float) -> int:
    sent = 0
    while time.monotonic() < until:
        due = OutgoingMail.objects.filter(_due(timezone.now())).order_by("next_at", "pk")
        mail = due.first()
        if mail is None:
            break
        try:
            _make_ready(connection)
        except (OSError, smtplib.SMTPException) as error:
            logger.warning("The mail server cannot be reached: %s", error)
            _put_off(due, _said(error))
            break
        sent += _send(mail, connection)
    return sent


def _due(at: datetime) -> Q:
    return Q(state=State.QUEUED, next_at__lte=at)


def _doubt_abandoned() -> None:
    """The lock is held by us, so nobody is at work on what is claimed any more."""
    reason = _("Regulars was stopped while it handed this mail to the mail server.")
    OutgoingMail.objects.filter(state=State.CLAIMED).update(state=State.UNKNOWN, error=reason)


def _make_ready(connection: BaseEmailBackend) -> None:
    """Have a connection that answers before a mail is claimed, so that an idle one that was cut leaves no doubt."""
    server = getattr(connection, "connection", None)
    if server is not None:
        with suppress(OSError, smtplib.SMTPException):
            if server.noop()[0] == 250:
                return
        _close(connection)
    connection.open()


def _close(connection: BaseEmailBackend) -> None:
    with suppress(OSError, smtplib.SMTPException):
        connection.close()


def _send(mail: OutgoingMail, connection: BaseEmailBackend) -> int:
    """Claim, send, confirm. Returns 1 if it was sent, else 0."""
    try:
        message = _message(mail, connection)
        message.message().as_bytes()
    except ValueError as error:  # a header or an attachment that cannot be written down: it never will be
        _fail(mail, _said(error))
        return 0
    if not _claim(mail):
        return 0
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        code, answer = next(iter(error.recipients.values()))
        _refused(mail, code, answer)
    except smtplib.SMTPResponseException as error:
        _refused(mail, error.smtp_code, error.smtp_error)
    except smtplib.SMTPNotSupportedError as error:
        _fail(mail, _said(error))
    except (OSError, smtplib.SMTPException) as error:
        _doubt(mail, _said(error))
    else:
        _confirm(mail)
        return 1
    return 0


def _message(mail: OutgoingMail, connection: BaseEmailBackend) -> EmailMultiAlternatives:
    files = [
        Attachment(name=one.name, content_type=one.content_type, content=one.content) for one in mail.attachments.all()
    ]
    envelope = Envelope(
        sender=mail.sender,
        to=formataddr((mail.to_name, mail.to_address)),
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        reply_to=mail.reply_to,
        headers={**mail.headers, "Message-ID": mail.message_id},
        attachments=files,
    )
    return envelope.message(connection)


def _claim(mail: OutgoingMail) -> bool:
    """Whether it is ours to send: it may have been cancelled since it was read."""
    now = timezone.now()
    waiting = OutgoingMail.objects.filter(pk=mail.pk, state=State.QUEUED)
    return bool(waiting.update(state=State.CLAIMED, claimed_at=now, updated_at=now))


# What came of it


def _confirm(mail: OutgoingMail) -> None:
    """We know that it went, whatever somebody else thought meanwhile."""
    now = timezone.now()
    OutgoingMail.objects.filter(pk=mail.pk).update(state=State.SENT, sent_at=now, error="", updated_at=now)


def _refused(mail: OutgoingMail, code: int, answer: bytes | str) -> None:
    """The server said no, so it was not sent: for good (5xx), or for now (4xx)."""
    said = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    reason = f"{code} {said}"
    if 400 <= code < 500:
        _put_off(OutgoingMail.objects.filter(pk=mail.pk), reason)
    else:
        _fail(mail, reason)


def _put_off(mails: Iterable[OutgoingMail], reason: str) -> None:
    """Try again after a pause, or give up after the last."""
    for mail in mails:
        if mail.attempts >= len(PAUSES_SECONDS):
            _fail(mail, reason)
            continue
        pause = timedelta(seconds=PAUSES_SECONDS[mail.attempts])
        _now(
            mail,
            state=State.QUEUED,
            attempts=mail.attempts + 1,
            next_at=timezone.now() + pause,
            claimed_at=None,
            error=reason[:500],
        )


def _fail(mail: OutgoingMail, reason: str) -> None:
    _now(mail, state=State.FAILED, attempts=mail.attempts + 1, error=reason[:500])


def _doubt(mail: OutgoingMail, reason: str) -> None:
    said = _("The connection broke while the mail was handed over: %(reason)s") % {"reason": reason}
    _now(mail, state=State.UNKNOWN, error=said[:500])


def _now(mail: OutgoingMail, **changes: object) -> None:
    """Note what came of it; but one that was cancelled meanwhile, before it was claimed, stays so."""
    on_its_way = OutgoingMail.objects.filter(pk=mail.pk, state__in=[State.QUEUED, State.CLAIMED])
    on_its_way.update(**changes, updated_at=timezone.now())


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
