"""Snapshots and the current score of every account."""

from __future__ import annotations

from typing import ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Record
from regulars.facts.models import Account


class Snapshot(Record):
    """Every account as of one date. Its scores stay in the warehouse; those of the current one are in `Score`, too."""

    as_of = models.DateField(_("as of"), db_index=True)
    history_version = models.BigIntegerField(_("history version it was computed from"))
    basis = models.CharField(_("fingerprint of the merges, groups and thresholds it was computed from"), max_length=64)
    scores_version = models.BigIntegerField(_("version of the score history that holds it"))
    currency = models.CharField(_("currency"), max_length=3)
    portfolio = models.JSONField(_("figures of the whole firm"), default=dict, encoder=DjangoJSONEncoder)
    lifetime_model = models.JSONField(
        _("fitted model: name, parameters, notes"), default=dict, encoder=DjangoJSONEncoder
    )
    current = models.BooleanField(_("the one in force"), default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["current"], condition=models.Q(current=True), name="one_current_snapshot"),
        ]

    def __str__(self) -> str:
        return f"{self.as_of}"


LISTED = (
    "sales_12m",
    "sales_previous_12m",
    "trend",
    "share_of_firm",
    "orders_12m",
    "first_order",
    "last_order",
    "silence_days",
    "probability_alive",
    "expected_value_365",
    "value_at_risk",
)
"""Figures by which lists are often sorted. The others are sorted without an index."""


class Score(models.Model):
    """What an account's history means as of the current snapshot. An account that never bought or returned has none.

    Money is in the base currency, in units (estimates are floats; the recorded minor units stay in the history).
    NULL is *unknown*, never zero. `sentences.py` says each figure in words. `core/account_figures.py` defines them.
    """

    account = models.OneToOneField(Account, models.CASCADE, primary_key=True, related_name="score")
    snapshot = models.ForeignKey(Snapshot, models.PROTECT, related_name="+", db_index=False)  # the same in all rows

    order_days = models.IntegerField(_("days with an order"))
    first_order = models.DateField(_("first order"), null=True)
    last_order = models.DateField(_("last order"), null=True)
    gap_typical_days = models.FloatField(_("typical gap between orders (median, days)"), null=True)
    gap_mean_days = models.FloatField(_("mean gap between orders (days)"), null=True)
    gap_spread_days = models.FloatField(_("spread of the gaps (interquartile range, days)"), null=True)
    gap_longest_days = models.FloatField(_("longest gap (days)"), null=True)
    silence_days = models.IntegerField(_("days since the last order"), null=True)
    pauses_as_long = models.FloatField(_("share of its own gaps at least as long as the silence now"), null=True)

    sales_12m = models.FloatField(_("net sales, last 12 months"))
    sales_previous_12m = models.FloatField(_("net sales, the 12 months before"))
    sales_total = models.FloatField(_("net sales, all time"))
    margin_12m = models.FloatField(_("margin, last 12 months, where cost is known"), null=True)
    cost_known = models.FloatField(_("share of last-12-month sales whose cost is known"), null=True)
    orders_12m = models.IntegerField(_("order days, last 12 months"))
    trend = models.FloatField(_("change of sales against the 12 months before (−1 … )"), null=True)
    returns_12m = models.FloatField(_("value returned, last 12 months, as share of sales"), null=True)
    products_12m = models.IntegerField(_("different products, last 12 months"))
    categories_12m = models.IntegerField(_("different categories, last 12 months"))
    mean_order_value = models.FloatField(_("mean value of an order day"), null=True)

    share_of_firm = models.FloatField(_("share of the firm's last-12-month sales, subsidiaries included"), null=True)
    rank = models.IntegerField(_("place by last-12-month sales"), null=True)
    cumulative_share = models.FloatField(_("share of all accounts up to this place"), null=True)
    pareto = models.CharField(_("A: the first 80 % of sales, B: the next 15 %, C: the rest"), max_length=1, default="C")
    buyer = models.CharField(_("regular, chance, new, or none: without an order day"), max_length=8)

    probability_alive = models.FloatField(_("chance that it is still a customer"), null=True)
    expected_orders_90 = models.FloatField(_("expected order days, next 90 days"), null=True)
    expected_orders_365 = models.FloatField(_("expected order days, next 365 days"), null=True)
    expected_value_90 = models.FloatField(_("expected sales, next 90 days"), null=True)
    expected_value_365 = models.FloatField(_("expected sales, next 365 days"), null=True)
    value_at_risk = models.FloatField(_("expected yearly sales that may be lost"), null=True)

    class Meta:
        indexes: ClassVar = [
            # The account makes the sequence definite.
            *(models.Index(fields=[figure, "account"], name=f"score_{figure}") for figure in LISTED),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}"
