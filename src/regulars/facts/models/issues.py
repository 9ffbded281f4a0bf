"""Problems of customers: each with its steps, what is known of such problems, and what service should know."""

from __future__ import annotations

from typing import ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.mail.models import IncomingMail
from regulars.base.models import Member, Record, Team
from regulars.facts.models.accounts import Account, Contact


class KnownProblem(Record):
    """A problem that several customers have, and what helps until it is solved. `known_problems.py` has its verbs."""

    title = models.CharField(_("problem"), max_length=200)
    signs = models.TextField(_("how customers describe it"), blank=True, default="")
    workaround = models.TextField(_("what helps meanwhile"), blank=True, default="")
    ally = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team that knows about it")
    )
    noted_by = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    solved_on = models.DateField(_("solved for good on"), null=True)

    def __str__(self) -> str:
        return self.title


class ServiceProfile(Record):
    """What matters to a customer when something is wrong. Added to only: the newest of an account is in force."""

    class Prefers(models.TextChoices):
        UNKNOWN = "", _("not known")
        REPAIR = "repair", _("repair to replacement")
        REPLACEMENT = "replacement", _("replacement to repair")
        MONEY_BACK = "money_back", _("its money back")

    account = models.ForeignKey(Account, models.PROTECT, related_name="service_profiles")
    prefers = models.CharField(_("prefers"), max_length=12, choices=Prefers.choices, blank=True, default="")
    cares_about = models.CharField(_("what it cares about"), max_length=500, blank=True, default="")
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.get_prefers_display()} {self.cares_about}".strip()


class Issue(Record):
    """One problem of a customer, from the first word to its end. `issues.py` has its verbs."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        WAITING = "waiting", _("waiting")
        SOLVED = "solved", _("solved")
        CLOSED = "closed", _("closed")
        REOPENED = "reopened", _("came back")

    class About(models.TextChoices):
        DELIVERY = "delivery", _("delivery")
        QUALITY = "quality", _("quality or a defect")
        WRONG_GOODS = "wrong_goods", _("wrong or missing goods")
        INVOICE = "invoice", _("invoice or price")
        INFORMATION = "information", _("information or papers")
        SERVICE = "service", _("how we treated them")
        OTHER = "other", _("something else")

    class CameBy(models.TextChoices):
        TOLD = "told", _("told to one of us")
        MAIL = "mail", _("by mail")
        CHECK_IN = "check_in", _("by the link of a check-in")

    OURS = (State.OPEN, State.REOPENED)
    """The next step is ours: the clock runs."""
    LIVE = (*OURS, State.WAITING)
    """Not solved."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="issues", db_index=False)
    contact = models.ForeignKey(Contact, models.PROTECT, null=True, blank=True, related_name="issues")
    title = models.CharField(_("what is wrong"), max_length=200)
    text = models.TextField(_("in their words"), blank=True, default="")
    about = models.CharField(_("about"), max_length=12, choices=About.choices, default=About.OTHER)
    came_by = models.CharField(_("how we heard of it"), max_length=8, choices=CameBy.choices, default=CameBy.TOLD)
    complaint = models.BooleanField(_("the customer complains"), default=False)
    known_problem = models.ForeignKey(KnownProblem, models.PROTECT, null=True, blank=True, related_name="issues")
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    owner = models.ForeignKey(
        Member, models.PROTECT, null=True, related_name="issues", db_index=False, verbose_name=_("who solves it")
    )
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, related_name="issues", verbose_name=_("team that solves it")
    )
    opened_by = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    opened_at = models.DateTimeField(_("told us"))
    due_at = models.DateTimeField(_("due"))
    promised_on = models.DateField(_("promised to the customer for"), null=True)
    waits_for = models.CharField(_("waits for"), max_length=300, blank=True, default="")
    paused_at = models.DateTimeField(_("waiting since"), null=True)
    waits_until = models.DateField(_("waits until"), null=True)
    escalated_at = models.DateTimeField(_("help was called"), null=True)
    escalated_to = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    solution = models.TextField(_("what solved it"), blank=True, default="")
    solved_at = models.DateTimeField(_("solved"), null=True)
    closed_at = models.DateTimeField(_("closed"), null=True)
    times_reopened = models.PositiveSmallIntegerField(_("times it came back"), default=0)
    times_transferred = models.PositiveSmallIntegerField(_("times it changed hands"), default=0)
    times_asked = models.PositiveSmallIntegerField(_("times the customer had to ask again"), default=0)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["account", "-opened_at"], name="issue_account"),
            models.Index(fields=["state", "due_at"], name="issue_due"),
            models.Index(fields=["owner", "state"], name="issue_owner"),
            models.Index(fields=["state", "solved_at"], name="issue_solved"),
        ]

    def __str__(self) -> str:
        return self.title


class IssueStep(Record):
    """What happened to an issue. Added to only; a step that was taken back says when, and counts no more."""

    class Kind(models.TextChoices):
        OPENED = "opened", _("told us")
        NOTED = "noted", _("noted")
        ASKED_AGAIN = "asked_again", _("the customer asked again")
        TOLD = "told", _("we told the customer")
        TRANSFERRED = "transferred", _("given to")
        PAUSED = "paused", _("waiting")
        RESUMED = "resumed", _("taken up again")
        PROMISED = "promised", _("promised for")
        ESCALATED = "escalated", _("called for help")
        SOLVED = "solved", _("solved")
        REOPENED = "reopened", _("came back")
        CLOSED = "closed", _("closed")

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="steps", db_index=False)
    kind = models.CharField(_("what"), max_length=12, choices=Kind.choices)
    at = models.DateTimeField(_("at"))
    said = models.TextField(_("words"), blank=True, default="")
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    to_member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    to_team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="+")
    until = models.DateField(_("until"), null=True)
    before = models.JSONField(_("what the issue said before"), default=dict, encoder=DjangoJSONEncoder)
    taken_back_at = models.DateTimeField(_("taken back"), null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["kind", "at"], name="issue_step_kind"),
            models.Index(fields=["issue", "kind"], name="issue_step_issue"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d}"


class IssueMail(Record):
    """A mail of a customer that opened an issue, or that stands with one. Each mail is taken once."""

    mail = models.OneToOneField(IncomingMail, models.CASCADE, related_name="+")
    issue = models.ForeignKey(Issue, models.CASCADE, related_name="mails")

    def __str__(self) -> str:
        return f"{self.mail}: {self.issue}"


class EffortAnswer(Record):
    """How much trouble the customer says it was to have an issue solved: 1 none, 7 very much. Once per solution."""

    issue = models.ForeignKey(Issue, models.CASCADE, related_name="effort_answers")
    after_reopening = models.PositiveSmallIntegerField(_("times it had come back"), default=0)
    score = models.PositiveSmallIntegerField(_("trouble, from 1 to 7"))
    words = models.TextField(_("words"), blank=True, default="")
    answered_at = models.DateTimeField(_("answered"))

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["issue", "after_reopening"], name="effort_answered_once"),
            models.CheckConstraint(condition=models.Q(score__range=(1, 7)), name="effort_1_to_7"),
        ]

    def __str__(self) -> str:
        return f"{self.score}/7"
