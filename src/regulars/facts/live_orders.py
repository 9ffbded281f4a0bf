"""Live orders: who sees them, which are unpaid, abandoned or late, and what people do about them."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.models import Member
from regulars.facts.accounts import require_account
from regulars.facts.interactions import WrongInteraction, record_interaction, withdraw_interaction
from regulars.facts.live_order_feed import WrongLiveOrder, match_unknown, note_change, noted_before, sees
from regulars.facts.live_order_states import LATE_SIGNAL_DAYS, find_arrived, settle, told_payment
from regulars.facts.models import Account, ExchangeRate, Interaction, LiveOrder, LiveOrderFollowUp
from regulars.facts.thresholds import (
    ABANDONED_BASKET_DAYS,
    ABANDONED_MOST_DAYS,
    ABANDONED_QUOTE_DAYS,
    FOLLOW_UP_DAYS,
    LATE_AHEAD_DAYS,
    UNPAID_DAYS,
)

LONGEST_WORDS = 500
LONGEST_TEXT = 5_000


class NoSuchLiveOrder(WrongLiveOrder):
    """There is no such order that this member may see."""


# Reading


def visible_live_orders(member: Member | None) -> QuerySet[LiveOrder]:
    """The orders of the accounts that `member` may see; who sees all accounts also sees those of unknown customers."""
    return LiveOrder.objects.filter(sees(member)).order_by("-placed_on", "-pk")


def running(orders: QuerySet[LiveOrder]) -> QuerySet[LiveOrder]:
    """Those that are not closed."""
    return orders.filter(closed=LiveOrder.Closed.NONE)


def unpaid(orders: QuerySet[LiveOrder]) -> QuerySet[LiveOrder]:
    """Orders for which money is still to come, what was due first on top."""
    ordered = running(orders).exclude(stage__in=[*LiveOrder.PROPOSED, LiveOrder.Stage.CANCELLED])
    return ordered.filter(payment__in=LiveOrder.OWING).order_by(F("due_on").asc(nulls_last=True), "pk")


def overdue(orders: QuerySet[LiveOrder], *, on: date, grace_days: int = 0) -> QuerySet[LiveOrder]:
    """Of these, those whose day of payment has passed, and the days of grace."""
    return unpaid(orders).filter(due_on__lt=on - timedelta(days=grace_days))


def to_be_reminded(orders: QuerySet[LiveOrder], *, on: date) -> QuerySet[LiveOrder]:
    """Overdue for longer than the firm waits."""
    return overdue(orders, on=on, grace_days=int(UNPAID_DAYS.value()))


def abandoned(orders: QuerySet[LiveOrder], *, on: date) -> QuerySet[LiveOrder]:
    """Quotes and baskets that became no order for long enough, and not for so long that nobody remembers; newest first.

    A basket is not abandoned when its customer has ordered since.
    """
    quotes = Q(stage=LiveOrder.Stage.QUOTE, placed_on__lte=on - timedelta(days=int(ABANDONED_QUOTE_DAYS.value())))
    baskets = Q(stage=LiveOrder.Stage.BASKET, placed_on__lte=on - timedelta(days=int(ABANDONED_BASKET_DAYS.value())))
    later = LiveOrder.objects.filter(
        account=OuterRef("account"),
        stage__in=[*LiveOrder.RUNNING, LiveOrder.Stage.DELIVERED],
        placed_on__gte=OuterRef("placed_on"),
    )
    recent = running(orders).filter(placed_on__gte=on - timedelta(days=int(ABANDONED_MOST_DAYS.value())))
    return recent.filter(quotes | (baskets & ~Exists(later))).order_by("-placed_on", "-pk")


def late(orders: QuerySet[LiveOrder], *, on: date) -> QuerySet[LiveOrder]:
    """Orders whose promised day has passed or will be missed, by what the source expects or since they still lie here.

    What was promised first comes first.
    """
    ahead = on + timedelta(days=int(LATE_AHEAD_DAYS.value()))
    lies_here = Q(promised_on__lte=ahead) & ~Q(stage=LiveOrder.Stage.SHIPPED)
    missed = Q(promised_on__lt=on) | Q(expected_on__gt=F("promised_on")) | lies_here
    found = running(orders).filter(missed, stage__in=LiveOrder.RUNNING, promised_on__isnull=False, arrived_on=None)
    return found.order_by("promised_on", "pk")


def to_be_looked_at(orders: QuerySet[LiveOrder], *, on: date) -> QuerySet[LiveOrder]:
    """Those that nobody has followed up, or where the day of the next look has come."""
    return orders.filter(Q(next_on=None) | Q(next_on__lte=on))


# Verbs


@transaction.atomic
def mark_paid(*, order: LiveOrder, on: date, member: Member | None, paid_minor: int | None = None) -> LiveOrder:
    """Say that it was paid, or how much of it in all. With the last part the signal of its being unpaid goes."""
    found = _locked(order, member)
    paid = found.amount_minor if paid_minor is None else paid_minor
    if not 0 < paid <= found.amount_minor:
        raise WrongLiveOrder(
            _("That is not a part of its amount."), _("Say what was paid in all so far."), field="paid_minor"
        )
    before = noted_before(found)
    found.paid_minor = paid
    found.payment = LiveOrder.Payment.PAID if paid == found.amount_minor else LiveOrder.Payment.PARTLY
    return _settled(found, before, verb="mark_live_order_paid", on=on, member=member)


@transaction.atomic
def cancel_live_order(*, order: LiveOrder, on: date, member: Member | None, said: str = "") -> LiveOrder:
    """Say that nothing comes of it: it is cancelled, or the customer does not want it."""
    found = _locked(order, member)
    _refuse_closed(found)
    before = noted_before(found)
    found.closed, found.closed_on, found.closed_by = LiveOrder.Closed.BY_HAND, on, member
    found.closed_said = said.strip()[:LONGEST_WORDS] or _("Cancelled")
    found.stage = LiveOrder.Stage.CANCELLED
    return _settled(found, before, verb="cancel_live_order", on=on, member=member)


@transaction.atomic
def close_live_order(*, order: LiveOrder, on: date, member: Member | None, reason: str) -> LiveOrder:
    """Say that nobody needs to look at it any more, and why. It opens again when its source says something new."""
    found = _locked(order, member)
    _refuse_closed(found)
    said = reason.strip()[:LONGEST_WORDS]
    if not said:
        raise WrongLiveOrder(_("The reason is missing."), _("Say in a few words why it is closed."), field="reason")
    before = noted_before(found)
    found.closed, found.closed_on, found.closed_by = LiveOrder.Closed.BY_HAND, on, member
    found.closed_said = said
    return _settled(found, before, verb="close_live_order", on=on, member=member)


@transaction.atomic
def reopen_live_order(*, order: LiveOrder, on: date, member: Member | None) -> LiveOrder:
    """Take back that it was closed, cancelled or paid: what its source said last counts again."""
    found = _locked(order, member)
    before = noted_before(found)
    told = found.told
    found.stage = told.get("stage", LiveOrder.Stage.ORDERED)
    found.payment, found.paid_minor = told_payment(told, found.amount_minor)
    found.closed, found.closed_on, found.closed_by = LiveOrder.Closed.NONE, None, None
    found.closed_said = ""
    return _settled(found, before, verb="reopen_live_order", on=on, member=member)


@transaction.atomic
def give_live_order(*, order: LiveOrder, account: Account, on: date, member: Member | None) -> LiveOrder:
    """Say whose order it is. The source may go on calling the customer as it does."""
    found = _locked(order, member)
    require_account(account, member=member)
    before = noted_before(found)
    found.account, found.contact = account.merged_into or account, None
    return _settled(found, before, verb="give_live_order", on=on, member=member)


@transaction.atomic
def follow_up(
    *,
    order: LiveOrder,
    kind: str,
    on: date,
    member: Member | None,
    said: str = "",
    next_on: date | None = None,
) -> LiveOrderFollowUp:
    """Note that somebody called, wrote or found out about an order, and when to look again; a call is a talk as well.

    A letter is among the talks by itself when it has gone out (`facts/letters.py`).
    """
    found = _locked(order, member)
    _refuse_closed(found)
    if kind not in LiveOrderFollowUp.Kind.values:
        raise WrongLiveOrder(
            _("There is no follow-up of this kind."),
            _("Use one of: %(known)s.") % {"known": ", ".join(LiveOrderFollowUp.Kind.values)},
            field="kind",
        )
    next_on = next_on or on + timedelta(days=int(FOLLOW_UP_DAYS.value()))
    if next_on < on:
        raise WrongLiveOrder(_("That day has passed."), _("Choose today or a later day."), field="next_on")
    words = said.strip()[:LONGEST_TEXT]
    if kind == LiveOrderFollowUp.Kind.NOTE and not words:
        raise WrongLiveOrder(_("The note is empty."), _("Say in a few words what there is to know."), field="said")
    made = LiveOrderFollowUp.objects.create(
        order=found,
        kind=kind,
        on=on,
        said=words,
        next_on=next_on,
        next_before=found.next_on,
        last_before=found.last_on,
        member=member,
        interaction=_talk(found, kind, on=on, said=words, member=member),
    )
    before = noted_before(found)
    found.last_on, found.next_on = on, next_on
    found.save()
    note_change(found, before, verb="follow_up_live_order", member=member)
    return made


@transaction.atomic
def take_back_follow_up(*, follow_up: LiveOrderFollowUp, member: Member | None) -> LiveOrder:
    """Undo the last follow-up of an order, with the talk that was noted for it."""
    found = _locked(follow_up.order, member)
    last = found.follow_ups.filter(taken_back_at=None).order_by("-pk").first()
    if last is None or last.pk != follow_up.pk:
        raise WrongLiveOrder(_("This is not what was done last."), _("Take back first what came after it."))
    last.taken_back_at = timezone.now()
    last.save(update_fields=["taken_back_at", "updated_at"])
    before = noted_before(found)
    found.last_on, found.next_on = last.last_before, last.next_before
    found.save()
    note_change(found, before, verb="take_back_follow_up", member=member)
    if last.interaction is not None:
        try:
            withdraw_interaction(interaction=last.interaction, member=member)
        except WrongInteraction:  # something else holds on to it by now
            return found
    return found


def look_after_live_orders(*, on: date) -> None:
    """Every night and after every import: find customers and the orders that arrived, note what is overdue and late."""
    match_unknown(on=on)
    find_arrived(on=on)
    _settle_what_became_due(on=on)


def _settle_what_became_due(*, on: date) -> None:
    grace = timedelta(days=int(UNPAID_DAYS.value()))
    news = on - timedelta(days=LATE_SIGNAL_DAYS)
    due = Q(due_on__lt=on - grace, overdue_on=None, payment__in=LiveOrder.OWING, account__isnull=False)
    missed = Q(promised_on__range=(news, on), late_on=None, stage__in=LiveOrder.RUNNING, account__isnull=False)
    unvalued = Q(amount_base=None, currency__in=ExchangeRate.objects.values("currency"))
    found = running(LiveOrder.objects.all()).filter(due | missed | unvalued)
    for pk in list(found.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            order = LiveOrder.objects.select_for_update(of=("self",)).select_related("account").get(pk=pk)
            settle(order, on=on)
            order.save()


def _talk(order: LiveOrder, kind: str, *, on: date, said: str, member: Member | None) -> Interaction | None:
    if order.account is None or kind != LiveOrderFollowUp.Kind.CALL:
        return None
    text = ": ".join(part for part in (_("Order %(number)s") % {"number": order.number}, said) if part)
    return record_interaction(account=order.account, kind=Interaction.Kind.CALL, on=on, member=member, text=text)


def _settled(order: LiveOrder, before: dict[str, object], *, verb: str, on: date, member: Member | None) -> LiveOrder:
    settle(order, on=on)
    order.save()
    note_change(order, before, verb=verb, member=member)
    return order


def _locked(order: LiveOrder, member: Member | None) -> LiveOrder:
    require(member, Permission.WRITE)
    if not visible_live_orders(member).filter(pk=order.pk).exists():
        raise NoSuchLiveOrder(_("There is no such order."), _("It may have been closed, or belong to others."))
    locked = LiveOrder.objects.select_for_update(of=("self",)).select_related("account__merged_into")
    return locked.get(pk=order.pk)


def _refuse_closed(order: LiveOrder) -> None:
    if order.closed:
        raise WrongLiveOrder(
            _("This order is closed: %(why)s.") % {"why": order.get_closed_display()},
            _("Open it again first, if that was a mistake."),
        )
