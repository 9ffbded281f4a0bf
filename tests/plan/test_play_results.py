"""What came of playbooks, beside the accounts where they were called for and not run (issue §10)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pyarrow as pa
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.base.models import Member
from regulars.base.warehouse import open_engine
from regulars.facts.history import HISTORY
from regulars.facts.models import Account
from regulars.facts.signals import record_signal
from regulars.plan.models import PlayStep
from regulars.plan.play_making import current_step
from regulars.plan.play_results import Share, play_results
from regulars.plan.plays import skip_step, start_play, stop_play

pytestmark = pytest.mark.django_db
AS_OF = date(2024, 12, 9)


def ago(days: int) -> date:
    return AS_OF - timedelta(days=days)


def ordered(*orders: tuple[Account, date]) -> None:
    """Put an order line a pair into the history."""
    usual = {"source": "erp", "line_no": "1", "kind": "sale", "currency": "EUR", "net_base_minor": 1000}
    rows = [
        {
            **dict.fromkeys(HISTORY.columns),
            **usual,
            "order_id": str(number),
            "account_id": account.pk,
            "business_date": day,
        }
        for number, (account, day) in enumerate(orders)
    ]
    columns = ", ".join(f"{name}::{kind} AS {name}" for name, kind in HISTORY.columns.items())
    HISTORY.writable()
    with open_engine() as engine:
        engine.register("written", pa.Table.from_pylist(rows))
        version = HISTORY.append(engine, f"SELECT {columns} FROM written")
    HISTORY.put_in_force(version)


def test_who_ordered_within_the_days_after_is_told_with_and_without_a_run(
    scored: Callable[..., Account], owner: Member
) -> None:
    bought, not_bought, young, left, left_late = (scored(name, owner=owner) for name in "abcde")
    for account, days in ((bought, 200), (not_bought, 150), (young, 20)):
        record_signal(account=account, kind="invoice_unpaid", observed_on=ago(days), member=None)
        start_play(account=account, playbook="unpaid", on=ago(days), member=owner)
    for account in (left, left_late):
        record_signal(account=account, kind="invoice_unpaid", observed_on=ago(200), member=None)
    ordered((bought, ago(111)), (not_bought, ago(59)), (left, ago(150)), (left_late, ago(109)), (young, ago(5)))
    found = {one.playbook.key: one for one in play_results(member=owner, on=AS_OF)}["unpaid"]
    assert (found.runs, found.running) == (3, 3)
    assert found.run == Share(accounts=2, ordered=1), "89 days after counts, 91 do not, 20 days ago is too young"
    assert found.not_run == Share(accounts=2, ordered=1)


def test_a_run_that_began_before_the_year_looked_at_is_held_against_no_order(
    scored: Callable[..., Account], owner: Member
) -> None:
    old = scored("a", owner=owner)
    start_play(account=old, playbook="unpaid", on=ago(400), member=owner)
    ordered((old, ago(390)))
    found = {one.playbook.key: one for one in play_results(member=owner, on=AS_OF)}["unpaid"]
    assert (found.running, found.run) == (1, Share(accounts=0, ordered=0))


def test_ends_and_how_long_half_took_are_told_and_only_what_one_sees(
    scored: Callable[..., Account], owner: Member
) -> None:
    account, other = scored("a", owner=owner), scored("b", owner=owner)
    play = start_play(account=account, playbook="unpaid", on=ago(30), member=owner)
    for _step in range(3):
        step = current_step(play)
        assert isinstance(step, PlayStep)
        play = skip_step(step=step, on=ago(20), reason="Paid", member=owner)
    stop_play(
        play=start_play(account=other, playbook="unpaid", on=ago(30), member=owner),
        on=ago(28),
        reason="Paid",
        member=owner,
    )
    found = {one.playbook.key: one for one in play_results(member=owner, on=AS_OF)}["unpaid"]
    assert (found.runs, found.finished, found.stopped, found.median_days) == (2, 1, 1, 6)
    stranger = Member.objects.create(email="x@example.com", name="X", role=Member.Role.NEW_BUSINESS_SELLER)
    assert all(one.runs == 0 for one in play_results(member=stranger, on=AS_OF))


def test_the_interval_is_that_of_wilson() -> None:
    low, high = Share(accounts=20, ordered=18).interval or (0, 0)
    assert (round(low, 3), round(high, 3)) == (0.699, 0.972)  # Newcombe 1998, method 3
    assert Share(accounts=0, ordered=0).interval is None


def test_more_runs_and_signals_ask_no_more_queries(scored: Callable[..., Account], owner: Member) -> None:
    def count(accounts: int) -> int:
        for number in range(accounts):
            account = scored(f"{accounts}-{number}", owner=owner)
            record_signal(account=account, kind="invoice_unpaid", observed_on=ago(200), member=None)
            start_play(account=account, playbook="unpaid", on=ago(200), member=owner)
        with CaptureQueriesContext(connection) as asked:
            play_results(member=owner, on=AS_OF)
        return len(asked)

    assert count(1) == count(7)
