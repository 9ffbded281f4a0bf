"""Value: joint projects with a customer, what customers say they value, and what they say we are worth to them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Member, Record
from regulars.facts.models import Account, Contact, Issue


class JointProject(Record):
    """Something that a customer and we improve together. `plan/joint_projects.py` has its verbs.

    Like a promise it keeps the account that it was agreed with; one that was merged is followed when it is read.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", _("proposed")
        RUNNING = "running", _("under way")
        FINISHED = "finished", _("finished")
        STOPPED = "stopped", _("stopped")

    LIVE = (State.PROPOSED, State.RUNNING)

    account = models.ForeignKey(Account, models.PROTECT, related_name="joint_projects", db_index=False)
    title = models.CharField(_("project"), max_length=200)
    goal = models.CharField(_("what it is to bring the customer"), max_length=500)
    measure = models.CharField(_("what is measured"), max_length=200)
    unit = models.CharField(_("unit"), max_length=50, blank=True, default="")
    lower_is_better = models.BooleanField(_("less is better"), default=True)
    baseline = models.DecimalField(_("at the start"), max_digits=18, decimal_places=4)
    baseline_on = models.DateField(_("measured at the start on"))
    target = models.DecimalField(_("goal in figures"), max_digits=18, decimal_places=4, null=True)
    currency = models.CharField(_("currency of what is saved"), max_length=3)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.PROPOSED)
    owner = models.ForeignKey(Member, models.PROTECT, related_name="joint_projects", verbose_name=_("led by"))
    contact = models.ForeignKey(
        Contact, models.PROTECT, null=True, related_name="joint_projects", verbose_name=_("who leads it there")
    )
    ended_on = models.DateField(_("finished or stopped on"), null=True)
    outcome = models.CharField(_("how it ended"), max_length=500, blank=True, default="")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["account", "state"], name="joint_project_account"),
            models.Index(fields=["state", "created_at"], name="joint_project_state"),
        ]

    def __str__(self) -> str:
        return self.title


class ProjectMeasurement(Record):
    """What was measured on a day. Added to only; one that was taken back says when, and counts no more."""

    project = models.ForeignKey(JointProject, models.CASCADE, related_name="measurements")
    on = models.DateField(_("measured on"))
    value = models.DecimalField(_("measured"), max_digits=18, decimal_places=4)
    saved_minor = models.BigIntegerField(_("saved since the last time"), null=True)
    said = models.CharField(_("words"), max_length=500, blank=True, default="")
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    taken_back_at = models.DateTimeField(_("taken back"), null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["project", "on"], name="project_measured")]

    def __str__(self) -> str:
        return f"{self.value} {self.on}"


class SignOff(Record):
    """A customer was asked to confirm what a project brought, and what it answered. The figures are those it was shown.

    `ask` and `answer` are in `plan/sign_offs.py`.
    """

    class Answer(models.TextChoices):
        OPEN = "", _("no answer yet")
        AGREES = "agrees", _("that is right")
        DISAGREES = "disagrees", _("not quite")

    project = models.ForeignKey(JointProject, models.CASCADE, related_name="sign_offs")
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="sign_offs")
    asked_by = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    asked_on = models.DateField(_("asked on"))
    measured_on = models.DateField(_("measured on"))
    value = models.DecimalField(_("measured"), max_digits=18, decimal_places=4)
    saved_minor = models.BigIntegerField(_("saved so far"), null=True)
    answer = models.CharField(_("answer"), max_length=10, choices=Answer.choices, blank=True, default=Answer.OPEN)
    words = models.TextField(_("words"), blank=True, default="")
    answered_at = models.DateTimeField(_("answered"), null=True)
    withdrawn_at = models.DateTimeField(_("taken back"), null=True)

    def __str__(self) -> str:
        return f"{self.project_id}: {self.get_answer_display()}"


class ValueProof(Record):
    """What a customer said that it values about us, in its own words. `plan/value_proofs.py` has its verbs."""

    class What(models.TextChoices):
        SERVICE = "service", _("service")
        ADVICE = "advice", _("advice")
        DELIVERY = "delivery", _("flexible delivery")
        MAINTENANCE = "maintenance", _("flexible maintenance")
        PAYMENT = "payment", _("flexible payment")
        REPAIR = "repair", _("speed of repair")
        PRICE = "price", _("price")
        QUALITY = "quality", _("quality")
        OTHER = "other", _("something else")

    class Consent(models.TextChoices):
        NONE = "none", _("not to be quoted")
        ANONYMOUS = "anonymous", _("may be quoted without a name")
        BY_NAME = "by_name", _("may be quoted by name")

    QUOTABLE = (Consent.ANONYMOUS, Consent.BY_NAME)

    account = models.ForeignKey(Account, models.PROTECT, related_name="value_proofs", db_index=False)
    contact = models.ForeignKey(
        Contact, models.PROTECT, null=True, related_name="value_proofs", verbose_name=_("who said it")
    )
    what = models.CharField(_("what it values"), max_length=12, choices=What.choices)
    words = models.TextField(_("in its own words"))
    said_on = models.DateField(_("said on"))
    consent = models.CharField(_("consent"), max_length=10, choices=Consent.choices, default=Consent.NONE)
    consent_from = models.CharField(_("who gave the consent"), max_length=200, blank=True, default="")
    consent_on = models.DateField(_("consent given on"), null=True)
    evidence = models.CharField(_("evidence in words"), max_length=500, blank=True, default="")
    issue = models.ForeignKey(Issue, models.PROTECT, null=True, related_name="value_proofs")
    project = models.ForeignKey(JointProject, models.PROTECT, null=True, related_name="value_proofs")
    order_figures = models.JSONField(_("what its orders said that day"), default=dict)
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    by_link = models.BooleanField(_("written by the customer itself"), default=False)
    taken_back_at = models.DateTimeField(_("taken back"), null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["account", "-said_on"], name="value_proof_account"),
            models.Index(fields=["what", "-said_on"], name="value_proof_what"),
        ]

    def __str__(self) -> str:
        return self.words


class ProofAsk(Record):
    """A contact was asked by mail what it values about us; the link in the mail answers once."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="proof_asks")
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="proof_asks")
    asked_by = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    asked_on = models.DateField(_("asked on"))
    answered_at = models.DateTimeField(_("answered"), null=True)
    withdrawn_at = models.DateTimeField(_("taken back"), null=True)

    def __str__(self) -> str:
        return f"{self.contact_id} {self.asked_on}"


class PerceivedValue(Record):
    """What a customer says we are worth to it on a day: 0 nothing, 10 it could not do without us. Added to only."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="perceived_values", db_index=False)
    contact = models.ForeignKey(Contact, models.PROTECT, null=True, related_name="perceived_values")
    score = models.PositiveSmallIntegerField(_("from 0 to 10"))
    said = models.CharField(_("words"), max_length=500, blank=True, default="")
    on = models.DateField(_("said on"))
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    taken_back_at = models.DateTimeField(_("taken back"), null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(score__range=(0, 10)), name="perceived_0_to_10"),
        ]
        indexes: ClassVar = [models.Index(fields=["account", "-on"], name="perceived_account")]

    def __str__(self) -> str:
        return f"{self.score}/10"
