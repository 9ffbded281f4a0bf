"""Hand-overs over HTTP: drafted, written, sent, returned, accepted, looked at (mission A1)."""

from __future__ import annotations

from api_calls import CallAs, Firm


def test_a_customer_is_handed_over(silent: Firm, call_as: CallAs) -> None:
    call = call_as(silent.people["sales_head"])
    account, receiver = str(silent.own.uid), silent.people["owner"]
    body = {"account": account, "work": "An order a month"}
    where = f"/handovers/{call('POST', '/handovers', body, Idempotency_Key='1').json()['uid']}"
    assert call("POST", f"{where}/send").status_code == 422
    written = call("PATCH", where, {"receiver": str(receiver.uid), "cares_about": "Early delivery"}).json()
    assert (written["receiver"]["name"], written["work"]) == (receiver.name, "An order a month")
    assert call("POST", f"{where}/send").json()["state"] == "sent"
    assert call("POST", f"{where}/recall").json()["state"] == "drafted"
    call("POST", f"{where}/send")
    receiving = call_as(receiver)
    assert [one["state"] for one in receiving("GET", "/handovers?mine=true").json()["items"]] == ["sent"]
    assert receiving("POST", f"{where}/return", {"reason": "Who decides?"}).json()["state"] == "returned"
    call("POST", f"{where}/send")
    accepted = receiving("POST", f"{where}/accept").json()
    assert [one["due_on"] for one in accepted["looks"]] == ["2024-12-12", "2024-12-23", "2025-01-08"]
    assert receiving("GET", f"/accounts/{account}").json()["owner"]["name"] == receiver.name
    for _number in range(3):
        closed = receiving("POST", f"{where}/look", {"said": "All is well"}).json()
    assert closed["state"] == "closed"
    assert receiving("POST", f"{where}/look", {"said": "Once more"}).status_code == 404
    assert call("GET", f"/handovers?account={account}&state=closed").json()["items"][0]["cares_about"] == (
        "Early delivery"
    )


def test_a_draft_is_discarded_and_taken_up_again(silent: Firm, call_as: CallAs) -> None:
    call = call_as(silent.people["account_manager"])
    where = f"/handovers/{call('POST', '/handovers', {'account': str(silent.own.uid)}).json()['uid']}"
    assert call("POST", f"{where}/discard", {"reason": "I keep it"}).json()["state"] == "discarded"
    assert call("POST", f"{where}/restore").json()["state"] == "drafted"
