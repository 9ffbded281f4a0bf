"""Key accounts: which they are, who of ours manages each, and since when."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Member, Record
from regulars.facts.models import Account


class KeyAccount(Record):
    """An appointment: an account of the first importance and its manager. `plan/key_accounts.py` has its verbs.

    It keeps the account that it was made for: one that was merged is followed when it is read.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="key_accounts")
    manager = models.ForeignKey(Member, models.PROTECT, related_name="key_accounts", verbose_name=_("manager"))
    since = models.DateField(_("since"))
    until = models.DateField(_("until"), null=True)
    exception = models.CharField(_("why the manager may have more than usual"), max_length=300, blank=True, default="")
    ended_because = models.CharField(_("why it ended"), max_length=300, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account"], condition=models.Q(until=None), name="one_key_account_manager_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.manager_id}"
