"""Check-ins: asking a customer how it went after a sale, and what it answered."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Member, Record
from regulars.facts.models import Account, Contact, Issue


class CheckIn(Record):
    """One letter that asks how it went, with the link to tell us of a problem. `plan/check_ins.py` has its verbs."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="check_ins", db_index=False)
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="+")
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    on = models.DateField(_("asked on"))
    sold_on = models.DateField(_("day of the sale that it is about"), null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["account", "-on"], name="check_in_account")]

    def __str__(self) -> str:
        return f"{self.contact}: {self.on}"


class CheckInAnswer(Record):
    """What the customer said by the link: that all is well, or what is wrong, which opened an issue."""

    check_in = models.ForeignKey(CheckIn, models.CASCADE, related_name="answers")
    went_well = models.BooleanField(_("all is well"))
    words = models.TextField(_("in their words"), blank=True, default="")
    issue = models.OneToOneField(Issue, models.PROTECT, null=True, related_name="check_in_answer")
    answered_at = models.DateTimeField(_("answered"))

    def __str__(self) -> str:
        return self.words or f"{self.answered_at:%Y-%m-%d}"
