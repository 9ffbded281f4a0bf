"""Promises are made, kept, agreed anew, broken, taken back; they move with merges and are on the list (mission A1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from regulars.base.audit import history_of
from regulars.base.models import Member
from regulars.facts.merges import merge_accounts, undo_merge
from regulars.facts.models import Account, Signal
from regulars.insight.models import Snapshot
from regulars.plan.closing import closing_sentence
from regulars.plan.models import Action, Promise
from regulars.plan.promises import (
    NoSuchPromise,
    WrongPromise,
    break_promise,
    keep_promise,
    live_promises,
    make_promise,
    renegotiate_promise,
    take_back_step,
    visible_promises,
    withdraw_promise,
)
from regulars.plan.proposals import refresh_actions
from regulars.plan.today import todays_list

pytestmark = pytest.mark.django_db
AS_OF = date(2024, 12, 9)
SOON = AS_OF + timedelta(days=2)


def promised(account: Account, owner: Member | None = None, *, due_on: date = SOON) -> Promise:
    return make_promise(account=account, text="Send samples", due_on=due_on, on=AS_OF, member=owner)


def live(account: Account) -> list[Promise]:
    return list(live_promises(account, member=None))


def signals(account: Account) -> list[str]:
    return list(Signal.objects.filter(account=account, withdrawn_at=None).values_list("kind", flat=True))


def test_a_promise_lives_on_the_account_until_it_is_kept_and_keeping_it_is_a_signal(
    scored: Callable[..., Account], owner: Member
) -> None:
    account = scored("Harbour Gifts", owner=owner)
    made = promised(account, owner)
    assert live(account) == [made]
    assert made.owner == owner
    keep_promise(promise=made, on=AS_OF, member=owner)
    assert live(account) == []
    assert signals(account) == ["promise_kept"]
    assert {entry.verb for entry in history_of(made)} == {"make_promise", "keep_promise"}
    with pytest.raises(WrongPromise, match="settled"):
        break_promise(promise=made, on=AS_OF, member=owner, reason="Forgot")


def test_agreeing_on_another_day_keeps_the_promise_and_its_history(
    scored: Callable[..., Account], owner: Member
) -> None:
    made = promised(scored("Harbour Gifts", owner=owner), owner)
    later = SOON + timedelta(days=10)
    with pytest.raises(WrongPromise, match="reason"):
        renegotiate_promise(promise=made, due_on=later, on=AS_OF, member=owner, reason=" ")
    with pytest.raises(WrongPromise, match="passed"):
        renegotiate_promise(promise=made, due_on=AS_OF - timedelta(days=1), on=AS_OF, member=owner, reason="x")
    anew = renegotiate_promise(promise=made, due_on=later, on=AS_OF, member=owner, reason="The mill is late")
    assert (anew.state, anew.due_on) == (Promise.State.RENEGOTIATED, later)
    assert live(anew.account) == [anew]
    assert [(step.state, step.due_on, step.said) for step in anew.steps.order_by("pk")] == [
        ("open", SOON, ""),
        ("renegotiated", later, "The mill is late"),
    ]


def test_the_last_step_is_taken_back_with_its_signal_and_no_further_than_the_beginning(
    scored: Callable[..., Account], owner: Member
) -> None:
    account = scored("Harbour Gifts", owner=owner)
    made = promised(account, owner)
    renegotiate_promise(promise=made, due_on=SOON + timedelta(days=9), on=AS_OF, member=owner, reason="Late")
    break_promise(promise=made, on=AS_OF, member=owner, reason="The mill burnt down")
    assert signals(account) == ["promise_broken"]
    assert take_back_step(promise=made, on=AS_OF, member=owner).state == Promise.State.RENEGOTIATED
    assert signals(account) == []
    back = take_back_step(promise=made, on=AS_OF, member=owner)
    assert (back.state, back.due_on) == (Promise.State.OPEN, SOON)
    with pytest.raises(WrongPromise, match="nothing to take back"):
        take_back_step(promise=made, on=AS_OF, member=owner)
    withdraw_promise(promise=made, on=AS_OF, member=owner, reason="Another firm")
    assert signals(account) == []
    assert live(account) == []


def test_promises_follow_a_merge_and_come_back_when_it_is_undone(scored: Callable[..., Account], owner: Member) -> None:
    kept, merged = scored("Harbour Gifts", owner=owner), scored("Harbour Gift", owner=owner)
    made = promised(merged, owner)
    merge = merge_accounts(kept=kept, merged=merged, member=owner)
    assert live(kept) == [made]
    keep_promise(promise=made, on=AS_OF, member=owner)
    assert signals(kept) == ["promise_kept"]
    take_back_step(promise=made, on=AS_OF, member=owner)
    undo_merge(merge=merge, member=owner)
    assert live(kept) == []
    assert live(Account.objects.get(pk=merged.pk)) == [made]


def test_who_is_to_keep_a_promise_sees_it_and_others_do_not(scored: Callable[..., Account], owner: Member) -> None:
    seller, stranger = (
        Member.objects.create(email=f"{name}@x.example", name=name, role="new_business_seller") for name in "ab"
    )
    made = make_promise(
        account=scored("Harbour Gifts", owner=owner), text="Call", due_on=SOON, on=AS_OF, member=owner, owner=seller
    )
    assert list(visible_promises(seller)) == [made]
    with pytest.raises(NoSuchPromise):
        keep_promise(promise=made, on=AS_OF, member=stranger)
    assert keep_promise(promise=made, on=AS_OF, member=seller).state == Promise.State.KEPT


def test_empty_promises_past_days_and_promises_nobody_would_keep_are_refused(scored: Callable[..., Account]) -> None:
    account = scored("Harbour Gifts")
    for text, due_on, complaint in (("", SOON, "what was promised"), ("x", date(2024, 1, 1), "passed")):
        with pytest.raises(WrongPromise, match=complaint):
            make_promise(account=account, text=text, due_on=due_on, on=AS_OF, member=None)
    with pytest.raises(WrongPromise, match="Nobody"):
        make_promise(account=account, text="x", due_on=SOON, on=AS_OF, member=None)


def test_a_promise_that_is_due_is_on_the_list_of_who_keeps_it_and_goes_when_it_is_kept(
    scored: Callable[..., Account], snapshot: Snapshot, owner: Member
) -> None:
    account = scored("Harbour Gifts", owner=owner)
    keeper = Member.objects.create(email="k@x.example", name="Keeper", role="service")
    promised(account, owner, due_on=AS_OF + timedelta(days=60))
    made = make_promise(account=account, text="Send it", due_on=AS_OF, on=AS_OF, member=owner, owner=keeper)
    refresh_actions(snapshot=snapshot, today=AS_OF + timedelta(days=2))
    action = Action.objects.get(cause="promise", state=Action.State.OPEN)
    assert action.member == keeper
    (card,) = todays_list(keeper, AS_OF + timedelta(days=2)).items
    assert "“Send it”" in card.reason.sentences[0]
    assert "2 days ago" in card.reason.sentences[0]
    keep_promise(promise=made, on=AS_OF, member=keeper)
    refresh_actions(snapshot=snapshot, today=AS_OF + timedelta(days=2))
    action.refresh_from_db()
    assert action.state == Action.State.CLOSED
    assert "settled" in closing_sentence(action.figures["closed"])
