"""Playbooks over the API: listed with results, run step by step (issue §10, B10)."""

from __future__ import annotations

import pytest

from api_calls import CallAs, Firm
from regulars.base.tokens import ApiScope
from regulars.facts.models import Interaction
from regulars.plan.models import Play

pytestmark = pytest.mark.django_db
SCOPES = (ApiScope.ACTIONS_READ, ApiScope.ACTIONS_WRITE)


def test_a_play_is_started_goes_on_is_taken_back_stopped_and_resumed(silent: Firm, call_as: CallAs) -> None:
    call = call_as(silent.people["owner"], SCOPES)
    body = {"account": str(silent.own.uid), "playbook": "unpaid"}
    made = call("POST", "/plays", body).json()
    assert (made["playbook"], made["state"], len(made["steps"])) == ("unpaid", "running", 3)
    assert call("POST", "/plays", body).status_code == 422
    where = f"/plays/{made['uid']}"
    done = call("POST", f"{where}/done", {"outcome": "Will pay", "kind": "mail"}).json()
    assert [one["state"] for one in done["steps"]] == ["done", "open", "open"]
    assert Interaction.objects.get().kind == "mail"
    skipped = call("POST", f"{where}/skip", {"reason": "Has paid"}).json()
    assert skipped["steps"][1]["said"] == "Has paid"
    undone = call("POST", f"{where}/undo").json()
    assert [one["state"] for one in undone["steps"]] == ["done", "open", "open"]
    stopped = call("POST", f"{where}/stop", {"reason": "Paid"}).json()
    assert (stopped["state"], stopped["ended"]) == ("stopped", "Paid")
    assert call("POST", f"{where}/done", {"outcome": "x"}).status_code == 422
    assert call("POST", f"{where}/resume").json()["state"] == "running"
    listed = call("GET", f"/plays?account={silent.own.uid}&playbook=unpaid&state=running").json()
    assert [one["uid"] for one in listed["items"]] == [made["uid"]]
    assert call("GET", "/plays?state=finished").json()["items"] == []


def test_playbooks_and_what_came_of_them_are_told(silent: Firm, call_as: CallAs) -> None:
    call = call_as(silent.people["owner"], SCOPES)
    attack = next(one for one in call("GET", "/playbooks").json() if one["key"] == "price_attack")
    assert attack["shipped"]
    assert "signal:competitor_quoted" in attack["triggers"]
    assert attack["steps"][3]["role"] == "superior"
    call("POST", "/plays", {"account": str(silent.own.uid), "playbook": "unpaid"})
    results = {one["playbook"]: one for one in call("GET", "/playbook-results").json()}
    assert (results["unpaid"]["runs"], results["unpaid"]["running"]) == (1, 1)
    assert results["praise"]["run"] == {"accounts": 0, "ordered": 0, "share": None, "interval": None}
    assert call("POST", "/plays", {"account": str(silent.own.uid), "playbook": "nothing"}).status_code == 422
    assert Play.objects.filter(started_by__isnull=False).count() == 1
