from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from api_calls import CallAs, Firm
from regulars.base.models import Member
from regulars.base.warehouse import open_engine
from regulars.facts.history import HISTORY
from regulars.facts.models import Account, Import

pytestmark = pytest.mark.django_db(transaction=True)


Send = Callable[..., Any]


def line(order: str = "A1", number: str = "1", net: int = 1999, **more: Any) -> dict[str, Any]:
    return {
        "order_id": order,
        "line_no": number,
        "business_date": "2024-03-01",
        "currency": "EUR",
        "net_minor": net,
        "account_id": "K1",
        "account_name": "Firm 1",
        "quantity": 2,
        **more,
    }


def history() -> dict[tuple[str, str], int]:
    with open_engine() as engine:
        rows = engine.rows(f"SELECT order_id, line_no, net_base_minor FROM {HISTORY.relation()}")
    return {(order, number): net for order, number, net in rows}


@pytest.fixture
def send(owner: Member, call_as: CallAs) -> Send:
    call = call_as(owner)

    def post(lines: list[dict[str, Any]], key: str, source: str = "shop") -> Any:
        return call("POST", "/order-lines", {"source": source, "lines": lines}, Idempotency_Key=key)

    return post


def test_a_batch_becomes_history_with_its_customers(send: Send) -> None:
    answer = send([line(cost_minor=500), line(number="2", net=-500)], "k1").json()
    assert (answer["added"], answer["accounts_new"], answer["lines_rejected"]) == (2, 1, 0)
    assert history() == {("A1", "1"): 1999, ("A1", "2"): -500}
    assert Account.objects.get(source="shop", external_id="K1").name == "Firm 1"


def test_lines_sent_later_replace_those_of_the_same_name_and_leave_the_others(send: Send) -> None:
    send([line(), line(number="2")], "k1")
    answer = send([line(net=1000), line(number="3")], "k2").json()
    assert (answer["added"], answer["changed"]) == (1, 1)
    assert history() == {("A1", "1"): 1000, ("A1", "2"): 1999, ("A1", "3"): 1999}


def test_the_same_request_under_the_same_key_is_carried_out_once(send: Send) -> None:
    first = send([line()], "k1")
    again = send([line()], "k1")
    assert first.json() == again.json()
    assert Import.objects.count() == 1
    other = send([line(net=5)], "k1")
    assert other.status_code == 409
    assert other.json()["type"] == "urn:regulars:problem:used_key"


def test_without_a_key_nothing_is_taken(owner: Member, call_as: CallAs) -> None:
    assert call_as(owner)("POST", "/order-lines", {"lines": [line()]}).status_code == 422
    assert not Import.objects.exists()


def test_amounts_are_minor_units_of_their_currency(send: Send) -> None:
    assert send([line(currency="EUR", net=123456789)], "k1").status_code == 200
    assert history() == {("A1", "1"): 123456789}


def test_a_currency_without_a_rate_is_refused_with_a_way_out(send: Send) -> None:
    refused = send([line(currency="JPY", net=1999)], "k1")
    assert refused.status_code == 422
    assert "JPY" in refused.json()["title"] + refused.json()["detail"]
    assert history() == {}


def test_a_bad_line_is_left_out_with_its_reason_and_the_others_come_in(
    send: Send, owner: Member, call_as: CallAs
) -> None:
    answer = send([line(), line("A2", business_date="1950-01-01")], "k1").json()
    assert (answer["added"], answer["lines_rejected"]) == (1, 1)
    assert answer["rejected"][0]["order_id"] == "A2"
    assert "1950-01-01" in answer["rejected"][0]["sentence"]
    rows = call_as(owner)("GET", f"/imports/{answer['uid']}/rejected").json()
    assert [row["reason"] for row in rows] == ["too_early"]


def test_a_batch_is_an_import_that_can_be_taken_back(send: Send, owner: Member, call_as: CallAs) -> None:
    send([line()], "k1")
    uid = send([line(net=5)], "k2").json()["uid"]
    call = call_as(owner)
    assert call("GET", f"/imports/{uid}").json()["state"] == "done"
    assert call("POST", f"/imports/{uid}/undo").json()["lines_restored"] == 1
    assert history() == {("A1", "1"): 1999}
    assert call("POST", f"/imports/{uid}/undo").status_code == 422
    assert [one["state"] for one in call("GET", "/imports").json()["items"]] == ["done", "undone"]


def test_an_accounts_lines_are_read_newest_first_cost_only_by_who_may_see_it(
    send: Send, firm: Firm, call_as: CallAs
) -> None:
    send([line(cost_minor=500), line("A2", business_date="2024-05-01")], "k1")
    uid = Account.objects.get(external_id="K1").uid
    lines = call_as(firm.people["owner"])("GET", f"/accounts/{uid}/lines").json()
    assert [(one["order_id"], one["cost_base_minor"]) for one in lines] == [("A2", None), ("A1", 500)]
    lines = call_as(firm.people["service"])("GET", f"/accounts/{uid}/lines?offset=1").json()
    assert [(one["order_id"], one["cost_base_minor"]) for one in lines] == [("A1", None)]


def test_ten_thousand_lines_are_a_batch_and_one_more_is_not(send: Send) -> None:
    many = [line(f"A{place // 10}", str(place)) for place in range(10_001)]
    assert send(many, "k1").status_code == 422
    assert send(many[:-1], "k2").json()["added"] == 10_000
