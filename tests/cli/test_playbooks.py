"""Playbooks on the command line (issue §10, B10)."""

from __future__ import annotations

import pytest

from command_line import Regulars
from regulars.base.models import Member
from regulars.facts.models import Account


@pytest.fixture
def firm(regulars: Regulars) -> Regulars:
    regulars("init", "--name", "Muster Druck", "--currency", "EUR")
    owner = Member.objects.create(email="o@example.com", name="Olga", role=Member.Role.OWNER)
    Account.objects.create(name="Harbour Gifts", external_id="K1", owner=owner)
    return regulars


def test_a_play_is_started_shown_done_left_out_taken_back_and_stopped(firm: Regulars) -> None:
    made = firm("play", "K1", "unpaid", "--json").data
    number = str(made["number"])
    assert [one["state"] for one in made["steps"]] == ["open", "open", "open"]
    assert "An invoice is not paid" in firm("plays").out
    assert [one["number"] for one in firm("plays", "K1", "--json").data] == [made["number"]]
    assert "Next, due on" in firm("play-done", number, "Will pay").out
    left = firm("play-skip", made["uid"], "Has paid", "--json").data
    assert [one["state"] for one in left["steps"]] == ["done", "skipped", "open"]
    back = firm("play-undo", number, "--json").data
    assert [one["state"] for one in back["steps"]] == ["done", "open", "open"]
    assert firm("play-stop", number, "Paid", "--json").data["ended"] == "Paid"
    assert "No playbook runs" in firm("plays").err + firm("plays").out
    assert len(firm("plays", "--ended", "--json").data) == 1


def test_the_playbooks_are_listed_with_what_came_of_them(firm: Regulars) -> None:
    firm("play", "K1", "unpaid")
    listed = {one["playbook"]: one for one in firm("playbooks", "--json").data}
    assert (listed["unpaid"]["runs"], listed["praise"]["runs"]) == (1, 0)
    assert "no proof" in firm("playbooks").out


def test_what_is_wrong_is_refused(firm: Regulars) -> None:
    assert firm("play", "K1", "nothing").code == 2
    assert firm("play", "K2", "unpaid").code == 2
    assert firm("play-done", "99", "x").code == 2
    firm("play", "K1", "unpaid")
    assert firm("play", "K1", "unpaid").code == 2
