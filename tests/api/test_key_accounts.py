"""Key accounts over HTTP: appointed, planned, explained; relations, wallets and signs (mission E10-E12)."""

from __future__ import annotations

from typing import Any

from api_calls import CallAs, Firm
from regulars.base.models import Member
from regulars.facts.models import Interaction


def test_a_key_account_is_appointed_planned_and_ended(silent: Firm, call_as: CallAs) -> None:
    call = call_as(silent.people["sales_head"])
    account, manager = str(silent.own.uid), str(silent.people["account_manager"].uid)
    made = call("POST", "/key-accounts", {"account": account, "manager": manager})
    assert made.status_code == 201
    where = f"/key-accounts/{made.json()['uid']}"
    assert call("GET", where).json()["manager"]["name"] == "account_manager"
    line = {"kind": "goal", "text": "All of its spring range", "due_on": "2025-06-01"}
    planned = call("POST", f"{where}/plan", line).json()
    assert (planned["owner"]["name"], planned["state"]) == ("account_manager", "open")
    settle = f"/plan-lines/{planned['uid']}"
    assert call("POST", f"{settle}/settle", {"state": "dropped"}).status_code == 422
    assert call("POST", f"{settle}/settle", {"state": "done", "result": "Won"}).json()["result"] == "Won"
    assert call("POST", f"{settle}/reopen").json()["state"] == "open"
    assert [one["text"] for one in call("GET", f"{where}/plan").json()] == ["All of its spring range"]
    assert call("POST", f"{where}/end", {"reason": "Sold its shops"}).json()["ended_because"] == "Sold its shops"
    assert call("GET", "/key-accounts").json()["items"] == []
    assert len(call("GET", f"/key-accounts?ended=true&account={account}").json()["items"]) == 1
    assert call("POST", f"{where}/restore").json()["until"] is None


def test_signs_and_the_assignment_are_explained_and_accepted(silent: Firm, call_as: CallAs) -> None:
    call = call_as(silent.people["owner"])
    account = str(silent.own.uid)
    told = {"sign": "reputation", "reason": "Supplies the court"}
    assert call("POST", f"/accounts/{account}/told-signs", told).status_code == 201
    assert call("POST", f"/accounts/{account}/told-signs", told).status_code == 422
    [only] = [one for one in call("GET", "/key-accounts/signs").json() if one["account"]["uid"] == account]
    assert "reputation" in [one["sign"] for one in only["signs"]]
    proposed = {one["account"]["uid"]: one for one in call("GET", "/key-accounts/assignment").json()}
    assert proposed[account]["changes"]
    assert proposed[account]["sentences"]
    pair = {"account": account, "manager": proposed[account]["manager"]["uid"]}
    made = call("POST", "/key-accounts/assignment", {"appoint": [pair]}).json()
    assert [one["account"]["uid"] for one in made] == [account]
    assert call("POST", "/key-accounts/assignment", {"appoint": [pair, pair]}).status_code == 422


def test_relations_and_wallets_are_read_and_noted(silent: Firm, call_as: CallAs) -> None:
    manager: Member = silent.people["account_manager"]
    call = call_as(manager)
    account = str(silent.own.uid)
    contact: dict[str, Any] = call("POST", "/contacts", {"account": account, "name": "Ada", "level": "owner"}).json()
    talk = Interaction.objects.create(account=silent.own, kind="visit", on="2024-12-08", member=manager)
    talk.contacts.set(silent.own.contacts.filter(uid=contact["uid"]))
    part = {"part": "decision_maker", "birth_month": 5, "birth_day": 3}
    assert call("POST", f"/contacts/{contact['uid']}/part", part).status_code == 422
    part |= {"birthday_agreed_on": "2024-12-01"}
    assert call("POST", f"/contacts/{contact['uid']}/part", part).json()["birth_day"] == 3
    found = call("GET", f"/accounts/{account}/people-map").json()
    assert found["health"] == "endangered"
    person = next(one for one in found["people"] if one["name"] == "Ada")
    assert (person["part"], person["relations"][0]["warmth"]) == ("decision_maker", "warm")
    wallet = {"yearly": "1200.50", "source": "Their buyer"}
    assert call("POST", f"/accounts/{account}/wallet-estimates", {**wallet, "yearly": "0"}).status_code == 422
    assert call("POST", f"/accounts/{account}/wallet-estimates", wallet).json()["yearly_minor"] == 120_050
    assert len(call("GET", f"/accounts/{account}/wallet-estimates").json()) == 1
