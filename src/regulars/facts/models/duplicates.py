"""Accounts that are one: found, merged, or said to be different."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Member, Record
from regulars.facts.models.accounts import Account


class AccountMerge(Record):
    """One merge of a duplicate into another account, with all that moved, so that it can be taken back."""

    kept = models.ForeignKey(Account, models.PROTECT, related_name="+")
    merged = models.ForeignKey(Account, models.PROTECT, related_name="+")
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    moved = models.JSONField(_("ids of the records that moved, by kind"), default=dict)
    filled = models.JSONField(_("empty fields of the kept account that were filled"), default=dict)
    undone_at = models.DateTimeField(_("undone"), null=True)

    def __str__(self) -> str:
        return f"{self.merged_id} → {self.kept_id}"


class NotDuplicates(models.Model):
    """Two accounts that a member said are different: not proposed again."""

    first = models.ForeignKey(Account, models.CASCADE, related_name="+")
    second = models.ForeignKey(Account, models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["first", "second"], name="different_once")]

    def __str__(self) -> str:
        return f"{self.first_id} ≠ {self.second_id}"


class FoundPair(models.Model):
    """Two accounts that the last search found to look like one. `duplicates.py` searches, and says why."""

    first = models.ForeignKey(Account, models.CASCADE, related_name="+")
    second = models.ForeignKey(Account, models.CASCADE, related_name="+")
    score = models.FloatField(_("likeness, from 0 to 1"), db_index=True)
    evidence = models.JSONField(_("what speaks for and against it: sentence, and what to put into it"), default=list)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["first", "second"], name="found_once")]

    def __str__(self) -> str:
        return f"{self.first_id} = {self.second_id}"
