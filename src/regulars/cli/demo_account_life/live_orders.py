"""Live orders of the demo: what a shop and an ERP system say of orders that run at customers who buy often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from regulars.cli.language import _


@dataclass(frozen=True, kw_only=True)
class Made:
    """One order, in days from the day of the figures, and in parts of what the customer orders usually."""

    stage: str
    placed: int
    promised: int | None = None
    expected: int | None = None
    due: int | None = None
    payment: str = ""
    paid: float = 0.0
    size: float = 1.0


ORDERS = (
    Made(stage="delivered", placed=-62, due=-32, payment="open", size=1.4),
    Made(stage="delivered", placed=-50, due=-20, payment="partly", paid=0.4, size=1.1),
    Made(stage="delivered", placed=-44, due=-14, payment="open"),
    Made(stage="shipped", placed=-20, promised=-8, due=-4, payment="open", size=0.7),
    Made(stage="in_production", placed=-16, promised=-3, expected=4, due=12, payment="open", size=1.6),
    Made(stage="confirmed", placed=-9, promised=2, expected=6, due=20, payment="open"),
    Made(stage="confirmed", placed=-6, promised=1, due=24, payment="open", size=0.9),
    Made(stage="shipped", placed=-7, promised=3, due=14, payment="open", size=1.2),
    Made(stage="confirmed", placed=-4, promised=9, due=26, payment="open", size=0.8),
    Made(stage="ordered", placed=-1, promised=12, due=29, payment="open"),
    Made(stage="quote", placed=-33, size=2.5),
    Made(stage="quote", placed=-19, size=1.8),
    Made(stage="quote", placed=-5, size=1.3),
    Made(stage="basket", placed=-6, size=0.6),
    Made(stage="basket", placed=-4, size=0.5),
    Made(stage="delivered", placed=-30, due=0, payment="paid"),
)
CUSTOMERS_FROM_RANK = 12
"""The largest have stories of their own."""
SAID = _("They say the invoice went to the wrong address. Sent again; they pay this week.")


def let_orders_run(day: date) -> None:
    """A good dozen of running orders, of which some are unpaid, left or late; one of them was followed up."""
    from regulars.facts.live_order_feed import upsert_live_order
    from regulars.facts.live_orders import follow_up
    from regulars.facts.models import LiveOrder
    from regulars.insight.models import Score
    from regulars.insight.protection import protect

    bought = Score.objects.filter(rank__gte=CUSTOMERS_FROM_RANK, mean_order_value__gt=0, account__merged_into=None)
    recent = bought.filter(last_order__gte=day - timedelta(days=60)).select_related("account").order_by("rank")
    currency = _base_currency()
    customers = list(recent[: len(ORDERS) - 1])
    for number, made in enumerate(ORDERS[: len(customers) + 1]):
        score = customers[number % len(customers)] if customers else None
        if score is None:
            return
        minor = round((score.mean_order_value or 0.0) * made.size * 100)
        system = "shop" if made.stage == "basket" else "erp"
        upsert_live_order(
            source=system,
            external_id=f"{'B' if system == 'shop' else 'L'}-{7100 + number}",
            on=day,
            member=None,
            generated=True,
            account=score.account,
            customer_name=score.account.name,
            placed_on=day + timedelta(days=made.placed),
            stage=made.stage,
            promised_on=_day(day, made.promised),
            expected_on=_day(day, made.expected),
            due_on=_day(day, made.due),
            payment=made.payment,
            currency=currency,
            amount_minor=minor,
            paid_minor=round(minor * made.paid),
        )
    called = LiveOrder.objects.filter(generated=True, payment="partly").select_related("account__owner").first()
    if called is not None and called.account is not None:
        follow_up(order=called, kind="call", on=day, member=called.account.owner, said=str(SAID))
    protect([one.account_id for one in customers], on=day)


def _day(day: date, days: int | None) -> date | None:
    return None if days is None else day + timedelta(days=days)


def _base_currency() -> str:
    from regulars.base.organisation import organisation

    return organisation().base_currency
