"""Issues on the command line (mission B1, B3)."""

from __future__ import annotations

from command_line import Regulars
from regulars.facts.known_problems import note_problem
from regulars.facts.models import Account, Issue


def test_an_issue_is_taken_down_shown_and_solved(regulars: Regulars) -> None:
    regulars("init", "--name", "Muster Druck", "--currency", "EUR")
    Account.objects.create(name="Harbour Gifts", external_id="K1")
    note_problem(title="Glass breaks", workaround="Send two", member=None)
    told = regulars("issue", "K1", "Glass broken")
    assert "Harbour Gifts" in told.out
    assert "Send two" in told.out + told.err
    made = regulars("issue", "K1", "Late", "--about", "delivery", "--complaint", "--json").data
    assert (made["about"], made["complaint"], made["state"]) == ("delivery", True, "open")
    assert {one["title"] for one in regulars("issues", "K1", "--json").data} == {"Glass broken", "Late"}
    assert "Late" in regulars("issues").out
    assert regulars("issues", "--overdue", "--json").data == []
    assert regulars("issue-solved", made["number"], "Came today", "--praised", "--json").data["state"] == "solved"
    assert [one["title"] for one in regulars("issues", "--json").data] == ["Glass broken"]
    assert len(regulars("issues", "--all", "--json").data) == 2
    assert regulars("issue", "K1", "x", "--about", "gossip").code == 2
    assert regulars("issue-solved", "nothing", "x").code == 2
    assert Issue.objects.count() == 2
