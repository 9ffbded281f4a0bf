from __future__ import annotations

import pytest

from command_line import Regulars


def test_init_makes_the_firm_with_sensible_defaults_and_its_owner(regulars: Regulars) -> None:
    made = regulars("init", "--name", "Muster Druck", "--currency", "eur", "--json").data
    assert made["name"] == "Muster Druck"
    assert made["base_currency"] == "EUR"
    assert [person["role"] for person in regulars("member", "list", "--json").data] == ["owner"]


def test_init_a_second_time_changes_the_firm(regulars: Regulars) -> None:
    regulars("init", "--name", "Muster Druck")
    assert regulars("init", "--time-zone", "Asia/Kathmandu", "--json").data["time_zone"] == "Asia/Kathmandu"


def test_a_refusal_says_the_way_out_on_the_error_stream_and_ends_with_two(regulars: Regulars) -> None:
    ran = regulars("init", "--name", "Muster", "--currency", "Taler", "--json")
    assert ran.code == 2
    assert ran.out == ""
    assert "TALER" in ran.err
    assert "ISO 4217" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [["no-such-command"], ["today", "--limit", "none"], ["--as-of", "31.1.2026", "today"], ["member", "add"]],
)
def test_bad_arguments_end_with_two(regulars: Regulars, arguments: list[str]) -> None:
    ran = regulars(*arguments)
    assert ran.code == 2
    assert ran.err


def test_members_are_added_to_teams_and_change_roles(regulars: Regulars) -> None:
    """Mission A5: two teams."""
    regulars("init", "--name", "Muster")
    assert regulars("team", "add", "Growth").code == 0
    assert regulars("member", "add", "mia@example.com", "--name", "Mia Moser", "--team", "growth").code == 0
    assert regulars("member", "role", "Mia", "sales_head").code == 0
    found = {person["email"]: person for person in regulars("member", "list", "--json").data}
    assert found["mia@example.com"]["team"] == "Growth"
    assert found["mia@example.com"]["role"] == "sales_head"
    assert regulars("team", "list", "--json").data[0]["members"] == 1


def test_an_unknown_team_is_refused_and_nobody_is_added(regulars: Regulars) -> None:
    regulars("init", "--name", "Muster")
    assert regulars("member", "add", "mia@example.com", "--name", "Mia", "--team", "Nowhere").code == 2
    assert len(regulars("member", "list", "--json").data) == 1


def test_acting_as_a_member_has_that_role(regulars: Regulars) -> None:
    regulars("init", "--name", "Muster")
    regulars("member", "add", "ann@example.com", "--name", "Ann", "--role", "analyst")
    ran = regulars("--as", "ann@example.com", "team", "add", "Growth")
    assert ran.code == 2
    assert "role" in ran.err


def test_acting_as_nobody_is_refused(regulars: Regulars) -> None:
    regulars("init", "--name", "Muster")
    ran = regulars("member", "list", "--as", "nobody@example.com")
    assert ran.code == 2
    assert "nobody@example.com" in ran.err


def test_the_last_owner_stays(regulars: Regulars) -> None:
    regulars("init", "--name", "Muster")
    owner = regulars("member", "list", "--json").data[0]["email"]
    assert regulars("member", "deactivate", owner).code == 2


def test_an_invitation_and_a_way_back_in_print_their_links(regulars: Regulars) -> None:
    regulars("init", "--name", "Muster")
    invited = regulars("member", "invite", "mia@example.com", "--name", "Mia", "--json").data
    assert "/invitation/" in invited["link"]
    assert regulars("member", "invite", "mia@example.com", "--name", "Mia").code == 2
    regulars("member", "add", "ann@example.com", "--name", "Ann")
    assert "/password/" in regulars("member", "let-in", "Ann", "--json").data["link"]
