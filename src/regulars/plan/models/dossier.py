"""Dossiers: what people of ours know of an account and its people, with where they know it from, and its printings."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Member, Record
from regulars.facts.models import Account, Contact


class DossierFact(Record):
    """One thing that we know of an account, or of a person there. `plan/dossier.py` has its verbs.

    It keeps the account that it was noted for, as promises do. Nothing is known without a source and a day.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="dossier_facts", db_index=False)
    contact = models.ForeignKey(
        Contact, models.PROTECT, null=True, related_name="dossier_facts", verbose_name=_("about whom")
    )
    topic = models.CharField(_("topic"), max_length=24)
    text = models.CharField(_("what we know"), max_length=1000)
    source = models.CharField(_("how we know"), max_length=200)
    on = models.DateField(_("known since"))
    expires_on = models.DateField(_("to be asked again on"), null=True)
    confidential = models.BooleanField(_("confidential"), default=False)
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+", verbose_name=_("noted by"))
    ended_on = models.DateField(_("no longer true since"), null=True)
    withdrawn_at = models.DateTimeField(_("taken back"), null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["account", "topic"], name="dossier_fact_account"),
            models.Index(
                fields=["expires_on"],
                condition=models.Q(ended_on=None, withdrawn_at=None, expires_on__isnull=False),
                name="dossier_fact_expires",
            ),
        ]

    def __str__(self) -> str:
        return self.text


class DossierPrint(Record):
    """A dossier that a member has printed: made by a job, kept a few days, for nobody else to fetch."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        MAKING = "making", _("being made")
        READY = "ready", _("ready")
        FAILED = "failed", _("failed")

    UNDER_WAY = (State.WAITING, State.MAKING)

    account = models.ForeignKey(Account, models.CASCADE, related_name="dossier_prints")
    member = models.ForeignKey(Member, models.CASCADE, related_name="dossier_prints")
    language = models.CharField(_("language"), max_length=8)
    as_of = models.DateField(_("as of"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    done_percent = models.PositiveSmallIntegerField(_("done so far"), default=0)
    pages = models.PositiveSmallIntegerField(_("pages"), null=True)
    content = models.BinaryField(_("the file"), null=True)
    ready_at = models.DateTimeField(_("ready"), null=True)

    def __str__(self) -> str:
        return f"{self.account_id}: {self.state}"
