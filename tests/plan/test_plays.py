"""Plays start, go on step by step, end by themselves, and are never asked for twice (issue §10, mission B10)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.base.models import Member, Organisation
from regulars.base.organisation import change_thresholds
from regulars.core.errors import Refusal
from regulars.facts.interactions import visible_interactions
from regulars.facts.merges import merge_accounts
from regulars.facts.models import Account, Signal
from regulars.facts.signals import record_signal, withdraw_signal
from regulars.insight.models import Snapshot
from regulars.insight.protection import protect_all
from regulars.plan.actions import mark_done, mark_not_useful, reopen
from regulars.plan.key_accounts import appoint_key_account
from regulars.plan.models import Action, Play, PlayStep
from regulars.plan.play_making import current_step
from regulars.plan.playbooks import add_playbook, known_playbook, switch_playbook, write_playbook
from regulars.plan.plays import (
    NoSuchPlay,
    WrongPlay,
    do_step,
    resume_play,
    skip_step,
    start_play,
    stop_play,
    undo_step,
    visible_plays,
)
from regulars.plan.proposals import refresh_actions
from regulars.plan.recipes import SHIPPED, Recipe, RecipeStep
from regulars.plan.today import todays_list

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("organisation")]
AS_OF = date(2024, 12, 9)
"""A Monday."""
SILENT: dict[str, Any] = {"silence_days": 60, "gap_typical_days": 20.0, "pauses_as_long": 0.0, "order_days": 30}


def seen(account: Account, kind: str, *, on: date = AS_OF) -> Signal:
    return record_signal(account=account, kind=kind, observed_on=on, member=None)


def refreshed(snapshot: Snapshot, *, days_later: int = 0) -> list[tuple[str, str]]:
    """The open proposals as (account, cause), after a refresh."""
    on = AS_OF + timedelta(days=days_later)
    protect_all(on=on)
    refresh_actions(snapshot=snapshot, today=on)
    pending = Action.objects.filter(state=Action.State.OPEN).order_by("pk")
    return [(action.account.name, action.cause) for action in pending]


def now(play: Play) -> PlayStep:
    found = current_step(Play.objects.get(pk=play.pk))
    assert found is not None
    return found


def member(name: str, role: str) -> Member:
    return Member.objects.create(email=f"{name}@example.com", name=name, role=role)


@pytest.fixture
def seller(organisation: Organisation) -> Member:
    return member("seller", Member.Role.ACCOUNT_MANAGER)


# By hand


def test_a_play_goes_from_step_to_step_in_working_days_and_ends_with_the_last(
    scored: Callable[..., Account], owner: Member, seller: Member
) -> None:
    friday = date(2024, 12, 6)
    play = start_play(account=scored("Firm", owner=seller), playbook="price_attack", on=friday, member=owner)
    days = [step.due_on for step in play.steps.order_by("position")]
    assert days == [friday, date(2024, 12, 9), date(2024, 12, 11), date(2024, 12, 13), date(2024, 12, 20)]
    do_step(step=now(play), on=date(2024, 12, 10), outcome="Reached", member=seller)
    assert now(play).due_on == date(2024, 12, 11), "so many days after the step before was done, not planned"
    skip_step(step=now(play), on=date(2024, 12, 11), reason="Known already", member=seller)
    for _step in range(3):
        do_step(step=now(play), on=date(2024, 12, 12), outcome="Good", member=owner)
    play.refresh_from_db()
    assert (play.state, play.ended_on) == (Play.State.FINISHED, date(2024, 12, 12))
    assert visible_interactions(owner).count() == 4, (
        "what was done is a talk with the account, what was left out is not"
    )


def test_a_step_belongs_to_who_looks_after_the_account_to_who_leads_or_to_the_service(
    scored: Callable[..., Account], owner: Member, seller: Member
) -> None:
    busy = member("busy", Member.Role.SERVICE)
    start_play(account=scored("Other", owner=seller), playbook="delivery_failed", on=AS_OF, member=owner)
    other = Play.objects.get()
    do_step(step=now(other), on=AS_OF, outcome="Told", member=seller)
    assert now(other).member == busy
    idle = member("idle", Member.Role.SERVICE)
    play = start_play(account=scored("Firm", owner=seller), playbook="delivery_failed", on=AS_OF, member=owner)
    assert now(play).member == seller
    do_step(step=now(play), on=AS_OF, outcome="Told", member=seller)
    assert now(play).member == idle, "who of the service has least to do"
    attacked = start_play(account=scored("Attacked", owner=seller), playbook="lost_customer", on=AS_OF, member=owner)
    assert now(attacked).member == owner


def test_the_last_word_is_taken_back_with_its_talk_and_only_the_last(
    scored: Callable[..., Account], owner: Member
) -> None:
    play = start_play(account=scored("Firm", owner=owner), playbook="unpaid", on=AS_OF, member=owner)
    first = now(play)
    do_step(step=first, on=AS_OF, outcome="Will pay", member=owner)
    second = now(play)
    skip_step(step=second, on=AS_OF, reason="Not needed", member=owner)
    with pytest.raises(WrongPlay):
        undo_step(step=first, on=AS_OF, member=owner)
    undo_step(step=second, on=AS_OF, member=owner)
    undo_step(step=first, on=AS_OF, member=owner)
    assert now(play) == first
    assert not visible_interactions(owner).exists()
    with pytest.raises(WrongPlay):
        undo_step(step=first, on=AS_OF, member=owner)


def test_the_end_is_taken_back_with_the_last_step(scored: Callable[..., Account], owner: Member) -> None:
    play = start_play(account=scored("Firm", owner=owner), playbook="unpaid", on=AS_OF, member=owner)
    for _step in range(3):
        last = now(play)
        do_step(step=last, on=AS_OF, outcome="Paid", member=owner)
    undo_step(step=last, on=AS_OF, member=owner)
    play.refresh_from_db()
    assert (play.state, play.ended_on, now(play)) == (Play.State.RUNNING, None, last)


def test_a_play_is_stopped_with_a_reason_and_goes_on_again(scored: Callable[..., Account], owner: Member) -> None:
    account = scored("Firm", owner=owner)
    play = start_play(account=account, playbook="unpaid", on=AS_OF, member=owner)
    with pytest.raises(WrongPlay, match="not a word"):
        stop_play(play=play, on=AS_OF, reason=" ", member=owner)
    stop_play(play=play, on=AS_OF, reason="It has paid", member=owner)
    with pytest.raises(WrongPlay, match="ended"):
        do_step(step=play.steps.get(position=1), on=AS_OF, outcome="x", member=owner)
    resume_play(play=play, on=AS_OF, member=owner)
    with pytest.raises(WrongPlay, match="already"):
        start_play(account=account, playbook="unpaid", on=AS_OF, member=owner)
    stop_play(play=play, on=AS_OF, reason="It has paid", member=owner)
    start_play(account=account, playbook="unpaid", on=AS_OF, member=owner)
    with pytest.raises(WrongPlay, match="anew"):
        resume_play(play=play, on=AS_OF, member=owner)


def test_only_the_current_step_is_settled(scored: Callable[..., Account], owner: Member) -> None:
    play = start_play(account=scored("Firm", owner=owner), playbook="unpaid", on=AS_OF, member=owner)
    later = play.steps.get(position=2)
    with pytest.raises(WrongPlay, match="turn"):
        do_step(step=later, on=AS_OF, outcome="x", member=owner)
    with pytest.raises(WrongPlay, match="word"):
        skip_step(step=now(play), on=AS_OF, reason="", member=owner)


def test_who_does_not_see_the_account_sees_no_play_of_it(
    scored: Callable[..., Account], owner: Member, seller: Member
) -> None:
    account = scored("Foreign", owner=owner)
    play = start_play(account=account, playbook="unpaid", on=AS_OF, member=owner)
    assert not visible_plays(seller).exists()
    with pytest.raises(Refusal):
        start_play(account=account, playbook="praise", on=AS_OF, member=seller)
    deeds: tuple[Callable[[], object], ...] = (
        lambda: do_step(step=now(play), on=AS_OF, outcome="x", member=seller),
        lambda: stop_play(play=play, on=AS_OF, reason="x", member=seller),
    )
    for deed in deeds:
        with pytest.raises(NoSuchPlay):
            deed()
    analyst = member("analyst", Member.Role.ANALYST)
    with pytest.raises(Refusal):
        stop_play(play=play, on=AS_OF, reason="x", member=analyst)


# By themselves


def test_a_signal_starts_its_playbook_once_and_another_one_later_anew(
    scored: Callable[..., Account], snapshot: Snapshot, owner: Member
) -> None:
    account = scored("Firm", owner=owner, pareto="C")
    seen(account, "champion_left")
    assert refreshed(snapshot) == [("Firm", "play")]
    assert refreshed(snapshot) == [("Firm", "play")]
    play = Play.objects.get()
    assert (play.playbook.key, play.trigger) == ("champion_left", "signal:champion_left")
    stop_play(play=play, on=AS_OF, reason="Came back", member=owner)
    assert refreshed(snapshot, days_later=1) == []
    seen(account, "champion_left", on=AS_OF + timedelta(days=3))
    refreshed(snapshot, days_later=3)
    assert Play.objects.count() == 2


def test_what_happened_long_ago_and_what_is_switched_off_starts_nothing(
    scored: Callable[..., Account], snapshot: Snapshot, owner: Member
) -> None:
    switch_playbook(key="praise", member=owner, active=False)
    switch_playbook(key="unpaid", member=owner, by_itself=False)
    seen(scored("Long ago", owner=owner), "champion_left", on=AS_OF - timedelta(days=31))
    seen(scored("Switched off", owner=owner), "praise")
    seen(scored("By hand", owner=owner), "invoice_unpaid")
    refreshed(snapshot)
    assert not Play.objects.exists()


def test_a_proposal_starts_its_playbook_and_says_what_the_step_says(
    scored: Callable[..., Account], snapshot: Snapshot, owner: Member
) -> None:
    scored("Quiet", owner=owner, **SILENT)
    assert refreshed(snapshot) == [("Quiet", "gone_silent")], "one proposal, not a second one for the step"
    (card,) = todays_list(owner, AS_OF).items
    step = SHIPPED["silent_regular"].steps[0]
    assert card.reason.advice == str(step.what)
    assert card.reason.opening.startswith("We have not heard from you since"), "the cause knows the figures"
    assert card.reason.step is not None
    assert (card.reason.step.name, card.reason.step.position) == ("A regular has gone silent", 1)
    mark_done(action=card.reason.action, on=AS_OF, outcome="Not reached", member=owner)
    play = Play.objects.get()
    first = play.steps.get(position=1)
    assert (first.state, first.said) == (PlayStep.State.DONE, "Not reached")
    assert refreshed(snapshot, days_later=1) == []
    assert refreshed(snapshot, days_later=3) == [("Quiet", "play")], "three working days later"
    (card,) = todays_list(owner, AS_OF + timedelta(days=3)).items
    assert card.reason.advice == str(SHIPPED["silent_regular"].steps[1].what)
    assert "Step 2 of “A regular has gone silent”" in card.reason.sentences[0]
    mark_done(action=card.reason.action, on=AS_OF + timedelta(days=3), outcome="Written", member=owner)
    assert now(play).position == 3


def test_a_signal_and_the_proposal_it_makes_are_asked_for_once(
    scored: Callable[..., Account], snapshot: Snapshot, owner: Member
) -> None:
    """B10"""
    seen(scored("Attacked", owner=owner, pareto="A"), "competitor_quoted")
    assert refreshed(snapshot) == [("Attacked", "competitor")]
    assert refreshed(snapshot) == [("Attacked", "competitor")]
    play = Play.objects.get()
    assert play.trigger == "signal:competitor_quoted"
    assert now(play).action == Action.objects.get()


def test_a_step_of_somebody_else_stands_on_their_list(
    scored: Callable[..., Account], snapshot: Snapshot, owner: Member, seller: Member
) -> None:
    account = scored("Attacked", owner=seller, pareto="A")
    seen(account, "competitor_quoted")
    refreshed(snapshot)
    play = Play.objects.get()
    for _step in range(3):
        do_step(step=now(play), on=AS_OF, outcome="Done", member=seller)
    assert now(play).member == owner
    assert ("Attacked", "play") in refreshed(snapshot, days_later=2)
    assert [card.account for card in todays_list(owner, AS_OF + timedelta(days=2)).items] == [account]
    assert todays_list(seller, AS_OF + timedelta(days=2)).items == []


def test_dismissing_the_proposal_stops_the_play_and_reopening_it_lets_it_go_on(
    scored: Callable[..., Account], snapshot: Snapshot, owner: Member
) -> None:
    scored("Quiet", owner=owner, **SILENT)
    refreshed(snapshot)
    action = Action.objects.get()
    mark_not_useful(action=action, on=AS_OF, reason="Their pause is normal", member=owner)
    play = Play.objects.get()
    assert (play.state, play.reason) == (Play.State.STOPPED, "Their pause is normal")
    reopen(action=action, member=owner)
    play.refresh_from_db()
    assert play.state == Play.State.RUNNING
    assert refreshed(snapshot) == [("Quiet", "gone_silent")]
    assert now(play).action == action


def test_reopening_what_was_done_takes_the_step_back(
    scored: Callable[..., Account], snapshot: Snapshot, owner: Member
) -> None:
    scored("Quiet", owner=owner, **SILENT)
    refreshed(snapshot)
    action = Action.objects.get()
    mark_done(action=action, on=AS_OF, outcome="Reached", member=owner)
    reopen(action=action, member=owner)
    play = Play.objects.get()
    assert now(play).position == 1
    assert now(play).action == action
    do_step(step=now(play), on=AS_OF, outcome="Reached", member=owner)
    action.refresh_from_db()
    assert action.state == Action.State.DONE, "doing the step does the proposal"
    undo_step(step=play.steps.get(position=1), on=AS_OF, member=owner)
    action.refresh_from_db()
    assert action.state == Action.State.OPEN
    assert not visible_interactions(owner).exists()


def test_an_order_ends_what_was_to_bring_it(scored: Callable[..., Account], snapshot: Snapshot, owner: Member) -> None:
    account = scored("Quiet", owner=owner, **SILENT)
    refreshed(snapshot)
    scored(account=account, last_order=AS_OF + timedelta(days=1), silence_days=0)
    assert refreshed(snapshot, days_later=2) == []
    play = Play.objects.get()
    assert (play.state, play.end) == (Play.State.REACHED, "ordered")


def test_a_withdrawn_signal_ends_what_it_started(
    scored: Callable[..., Account], snapshot: Snapshot, owner: Member
) -> None:
    signal = seen(scored("Firm", owner=owner), "champion_left")
    refreshed(snapshot)
    withdraw_signal(signal=signal, member=owner, reason="Somebody else left")
    assert refreshed(snapshot) == []
    assert Play.objects.get().end == "withdrawn"


def test_a_cause_that_is_gone_ends_a_play_that_says_so(
    scored: Callable[..., Account], snapshot: Snapshot, owner: Member
) -> None:
    falling = {"sales_12m": 4_000.0, "sales_previous_12m": 20_000.0, "trend": -0.8, "orders_12m": 8}
    account = scored("Less", owner=owner, **falling)
    assert ("Less", "declining") in refreshed(snapshot)
    scored(account=account)
    refreshed(snapshot, days_later=1)
    refreshed(snapshot, days_later=2)
    play = Play.objects.get(playbook__key="buys_less")
    assert (play.state, play.end) == (Play.State.REACHED, "cause_gone")


def test_becoming_a_key_account_starts_its_playbook(
    scored: Callable[..., Account], snapshot: Snapshot, owner: Member
) -> None:
    account = scored("Big", owner=owner)
    appoint_key_account(account=account, manager=owner, on=AS_OF, member=owner)
    refreshed(snapshot)
    assert Play.objects.get(account=account).playbook.key == "key_account"


def test_a_firms_own_playbook_goes_before_the_shipped_one(
    scored: Callable[..., Account], snapshot: Snapshot, owner: Member
) -> None:
    own = Recipe(name="Ours", about="", triggers=("cause:gone_silent",), steps=(RecipeStep(what="Send a card"),))
    add_playbook(recipe=own, member=owner)
    scored("Quiet", owner=owner, **SILENT)
    refreshed(snapshot)
    (card,) = todays_list(owner, AS_OF).items
    assert card.reason.advice == "Send a card"
    assert card.reason.opening, "without words of its own, those of the cause"
    assert Play.objects.get().playbook.key == "ours"


def test_no_more_start_than_a_member_can_follow_the_most_valuable_first(
    scored: Callable[..., Account], snapshot: Snapshot, owner: Member
) -> None:
    change_thresholds(values={"plays_per_member": 2}, member=owner)
    for number in range(4):
        scored(f"Quiet {number}", owner=owner, sales_12m=1000.0 * (number + 1), **SILENT)
    assert len(refreshed(snapshot)) == 4, "all are proposed"
    assert {play.account.name for play in Play.objects.all()} == {"Quiet 3", "Quiet 2"}


def test_a_play_that_runs_keeps_its_steps_when_its_playbook_changes(
    scored: Callable[..., Account], owner: Member
) -> None:
    play = start_play(account=scored("Firm", owner=owner), playbook="unpaid", on=AS_OF, member=owner)
    recipe = known_playbook("unpaid").recipe
    write_playbook(key="unpaid", recipe=replace(recipe, steps=recipe.steps[:1]), member=owner)
    assert play.steps.count() == 3


def test_a_play_follows_a_merged_account(scored: Callable[..., Account], snapshot: Snapshot, owner: Member) -> None:
    account, twin = scored("Firm", owner=owner), scored("Twin", owner=owner)
    seen(twin, "champion_left")
    refreshed(snapshot)
    merge_accounts(kept=account, merged=twin, member=owner)
    assert ("Firm", "play") in refreshed(snapshot)
    assert visible_plays(owner).count() == 1


def test_the_number_of_queries_does_not_grow_with_the_plays(
    scored: Callable[..., Account], snapshot: Snapshot, owner: Member
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            refresh_actions(snapshot=snapshot, today=AS_OF)
        return len(asked)

    start_play(account=scored("First", owner=owner), playbook="unpaid", on=AS_OF, member=owner)
    refreshed(snapshot)
    few = queries()
    for number in range(12):
        start_play(account=scored(f"Firm {number}", owner=owner), playbook="unpaid", on=AS_OF, member=owner)
    refreshed(snapshot)
    assert queries() == few
