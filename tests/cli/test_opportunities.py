"""Opportunities and white space on the command line (missions A2, A3)."""

from __future__ import annotations

import pytest

from command_line import Regulars
from regulars.facts.models import Account
from regulars.facts.offerings import record_offering


@pytest.fixture
def firm(regulars: Regulars) -> Regulars:
    regulars("init", "--name", "Muster Druck", "--currency", "EUR")
    Account.objects.create(name="Harbour Gifts", external_id="K1")
    return regulars


def test_an_opportunity_is_opened_shown_moved_and_won(firm: Regulars) -> None:
    said = ("--amount", "1200.50", "--step", "Call", "--due", "2099-01-01")
    made = firm("opportunity", "K1", "Repair contract", *said, "--json").data
    assert (made["amount_minor"], made["stage"], made["next_step_on"]) == (120_050, "talk", "2099-01-01")
    assert "Repair contract" in firm("opportunities", "K1").out
    assert firm("opportunity-stage", made["number"], "Offer made", "--json").data["stage"] == "offer"
    won = firm("opportunity-won", made["uid"], "--amount", "900", "--hand-over", "--json").data
    assert (won["state"], won["amount_minor"]) == ("won", 90_000)
    assert firm("opportunities", "--json").data == []
    assert len(firm("opportunities", "--decided", "--json").data) == 1


def test_what_cannot_be_is_refused_with_a_way_out(firm: Regulars) -> None:
    assert firm("opportunity", "K1", "Too much", "--amount", "a lot").code == 2
    refused = firm("opportunity-won", "nothing")
    assert refused.code == 2
    assert "regulars opportunities" in refused.err
    number = firm("opportunity", "K1", "Repair", "--json").data["number"]
    assert firm("opportunity-lost", number, "nonsense").code == 2
    assert firm("opportunity-lost", number, "price", "--json").data["reason"] == "price"


@pytest.mark.parametrize("amount", ["1200,50", "1.200,50", "12,00", "-5", "1e25", "NaN", "1" * 30, "٣", "5 EUR"])
def test_an_amount_that_can_be_read_in_two_ways_is_not_guessed(firm: Regulars, amount: str) -> None:
    refused = firm("opportunity", "K1", "Repair", "--amount", amount)
    assert refused.code == 2
    assert "1200.50" in refused.err
    assert firm("opportunities", "--json").data == []


def test_thousands_may_be_parted(firm: Regulars) -> None:
    made = firm("opportunity", "K1", "Repair", "--amount", "1,234,567.8", "--json").data
    assert made["amount_minor"] == 123_456_780


def test_white_space_says_what_nobody_knows(firm: Regulars) -> None:
    assert "No offering" in firm("white-space").err
    record_offering(name="Repair", member=None)
    (row,) = firm("white-space", "K1", "--json").data
    assert [(one["offering"], one["state"]) for one in row["offerings"]] == [("Repair", "unknown")]
    assert "Repair" in firm("white-space", "K1").out
