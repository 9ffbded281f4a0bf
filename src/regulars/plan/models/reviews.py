"""Reviews: scheduled looks at one account together with the customer, and how much there is to win by them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Member, Record
from regulars.facts.models import Account, Contact
from regulars.insight.models import OpportunityLevel


class Review(Record):
    """One review of an account. `plan/reviews.py` has its verbs, `plan/review_schedule.py` spreads them over the year.

    It keeps the account that it was made for, as promises do. At most one is coming per account. Those that were only
    proposed go with an account that an undone import made; what was answered in one protects it.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", _("proposed")
        SCHEDULED = "scheduled", _("scheduled")
        INVITED = "invited", _("invited")
        HELD = "held", _("being held")
        FINISHED = "finished", _("finished")
        CANCELLED = "cancelled", _("cancelled")

    WITH_A_TIME = (State.SCHEDULED, State.INVITED)
    """They have their time, and it has not begun."""
    TO_BE_HELD = (State.PROPOSED, State.SCHEDULED, State.INVITED)
    COMING = (State.PROPOSED, State.SCHEDULED, State.INVITED, State.HELD)
    """Neither finished nor cancelled."""

    class How(models.TextChoices):
        VISIT = "visit", _("visit")
        CALL = "call", _("phone call")
        VIDEO = "video", _("video call")

    account = models.ForeignKey(Account, models.CASCADE, related_name="reviews", db_index=False)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.PROPOSED)
    due_on = models.DateField(_("due on"))
    scheduled_at = models.DateTimeField(_("begins"), null=True)
    duration_minutes = models.PositiveSmallIntegerField(_("minutes"), default=45)
    how = models.CharField(_("how"), max_length=8, choices=How.choices, default=How.VISIT)
    owner = models.ForeignKey(Member, models.PROTECT, related_name="reviews", verbose_name=_("held by"))
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, related_name="reviews", verbose_name=_("who is met there")
    )
    place = models.CharField(_("place, or number to call"), max_length=300, blank=True, default="")
    level = models.PositiveSmallIntegerField(
        _("opportunity level at the time"), choices=OpportunityLevel.Level.choices, null=True
    )
    set_by_hand = models.BooleanField(_("its day was chosen by somebody: planning leaves it"), default=False)
    invited_on = models.DateField(_("invited on"), null=True)
    held_on = models.DateField(_("held on"), null=True)
    finished_on = models.DateField(_("finished on"), null=True)
    reason = models.CharField(_("why it was cancelled"), max_length=500, blank=True, default="")
    ics_sequence = models.PositiveIntegerField(_("changes of its entry in calendars"), default=0)
    version = models.PositiveIntegerField(_("version of what was written down"), default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account"],
                condition=models.Q(state__in=["proposed", "scheduled", "invited", "held"]),
                name="one_coming_review_per_account",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "-held_on"], name="review_account"),
            models.Index(fields=["state", "due_on"], name="review_due"),
            models.Index(fields=["owner", "state", "scheduled_at"], name="review_calendar"),
            models.Index(fields=["scheduled_at"], name="review_time"),
        ]

    def __str__(self) -> str:
        return f"{self.account}: {self.get_state_display()}"


class ReviewStep(Record):
    """What happened to a review: scheduled, moved, cancelled. A step that was taken back counts no more."""

    review = models.ForeignKey(Review, models.CASCADE, related_name="steps")
    state = models.CharField(_("state"), max_length=12, choices=Review.State.choices)
    on = models.DateField(_("on"))
    scheduled_at = models.DateTimeField(_("begins"), null=True)
    owner = models.ForeignKey(Member, models.PROTECT, related_name="+", verbose_name=_("held by"))
    said = models.CharField(_("words"), max_length=500, blank=True, default="")
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    taken_back_at = models.DateTimeField(_("taken back"), null=True)

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.on}"


class LevelChoice(Record):
    """The opportunity level that somebody set for an account, and why, in place of the computed one.

    Kept for good; at most one is in force. `plan/opportunity_levels.py` has its verbs.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="level_choices")
    level = models.PositiveSmallIntegerField(_("opportunity level"), choices=OpportunityLevel.Level.choices)
    computed = models.PositiveSmallIntegerField(
        _("level that was computed then"), choices=OpportunityLevel.Level.choices, null=True
    )
    reason = models.CharField(_("why"), max_length=500)
    on = models.DateField(_("since"))
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(_("no longer in force since"), null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account"], condition=models.Q(ended_at=None), name="one_level_choice_per_account"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.get_level_display()}"


class CalendarFeed(Record):
    """The secret address at which a calendar program reads a member's reviews. Only a fingerprint of it is kept."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="calendar_feeds")
    fingerprint = models.CharField(_("fingerprint of the key"), max_length=64, unique=True)
    last_read_at = models.DateTimeField(_("last read"), null=True)
    revoked_at = models.DateTimeField(_("closed"), null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["member"], condition=models.Q(revoked_at=None), name="one_calendar_feed_per_member"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member_id}"


class ReviewCapacity(Record):
    """How many reviews a member holds in a week, where that differs from the firm's threshold. 0: none."""

    member = models.OneToOneField(Member, models.CASCADE, related_name="review_capacity")
    a_week = models.PositiveSmallIntegerField(_("reviews a week"))

    def __str__(self) -> str:
        return f"{self.member_id}: {self.a_week}"
