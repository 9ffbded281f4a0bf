"""Key accounts on the command line (mission E10-E12)."""

from __future__ import annotations

import pytest

from command_line import Regulars
from regulars.facts.contacts import create_contact
from regulars.facts.models import Account

OWNER = "owner@localhost.localdomain"


@pytest.fixture
def firm(regulars: Regulars) -> Regulars:
    regulars("init", "--name", "Muster Druck", "--currency", "EUR")
    Account.objects.create(name="Harbour Gifts", external_id="K1")
    return regulars


def test_a_key_account_is_appointed_shown_and_ended(firm: Regulars) -> None:
    assert firm("key-accounts", "--json").data == []
    made = firm("key-account", "K1", OWNER, "--json").data
    assert (made["manager"], made["until"]) == (OWNER, None)
    assert "Harbour Gifts" in firm("key-accounts").out
    assert firm("key-accounts", "--json").data[0]["relations"] == "unknown"
    assert firm("key-account", "K1", OWNER).code == 2
    assert firm("key-account-end", "K1", "Sold its shops", "--json").data["until"] is not None
    assert firm("key-account-end", "K1", "again").code == 2


def test_signs_wallets_and_the_assignment(firm: Regulars) -> None:
    assert firm("wallet", "K1", "120000", "Their buyer", "--json").data["yearly_minor"] == 12_000_000
    assert firm("wallet", "K1", "much", "Their buyer").code == 2
    assert firm("key-sign", "K1", "reputation", "Supplies the court", "--json").data["sign"] == "reputation"
    [only] = firm("key-account-signs", "--json").data
    assert [one["sign"] for one in only["signs"]] == ["reputation"]
    assert "Supplies the court" in firm("key-account-signs").out
    [proposed] = firm("key-account-assignment", "--accept", "--json").data
    assert (proposed["manager"], proposed["changes"]) == (OWNER, True)
    assert [one["manager"] for one in firm("key-accounts", "--json").data] == [OWNER]


def test_the_people_map_says_what_is_wrong(firm: Regulars) -> None:
    create_contact(account=Account.objects.get(external_id="K1"), member=None, name="Ada", level="owner")
    found = firm("people-map", "K1", "--json").data
    assert (found["health"], found["people"][0]["name"]) == ("endangered", "Ada")
    assert "Nobody of ours is in live contact" in firm("people-map", "K1").out
