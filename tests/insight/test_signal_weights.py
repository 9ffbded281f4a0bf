"""What signals deserve is learned from what became of the accounts that showed them (issue: signals; mission A4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np
import pytest

from regulars.core.signals import usual_weight
from regulars.facts.models import Account
from regulars.facts.signal_kinds import KINDS
from regulars.facts.signals import record_signal, withdraw_signal
from regulars.insight.live_signals import weights_in_force
from regulars.insight.models import SignalWeight
from regulars.insight.signal_weights import learn_weights

pytestmark = pytest.mark.django_db
WriteHistory = Callable[[Sequence[dict[str, Any]]], int]
AS_OF = date(2024, 12, 9)
SEEN_ON = date(2024, 3, 15)
SIGNALS = 60


@pytest.fixture
def firm(write_history: WriteHistory) -> list[Account]:
    """300 accounts that buy every month of 2023 and until March 2024; what they do later is each test's."""

    def lines(account: int, stays: bool, drawn: np.random.Generator) -> list[dict[str, Any]]:
        months = [(2023, month) for month in range(1, 13)] + [(2024, month) for month in range(1, 4)]
        months += [(2024, month) for month in range(4, 12)] if stays else []
        worth = int(drawn.integers(5_000, 500_000))
        return [
            {"account_id": account, "business_date": date(year, month, 10), "net_base_minor": worth}
            for year, month in months
        ]

    drawn = np.random.default_rng(7)
    warned = range(1, SIGNALS + 1)
    stays = {pk: bool(drawn.random() < (0.4 if pk in warned else 0.9)) for pk in range(1, 301)}
    write_history([line for pk in stays for line in lines(pk, stays[pk], drawn)])
    return list(Account.objects.order_by("pk"))


def seen(account: Account, kind: str = "late_delivery", on: date = SEEN_ON) -> Any:
    return record_signal(account=account, kind=kind, observed_on=on, member=None)


def test_a_kind_that_foretells_losses_gets_more_weight_than_documented(firm: list[Account]) -> None:
    for account in firm[:SIGNALS]:
        seen(account)
    assert learn_weights(as_of=AS_OF) == 1
    found = SignalWeight.objects.get()
    assert found.signals == SIGNALS
    assert found.others == 300 - SIGNALS
    assert found.events / found.signals > 0.4
    assert found.events_without / found.others < 0.2
    assert found.usual == usual_weight(KINDS["late_delivery"].strength)
    assert found.low > found.usual
    assert found.low < found.weight < found.high
    assert weights_in_force()["late_delivery"] == found.weight
    assert weights_in_force()["complaint"] == usual_weight(KINDS["complaint"].strength)


def test_a_kind_that_foretells_nothing_loses_weight(firm: list[Account]) -> None:
    for account in firm[SIGNALS : SIGNALS * 2]:
        seen(account, "competitor_quoted")
    learn_weights(as_of=AS_OF)
    found = SignalWeight.objects.get()
    assert 0 <= found.weight < found.usual / 2


def test_too_few_signals_withdrawn_ones_and_such_without_an_outcome_teach_nothing(firm: list[Account]) -> None:
    for account in firm[:9]:
        seen(account)
    for account in firm[9:40]:
        withdraw_signal(signal=seen(account), member=None, reason="A mistake")
    for account in firm[40:80]:
        seen(account, on=date(2024, 10, 1))
    assert learn_weights(as_of=AS_OF) == 0
    assert not SignalWeight.objects.exists()


def test_what_was_learned_this_week_is_kept_and_learned_anew_later(firm: list[Account]) -> None:
    signals = [seen(account) for account in firm[:SIGNALS]]
    learn_weights(as_of=AS_OF)
    for signal in signals:
        withdraw_signal(signal=signal, member=None, reason="A mistake")
    assert learn_weights(as_of=date(2024, 12, 12)) == 0
    assert SignalWeight.objects.exists()
    learn_weights(as_of=date(2024, 12, 16))
    assert not SignalWeight.objects.exists()


def test_promises_of_growth_are_held_against_growth(firm: list[Account]) -> None:
    for account in firm[:SIGNALS]:
        seen(account, "new_site")
    learn_weights(as_of=AS_OF)
    found = SignalWeight.objects.get()
    assert found.events == 0
    assert found.weight <= found.usual
