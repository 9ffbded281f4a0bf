"""Signals: recorded, withdrawn with a reason, put back, seen by who sees the account, moved by merges (mission B10)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest

from regulars.base.access import Forbidden
from regulars.base.audit import history_of
from regulars.base.models import Member, Team
from regulars.facts.accounts import NoSuchAccount, create_account
from regulars.facts.merges import merge_accounts, undo_merge
from regulars.facts.models import Account, AccountMerge, Signal
from regulars.facts.signal_kinds import COMPETITOR, KINDS, STRONGEST, WEAKEST
from regulars.facts.signals import (
    SignalSource,
    WrongSignal,
    record_signal,
    restore_signal,
    standing,
    visible_signals,
    withdraw_signal,
)

pytestmark = pytest.mark.django_db
ON = date(2024, 5, 6)


@pytest.fixture
def account(owner: Member) -> Account:
    return create_account(member=owner, name="Firm", owner=owner)


def test_a_signal_is_as_strong_as_its_kind_unless_somebody_says_otherwise(account: Account, owner: Member) -> None:
    usual = record_signal(account=account, kind="competitor_quoted", observed_on=ON, member=owner, said=" 10% less ")
    weak = record_signal(account=account, kind="competitor_quoted", observed_on=ON, member=owner, strength=1)
    assert (usual.strength, usual.direction, usual.said, usual.recorded_by) == (4, "risk", "10% less", owner)
    assert weak.strength == 1
    assert history_of(usual)[0].after["said"] == "10% less"


def test_the_methods_name_every_kind_with_its_strength_and_half_life() -> None:
    page = Path(__file__).parents[2] / "docs" / "methods" / "signals.md"
    lines = [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    told = {
        kind: (column(row[2], place), column(row[3], place))
        for row in rows
        if len(row) == 5
        for place, kind in enumerate(row[0].split(", "))
    }
    assert {one.key: (str(one.strength), str(one.half_life_days)) for one in KINDS.values()}.items() <= told.items()


def column(cell: str, place: int) -> str:
    """One figure for all kinds of the row, or one for each."""
    figures = cell.split(", ")
    return figures[place] if len(figures) > 1 else figures[0]


def test_a_signal_names_the_record_that_it_came_from(account: Account, owner: Member) -> None:
    source = SignalSource.of(account)
    made = record_signal(account=account, kind="praise", observed_on=ON, member=None, source=source)
    assert (made.source_kind, made.source_uid, made.direction) == ("facts.account", account.uid, "potential")
    other = SignalSource(kind="review", uid=uuid4())
    assert (
        record_signal(account=account, kind="praise", observed_on=ON, member=None, source=other).source_uid == other.uid
    )


@pytest.mark.parametrize(("kind", "strength"), [("gossip", None), ("praise", 0), ("praise", 6)])
def test_what_is_no_signal_is_refused_with_a_way_out(
    account: Account, owner: Member, kind: str, strength: int | None
) -> None:
    with pytest.raises(WrongSignal) as refused:
        record_signal(account=account, kind=kind, observed_on=ON, member=owner, strength=strength)
    assert refused.value.way_out
    assert not Signal.objects.exists()


def test_a_withdrawn_signal_stays_with_who_and_why_and_can_be_put_back(account: Account, owner: Member) -> None:
    made = record_signal(account=account, kind="complaint", observed_on=ON, member=owner)
    with pytest.raises(WrongSignal):
        withdraw_signal(signal=made, member=owner, reason=" ")
    gone = withdraw_signal(signal=made, member=owner, reason="Another firm of that name")
    assert (gone.withdrawn_by, gone.withdrawn_reason) == (owner, "Another firm of that name")
    assert visible_signals(owner).get() == made
    assert not standing(visible_signals(owner)).exists()
    with pytest.raises(WrongSignal):
        withdraw_signal(signal=made, member=owner, reason="Once more")
    back = restore_signal(signal=made, member=owner)
    assert (back.withdrawn_at, back.withdrawn_by, back.withdrawn_reason) == (None, None, "")
    with pytest.raises(WrongSignal):
        restore_signal(signal=made, member=owner)
    assert [entry.verb for entry in history_of(made)] == ["restore_signal", "withdraw_signal", "record_signal"]


def test_signals_of_foreign_accounts_are_absent_and_readers_may_not_write(account: Account, owner: Member) -> None:
    made = record_signal(account=account, kind="complaint", observed_on=ON, member=owner)
    far = Member.objects.create(
        email="far@example.com", name="Far", role="account_manager", team=Team.objects.create(name="Far")
    )
    analyst = Member.objects.create(email="a@example.com", name="Ann", role="analyst")
    assert not visible_signals(far).exists()
    refused: tuple[Callable[[], Signal], ...] = (
        lambda: record_signal(account=account, kind="praise", observed_on=ON, member=far),
        lambda: withdraw_signal(signal=made, member=far, reason="wrong"),
        lambda: restore_signal(signal=made, member=far),
    )
    for attempt in refused:
        with pytest.raises(NoSuchAccount):
            attempt()
    assert visible_signals(analyst).get() == made
    with pytest.raises(Forbidden):
        withdraw_signal(signal=made, member=analyst, reason="wrong")


def test_signals_move_with_a_merge_and_come_back_with_its_undoing(account: Account, owner: Member) -> None:
    double = create_account(member=owner, name="Firm Ltd", owner=owner)
    mine = record_signal(account=account, kind="praise", observed_on=ON, member=owner)
    theirs = record_signal(account=double, kind="complaint", observed_on=ON, member=owner)
    merge = merge_accounts(kept=account, merged=double, member=owner)
    assert set(visible_signals(owner).filter(account=account)) == {mine, theirs}
    double.refresh_from_db()
    later = record_signal(account=double, kind="new_site", observed_on=ON, member=owner)
    assert later.account_id == account.pk
    undo_merge(merge=merge, member=owner)
    assert visible_signals(owner).get(account=double) == theirs
    assert set(visible_signals(owner).filter(account=account)) == {mine, later}


def test_a_merge_from_before_there_were_signals_can_still_be_undone(account: Account, owner: Member) -> None:
    double = create_account(member=owner, name="Firm Ltd", owner=owner)
    merge = merge_accounts(kept=account, merged=double, member=owner)
    AccountMerge.objects.update(moved={key: ids for key, ids in merge.moved.items() if key != "signals"})
    assert undo_merge(merge=merge, member=owner).merged_into is None


def test_every_kind_has_a_strength_a_half_life_and_a_direction() -> None:
    for kind in KINDS.values():
        assert WEAKEST <= kind.strength <= STRONGEST
        assert 30 <= kind.half_life_days <= 365
    assert {KINDS[kind].direction for kind in COMPETITOR} == {"risk"}
    assert {kind.direction for kind in KINDS.values()} == {"risk", "potential"}
