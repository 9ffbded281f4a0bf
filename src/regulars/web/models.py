"""What members keep about the pages themselves: views of the list of accounts, and how they like to see it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Member, Record, Team


class SavedView(Record):
    """A cut of the list of accounts that somebody named. `saved_views.py` has its verbs."""

    class Audience(models.TextChoices):
        MYSELF = "myself", _("only me")
        TEAM = "team", _("a team")
        EVERYONE = "everyone", _("everyone")

    member = models.ForeignKey(Member, models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=100)
    query = models.TextField(_("filters and sorting, as in the address"), blank=True, default="")
    columns = models.JSONField(_("columns; none: those of who looks"), default=list, blank=True)
    audience = models.CharField(_("who sees it"), max_length=8, choices=Audience.choices, default=Audience.MYSELF)
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="+")
    deleted_at = models.DateTimeField(_("deleted"), null=True, editable=False)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["audience", "name"], name="saved_view_audience")]

    def __str__(self) -> str:
        return self.name


class ListPreference(models.Model):
    """How a member likes the list of accounts."""

    member = models.OneToOneField(Member, models.CASCADE, primary_key=True, related_name="+")
    columns = models.JSONField(_("columns"), default=list, blank=True)
    start = models.CharField(
        _("the view it starts with: key of a preset, or uid"), max_length=40, blank=True, default=""
    )

    def __str__(self) -> str:
        return f"{self.member_id}"
