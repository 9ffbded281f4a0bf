"""Reading a mail that came in: who wrote what, and whether a machine did."""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr

from django.utils.html import strip_tags
from django.utils.translation import gettext as _

LONGEST_TEXT = 50_000
MOST_ANSWERED = 20

_MESSAGE_ID = re.compile(r"<[^<>\s]{1,298}>")
_UNSEEN = re.compile(r"<(style|script|head|title)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_LINE_ENDS = re.compile(r"<\s*(br|/p|/div|/tr|/li|/h[1-6])\b[^>]*>", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class ReadMail:
    """What a mail says. `by_machine`: why it is taken to be one of a machine; else empty."""

    message_id: str
    sender_address: str
    sender_name: str
    subject: str
    text: str
    written_at: datetime | None
    by_machine: str
    recipients: frozenset[str] = frozenset()
    """Addresses that it was written to, in small letters."""
    answered_ids: tuple[str, ...] = ()
    """Ids of the messages that it answers, the nearest first."""
    files: list[dict[str, object]] = field(default_factory=list)


def read_mail(raw: bytes) -> ReadMail:
    """A mail as it came, however broken: what cannot be read is left out."""
    mail = message_from_bytes(raw, policy=policy.default)
    name, address = parseaddr(_header(mail, "From"))
    return ReadMail(
        message_id=_header(mail, "Message-ID")[:300] or f"<{hashlib.sha256(raw).hexdigest()}@no-id>",
        sender_address=address.lower()[:254],
        sender_name=name[:200],
        subject=_header(mail, "Subject")[:300],
        text=_text(mail)[:LONGEST_TEXT],
        written_at=_written_at(mail),
        by_machine=_by_machine(mail),
        recipients=_recipients(mail),
        answered_ids=_answered_ids(mail),
        files=_files(mail),
    )


def without_quotes(text: str) -> str:
    """What the writer added to the mail that is quoted below or between; all of it where nothing else is left."""
    lines = text.splitlines()
    quoted = {place for place, line in enumerate(lines) if line.startswith(">")}
    said_so = {place - 1 for place in quoted if lines[place - 1].rstrip().endswith(":")}  # "On Monday you wrote:"
    own = "\n".join(line for place, line in enumerate(lines) if place not in quoted | said_so).strip()
    return own or text.strip()


def text_of_html(page: str) -> str:
    """The words of a page, line by line, without what is not shown."""
    shown = _LINE_ENDS.sub("\n", _UNSEEN.sub("", page))
    lines = [" ".join(line.split()) for line in html.unescape(strip_tags(shown)).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _header(mail: EmailMessage, name: str) -> str:
    try:
        value = str(mail[name] or "")
    except (ValueError, IndexError, AttributeError):  # the parser of the standard library gives up on some
        return ""
    return " ".join(value.replace("\x00", "").split())


def _text(mail: EmailMessage) -> str:
    part = mail.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    try:
        content = str(part.get_content())
    except (LookupError, KeyError, ValueError):  # a character set that nobody knows
        content = bytes(part.get_payload(decode=True) or b"").decode("utf-8", "replace")
    content = content.replace("\x00", "").replace("\r\n", "\n")
    return text_of_html(content) if part.get_content_type() == "text/html" else content.strip()


def _recipients(mail: EmailMessage) -> frozenset[str]:
    said = [_header(mail, name) for name in ("To", "Cc", "Delivered-To", "X-Original-To")]
    return frozenset(address.lower() for _name, address in getaddresses(said) if address)


def _answered_ids(mail: EmailMessage) -> tuple[str, ...]:
    """RFC 5322, 3.6.4: what it answers stands in one header, the talk before it, oldest first, in the other."""
    talk = [*_MESSAGE_ID.findall(_header(mail, "References")), *_MESSAGE_ID.findall(_header(mail, "In-Reply-To"))]
    return tuple(dict.fromkeys(reversed(talk)))[:MOST_ANSWERED]


def _files(mail: EmailMessage) -> list[dict[str, object]]:
    try:
        parts = list(mail.iter_attachments())
    except (TypeError, AttributeError):  # says that it has parts, and has none
        return []
    return [
        {"name": (part.get_filename() or part.get_content_type())[:200], "bytes": _size(part)} for part in parts[:50]
    ]


def _size(part: EmailMessage) -> int:
    content = part.get_payload(decode=True)
    return len(content) if isinstance(content, bytes) else 0


def _written_at(mail: EmailMessage) -> datetime | None:
    try:
        at: datetime | None = mail["Date"].datetime
    except (AttributeError, ValueError, TypeError):
        return None
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at


def _by_machine(mail: EmailMessage) -> str:
    """RFC 3834 and what is usual beside it: answers to such mail would go round for ever."""
    if _header(mail, "Auto-Submitted").lower() not in ("", "no") or mail["X-Autoreply"] or mail["X-Autorespond"]:
        return _("An automatic answer.")
    if _header(mail, "Precedence").lower() in ("bulk", "junk", "list", "auto_reply") or mail["List-Id"]:
        return _("A mail to many.")
    sender = parseaddr(_header(mail, "From"))[1].lower()
    if _header(mail, "Return-Path") == "<>" or sender.startswith(("mailer-daemon@", "postmaster@")):
        return _("A report of a mail server.")
    return ""
