"""Accounts with their places, people and talks, and what a firm adds to them: tags, fields of its own."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regulars.base.models import Department, Member, Record, Team
from regulars.facts.models.imports import Imported


class Tag(models.Model):
    name = models.CharField(_("name"), max_length=100, unique=True)

    def __str__(self) -> str:
        return self.name


class CustomField(Record):
    """A field that the firm added to its accounts; the values are in `Account.custom` by `key`."""

    class Type(models.TextChoices):
        TEXT = "text", _("text")
        NUMBER = "number", _("number")
        DATE = "date", _("date")
        CHOICE = "choice", _("choice")
        YES_NO = "yes_no", _("yes or no")

    key = models.SlugField(_("key"), max_length=64, unique=True)
    label = models.CharField(_("label"), max_length=200)
    type = models.CharField(_("type"), max_length=8, choices=Type.choices, default=Type.TEXT)
    choices = models.JSONField(_("choices"), default=list, blank=True)
    confidential = models.BooleanField(_("confidential"), default=False)
    retired = models.BooleanField(_("retired"), default=False)

    def __str__(self) -> str:
        return self.label


class Account(Imported):
    """The customer: a firm or a private person.

    An account that was merged into another keeps its row, with `merged_into` set: order history names accounts by the
    id they had when the line was imported, and readers follow this pointer. So a merge never rewrites history.
    """

    class Kind(models.TextChoices):
        FIRM = "firm", _("firm")
        PERSON = "person", _("private person")

    name = models.CharField(_("name"), max_length=300)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.FIRM)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children", db_index=False)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged", db_index=False
    )
    owner = models.ForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="accounts", db_index=False)
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="accounts", db_index=False)
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="accounts", db_index=False
    )
    trade = models.CharField(_("kind of business"), max_length=100, blank=True, default="")
    size = models.CharField(_("size"), max_length=50, blank=True, default="")
    email = models.CharField(_("e-mail"), max_length=254, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=50, blank=True, default="")
    street = models.CharField(_("street"), max_length=300, blank=True, default="")
    city = models.CharField(_("city"), max_length=100, blank=True, default="")
    postcode = models.CharField(_("postcode"), max_length=20, blank=True, default="")
    region = models.CharField(_("region"), max_length=100, blank=True, default="")
    country = models.CharField(_("country"), max_length=100, blank=True, default="")
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    custom = models.JSONField(_("fields of our own"), default=dict, blank=True)
    tags = models.ManyToManyField(Tag, blank=True, related_name="accounts")
    generated = models.BooleanField(_("name made up for the demo"), default=False)

    class Meta(Imported.Meta):
        # Most of these point nowhere in most accounts: only those that do are indexed.
        indexes: ClassVar = [
            models.Index(fields=["name"], name="account_name"),
            *(
                models.Index(fields=[field], condition=models.Q(**{f"{field}__isnull": False}), name=f"account_{field}")
                for field in ("parent", "merged_into", "owner", "team", "department")
            ),
            # Who looks after how many, told without reading the accounts.
            models.Index(
                fields=["owner"],
                condition=models.Q(owner__isnull=False, merged_into__isnull=True),
                name="account_looked_after",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Site(Record):
    """A place of an account: branch, plant, shop, delivery address."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="sites")
    name = models.CharField(_("name"), max_length=200)
    street = models.CharField(_("street"), max_length=300, blank=True, default="")
    city = models.CharField(_("city"), max_length=100, blank=True, default="")
    postcode = models.CharField(_("postcode"), max_length=20, blank=True, default="")
    country = models.CharField(_("country"), max_length=100, blank=True, default="")

    def __str__(self) -> str:
        return self.name


class Contact(Imported):
    """A person at an account."""

    class Level(models.TextChoices):
        UNKNOWN = "", _("not known")
        OWNER = "owner", pgettext_lazy("level of a contact", "owner")
        EXECUTIVE = "executive", _("executive")
        MIDDLE = "middle", _("middle management")
        DAILY_USER = "daily_user", _("daily user")
        FINANCE = "finance", _("finance")

    account = models.ForeignKey(Account, models.PROTECT, related_name="contacts")
    name = models.CharField(_("name"), max_length=200)
    role = models.CharField(_("role"), max_length=100, blank=True, default="")
    level = models.CharField(_("level"), max_length=16, choices=Level.choices, blank=True, default=Level.UNKNOWN)
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    email = models.CharField(_("e-mail"), max_length=254, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=50, blank=True, default="")
    mobile = models.CharField(_("mobile"), max_length=50, blank=True, default="")
    channel = models.CharField(_("preferred channel"), max_length=16, blank=True, default="")
    active = models.BooleanField(_("still there"), default=True, db_default=True)
    generated = models.BooleanField(_("made up for the demo"), default=False)

    class Meta(Imported.Meta):
        pass

    def __str__(self) -> str:
        return self.name


class Interaction(Imported):
    """A call, visit, mail, meeting or note: who of ours with whom at the account, when, about what."""

    class Kind(models.TextChoices):
        CALL = "call", _("call")
        VISIT = "visit", _("visit")
        MAIL = "mail", _("mail")
        MEETING = "meeting", _("meeting")
        NOTE = "note", _("note")

    account = models.ForeignKey(Account, models.PROTECT, related_name="interactions")
    contacts = models.ManyToManyField(Contact, blank=True, related_name="interactions")
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="interactions")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    on = models.DateField(_("date"))
    text = models.TextField(_("text"), blank=True, default="")
    outcome = models.CharField(_("outcome"), max_length=100, blank=True, default="")

    class Meta(Imported.Meta):
        indexes: ClassVar = [
            # Kind and member at its end: how warm a relation is, is told without reading the talks.
            models.Index(fields=["account", "-on", "kind", "member"], name="interaction_account_on"),
            # How many talks of ours of each kind a year had, told without reading them.
            models.Index(fields=["kind", "on"], condition=models.Q(member__isnull=False), name="interaction_kind_on"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.on}"
