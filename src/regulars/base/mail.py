"""Mail: whether the configured way of sending it works. What is sent to whom is for the stage `engage`."""

from __future__ import annotations

import smtplib

from django.core.mail import get_connection


def mail_problem() -> str | None:
    """Open the configured way of sending mail and close it again: what went wrong, or None. Nothing is sent."""
    connection = get_connection(fail_silently=False)
    try:
        connection.open()
        connection.close()
    except (OSError, smtplib.SMTPException) as error:
        return str(error) or type(error).__name__
    return None
