"""Projects, proofs and pitches on the command line (B8, B9, C4)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from command_line import Regulars
from regulars.base.models import Member
from regulars.facts.models import Account
from regulars.plan.models import JointProject


@pytest.fixture
def firm(regulars: Regulars) -> Regulars:
    regulars("init", "--name", "Muster Druck", "--currency", "EUR")
    Account.objects.create(name="Harbour Gifts", external_id="K1", country="Germany")
    Account.objects.create(name="Lantern Shop", external_id="K2", country="Germany")
    return regulars


def test_words_are_noted_listed_and_made_a_pitch_for_another(firm: Regulars, tmp_path: Path) -> None:
    said = ("value-proof", "K1", "Harbour Gifts waits a day", "--what", "repair", "--on", "2024-05-06")
    assert firm(*said, "--consent", "anonymous").code == 2
    made = firm(*said, "--consent", "anonymous", "--from", "Eva", "--json").data
    assert (made["words"], made["said_on"]) == ("… waits a day", "2024-05-06")
    assert "waits a day" in firm("value-proofs", "waits").out
    assert firm("value-proofs", "--what", "price", "--json").data == []
    printed = tmp_path / "pitch.pdf"
    pitch = firm("pitch", "K2", "-o", str(printed), "--language", "ur", "--json").data
    assert [one["words"] for one in pitch["quotes"]] == ["… waits a day"]
    assert printed.read_bytes().startswith(b"%PDF")
    assert firm("pitch", "K1").code == 0
    assert firm("pitch", "K2", "--language", "xx").code == 2
    assert firm("value-proof", "K1", "x", "--on", "yesterday").code == 2


def test_projects_are_listed_until_they_end(firm: Regulars) -> None:
    leader = Member.objects.create(email="a@example.com", name="Anna", role="account_manager")
    project = JointProject.objects.create(
        account=Account.objects.get(external_id="K1"),
        title="Less scrap",
        measure="Scrap",
        unit="%",
        baseline=8,
        baseline_on=date(2024, 5, 6),
        currency="EUR",
        owner=leader,
    )
    assert "Less scrap" in firm("projects").out
    (told,) = firm("projects", "K1", "--json").data
    assert (told["state"], told["measured"], told["confirmed"]) == ("proposed", None, False)
    JointProject.objects.filter(pk=project.pk).update(state="stopped")
    assert firm("projects", "--json").data == []
    assert len(firm("projects", "--all", "--json").data) == 1
