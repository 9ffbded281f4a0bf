"""How customers rate the service of a colleague: courtesy and competence. Seen first by who is rated."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Member, Record


class ServiceRating(Record):
    """One answer about one colleague: 1 poor, 7 excellent. Once per occasion. `ratings.py` has its verbs.

    The audit trail notes that it was given, never what it says: others would read it there before the colleague does.
    """

    member = models.ForeignKey(Member, models.PROTECT, related_name="service_ratings", db_index=False)
    source_kind = models.CharField(_("kind of record it is about"), max_length=64)
    source_uid = models.UUIDField(_("record it is about"))
    occasion = models.PositiveSmallIntegerField(_("which solution of it"), default=0)
    courtesy = models.PositiveSmallIntegerField(_("courtesy, from 1 to 7"), null=True)
    competence = models.PositiveSmallIntegerField(_("competence, from 1 to 7"), null=True)
    words = models.TextField(_("words"), blank=True, default="")
    answered_at = models.DateTimeField(_("answered"))
    seen_at = models.DateTimeField(_("seen by the colleague"), null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source_uid", "occasion"], name="rated_once"),
            models.CheckConstraint(condition=models.Q(courtesy__range=(1, 7)), name="courtesy_1_to_7"),
            models.CheckConstraint(condition=models.Q(competence__range=(1, 7)), name="competence_1_to_7"),
        ]
        indexes: ClassVar = [models.Index(fields=["member", "-answered_at"], name="rating_member")]

    def __str__(self) -> str:
        return f"{self.member_id} {self.answered_at:%Y-%m-%d}"
