"""Recommendations: customers who are asked for names, links by which they send people to us, and what came of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Member, Record
from regulars.facts.models import Account, Contact, Lead


class ReferralAsk(Record):
    """We asked a customer to name people whom we could help as well. `plan/referrals.py` has its verbs.

    It keeps the account that it was made for, as promises do.
    """

    class Ground(models.TextChoices):
        PROMISE = "promise_kept", _("we kept a promise")
        EFFORT = "low_effort", _("they were helped without trouble")
        PRAISE = "praise", _("they praised us")
        OTHER = "other", _("something else")

    class State(models.TextChoices):
        OPEN = "open", _("asked")
        NAMED = "named", _("named somebody")
        DECLINED = "declined", _("would rather not")
        WITHDRAWN = "withdrawn", _("withdrawn")

    account = models.ForeignKey(Account, models.PROTECT, related_name="referral_asks")
    contact = models.ForeignKey(Contact, models.PROTECT, null=True, related_name="+", verbose_name=_("whom we asked"))
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+", verbose_name=_("who asked"))
    on = models.DateField(_("asked on"))
    ground = models.CharField(_("because"), max_length=12, choices=Ground.choices, default=Ground.OTHER)
    said = models.CharField(_("words"), max_length=500, blank=True, default="")
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.OPEN)
    settled_on = models.DateField(_("answered on"), null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["account", "-on"], name="referral_ask_account")]

    def __str__(self) -> str:
        return f"{self.account} {self.on}"


class ReferralLink(Record):
    """The link that a customer gives to others. Its token is the address; a closed one opens the plain form."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="referral_links")
    contact = models.ForeignKey(Contact, models.PROTECT, null=True, related_name="+", verbose_name=_("whose link"))
    token = models.CharField(_("in its address"), max_length=32, unique=True, editable=False)
    made_by = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    made_on = models.DateField(_("made on"))
    closed_on = models.DateField(_("closed on"), null=True)

    def __str__(self) -> str:
        return self.token


class Referral(Record):
    """One lead that a customer brought, by naming it or by the link. Thanked once."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="referrals", verbose_name=_("who recommended"))
    contact = models.ForeignKey(Contact, models.PROTECT, null=True, related_name="+")
    ask = models.ForeignKey(ReferralAsk, models.PROTECT, null=True, related_name="referrals")
    link = models.ForeignKey(ReferralLink, models.PROTECT, null=True, related_name="referrals")
    lead = models.OneToOneField(Lead, models.PROTECT, related_name="referral")
    may_name = models.BooleanField(_("we may say who recommended us"), default=False)
    on = models.DateField(_("recommended on"))
    thanked_on = models.DateField(_("thanked on"), null=True)
    thanked_by = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    thanks = models.CharField(_("how we said thank you"), max_length=300, blank=True, default="")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["account", "-on"], name="referral_account"),
            models.Index(fields=["thanked_on", "on"], name="referral_thanked"),
        ]

    def __str__(self) -> str:
        return f"{self.account} → {self.lead}"
