"""Issues over HTTP: taken down by a shop or a help desk, followed, solved, reopened (mission B1, B3)."""

from __future__ import annotations

from api_calls import CallAs, Firm
from regulars.facts.known_problems import note_problem
from regulars.facts.models import Signal


def test_an_issue_is_taken_down_followed_solved_and_reopened(silent: Firm, call_as: CallAs) -> None:
    call = call_as(silent.people["service"])
    body = {"account": str(silent.own.uid), "title": "Lamp broken", "about": "quality", "complaint": True}
    made = call("POST", "/issues", body)
    assert made.status_code == 201
    assert (made.json()["state"], made.json()["owner"]["name"]) == ("open", "service")
    where = f"/issues/{made.json()['uid']}"
    paused = call("POST", f"{where}/steps", {"kind": "paused", "said": "A photo"}).json()
    assert (paused["state"], paused["waits_for"]) == ("waiting", "A photo")
    assert call("POST", f"{where}/steps", {"kind": "resumed"}).json()["state"] == "open"
    for kind in ("asked_again", "noted", "told"):
        assert call("POST", f"{where}/steps", {"kind": kind, "said": "Where is it?"}).status_code == 200
    solved = call("POST", f"{where}/solve", {"solution": "Sent two", "praised": True}).json()
    assert (solved["state"], solved["times_asked"]) == ("solved", 1)
    again = call("POST", f"{where}/reopen", {"reason": "Broken again"}).json()
    assert (again["state"], again["times_reopened"]) == ("reopened", 1)
    assert [one["kind"] for one in call("GET", where).json()["steps"]] == [
        "opened", "paused", "resumed", "asked_again", "noted", "told", "solved", "reopened",
    ]  # fmt: skip
    assert set(Signal.objects.values_list("kind", flat=True)) == {"complaint", "praise", "reopened_issue"}
    assert call("POST", f"{where}/reopen", {"reason": "x"}).status_code == 422


def test_issues_are_listed_and_narrowed(silent: Firm, call_as: CallAs) -> None:
    call = call_as(silent.people["owner"])
    for account, title in ((silent.own, "One"), (silent.foreign, "Two")):
        call("POST", "/issues", {"account": str(account.uid), "title": title})
    assert {one["title"] for one in call("GET", "/issues?live=true").json()["items"]} == {"One", "Two"}
    (one,) = call("GET", f"/issues?account={silent.own.uid}&state=open").json()["items"]
    assert one["title"] == "One"
    assert call("GET", "/issues?overdue=true").json()["items"] == []
    assert [one["title"] for one in call_as(silent.people["account_manager"])("GET", "/issues").json()["items"]] == [
        "One"
    ]


def test_known_problems_are_found_by_words(silent: Firm, call_as: CallAs) -> None:
    note_problem(title="Glass breaks", workaround="Send two", member=None)
    call = call_as(silent.people["analyst"])
    assert [one["workaround"] for one in call("GET", "/known-problems?text=broken+glass").json()] == ["Send two"]
    assert call("GET", "/known-problems").json() == []
