"""Signals on the command line (mission B10)."""

from __future__ import annotations

import pytest

from command_line import Regulars
from regulars.facts.models import Account, Signal


@pytest.fixture
def firm(regulars: Regulars) -> Regulars:
    regulars("init", "--name", "Muster Druck", "--currency", "EUR")
    Account.objects.create(name="Harbour Gifts", external_id="K1")
    return regulars


def test_a_signal_is_noted_shown_and_withdrawn(firm: Regulars) -> None:
    made = firm("signal", "K1", "competitor_quoted", "ten per cent less", "--on", "2024-05-06", "--json").data
    assert (made["kind"], made["strength"], made["observed_on"]) == ("competitor_quoted", 4, "2024-05-06")
    (shown,) = firm("signals", "K1", "--json").data["signals"]
    assert shown["said"] == "ten per cent less"
    assert "Harbour Gifts" in firm("signals").out
    assert firm("withdraw-signal", made["number"], "Another firm", "--json").data["withdrawn_reason"] == "Another firm"
    assert firm("signals", "--json").data["signals"] == []
    assert len(firm("signals", "--withdrawn", "--json").data["signals"]) == 1


def test_kinds_are_shown_and_unknown_ones_refused_with_a_way_out(firm: Regulars) -> None:
    kinds = {one["kind"]: one for one in firm("signals", "--kinds", "--json").data}
    assert kinds["champion_left"]["half_life_days"] == 180
    assert "champion_left" in firm("signals", "--kinds").out
    refused = firm("signal", "K1", "gossip")
    assert refused.code == 2
    assert "competitor_quoted" in refused.err
    assert firm("withdraw-signal", "nothing", "wrong").code == 2
    assert not Signal.objects.exists()
