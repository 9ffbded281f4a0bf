"""What members do with actions: who may, what it leaves behind, and how it is taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from regulars.base.access import Forbidden
from regulars.base.audit import history_of
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.accounts import NoSuchAccount
from regulars.facts.models import Account, Interaction
from regulars.insight.models import Score, Snapshot
from regulars.plan.actions import (
    NotOpen,
    WrongAction,
    acceptance,
    mark_done,
    mark_not_useful,
    reassign,
    reopen,
    snooze,
    visible_actions,
)
from regulars.plan.models import Action
from regulars.plan.proposals import refresh_actions

pytestmark = pytest.mark.django_db
Scored = Callable[..., Account]
AS_OF = date(2024, 12, 9)
SILENT: dict[str, Any] = {"silence_days": 60, "pauses_as_long": 0.0}


@pytest.fixture
def action(scored: Scored, snapshot: Snapshot) -> Action:
    scored(**SILENT)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    return Action.objects.get()


def member(role: str) -> Member:
    return Member.objects.create(email=f"{role}@example.com", name=role, role=role)


VERBS: dict[str, Callable[[Action, Member], Action]] = {
    "done": lambda action, by: mark_done(action=action, on=AS_OF, outcome="reached", member=by),
    "not useful": lambda action, by: mark_not_useful(action=action, on=AS_OF, reason="no", member=by),
    "snooze": lambda action, by: snooze(
        action=action, on=AS_OF, until=AS_OF + timedelta(days=3), reason="later", member=by
    ),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("role", "owns", "refusal"),
    [
        ("owner", False, None),
        ("sales_head", False, None),
        ("account_manager", True, None),
        ("account_manager", False, NoSuchAccount),
        ("new_business_seller", True, None),
        ("new_business_seller", False, NoSuchAccount),
        ("service", False, None),
        ("marketer", True, Forbidden),
        ("analyst", True, Forbidden),
    ],
)
def test_who_may_write_acts_on_the_accounts_that_one_sees(
    action: Action, verb: str, role: str, owns: bool, refusal: type[Refusal] | None
) -> None:
    by = member(role)
    if owns:
        Account.objects.filter(pk=action.account_id).update(owner=by)
    if refusal is None:
        VERBS[verb](action, by)
        assert history_of(action)[0].member == by
    else:
        with pytest.raises(refusal):
            VERBS[verb](action, by)
        action.refresh_from_db()
        assert action.state == Action.State.OPEN


def test_done_is_recorded_as_an_interaction_with_its_outcome(action: Action, owner: Member) -> None:
    mark_done(action=action, on=AS_OF, outcome="will order", text="was ill", member=owner)
    (call,) = Interaction.objects.all()
    action.refresh_from_db()
    assert (call.account_id, call.kind, call.outcome, call.text) == (action.account_id, "call", "will order", "was ill")
    assert (action.state, action.interaction, action.closed_by, action.closed_on) == ("done", call, owner, AS_OF)


@pytest.mark.parametrize("finish", ["done", "not useful"])
@pytest.mark.parametrize("verb", VERBS)
def test_what_is_not_open_any_more_is_refused(action: Action, owner: Member, finish: str, verb: str) -> None:
    VERBS[finish](action, owner)
    with pytest.raises(NotOpen, match="Reopen it first"):
        VERBS[verb](action, owner)
    with pytest.raises(NotOpen):
        reassign(action=action, to=owner, member=owner)


@pytest.mark.parametrize("verb", VERBS)
def test_reopening_takes_everything_back(action: Action, owner: Member, verb: str) -> None:
    before = Action.objects.values().get()
    VERBS[verb](action, owner)
    reopen(action=action, member=owner)
    after = Action.objects.values().get()
    assert after | {"updated_at": None} == before | {"updated_at": None}
    assert not Interaction.objects.exists()
    with pytest.raises(WrongAction, match="nothing to take back"):
        reopen(action=action, member=owner)


def test_what_is_open_anew_cannot_be_reopened_beside_it(action: Action, snapshot: Snapshot, owner: Member) -> None:
    mark_not_useful(action=action, on=AS_OF, reason="no", member=owner)
    refresh_actions(snapshot=snapshot, today=AS_OF + timedelta(days=40))
    with pytest.raises(WrongAction, match="open again"):
        reopen(action=action, member=owner)


def test_who_is_given_an_action_keeps_it_whoever_owns_the_account(
    action: Action, snapshot: Snapshot, owner: Member
) -> None:
    head = member("sales_head")
    reassign(action=action, to=head, member=owner)
    Account.objects.update(owner=owner)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    action.refresh_from_db()
    assert action.member == head


def test_an_action_is_not_given_to_who_does_not_see_the_account_nor_by_who_may_not(
    action: Action, owner: Member
) -> None:
    seller = member("new_business_seller")
    with pytest.raises(WrongAction, match="does not work with Firm"):
        reassign(action=action, to=seller, member=owner)
    Account.objects.update(owner=seller)
    with pytest.raises(Forbidden):
        reassign(action=action, to=owner, member=seller)


def test_what_is_said_must_make_sense(action: Action, owner: Member) -> None:
    with pytest.raises(WrongAction, match="future"):
        snooze(action=action, on=AS_OF, until=AS_OF, reason="later", member=owner)
    with pytest.raises(WrongAction, match="reason is missing"):
        mark_not_useful(action=action, on=AS_OF, reason=" ", member=owner)
    with pytest.raises(WrongAction, match="outcome is missing"):
        mark_done(action=action, on=AS_OF, outcome="", member=owner)


def test_actions_of_accounts_that_one_does_not_see_are_absent(action: Action, owner: Member) -> None:
    assert list(visible_actions(owner)) == [action]
    assert not visible_actions(member("new_business_seller")).exists()


def test_acceptance_counts_what_was_done_of_what_was_decided(
    scored: Scored, snapshot: Snapshot, owner: Member, organisation: object
) -> None:
    for number in range(10):
        scored(f"{number}", **SILENT)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    decided = list(Action.objects.order_by("pk"))
    for done in decided[:6]:
        VERBS["done"](done, owner)
    for dismissed in decided[6:8]:
        VERBS["not useful"](dismissed, owner)
    VERBS["snooze"](decided[8], owner)
    found = {one.cause: one for one in acceptance()}
    silent = found["gone_silent"]
    assert (silent.proposed, silent.open, silent.done, silent.not_useful, silent.closed) == (10, 2, 6, 2, 0)
    assert silent.rate == 0.75
    assert silent.interval == pytest.approx((0.4093, 0.9285), abs=1e-4)  # Wilson's interval of 6 in 8, by hand
    assert (found["declining"].rate, found["declining"].interval) == (None, None)


# All verbs in any sequence


class Verbs(RuleBasedStateMachine):
    """Whatever members and refreshes do: at most one pending action a cause, every done one has its interaction."""

    scored: Scored
    snapshot: Snapshot
    by: Member

    @initialize()
    def start(self) -> None:
        Action.objects.all().delete()
        Interaction.objects.all().delete()
        Score.objects.exclude(account__name="Oldest").delete()
        Account.objects.exclude(name="Oldest").delete()
        self.day = AS_OF
        self.accounts = [self.scored(name, **SILENT) for name in "abc"]

    @rule(days=st.integers(0, 40))
    def refresh(self, days: int) -> None:
        self.day += timedelta(days=days)
        report = refresh_actions(snapshot=self.snapshot, today=self.day)
        assert report.open == Action.objects.filter(state="open").count()
        assert refresh_actions(snapshot=self.snapshot, today=self.day).updated == 0

    @rule(which=st.integers(0, 2), silent=st.booleans())
    def order(self, which: int, silent: bool) -> None:
        self.scored(account=self.accounts[which], **(SILENT if silent else {"silence_days": 1}))

    @rule(verb=st.sampled_from([*VERBS, "reopen"]), which=st.integers(0, 9))
    def act(self, verb: str, which: int) -> None:
        actions = list(Action.objects.order_by("pk"))
        if not actions:
            return
        action = actions[which % len(actions)]
        before = Action.objects.values().get(pk=action.pk)
        try:
            VERBS[verb](action, self.by) if verb != "reopen" else reopen(action=action, member=self.by)
        except (NotOpen, WrongAction):
            assert Action.objects.values().get(pk=action.pk) == before

    @invariant()
    def at_most_one_is_pending_per_account_and_cause(self) -> None:
        pending = list(Action.objects.filter(state__in=Action.PENDING).values_list("account", "cause"))
        assert len(pending) == len(set(pending))

    @invariant()
    def exactly_the_done_ones_have_an_interaction(self) -> None:
        done = Action.objects.filter(state="done")
        assert set(done.values_list("interaction", flat=True)) == set(Interaction.objects.values_list("pk", flat=True))
        assert not Action.objects.exclude(state="done").filter(interaction__isnull=False).exists()

    @invariant()
    def the_counts_add_up(self) -> None:
        counted = acceptance()
        assert sum(one.proposed for one in counted) == Action.objects.count()
        assert all(one.proposed == one.open + one.done + one.not_useful + one.closed for one in counted)


def test_no_sequence_of_verbs_leaves_a_contradiction(scored: Scored, snapshot: Snapshot, owner: Member) -> None:
    Verbs.scored, Verbs.snapshot, Verbs.by = staticmethod(scored), snapshot, owner
    run_state_machine_as_test(
        Verbs,
        settings=settings(
            max_examples=8,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
