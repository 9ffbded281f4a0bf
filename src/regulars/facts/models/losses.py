"""Losses that were told: a customer said that it leaves, or its contract ended."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Member, Record
from regulars.facts.models.accounts import Account


class Loss(Record):
    """An account that is lost since a day. `losses.py` has its verbs.

    Never deleted: one that was declared by mistake is withdrawn, one who ordered again is back since `back_on`.
    """

    class Known(models.TextChoices):
        DECLARED = "declared", _("declared")
        CONTRACT = "contract", _("its contract ended")

    account = models.ForeignKey(Account, models.PROTECT, related_name="losses")
    since = models.DateField(_("lost since"))
    known = models.CharField(_("how it is known"), max_length=8, choices=Known.choices, default=Known.DECLARED)
    declared_by = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+", verbose_name=_("declared by"))
    back_on = models.DateField(_("customer again since"), null=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account"], condition=models.Q(withdrawn_at=None, back_on=None), name="one_standing_loss"
            ),
        ]

    @property
    def home_id(self) -> int:
        """The account that it belongs to now."""
        return self.account.merged_into_id or self.account_id

    def __str__(self) -> str:
        return f"{self.get_known_display()} {self.since}"
