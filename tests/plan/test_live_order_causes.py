"""Unpaid, abandoned and late orders are on the list of the day, ranked by money, until somebody cares (E16, E7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from regulars.base.models import Member
from regulars.base.organisation import change_thresholds
from regulars.facts.live_order_feed import upsert_live_order
from regulars.facts.live_orders import follow_up, mark_paid
from regulars.facts.models import Account, LiveOrder
from regulars.insight.models import Snapshot
from regulars.plan.causes import CAUSES
from regulars.plan.closing import closing_sentence
from regulars.plan.models import Action
from regulars.plan.proposals import refresh_actions
from regulars.plan.today import todays_list

pytestmark = pytest.mark.django_db
AS_OF = date(2024, 12, 9)
DUE = AS_OF - timedelta(days=20)


def told(account: Account, number: str = "A1", **said: Any) -> LiveOrder:
    plain = {"account": account, "placed_on": AS_OF - timedelta(days=30), "currency": "EUR", "amount_minor": 50_000}
    return upsert_live_order(source="shop", external_id=number, on=AS_OF, member=None, **{**plain, **said}).order


def sentences(member: Member, cause: str) -> list[str]:
    reasons = [reason for card in todays_list(member, AS_OF).items for reason in (card.reason, *card.further)]
    (found,) = [one for one in reasons if one.action.cause == cause]
    return found.sentences


def test_an_unpaid_order_is_proposed_once_with_what_is_owed_and_closes_when_it_is_paid(
    scored: Callable[..., Account], snapshot: Snapshot, owner: Member
) -> None:
    account = scored("Harbour Gifts", owner=owner)
    order = told(account, stage="delivered", payment="partly", paid_minor=10_000, due_on=DUE)
    second = told(account, "A2", stage="delivered", payment="open", due_on=DUE + timedelta(days=1))
    told(account, "A3", stage="delivered", payment="open", due_on=AS_OF - timedelta(days=7))  # the firm still waits
    refresh_actions(snapshot=snapshot, today=AS_OF)
    action = Action.objects.get(cause="unpaid")
    assert action.expected_money == pytest.approx(900 * 0.25)
    assert "€400 of order A1" in sentences(owner, "unpaid")[0]
    assert "20 days ago" in sentences(owner, "unpaid")[0]
    assert "1 more" in sentences(owner, "unpaid")[1]
    follow_up(order=second, kind="call", on=AS_OF, member=owner)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    assert len(sentences(owner, "unpaid")) == 1
    mark_paid(order=order, on=AS_OF, member=owner)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    action.refresh_from_db()
    assert action.state == Action.State.CLOSED
    assert "paid" in closing_sentence(action.figures["closed"])
    refresh_actions(snapshot=snapshot, today=AS_OF + timedelta(days=7))  # the second was promised by now, and is not
    assert Action.objects.filter(cause="unpaid", state=Action.State.OPEN).exists()


def test_a_quote_and_a_basket_are_asked_about_until_they_are_ordered(
    scored: Callable[..., Account], snapshot: Snapshot, owner: Member
) -> None:
    quoted, basket = scored("Quoted", owner=owner), scored("Basket", owner=owner)
    told(quoted, stage="quote", amount_minor=100_000)
    told(basket, "B1", stage="basket", placed_on=AS_OF - timedelta(days=4), currency="USD")
    refresh_actions(snapshot=snapshot, today=AS_OF)
    stakes = {one.account: one.expected_money for one in Action.objects.filter(cause="abandoned_order")}
    assert stakes == {quoted: pytest.approx(1000 * 0.15), basket: pytest.approx(800 * 0.15)}  # its usual order: no rate
    told(quoted, stage="ordered")
    told(basket, "B1", stage="cancelled")
    refresh_actions(snapshot=snapshot, today=AS_OF)
    assert not Action.objects.filter(cause="abandoned_order", state=Action.State.OPEN).exists()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"promised_on": AS_OF - timedelta(days=2)}, "2 days ago"),
        ({"promised_on": AS_OF + timedelta(days=9), "expected_on": AS_OF + timedelta(days=12)}, "is expected on"),
        ({"promised_on": AS_OF + timedelta(days=1)}, "not on its way"),
    ],
)
def test_the_customer_of_a_late_order_hears_it_from_us_first(
    scored: Callable[..., Account], snapshot: Snapshot, owner: Member, said: dict[str, Any], words: str
) -> None:
    """E7."""
    account = scored("Harbour Gifts", owner=owner)
    order = told(account, stage="in_production", **said)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    assert words in sentences(owner, "late_order")[0]
    follow_up(order=order, kind="mail", on=AS_OF, member=owner, next_on=AS_OF + timedelta(days=5))
    refresh_actions(snapshot=snapshot, today=AS_OF)
    assert not Action.objects.filter(cause="late_order", state=Action.State.OPEN).exists()


def test_nothing_is_proposed_for_orders_of_unknown_customers_or_where_it_is_switched_off(
    scored: Callable[..., Account], snapshot: Snapshot, owner: Member
) -> None:
    account = scored("Harbour Gifts", owner=owner)
    lost = told(account, stage="delivered", payment="open", due_on=DUE)
    LiveOrder.objects.filter(pk=lost.pk).update(account=None)
    told(account, "A2", stage="quote")
    change_thresholds(member=owner, values={"propose_abandoned_order": False})
    refresh_actions(snapshot=snapshot, today=AS_OF)
    assert not Action.objects.filter(cause__in=["unpaid", "abandoned_order", "late_order"]).exists()


def test_every_sentence_can_be_said(owner: Member) -> None:
    figures = {
        "order": "A1", "day": "2024-12-01", "expected": None, "days": 8, "is_quote": False, "amount": 5.0,
        "order_currency": "EUR", "further": 0,
    }  # fmt: skip
    for key in ("unpaid", "abandoned_order", "late_order"):
        for one in (figures, figures | {"is_quote": True, "expected": "2024-12-20", "days": -1, "further": 2}):
            cause = CAUSES[key]
            said = [*cause.sentences(one), cause.advice(one), cause.opening(one)]
            assert all(said)
            assert not any("%(" in text for text in said)
