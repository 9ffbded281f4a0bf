"""What is to be expected, over the API: figures with bounds, in words, and to whom."""

from __future__ import annotations

import pytest

from api_calls import CallAs, Firm
from regulars.facts.models import Account
from scored_firm import scored_firm


@pytest.fixture
def best(firm: Firm) -> list[Account]:
    """Forty accounts of another team with orders and figures; the best belongs to the account manager."""
    accounts = scored_firm(31, accounts=40, owner=firm.people["stranger"])
    Account.objects.filter(pk=accounts[0].pk).update(owner=firm.people["account_manager"])
    return accounts


def test_an_account_has_a_forecast_in_figures_and_in_words(firm: Firm, best: list[Account], call_as: CallAs) -> None:
    call = call_as(firm.people["account_manager"])
    found = call("GET", f"/accounts/{best[0].uid}/forecast").json()
    quarter, year = found["ahead"]
    assert (quarter["days"], year["days"]) == (90, 365)
    assert year["orders_low"] <= year["orders"] <= year["orders_high"]
    assert year["sales_low"] < year["sales"] < year["sales_high"]
    assert found["worth"]["sales"] > year["sales"]
    assert (found["worth"]["months"], found["worth"]["yearly_rate"]) == (36, 0.1)
    assert any("It is worth" in sentence for sentence in found["sentences"])


def test_its_curve_tells_the_chance_of_each_day(firm: Firm, best: list[Account], call_as: CallAs) -> None:
    call = call_as(firm.people["account_manager"])
    curve = call("GET", f"/accounts/{best[0].uid}/alive-curve").json()
    forecast = call("GET", f"/accounts/{best[0].uid}/forecast").json()
    by_day = {one["day"]: one for one in curve["days"]}
    assert by_day[curve["as_of"]]["chance"] == pytest.approx(forecast["probability_alive"])
    assert sum(one["ordered"] for one in curve["days"]) > 2
    assert curve["days"][-1]["chance"] < by_day[curve["as_of"]]["chance"]


def test_the_base_is_that_of_the_accounts_which_the_member_sees(
    firm: Firm, best: list[Account], call_as: CallAs
) -> None:
    own, whole = (
        call_as(firm.people[role])("GET", "/portfolio/forecast").json()["forecast"]
        for role in ("account_manager", "owner")
    )
    assert (own["accounts"], whole["accounts"]) == (1, len(best))
    assert whole["sales"]["low"] < whole["sales"]["expected"] < whole["sales"]["high"]
    assert whole["sales"]["model_error"] is None
    assert call_as(firm.people["new_business_seller"])("GET", "/portfolio/forecast").json()["forecast"] is None


def test_before_anything_was_computed_it_says_so(firm: Firm, call_as: CallAs) -> None:
    call = call_as(firm.people["owner"])
    assert call("GET", f"/accounts/{firm.own.uid}/forecast").json()["title"] == "Of this account nothing is expected."
    assert call("GET", "/portfolio/forecast").status_code == 404
