"""Opportunities, white space and goals over HTTP (missions A2, A3)."""

from __future__ import annotations

from api_calls import CallAs, Firm
from regulars.facts.models import Contact
from regulars.facts.offerings import record_offering


def test_an_opportunity_is_opened_moved_changed_lost_and_won(silent: Firm, call_as: CallAs) -> None:
    call = call_as(silent.people["account_manager"])
    account = str(silent.own.uid)
    offering = record_offering(name="Repair", member=None)
    body = {"account": account, "title": "Repair contract", "amount_minor": 120_000, "offering": str(offering.uid)}
    made = call("POST", "/opportunities", body, Idempotency_Key="1")
    assert made.status_code == 201
    said = made.json()
    assert (said["owner"]["name"], said["stage"], said["amount"], said["chance"]) == (
        "account_manager",
        "talk",
        "1200.00",
        0.1,
    )
    where = f"/opportunities/{said['uid']}"
    assert call("POST", f"{where}/move", {"stage": "offer"}).json()["stage"] == "offer"
    assert call("POST", f"{where}/move", {"stage": "nowhere"}).status_code == 422
    changed = call("PATCH", where, {"next_step": "Send the offer", "next_step_on": "2024-12-20"}).json()
    assert (changed["next_step"], changed["title"]) == ("Send the offer", "Repair contract")
    assert call("PATCH", where, {"title": None}).status_code == 422
    assert call("POST", f"{where}/lose", {"reason": "price", "said": "Too dear"}).json()["closing_words"] == "Too dear"
    assert call("POST", f"{where}/win", {}).status_code == 422
    assert call("POST", f"{where}/reopen").json()["state"] == "open"
    won = call("POST", f"{where}/win", {"amount_minor": 90_000}).json()
    assert (won["state"], won["amount_minor"], won["chance"]) == ("won", 90_000, None)
    assert [step["state"] for step in won["steps"]] == ["open", "open", "lost", "open", "won"]
    assert [one["uid"] for one in call("GET", f"/opportunities?account={account}&state=won").json()["items"]] == [
        said["uid"]
    ]
    assert call("GET", "/opportunities?stage=talk&mine=true").json()["items"] == []
    first = call("GET", "/opportunity-stages").json()[0]
    assert (first["key"], first["won"], first["closed"]) == ("talk", 1, 1)
    (row,) = call("GET", f"/accounts/{account}/white-space").json()
    assert [(cell["name"], cell["state"]) for cell in row["cells"]] == [("Repair", "us")]


def test_who_supplies_what_and_what_an_account_wants_is_said(silent: Firm, call_as: CallAs) -> None:
    call = call_as(silent.people["account_manager"])
    account = str(silent.own.uid)
    offering = record_offering(name="Repair", member=None)
    eva = Contact.objects.create(account=silent.own, name="Eva")
    assert [one["name"] for one in call("GET", "/offerings").json()] == ["Repair"]
    said = {"offering": str(offering.uid), "state": "competitor", "supplier": "Acme", "since": "2020-01-01"}
    assert call("POST", f"/accounts/{account}/supplies", said).status_code == 201
    (row,) = call("GET", f"/accounts/{account}/white-space").json()
    (cell,) = row["cells"]
    assert (cell["state"], cell["supplier"], cell["since"]) == ("competitor", "Acme", "2020-01-01")
    elsewhere = {**said, "offering": account}
    assert call("POST", f"/accounts/{account}/supplies", elsewhere).status_code == 404
    assert call("POST", f"/accounts/{account}/supplies", {**said, "site": account}).status_code == 404
    goal = call("POST", "/goals", {"account": account, "text": "Less downtime", "contact": str(eva.uid)}).json()
    assert goal["contact"] == str(eva.uid)
    assert call("POST", "/goals", {"account": account, "text": "x", "contact": account}).status_code == 404
    assert call("POST", f"/goals/{goal['uid']}/end", {"state": "reached"}).json()["ended_on"] == "2024-12-09"
    assert call("POST", f"/goals/{goal['uid']}/end", {"state": "reached"}).status_code == 422
    assert call("GET", f"/goals?account={account}&state=live").json()["items"] == []
