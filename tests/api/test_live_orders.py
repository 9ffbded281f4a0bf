"""Live orders over HTTP: sent as often as a shop likes, one or many, listed, followed up, closed (mission E16)."""

from __future__ import annotations

from typing import Any

from api_calls import CallAs, Firm

ORDER: dict[str, Any] = {"external_id": "A1", "currency": "EUR", "amount_minor": 10_000, "placed_on": "2024-11-01"}
UNPAID = ORDER | {"stage": "delivered", "payment": "open", "due_on": "2024-11-20"}


def test_an_order_sent_again_is_changed_not_made_twice(silent: Firm, call_as: CallAs) -> None:
    call = call_as(silent.people["account_manager"])
    order = UNPAID | {"source": "shop", "account": str(silent.own.uid), "changed_at": "2024-12-01T12:00:00Z"}
    made = call("POST", "/live-orders", order)
    assert made.status_code == 201
    assert (made.json()["overdue"], made.json()["owed_minor"]) == (True, 10_000)
    assert call("POST", "/live-orders", order).status_code == 200
    older = order | {"payment": "paid", "changed_at": "2024-11-30T12:00:00Z"}
    assert call("POST", "/live-orders", older).json()["payment"] == "open"
    assert [one["uid"] for one in call("GET", "/live-orders?which=overdue").json()["items"]] == [made.json()["uid"]]
    assert [one["kind"] for one in call("GET", "/signals").json()["items"]] == ["invoice_unpaid"]
    where = f"/live-orders/{made.json()['uid']}"
    followed = call("POST", f"{where}/follow-ups", {"kind": "call", "said": "Pays soon"}).json()
    assert (followed["last_follow_up_on"], followed["next_look_on"]) == ("2024-12-09", "2024-12-16")
    assert call("POST", f"{where}/paid", {"paid_minor": 4_000}).json()["payment"] == "partly"
    assert call("POST", f"{where}/paid", {}).json()["closed"] == "settled"
    assert call("GET", "/signals").json()["items"] == []
    assert call("GET", "/live-orders").json()["items"] == []
    assert len(call("GET", "/live-orders?closed=true").json()["items"]) == 1
    assert call("POST", f"{where}/reopen").json()["payment"] == "open"
    assert call("PATCH", where, {"due_on": None, "number": "R-7"}).json()["number"] == "R-7"
    assert call("POST", f"{where}/close", {"reason": "Done"}).json()["closed_by"]["name"] == "account_manager"


def test_a_batch_takes_what_it_can_and_names_what_is_wrong(silent: Firm, call_as: CallAs) -> None:
    call = call_as(silent.people["service"])
    batch = {
        "source": "erp",
        "orders": [
            ORDER | {"customer": "unknown"},
            {"external_id": "A2"},
            ORDER | {"external_id": "A3", "url": "javascript:alert(1)"},
            ORDER | {"external_id": "A4", "account": str(silent.own.uid)},
            ORDER | {"external_id": "A5", "account": "00000000-0000-7000-8000-000000000000"},
        ],
    }
    said = call("POST", "/live-orders/batch", batch).json()
    assert (said["new"], said["changed"], said["unchanged"]) == (2, 0, 0)
    assert [(one["index"], one["field"]) for one in said["wrong"]] == [(1, "currency"), (2, "url"), (4, "")]
    assert all(one["reason"] and one["remedy"] for one in said["wrong"])
    assert call("POST", "/live-orders/batch", batch).json()["unchanged"] == 2
    assert len(call("GET", "/live-orders?which=unknown_customer").json()["items"]) == 1
    anna = call_as(silent.people["account_manager"])
    assert [one["external_id"] for one in anna("GET", "/live-orders").json()["items"]] == ["A4"]
    many = {"source": "erp", "orders": [ORDER] * 501}
    assert call("POST", "/live-orders/batch", many).status_code == 422


def test_lists_are_narrowed_and_paged(silent: Firm, call_as: CallAs) -> None:
    call = call_as(silent.people["owner"])
    orders = [
        ORDER | {"external_id": "Q1", "stage": "quote"},
        ORDER | {"external_id": "L1", "stage": "confirmed", "promised_on": "2024-12-01"},
        UNPAID | {"external_id": "U1"},
    ]
    call("POST", "/live-orders/batch", {"source": "erp", "orders": orders})

    def found(query: str) -> list[str]:
        return [one["external_id"] for one in call("GET", f"/live-orders?{query}").json()["items"]]

    assert found("which=abandoned") == ["Q1"]
    assert found("which=late") == ["L1"]
    assert found("which=unpaid") == ["U1"]
    assert found("stage=quote&source=erp") == ["Q1"]
    assert found("external_id=L1") == ["L1"]
    first = call("GET", "/live-orders?limit=2").json()
    assert len(first["items"]) == 2
    assert found(f"limit=2&after={first['next']}") == ["U1"]
