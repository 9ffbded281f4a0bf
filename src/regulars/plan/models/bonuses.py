"""Bonuses for key accounts and VIPs: what the firm gives to whom, how often a year, and what was given."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Member, Record
from regulars.facts.models import Account, Tag


class Bonus(Record):
    """Something that the firm gives to good customers. `plan/bonuses.py` has its verbs.

    One that is not given any more is retired, so that what was given stays readable.
    """

    name = models.CharField(_("name"), max_length=100)
    cost_minor = models.BigIntegerField(_("what one costs us, in minor units of the base currency"))
    times_a_year = models.PositiveSmallIntegerField(_("times a year for one customer"), default=1)
    tag = models.ForeignKey(
        Tag, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("for customers with the tag")
    )
    for_key_accounts = models.BooleanField(_("for key accounts"), default=True)
    retired_on = models.DateField(_("not given any more since"), null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(cost_minor__gte=0), name="bonus_costs_nothing_or_more"),
            models.CheckConstraint(condition=models.Q(times_a_year__gte=1), name="bonus_once_a_year_or_more"),
        ]

    def __str__(self) -> str:
        return self.name


class GivenBonus(Record):
    """One bonus that a customer was given; what it cost is kept with it. One that was taken back counts no more."""

    bonus = models.ForeignKey(Bonus, models.PROTECT, related_name="given")
    account = models.ForeignKey(Account, models.PROTECT, related_name="given_bonuses", db_index=False)
    on = models.DateField(_("given on"))
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+", verbose_name=_("given by"))
    cost_minor = models.BigIntegerField(_("what it cost us, in minor units of the base currency"))
    said = models.CharField(_("words"), max_length=300, blank=True, default="")
    reason = models.CharField(_("why more than its number a year"), max_length=300, blank=True, default="")
    taken_back_at = models.DateTimeField(_("taken back"), null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["account", "-on"], name="given_bonus_account")]

    def __str__(self) -> str:
        return f"{self.bonus}: {self.on}"
