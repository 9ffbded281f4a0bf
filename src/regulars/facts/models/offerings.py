"""What the firm offers, who supplies it to an account, and what the account wants to reach."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Member, Record
from regulars.facts.models.accounts import Account, Contact, Site


class Offering(Record):
    """Something the firm sells, as it talks about it with customers: some categories of its products, some products by
    their codes, or all whose names hold certain words.

    `facts/offerings.py` has its verbs. An offering without products, a service for example, is only ever said.
    """

    name = models.CharField(_("name"), max_length=200, unique=True)
    words = models.TextField(_("words and goals that it serves"), blank=True, default="")
    categories = models.JSONField(_("categories of products"), default=list, blank=True)
    products = models.JSONField(_("codes of products"), default=list, blank=True)
    name_words = models.JSONField(_("words in the names of products"), default=list, blank=True)
    better = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="basic", verbose_name=_("the better alternative")
    )
    retired = models.BooleanField(_("no longer offered"), default=False)

    def __str__(self) -> str:
        return self.name


class Supply(Record):
    """What somebody said about who supplies an offering to an account, or to one place of it. The newest counts.

    What follows from orders is never stored here: `insight/white_space.py` reads it from the order history.
    """

    class State(models.TextChoices):
        US = "us", _("we sell it")
        COMPETITOR = "competitor", _("a competitor")
        IN_HOUSE = "in_house", _("does it itself")
        NONE = "none", _("does not need it")

    account = models.ForeignKey(Account, models.PROTECT, related_name="supplies", db_index=False)
    site = models.ForeignKey(Site, models.SET_NULL, null=True, related_name="supplies")
    place = models.CharField(_("place"), max_length=200, blank=True, default="")
    """The name of the site as it was, so that its removal does not make its facts those of the whole account."""
    offering = models.ForeignKey(Offering, models.PROTECT, related_name="supplies")
    state = models.CharField(_("who supplies it"), max_length=12, choices=State.choices)
    supplier = models.CharField(_("name of the competitor"), max_length=200, blank=True, default="")
    since = models.DateField(_("since"), null=True)
    until = models.DateField(_("contract ends on"), null=True)
    source = models.CharField(_("who said it, or where it stands"), max_length=200, blank=True, default="")
    source_kind = models.CharField(_("kind of record it came from"), max_length=64, blank=True, default="")
    source_uid = models.UUIDField(_("record it came from"), null=True)
    said_on = models.DateField(_("said on"))
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["account", "offering", "-said_on"], name="supply_account")]

    def __str__(self) -> str:
        return f"{self.account}: {self.offering}: {self.get_state_display()}"


class AccountGoal(Record):
    """What an account wants to reach, or what troubles it, as its people said it."""

    class Kind(models.TextChoices):
        GOAL = "goal", _("goal")
        CHALLENGE = "challenge", _("challenge")

    class State(models.TextChoices):
        LIVE = "live", _("stands")
        REACHED = "reached", _("reached")
        GIVEN_UP = "given_up", _("given up")
        WITHDRAWN = "withdrawn", _("withdrawn")

    account = models.ForeignKey(Account, models.PROTECT, related_name="goals")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.GOAL)
    text = models.CharField(_("in their words"), max_length=500)
    since = models.DateField(_("since"), null=True)
    source = models.CharField(_("where it was said"), max_length=200, blank=True, default="")
    source_kind = models.CharField(_("kind of record it came from"), max_length=64, blank=True, default="")
    source_uid = models.UUIDField(_("record it came from"), null=True)
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, related_name="+", verbose_name=_("who said it"))
    noted_on = models.DateField(_("noted on"))
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.LIVE)
    ended_on = models.DateField(_("reached or given up on"), null=True)

    def __str__(self) -> str:
        return self.text
