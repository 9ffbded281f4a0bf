"""Dossiers over HTTP: facts noted, confirmed, ended, taken back; completeness and what to ask (mission E13)."""

from __future__ import annotations

from api_calls import CallAs, Firm
from regulars.facts.models import Contact


def test_a_fact_is_noted_confirmed_ended_put_back_and_taken_back(silent: Firm, call_as: CallAs) -> None:
    """E13"""
    call = call_as(silent.people["account_manager"])
    account = str(silent.own.uid)
    eva = Contact.objects.create(account=silent.own, name="Eva")
    body = {
        "account": account,
        "contact": str(eva.uid),
        "topic": "interests",
        "text": "Sails",
        "source": "herself",
        "known_on": "2021-12-01",
    }
    made = call("POST", "/dossier-facts", body, Idempotency_Key="1")
    assert made.status_code == 201
    said = made.json()
    assert (said["expires_on"], said["member"]["name"], said["contact"]) == (
        "2024-12-01",
        "account_manager",
        str(eva.uid),
    )
    where = f"/dossier-facts/{said['uid']}"
    due = call("GET", "/dossier-facts?expired_until=2024-12-09").json()["items"]
    assert [one["uid"] for one in due] == [said["uid"]]
    assert call("POST", f"{where}/confirm", {"source": "call"}).json()["expires_on"] == "2027-12-09"
    assert call("GET", "/dossier-facts?expired_until=2024-12-09").json()["items"] == []
    assert call("POST", f"{where}/end").json()["ended_on"] == "2024-12-09"
    assert call("GET", f"/dossier-facts?contact={eva.uid}&standing=true").json()["items"] == []
    assert call("POST", f"{where}/restore").json()["ended_on"] is None
    assert call("GET", f"/dossier-facts?account={account}&topic=interests").json()["items"][0]["text"] == "Sails"
    assert call("POST", f"{where}/take-back").json()["taken_back"] is True
    assert call("POST", "/dossier-facts", body | {"topic": "history"}, Idempotency_Key="2").status_code == 422
    assert call("POST", "/dossier-facts", body | {"source": ""}, Idempotency_Key="3").status_code == 422


def test_the_dossier_tells_what_is_known_and_what_to_ask(silent: Firm, call_as: CallAs) -> None:
    """E13"""
    call = call_as(silent.people["owner"])
    where = f"/accounts/{silent.own.uid}/dossier"
    before = call("GET", where).json()
    body = {
        "account": str(silent.own.uid),
        "topic": "decisions",
        "text": "The board",
        "source": "visit",
        "known_on": "2024-12-01",
        "confidential": True,
    }
    call("POST", "/dossier-facts", body, Idempotency_Key="1")
    after = call("GET", where).json()
    assert after["share"] > before["share"]
    topics = {one["topic"]: one for one in after["firm"]["topics"]}
    assert topics["decisions"]["known"]
    assert [one["text"] for one in topics["decisions"]["items"]] == ["The board"]
    assert len(after["missing"]) == len(before["missing"]) - 1
    other = call_as(silent.people["account_manager"])("GET", where).json()
    assert other["share"] == before["share"]
