from __future__ import annotations

import pytest

from command_line import Regulars


@pytest.fixture
def firm(regulars: Regulars) -> Regulars:
    regulars("init", "--name", "Muster Druck", "--currency", "EUR")
    return regulars


def test_the_rules_that_regulars_comes_with_are_there_from_the_beginning(firm: Regulars) -> None:
    rules = firm("rule", "list", "--json").data
    assert "return" in {rule["kind"] for rule in rules}
    assert [rule["position"] for rule in rules] == sorted(rule["position"] for rule in rules)


def test_a_rule_is_added_moved_switched_off_and_removed(firm: Regulars) -> None:
    first = firm("rule", "list", "--json").data[0]["number"]
    made = firm(
        "rule",
        "add",
        "Deposits",
        "--field",
        "product",
        "--test",
        "equals",
        "--pattern",
        "DEP",
        "--kind",
        "other",
        "--json",
    ).data
    assert firm("rule", "move", made["number"], "--before", first).code == 0
    assert firm("rule", "list", "--json").data[0]["name"] == "Deposits"
    assert firm("rule", "change", made["number"], "--off", "--json").data["active"] is False
    assert firm("rule", "remove", made["number"]).code == 0
    assert "Deposits" not in [rule["name"] for rule in firm("rule", "list", "--json").data]
    assert firm("rule", "remove", made["number"]).code == 2


def test_a_rule_that_cannot_work_is_refused(firm: Regulars) -> None:
    ran = firm("rule", "add", "Broken", "--field", "product", "--test", "matches", "--pattern", "(", "--kind", "fee")
    assert ran.code == 2
    assert ran.err


def test_accounts_without_figures_are_listed(firm: Regulars) -> None:
    from regulars.facts.accounts import create_account

    create_account(member=None, name="Karl Kunde GmbH", email="post@kunde.example")
    create_account(member=None, name="Karl Kunde", email="post@kunde.example")
    assert [one["figures"] for one in firm("accounts", "--sort", "name", "--json").data] == [None, None]
    assert "Karl Kunde GmbH" in firm("accounts").out
    assert len(firm("duplicates", "--json").data) == 1
    assert firm("account", "GmbH", "--json").data["name"] == "Karl Kunde GmbH"


def test_an_account_that_is_not_there_is_refused(firm: Regulars) -> None:
    ran = firm("account", "Nobody")
    assert ran.code == 2
    assert "Nobody" in ran.err


def test_two_accounts_may_be_declared_different(firm: Regulars) -> None:
    from regulars.facts.accounts import create_account

    one = create_account(member=None, name="Karl Kunde GmbH", email="post@kunde.example")
    other = create_account(member=None, name="Karl Kunde", email="post@kunde.example")
    assert firm("different", f"#{one.pk}", f"#{other.pk}").code == 0
    assert firm("duplicates", "--json").data == []


@pytest.mark.parametrize("verb", [["done", "77", "--outcome", "x"], ["reopen", "77"], ["reopen", "no-number"]])
def test_an_action_that_is_not_there_is_refused(firm: Regulars, verb: list[str]) -> None:
    ran = firm(*verb)
    assert ran.code == 2
    assert "regulars today" in ran.err


def test_an_import_that_is_not_there_is_refused(firm: Regulars) -> None:
    assert firm("undo", "77", "--yes").code == 2
    assert firm("rejected").code == 2
