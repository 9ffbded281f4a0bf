"""The lists of live orders, for sellers and service every morning: who has not paid, who left a quote or basket, which
customer must hear from us today that the order is late?
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from regulars.base.access import Permission, require
from regulars.core.money import from_minor
from regulars.facts import live_orders as facts
from regulars.facts.live_order_files import may_read_files
from regulars.facts.live_order_states import is_late, is_overdue, owed_minor, owes
from regulars.facts.models import LiveOrder
from regulars.web.csv_files import csv_answer
from regulars.web.desk import Desk, desk_of

ORDERS_A_PAGE: Final = 25
LONGEST_SEARCH: Final = 100
SHOWN: Final[dict[str, str | Promise]] = {
    "unpaid": gettext_lazy("Unpaid"),
    "abandoned": gettext_lazy("Abandoned"),
    "late": gettext_lazy("Late"),
    "all": gettext_lazy("All"),
}
WHOSE: Final[dict[str, str | Promise]] = {
    "mine": gettext_lazy("Mine"),
    "all": gettext_lazy("All"),
    "unknown": gettext_lazy("Customer not known"),
}


@dataclass(frozen=True, kw_only=True)
class ShownOrder:
    """An order as it is read."""

    order: LiveOrder
    amount: Decimal
    owed: Decimal
    overdue_days: int
    """0: nothing is overdue."""
    late_days: int
    """0: the promised day has not passed."""
    is_late: bool
    owes: bool
    days_old: int
    may_wait: bool
    """Somebody follows it up, and the day of the next look has not come."""

    @property
    def calls(self) -> bool:
        """Is it time that somebody calls?"""
        proposed = self.order.stage in LiveOrder.PROPOSED
        return not self.may_wait and (self.overdue_days > 0 or self.is_late or proposed)

    @property
    def customer(self) -> str:
        one = self.order
        return one.customer_name or one.customer_email or one.customer


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What was asked for."""

    show: str
    whose: str
    source: str
    text: str


@require_safe
def live_orders(request: HttpRequest) -> HttpResponse:
    """One list, what matters first on top; everything there is under All."""
    desk = desk_of(request)
    require(desk.member, Permission.READ)
    asked = _asked(request, desk)
    found = found_orders(desk, asked)
    page = Paginator(_related(found), ORDERS_A_PAGE).get_page(request.GET.get("page"))
    seen = facts.visible_live_orders(desk.member)
    context = {
        **frame_of(desk, tab=asked.show),
        "asked": asked,
        "page": page,
        "rows": [shown_order(one, desk.day) for one in page],
        "whose": {key: label for key, label in WHOSE.items() if key != "unknown" or desk.sees_everyone},
        "sources": sorted(set(facts.running(seen).order_by().values_list("source", flat=True).distinct()[:50])),
        "total": _total(found, asked.show),
        "anything": bool(page.object_list) or seen.exists(),
        "narrowed": bool(asked.text or asked.source or asked.whose != "all"),
    }
    return render(request, "web/live_orders/list.html", context)


@require_safe
def live_orders_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The list as a file, for who may take lists out of the house."""
    desk = desk_of(request)
    require(desk.member, Permission.EXPORT)
    asked = _asked(request, desk)
    headings = [
        _("Source"), _("Order"), _("Customer"), _("Looked after by"), _("Placed on"), _("Stage"), _("Promised for"),
        _("Expected on"), _("To be paid by"), _("Payment"), _("Currency"), _("Amount"), _("Still to be paid"),
        _("Days overdue"), _("Days late"), _("Last follow-up"), _("Next look"),
    ]  # fmt: skip
    return csv_answer(f"live-orders-{desk.day.isoformat()}.csv", headings, _lines(found_orders(desk, asked), desk.day))


def frame_of(desk: Desk, *, tab: str) -> dict[str, Any]:
    """The context that all pages of live orders share."""
    return {"desk": desk, "tab": tab, "tabs": SHOWN, "may_read_files": may_read_files(desk.member)}


def found_orders(desk: Desk, asked: Asked) -> QuerySet[LiveOrder]:
    """What was asked for, of what the member sees, in the order in which it matters."""
    found = facts.visible_live_orders(desk.member)
    if asked.whose == "mine":
        found = found.filter(account__owner=desk.member)
    elif asked.whose == "unknown":
        found = found.filter(account=None)
    if asked.source:
        found = found.filter(source=asked.source)
    if asked.text:
        text = asked.text
        names = Q(number__icontains=text) | Q(external_id__icontains=text) | Q(account__name__icontains=text)
        found = found.filter(names | Q(customer_name__icontains=text) | Q(customer=text))
    if asked.show == "unpaid":
        return facts.unpaid(found)
    if asked.show == "abandoned":
        return facts.abandoned(found, on=desk.day)
    return facts.late(found, on=desk.day) if asked.show == "late" else facts.running(found)


def shown_order(order: LiveOrder, day: date) -> ShownOrder:
    """The order with what follows for it on a day."""
    overdue = order.due_on is not None and is_overdue(order, on=day)
    promised = order.promised_on
    late = is_late(order, on=day) and not order.closed
    return ShownOrder(
        order=order,
        amount=from_minor(order.amount_minor, order.currency),
        owed=from_minor(owed_minor(order), order.currency),
        overdue_days=(day - order.due_on).days if overdue and order.due_on and not order.closed else 0,
        late_days=max((day - promised).days, 0) if late and promised else 0,
        is_late=late,
        owes=owes(order),
        days_old=(day - order.placed_on).days,
        may_wait=order.next_on is not None and order.next_on > day,
    )


def _asked(request: HttpRequest, desk: Desk) -> Asked:
    """What was asked for; where nobody said whose, one's own if there are any."""
    show = request.GET.get("show", "unpaid")
    asked = Asked(
        show=show if show in SHOWN else "unpaid",
        whose=request.GET.get("whose", ""),
        source=request.GET.get("source", "")[:64],
        text=request.GET.get("q", "").strip()[:LONGEST_SEARCH],
    )
    if asked.whose in WHOSE and (asked.whose != "unknown" or desk.sees_everyone):
        return asked
    mine = facts.running(facts.visible_live_orders(desk.member)).filter(account__owner=desk.member)
    return Asked(show=asked.show, whose="mine" if mine.exists() else "all", source=asked.source, text=asked.text)


def _related(found: QuerySet[LiveOrder]) -> QuerySet[LiveOrder]:
    return found.select_related("account__owner", "contact")


def _total(found: QuerySet[LiveOrder], show: str) -> float:
    """What the list comes to in the base currency, as far as rates are known."""
    column = "owed_base" if show == "unpaid" else "amount_base"
    return float(found.order_by().aggregate(total=Sum(column))["total"] or 0.0)


def _lines(found: QuerySet[LiveOrder], day: date) -> Iterator[list[Any]]:
    for one in _related(found).iterator(chunk_size=500):
        shown = shown_order(one, day)
        owner = one.account.owner if one.account else None
        yield [
            one.source, one.number, one.account.name if one.account else shown.customer, owner.name if owner else "",
            one.placed_on, one.get_stage_display(), one.promised_on or "", one.expected_on or "", one.due_on or "",
            one.get_payment_display(), one.currency, shown.amount, shown.owed, shown.overdue_days or "",
            shown.late_days or "", one.last_on or "", one.next_on or "",
        ]  # fmt: skip
