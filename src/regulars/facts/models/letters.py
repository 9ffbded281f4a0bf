"""Letters: mail that was written to a contact."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.mail.models import OutgoingMail
from regulars.base.models import Member, Record
from regulars.facts.models.accounts import Contact, Interaction


class Letter(Record):
    """A mail to a contact, until it went out and stands among the interactions. `letters.py` has its verbs.

    Its account is that of the contact, who may move with a merge.
    """

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="letters")
    mail = models.OneToOneField(OutgoingMail, models.CASCADE, related_name="letter")
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    noted_at = models.DateTimeField(_("noted as an interaction"), null=True)
    # Gone again where somebody took the note back: then it is not noted anew.
    interaction = models.OneToOneField(Interaction, models.SET_NULL, null=True, related_name="letter")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["mail"], condition=models.Q(noted_at=None), name="letter_not_noted"),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id}: {self.mail_id}"
