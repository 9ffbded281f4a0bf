"""A lead that is won becomes a customer, is handed over, and takes its promises along (mission D1, A1)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from regulars.base.access import Forbidden
from regulars.base.models import Member
from regulars.facts.leads import Origin, WrongLead, note_on_lead, take_lead
from regulars.facts.models import Account, Lead
from regulars.plan.leads import Given, win_lead
from regulars.plan.models import Handover, Promise

pytestmark = pytest.mark.django_db
AT = datetime(2024, 12, 9, 10, 0, tzinfo=UTC)
ON = date(2024, 12, 9)


@pytest.fixture
def seller(owner: Member) -> Member:
    return Member.objects.create(email="nina@firm.example", name="Nina", role="new_business_seller")


@pytest.fixture
def lead(seller: Member) -> Lead:
    return take_lead(
        origin=Origin(channel="hand"),
        at=AT - timedelta(days=2),
        member=seller,
        name="Alpine Gifts",
        person="Eva Gruber",
        role="buyer",
        email="eva@alpine.example",
        country="Austria",
        wishes="Lamps for the season",
    ).lead


def test_a_won_lead_is_a_customer_with_a_person_a_hand_over_and_what_was_promised(
    lead: Lead, seller: Member, owner: Member
) -> None:
    note_on_lead(lead=lead, at=AT, member=seller, said="Wants samples first")
    keeper = Member.objects.create(email="anna@firm.example", name="Anna", role="account_manager")
    won = win_lead(
        lead=lead,
        at=AT,
        member=seller,
        receiver=keeper,
        cares_about="Deliveries on the day",
        promises=[Given(text="Send samples", due_on=ON + timedelta(days=3))],
    )
    account = won.account
    assert (account.name, account.owner, account.country) == ("Alpine Gifts", seller, "Austria")
    contact = account.contacts.get()
    assert (contact.name, contact.role, contact.email) == ("Eva Gruber", "buyer", "eva@alpine.example")
    assert won.handover is not None
    assert (won.handover.origin, won.handover.giver, won.handover.receiver) == (Handover.Origin.WON, seller, keeper)
    assert (won.handover.work, won.handover.cares_about) == ("Lamps for the season", "Deliveries on the day")
    promised = Promise.objects.get()
    assert (promised.account, promised.owner, promised.text) == (account, seller, "Send samples")
    assert "Wants samples first" in account.interactions.get().text
    lead.refresh_from_db()
    assert (lead.state, lead.account, lead.closed_at, lead.answered_at) == ("won", account, AT, AT)
    with pytest.raises(WrongLead, match="won"):
        win_lead(lead=lead, at=AT, member=seller)


def test_a_lead_that_is_a_customer_already_is_won_for_that_one(lead: Lead, seller: Member, owner: Member) -> None:
    known = Account.objects.create(name="Alpine Gifts GmbH", owner=seller)
    won = win_lead(lead=lead, at=AT, member=seller, account=known, hand_over=False)
    assert (won.account, won.handover, Account.objects.filter(name__startswith="Alpine").count()) == (known, None, 1)


def test_who_may_not_write_wins_nothing(lead: Lead) -> None:
    marketer = Member.objects.create(email="m@firm.example", name="Mark", role="marketer")
    with pytest.raises(Forbidden):
        win_lead(lead=lead, at=AT, member=marketer)
    assert not Account.objects.filter(name="Alpine Gifts").exists()


def test_a_promise_that_cannot_be_made_leaves_the_lead_open(lead: Lead, seller: Member) -> None:
    with pytest.raises(Exception, match="passed"):
        win_lead(lead=lead, at=AT, member=seller, promises=[Given(text="x", due_on=ON - timedelta(days=1))])
    lead.refresh_from_db()
    assert lead.state == "new"
    assert not Account.objects.filter(name="Alpine Gifts").exists()
