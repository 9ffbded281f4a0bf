"""What is asked in a review, what is typed into its form, and what came of it once it was finished."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Member, Record
from regulars.facts.models import Account, Contact, Interaction, Issue, Letter
from regulars.facts.signal_kinds import kind_choices
from regulars.plan.models.reviews import Review


class ReviewArea(models.TextChoices):
    """What a question is about."""

    ABOUT_US = "about_us", _("about us")
    NEEDS = "needs", _("needs")
    COMPETITORS = "competitors", _("competitors")


class ReviewQuestion(Record):
    """A question of the firm's own, or its wording of one that Regulars brings along (`shipped` is the key of that)."""

    shipped = models.SlugField(_("key of the question that it stands for"), max_length=64, blank=True, default="")
    area = models.CharField(_("area"), max_length=12, choices=ReviewArea.choices)
    texts = models.JSONField(_("wording by language"), default=dict)
    kind = models.CharField(
        _("for firms or private persons"), max_length=8, choices=Account.Kind.choices, blank=True, default=""
    )
    trade = models.CharField(_("for this kind of business"), max_length=100, blank=True, default="")
    tag = models.CharField(_("for accounts with this tag"), max_length=100, blank=True, default="")
    retired = models.BooleanField(_("no longer asked"), default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["shipped"], condition=~models.Q(shipped=""), name="one_wording_per_shipped_review_question"
            ),
        ]

    def __str__(self) -> str:
        return next(iter(self.texts.values()), "")


class ReviewEntry(Record):
    """One field of the form of a review, as it was typed last: a draft until the review is finished.

    Fields are kept one by one, each with its version, so that two devices do not write over each other and nothing is
    lost where the connection is. `device` wrote it last: that one may have missed the answer that it was kept.
    """

    review = models.ForeignKey(Review, models.PROTECT, related_name="entries")
    name = models.CharField(_("field"), max_length=120)
    value = models.TextField(_("what was typed"), blank=True, default="")
    asked = models.CharField(_("question, as it was asked"), max_length=500, blank=True, default="")
    version = models.PositiveIntegerField(_("version"), default=1)
    device = models.CharField(_("device"), max_length=40, blank=True, default="")
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["review", "name"], name="one_entry_per_review_and_field"),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"


class ReviewMinutes(Record):
    """That a review was finished: what is to be kept of it in a sentence, its talk, its letter."""

    review = models.OneToOneField(Review, models.PROTECT, related_name="minutes")
    said = models.TextField(_("how it went"), blank=True, default="")
    interaction = models.ForeignKey(Interaction, models.SET_NULL, null=True, related_name="+")
    letter = models.ForeignKey(Letter, models.SET_NULL, null=True, related_name="+")
    letters = models.PositiveSmallIntegerField(_("letters written"), default=0)
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    reopened_reason = models.CharField(_("why it was opened again"), max_length=500, blank=True, default="")

    def __str__(self) -> str:
        return self.said


class ReviewAnswer(Record):
    """What was answered to one question. A signal that it is has the answer as its source."""

    review = models.ForeignKey(Review, models.PROTECT, related_name="answers")
    key = models.CharField(_("key of the question"), max_length=80)
    area = models.CharField(_("area"), max_length=12, choices=ReviewArea.choices)
    asked = models.CharField(_("question"), max_length=500)
    text = models.TextField(_("answer"))
    signal_kind = models.CharField(_("what it tells"), max_length=40, choices=kind_choices, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["review", "key"], name="one_answer_per_review_and_question"),
        ]

    def __str__(self) -> str:
        return self.text


class ReviewProblem(Record):
    """A problem, theirs with us or ours with them. One of theirs may be an issue."""

    class Side(models.TextChoices):
        THEIRS = "theirs", _("their problem with us")
        OURS = "ours", _("our problem with them")

    review = models.ForeignKey(Review, models.PROTECT, related_name="problems")
    place = models.PositiveSmallIntegerField(_("line of the form"), default=1)
    side = models.CharField(_("whose"), max_length=8, choices=Side.choices)
    text = models.CharField(_("problem"), max_length=500)
    issue = models.ForeignKey(Issue, models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return self.text


class ReviewFact(Record):
    """Something that was learned; its source is the review, its date the day that it was held.

    It stands in the dossier as well, or among the goals of the account; `noted_uid` is that record.
    """

    GOAL, CHALLENGE = "goal", "challenge"
    """Kinds beside the topics of the dossier."""

    review = models.ForeignKey(Review, models.PROTECT, related_name="facts")
    place = models.PositiveSmallIntegerField(_("line of the form"), default=1)
    key = models.CharField(_("key of the question that it answers"), max_length=80, blank=True, default="")
    kind = models.CharField(_("goal, challenge, or topic of the dossier"), max_length=24)
    text = models.CharField(_("what was learned"), max_length=500)
    noted_uid = models.UUIDField(_("record of the dossier or of the goals"), null=True)
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, related_name="+", verbose_name=_("about"))

    def __str__(self) -> str:
        return self.text


class ReviewRecommendation(Record):
    """What was recommended: something to buy, or advice on using what they have better."""

    class Kind(models.TextChoices):
        PRODUCT = "product", _("product")
        OPTION = "option", _("option")
        UPGRADE = "upgrade", _("upgrade")
        MAINTENANCE = "maintenance", _("maintenance contract")
        ADVICE = "advice", _("advice")

    class Answer(models.TextChoices):
        OPEN = "", _("no answer yet")
        YES = "yes", _("yes")
        LATER = "later", _("later, perhaps")
        NO = "no", _("no")

    review = models.ForeignKey(Review, models.PROTECT, related_name="recommendations")
    place = models.PositiveSmallIntegerField(_("line of the form"), default=1)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    text = models.CharField(_("what was recommended"), max_length=500)
    answer = models.CharField(_("what they said"), max_length=8, choices=Answer.choices, blank=True, default="")

    def __str__(self) -> str:
        return self.text
