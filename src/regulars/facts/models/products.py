"""What is sold, and what foreign money is worth."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Record
from regulars.facts.models.imports import Import, Imported


class Product(Imported):
    """Something we sell; `external_id` is the code that stands in the order history."""

    name = models.CharField(_("name"), max_length=300, blank=True, default="")
    category = models.CharField(_("category"), max_length=200, blank=True, default="")
    cost = models.DecimalField(_("cost of one"), max_digits=18, decimal_places=4, null=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True, default="")

    class Meta(Imported.Meta):
        pass

    def __str__(self) -> str:
        return self.name or self.external_id or ""


class ExchangeRate(Record):
    """From `valid_from` on, one unit of `currency` is `rate` units of the base currency."""

    currency = models.CharField(_("currency"), max_length=3)
    valid_from = models.DateField(_("valid from"))
    rate = models.DecimalField(_("rate"), max_digits=20, decimal_places=10)
    made_by_import = models.ForeignKey(Import, models.PROTECT, null=True, related_name="+", editable=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["currency", "valid_from"], name="rate_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.valid_from} {self.rate}"
