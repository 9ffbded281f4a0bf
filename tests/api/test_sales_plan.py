"""The sales plan over the API: who sees the pay of others sees everybody, a seller the own targets (C3)."""

from __future__ import annotations

from api_calls import CallAs, Firm
from regulars.plan.targets import propose_plan
from scored_firm import scored_firm


def test_each_role_is_told_the_targets_that_are_its_business(firm: Firm, call_as: CallAs) -> None:
    owner, seller = firm.people["owner"], firm.people["account_manager"]
    accounts = scored_firm(7, accounts=30, owner=seller)
    begins = accounts[0].score.snapshot.as_of.replace(month=1, day=1)
    propose_plan(begins=begins, stretch_bps=0, as_of=accounts[0].score.snapshot.as_of, member=owner)
    told = call_as(owner)("GET", "/plan").json()
    assert (told["begins"], told["state"], told["currency"]) == (begins.isoformat(), "draft", "EUR")
    assert told["people"][0]["person"]["name"] == seller.name
    assert len(told["people"][0]["months"]) == 12
    came = sum(float(month["came"][kind]) for month in told["people"][0]["months"] for kind in ("new", "kept", "grown"))
    assert came > 0
    mine = call_as(seller)("GET", "/plan").json()
    assert [one["person"]["name"] for one in mine["people"]] == [seller.name]
    for role in ("service", "marketer", "analyst"):
        assert call_as(firm.people[role])("GET", "/plan").status_code == 404


def test_without_a_plan_it_says_so(firm: Firm, call_as: CallAs) -> None:
    answer = call_as(firm.people["owner"])("GET", "/plan")
    assert answer.status_code == 404
    assert answer.json()["title"] == "There is no plan of this time for you."
