"""Live orders: those that still run, as a shop or an ERP system tells them, and what was done about them."""

from __future__ import annotations

from typing import ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regulars.base.models import Member, Record
from regulars.facts.models.accounts import Account, Contact, Interaction


class LiveOrderFile(Record):
    """A file of live orders that was read: what came of it, and the rows that could not be taken, as they were."""

    name = models.CharField(_("file"), max_length=200)
    source = models.CharField(_("source"), max_length=64)
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("read"))
    columns = models.JSONField(_("headings"), default=list)
    new = models.PositiveIntegerField(_("new orders"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    unchanged = models.PositiveIntegerField(_("known as they are"), default=0)
    rejected = models.JSONField(_("rows that were not taken: line, field, reason, remedy, row"), default=list)

    def __str__(self) -> str:
        return self.name


class LiveOrder(Record):
    """An order that still runs, or a quote or basket that may become one. `live_orders.py` has its verbs.

    One whose customer nobody knows keeps the words that it came with until they are matched, or somebody says whose it
    is. When its account goes with an import that is undone, it waits for its account again.
    """

    class Stage(models.TextChoices):
        QUOTE = "quote", _("quoted")
        BASKET = "basket", _("in the basket")
        ORDERED = "ordered", _("ordered")
        CONFIRMED = "confirmed", _("confirmed")
        IN_PRODUCTION = "in_production", _("in production")
        SHIPPED = "shipped", _("shipped")
        DELIVERED = "delivered", _("delivered")
        CANCELLED = "cancelled", _("cancelled")

    class Payment(models.TextChoices):
        UNKNOWN = "", pgettext_lazy("payment", "not known")
        OPEN = "open", pgettext_lazy("payment", "open")
        PARTLY = "partly", pgettext_lazy("payment", "partly paid")
        PAID = "paid", pgettext_lazy("payment", "paid")

    class Closed(models.TextChoices):
        NONE = "", _("still runs")
        ARRIVED = "arrived", _("stands in the order history")
        SETTLED = "settled", _("delivered and paid")
        CANCELLED = "cancelled", _("cancelled")
        BY_HAND = "by_hand", _("closed by us")

    PROPOSED = (Stage.QUOTE, Stage.BASKET)
    """Not ordered yet."""
    RUNNING = (Stage.ORDERED, Stage.CONFIRMED, Stage.IN_PRODUCTION, Stage.SHIPPED)
    """Ordered, and not with the customer yet."""
    OWING = (Payment.OPEN, Payment.PARTLY)

    source = models.CharField(_("source"), max_length=64)
    external_id = models.CharField(_("id in the source"), max_length=200)
    number = models.CharField(_("order number"), max_length=200)
    account = models.ForeignKey(
        Account, models.SET_NULL, null=True, blank=True, related_name="live_orders", db_index=False
    )
    customer = models.CharField(_("customer number"), max_length=200, blank=True, default="")
    customer_name = models.CharField(_("customer"), max_length=300, blank=True, default="")
    customer_email = models.CharField(_("customer's e-mail"), max_length=254, blank=True, default="")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="+")

    placed_on = models.DateField(_("placed on"))
    stage = models.CharField(_("stage"), max_length=16, choices=Stage.choices, default=Stage.ORDERED)
    promised_on = models.DateField(_("promised for"), null=True, blank=True)
    expected_on = models.DateField(_("expected on"), null=True, blank=True)
    due_on = models.DateField(_("to be paid by"), null=True, blank=True)
    payment = models.CharField(_("payment"), max_length=8, choices=Payment.choices, blank=True, default=Payment.UNKNOWN)
    currency = models.CharField(_("currency"), max_length=3)
    amount_minor = models.BigIntegerField(_("amount"))
    paid_minor = models.BigIntegerField(_("paid"), default=0)
    owed_base = models.FloatField(_("still to be paid, base currency"), null=True)
    amount_base = models.FloatField(_("amount, base currency"), null=True)
    url = models.URLField(_("address in the source"), max_length=500, blank=True, default="")

    changed_at = models.DateTimeField(_("changed in the source"), null=True)
    told = models.JSONField(_("what the source said last"), default=dict, encoder=DjangoJSONEncoder)
    arrived_on = models.DateField(_("found in the order history on"), null=True)
    overdue_on = models.DateField(_("noted as overdue on"), null=True)
    late_on = models.DateField(_("noted as late on"), null=True)
    next_on = models.DateField(_("next look on"), null=True)
    last_on = models.DateField(_("last followed up on"), null=True)
    closed = models.CharField(_("why it is closed"), max_length=10, choices=Closed.choices, blank=True, default="")
    closed_on = models.DateField(_("closed on"), null=True)
    closed_by = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    closed_said = models.CharField(_("closed, in words"), max_length=500, blank=True, default="")
    generated = models.BooleanField(_("made up for the demo"), default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "external_id"], name="live_order_once_per_source"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "closed", "-placed_on"], name="live_order_account"),
            models.Index(fields=["closed", "due_on"], name="live_order_due"),
            models.Index(fields=["closed", "stage", "placed_on"], name="live_order_stage"),
            models.Index(fields=["closed", "promised_on"], name="live_order_promised"),
        ]

    def __str__(self) -> str:
        return self.number


class LiveOrderFollowUp(Record):
    """That we called, wrote or noted something about an order. Added to only; one taken back says when."""

    class Kind(models.TextChoices):
        CALL = "call", _("call")
        MAIL = "mail", _("mail")
        NOTE = "note", _("note")

    order = models.ForeignKey(LiveOrder, models.CASCADE, related_name="follow_ups")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    on = models.DateField(_("on"))
    said = models.TextField(_("what was said"), blank=True, default="")
    next_on = models.DateField(_("next look on"))
    next_before = models.DateField(_("next look before that"), null=True)
    last_before = models.DateField(_("followed up before that"), null=True)
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="+")
    interaction = models.ForeignKey(Interaction, models.SET_NULL, null=True, related_name="+")
    taken_back_at = models.DateTimeField(_("taken back"), null=True)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.on}"
