"""Playbooks: recipes for what to do when something happens to a customer, and their runs."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Member, Record
from regulars.facts.models import Account, Interaction
from regulars.plan.models.actions import Action


class Playbook(Record):
    """What a firm made of one recipe, or one of its own. `plan/playbooks.py` has its verbs.

    The recipes that come with Regulars stand in code, in every language; a record is made for one of them when a firm
    switches it off, changes it, or when it is run. Never deleted: what was run stays known.
    """

    key = models.CharField(_("short name"), max_length=40, unique=True)
    written = models.JSONField(_("as the firm wrote it; empty: as it comes with Regulars"), null=True)
    before = models.JSONField(_("as it was before the last change"), null=True)
    active = models.BooleanField(_("in use"), default=True)
    by_itself = models.BooleanField(_("starts by itself"), default=True)

    def __str__(self) -> str:
        return self.key


class Play(Record):
    """One run of a playbook on an account. `plan/plays.py` has its verbs.

    It keeps the account that it was started for; one that was merged is followed when it is read.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        FINISHED = "finished", _("all steps settled")
        REACHED = "reached", _("ended by itself")
        STOPPED = "stopped", _("stopped")

    account = models.ForeignKey(Account, models.CASCADE, related_name="plays", db_index=False)
    playbook = models.ForeignKey(Playbook, models.PROTECT, related_name="plays", db_index=False)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.RUNNING)
    trigger = models.CharField(_("what started it; empty: by hand"), max_length=48, blank=True, default="")
    causes = models.JSONField(_("causes of actions that it answers"), default=list)
    source_uid = models.UUIDField(_("signal that started it"), null=True)
    started_on = models.DateField(_("started on"))
    started_by = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+", verbose_name=_("started by"))
    ended_on = models.DateField(_("ended on"), null=True)
    ended_by = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+", verbose_name=_("ended by"))
    end = models.CharField(_("what ended it by itself"), max_length=16, blank=True, default="")
    reason = models.CharField(_("why it was stopped"), max_length=300, blank=True, default="")
    stopped_with = models.ForeignKey(
        Action, models.SET_NULL, null=True, related_name="+", verbose_name=_("proposal it was stopped with")
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "playbook"],
                condition=models.Q(state="running"),
                name="one_running_play_per_account_and_playbook",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "state"], name="play_account"),
            models.Index(fields=["playbook", "started_on"], name="play_playbook"),
            models.Index(fields=["state", "started_on"], name="play_state"),
        ]

    def __str__(self) -> str:
        return f"{self.playbook_id}: {self.account_id}"


class PlayStep(Record):
    """One step of a play: its text is that of the recipe while that stands in code (`key`), else as it was written."""

    class State(models.TextChoices):
        OPEN = "open", _("to do")
        DONE = "done", _("done")
        SKIPPED = "skipped", _("left out")

    class Role(models.TextChoices):
        OWNER = "owner", _("who looks after the customer")
        SUPERIOR = "superior", _("who leads that person")
        SERVICE = "service", _("service")

    play = models.ForeignKey(Play, models.CASCADE, related_name="steps", db_index=False)
    position = models.PositiveSmallIntegerField(_("position"))
    key = models.CharField(_("step of the recipe"), max_length=64, blank=True, default="")
    what = models.CharField(_("what to do"), max_length=300, blank=True, default="")
    opening = models.CharField(_("how to begin"), max_length=500, blank=True, default="")
    role = models.CharField(_("who does it"), max_length=8, choices=Role.choices, default=Role.OWNER)
    after_workdays = models.PositiveSmallIntegerField(_("working days after the step before"), default=0)
    due_on = models.DateField(_("due on"))
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="play_steps", verbose_name=_("done by"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    settled_on = models.DateField(_("done or left out on"), null=True)
    settled_by = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    said = models.CharField(_("what came of it, or why not"), max_length=300, blank=True, default="")
    action = models.ForeignKey(
        Action, models.SET_NULL, null=True, related_name="play_steps", verbose_name=_("on the list of the day as")
    )
    interaction = models.ForeignKey(Interaction, models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["play", "position"], name="one_step_per_play_and_position"),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "due_on"], name="play_step_due")]

    def __str__(self) -> str:
        return f"{self.play_id}: {self.position}"
