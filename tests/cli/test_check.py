from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from command_line import Regulars


def test_a_fresh_installation_has_no_error_and_says_what_to_do_next(regulars: Regulars) -> None:
    ran = regulars("check")
    assert ran.code == 0
    assert "regulars demo" in ran.out


def test_an_error_ends_with_four(regulars: Regulars, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    settings.WAREHOUSE_ROOT = str(tmp_path / "a file" / "warehouse")
    ran = regulars("check", "--json")
    assert ran.code == 4
    assert [finding["name"] for finding in ran.data if finding["state"] == "error"]


@pytest.mark.parametrize("command", [["today"], ["portfolio"], ["accounts"], ["imports"], ["duplicates"]])
def test_before_the_first_import_commands_say_what_is_missing(regulars: Regulars, command: list[str]) -> None:
    ran = regulars(*command)
    assert ran.code in (0, 2)
    assert ran.out + ran.err
