"""Dossiers on the command line (mission E13)."""

from __future__ import annotations

from pathlib import Path

from command_line import Regulars
from regulars.facts.models import Account, Contact


def test_a_fact_is_noted_counts_and_is_printed(regulars: Regulars, tmp_path: Path) -> None:
    regulars("init", "--name", "Muster Druck", "--currency", "EUR")
    account = Account.objects.create(name="Harbour Gifts", external_id="K1")
    Contact.objects.create(account=account, name="Anna Lund")
    before = regulars("dossier", "K1", "--json").data
    assert before["share"] == 0
    firm = regulars("fact", "K1", "decisions", "The board, in May", "--source", "visit", "--json").data
    assert firm["topic"] == "decisions"
    said = regulars("fact", "K1", "interests", "Sails", "--source", "herself", "--about", "anna", "--stays", "--json")
    assert said.data["expires_on"] is None
    after = regulars("dossier", "K1", "--json").data
    assert after["share"] > 0
    assert len(after["missing"]) == len(before["missing"]) - 2
    assert "What does it do, for whom" in regulars("dossier", "K1").out.replace("\n", " ")
    out = tmp_path / "dossier.pdf"
    assert str(out.name) in regulars("dossier", "K1", "-o", str(out)).out.replace("\n", "")
    assert out.read_bytes().startswith(b"%PDF")
    assert regulars("fact", "K1", "shoes", "42", "--source", "visit").code == 2
    assert regulars("fact", "K1", "history", "Old", "--source", " ").code == 2
    assert regulars("fact", "K1", "interests", "Sails", "--source", "x", "--about", "nobody").code == 2
