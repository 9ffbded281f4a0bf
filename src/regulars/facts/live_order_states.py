"""What follows for a live order from what is known of it: whether it is overdue or late, whether it is closed.

An order closes by itself when it is cancelled, when it is delivered and paid, and when it stands in the order history
and nothing is to be paid any more as far as is known. What is opened again by a correction opens again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from regulars.base.models import Organisation
from regulars.base.warehouse import shared_engine
from regulars.core.money import convert_minor, from_minor
from regulars.facts.history import HISTORY
from regulars.facts.models import Account, ExchangeRate, LiveOrder, Signal
from regulars.facts.signals import SignalSource, record_signal, restore_signal, withdraw_signal
from regulars.facts.thresholds import UNPAID_DAYS

NUMBERS_AT_ONCE: Final = 5_000
SAME_ORDER_DAYS: Final = 31
"""A number is used again in other years: a line of the history that is so much older is of another order."""
LATE_SIGNAL_DAYS: Final = 30
"""A promise that passed longer ago than this, when it is first heard of, is no news: the source may keep no stages."""
ARRIVALS_CHECKED_DAYS: Final = 60
"""So long the import that brought an order may be undone, and the order runs again."""


def told_payment(told: Mapping[str, Any], amount_minor: int) -> tuple[str, int]:
    """Payment and what was paid, by what the source says. One that tells only an amount tells with it if it is all."""
    payment, paid = str(told.get("payment") or ""), min(int(told.get("paid_minor") or 0), amount_minor)
    if payment == LiveOrder.Payment.PAID or (paid and paid == amount_minor):
        return LiveOrder.Payment.PAID, amount_minor
    return (LiveOrder.Payment.PARTLY if paid else payment), paid


def owes(order: LiveOrder) -> bool:
    """Is money still to be paid, by a day that was said?"""
    ordered = order.stage not in (*LiveOrder.PROPOSED, LiveOrder.Stage.CANCELLED)
    return ordered and order.payment in LiveOrder.OWING and order.due_on is not None


def owed_minor(order: LiveOrder) -> int:
    """What is still to be paid, as far as is known."""
    if order.payment == LiveOrder.Payment.PAID or order.stage == LiveOrder.Stage.CANCELLED:
        return 0
    return max(order.amount_minor - order.paid_minor, 0)


def is_overdue(order: LiveOrder, *, on: date, grace_days: int = 0) -> bool:
    """Has the day passed by which it was to be paid, and the days of grace?"""
    return owes(order) and order.due_on is not None and (on - order.due_on).days > grace_days


def is_late(order: LiveOrder, *, on: date) -> bool:
    """Was it promised for a day that has passed, or will it come after that day by what the source says?"""
    if order.stage not in LiveOrder.RUNNING or order.promised_on is None or order.arrived_on is not None:
        return False
    return order.promised_on < on or (order.expected_on is not None and order.expected_on > order.promised_on)


def settle(order: LiveOrder, *, on: date, firm: Organisation | None = None) -> None:
    """Bring what follows in line with what is known: amounts in the base currency, closing, signals. Not saved here.

    One that we closed by hand stays closed; who opens it again empties `closed` first.
    """
    _value(order, on=on, firm=firm)
    if order.closed != LiveOrder.Closed.BY_HAND:
        _close_or_open(order, on)
    if order.account is not None and order.pk is not None:
        _signal_overdue(order, on)
        _signal_late(order, on)


def _close_or_open(order: LiveOrder, on: date) -> None:
    why = _why_closed(order)
    if why == order.closed:
        return
    order.closed, order.closed_on, order.closed_by, order.closed_said = why, on if why else None, None, ""


def _why_closed(order: LiveOrder) -> LiveOrder.Closed:
    if order.stage == LiveOrder.Stage.CANCELLED:
        return LiveOrder.Closed.CANCELLED
    if order.arrived_on is not None and not owes(order):
        return LiveOrder.Closed.ARRIVED
    if order.stage == LiveOrder.Stage.DELIVERED and order.payment == LiveOrder.Payment.PAID:
        return LiveOrder.Closed.SETTLED
    return LiveOrder.Closed.NONE


# Money


def _value(order: LiveOrder, *, on: date, firm: Organisation | None) -> None:
    """Amounts in the base currency, to rank by; None where no rate is known."""
    firm = firm or Organisation.objects.order_by("pk").first() or Organisation()
    rate = rate_of(order.currency, firm.base_currency, on=on)
    order.amount_base = _in_base(order.amount_minor, order.currency, firm.base_currency, rate)
    order.owed_base = _in_base(owed_minor(order), order.currency, firm.base_currency, rate)


def rate_of(currency: str, base_currency: str, *, on: date) -> Decimal | None:
    """The newest rate of a day, 1 for the base currency itself. For ranking: an old rate is better than none."""
    if currency == base_currency:
        return Decimal(1)
    known = ExchangeRate.objects.filter(currency=currency, valid_from__lte=on).order_by("-valid_from")
    return known.values_list("rate", flat=True).first()


def _in_base(minor: int, currency: str, base_currency: str, rate: Decimal | None) -> float | None:
    if rate is None:
        return None
    converted = convert_minor(minor, rate=rate, from_currency=currency, to_currency=base_currency)
    return float(from_minor(converted, base_currency))


# Signals


def _signal_overdue(order: LiveOrder, on: date) -> None:
    """Once per order; withdrawn when it is paid after all, put back when that was a mistake."""
    if order.overdue_on is None:
        if not order.closed and is_overdue(order, on=on, grace_days=int(UNPAID_DAYS.value())):
            order.overdue_on = on
            known = _signals_of(order, "invoice_unpaid").first()
            if known is None:
                _record(order, "invoice_unpaid", on)
            elif known.withdrawn_at is not None:
                restore_signal(signal=known, member=None)
    elif not owes(order):
        order.overdue_on = None
        for signal in _signals_of(order, "invoice_unpaid").filter(withdrawn_at=None):
            withdraw_signal(signal=signal, member=None, reason=_("Settled since."))


def _signal_late(order: LiveOrder, on: date) -> None:
    """Once per order, when the day that was promised passes. It stays when the goods come: they were late."""
    promised = order.promised_on
    if order.late_on is not None or order.closed or promised is None or not is_late(order, on=on):
        return
    if promised < on and (on - promised).days <= LATE_SIGNAL_DAYS:
        order.late_on = on
        _record(order, "late_delivery", on)


def _record(order: LiveOrder, kind: str, on: date) -> None:
    assert order.account is not None, "an order without an account has no signals"
    record_signal(
        account=order.account,
        kind=kind,
        observed_on=on,
        member=None,
        said=_("Order %(number)s") % {"number": order.number},
        source=SignalSource.of(order),
    )


def _signals_of(order: LiveOrder, kind: str) -> QuerySet[Signal]:
    source = SignalSource.of(order)
    return Signal.objects.filter(source_kind=source.kind, source_uid=source.uid, kind=kind).order_by("-pk")


# The order history


def find_arrived(*, on: date) -> int:
    """Note which running orders stand in the order history by now, and which do not any more. How many changed.

    The number counts, for the same source or the same customer. An order whose customer was not known gets the one
    that it has in the history.
    """
    if HISTORY.version_in_force() < 0:
        return 0
    since = on - timedelta(days=ARRIVALS_CHECKED_DAYS)
    looked_at = Q(closed=LiveOrder.Closed.NONE) | Q(closed=LiveOrder.Closed.ARRIVED, arrived_on__gte=since)
    ids = list(LiveOrder.objects.filter(looked_at).order_by("pk").values_list("pk", flat=True))
    return sum(_find_some(ids[start : start + NUMBERS_AT_ONCE], on=on) for start in range(0, len(ids), NUMBERS_AT_ONCE))


def _find_some(ids: list[int], *, on: date) -> int:
    """The history is read before anything is locked: nobody is to wait for that."""
    found = _in_history(set(LiveOrder.objects.filter(pk__in=ids).values_list("number", flat=True)))
    with transaction.atomic():
        locked = LiveOrder.objects.select_for_update(of=("self",)).select_related("account__merged_into")
        return _note_arrivals(locked.filter(pk__in=ids).order_by("pk"), found, on=on)


def _note_arrivals(orders: Iterable[LiveOrder], found: Mapping[str, list[_Line]], *, on: date) -> int:
    firm = Organisation.objects.order_by("pk").first()
    changed = 0
    for order in orders:
        line = _line_of(order, found.get(order.number, []))
        if (line is not None) == (order.arrived_on is not None):
            continue
        order.arrived_on = on if line is not None else None
        if order.account is None and line is not None and line.account_id is not None:
            order.account = _home(line.account_id)
        settle(order, on=on, firm=firm)
        order.save()
        changed += 1
    return changed


class _Line:
    """An order of the history: its source, whose it is now, its day."""

    def __init__(self, source: str, account_id: int | None, day: date) -> None:
        self.source, self.account_id, self.day = source, account_id, day


def _in_history(numbers: set[str]) -> dict[str, list[_Line]]:
    with shared_engine() as engine:
        rows = engine.rows(
            f"SELECT order_id, source, account_id, max(business_date) FROM {HISTORY.relation()} "
            "WHERE order_id IN (SELECT unnest(?::VARCHAR[])) AND kind IN ('sale', 'return') "
            "GROUP BY order_id, source, account_id ORDER BY ALL",
            [sorted(numbers)],
        )
    merged = _merged_into({row[2] for row in rows if row[2] is not None})
    found: dict[str, list[_Line]] = {}
    for number, source, account_id, day in rows:
        found.setdefault(number, []).append(_Line(source, merged.get(account_id, account_id), day))
    return found


def _merged_into(accounts: Iterable[int]) -> dict[int, int]:
    known = Account.objects.filter(pk__in=list(accounts), merged_into__isnull=False)
    return {pk: home for pk, home in known.values_list("pk", "merged_into_id") if home is not None}


def _line_of(order: LiveOrder, lines: Iterable[_Line]) -> _Line | None:
    earliest = order.placed_on - timedelta(days=SAME_ORDER_DAYS)
    for line in lines:
        same = line.source == order.source or (order.account_id is not None and line.account_id == order.account_id)
        if same and line.day >= earliest:
            return line
    return None


def _home(account_id: int) -> Account | None:
    account = Account.objects.select_related("merged_into").filter(pk=account_id).first()
    return account and (account.merged_into or account)
