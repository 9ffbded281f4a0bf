"""Neighbouring systems stay in step: what changed since, and what is sent twice is done once (issue 5, Quality)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from api_calls import CallAs, Caller, Firm
from regulars.api.v1 import api
from regulars.base.models import AnsweredRequest
from regulars.facts.effort import answer_effort, key_of
from regulars.facts.merges import merge_accounts
from regulars.facts.models import Issue, Lead
from regulars.plan.models import Promise, Referral, WinBack

LISTS = (
    *("accounts", "contacts", "interactions", "signals", "issues", "effort-answers", "promises", "handovers"),
    *("opportunities", "reviews", "leads", "referrals", "key-accounts", "win-back", "plays", "projects"),
    *("value-proofs", "goals"),
)
PROMISE = {"text": "Samples", "due_on": "2099-01-01"}


@pytest.fixture
def call(silent: Firm, call_as: CallAs) -> Caller:
    return call_as(silent.people["owner"])


def ago(**much: float) -> str:
    return (timezone.now() - timedelta(**much)).isoformat().replace("+00:00", "Z")


def found(call: Caller, what: str, since: str) -> list[str]:
    answer = call("GET", f"/{what}?updated_since={since}")
    assert answer.status_code == 200, answer.content
    return [one["uid"] for one in answer.json()["items"]]


def make_all(firm: Firm, call: Caller) -> dict[str, str]:
    """The path of one record of each list, made over the API as far as it makes them."""
    account = {"account": str(firm.own.uid)}
    bodies: dict[str, Any] = {
        "contacts": account | {"name": "Eva"},
        "interactions": account | {"kind": "call", "on": "2024-12-09"},
        "signals": account | {"kind": "complaint"},
        "issues": account | {"title": "Broken"},
        "promises": account | PROMISE,
        "handovers": account,
        "opportunities": account | {"title": "Repair"},
        "reviews": account | {"at": "2099-01-07T10:00:00Z"},
        "leads": {"name": "Alpine", "email": "a@b.example"},
        "key-accounts": account | {"manager": str(firm.people["mate"].uid)},
        "win-back": account,
        "plays": account | {"playbook": "unpaid"},
        "projects": account | {"title": "x", "goal": "x", "measure": "x", "baseline": "8"},
        "value-proofs": account | {"what": "repair", "words": "Fast"},
        "goals": account | {"text": "Grow"},
    }
    made = {"accounts": str(firm.own.uid)}
    for what, body in bodies.items():
        answer = call("POST", f"/{what}", body)
        assert answer.status_code == 201, (what, answer.content)
        made[what] = answer.json()["uid"]
    Referral.objects.create(account=firm.own, lead=Lead.objects.get(), on="2024-12-01")
    assert call("POST", f"/issues/{made['issues']}/solve", {"solution": "x"}).status_code == 200
    answer_effort(key=key_of(Issue.objects.get()), score=2, words="", at=timezone.now())
    return made


def test_every_list_says_what_changed_since(silent: Firm, call: Caller) -> None:
    made = make_all(silent, call)
    for what in LISTS:
        assert made.get(what, "") in {"", *found(call, what, ago(minutes=10))}, what
        assert found(call, what, ago(minutes=10)), what
        assert found(call, what, ago(minutes=-10)) == [], what
    described = api.get_openapi_schema(path_params={})["paths"]
    for what in LISTS:
        names = {one["name"] for one in described[f"/api/v1/{what}"]["get"]["parameters"]}
        assert {"updated_since", "after", "limit"} <= names, what


def test_a_moment_without_its_offset_is_refused(call: Caller) -> None:
    assert call("GET", "/accounts?updated_since=2024-12-09T10:00:00").status_code == 422
    assert call("GET", "/effort-answers?updated_since=0431-09-11T06:14:57%2B23:21").status_code == 200
    assert call("GET", "/effort-answers?updated_since=0001-01-01T00:00:00%2B23:21").status_code == 422


@pytest.mark.parametrize(
    ("what", "then", "body"),
    [
        ("handovers", "look", {"said": "Fine"}),
        ("win-back", "offers", {"text": "free freight"}),
        ("leads", "notes", {"said": "x"}),
        ("issues", "steps", {"kind": "noted", "said": "x"}),
        ("projects", "measurements", {"value": "5"}),
        ("plays", "done", {"outcome": "x"}),
    ],
)
def test_a_change_of_a_part_is_a_change_of_the_whole(
    silent: Firm, call: Caller, what: str, then: str, body: dict[str, str]
) -> None:
    made = make_all(silent, call)
    path = f"/{what}/{made[what]}"
    if what == "handovers":
        call("PATCH", path, {"receiver": str(silent.people["mate"].uid), "work": "x"})
        call("POST", f"{path}/send")
        call("POST", f"{path}/accept")
    if what == "projects":
        call("POST", f"{path}/start")
    since = timezone.now().isoformat().replace("+00:00", "Z")
    assert found(call, what, since) == []
    assert call("POST", f"{path}/{then}", body).status_code in {200, 201}
    assert found(call, what, since) == [made[what]]


def test_what_was_moved_by_a_merge_has_changed(silent: Firm, call: Caller) -> None:
    contact = call("POST", "/contacts", {"account": str(silent.team.uid), "name": "Eva"}).json()["uid"]
    since = timezone.now().isoformat().replace("+00:00", "Z")
    merge_accounts(kept=silent.own, merged=silent.team, member=None)
    assert found(call, "contacts", since) == [contact]


# Once


def test_a_request_that_is_sent_again_is_answered_again_and_done_once(silent: Firm, call: Caller) -> None:
    body = PROMISE | {"account": str(silent.own.uid)}
    first = call("POST", "/promises", body, Idempotency_Key="one")
    again = call("POST", "/promises", body, Idempotency_Key="one")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert Promise.objects.count() == 1
    assert call("POST", "/promises", body).json()["uid"] != first.json()["uid"]
    kept = call("POST", f"/promises/{first.json()['uid']}/keep", Idempotency_Key="two")
    assert call("POST", f"/promises/{first.json()['uid']}/keep", Idempotency_Key="two").json() == kept.json()


def test_a_key_of_another_request_is_refused_and_a_refusal_is_not_kept(silent: Firm, call: Caller) -> None:
    body = PROMISE | {"account": str(silent.own.uid)}
    call("POST", "/promises", body, Idempotency_Key="one")
    other = call("POST", "/promises", body | {"text": "Other"}, Idempotency_Key="one")
    assert (other.status_code, other.json()["type"]) == (409, "urn:regulars:problem:used_key")
    assert call("POST", "/promises", body, Idempotency_Key="x" * 256).status_code == 422
    past = call("POST", "/win-back", {"account": str(silent.own.uid), "since": "2099-01-01"}, Idempotency_Key="three")
    assert past.status_code == 422
    assert AnsweredRequest.objects.count() == 1
    assert Promise.objects.count() == 1


def test_the_key_of_one_member_is_not_that_of_another(silent: Firm, call: Caller, call_as: CallAs) -> None:
    body = PROMISE | {"account": str(silent.own.uid)}
    mine = call("POST", "/promises", body, Idempotency_Key="one").json()["uid"]
    theirs = call_as(silent.people["sales_head"])("POST", "/promises", body, Idempotency_Key="one").json()["uid"]
    assert mine != theirs


def test_the_description_names_the_key_where_it_counts() -> None:
    paths = api.get_openapi_schema(path_params={})["paths"]

    def keyed(path: str) -> bool:
        return any(one["name"] == "Idempotency-Key" for one in paths[f"/api/v1{path}"]["post"].get("parameters", []))

    assert all(keyed(path) for path in ("/promises", "/issues", "/leads", "/plays", "/order-lines"))
    assert not any(keyed(path) for path in ("/webhooks", "/uploads", "/backtests"))


def test_offers_to_a_lost_customer_are_noted_with_their_answers(silent: Firm, call: Caller) -> None:
    """E15."""
    path = f"/win-back/{call('POST', '/win-back', {'account': str(silent.own.uid)}).json()['uid']}"
    (offer,) = call("POST", f"{path}/offers", {"text": "free freight"}).json()["offers"]
    answered = call("POST", f"{path}/offers/{offer['uid']}/answer", {"answer": "perhaps", "said": "In spring"}).json()
    assert [(one["answer"], one["said"]) for one in answered["offers"]] == [("perhaps", "In spring")]
    assert WinBack.objects.get().offers.get().text == "free freight"
    assert call("POST", f"{path}/offers/{offer['uid']}/answer", {"answer": "moon"}).status_code == 422


def test_an_issue_goes_its_whole_way_over_http(silent: Firm, call: Caller) -> None:
    """B1."""
    path = f"/issues/{call('POST', '/issues', {'account': str(silent.own.uid), 'title': 'Broken'}).json()['uid']}"
    mate = str(silent.people["mate"].uid)
    assert call("POST", f"{path}/transfer", {"owner": mate}).json()["owner"]["uid"] == mate
    assert call("POST", f"{path}/transfer", {"team": "Growth"}).json()["team"] == "Growth"
    assert call("POST", f"{path}/transfer", {"team": "None such"}).status_code == 404
    assert call("POST", f"{path}/promise", {"on": "2099-01-01"}).json()["promised_on"] == "2099-01-01"
    assert call("POST", f"{path}/escalate", {"to": mate}).status_code == 200
    assert call("POST", f"{path}/close", {}).status_code == 422
    assert call("POST", f"{path}/solve", {"solution": "x"}).json()["state"] == "solved"
    assert call("POST", f"{path}/close", {}).json()["state"] == "closed"
    assert call("POST", f"{path}/back").json()["state"] == "solved"
