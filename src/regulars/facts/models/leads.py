"""Leads: who may become a customer, how it is judged whether they fit, to whom they go, and the forms they come by."""

from __future__ import annotations

from typing import ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regulars.base.models import Member, Record, Team
from regulars.facts.models.accounts import Account


class LeadForm(Record):
    """A form for strangers, open to everybody who knows its address. `lead_forms.py` has its verbs."""

    name = models.CharField(_("name among us"), max_length=100)
    token = models.CharField(_("in its address"), max_length=32, unique=True, editable=False)
    language = models.CharField(_("language"), max_length=8, default="en")
    title = models.CharField(_("heading"), max_length=200, blank=True, default="")
    intro = models.TextField(_("what stands above"), blank=True, default="")
    thanks = models.TextField(_("what is said when it was sent"), blank=True, default="")
    privacy_url = models.URLField(_("address of the privacy notice"), blank=True, default="")
    origins = models.JSONField(_("web sites that may show it"), default=list, blank=True)
    closed = models.BooleanField(_("closed"), default=False)

    def __str__(self) -> str:
        return self.name


class LeadCriterion(Record):
    """One thing that tells whether a lead fits: what is looked at, which answers fit, what that is worth."""

    class About(models.TextChoices):
        KIND = "kind", _("firm or private person")
        COUNTRY = "country", _("country")
        LANGUAGE = "language", _("language")
        CHANNEL = "channel", _("where the lead came from")
        TRADE = "trade", _("kind of business")
        SIZE = "size", _("size")
        WISHES = "wishes", _("words in the wishes")
        EMAIL = "email", _("e-mail address")
        PHONE = "phone", _("phone number")
        QUESTION = "question", _("a question of our own")

    name = models.CharField(_("name"), max_length=100)
    about = models.CharField(_("looks at"), max_length=8, choices=About.choices)
    question = models.CharField(_("question"), max_length=200, blank=True, default="")
    answers = models.JSONField(_("answers to choose from"), default=list, blank=True)
    fits = models.JSONField(_("what fits"), default=list, blank=True)
    points = models.SmallIntegerField(_("points where it fits"), default=10)
    must = models.BooleanField(_("must fit"), default=False)
    on_form = models.BooleanField(_("asked on the form"), default=False)
    position = models.PositiveSmallIntegerField(_("place"), default=100)
    retired = models.BooleanField(_("no longer used"), default=False)

    class Meta:
        ordering: ClassVar = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class LeadRoute(Record):
    """One rule by which leads go to people. The first that fits decides; within it, who has the fewest open leads."""

    name = models.CharField(_("name"), max_length=100)
    position = models.PositiveSmallIntegerField(_("place"), default=100)
    kinds = models.JSONField(_("kinds"), default=list, blank=True)
    countries = models.JSONField(_("countries"), default=list, blank=True)
    languages = models.JSONField(_("languages"), default=list, blank=True)
    channels = models.JSONField(_("where they came from"), default=list, blank=True)
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team"))
    member = models.ForeignKey(
        Member, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("one person")
    )

    class Meta:
        ordering: ClassVar = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class LeadFile(Record):
    """A file of leads that was read: how many came of it, and the rows that could not be taken, as they were."""

    name = models.CharField(_("file"), max_length=200)
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("read"))
    columns = models.JSONField(_("headings"), default=list)
    taken = models.PositiveIntegerField(_("new leads"), default=0)
    known = models.PositiveIntegerField(_("known before"), default=0)
    rejected = models.JSONField(_("rows that were not taken: line, reason, row"), default=list)

    def __str__(self) -> str:
        return self.name


class Lead(Record):
    """Somebody who may become a customer. `leads.py` has its verbs.

    One that is won keeps the account that it was won for; one that was merged is followed when it is read.
    """

    class State(models.TextChoices):
        NEW = "new", pgettext_lazy("state of a lead", "new")
        QUALIFIED = "qualified", pgettext_lazy("state of a lead", "fits")
        CONTACTED = "contacted", pgettext_lazy("state of a lead", "in talks")
        WON = "won", pgettext_lazy("state of a lead", "won")
        LOST = "lost", pgettext_lazy("state of a lead", "lost")
        UNQUALIFIED = "unqualified", pgettext_lazy("state of a lead", "does not fit")

    class Channel(models.TextChoices):
        FORM = "form", _("form on the web")
        IMPORT = "import", _("file")
        API = "api", _("another program")
        REFERRAL = "referral", _("recommended")
        HAND = "hand", _("taken down by us")

    class Fit(models.TextChoices):
        YES = "yes", _("fits")
        NO = "no", _("does not fit")
        OPEN = "open", _("not known yet")

    class Reason(models.TextChoices):
        NONE = "", _("no reason")
        CRITERIA = "criteria", _("does not meet our criteria")
        SPAM = "spam", _("not meant seriously")
        CUSTOMER = "customer", _("is a customer already")
        UNREACHABLE = "unreachable", _("cannot be reached")
        PRICE = "price", _("price")
        COMPETITOR = "competitor", _("chose somebody else")
        TIMING = "timing", _("not now")
        NO_NEED = "no_need", _("does not need it")
        OTHER = "other", _("something else")

    OPEN = (State.NEW, State.QUALIFIED, State.CONTACTED)
    """Somebody is to do something."""
    NOT_FITTING = (Reason.CRITERIA, Reason.SPAM, Reason.CUSTOMER, Reason.UNREACHABLE, Reason.OTHER)
    LOSING = (Reason.PRICE, Reason.COMPETITOR, Reason.TIMING, Reason.NO_NEED, Reason.UNREACHABLE, Reason.OTHER)

    name = models.CharField(_("firm, or the person's name"), max_length=300)
    kind = models.CharField(_("kind"), max_length=8, choices=Account.Kind.choices, default=Account.Kind.FIRM)
    person = models.CharField(_("whom to ask for"), max_length=200, blank=True, default="")
    role = models.CharField(_("role there"), max_length=100, blank=True, default="")
    email = models.CharField(_("e-mail"), max_length=254, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=50, blank=True, default="")
    city = models.CharField(_("city"), max_length=100, blank=True, default="")
    country = models.CharField(_("country"), max_length=100, blank=True, default="")
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    trade = models.CharField(_("kind of business"), max_length=100, blank=True, default="")
    size = models.CharField(_("size"), max_length=50, blank=True, default="")
    wishes = models.TextField(_("what they wish"), blank=True, default="")
    answers = models.JSONField(_("answers to our questions, by criterion"), default=dict, blank=True)

    channel = models.CharField(_("came by"), max_length=8, choices=Channel.choices)
    said_source = models.CharField(_("campaign, fair or list"), max_length=200, blank=True, default="")
    form = models.ForeignKey(LeadForm, models.PROTECT, null=True, blank=True, related_name="leads")
    file = models.ForeignKey(LeadFile, models.PROTECT, null=True, blank=True, related_name="leads")
    system = models.CharField(_("program it came from"), max_length=64, blank=True, default="")
    external_id = models.CharField(_("id there"), max_length=200, null=True)
    taken_by = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")

    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.NEW)
    owner = models.ForeignKey(
        Member, models.PROTECT, null=True, blank=True, related_name="leads", db_index=False, verbose_name=_("whose")
    )
    routed = models.JSONField(_("why it went there"), default=dict, blank=True)
    points = models.SmallIntegerField(_("points"), null=True)
    fit = models.CharField(_("by our criteria"), max_length=4, choices=Fit.choices, default=Fit.OPEN)
    perhaps = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+", verbose_name=_("perhaps"))
    came_at = models.DateTimeField(_("came"))
    answered_at = models.DateTimeField(_("first answered"), null=True)
    qualified_at = models.DateTimeField(_("found to fit"), null=True)
    closed_at = models.DateTimeField(_("won, lost or put aside"), null=True)
    reason = models.CharField(_("reason"), max_length=12, choices=Reason.choices, blank=True, default="")
    reason_said = models.CharField(_("reason in words"), max_length=500, blank=True, default="")
    account = models.ForeignKey(
        Account, models.PROTECT, null=True, related_name="leads", verbose_name=_("account it became")
    )
    generated = models.BooleanField(_("made up for the demo"), default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["system", "external_id"], name="lead_once_per_system"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "-came_at"], name="lead_state"),
            models.Index(fields=["owner", "state", "-came_at"], name="lead_owner"),
            models.Index(fields=["-came_at"], name="lead_came"),
            models.Index(fields=["email"], name="lead_email"),
        ]

    def __str__(self) -> str:
        return self.name


class LeadStep(Record):
    """What happened to a lead. Added to only; a step that was taken back says when, and counts no more."""

    class Kind(models.TextChoices):
        CAME = "came", _("came in")
        ASKED_AGAIN = "asked_again", _("asked again")
        ROUTED = "routed", _("went to")
        QUALIFIED = "qualified", _("found to fit")
        UNQUALIFIED = "unqualified", _("found not to fit")
        CONTACTED = "contacted", _("we got in touch")
        NOTED = "noted", _("noted")
        WON = "won", _("won")
        LOST = "lost", _("lost")
        REOPENED = "reopened", _("taken up again")

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="steps")
    kind = models.CharField(_("what"), max_length=12, choices=Kind.choices)
    at = models.DateTimeField(_("at"))
    said = models.TextField(_("words"), blank=True, default="")
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    to_member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    before = models.JSONField(_("what the lead said before"), default=dict, encoder=DjangoJSONEncoder)
    taken_back_at = models.DateTimeField(_("taken back"), null=True)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d}"
