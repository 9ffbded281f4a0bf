from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from command_line import Regulars
from regulars.cli.made_up import firm_names, person


def test_made_up_names_suffice_differ_and_are_always_the_same() -> None:
    names = list(dict.fromkeys(firm_names(2011)))
    assert len(names) >= 6000
    assert names[:5] == list(islice(dict.fromkeys(firm_names(2011)), 5))


def test_made_up_people_cannot_be_reached() -> None:
    someone = person("seed", "Kersey’s Cards & Gifts")
    assert someone == person("seed", "Kersey’s Cards & Gifts")
    assert someone.email.endswith("@kersey-s-cards-gifts.example")
    assert someone.phone.startswith("+44 1632 960")


def test_the_demo_never_empties_a_folder_with_data_of_ones_own(
    regulars: Regulars, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "regulars.sqlite3").write_text("precious")
    monkeypatch.setenv("REGULARS_HOME", str(own))
    ran = regulars("demo")
    assert ran.code == 2
    assert "--home" in ran.err
    assert (own / "regulars.sqlite3").read_text() == "precious"


def test_the_demo_never_touches_a_database_with_data_of_ones_own(
    regulars: Regulars, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGULARS_HOME", str(tmp_path / "new"))
    regulars("init", "--name", "Muster Druck")
    ran = regulars("demo")
    assert ran.code == 2
    assert regulars("init", "--json").data["name"] == "Muster Druck"
