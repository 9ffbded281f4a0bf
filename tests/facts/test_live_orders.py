"""Live orders are taken in, become overdue, abandoned or late, are followed up and close (mission E16, E7)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from regulars.base.access import Forbidden
from regulars.base.audit import history_of
from regulars.base.models import Member, Organisation, Team
from regulars.facts import live_orders as facts
from regulars.facts.accounts import NoSuchAccount
from regulars.facts.history import HISTORY
from regulars.facts.imports.undo import _delete
from regulars.facts.live_order_feed import Taken, WrongLiveOrder, upsert_live_order
from regulars.facts.live_order_states import is_overdue, owed_minor, told_payment
from regulars.facts.live_orders import NoSuchLiveOrder, look_after_live_orders
from regulars.facts.merges import merge_accounts, undo_merge
from regulars.facts.models import Account, Contact, ExchangeRate, Interaction, LiveOrder, Signal
from written_history import write_history

pytestmark = pytest.mark.django_db
ON = date(2024, 12, 9)
LONG_AGO = ON - timedelta(days=40)


@pytest.fixture
def account(owner: Member) -> Account:
    return Account.objects.create(name="Harbour Gifts", owner=owner, source="erp", external_id="C7")


def told(member: Member | None = None, *, number: str = "A1", source: str = "shop", **said: Any) -> Taken:
    plain = {"customer": "C7", "placed_on": ON - timedelta(days=5), "currency": "EUR", "amount_minor": 10_000}
    changed_at = said.pop("changed_at", None)
    return upsert_live_order(
        source=source, external_id=number, on=ON, member=member, changed_at=changed_at, **{**plain, **said}
    )


def unpaid_order(**said: Any) -> LiveOrder:
    return told(stage="delivered", payment="open", due_on=ON - timedelta(days=20), **said).order


def kinds(account: Account) -> list[str]:
    standing = Signal.objects.filter(account=account, withdrawn_at=None)
    return sorted(standing.values_list("kind", flat=True))


def test_an_order_is_kept_once_however_often_it_is_sent(account: Account, owner: Member) -> None:
    """E16."""
    first = told(owner)
    assert (first.outcome, first.order.account, first.order.number) == ("new", account, "A1")
    assert told(owner).outcome == "unchanged"
    assert told(owner, stage="shipped").outcome == "changed"
    assert LiveOrder.objects.get().stage == "shipped"
    assert [entry.verb for entry in history_of(first.order)] == ["take_live_order"] * 2


def test_what_is_older_than_what_is_known_changes_nothing(account: Account) -> None:
    noon = datetime(2024, 12, 9, 12, tzinfo=UTC)
    told(stage="shipped", changed_at=noon)
    assert told(stage="confirmed", changed_at=noon - timedelta(hours=1)).outcome == "older"
    assert LiveOrder.objects.get().stage == "shipped"
    with pytest.raises(WrongLiveOrder, match="lies ahead"):
        told(stage="delivered", changed_at=datetime(2199, 1, 1, tzinfo=UTC))


def test_what_people_noted_stays_until_the_source_says_otherwise(account: Account, owner: Member) -> None:
    order = told(payment="open", due_on=ON).order
    facts.mark_paid(order=order, on=ON, member=owner)
    assert told(payment="open", due_on=ON, stage="shipped").order.payment == "paid"
    assert told(payment="partly", paid_minor=4_000).order.paid_minor == 4_000
    facts.close_live_order(order=order, on=ON, member=owner, reason="Sorted out")
    assert told(due_on=ON + timedelta(days=1)).order.closed == "by_hand"
    assert told(stage="delivered").order.closed == ""


def test_the_customer_is_found_by_number_address_or_name_and_else_waits(account: Account, owner: Member) -> None:
    other = Account.objects.create(name="Zoo", owner=owner, email="zoo@example.com")
    Contact.objects.create(account=account, name="Ann", email="ann@example.com")
    by_contact = told(number="1", customer="", customer_email="Ann@Example.com").order
    assert (by_contact.account, by_contact.contact and by_contact.contact.name) == (account, "Ann")
    assert told(number="2", customer="", customer_email="zoo@example.com").order.account == other
    assert told(number="3", customer="", customer_name="zoo").order.account == other
    waiting = told(number="4", customer="C99", customer_name="Zoo").order
    assert waiting.account is None  # a number that nobody has is another customer of the same name
    Account.objects.create(name="Zoo 2", source="shop", external_id="C99")
    look_after_live_orders(on=ON)
    waiting.refresh_from_db()
    assert str(waiting.account) == "Zoo 2"


def test_who_is_given_an_order_by_hand_keeps_it(account: Account, owner: Member) -> None:
    order = told(customer="?").order
    facts.give_live_order(order=order, account=account, on=ON, member=owner)
    assert told(customer="?", stage="shipped").order.account == account
    assert told(customer="??").order.account is None


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"currency": "EURO"}, "currency"),
        ({"amount_minor": -1}, "amount_minor"),
        ({"stage": "gone"}, "stage"),
        ({"payment": "yes"}, "payment"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"due_on": date.max}, "due_on"),
        ({"placed_on": date.min}, "placed_on"),
        ({"changed_at": datetime.min.replace(tzinfo=UTC)}, "changed_at"),
        ({"number": "9" * 201}, "external_id"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field(account: Account, said: dict[str, Any], field: str) -> None:
    with pytest.raises(WrongLiveOrder) as refused:
        told(**said)
    assert refused.value.field == field
    assert refused.value.way_out
    assert not LiveOrder.objects.exists()


def test_an_overdue_order_is_a_signal_once_and_no_more_when_it_is_paid(account: Account, owner: Member) -> None:
    """E16."""
    order = unpaid_order()
    look_after_live_orders(on=ON + timedelta(days=1))
    assert kinds(account) == ["invoice_unpaid"]
    facts.mark_paid(order=order, on=ON, member=owner, paid_minor=3_000)
    assert kinds(account) == ["invoice_unpaid"]
    paid = facts.mark_paid(order=order, on=ON, member=owner)
    assert (kinds(account), paid.closed) == ([], "settled")
    facts.reopen_live_order(order=order, on=ON, member=owner)
    assert kinds(account) == ["invoice_unpaid"]
    assert Signal.objects.count() == 1


def test_an_order_within_the_days_of_grace_is_no_signal(account: Account) -> None:
    told(stage="delivered", payment="open", due_on=ON - timedelta(days=7))
    assert kinds(account) == []
    look_after_live_orders(on=ON + timedelta(days=1))
    assert kinds(account) == ["invoice_unpaid"]


def test_a_promise_that_passes_is_a_late_delivery_once(account: Account) -> None:
    """E7."""
    told(stage="in_production", promised_on=ON - timedelta(days=1))
    told(number="A2", stage="in_production", promised_on=ON - timedelta(days=200))  # its source keeps no stages
    look_after_live_orders(on=ON)
    assert kinds(account) == ["late_delivery"]
    told(stage="delivered", promised_on=ON - timedelta(days=1))
    assert kinds(account) == ["late_delivery"]


def test_lists_hold_what_is_unpaid_abandoned_and_late(account: Account, owner: Member) -> None:
    """E16, E7."""
    unpaid_order(number="overdue")
    told(number="due later", payment="open", due_on=ON + timedelta(days=9))
    told(number="quoted", stage="quote", placed_on=ON - timedelta(days=14))
    told(number="young quote", stage="quote", placed_on=ON - timedelta(days=13))
    told(number="old quote", stage="quote", placed_on=ON - timedelta(days=400))
    told(number="basket", stage="basket", placed_on=ON - timedelta(days=3))
    told(number="bought since", stage="basket", placed_on=ON - timedelta(days=10))
    told(number="missed", stage="confirmed", promised_on=ON - timedelta(days=2))
    told(number="tomorrow, here", stage="confirmed", promised_on=ON + timedelta(days=1))
    told(number="tomorrow, under way", stage="shipped", promised_on=ON + timedelta(days=1))
    told(number="expected later", promised_on=ON + timedelta(days=9), expected_on=ON + timedelta(days=12))
    told(number="cancelled", stage="cancelled", promised_on=LONG_AGO, payment="open", due_on=LONG_AGO)
    everything = facts.visible_live_orders(owner)
    assert [one.number for one in facts.unpaid(everything)] == ["overdue", "due later"]
    assert [one.number for one in facts.overdue(everything, on=ON)] == ["overdue"]
    assert [one.number for one in facts.abandoned(everything, on=ON)] == ["basket", "quoted"]
    late = [one.number for one in facts.late(everything, on=ON)]
    assert late == ["missed", "tomorrow, here", "expected later"]
    LiveOrder.objects.exclude(stage__in=["quote", "basket"]).delete()
    assert [one.number for one in facts.abandoned(everything, on=ON)] == ["basket", "bought since", "quoted"]


def test_an_order_closes_when_it_stands_in_the_history_and_nothing_is_owed(account: Account, owner: Member) -> None:
    settled, owing = told(number="S1").order, unpaid_order(number="S2")
    elsewhere, unknown = told(number="S3").order, told(number="S4", customer="C99", source="erp").order
    write_history([{"account_id": account.pk, "business_date": ON, "net_base_minor": 1, "order_id": "of another"}])
    lines = [
        {"account_id": account.pk, "business_date": ON, "net_base_minor": 100, "source": "erp", "order_id": number}
        for number in ("S1", "S2", "S4")
    ]
    foreign = {"account_id": account.pk + 1, "source": "erp", "order_id": "S3"}
    old = {"account_id": account.pk, "source": "erp", "order_id": "S3", "business_date": date(2023, 1, 1)}
    write_history([*lines, {**lines[0], **foreign}, {**lines[0], **old, "line_no": "2"}])
    look_after_live_orders(on=ON)
    closed = {one.pk: one.closed for one in LiveOrder.objects.all()}
    assert closed == {settled.pk: "arrived", owing.pk: "", elsewhere.pk: "", unknown.pk: "arrived"}
    unknown.refresh_from_db()
    assert unknown.account == account
    facts.mark_paid(order=owing, on=ON, member=owner)
    owing.refresh_from_db()
    assert owing.closed == "arrived"
    HISTORY.put_in_force(0)  # the import is undone
    look_after_live_orders(on=ON)
    settled.refresh_from_db()
    assert (settled.closed, settled.arrived_on) == ("", None)


def test_a_follow_up_sets_the_next_look_and_can_be_taken_back(account: Account, owner: Member) -> None:
    """E16."""
    order = unpaid_order()
    made = facts.follow_up(order=order, kind="call", on=ON, member=owner, said="Pays on Friday")
    order.refresh_from_db()
    assert (order.last_on, order.next_on) == (ON, ON + timedelta(days=7))
    assert Interaction.objects.get().kind == "call"
    waiting = facts.to_be_looked_at(facts.visible_live_orders(owner), on=ON + timedelta(days=6))
    assert not waiting.exists()
    facts.take_back_follow_up(follow_up=made, member=owner)
    order.refresh_from_db()
    assert (order.last_on, order.next_on, Interaction.objects.count()) == (None, None, 0)
    with pytest.raises(WrongLiveOrder, match="passed"):
        facts.follow_up(order=order, kind="call", on=ON, member=owner, next_on=LONG_AGO)
    with pytest.raises(WrongLiveOrder, match="empty"):
        facts.follow_up(order=order, kind="note", on=ON, member=owner)


def test_a_cancelled_order_can_be_opened_again(account: Account, owner: Member) -> None:
    order = unpaid_order()
    gone = facts.cancel_live_order(order=order, on=ON, member=owner, said="Sent back")
    assert (gone.closed, gone.stage, kinds(account)) == ("by_hand", "cancelled", [])
    assert unpaid_order().closed == "by_hand"  # the source repeats what it said
    with pytest.raises(WrongLiveOrder, match="closed"):
        facts.follow_up(order=order, kind="call", on=ON, member=owner)
    back = facts.reopen_live_order(order=order, on=ON, member=owner)
    assert (back.closed, back.stage, kinds(account)) == ("", "delivered", ["invoice_unpaid"])


def test_each_sees_the_orders_of_own_accounts_and_only_who_sees_all_those_of_strangers(
    account: Account, owner: Member
) -> None:
    north, south = Team.objects.create(name="North"), Team.objects.create(name="South")
    anna = Member.objects.create(email="anna@example.com", role=Member.Role.ACCOUNT_MANAGER, team=north)
    ben = Member.objects.create(email="ben@example.com", role=Member.Role.NEW_BUSINESS_SELLER, team=south)
    care = Member.objects.create(email="care@example.com", role=Member.Role.SERVICE)
    analyst = Member.objects.create(email="ana@example.com", role=Member.Role.ANALYST)
    Account.objects.filter(pk=account.pk).update(owner=anna)
    order, stranger = told().order, told(number="A2", customer="?").order

    def seen(member: Member) -> set[LiveOrder]:
        return set(facts.visible_live_orders(member))

    assert [seen(one) for one in (anna, ben, care, analyst)] == [
        {order}, set(), {order, stranger}, {order, stranger},
    ]  # fmt: skip
    with pytest.raises(NoSuchLiveOrder):
        facts.mark_paid(order=order, on=ON, member=ben)
    with pytest.raises(Forbidden):
        facts.mark_paid(order=order, on=ON, member=analyst)
    with pytest.raises(NoSuchAccount):
        told(ben, number="A3")
    with pytest.raises(NoSuchAccount):
        told(anna, number="A4", customer="?")
    with pytest.raises(NoSuchAccount):
        told(ben, stage="cancelled")
    assert told(anna, stage="shipped").outcome == "changed"


def test_orders_follow_a_merge_and_wait_when_their_account_goes(account: Account, owner: Member) -> None:
    kept = Account.objects.create(name="Harbour", owner=owner)
    order = told().order
    merge = merge_accounts(kept=kept, merged=account, member=owner)
    assert LiveOrder.objects.get().account == kept
    assert told(number="A2").order.account == kept
    undo_merge(merge=merge, member=owner)
    assert LiveOrder.objects.get(pk=order.pk).account == account
    short_lived = Account.objects.create(name="Goes", source="shop", external_id="C9")
    waiting = told(number="A3", customer="C9").order
    _delete(Account, [short_lived.pk])
    waiting.refresh_from_db()
    assert (waiting.account, waiting.customer) == (None, "C9")


def test_amounts_are_ranked_in_the_currency_of_the_firm(account: Account) -> None:
    order = told(currency="USD", payment="partly", paid_minor=4_000, due_on=ON).order
    assert order.amount_base is None
    ExchangeRate.objects.create(currency="USD", valid_from=ON, rate="0.5")
    look_after_live_orders(on=ON)
    ranked = LiveOrder.objects.get(pk=order.pk)
    assert (ranked.amount_base, ranked.owed_base) == (50.0, 30.0)


FIELDS = st.fixed_dictionaries(
    {
        "stage": st.sampled_from(LiveOrder.Stage.values),
        "payment": st.sampled_from(LiveOrder.Payment.values),
        "amount_minor": st.integers(0, 20_000),
        "paid_minor": st.integers(0, 20_000),
        "due_on": st.none() | st.dates(date(2024, 11, 1), date(2024, 12, 30)),
        "promised_on": st.none() | st.dates(date(2024, 11, 1), date(2024, 12, 30)),
        "customer": st.sampled_from(["C7", "C8", ""]),
    }
)
KEPT = ("stage", "payment", "amount_minor", "paid_minor", "due_on", "promised_on", "account", "closed", "owed_base")


class AnySequence(TestCase):
    """However often and in whichever order a source sends what it knows of an order."""

    @given(st.lists(st.tuples(st.integers(0, 1000), FIELDS), min_size=1, max_size=6, unique_by=lambda one: one[0]))
    def test_the_newest_state_stands_in_the_end(self, sent: list[tuple[int, dict[str, Any]]]) -> None:
        Organisation.objects.create(name="Firm", base_currency="EUR")
        for number in ("C7", "C8"):
            Account.objects.create(name=number, source="shop", external_id=number)
        moment = datetime(2024, 12, 1, tzinfo=UTC)
        for minutes, said in sent:
            told(**said, changed_at=moment + timedelta(minutes=minutes))
            told(**said, changed_at=moment + timedelta(minutes=minutes))
        order = LiveOrder.objects.get()
        newest = told(number="alone", **max(sent, key=lambda one: one[0])[1]).order
        assert {name: getattr(order, name) for name in KEPT} == {name: getattr(newest, name) for name in KEPT}
        assert 0 <= order.paid_minor <= order.amount_minor
        assert owed_minor(order) + (order.paid_minor if owed_minor(order) else 0) in {0, order.amount_minor}


@given(st.sampled_from(LiveOrder.Payment.values), st.integers(0, 300), st.integers(0, 300))
def test_what_was_paid_and_whether_it_is_all_agree(payment: str, paid: int, amount: int) -> None:
    said, part = told_payment({"payment": payment, "paid_minor": paid}, amount)
    assert 0 <= part <= amount
    assert (said == "paid") == (payment == "paid" or (0 < amount <= paid))
    assert said != "open" or part == 0


def test_nothing_is_overdue_that_is_not_owed() -> None:
    order = LiveOrder(stage="delivered", payment="open", due_on=LONG_AGO, amount_minor=5)
    assert is_overdue(order, on=ON)
    for field, value in (("payment", "paid"), ("payment", ""), ("stage", "basket"), ("due_on", None)):
        changed = LiveOrder(stage="delivered", payment="open", due_on=LONG_AGO, amount_minor=5)
        setattr(changed, field, value)
        assert not is_overdue(changed, on=ON)
