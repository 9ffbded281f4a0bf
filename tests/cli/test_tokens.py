from __future__ import annotations

from command_line import Regulars


def test_a_token_is_made_listed_and_revoked(regulars: Regulars) -> None:
    regulars("init", "--name", "Muster")
    made = regulars("token", "add", "web shop", "--scope", "orders:write", "--days", "30", "--json").data
    assert made["key"].startswith("regulars_")
    (listed,) = regulars("token", "list", "--json").data
    assert (listed["name"], listed["scopes"], listed["revoked_at"]) == ("web shop", ["orders:write"], None)
    assert "key" not in listed
    assert regulars("token", "revoke", "web shop", "--json").data["revoked_at"]
    assert "revoked" in regulars("token", "list").out


def test_the_key_is_shown_when_it_is_made(regulars: Regulars) -> None:
    regulars("init", "--name", "Muster")
    assert "regulars_" in regulars("token", "add", "shop", "--scope", "accounts:read").out


def test_an_unknown_scope_is_refused_with_those_there_are(regulars: Regulars) -> None:
    regulars("init", "--name", "Muster")
    ran = regulars("token", "add", "shop", "--scope", "everything")
    assert ran.code == 2
    assert "orders:write" in " ".join(ran.err.split())
