"""Live orders that are unpaid, abandoned or late: whom to remind, to ask, to tell before they ask (mission E16, E7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.base.formats import money, number
from regulars.core.money import from_minor
from regulars.facts import live_orders
from regulars.facts.live_order_states import owed_minor
from regulars.facts.models import LiveOrder
from regulars.plan.causes.cause import Cause, Figures, Firing, Ground
from regulars.plan.causes.figures import figures_of, iso_day
from regulars.plan.standing import Standing, worth_a_year


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What an account waits for, or we from it: the order that matters first, and how many more there are."""

    order: str
    day: date
    expected: date | None
    is_quote: bool
    amount_minor: int
    currency: str
    base: float | None
    """Of all of them together, base currency; None where no rate is known."""
    further: int = 0


def _to_be_reminded(ground: Ground) -> QuerySet[LiveOrder]:
    return _waiting(live_orders.to_be_reminded(LiveOrder.objects.all(), on=ground.on), ground)


def _abandoned(ground: Ground) -> QuerySet[LiveOrder]:
    return _waiting(live_orders.abandoned(LiveOrder.objects.all(), on=ground.on), ground)


def _late(ground: Ground) -> QuerySet[LiveOrder]:
    return _waiting(live_orders.late(LiveOrder.objects.all(), on=ground.on), ground)


def _waiting(orders: QuerySet[LiveOrder], ground: Ground) -> QuerySet[LiveOrder]:
    return live_orders.to_be_looked_at(orders.exclude(account=None), on=ground.on)


def _candidates(orders: Callable[[Ground], QuerySet[LiveOrder]]) -> Callable[[Ground], Q]:
    return lambda ground: Q(pk__in=orders(ground).order_by().values("account_id"))


def _look_up(
    orders: Callable[[Ground], QuerySet[LiveOrder]], told: Callable[[LiveOrder], Waiting]
) -> Callable[[Ground], Mapping[int, Waiting]]:
    """By account: the first of its orders, with the money of all of them."""

    def found(ground: Ground) -> dict[int, Waiting]:
        waiting: dict[int, Waiting] = {}
        for order in orders(ground):
            assert order.account_id is not None, "an order of an unknown customer was asked for"
            one, first = told(order), waiting.get(order.account_id)
            if first is None:
                waiting[order.account_id] = one
            else:
                both = None if first.base is None or one.base is None else first.base + one.base
                waiting[order.account_id] = replace(first, further=first.further + 1, base=both)
        return waiting

    return found


def _owed(order: LiveOrder) -> Waiting:
    return _told(order, day=order.due_on or order.placed_on, minor=owed_minor(order), base=order.owed_base)


def _offered(order: LiveOrder) -> Waiting:
    return _told(order, day=order.placed_on, minor=order.amount_minor, base=order.amount_base)


def _promised(order: LiveOrder) -> Waiting:
    return _told(order, day=order.promised_on or order.placed_on, minor=order.amount_minor, base=order.amount_base)


def _told(order: LiveOrder, *, day: date, minor: int, base: float | None) -> Waiting:
    return Waiting(
        order=order.number,
        day=day,
        expected=order.expected_on,
        is_quote=order.stage == LiveOrder.Stage.QUOTE,
        amount_minor=minor,
        currency=order.currency,
        base=base,
    )


def _figures(standing: Standing, ground: Ground, found: Waiting) -> Figures:
    return figures_of(standing, ground) | {
        "order": found.order,
        "day": found.day.isoformat(),
        "expected": found.expected.isoformat() if found.expected else None,
        "days": (ground.on - found.day).days,
        "is_quote": found.is_quote,
        "amount": float(from_minor(found.amount_minor, found.currency)),
        "order_currency": found.currency,
        "further": found.further,
    }


def _money_at_stake(standing: Standing, found: Waiting) -> float:
    """What the orders come to; where their currency has no rate, what one order of this customer usually does."""
    return (standing.mean_order_value or 0.0) if found.base is None else found.base


def _unpaid_fires(standing: Standing, ground: Ground) -> Firing | None:
    found: Waiting | None = standing.found.get("unpaid")
    if found is None:
        return None
    return Firing(
        stake=_money_at_stake(standing, found),
        uplift=ground.thresholds.unpaid_uplift,
        figures=_figures(standing, ground, found),
    )


def _abandoned_fires(standing: Standing, ground: Ground) -> Firing | None:
    found: Waiting | None = standing.found.get("abandoned_order")
    if found is None:
        return None
    return Firing(
        stake=_money_at_stake(standing, found),
        uplift=ground.thresholds.abandoned_order_uplift,
        figures=_figures(standing, ground, found),
    )


def _late_fires(standing: Standing, ground: Ground) -> Firing | None:
    found: Waiting | None = standing.found.get("late_order")
    if found is None:
        return None
    return Firing(
        stake=max(worth_a_year(standing), standing.expected_value_365 or 0.0),
        uplift=ground.thresholds.late_order_uplift,
        figures=_figures(standing, ground, found),
    )


def is_another_order(before: Figures, firing: Firing) -> bool:
    """Is it about another order, or another day, than when the action was done or dismissed?"""
    return (firing.figures["order"], firing.figures["day"]) != (before.get("order"), before.get("day"))


# In words


def _said(figures: Figures) -> dict[str, str]:
    return {
        "order": figures["order"],
        "amount": money(figures["amount"], figures["order_currency"]),
        "day": iso_day(figures["day"]),
        "days": number(abs(figures["days"])),
    }


def _further(figures: Figures) -> list[str]:
    if not figures["further"]:
        return []
    told = ngettext(
        "%(count)s more of its orders is in the same state.",
        "%(count)s more of its orders are in the same state.",
        figures["further"],
    )
    return [told % {"count": number(figures["further"])}]


def _unpaid_sentences(figures: Figures) -> list[str]:
    first = ngettext(
        "%(amount)s of order %(order)s are not paid. They were due %(days)s day ago, on %(day)s.",
        "%(amount)s of order %(order)s are not paid. They were due %(days)s days ago, on %(day)s.",
        figures["days"],
    )
    return [first % _said(figures), *_further(figures)]


def _unpaid_advice(figures: Figures) -> str:
    return _(
        "Call before anybody sends a reminder: ask whether something was wrong with the order, and agree on a day."
    )


def _unpaid_opening(figures: Figures) -> str:
    return _("I am calling about order %(order)s. Was everything as it should be?") % _said(figures)


def _abandoned_sentences(figures: Figures) -> list[str]:
    if figures["is_quote"]:
        first = _("It got a quote of %(amount)s on %(day)s (%(order)s), and has not ordered.")
    else:
        first = _("On %(day)s it put %(amount)s into the basket (%(order)s), and has not ordered.")
    return [first % _said(figures), *_further(figures)]


def _abandoned_advice(figures: Figures) -> str:
    if figures["is_quote"]:
        return _("Ask what is still open about the quote, and what it would take. Close it where nothing comes of it.")
    return _("Ask whether something kept it from ordering, and help with it.")


def _abandoned_opening(figures: Figures) -> str:
    if figures["is_quote"]:
        return _("You have our quote of %(day)s. What is still open for you?") % _said(figures)
    return _("You had chosen something with us on %(day)s. Can I help with it?") % _said(figures)


def _late_sentences(figures: Figures) -> list[str]:
    if figures["expected"] and figures["expected"] > figures["day"]:
        told = _("Order %(order)s (%(amount)s) was promised for %(day)s and is expected on %(expected)s.")
        first = told % (_said(figures) | {"expected": iso_day(figures["expected"])})
    elif figures["days"] > 0:
        told = ngettext(
            "Order %(order)s (%(amount)s) was promised for %(day)s, %(days)s day ago, and is not delivered.",
            "Order %(order)s (%(amount)s) was promised for %(day)s, %(days)s days ago, and is not delivered.",
            figures["days"],
        )
        first = told % _said(figures)
    else:
        told = _("Order %(order)s (%(amount)s) is promised for %(day)s and is not on its way yet.")
        first = told % _said(figures)
    return [first, *_further(figures)]


def _late_advice(figures: Figures) -> str:
    return _("Find out when it comes, and tell the customer today, before they ask. Say openly what happened.")


def _late_opening(figures: Figures) -> str:
    return _("Your order %(order)s comes later than we promised. I want to tell you myself when.") % _said(figures)


UNPAID: Final = Cause(
    key="unpaid",
    name=gettext_lazy("an order is unpaid"),
    when=gettext_lazy("The day of payment of a live order passed some days ago, and money is still to come."),
    candidates=_candidates(_to_be_reminded),
    fires=_unpaid_fires,
    sentences=_unpaid_sentences,
    advice=_unpaid_advice,
    opening=_unpaid_opening,
    quiet_days=7,
    renewed=is_another_order,
    settled=gettext_lazy("It was paid, or somebody follows it up."),
    look_up=_look_up(_to_be_reminded, _owed),
)
ABANDONED: Final = Cause(
    key="abandoned_order",
    name=gettext_lazy("a quote or basket was left"),
    when=gettext_lazy("A quote or a basket in the shop became no order for some days."),
    candidates=_candidates(_abandoned),
    fires=_abandoned_fires,
    sentences=_abandoned_sentences,
    advice=_abandoned_advice,
    opening=_abandoned_opening,
    quiet_days=14,
    renewed=is_another_order,
    settled=gettext_lazy("It was ordered or closed, or somebody follows it up."),
    look_up=_look_up(_abandoned, _offered),
)
LATE: Final = Cause(
    key="late_order",
    name=gettext_lazy("an order is late"),
    when=gettext_lazy("The promised day of a live order has passed or will be missed, and nobody told the customer."),
    candidates=_candidates(_late),
    fires=_late_fires,
    sentences=_late_sentences,
    advice=_late_advice,
    opening=_late_opening,
    quiet_days=3,
    renewed=is_another_order,
    settled=gettext_lazy("It was delivered, or the customer was told."),
    look_up=_look_up(_late, _promised),
)
KEYS: Final = frozenset({UNPAID.key, ABANDONED.key, LATE.key})
