"""The refresh: proposes, brings up to date, closes by itself; twice the same day changes nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection

from regulars.base.locks import Busy, exclusive
from regulars.base.models import Member, Organisation
from regulars.base.warehouse import open_engine
from regulars.facts.history import HISTORY
from regulars.facts.interactions import record_interaction
from regulars.facts.merges import merge_accounts
from regulars.facts.models import Account
from regulars.insight.models import Score, Snapshot
from regulars.plan.actions import mark_done, mark_not_useful, snooze
from regulars.plan.closing import closing_sentence
from regulars.plan.models import Action
from regulars.plan.proposals import ACTIONS_LOCK, RefreshReport, refresh_actions

pytestmark = pytest.mark.django_db
Scored = Callable[..., Account]
AS_OF = date(2024, 12, 9)
SILENT: dict[str, Any] = {"silence_days": 60, "pauses_as_long": 0.0}
FALLING: dict[str, Any] = {"sales_12m": 4_000.0, "sales_previous_12m": 14_000.0, "trend": -0.7, "orders_12m": 5}


def refresh(snapshot: Snapshot, days_later: int = 0) -> RefreshReport:
    return refresh_actions(snapshot=snapshot, today=AS_OF + timedelta(days=days_later))


def rows() -> list[dict[str, Any]]:
    return [dict(row) for row in Action.objects.order_by("pk").values()]


def test_a_cause_becomes_an_action_with_money_and_the_account_s_owner(
    scored: Scored, snapshot: Snapshot, owner: Member
) -> None:
    account = scored(**SILENT, owner=owner)
    report = refresh(snapshot)
    (action,) = Action.objects.all()
    assert (action.account, action.cause, action.member, action.proposed_on) == (account, "gone_silent", owner, AS_OF)
    assert action.expected_money == pytest.approx(action.stake * 0.2 * 0.5 ** (20 / 60))
    assert (report.proposed, report.open) == ({"gone_silent": 1}, 1)


def test_what_nobody_active_owns_is_nobody_s(scored: Scored, snapshot: Snapshot, owner: Member) -> None:
    left = Member.objects.create(email="left@example.com", name="Left", is_active=False)
    scored("orphan", **SILENT)
    scored("of who left", **SILENT, owner=left)
    refresh(snapshot)
    assert set(Action.objects.values_list("member", flat=True)) == {None}


def test_twice_the_same_day_changes_nothing(scored: Scored, snapshot: Snapshot, owner: Member) -> None:
    for number in range(3):
        scored(f"silent {number}", **SILENT)
        scored(f"falling {number}", **FALLING, owner=owner)
    refresh(snapshot)
    before = rows()
    report = refresh(snapshot)
    assert rows() == before
    assert (sum(report.proposed.values()), report.updated, sum(report.closed.values())) == (0, 0, 0)


def test_an_account_has_one_open_action_a_cause_whose_figures_follow_the_scores(
    scored: Scored, snapshot: Snapshot, owner: Member
) -> None:
    account = scored(**SILENT)
    refresh(snapshot)
    scored(account=account, silence_days=70, pauses_as_long=0.0)
    Account.objects.filter(pk=account.pk).update(owner=owner)
    report = refresh(snapshot, 10)
    (action,) = Action.objects.all()
    assert report.updated == 1
    assert (action.figures["silence_days"], action.member, action.proposed_on) == (70, owner, AS_OF)
    assert action.seen_on == AS_OF + timedelta(days=10)


def test_an_action_closes_itself_when_its_cause_is_gone_and_says_so(scored: Scored, snapshot: Snapshot) -> None:
    """Row 5 of what we stand for: closes itself."""
    account = scored(**SILENT)
    refresh(snapshot)
    scored(account=account, silence_days=6)
    report = refresh(snapshot, 1)
    (action,) = Action.objects.all()
    assert action.state == Action.State.CLOSED
    assert closing_sentence(action.figures["closed"]) == "Ordered again on 3 Dec 2024."
    assert (report.closed, report.open) == ({"ordered_again": 1}, 0)
    scored(account=account, **SILENT)
    assert refresh(snapshot, 2).proposed == {"gone_silent": 1}


def test_an_account_that_lost_its_score_needs_nobody(scored: Scored, snapshot: Snapshot) -> None:
    account = scored(**SILENT)
    refresh(snapshot)
    Score.objects.filter(account=account).delete()
    assert refresh(snapshot).closed == {"no_score": 1}


def test_a_cause_that_is_switched_off_proposes_nothing_and_closes_its_actions(
    scored: Scored, snapshot: Snapshot, organisation: Organisation
) -> None:
    scored(**SILENT)
    refresh(snapshot)
    organisation.thresholds = {
        f"propose_{cause}": False
        for cause in ("gone_silent", "declining", "first_weeks", "best_without_contact", "sharp_growth")
    }
    organisation.save()
    report = refresh(snapshot)
    assert (report.closed, report.proposed) == ({"switched_off": 1}, {})


@pytest.mark.parametrize(("days_later", "proposed"), [(29, 0), (30, 1)])
def test_what_was_done_or_dismissed_rests_for_a_while(
    scored: Scored, snapshot: Snapshot, owner: Member, days_later: int, proposed: int
) -> None:
    for name in ("done", "dismissed"):
        scored(name, **SILENT)
    refresh(snapshot)
    done, dismissed = Action.objects.order_by("pk")
    mark_done(action=done, on=AS_OF, outcome="will order", member=owner, kind="note")
    mark_not_useful(action=dismissed, on=AS_OF, reason="closed shop", member=owner)
    again = refresh(snapshot, days_later).proposed
    assert again["gone_silent"] == (2 if proposed else 0)
    assert set(again) <= {"gone_silent", "play"}  # the playbook against it goes on meanwhile


def test_what_got_clearly_worse_is_proposed_again_at_once(scored: Scored, snapshot: Snapshot, owner: Member) -> None:
    account = scored(**FALLING)
    refresh(snapshot)
    mark_not_useful(action=Action.objects.get(), on=AS_OF, reason="they know", member=owner)
    scored(account=account, **FALLING | {"sales_12m": 1_000.0})
    assert refresh(snapshot, 1).proposed == {}
    scored(account=account, **FALLING | {"sales_previous_12m": 21_000.0})
    assert refresh(snapshot, 1).proposed == {"declining": 1}


def test_the_next_stage_of_the_first_weeks_is_proposed_though_the_one_before_was_done(
    scored: Scored, snapshot: Snapshot, owner: Member
) -> None:
    """A7."""
    new = {"buyer": "new", "order_days": 1, "gap_typical_days": None, "pauses_as_long": None, "trend": None}
    account = scored(**new, first_order=AS_OF - timedelta(days=4), silence_days=4)
    refresh(snapshot)
    mark_done(action=Action.objects.get(), on=AS_OF, outcome="all well", member=owner)
    scored(account=account, **new, first_order=AS_OF - timedelta(days=14), silence_days=14)
    assert refresh(snapshot, 10).proposed["first_weeks"] == 0  # in this test the call was on the fourteenth day
    Account.objects.get(pk=account.pk).interactions.update(on=AS_OF - timedelta(days=10))
    assert refresh(snapshot, 10).proposed["first_weeks"] == 1


def test_a_snoozed_action_wakes_on_its_day_and_closes_if_its_cause_is_gone(
    scored: Scored, snapshot: Snapshot, owner: Member
) -> None:
    accounts = [scored(name, **SILENT) for name in ("stays silent", "orders again")]
    refresh(snapshot)
    for action in Action.objects.all():
        snooze(action=action, on=AS_OF, until=AS_OF + timedelta(days=7), reason="holiday", member=owner)
    assert refresh(snapshot, 6).woken == 0
    scored(account=accounts[1], silence_days=3)
    report = refresh(snapshot, 7)
    assert (report.woken, report.open) == (2, 1)
    assert Action.objects.get(state="open").account == accounts[0]


def test_only_the_best_are_kept_and_the_rest_is_counted(
    scored: Scored, snapshot: Snapshot, organisation: Organisation, owner: Member
) -> None:
    organisation.thresholds = {"digest_size": 3}
    organisation.save()
    accounts = [scored(f"{number}", **SILENT, sales_12m=1_000.0 * number, owner=owner) for number in range(1, 8)]
    for number in range(2):
        scored(f"nobody's {number}", **SILENT)
    report = refresh(snapshot)
    assert (report.open, report.beyond) == (5, 4)
    assert set(Action.objects.filter(member=owner).values_list("account", flat=True)) == {
        account.pk for account in accounts[-3:]
    }
    assert refresh(snapshot).beyond == 4


def test_an_open_action_stays_until_twice_as_many_are_more_valuable(
    scored: Scored, snapshot: Snapshot, organisation: Organisation
) -> None:
    organisation.thresholds = {"digest_size": 1}
    organisation.save()
    scored("first", **SILENT, sales_12m=5_000.0)
    refresh(snapshot)
    scored("second", **SILENT, sales_12m=8_000.0)
    assert refresh(snapshot).open == 2
    scored("third", **SILENT, sales_12m=9_000.0)
    report = refresh(snapshot)
    assert (report.open, report.closed) == (2, {"outranked": 1})
    assert Action.objects.get(state="closed").account.name == "first"


def test_an_action_follows_its_account_into_the_one_it_was_merged_into(
    scored: Scored, snapshot: Snapshot, owner: Member
) -> None:
    kept, merged, third = (scored(name, **SILENT) for name in ("kept", "merged", "third"))
    refresh(snapshot)
    merge_accounts(kept=kept, merged=merged, member=owner)
    merge_accounts(kept=scored("quiet", **SILENT), merged=third, member=owner)
    report = refresh(snapshot)
    assert report.closed == {"merged": 1}
    still = Action.objects.filter(state="open").order_by("account__name")
    assert [action.account.name for action in still] == ["kept", "quiet"]


def test_contacts_count_as_recorded_once_the_members_do_so(scored: Scored, snapshot: Snapshot, owner: Member) -> None:
    """C2: no best customer is left for long without contact."""
    best = [scored(f"best {n}", pareto="A", rank=20 + n, sales_12m=50_000.0 + n) for n in range(3)]
    assert refresh(snapshot).proposed == {}  # unknown, and not among the ten largest
    for account, days in zip(best, (10, 70, 200), strict=True):
        record_interaction(account=account, kind="visit", on=AS_OF - timedelta(days=days), member=owner)
    refresh(snapshot)
    assert set(Action.objects.values_list("account__name", flat=True)) == {"best 1", "best 2"}
    record_interaction(account=best[1], kind="call", on=AS_OF, member=owner)
    assert refresh(snapshot).closed == {"contacted": 1}


def test_an_account_that_paused_in_the_same_weeks_a_year_ago_is_not_silent(
    scored: Scored, snapshot: Snapshot, owner: Member
) -> None:
    """E16: the season is no silence."""
    seasonal, steady, young = (
        scored("seasonal", **SILENT, first_order=AS_OF - timedelta(days=900)),
        scored("steady", **SILENT, first_order=AS_OF - timedelta(days=900)),
        scored("young", **SILENT),
    )
    merged = Account.objects.create(name="merged", merged_into=steady)
    a_year_ago = AS_OF - timedelta(days=365 + 30)
    lines = [(merged.pk, a_year_ago), (seasonal.pk, a_year_ago - timedelta(days=40))]
    said = {"kind": "'sale'", "net_base_minor": "100", "account_id": "a", "business_date": "d"}
    columns = ", ".join(f"{said.get(name, 'NULL')}::{kind} AS {name}" for name, kind in HISTORY.columns.items())
    values = ", ".join(f"({account}, DATE '{on}')" for account, on in lines)
    with open_engine() as engine:
        HISTORY.writable()
        HISTORY.put_in_force(HISTORY.append(engine, f"SELECT {columns} FROM (VALUES {values}) AS v(a, d)"))
    refresh(snapshot)
    assert {action.account: action.figures["season_known"] for action in Action.objects.all()} == {
        steady: True,
        young: False,
    }


def test_a_second_refresh_at_the_same_time_is_refused(scored: Scored, snapshot: Snapshot) -> None:
    scored(**SILENT)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with exclusive(ACTIONS_LOCK):
            held.set()
            done.wait(20)
        connection.close()

    other = threading.Thread(target=hold)
    other.start()
    try:
        assert held.wait(20)
        with pytest.raises(Busy):
            refresh(snapshot)
    finally:
        done.set()
        other.join()
    assert not Action.objects.exists()
    assert refresh(snapshot).open == 1


def test_the_number_of_queries_does_not_grow_with_the_accounts(
    scored: Scored, snapshot: Snapshot, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        scored(f"{number}", **SILENT)
    with django_assert_max_num_queries(120):
        assert refresh(snapshot).open == 30
    for account in Account.objects.exclude(name="Oldest"):
        scored(account=account, silence_days=2)
    with django_assert_max_num_queries(120):
        assert refresh(snapshot).open == 0
