"""Snapshots, the current score of every account, and how right forecasts were: on the past, and since."""

from __future__ import annotations

from typing import ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.base.models import Member, Record
from regulars.facts.models import Account, Worked


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
    orders_90_low = models.FloatField(_("least order days to expect, next 90 days (nine times of ten)"), null=True)
    orders_90_high = models.FloatField(_("most order days to expect, next 90 days (nine times of ten)"), null=True)
    orders_365_low = models.FloatField(_("least order days to expect, next 365 days (nine times of ten)"), null=True)
    orders_365_high = models.FloatField(_("most order days to expect, next 365 days (nine times of ten)"), null=True)
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


class Backtest(Record):
    """How right every forecast would have been on the firm's own past, kept for good. `backtests.py` has its verbs.

    The one of the latest day decides which forecast scores. `outcome` is `core.backtest.Backtest` as data:
    `backtests.outcome_of` gives it back.
    """

    as_of = models.DateField(_("as of"))
    horizon_days = models.IntegerField(_("days ahead that were forecast"))
    history_version = models.BigIntegerField(_("history version it was computed from"))
    basis = models.CharField(_("fingerprint of the merges, groups and thresholds it was computed from"), max_length=64)
    accounts = models.IntegerField(_("accounts it looked at"))
    accounts_known = models.IntegerField(_("accounts that had ordered by then"))
    winner = models.CharField(_("the forecast that won"), max_length=100)
    too_short = models.BooleanField(_("the history was too short to try anything"), default=False)
    outcome = models.JSONField(_("the records of all forecasts, and the reasons"), default=dict)
    early_warning = models.JSONField(_("how early losses would have been flagged"), null=True)
    seconds = models.FloatField(_("seconds it took"), default=0.0)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["-as_of", "-id"], name="backtest_latest")]

    def __str__(self) -> str:
        return f"{self.as_of}: {self.winner}"


class BacktestRequest(Worked):
    """A backtest that somebody, or the schedule, asked for: how far its job is, and what it made or why it did not."""

    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    as_of = models.DateField(_("as of; none: the day of the figures"), null=True)
    horizon_days = models.IntegerField(_("days ahead to forecast"))
    made = models.ForeignKey(Backtest, models.PROTECT, null=True, related_name="+")
    refusal = models.JSONField(_("why it was not made: sentence, way out"), default=dict)

    def __str__(self) -> str:
        return f"{self.created_at}"


class PinnedForecast(Record):
    """The forecast that a member wants to score with, whatever the backtests say; one at most is in force."""

    name = models.CharField(_("forecast"), max_length=100)
    reason = models.TextField(_("why"))
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"), null=True)
    in_force = models.BooleanField(_("the one in force"), default=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["in_force"], condition=models.Q(in_force=True), name="one_pinned_forecast"),
        ]

    def __str__(self) -> str:
        return self.name


class ForecastTrack(Record):
    """What a snapshot in force expected of all accounts together until a day, and what came by then.

    Only order days and sales of accounts that had ordered by `as_of`; of the sum, low and high hold nine times of ten.
    Money is in the base currency, in units. `forecast_tracking.py` writes and settles them.
    """

    as_of = models.DateField(_("as of"))
    until = models.DateField(_("until"), db_index=True)
    horizon_days = models.IntegerField(_("days ahead"))
    forecast = models.CharField(_("forecast"), max_length=100)
    in_hindsight = models.BooleanField(_("computed later, from what was known on that day"), default=False)
    accounts = models.IntegerField(_("accounts that had ordered by then"))
    expected_orders = models.FloatField(_("expected order days"))
    expected_orders_low = models.FloatField(_("least order days to expect"))
    expected_orders_high = models.FloatField(_("most order days to expect"))
    expected_sales = models.FloatField(_("expected sales"), null=True)
    came_orders = models.IntegerField(_("order days that came"), null=True)
    came_sales = models.FloatField(_("sales that came"), null=True)
    settled_at = models.DateTimeField(_("when it was seen what came"), null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["as_of", "horizon_days"], name="one_track_a_day_and_horizon"),
        ]

    def __str__(self) -> str:
        return f"{self.as_of}, {self.horizon_days}"


class Protection(models.Model):
    """How well an account must be protected as of a day: value to the firm, risk of losing it, and the level of both.

    `protection.py` computes it, `protection_sentences.py` says it in words. NULL is *unknown*. Money is in the base
    currency, in units a year. Merged accounts and such without a score have none.
    """

    class Level(models.IntegerChoices):
        BASIC = 1, _("basic protection")
        RAISED = 2, _("raised protection")
        HIGH = 3, _("high protection")
        HIGHEST = 4, _("highest protection")

    class Band(models.IntegerChoices):
        SMALL = 0, _("small")
        MIDDLE = 1, _("middle")
        LARGE = 2, _("large")
        VITAL = 3, _("vital")

    account = models.OneToOneField(Account, models.CASCADE, primary_key=True, related_name="protection")
    level = models.PositiveSmallIntegerField(_("protection level"), choices=Level.choices)
    since = models.DateField(_("at this level since"), null=True)
    level_before = models.PositiveSmallIntegerField(_("level before"), choices=Level.choices, null=True)
    band = models.PositiveSmallIntegerField(_("value to the firm"), choices=Band.choices)
    worth = models.FloatField(_("what it is worth in a year if it stays"))
    risk_by_orders = models.FloatField(_("chance to lose it within a year, by its orders"), null=True)
    risk = models.FloatField(_("chance to lose it within a year"), null=True)
    stake = models.FloatField(_("sales of a year that may be lost with it: worth times risk"), null=True)
    potential = models.FloatField(_("chance that it will buy clearly more within a year"), null=True)
    as_of = models.DateField(_("as of"))
    computed_at = models.DateTimeField(_("computed"), db_index=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["level", "account"], name="protection_level"),
            models.Index(fields=["stake", "account"], name="protection_stake"),
            models.Index(fields=["-worth", "account"], name="protection_worth"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.get_level_display()}"


class SignalWeight(Record):
    """What a kind of signal deserves to count, learned from what became of accounts that showed it.

    Weights are logarithms of odds ratios, of a fresh signal of its kind's usual strength. `signal_weights.py` learns.
    """

    kind = models.CharField(_("kind of signal"), max_length=32, unique=True)
    as_of = models.DateField(_("learned as of"))
    usual = models.FloatField(_("documented weight"))
    weight = models.FloatField(_("weight"))
    low = models.FloatField(_("lowest weight to believe (nine times of ten)"))
    high = models.FloatField(_("highest weight to believe (nine times of ten)"))
    signals = models.IntegerField(_("signals that were followed up"))
    events = models.IntegerField(_("after how many of them it came as announced"))
    others = models.IntegerField(_("times that accounts without it were looked at"))
    events_without = models.IntegerField(_("after how many of those it came all the same"))

    def __str__(self) -> str:
        return self.kind


class SuggestionRun(Record):
    """What was learned when suggestions were last computed: of which day, from which history, how right they were.

    The suggestions themselves are in the warehouse tables `suggestions` and `due_again`. The newest run is in force.
    """

    as_of = models.DateField(_("as of"))
    history_version = models.BigIntegerField(_("history version they were computed from"))
    basis = models.CharField(_("fingerprint of the merges they were computed from"), max_length=64)
    horizon_days = models.IntegerField(_("days ahead that a chance is for"))
    accounts = models.IntegerField(_("accounts with suggestions"))
    record = models.JSONField(_("what each kind would have met on the firm's own past"), default=dict)

    def __str__(self) -> str:
        return f"{self.as_of}"


class DependenceAssumptions(Record):
    """What the firm says of itself for *what if a customer leaves*. There is one at most. NULL is *not known*."""

    fixed_costs_minor = models.BigIntegerField(_("fixed costs a year"), null=True)
    margin_share = models.FloatField(_("margin as a share of sales, where costs of goods are not known"), null=True)
    elasticity = models.FloatField(_("loss of customers in percent when prices rise by one percent"), null=True)

    def __str__(self) -> str:
        return f"{self.pk}"


class SupplierTerms(Record):
    """A supplier whose discount depends on what is bought there in a year."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    share = models.FloatField(_("share of all that is paid for goods"))
    tiers = models.JSONField(_("tiers: from_minor (a year, at list prices), discount_bps; by rising volume"))

    def __str__(self) -> str:
        return self.name


class AccountElasticity(Record):
    """How an account takes a rise of prices, as somebody who knows it says, and why."""

    account = models.OneToOneField(Account, models.CASCADE, related_name="elasticity")
    elasticity = models.FloatField(_("fall of its chance to stay in percent when prices rise by one percent"))
    reason = models.CharField(_("how this is known"), max_length=300, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.account_id}: {self.elasticity}"


class OpportunityLevel(models.Model):
    """How much more an account could buy as of a day, in three levels, and from what that follows.

    `opportunity_levels.py` computes it, `opportunity_level_sentences.py` says it in words; what somebody set in its
    place stands in `plan`. NULL is *unknown*. Merged accounts and such without a score have none.
    """

    class Level(models.IntegerChoices):
        LOW = 1, _("low opportunity")
        MEDIUM = 2, _("medium opportunity")
        HIGH = 3, _("high opportunity")

    class Means(models.IntegerChoices):
        LITTLE = 0, _("little means")
        MIDDLE = 1, _("middling means")
        MUCH = 2, _("ample means")

    account = models.OneToOneField(Account, models.CASCADE, primary_key=True, related_name="opportunity_level")
    level = models.PositiveSmallIntegerField(_("opportunity level"), choices=Level.choices)
    since = models.DateField(_("at this level since"), null=True)
    counted = models.CharField(_("what is counted: category, product"), max_length=8)
    owned = models.PositiveIntegerField(_("so many of them it ever bought"))
    broad = models.FloatField(_("so many the broadest tenth of accounts of its size bought at least"), null=True)
    room = models.FloatField(_("share of what it could buy that it does not buy from us"), null=True)
    means = models.PositiveSmallIntegerField(_("means"), choices=Means.choices, null=True)
    sales_year = models.FloatField(_("sales of a year, its better one of two"), null=True)
    wallet_year = models.FloatField(_("what it spends in a year with us and others"), null=True)
    size = models.FloatField(_("part of all accounts that are smaller"), null=True)
    due_again = models.PositiveIntegerField(_("products that are due to be bought again soon"), null=True)
    as_of = models.DateField(_("as of"))
    computed_at = models.DateTimeField(_("computed"))

    class Meta:
        indexes: ClassVar = [models.Index(fields=["level", "account"], name="opportunity_level")]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.get_level_display()}"
