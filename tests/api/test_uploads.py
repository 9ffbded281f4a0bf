"""Files over the API: handed over, examined, imported, corrected, undone."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from api_calls import CallAs, Caller, Firm
from regulars.base.worker import run_worker
from regulars.facts.imports.uploads import uploads_root
from regulars.facts.models import Account, Import, Upload
from regulars.insight.models import Snapshot

pytestmark = pytest.mark.django_db(transaction=True)

ORDERS = "\n".join(
    [
        "Order No,Line,Date,Customer ID,Customer,Product,Quantity,Amount,Currency",
        "A1,1,2024-03-01,K1,Firm 1,P1,2,19.99,EUR",
        "A2,1,2024-04-01,K1,Firm 1,P2,1,5.00,EUR",
        *(f"B{number},1,2024-05-{number:02},K1,Firm 1,P1,1,3.00,EUR" for number in range(1, 21)),
        "A3,1,no date,K2,=Firm 2,P1,1,7.00,EUR",
        "",
    ]
).encode()


@pytest.fixture
def call(firm: Firm, call_as: CallAs) -> Caller:
    return call_as(firm.people["owner"])


def test_a_file_is_examined_imported_and_undone(call: Caller) -> None:
    handed = call.send_files("/uploads?source=shop", ("orders.csv", ORDERS))
    assert handed.status_code == 201
    path = f"/uploads/{handed.json()['uid']}"
    assert handed.json()["state"] == "examining"
    assert call("POST", f"{path}/import").status_code == 409
    run_worker(once=True)
    ready = call("GET", path).json()
    assert (ready["state"], ready["refusal"]) == ("ready", None)
    assert (ready["report"]["lines_accepted"], ready["report"]["lines_rejected"]) == (22, 1)
    assert not Import.objects.exists()
    begun = call("POST", f"{path}/import")
    assert (begun.status_code, begun.json()["state"]) == (202, "importing")
    run_worker(once=True)
    done = call("GET", path).json()
    assert (done["state"], done["share_done"]) == ("done", 1.0)
    made = call("GET", f"/imports/{done['made']}").json()
    assert (made["state"], made["source"]) == ("done", "shop")
    assert Account.objects.filter(source="shop", external_id="K1").exists()
    assert Snapshot.objects.filter(current=True).exists()
    assert call("POST", f"/imports/{done['made']}/undo").status_code == 200
    assert call("GET", f"/imports/{done['made']}").json()["state"] == "undone"


def test_rejected_rows_come_as_a_file_to_correct_without_formulas(call: Caller) -> None:
    handed = call.send_files("/uploads?source=shop", ("orders.csv", ORDERS)).json()
    run_worker(once=True)
    call("POST", f"/uploads/{handed['uid']}/import")
    run_worker(once=True)
    made = call("GET", f"/uploads/{handed['uid']}").json()["made"]
    answer = call("GET", f"/imports/{made}/rejected.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "A3" in text
    assert "'=Firm 2" in text
    again = call.send_files("/uploads", ("corrected.csv", text.replace("no date", "2024-05-01").encode())).json()
    run_worker(once=True)
    call("POST", f"/uploads/{again['uid']}/import")
    run_worker(once=True)
    made = call("GET", f"/uploads/{again['uid']}").json()["made"]
    assert call("GET", f"/imports/{made}").json()["report"]["lines_accepted"] == 1
    assert call("GET", f"/imports/{made}/rejected.csv").status_code == 422


def test_what_cannot_be_read_is_refused_and_nothing_of_it_stays(call: Caller) -> None:
    picture = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(2000)
    for files in ([], [("orders.csv", picture)], [("orders.csv", b"")]):
        refused = call.send_files("/uploads", *files)
        assert (refused.status_code, refused["Content-Type"]) == (422, "application/problem+json")
    assert not Upload.objects.exists()
    assert list(uploads_root().glob("*")) == []


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data", "multipart/form-data; boundary=x"])
def test_a_request_without_files_is_refused(call: Caller, content_type: str) -> None:
    headers = {"Authorization": f"Bearer {call.key}"}
    refused = Client().generic("POST", "/api/v1/uploads", b"no files", content_type, headers=headers)
    assert (refused.status_code, refused["Content-Type"]) == (422, "application/problem+json")


def test_files_above_the_limit_are_refused(call: Caller, settings: Settings) -> None:
    settings.UPLOAD_LIMIT_BYTES = 100
    refused = call.send_files("/uploads", ("orders.csv", ORDERS))
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:regulars:problem:too_large")
    assert list(Path(uploads_root()).glob("*")) == []


def test_an_upload_is_its_members_own_and_can_be_thrown_away(firm: Firm, call: Caller, call_as: CallAs) -> None:
    handed = call.send_files("/uploads", ("orders.csv", ORDERS)).json()
    run_worker(once=True)
    path = f"/uploads/{handed['uid']}"
    other = call_as(firm.people["sales_head"])
    assert other("GET", path).status_code == 404
    assert other("POST", f"{path}/import").status_code == 404
    assert other("GET", "/uploads").json()["items"] == []
    assert [one["uid"] for one in call("GET", "/uploads").json()["items"]] == [handed["uid"]]
    assert call("DELETE", path).status_code == 204
    assert call("GET", path).status_code == 404
    assert list(uploads_root().glob("*")) == []


def test_a_file_that_is_not_understood_says_what_to_do(call: Caller) -> None:
    handed = call.send_files("/uploads", ("list.csv", b"colour,shape\nred,round\n")).json()
    run_worker(once=True)
    found = call("GET", f"/uploads/{handed['uid']}").json()
    assert found["state"] == "refused"
    assert found["refusal"]["sentence"]
    assert call("POST", f"/uploads/{handed['uid']}/import").status_code == 422


def test_a_column_that_was_not_recognised_can_be_named(call: Caller) -> None:
    path = f"/uploads/{call.send_files('/uploads', ('orders.csv', ORDERS.replace(b'Date', b'Xyz'))).json()['uid']}"
    assert call("PATCH", path, {"source": "shop"}).status_code == 409
    run_worker(once=True)
    assert call("GET", path).json()["state"] == "refused"
    changed = call("PATCH", path, {"source": "shop", "columns": {"business_date": "xyz"}, "date_order": "ymd"})
    assert (changed.status_code, changed.json()["state"]) == (200, "examining")
    run_worker(once=True)
    ready = call("GET", path).json()
    assert (ready["state"], ready["report"]["lines_accepted"]) == ("ready", 22)
    call("PATCH", path, {"columns": {"business_date": "no such"}})
    run_worker(once=True)
    assert call("GET", path).json()["refusal"]["sentence"]
