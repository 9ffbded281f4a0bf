"""Plans of key accounts: what we want to reach with one, who does what until when, whom our executives visit."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Member, Record
from regulars.facts.models import Account


class KeyPlanEntry(Record):
    """One line of the plan of a key account. `plan/key_plans.py` has its verbs.

    It stays with the account, whoever manages it, and whether it is a key account still or not.
    """

    class Kind(models.TextChoices):
        GOAL = "goal", _("goal")
        MILESTONE = "milestone", _("milestone")
        ACTION = "action", _("action")
        VISIT = "visit", _("visit of an executive")

    class State(models.TextChoices):
        OPEN = "open", _("open")
        DONE = "done", _("done")
        DROPPED = "dropped", _("dropped")

    account = models.ForeignKey(Account, models.PROTECT, related_name="key_plan", db_index=False)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    text = models.CharField(_("what"), max_length=300)
    owner = models.ForeignKey(Member, models.PROTECT, related_name="key_plan", verbose_name=_("who"))
    due_on = models.DateField(_("until"))
    product = models.CharField(_("code of the new product to show"), max_length=200, blank=True, default="")
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    settled_on = models.DateField(_("done or dropped on"), null=True)
    result = models.CharField(_("what came of it"), max_length=300, blank=True, default="")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["account", "state", "due_on"], name="key_plan_account"),
            models.Index(fields=["state", "due_on"], name="key_plan_due"),
        ]

    def __str__(self) -> str:
        return self.text
