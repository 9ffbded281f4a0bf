"""The refresh of a day, from the history in the warehouse to the list."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine

from regulars.base.models import Organisation
from regulars.base.warehouse import open_engine
from regulars.facts.history import HISTORY
from regulars.facts.models import Account
from regulars.insight.models import Snapshot
from regulars.plan.daily import nightly, refresh
from regulars.plan.models import Action
from regulars.plan.today import todays_list

pytestmark = pytest.mark.django_db
END = date(2024, 12, 9)


@pytest.fixture(autouse=True)
def old_firm() -> None:
    """Here the scores are computed."""


@pytest.fixture
def history(organisation: Organisation) -> Account:
    """Ten firms that order every week for two years; one of them stopped two months before the end."""
    accounts = [Account.objects.create(name=f"Firm {number}") for number in range(10)]
    rows = [
        f"('{account.pk}-{week}', {account.pk}, DATE '{END - timedelta(days=7 * week)}')"
        for account in accounts
        for week in range(9 if account == accounts[0] else 0, 105)
    ]
    said = {"source": "'erp'", "line_no": "'1'", "currency": "'EUR'", "kind": "'sale'", "net_minor": "10000"}
    said |= {"net_base_minor": "10000", "order_id": "o", "account_id": "a", "business_date": "d", "product": "'p'"}
    columns = ", ".join(f"{said.get(name, 'NULL')}::{kind} AS {name}" for name, kind in HISTORY.columns.items())
    with open_engine() as engine:
        HISTORY.writable()
        version = HISTORY.append(engine, f"SELECT {columns} FROM (VALUES {', '.join(rows)}) AS v(o, a, d)")
    HISTORY.put_in_force(version)
    return accounts[0]


def test_from_the_history_to_the_list(history: Account) -> None:
    """E16: long-time buyers who vanished are found by their own rhythm."""
    told: list[str] = []
    refreshed = refresh(as_of=END, progress=lambda text, _share: told.append(text))
    assert refreshed.snapshot.as_of == END
    silent = [card for card in todays_list(None, END).items if card.reason.action.cause == "gone_silent"]
    assert [card.account for card in silent] == [history]
    assert silent[0].reason.sentences[0] == "Usually orders every 7 days; silent for 63 days, since 7 Oct 2024."
    assert told[-1] == "Proposing actions"


def test_the_refresh_of_the_same_day_takes_no_second_snapshot_and_changes_nothing(history: Account) -> None:
    refresh(as_of=END)
    before: list[Any] = list(Action.objects.order_by("pk").values_list())
    refresh(as_of=END)
    assert Snapshot.objects.count() == 1
    assert list(Action.objects.order_by("pk").values_list()) == before


@pytest.mark.parametrize(("days_later", "as_of"), [(3, END + timedelta(days=3)), (400, END)])
def test_the_night_s_figures_are_of_today_or_of_the_end_of_an_old_history(
    history: Account, days_later: int, as_of: date
) -> None:
    with time_machine.travel(datetime(2024, 12, 9, 12, tzinfo=UTC) + timedelta(days=days_later)):
        nightly.call()
    assert Snapshot.objects.get().as_of == as_of


def test_the_night_has_nothing_to_do_before_there_is_a_firm_with_orders(db: None) -> None:
    nightly.call()
    Organisation.objects.create(name="Empty")
    nightly.call()
    assert not Snapshot.objects.exists()
