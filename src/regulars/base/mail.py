"""Mail: whether the configured way of sending it works, and sending what the installation itself has to say.

What is sent to customers is for the stage `engage`.
"""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.utils.translation import gettext as _

from regulars.core.errors import Refusal

_visited: ContextVar[str] = ContextVar("visited", default="")


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


def send_mail(*, to: str, subject: str, text: str) -> None:
    """Send a plain mail to one address, now. Raises `MailNotSent`."""
    try:
        EmailMessage(" ".join(subject.split()), text, to=[to]).send()
    except (OSError, smtplib.SMTPException) as error:
        raise MailNotSent(
            _("The mail to %(address)s could not be sent: %(reason)s")
            % {"address": to, "reason": str(error) or type(error).__name__},
            _("Have the mail settings checked with: regulars check. Then send it again."),
        ) from error


# Links in mails


def link_to(path: str) -> str:
    """A full address of a page: at `REGULARS_ADDRESS`, else where the request at hand came to."""
    return (settings.ADDRESS or _visited.get() or "http://localhost:8000").rstrip("/") + path


@contextmanager
def visited_at(address: str) -> Iterator[None]:
    """Within it, links lead to this address unless one is configured."""
    token = _visited.set(address)
    try:
        yield
    finally:
        _visited.reset(token)
