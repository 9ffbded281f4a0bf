"""On whom the firm depends, and what if an account leaves, over the API (mission E14)."""

from __future__ import annotations

from datetime import date

import pytest

from api_calls import CallAs, Firm
from regulars.facts.models import Account
from regulars.insight.dependence_terms import set_assumptions
from regulars.insight.models import Score, Snapshot


@pytest.fixture
def sold(firm: Firm) -> None:
    """The own account buys for 60, the foreign one for 40; the margin is a half."""
    snapshot = Snapshot.objects.create(
        as_of=date(2024, 12, 9), history_version=0, scores_version=0, currency="EUR", basis="", current=True
    )
    plain = {"order_days": 9, "sales_previous_12m": 0, "orders_12m": 9, "products_12m": 1, "categories_12m": 1}
    Score.objects.all().delete()
    for account, sales in ((firm.own, 60.0), (firm.foreign, 40.0)):
        figures = {"sales_12m": sales, "sales_total": sales, "margin_12m": sales / 2, "cost_known": 1.0}
        Score.objects.create(account=account, snapshot=snapshot, buyer="regular", **figures, **plain)


def test_shares_and_what_follows_in_figures_and_words(firm: Firm, sold: None, call_as: CallAs) -> None:
    call = call_as(firm.people["analyst"])
    found = call("GET", "/dependence").json()
    assert (found["level"], found["largest"][0]["account"]) == ("critical", str(firm.own.uid))
    assert found["largest"][1]["share"] == pytest.approx(0.4)
    set_assumptions(fixed_costs_minor=2500, margin_share=None, elasticity=0.0, member=None)
    left = call("GET", f"/accounts/{firm.own.uid}/what-if").json()
    assert (left["goal"], left["settles"], left["uncovered"]) == ("cover_costs", True, pytest.approx(5.0))
    assert [one["price"] for one in left["rounds"]] == [pytest.approx(5 / 40)]
    assert {one["lever"] for one in left["softeners"]} == {"costs", "sales", "buying"}
    assert left["sentences"]
    assert left["rests_on"]
    kept = call("GET", f"/accounts/{firm.own.uid}/what-if?goal=keep_profit").json()
    assert kept["price"] == pytest.approx(30 / 40)
    assert call("GET", f"/accounts/{firm.own.uid}/what-if?goal=x").status_code == 422


def test_without_figures_or_sales_it_says_so(firm: Firm, call_as: CallAs) -> None:
    call = call_as(firm.people["owner"])
    Snapshot.objects.update(current=False)
    assert call("GET", "/dependence").status_code == 404
    nobody = Account.objects.create(name="Nobody")
    assert call("GET", f"/accounts/{nobody.uid}/what-if").status_code == 422
