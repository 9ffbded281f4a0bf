from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.main import get_command

from regulars.cli.options import general_options_first


@pytest.mark.parametrize(
    ("given_arguments", "expected"),
    [
        (["today", "--json"], ["--json", "today"]),
        (["today", "--as-of", "2026-01-31", "--limit", "3"], ["--as-of", "2026-01-31", "today", "--limit", "3"]),
        (["--quiet", "import", "a.csv", "--as=Mia"], ["--quiet", "--as=Mia", "import", "a.csv"]),
        (["account", "--", "--json"], ["account", "--", "--json"]),
        (["today", "--as-of"], ["--as-of", "today"]),
    ],
)
def test_general_options_may_stand_anywhere(given_arguments: list[str], expected: list[str]) -> None:
    assert general_options_first(given_arguments) == expected


@given(st.lists(st.sampled_from(["--json", "-q", "--as", "--home=x", "today", "--limit", "3", "--", "a b", ""])))
def test_no_argument_is_lost_or_made(arguments: list[str]) -> None:
    assert sorted(general_options_first(arguments)) == sorted(arguments)


@given(st.lists(st.sampled_from(["--json", "-q", "--as", "x", "today", "--"])))
def test_ordering_them_twice_changes_nothing(arguments: list[str]) -> None:
    once = general_options_first(arguments)
    if "--as" not in arguments[-1:]:
        assert general_options_first(once) == once


def test_every_command_is_in_the_reference() -> None:
    from regulars.cli.app import app

    reference = (Path(__file__).parents[2] / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    named = set(re.findall(r"[a-z][a-z-]+", " ".join(re.findall(r"`([^`]*)`", reference))))
    commands = getattr(get_command(app), "commands")  # noqa: B009 - mypy knows no group
    missing = [name for name in commands if name not in named]
    assert not missing
    below = [
        f"{name} {verb}"
        for name, group in commands.items()
        for verb in getattr(group, "commands", {})
        if verb not in named
    ]
    assert not below
