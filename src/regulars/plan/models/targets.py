"""The sales plan: what each person is to win, keep and grow a month; how time is divided; what is earned by it."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Member, Record
from regulars.facts.models import Account


class SalesPlan(Record):
    """The plan of twelve months. `plan/targets.py` has its verbs."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        ACCEPTED = "accepted", _("accepted")

    begins = models.DateField(_("first day"), unique=True)
    stretch_bps = models.IntegerField(_("stretch over what is expected, in basis points"), default=0)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.DRAFT)
    accepted_on = models.DateField(_("accepted on"), null=True)
    accepted_by = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.begins:%Y-%m}"


class Target(Record):
    """What one person is to sell in one month, of one kind, in minor units of the base currency."""

    class Kind(models.TextChoices):
        NEW = "new", _("won")
        KEPT = "kept", _("kept")
        GROWN = "grown", _("grown")

    plan = models.ForeignKey(SalesPlan, models.CASCADE, related_name="targets")
    member = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="+", verbose_name=_("person; none: accounts of nobody")
    )
    month = models.DateField(_("month"))
    kind = models.CharField(_("kind"), max_length=5, choices=Kind.choices)
    amount_minor = models.BigIntegerField(_("target in minor units"))
    proposed_minor = models.BigIntegerField(_("as proposed, in minor units"))

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["plan", "member", "month", "kind"], name="target_once"),
            models.UniqueConstraint(
                fields=["plan", "month", "kind"], condition=models.Q(member=None), name="target_of_nobody_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.kind}"


class WorkingHours(Record):
    """The time that a person has for customers, and which part of it goes to winning new ones."""

    member = models.OneToOneField(Member, models.CASCADE, related_name="+")
    hours_a_month = models.PositiveSmallIntegerField(_("hours a month for customers"), default=80)
    winning_bps = models.PositiveIntegerField(
        _("share for winning new customers, in basis points"), default=2000, validators=[MaxValueValidator(10_000)]
    )

    def __str__(self) -> str:
        return f"{self.member}: {self.hours_a_month} h"


class VisitChoice(Record):
    """So many visits a year to an account, decided by a person instead of computed."""

    account = models.OneToOneField(Account, models.CASCADE, related_name="+")
    visits = models.PositiveSmallIntegerField(_("visits a year"), validators=[MaxValueValidator(52)])
    reason = models.CharField(_("why"), max_length=300, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.account}: {self.visits}"


class IncentiveScheme(Record):
    """How people are paid for what they win, keep and grow. `plan/incentives.py` has its verbs.

    A scheme that is in force is not changed: it ends, and another one begins.
    """

    class Measure(models.TextChoices):
        SALES = "sales", _("sales")
        MARGIN = "margin", _("margin")

    name = models.CharField(_("name"), max_length=100)
    measure = models.CharField(_("paid on"), max_length=6, choices=Measure.choices, default=Measure.SALES)
    base_minor = models.BigIntegerField(_("fixed pay a month, in minor units"), default=0)
    new_bps = models.PositiveIntegerField(_("of what is won, in basis points"), default=0)
    kept_bps = models.PositiveIntegerField(_("of what is kept, in basis points"), default=0)
    grown_bps = models.PositiveIntegerField(_("of what is grown, in basis points"), default=0)
    threshold_bps = models.PositiveIntegerField(_("from which share of the target on, in basis points"), default=0)
    cap_minor = models.BigIntegerField(_("no more than this a year, in minor units"), null=True, blank=True)
    begins = models.DateField(_("in force from"), null=True)
    ends = models.DateField(_("in force until"), null=True)

    def __str__(self) -> str:
        return self.name


class CreditShare(Record):
    """Which part of the results of an account counts for a person who shares it; the rest is its owner's."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    member = models.ForeignKey(Member, models.PROTECT, related_name="+")
    share_bps = models.PositiveIntegerField(_("share in basis points"), validators=[MaxValueValidator(10_000)])

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "member"], name="credit_share_once")]

    def __str__(self) -> str:
        return f"{self.account}: {self.member}"
