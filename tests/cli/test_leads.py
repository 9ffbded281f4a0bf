"""Leads on the command line (mission D1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from command_line import Regulars
from regulars.base.models import Member
from regulars.facts.models import Account, Lead


@pytest.fixture
def firm(regulars: Regulars) -> Regulars:
    regulars("init", "--name", "Muster Druck", "--currency", "EUR")
    Member.objects.create(email="nina@firm.example", name="Nina", role="new_business_seller")
    return regulars


def test_a_lead_is_taken_down_answered_and_won(firm: Regulars) -> None:
    made = firm("lead", "Alpine Gifts", "--email", "eva@alpine.example", "--person", "Eva", "--json").data
    assert (made["state"], made["owner"], made["channel"]) == ("new", "nina@firm.example", "hand")
    assert "Alpine Gifts" in firm("leads").out
    number = str(made["number"])
    assert firm("lead-done", number, "Called her", "--json").data["answered_at"]
    assert firm("lead-done", number, "--fits", "--json").data["state"] == "contacted"
    assert firm("lead-done", number, "--won", "--json").data["state"] == "won"
    assert Account.objects.get().name == "Alpine Gifts"
    assert "No lead waits." in firm("leads").err
    assert sum(month["won"] for month in firm("leads", "--flow", "--json").data) == 1


def test_a_file_of_leads_is_read_and_what_was_not_taken_is_said(firm: Regulars, tmp_path: Path) -> None:
    file = tmp_path / "fair.csv"
    file.write_text("Company,E-mail\nAlpine,eva@alpine.example\nNo way,\n")
    read = firm("leads", "--read", str(file), "--source", "Fair")
    assert "New leads: 1. Known before: 0. Not taken: 1." in read.out
    assert "Line 3: There is no way to answer." in read.err
    assert Lead.objects.get().said_source == "Fair"


def test_what_cannot_be_is_refused_with_a_way_out(firm: Regulars) -> None:
    refused = firm("lead", "Alpine Gifts")
    assert (refused.code, "no way to answer" in refused.err) == (2, True)
    assert "regulars leads" in firm("lead-done", "nothing").err
    number = str(firm("lead", "Alpine", "--phone", "+43 1 234567", "--json").data["number"])
    assert firm("lead-done", number, "--lost", "price", "--fits").code == 2
    assert firm("lead-done", number, "--lost", "price", "--json").data["state"] == "lost"
