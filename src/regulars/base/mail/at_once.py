"""Mail that is sent at once and not kept: what carries a key, which nobody may read later, not even in the outbox.

Who asked for it waits for the answer of the mail server, and is told when it does not take the mail.
"""

from __future__ import annotations

import smtplib
from email.utils import formataddr, make_msgid

from django.core.mail import get_connection
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from regulars.base.mail.composing import Envelope, framed, own_domain, sender_of
from regulars.core.errors import Refusal


class MailNotSent(Refusal):
    """The mail server did not take the mail."""


def mail_problem() -> str | None:
    """Open the configured way of sending mail and close it again: what went wrong, or None. Nothing is sent."""
    connection = get_connection(fail_silently=False)
    try:
        connection.open()
        connection.close()
    except (OSError, smtplib.SMTPException) as error:
        return str(error) or type(error).__name__
    return None


def send_at_once(*, to: str, subject: str, text: str) -> None:
    """Send a mail in the language at hand to one address, now. Raises `MailNotSent`."""
    envelope = Envelope(
        sender=formataddr(sender_of()),
        to=to,
        subject=" ".join(subject.split()),
        text=text,
        html=framed(text, language=get_language() or "en"),
        headers={"Message-ID": make_msgid(domain=own_domain()), "Auto-Submitted": "auto-generated"},
    )
    try:
        envelope.message().send()
    except (OSError, smtplib.SMTPException) as error:
        raise MailNotSent(
            _("The mail to %(address)s could not be sent: %(reason)s")
            % {"address": to, "reason": str(error) or type(error).__name__},
            _("Have the mail settings checked with: regulars check. Then send it again."),
        ) from error
