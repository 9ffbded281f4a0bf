"""Hand-overs: a customer passes from who won it to who keeps it, with all that was said."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Member, Record
from regulars.facts.models import Account


class Handover(Record):
    """One customer handed over. `plan/handovers.py` has its verbs. What was promised stands with the account itself.

    It keeps the account that it was opened for, as promises do. At most one is under way per account.
    """

    class State(models.TextChoices):
        DRAFTED = "drafted", _("drafted")
        SENT = "sent", _("sent")
        RETURNED = "returned", _("returned")
        ACCEPTED = "accepted", _("accepted")
        CLOSED = "closed", _("closed")
        DISCARDED = "discarded", _("discarded")

    WITH_GIVER = (State.DRAFTED, State.RETURNED)
    NOT_ACCEPTED = (State.DRAFTED, State.SENT, State.RETURNED)
    UNDER_WAY = (*NOT_ACCEPTED, State.ACCEPTED)

    class Origin(models.TextChoices):
        FIRST_ORDER = "first_order", _("first order")
        WON = "won", _("won")
        OTHER = "other", _("change of responsibility")

    account = models.ForeignKey(Account, models.PROTECT, related_name="handovers")
    origin = models.CharField(_("opened by"), max_length=12, choices=Origin.choices)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.DRAFTED)
    giver = models.ForeignKey(Member, models.PROTECT, related_name="handovers_given", verbose_name=_("handed over by"))
    receiver = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="handovers_received", verbose_name=_("handed over to")
    )
    due_on = models.DateField(_("to be accepted by"))
    work = models.TextField(_("work and orders to expect"), blank=True, default="")
    files = models.TextField(_("papers and where they are"), blank=True, default="")
    their_people = models.TextField(_("people there, and what they decide"), blank=True, default="")
    our_people = models.TextField(_("people of ours who are involved"), blank=True, default="")
    cares_about = models.TextField(_("what the customer cares about"), blank=True, default="")
    introduced_on = models.DateField(_("introduced to the customer on"), null=True)
    sent_on = models.DateField(_("sent on"), null=True)
    accepted_on = models.DateField(_("accepted on"), null=True)
    closed_on = models.DateField(_("closed on"), null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account"],
                condition=models.Q(state__in=["drafted", "sent", "returned", "accepted"]),
                name="one_handover_under_way_per_account",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["receiver", "state"], name="handover_receiver"),
            models.Index(fields=["giver", "state"], name="handover_giver"),
            models.Index(fields=["state", "due_on"], name="handover_due"),
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.get_state_display()}"


class HandoverStep(Record):
    """What happened to a hand-over: sent, returned with a reason, accepted. Added to only."""

    handover = models.ForeignKey(Handover, models.CASCADE, related_name="steps")
    state = models.CharField(_("state"), max_length=12, choices=Handover.State.choices)
    on = models.DateField(_("on"))
    said = models.CharField(_("words"), max_length=500, blank=True, default="")
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.on}"


class HandoverCheck(Record):
    """One look at how it goes in the first weeks after a hand-over was accepted."""

    handover = models.ForeignKey(Handover, models.CASCADE, related_name="checks")
    day = models.PositiveSmallIntegerField(_("days after it was accepted"))
    due_on = models.DateField(_("due on"))
    done_on = models.DateField(_("done on"), null=True)
    said = models.CharField(_("how it goes"), max_length=500, blank=True, default="")
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["handover", "day"], name="one_check_per_handover_and_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.due_on}"
