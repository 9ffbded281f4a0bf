"""Hand-overs are drafted, sent, returned, accepted, and looked at in the first weeks (mission A1, A5, B2)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from regulars.base.models import Member, Team
from regulars.facts.accounts import visible_accounts
from regulars.facts.merges import merge_accounts
from regulars.facts.models import Account
from regulars.facts.service_profiles import service_profile
from regulars.insight.models import Snapshot
from regulars.plan.handovers import (
    NoSuchHandover,
    WrongHandover,
    accept_handover,
    discard_handover,
    draft_for_first_orders,
    finish_check,
    latest_handover,
    open_handover,
    recall_handover,
    restore_handover,
    return_handover,
    send_handover,
    undo_check,
    visible_handovers,
    write_handover,
)
from regulars.plan.models import Action, Handover
from regulars.plan.promises import live_promises, make_promise
from regulars.plan.proposals import refresh_actions
from regulars.plan.today import todays_list

pytestmark = pytest.mark.django_db
AS_OF = date(2024, 12, 9)
Scored = Callable[..., Account]


def days(count: int) -> date:
    return AS_OF + timedelta(days=count)


@pytest.fixture
def seller(owner: Member) -> Member:
    return Member.objects.create(email="s@x.example", name="Seller", role="new_business_seller")


@pytest.fixture
def keeper(owner: Member) -> Member:
    team = Team.objects.create(name="Growth")
    return Member.objects.create(email="k@x.example", name="Keeper", role="account_manager", team=team)


@pytest.fixture
def won(scored: Scored, seller: Member) -> Account:
    scored("Old customer", first_order=days(-700))
    return scored("Harbour Gifts", owner=seller, first_order=days(-10), order_days=2, orders_12m=2)


def sent(account: Account, seller: Member, keeper: Member) -> Handover:
    made = open_handover(
        account=account, origin="won", on=AS_OF, member=seller, receiver=keeper, work="An order a month"
    )
    return send_handover(handover=made, on=AS_OF, member=seller)


def test_the_receiver_sees_it_returns_it_and_accepts_it_with_account_and_promises(
    won: Account, seller: Member, keeper: Member
) -> None:
    promised = make_promise(account=won, text="Samples", due_on=days(5), on=AS_OF, member=seller)
    found = sent(won, seller, keeper)
    assert list(visible_handovers(keeper)) == [found]
    assert not visible_accounts(keeper).exists()
    with pytest.raises(WrongHandover, match="reason"):
        return_handover(handover=found, on=AS_OF, member=keeper, reason="")
    return_handover(handover=found, on=AS_OF, member=keeper, reason="Who decides there?")
    write_handover(handover=found, member=seller, their_people="Ada decides", cares_about="Early delivery")
    send_handover(handover=found, on=days(1), member=seller)
    with pytest.raises(WrongHandover, match="Only Keeper"):
        accept_handover(handover=found, on=days(2), member=seller)
    accepted = accept_handover(handover=found, on=days(2), member=keeper)
    won.refresh_from_db()
    assert won.owner == keeper
    profile = service_profile(won)
    assert profile is not None
    assert (profile.prefers, profile.cares_about) == ("", "Early delivery")
    assert [one.owner for one in live_promises(won, member=keeper)] == [keeper]
    assert promised in live_promises(won, member=keeper)
    assert [(step.state, step.said) for step in accepted.steps.order_by("pk")] == [
        ("drafted", ""),
        ("sent", ""),
        ("returned", "Who decides there?"),
        ("sent", ""),
        ("accepted", ""),
    ]
    assert [one.due_on for one in accepted.checks.order_by("day")] == [days(5), days(16), days(32)]


def test_the_last_look_closes_it_and_can_be_taken_back(won: Account, seller: Member, keeper: Member) -> None:
    found = accept_handover(handover=sent(won, seller, keeper), on=AS_OF, member=keeper)
    checks = list(found.checks.order_by("day"))
    with pytest.raises(WrongHandover, match="how it goes"):
        finish_check(check=checks[0], on=days(3), member=keeper, said=" ")
    for check in checks:
        found = finish_check(check=check, on=check.due_on, member=keeper, said="All is well")
    assert (found.state, found.closed_on) == (Handover.State.CLOSED, days(30))
    assert undo_check(check=checks[-1], on=days(30), member=keeper).state == Handover.State.ACCEPTED


def test_it_is_not_sent_to_nobody_to_oneself_or_without_words(won: Account, seller: Member, keeper: Member) -> None:
    made = open_handover(account=won, origin="won", on=AS_OF, member=seller)
    for receiver, complaint in ((None, "to whom"), (seller, "the same"), (keeper, "work")):
        write_handover(handover=made, member=seller, receiver=receiver)
        with pytest.raises(WrongHandover, match=complaint):
            send_handover(handover=made, on=AS_OF, member=seller)
    with pytest.raises(WrongHandover, match="under way"):
        open_handover(account=won, origin="won", on=AS_OF, member=seller)


def test_sending_and_discarding_are_taken_back(won: Account, seller: Member, keeper: Member) -> None:
    found = sent(won, seller, keeper)
    assert recall_handover(handover=found, on=AS_OF, member=seller).state == Handover.State.DRAFTED
    discard_handover(handover=found, on=AS_OF, member=seller, reason="I keep it")
    assert latest_handover(won, member=seller) is None
    assert restore_handover(handover=found, on=AS_OF, member=seller).state == Handover.State.DRAFTED


def test_others_do_not_see_it(won: Account, seller: Member, keeper: Member) -> None:
    stranger = Member.objects.create(email="z@x.example", name="Z", role="account_manager")
    found = sent(won, seller, keeper)
    assert not visible_handovers(stranger).exists()
    with pytest.raises(NoSuchHandover):
        accept_handover(handover=found, on=AS_OF, member=stranger)


def test_a_hand_over_follows_a_merge(
    won: Account, scored: Scored, seller: Member, keeper: Member, owner: Member
) -> None:
    found = sent(won, seller, keeper)
    kept = scored("Harbour", owner=seller)
    merge_accounts(kept=kept, merged=won, member=owner)
    assert latest_handover(kept, member=owner) == found
    accept_handover(handover=found, on=AS_OF, member=keeper)
    kept.refresh_from_db()
    assert kept.owner == keeper


def test_first_orders_of_sellers_are_drafted_once_and_nobody_elses(
    won: Account, scored: Scored, seller: Member, keeper: Member
) -> None:
    scored("Kept by who won it", owner=keeper, first_order=days(-10))
    scored("Not new", owner=seller, first_order=days(-100))
    assert draft_for_first_orders(as_of=AS_OF, on=AS_OF) == 1
    (found,) = Handover.objects.all()
    assert (found.account, found.giver, found.origin) == (won, seller, "first_order")
    discard_handover(handover=found, on=AS_OF, member=seller, reason="I keep it")
    assert draft_for_first_orders(as_of=AS_OF, on=AS_OF) == 0


def test_orders_without_an_accepted_hand_over_are_on_the_list_of_whom_it_waits_for(
    won: Account, snapshot: Snapshot, seller: Member, keeper: Member, owner: Member
) -> None:
    found = open_handover(account=won, origin="won", on=AS_OF, member=seller, receiver=keeper, work="x")
    refresh_actions(snapshot=snapshot, today=AS_OF)
    action = Action.objects.get(cause="handover")
    assert action.member == seller
    send_handover(handover=found, on=AS_OF, member=seller)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    action.refresh_from_db()
    assert (action.member, action.figures["stage"]) == (keeper, "sent")
    accept_handover(handover=found, on=AS_OF, member=keeper)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    action.refresh_from_db()
    assert action.state == Action.State.CLOSED
    refresh_actions(snapshot=snapshot, today=days(3))
    (card,) = [one for one in todays_list(keeper, days(3)).items if one.account == won]
    said = [sentence for reason in (card.reason, *card.further) for sentence in reason.sentences]
    assert any("first weeks is due" in sentence for sentence in said)


def test_old_customers_are_only_on_the_list_when_the_answer_is_overdue(
    scored: Scored, snapshot: Snapshot, seller: Member, keeper: Member
) -> None:
    old = scored("Old", owner=seller)
    open_handover(account=old, origin="other", on=AS_OF, member=seller, receiver=keeper, work="x")
    refresh_actions(snapshot=snapshot, today=AS_OF)
    assert not Action.objects.filter(cause="handover").exists()
    refresh_actions(snapshot=snapshot, today=days(8))
    assert Action.objects.filter(cause="handover", state="open").exists()
