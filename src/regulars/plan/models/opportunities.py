"""Opportunities: what an account may buy next, how far we are with it, and the case that we make for it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Member, Record
from regulars.facts.models import Account, Offering


class OpportunityStage(Record):
    """A stage as the firm names it. While there is none, those of `plan/opportunity_stages.py` stand."""

    key = models.SlugField(_("key"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=100, blank=True, default="")
    """Empty: a stage that came with Regulars, called so in the language of the reader."""
    place = models.PositiveSmallIntegerField(_("place"))
    usual_chance = models.FloatField(_("chance before anything was learned"))

    class Meta:
        ordering: ClassVar = ["place", "pk"]

    def __str__(self) -> str:
        return self.name or self.key


class Opportunity(Record):
    """Something that an account may buy. `plan/opportunities.py` has its verbs.

    It keeps the account that it was opened for, as promises do.
    """

    class State(models.TextChoices):
        OPEN = "open", _("open")
        WON = "won", _("won")
        LOST = "lost", _("lost")

    class Source(models.TextChoices):
        OWN = "own", _("our own idea")
        SUGGESTION = "suggestion", _("suggested by what others buy")
        WHITE_SPACE = "white_space", _("white space")
        GOAL = "goal", _("a goal of the customer")
        REVIEW = "review", _("recommended in a review")
        REFERRAL = "referral", _("a recommendation by a customer")
        LEAD = "lead", _("an enquiry")

    class Reason(models.TextChoices):
        PRICE = "price", _("the price")
        COMPETITOR = "competitor", _("a competitor was chosen")
        NO_NEED = "no_need", _("no need any more")
        LATER = "later", _("put off")
        SERVICE = "service", _("our service")
        OTHER = "other", _("something else")

    account = models.ForeignKey(Account, models.PROTECT, related_name="opportunities", db_index=False)
    title = models.CharField(_("what it is about"), max_length=200)
    offering = models.ForeignKey(Offering, models.PROTECT, null=True, related_name="opportunities")
    stage = models.SlugField(_("stage"), max_length=40)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    amount_minor = models.BigIntegerField(_("amount"), null=True)
    """Of the first year, in minor units of `currency`; None: nobody knows yet."""
    currency = models.CharField(_("currency"), max_length=3)
    expected_on = models.DateField(_("decision expected on"), null=True)
    next_step = models.CharField(_("next step"), max_length=300, blank=True, default="")
    next_step_on = models.DateField(_("next step on"), null=True)
    owner = models.ForeignKey(Member, models.PROTECT, related_name="opportunities", verbose_name=_("followed up by"))
    source = models.CharField(_("where it came from"), max_length=12, choices=Source.choices, default=Source.OWN)
    source_said = models.CharField(_("where it came from, in words"), max_length=200, blank=True, default="")
    source_kind = models.CharField(_("kind of record it came from"), max_length=64, blank=True, default="")
    source_uid = models.UUIDField(_("record it came from"), null=True)
    opened_on = models.DateField(_("opened on"))
    closed_on = models.DateField(_("won or lost on"), null=True)
    reason = models.CharField(_("why it was lost"), max_length=12, choices=Reason.choices, blank=True, default="")
    closing_words = models.CharField(_("why it was won or lost, in words"), max_length=500, blank=True, default="")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["account", "state"], name="opportunity_account"),
            models.Index(fields=["state", "next_step_on"], name="opportunity_next_step"),
            models.Index(fields=["owner", "state"], name="opportunity_owner"),
            models.Index(fields=["source_uid"], name="opportunity_source"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(amount_minor__gte=0), name="opportunity_amount_not_negative"),
        ]

    def __str__(self) -> str:
        return self.title


class OpportunityStep(Record):
    """What happened to an opportunity: each stage that it came to, and its end. Added to only."""

    opportunity = models.ForeignKey(Opportunity, models.CASCADE, related_name="steps")
    state = models.CharField(_("state"), max_length=8, choices=Opportunity.State.choices)
    stage = models.SlugField(_("stage"), max_length=40)
    amount_minor = models.BigIntegerField(_("amount"), null=True)
    on = models.DateField(_("on"))
    said = models.CharField(_("words"), max_length=500, blank=True, default="")
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.stage} {self.on}"


class BusinessCase(Record):
    """The case for an opportunity, as the customer reads it. `plan/business_cases.py` has its verbs."""

    opportunity = models.OneToOneField(Opportunity, models.CASCADE, related_name="business_case")
    language = models.CharField(_("language of the customer"), max_length=8, blank=True, default="")
    situation = models.TextField(_("where you stand today"), blank=True, default="")
    years = models.PositiveSmallIntegerField(_("years that are looked at"), default=3)
    currency = models.CharField(_("currency"), max_length=3)
    recommendation = models.TextField(_("what we recommend"), blank=True, default="")
    written_on = models.DateField(_("written on"))

    def __str__(self) -> str:
        return str(self.opportunity)


class CaseOption(Record):
    """One of the two ways that a business case compares. Money counts minor units of the currency of the case."""

    class Level(models.TextChoices):
        BASIC = "basic", _("basic")
        BETTER = "better", _("better")

    case = models.ForeignKey(BusinessCase, models.CASCADE, related_name="options")
    level = models.CharField(_("level"), max_length=8, choices=Level.choices)
    name = models.CharField(_("what it is"), max_length=200)
    text = models.TextField(_("what you get"), blank=True, default="")
    cost_once_minor = models.BigIntegerField(_("cost once"), default=0)
    cost_yearly_minor = models.BigIntegerField(_("cost a year"), default=0)
    benefit_yearly_minor = models.BigIntegerField(_("benefit a year"), null=True)
    benefit_said = models.CharField(_("where the benefit comes from"), max_length=500, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "level"], name="case_option_once_a_level"),
            models.CheckConstraint(
                condition=models.Q(cost_once_minor__gte=0, cost_yearly_minor__gte=0), name="case_cost_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.name
