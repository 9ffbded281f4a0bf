"""Hand-overs on the command line (mission A1)."""

from __future__ import annotations

import pytest

from command_line import Regulars
from regulars.base.models import Member
from regulars.facts.models import Account


@pytest.fixture
def firm(regulars: Regulars) -> Regulars:
    regulars("init", "--name", "Muster Druck", "--currency", "EUR")
    Member.objects.create(email="k@x.example", name="Keeper", role="account_manager")
    Account.objects.create(name="Harbour Gifts", external_id="K1")
    return regulars


def test_an_account_is_handed_over_returned_and_accepted(firm: Regulars) -> None:
    made = firm("handover", "K1", "Keeper", "An order a month", "--json").data
    assert (made["state"], made["receiver"]) == ("sent", "k@x.example")
    assert "Harbour Gifts" in firm("handovers").out
    assert firm("handover-return", str(made["number"]), "Who decides?", "--json").data["state"] == "returned"
    assert firm("handover", "K1", "Keeper", "Again").code == 2
    assert firm("handover-accept", str(made["number"])).code == 2
    assert firm("handover-accept", "nothing").code == 2


def test_accepting_makes_the_receiver_the_owner(firm: Regulars) -> None:
    made = firm("handover", "K1", "Keeper", "An order a month", "--json").data
    assert firm("--as", "Keeper", "handover-accept", made["uid"], "--json").data["state"] == "accepted"
    owner = Account.objects.get().owner
    assert owner is not None
    assert owner.name == "Keeper"
