"""Actions: the proposed and planned deeds of the daily list."""

from __future__ import annotations

from typing import ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Member, Record
from regulars.facts.models import Account, Interaction


class Action(Record):
    """One thing to do about one account, for one cause. At most one is open per account and cause."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        SNOOZED = "snoozed", _("snoozed")
        DONE = "done", _("done")
        NOT_USEFUL = "not_useful", _("not useful")
        CLOSED = "closed", _("closed by itself")

    PENDING = (State.OPEN, State.SNOOZED)

    account = models.ForeignKey(Account, models.CASCADE, related_name="actions")
    cause = models.CharField(_("cause"), max_length=32)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.OPEN)
    member = models.ForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="actions")
    reassigned = models.BooleanField(_("given to this member by hand"), default=False)
    stake = models.FloatField(_("money at stake, a year, base currency"))
    expected_money = models.FloatField(_("expected money of doing it, base currency"))
    figures = models.JSONField(_("the figures its sentence is made of"), default=dict, encoder=DjangoJSONEncoder)
    proposed_on = models.DateField(_("first proposed"))
    seen_on = models.DateField(_("last confirmed"))
    snoozed_until = models.DateField(_("snoozed until"), null=True)
    reason = models.CharField(_("reason given"), max_length=300, blank=True, default="")
    closed_on = models.DateField(_("closed"), null=True)
    closed_by = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    interaction = models.ForeignKey(Interaction, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "cause"],
                condition=models.Q(state__in=["open", "snoozed"]),
                name="one_open_action_per_account_and_cause",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["member", "state", "-expected_money"], name="action_list")]

    def __str__(self) -> str:
        return f"{self.cause}: {self.account_id}"
