"""Promises on the command line (mission A1)."""

from __future__ import annotations

import pytest

from command_line import Regulars
from regulars.facts.models import Account


@pytest.fixture
def firm(regulars: Regulars) -> Regulars:
    regulars("init", "--name", "Muster Druck", "--currency", "EUR")
    Account.objects.create(name="Harbour Gifts", external_id="K1")
    return regulars


def test_a_promise_is_noted_shown_moved_and_kept(firm: Regulars) -> None:
    made = firm("promise", "K1", "Send samples", "--due", "2099-01-01", "--source", "visit", "--json").data
    assert (made["due_on"], made["state"], made["owner"]) == ("2099-01-01", "open", "owner@localhost.localdomain")
    assert "Send samples" in firm("promises", "K1").out
    moved = firm("promise-later", str(made["number"]), "2099-02-01", "The mill is late", "--json").data
    assert (moved["due_on"], moved["state"]) == ("2099-02-01", "renegotiated")
    assert firm("promise-kept", made["uid"], "--json").data["state"] == "kept"
    assert firm("promises", "--json").data == []
    assert len(firm("promises", "--settled", "--json").data) == 1


def test_what_cannot_be_is_refused_with_a_way_out(firm: Regulars) -> None:
    assert firm("promise", "K1", "Too late", "--due", "2001-01-01").code == 2
    refused = firm("promise-kept", "nothing")
    assert refused.code == 2
    assert "regulars promises" in refused.err
    number = str(firm("promise", "K1", "Call", "--json").data["number"])
    assert firm("promise-broken", number, "Forgot it", "--json").data["state"] == "broken"
