"""Promises over HTTP: noted, listed, kept, agreed anew, taken back (mission A1)."""

from __future__ import annotations

from api_calls import CallAs, Firm


def test_a_promise_is_noted_agreed_anew_kept_and_taken_back(silent: Firm, call_as: CallAs) -> None:
    call = call_as(silent.people["account_manager"])
    account = str(silent.own.uid)
    body = {"account": account, "text": "Send samples", "due_on": "2024-12-12", "source": "visit"}
    made = call("POST", "/promises", body, Idempotency_Key="1")
    assert made.status_code == 201
    said = made.json()
    assert (said["owner"]["name"], said["state"], said["source"]) == ("account_manager", "open", "visit")
    where = f"/promises/{said['uid']}"
    anew = call("POST", f"{where}/renegotiate", {"due_on": "2024-12-20", "reason": "The mill is late"}).json()
    assert (anew["state"], anew["due_on"]) == ("renegotiated", "2024-12-20")
    assert [one["uid"] for one in call("GET", f"/promises?account={account}&live=true").json()["items"]] == [
        said["uid"]
    ]
    assert call("GET", "/promises?due_until=2024-12-15").json()["items"] == []
    assert call("POST", f"{where}/keep").json()["state"] == "kept"
    assert [one["kind"] for one in call("GET", "/signals").json()["items"]] == ["promise_kept"]
    assert call("POST", f"{where}/keep").status_code == 422
    back = call("POST", f"{where}/back").json()
    assert [(one["state"], one["taken_back"]) for one in back["steps"]] == [
        ("open", False),
        ("renegotiated", False),
        ("kept", True),
    ]
    assert call("GET", "/signals").json()["items"] == []
    assert call("POST", f"{where}/break", {"reason": "The mill burnt down"}).json()["state"] == "broken"
    assert call("GET", "/promises?state=broken").json()["items"][0]["settled_on"] == "2024-12-09"
