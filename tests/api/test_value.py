"""Projects, proofs, worth and pitches over HTTP (B8, B9, C4)."""

from __future__ import annotations

from api_calls import CallAs, Firm
from regulars.facts.models import Contact

PROJECT = {
    "title": "Less scrap",
    "goal": "Fewer broken lamps",
    "measure": "Scrap a month",
    "unit": "%",
    "baseline": "8",
    "target": "4.5",
}


def test_a_project_is_noted_started_measured_finished_and_taken_up_again(silent: Firm, call_as: CallAs) -> None:
    call = call_as(silent.people["account_manager"])
    account = str(silent.own.uid)
    made = call("POST", "/projects", PROJECT | {"account": account}, Idempotency_Key="1")
    assert made.status_code == 201
    said = made.json()
    assert (said["state"], said["owner"]["name"], said["currency"]) == ("proposed", "account_manager", "EUR")
    where = f"/projects/{said['uid']}"
    measured = {"value": "5.25", "saved_minor": 10_050}
    assert call("POST", f"{where}/measurements", measured, Idempotency_Key="2").status_code == 422
    assert call("POST", f"{where}/start").json()["state"] == "running"
    found = call("POST", f"{where}/measurements", measured, Idempotency_Key="3").json()
    assert (float(found["measurements"][0]["value"]), found["saved_minor"]) == (5.25, 10_050)
    assert call("POST", f"{where}/finish", {"words": "Half the way"}).json()["outcome"] == "Half the way"
    assert [one["uid"] for one in call("GET", f"/projects?account={account}&state=finished").json()["items"]] == [
        said["uid"]
    ]
    assert call("POST", f"{where}/resume").json()["state"] == "running"
    assert call("POST", f"{where}/stop", {"words": ""}).status_code == 422
    assert call("POST", f"{where}/stop", {"words": "Sold"}).json()["state"] == "stopped"
    assert call("POST", "/projects", PROJECT | {"account": account, "target": "9"}).status_code == 422


def test_words_and_worth_are_noted_and_brought_to_others_like_it(silent: Firm, call_as: CallAs) -> None:
    call = call_as(silent.people["owner"])
    account = str(silent.own.uid)
    ida = Contact.objects.create(account=silent.own, name="Ida Held")
    proof = {"account": account, "what": "repair", "words": "Ida Held: within a day", "contact": str(ida.uid)}
    assert call("POST", "/value-proofs", proof | {"consent": "anonymous"}, Idempotency_Key="1").status_code == 422
    allowed = {"consent": "anonymous", "consent_from": "Ida Held"}
    made = call("POST", "/value-proofs", proof | allowed, Idempotency_Key="2").json()
    assert made["consent_on"] == "2024-12-09"
    (quote,) = call("GET", f"/accounts/{silent.foreign.uid}/pitch").json()["quotes"]
    assert quote["words"] == "…: within a day"
    assert quote["why"].startswith("Similar: ")
    assert call("GET", f"/accounts/{account}/pitch").json()["quotes"] == []
    assert call("POST", f"/value-proofs/{made['uid']}/take-back").json()["taken_back"] is True
    assert call("GET", f"/accounts/{silent.foreign.uid}/pitch").json()["quotes"] == []
    assert call("POST", f"/value-proofs/{made['uid']}/restore").json()["taken_back"] is False
    assert len(call("GET", f"/value-proofs?account={account}&what=repair").json()["items"]) == 1
    worth = f"/accounts/{account}/worth"
    assert call("POST", worth, {"score": 11}, Idempotency_Key="3").status_code == 422
    assert call("POST", worth, {"score": 8, "said": "Very much"}, Idempotency_Key="4").status_code == 201
    assert [one["score"] for one in call("GET", worth).json()] == [8]
