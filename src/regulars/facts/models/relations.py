"""What people say of a customer's weight: the parts its people play, what it buys in all, and why it is special."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Member, Record
from regulars.facts.models.accounts import Account, Contact


class ContactPart(Record):
    """The part a contact plays in what is bought, and the birthday where the person agreed. `contact_parts.py`."""

    class Part(models.TextChoices):
        UNKNOWN = "", _("not known")
        SPONSOR = "sponsor", _("sponsor")
        DECIDES = "decision_maker", _("decides")
        CHAMPION = "champion", _("champion: speaks for us")
        CRITIC = "critic", _("critic: speaks against us")

    contact = models.OneToOneField(Contact, models.PROTECT, related_name="part")
    part = models.CharField(_("part"), max_length=16, choices=Part.choices, blank=True, default=Part.UNKNOWN)
    birth_month = models.PositiveSmallIntegerField(_("month of birth"), null=True)
    birth_day = models.PositiveSmallIntegerField(_("day of birth"), null=True)
    birthday_agreed_on = models.DateField(_("agreed that we keep the birthday on"), null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["birth_month", "birth_day"],
                condition=models.Q(birthday_agreed_on__isnull=False),
                name="contact_birthday",
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(birth_month=None, birth_day=None)
                | models.Q(birth_month__range=(1, 12), birth_day__range=(1, 31), birthday_agreed_on__isnull=False),
                name="birthday_only_agreed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id}: {self.part}"


class WalletEstimate(Record):
    """What the account spends a year, with everyone, on what we sell. `wallet_estimates.py` has its verbs.

    Never changed: a newer one takes its place, one that was wrong is withdrawn.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="wallet_estimates", db_index=False)
    yearly_minor = models.BigIntegerField(_("amount a year"))
    currency = models.CharField(_("currency"), max_length=3)
    source = models.CharField(_("how we know"), max_length=300)
    estimated_on = models.DateField(_("estimated on"))
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+", verbose_name=_("estimated by"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["account", "-estimated_on"], name="wallet_account_on")]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(yearly_minor__gt=0), name="wallet_estimate_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.yearly_minor} {self.currency}"


class ToldSign(Record):
    """A sign of a key account that somebody of ours tells, with the reason. `told_signs.py` has its verbs."""

    class Sign(models.TextChoices):
        REPUTATION = "reputation", _("reputation: its name opens doors")
        DEMANDING = "demanding", _("demanding: teaches us to improve")
        INNOVATOR = "innovator", _("innovator: the first to try what is new")

    account = models.ForeignKey(Account, models.PROTECT, related_name="told_signs", db_index=False)
    sign = models.CharField(_("sign"), max_length=16, choices=Sign.choices)
    reason = models.CharField(_("why"), max_length=300)
    told_on = models.DateField(_("told on"))
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+", verbose_name=_("told by"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["account"], condition=models.Q(withdrawn_at=None), name="told_sign_standing"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.sign}"
