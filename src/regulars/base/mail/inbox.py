"""The mailbox that customers write to: looked into every minute, each mail taken once, nothing changed there.

A mail is known by its number, which holds as long as the mailbox's UIDVALIDITY stays (RFC 3501, 2.3.1.1), and by its
Message-ID, which outlives a move to another server. Whose it is, is for the stage that knows accounts.
"""

from __future__ import annotations

import imaplib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.jobs import job
from regulars.base.locks import Busy, exclusive
from regulars.base.mail.composing import sender_of
from regulars.base.mail.models import IncomingMail, Mailbox, OutgoingMail
from regulars.base.mail.parsing import ReadMail, read_mail
from regulars.base.models import Member, Organisation

LOOK_EVERY = timedelta(minutes=1)
LARGEST_BYTES = 25_000_000
MOST_AT_ONCE = 200
WAIT_SECONDS = 30
PLAIN_PORT, SECURE_PORT = 143, 993
State = IncomingMail.State


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the mailbox is."""

    encrypted: bool
    host: str
    port: int
    user: str
    password: str
    folder: str

    @property
    def address(self) -> str:
        """What it is known by; without the password."""
        return f"{self.user}@{self.host}/{self.folder}"


def configured_place() -> Place | None:
    """The mailbox of `REGULARS_MAILBOX_URL`; None where none is configured."""
    parts = urlsplit(settings.MAILBOX_URL)
    if parts.scheme not in ("imap", "imaps") or not parts.hostname:
        return None
    encrypted = parts.scheme == "imaps"
    return Place(
        encrypted=encrypted,
        host=parts.hostname,
        port=parts.port or (SECURE_PORT if encrypted else PLAIN_PORT),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.strip("/")) or "INBOX",
    )


def is_needed() -> bool:
    """Whether a mailbox is configured that was not looked into for a minute."""
    place = configured_place()
    if place is None:
        return False
    return not Mailbox.objects.filter(address=place.address, looked_at__gt=timezone.now() - LOOK_EVERY).exists()


@job(retries=0)
def look_into_mailbox() -> int:
    """Take what came in since. Returns how many mails; 0 while another process looks, or when it cannot be opened."""
    place = configured_place()
    if place is None:
        return 0
    try:
        with exclusive("mailbox"):
            return look(place)
    except Busy:
        return 0


def look(place: Place) -> int:
    """Take what came in since the last look, at most `MOST_AT_ONCE` mails. What went wrong is kept with the mailbox."""
    mailbox, _new = Mailbox.objects.get_or_create(address=place.address)
    mailbox.looked_at, mailbox.problem = timezone.now(), ""
    taken = 0
    try:
        with _opened(place) as client:
            taken = _take_new(mailbox, client)
    except (OSError, imaplib.IMAP4.error) as error:
        mailbox.problem = (str(error) or type(error).__name__)[:500]
    mailbox.save()
    return taken


@contextmanager
def _opened(place: Place) -> Iterator[imaplib.IMAP4]:
    """The folder, opened so that nothing in it is changed, not even what counts as read."""
    connect = imaplib.IMAP4_SSL if place.encrypted else imaplib.IMAP4
    with connect(place.host, place.port, timeout=WAIT_SECONDS) as client:
        client.login(place.user, place.password)
        quoted = place.folder.replace("\\", "\\\\").replace('"', '\\"')
        answer, said = client.select(f'"{quoted}"', readonly=True)
        if answer != "OK":
            raise imaplib.IMAP4.error(_told(said))
        yield client


def _take_new(mailbox: Mailbox, client: imaplib.IMAP4) -> int:
    validity = int(_told(client.response("UIDVALIDITY")[1]) or 0)
    if validity != mailbox.uid_validity:
        mailbox.uid_validity, mailbox.last_number = validity, 0
    answer, said = client.uid("SEARCH", f"UID {mailbox.last_number + 1}:*")
    if answer != "OK":
        raise imaplib.IMAP4.error(_told(said))
    # "7:*" names the last mail even where its number is below 7.
    numbers = sorted(number for number in map(int, _told(said).split()) if number > mailbox.last_number)
    taken = 0
    for number in numbers[:MOST_AT_ONCE]:
        raw, too_large = _fetched(client, number)
        with transaction.atomic():
            if raw is not None:
                taken += _keep(mailbox, number, read_mail(raw), too_large=too_large)
            mailbox.last_number = number
            mailbox.save()
    return taken


def _fetched(client: imaplib.IMAP4, number: int) -> tuple[bytes | None, bool]:
    """The mail; of one that is too large its headers. None where it was removed meanwhile."""
    _answer, sized = client.uid("FETCH", str(number), "(RFC822.SIZE)")
    size = next((int(part.rpartition(b" ")[2].rstrip(b")")) for part in sized if isinstance(part, bytes)), 0)
    too_large = size > LARGEST_BYTES
    _answer, said = client.uid("FETCH", str(number), "(BODY.PEEK[HEADER])" if too_large else "(BODY.PEEK[])")
    return next((part[1] for part in said if isinstance(part, tuple)), None), too_large


def _keep(mailbox: Mailbox, number: int, mail: ReadMail, *, too_large: bool) -> int:
    """Keep it unless it is known. Returns how many were kept."""
    if IncomingMail.objects.filter(message_id=mail.message_id).exists():
        return 0
    reason = _why_aside(mail)
    text = _("This mail is too large to be taken in. Read it in the mailbox.") if too_large else mail.text
    now = timezone.now()
    IncomingMail.objects.create(
        mailbox=mailbox,
        number=number,
        message_id=mail.message_id,
        sender_address=mail.sender_address,
        sender_name=mail.sender_name,
        subject=mail.subject,
        text="" if reason else text,
        written_at=min(mail.written_at or now, now),
        files=mail.files,
        state=State.IGNORED if reason else State.NEW,
        reason=reason,
        to_service=_service_address() in mail.recipients,
        answers=_answered(mail),
    )
    return 1


def _service_address() -> str:
    firm = Organisation.objects.first()
    return firm.service_address.lower() if firm else ""


def _answered(mail: ReadMail) -> OutgoingMail | None:
    """The last mail of ours in the talk that this one goes on with."""
    ours = {one.message_id: one for one in OutgoingMail.objects.filter(message_id__in=mail.answered_ids)}
    return next((ours[one] for one in mail.answered_ids if one in ours), None)


def _why_aside(mail: ReadMail) -> str:
    """Why nobody needs to see it; empty for the mail of a person."""
    if mail.by_machine:
        return mail.by_machine
    if not mail.sender_address:
        return _("It does not say who sent it.")
    if mail.sender_address == sender_of()[1].lower() or _is_ours(mail):
        return _("A mail of ours that came back.")
    if Member.objects.filter(email__iexact=mail.sender_address).exists():
        return _("A mail of a colleague.")
    return ""


def _is_ours(mail: ReadMail) -> bool:
    return OutgoingMail.objects.filter(message_id=mail.message_id).exists()


def _told(said: object) -> str:
    """The first line of what the server said."""
    first = said[0] if isinstance(said, list | tuple) and said else b""
    return first.decode(errors="replace") if isinstance(first, bytes) else ""
