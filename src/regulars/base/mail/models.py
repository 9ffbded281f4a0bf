"""Mail that goes out, with what is known of its way, and mail that came in."""

from __future__ import annotations

import base64
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regulars.base.models import Member, Record


class OutgoingMail(Record):
    """One mail to one address. `outbox.py` has its verbs, `sending.py` sends it.

    It is claimed before it is handed to the mail server and confirmed after; a process that dies between the two
    leaves it claimed, and nobody can know whether it went. Then it is `UNKNOWN`, and never sent again by itself.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        CLAIMED = "claimed", _("being sent")
        SENT = "sent", pgettext_lazy("state of a mail", "sent")
        UNKNOWN = "unknown", _("unknown whether sent")
        FAILED = "failed", pgettext_lazy("state of a mail", "failed")
        CANCELLED = "cancelled", pgettext_lazy("state of a mail", "cancelled")

    to_address = models.CharField(_("to"), max_length=254)
    to_name = models.CharField(_("name of the recipient"), max_length=200, blank=True, default="")
    sender = models.CharField(_("from"), max_length=600)
    reply_to = models.JSONField(_("answers go to"), default=list)
    subject = models.CharField(_("subject"), max_length=300)
    text = models.TextField(_("text"))
    html = models.TextField(_("text as HTML"))
    language = models.CharField(_("language"), max_length=8)
    # Fixed before it is sent: a mail that goes out twice after all is known by it as the same one.
    message_id = models.CharField(_("id of the message"), max_length=300, unique=True)
    headers = models.JSONField(_("further headers"), default=dict)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts since it was last put in the queue"), default=0)
    next_at = models.DateTimeField(_("not before"))
    claimed_at = models.DateTimeField(_("taken up"), null=True)
    sent_at = models.DateTimeField(_("sent"), null=True)
    error = models.CharField(_("what went wrong"), max_length=500, blank=True, default="")
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    # What asked for it, so that it is asked for once.
    once = models.CharField(_("asked for once as"), max_length=120, null=True, unique=True)
    related_kind = models.CharField(_("kind of record it is about"), max_length=64, blank=True, default="")
    related_uid = models.UUIDField(_("record it is about"), null=True)
    # Plain numbers: mail knows no accounts and no contacts.
    account_id = models.BigIntegerField(_("account concerned"), null=True, db_index=True)
    contact_id = models.BigIntegerField(_("contact"), null=True)

    class Meta:
        verbose_name = _("mail")
        indexes: ClassVar = [
            models.Index(
                fields=["next_at"], condition=models.Q(state__in=["queued", "claimed"]), name="mail_on_its_way"
            ),
            models.Index(fields=["related_kind", "related_uid"], name="mail_about"),
        ]

    def __str__(self) -> str:
        return self.subject


class MailAttachment(models.Model):
    """A file that goes with a mail. Its content is kept as base64, which backups carry as any other text."""

    id = models.BigAutoField(primary_key=True)
    mail = models.ForeignKey(OutgoingMail, models.CASCADE, related_name="attachments")
    name = models.CharField(_("name of the file"), max_length=200)
    content_type = models.CharField(_("kind of file"), max_length=100)
    encoded = models.TextField(_("content, base64"))
    bytes_count = models.PositiveIntegerField(_("size in bytes"))

    def __str__(self) -> str:
        return self.name

    @property
    def content(self) -> bytes:
        return base64.b64decode(self.encoded)


class Mailbox(Record):
    """A folder of a mail server that is looked into, and how far it was read. `inbox.py` looks."""

    address = models.CharField(_("user, server and folder"), max_length=500, unique=True)
    # RFC 3501: the numbers of mails hold as long as this one stays; when it changes, all is read anew.
    uid_validity = models.BigIntegerField(_("validity of the numbers"), null=True)
    last_number = models.BigIntegerField(_("number of the last mail that was read"), default=0)
    looked_at = models.DateTimeField(_("last looked into"), null=True)
    problem = models.CharField(_("what went wrong"), max_length=500, blank=True, default="")

    def __str__(self) -> str:
        return self.address


class IncomingMail(Record):
    """A mail that came in: taken once, whatever the mail server calls it later."""

    class State(models.TextChoices):
        NEW = "new", _("just came in")
        TAKEN = "taken", _("stands with an account")
        WAITING = "waiting", _("nobody knows who it is")
        IGNORED = "ignored", _("left aside")

    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="mails")
    number = models.BigIntegerField(_("number in the mailbox"))
    message_id = models.CharField(_("id of the message"), max_length=300, unique=True)
    sender_address = models.CharField(_("from"), max_length=254)
    sender_name = models.CharField(_("name of the sender"), max_length=200, blank=True, default="")
    subject = models.CharField(_("subject"), max_length=300, blank=True, default="")
    text = models.TextField(_("text"), blank=True, default="")
    written_at = models.DateTimeField(_("written"))
    files = models.JSONField(_("names and sizes of the files that came with it, which are not kept"), default=list)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.NEW)
    reason = models.CharField(_("why it was left aside"), max_length=300, blank=True, default="")
    to_service = models.BooleanField(_("written to the address for problems"), default=False)
    answers = models.ForeignKey(
        OutgoingMail, models.SET_NULL, null=True, related_name="+", verbose_name=_("mail of ours that it answers")
    )
    # Plain numbers: mail knows no accounts and no contacts.
    account_id = models.BigIntegerField(_("account concerned"), null=True)
    contact_id = models.BigIntegerField(_("contact"), null=True)

    class Meta:
        verbose_name = _("mail that came in")
        indexes: ClassVar = [
            models.Index(
                fields=["state", "sender_address"],
                condition=models.Q(state__in=["new", "waiting"]),
                name="incoming_open",
            ),
        ]

    def __str__(self) -> str:
        return self.subject
