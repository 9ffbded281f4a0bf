"""Winning back: what is done about an account that is lost, why it left, what it was offered, how it ended."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Member, Record
from regulars.facts.models import Account, Loss


class WinBack(Record):
    """The work on one lost account, from the loss until it is won back or parted from. At most one is open for each.

    `loss` is None where silence tells. `plan/winback.py` has the verbs, `plan/lost.py` opens and closes by the orders.
    """

    class State(models.TextChoices):
        OPEN = "open", _("to be won back")
        WON = "won", _("won back")
        PARTED = "parted", _("parted well")
        MISTAKE = "mistake", _("was not lost")

    class Reason(models.TextChoices):
        BETTER_TERMS = "better_terms", _("better terms elsewhere")
        OUR_SERVICE = "our_service", _("our service")
        NO_NEED = "no_need", _("no longer needs it")
        OTHER = "other", _("something else")

    account = models.ForeignKey(Account, models.CASCADE, related_name="win_backs")
    loss = models.ForeignKey(Loss, models.PROTECT, null=True, related_name="win_backs")
    since = models.DateField(_("lost since"))
    lost_on = models.DateField(_("counts as lost from"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    worth = models.FloatField(_("sales a year while it was a customer, base currency"))
    chance = models.FloatField(_("chance that it orders again within a year"))
    chance_cases = models.IntegerField(_("earlier losses that the chance was learned from"))
    expected_money = models.FloatField(_("worth times chance, base currency"))
    reasons = models.JSONField(_("why it left"), default=list)
    said = models.CharField(_("in words"), max_length=500, blank=True, default="")
    settled_on = models.DateField(_("won back or parted on"), null=True)
    by_order = models.BooleanField(_("an order says so"), default=False)
    gift = models.CharField(_("parting gift"), max_length=200, blank=True, default="")
    door_open = models.BooleanField(_("told that the door stays open"), default=False)
    recommendation_asked = models.BooleanField(_("asked for a recommendation"), default=False)
    look_again_on = models.DateField(_("look again on"), null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account"], condition=models.Q(state="open"), name="one_open_win_back_per_account"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "account"], name="win_back_lost"),
            models.Index(fields=["state", "-expected_money"], name="win_back_list"),
            models.Index(fields=["look_again_on"], name="win_back_again"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.get_state_display()}"


class WhatIf(Record):
    """One offer "what if we…" to a lost account, and what it answered."""

    class Answer(models.TextChoices):
        OPEN = "", _("no answer yet")
        YES = "yes", _("yes")
        PERHAPS = "perhaps", _("perhaps")
        NO = "no", _("no")

    win_back = models.ForeignKey(WinBack, models.CASCADE, related_name="offers")
    text = models.CharField(_("what if we …"), max_length=500)
    offered_on = models.DateField(_("offered on"))
    answer = models.CharField(_("answer"), max_length=8, choices=Answer.choices, blank=True, default=Answer.OPEN)
    said = models.CharField(_("in words"), max_length=500, blank=True, default="")
    answered_on = models.DateField(_("answered on"), null=True)
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return self.text
