"""What winning and keeping customers costs besides the time of people: fairs, samples, advertisements, gifts."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Member, Record


class SellingCost(Record):
    """An amount that was spent to win new customers, or to keep and grow those we have. `plan/selling_costs.py`."""

    class Aim(models.TextChoices):
        WINNING = "winning", _("winning new customers")
        KEEPING = "keeping", _("keeping and growing customers")

    aim = models.CharField(_("for"), max_length=8, choices=Aim.choices)
    on = models.DateField(_("spent on"), db_index=True)
    text = models.CharField(_("what for"), max_length=200)
    amount_minor = models.BigIntegerField(_("amount in minor units of the base currency"))
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+", verbose_name=_("noted by"))

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="selling_cost_is_an_amount"),
        ]

    def __str__(self) -> str:
        return self.text
