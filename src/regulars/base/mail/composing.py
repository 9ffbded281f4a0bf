"""What a mail is made of: a sane sender, a text and the same as HTML, headers in which nothing can be smuggled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import escape, urlize
from django.utils.safestring import SafeString, mark_safe

from regulars.base.models import Organisation


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file that goes with a mail. `content_type` such as application/pdf, or text/calendar; method=REQUEST."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """A mail as it goes out."""

    sender: str
    to: str
    subject: str
    text: str
    html: str
    reply_to: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    attachments: Sequence[Attachment] = ()

    def message(self, connection: BaseEmailBackend | None = None) -> EmailMultiAlternatives:
        """As Django sends it. Raises `BadHeaderError` (a ValueError) where a header would begin a new line."""
        made = EmailMultiAlternatives(
            subject=self.subject,
            body=self.text,
            from_email=self.sender,
            to=[self.to],
            reply_to=list(self.reply_to),
            headers=dict(self.headers),
            connection=connection,
        )
        made.attach_alternative(self.html, "text/html")
        for one in self.attachments:
            made.attach(one.name, one.content, one.content_type)
        return made


def sender_of(name: str = "") -> tuple[str, str]:
    """Name and address of who sends: the address is always ours, else the mail would look forged.

    `name`: the person in whose name it goes. Without one: the name in REGULARS_MAIL_FROM, else the organisation's.
    """
    configured, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    firm = configured or Organisation.objects.order_by("pk").values_list("name", flat=True).first() or "Regulars"
    said = f"{name}, {firm}" if name else firm
    return " ".join(said.split()), address or settings.DEFAULT_FROM_EMAIL


def own_domain() -> str:
    """The domain in the ids of our mails: that of the sender."""
    return sender_of()[1].rpartition("@")[2] or "localhost"


def framed(text: str, *, language: str, html: str = "") -> str:
    """The mail as HTML, in the direction of its language. `html`: its content, where it is more than the text."""
    with translation.override(language):
        content = mark_safe(html) if html else paragraphs(text)  # noqa: S308 - made by our own templates
        said = {"content": content, "language": language, "rtl": translation.get_language_bidi()}
        return render_to_string("mail/mail.html", said)


def paragraphs(text: str) -> SafeString:
    """A text as HTML: paragraphs, line breaks, links."""
    parts = [part.strip() for part in text.replace("\r\n", "\n").split("\n\n")]
    shown = ["<p>" + urlize(escape(part)).replace("\n", "<br>") + "</p>" for part in parts if part]
    return mark_safe("\n".join(shown))  # noqa: S308 - escaped above
