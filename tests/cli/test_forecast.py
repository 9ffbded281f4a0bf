"""`regulars account` and `regulars portfolio` say what is to be expected, in words and as data."""

from __future__ import annotations

import pytest

from command_line import Regulars
from regulars.base.models import Member
from regulars.facts.models import Account
from scored_firm import scored_firm


@pytest.fixture
def best(owner: Member) -> list[Account]:
    return scored_firm(41, accounts=40, owner=owner)


def test_an_account_is_shown_with_what_to_expect_of_it(regulars: Regulars, best: list[Account]) -> None:
    shown = " ".join(regulars("account", f"#{best[0].pk}").out.split())
    assert "What is to be expected" in shown
    assert "In the next 90 days about" in shown
    assert "nine times of ten" in shown
    assert "It is worth €" in shown
    forecast = regulars("account", f"#{best[0].pk}", "--json").data["forecast"]
    assert [one["days"] for one in forecast["ahead"]] == [90, 365]
    assert forecast["ahead"][0]["sales"]["currency"] == "EUR"
    assert forecast["curve"][-1]["chance"] < 1
    then = regulars("account", f"#{best[0].pk}", "--as-of", "2021-06-30", "--json").data
    assert then["forecast"] is None, "what was expected on an earlier day is not kept"


def test_the_portfolio_is_shown_with_what_all_will_buy(regulars: Regulars, best: list[Account]) -> None:
    shown = " ".join(regulars("portfolio").out.split())
    assert "What they will buy" in shown
    assert f"The {len(best)} customers who have ordered are expected to buy for €" in shown
    forecast = regulars("portfolio", "--json").data["forecast"]
    assert forecast["accounts"] == len(best)
    assert forecast["sales"]["low"] < forecast["sales"]["expected"] < forecast["sales"]["high"]
