"""Reviews over HTTP: listed, scheduled, moved, cancelled, taken back; the level corrected (mission B4, B6)."""

from __future__ import annotations

from api_calls import CallAs, Firm


def test_a_review_is_scheduled_moved_cancelled_and_taken_back(silent: Firm, call_as: CallAs) -> None:
    call = call_as(silent.people["account_manager"])
    account = str(silent.own.uid)
    body = {"account": account, "at": "2099-03-03T10:00:00+01:00", "how": "call", "duration_minutes": 30}
    made = call("POST", "/reviews", body, Idempotency_Key="1")
    assert made.status_code == 201
    said = made.json()
    assert (said["state"], said["how"], said["scheduled_at"]) == ("scheduled", "call", "2099-03-03T09:00:00Z")
    assert call("POST", "/reviews", body, Idempotency_Key="2").status_code == 422
    where = f"/reviews/{said['uid']}"
    moved = call("POST", f"{where}/move", {"at": "2099-03-04T10:00:00Z", "place": "Hull"}).json()
    assert (moved["scheduled_at"], moved["place"], moved["how"]) == ("2099-03-04T10:00:00Z", "Hull", "call")
    assert call("POST", f"{where}/cancel", {"reason": "ill"}).json()["state"] == "cancelled"
    assert call("GET", f"/reviews?account={account}&coming=true").json()["items"] == []
    assert call("POST", f"{where}/back").json()["scheduled_at"] == "2099-03-04T10:00:00Z"
    listed = call("GET", "/reviews?since=2099-03-04&until=2099-03-04").json()["items"]
    assert [one["uid"] for one in listed] == [said["uid"]]
    assert call("GET", "/reviews?since=2099-03-05").json()["items"] == []
    assert call("POST", f"{where}/move", {"at": "2099-03-04T10:00:00"}).status_code == 422  # without an offset


def test_ones_own_year_is_proposed_and_a_time_accepted(silent: Firm, call_as: CallAs) -> None:
    call = call_as(silent.people["account_manager"])
    planned = call("POST", "/reviews/plan").json()
    assert planned["placed"] >= 1
    first = call("GET", "/reviews?state=proposed").json()["items"][0]
    assert call("POST", f"/reviews/{first['uid']}/accept").json()["state"] == "scheduled"


def test_a_level_is_corrected_with_a_reason_and_computed_again(silent: Firm, call_as: CallAs) -> None:
    call = call_as(silent.people["account_manager"])
    where = f"/accounts/{silent.own.uid}/opportunity-level"
    assert call("GET", where).json()["level"] is None
    assert call("POST", where, {"level": 3}).status_code == 422
    changed = call("POST", where, {"level": 3, "reason": "They build a hall"}).json()
    assert (changed["level"], changed["reason"], changed["review_every_days"]) == (3, "They build a hall", 91)
    assert call("POST", where, {"level": None}).json()["level"] is None
