"""Promises: what we said we would do for a customer, until when, and what became of it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Member, Record
from regulars.facts.models import Account


class Promise(Record):
    """One thing promised to an account. `plan/promises.py` has its verbs.

    It keeps the account that it was made to: one that was merged is followed when it is read, so that taking the merge
    back needs nothing.
    """

    class State(models.TextChoices):
        OPEN = "open", _("open")
        RENEGOTIATED = "renegotiated", _("agreed anew")
        KEPT = "kept", _("kept")
        BROKEN = "broken", _("broken")
        WITHDRAWN = "withdrawn", _("withdrawn")

    LIVE = (State.OPEN, State.RENEGOTIATED)
    """Still to be kept."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="promises", db_index=False)
    text = models.CharField(_("what was promised"), max_length=500)
    due_on = models.DateField(_("due on"))
    owner = models.ForeignKey(Member, models.PROTECT, related_name="promises", verbose_name=_("kept by"))
    source = models.CharField(_("where it was promised"), max_length=200, blank=True, default="")
    source_kind = models.CharField(_("kind of record it came from"), max_length=64, blank=True, default="")
    source_uid = models.UUIDField(_("record it came from"), null=True)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.OPEN)
    settled_on = models.DateField(_("kept, broken or withdrawn on"), null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["account", "state", "due_on"], name="promise_account"),
            models.Index(fields=["state", "due_on"], name="promise_due"),
            models.Index(fields=["source_uid"], name="promise_source"),
        ]

    def __str__(self) -> str:
        return self.text


class PromiseStep(Record):
    """What happened to a promise. Added to only; a step that was taken back says when, and counts no more."""

    promise = models.ForeignKey(Promise, models.CASCADE, related_name="steps")
    state = models.CharField(_("state"), max_length=12, choices=Promise.State.choices)
    on = models.DateField(_("on"))
    due_on = models.DateField(_("due on"))
    owner = models.ForeignKey(Member, models.PROTECT, related_name="+", verbose_name=_("kept by"))
    said = models.CharField(_("words"), max_length=500, blank=True, default="")
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    taken_back_at = models.DateTimeField(_("taken back"), null=True)

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.on}"
