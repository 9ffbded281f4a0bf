"""Signals: dated observations that bear on the risk or the potential of an account."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Member, Record
from regulars.facts.models.accounts import Account
from regulars.facts.signal_kinds import direction_choices, kind_choices


class Signal(Record):
    """One thing that was seen or heard about an account. `signals.py` has its verbs, `signal_kinds.py` the kinds.

    Never deleted: one that was wrong is withdrawn, with who and why. `created_at` is when it was recorded.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="signals", db_index=False)
    kind = models.CharField(_("kind"), max_length=32, choices=kind_choices)
    direction = models.CharField(_("bears on"), max_length=12, choices=direction_choices)
    strength = models.PositiveSmallIntegerField(_("strength, from 1 to 5"))
    observed_on = models.DateField(_("seen on"))
    said = models.TextField(_("words"), blank=True, default="")
    source_kind = models.CharField(_("kind of record it came from"), max_length=64, blank=True, default="")
    source_uid = models.UUIDField(_("record it came from"), null=True)
    recorded_by = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+", verbose_name=_("noted by"))
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True)
    withdrawn_by = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="+", verbose_name=_("withdrawn by")
    )
    withdrawn_reason = models.CharField(_("why it was withdrawn"), max_length=300, blank=True, default="")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["account", "-observed_on"], name="signal_account_on"),
            # Kind and source at its end: what a year brought is counted from the index alone.
            models.Index(
                fields=["observed_on", "account", "kind", "source_uid"],
                condition=models.Q(withdrawn_at=None),
                name="signal_standing_on",
            ),
            models.Index(fields=["updated_at"], name="signal_updated"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(strength__range=(1, 5)), name="signal_strength_1_to_5"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.observed_on}"
