"""Lost customers on the command line (missions E15, A7)."""

from __future__ import annotations

import pytest

from command_line import Regulars
from regulars.facts.models import Account, Loss


@pytest.fixture
def firm(regulars: Regulars) -> Regulars:
    regulars("init", "--name", "Muster Druck", "--currency", "EUR")
    Account.objects.create(name="Harbour Gifts", external_id="K1")
    return regulars


def test_an_account_is_declared_lost_listed_parted_from_and_won_back(firm: Regulars) -> None:
    made = firm(
        "lost", "K1", "Too slow", "--reason", "our_service", "--since", "2024-05-06", "--contract", "--json"
    ).data
    assert (made["state"], made["reasons"], made["since"]) == ("open", ["our_service"], "2024-05-06")
    listed = firm("win-back", "--json").data
    assert [one["account"]["name"] for one in listed["lost"]] == ["Harbour Gifts"]
    assert listed["reasons"]["reasons"][0]["reason"] == "our_service"
    assert "Harbour Gifts" in firm("win-back").out
    assert firm("lost", "K1", "--part", "--json").data["state"] == "parted"
    assert firm("win-back", "--json").data["lost"] == []
    assert firm("lost", "K1", "--won-back", "--json").data["state"] == "won"
    assert Loss.objects.get().back_on is not None


def test_a_mistake_is_taken_back_and_what_is_wrong_is_refused(firm: Regulars) -> None:
    assert firm("lost", "K1", "--undo").code == 2
    assert firm("lost", "K1", "--reason", "weather").code == 2
    assert firm("lost", "K1", "--undo", "--part").code == 2
    assert firm("lost", "K1", "--since", "yesterday").code == 2
    assert firm("lost", "K1").code == 0
    assert firm("lost", "K1").code == 2
    assert firm("lost", "K1", "--undo", "--json").data["state"] == "mistake"
    assert "nobody to win back" in firm("win-back").err + firm("win-back").out
