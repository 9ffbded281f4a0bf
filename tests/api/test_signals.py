"""Signals and protection over HTTP: recorded, listed, withdrawn, told to webhooks (mission B10, C1)."""

from __future__ import annotations

import json

from django.utils import timezone

from api_calls import CallAs, Firm
from regulars.api.webhooks.gathering import gather
from regulars.base.webhooks.endpoints import add_endpoint
from regulars.base.webhooks.events import WebhookEvent
from regulars.base.webhooks.models import WebhookDelivery
from regulars.facts.signal_kinds import KINDS
from regulars.insight.protection import protect_all
from regulars.insight.snapshots import current_snapshot


def test_a_signal_is_recorded_with_its_source_and_the_protection_follows(silent: Firm, call_as: CallAs) -> None:
    snapshot = current_snapshot()
    assert snapshot is not None
    protect_all(on=snapshot.as_of)
    call = call_as(silent.people["account_manager"])
    account = str(silent.own.uid)
    before = call("GET", f"/accounts/{account}/protection").json()
    source = {"kind": "ticket", "uid": "0192b2b0-0000-7000-8000-000000000000"}
    body = {"account": account, "kind": "competitor_quoted", "said": "Ten per cent less", "source": source}
    made = call("POST", "/signals", body, Idempotency_Key="1")
    assert made.status_code == 201
    said = made.json()
    assert (said["observed_on"], said["strength"], said["source_kind"]) == ("2024-12-09", 4, "ticket")
    assert said["recorded_by"]["name"] == "account_manager"
    after = call("GET", f"/accounts/{account}/protection").json()
    assert after["risk"] > before["risk"]
    assert after["level"] >= before["level"]
    assert [one["odds"] > 3 for one in after["signals"]] == [True]
    assert any("A competitor has quoted" in one["text"] for one in after["sentences"])
    assert call("GET", "/protection?level=1").json()["items"]


def test_signals_are_listed_filtered_withdrawn_and_restored(silent: Firm, call_as: CallAs) -> None:
    call = call_as(silent.people["owner"])
    account = str(silent.own.uid)
    for kind, on in (("complaint", "2024-12-01"), ("praise", "2024-11-01")):
        call("POST", "/signals", {"account": account, "kind": kind, "observed_on": on})
    assert {one["kind"] for one in call("GET", "/signals").json()["items"]} == {"complaint", "praise"}
    (risk,) = call("GET", f"/signals?direction=risk&account={account}").json()["items"]
    assert [one["kind"] for one in call("GET", "/signals?since=2024-11-15").json()["items"]] == ["complaint"]
    assert call("GET", "/signals?kind=praise").json()["items"][0]["observed_on"] == "2024-11-01"
    where = f"/signals/{risk['uid']}"
    gone = call("POST", f"{where}/withdraw", {"reason": "Another firm"}).json()
    assert (gone["withdrawn_reason"], gone["withdrawn_by"]["name"]) == ("Another firm", silent.people["owner"].name)
    assert [one["kind"] for one in call("GET", "/signals").json()["items"]] == ["praise"]
    assert len(call("GET", "/signals?withdrawn=true").json()["items"]) == 2
    assert call("POST", f"{where}/withdraw", {"reason": "Again"}).status_code == 422
    assert call("POST", f"{where}/restore").json()["withdrawn_at"] is None


def test_the_kinds_are_told_with_their_defaults_and_others_are_refused(silent: Firm, call_as: CallAs) -> None:
    call = call_as(silent.people["owner"])
    assert {one["key"] for one in call("GET", "/signal-kinds").json()} == set(KINDS)
    refused = call("POST", "/signals", {"account": str(silent.own.uid), "kind": "gossip"})
    assert refused.status_code == 422
    assert "competitor_quoted" in refused.json()["detail"]


def test_an_account_without_a_level_says_why(firm: Firm, call_as: CallAs) -> None:
    answer = call_as(firm.people["owner"])("GET", f"/accounts/{firm.own.uid}/protection")
    assert answer.status_code == 404
    assert "never ordered" in answer.json()["detail"]


def test_webhooks_are_told_of_signals(silent: Firm, call_as: CallAs) -> None:
    owner = silent.people["owner"]
    add_endpoint(name="Shop", url="https://example.com/", events=list(WebhookEvent), member=owner)
    call = call_as(owner)
    uid = call("POST", "/signals", {"account": str(silent.own.uid), "kind": "complaint"}).json()["uid"]
    call("POST", f"/signals/{uid}/withdraw", {"reason": "Another firm"})
    call("POST", f"/signals/{uid}/restore")
    gather(at=timezone.now())
    told = [json.loads(one) for one in WebhookDelivery.objects.order_by("pk").values_list("content", flat=True)]
    told = [one for one in told if one["type"].startswith("signal.")]
    assert [one["type"] for one in told] == ["signal.recorded", "signal.withdrawn", "signal.restored"]
    assert {one["data"]["uid"] for one in told} == {uid}
    assert told[0]["data"]["record"]["kind"] == "complaint"
