"""Reviews over HTTP: what to ask, finished by another program, corrected, opened again (missions A4, B5, B7)."""

from __future__ import annotations

from api_calls import CallAs, Firm
from regulars.plan.models import Review


def test_a_review_is_finished_corrected_and_opened_again(silent: Firm, call_as: CallAs) -> None:
    call = call_as(silent.people["account_manager"])
    review = Review.objects.create(account=silent.own, due_on="2024-12-12", owner=silent.people["account_manager"])
    where = f"/reviews/{review.uid}"
    asked = call("GET", f"{where}/questions").json()
    assert {one["area"] for one in asked} == {"about_us", "needs", "competitors"}
    assert call("GET", f"{where}/minutes").json()["answers"] == []
    assert call("POST", f"{where}/finish", {"said": "A good talk"}).status_code == 422  # nothing is recommended
    answer = {"key": asked[0]["key"], "area": asked[0]["area"], "asked": asked[0]["text"], "text": "Fast"}
    outcome = {
        "answers": [{**answer, "signal": "praise"}],
        "theirs": [{"text": "Boxes arrive crushed", "issue": True}],
        "ours": ["They pay late"],
        "promises": [{"text": "Send samples", "due_on": "2024-12-20"}],
        "recommendations": [{"kind": "advice", "text": "Order in full boxes"}],
        "facts": [{"text": "Closed on Mondays"}],
    }
    done = call("POST", f"{where}/finish", outcome).json()
    assert (done["state"], done["held_on"], done["said"]) == ("finished", "2024-12-09", "A good talk")
    assert [(one["text"], one["signal"]) for one in done["answers"]] == [("Fast", "praise")]
    assert [(one["side"], one["issue"] is None) for one in done["problems"]] == [("ours", True), ("theirs", False)]
    assert [one["kind"] for one in call("GET", "/signals").json()["items"]] == ["praise"]
    corrected = call("POST", f"{where}/finish", {"answers": [{**answer, "text": "Slow", "signal": "complaint"}]}).json()
    assert [(one["text"], one["signal"]) for one in corrected["answers"]] == [("Slow", "complaint")]
    assert [one["kind"] for one in call("GET", "/signals").json()["items"] if not one["withdrawn_at"]] == ["complaint"]
    assert [one["text"] for one in corrected["promises"]] == ["Send samples"]
    again = call("POST", f"{where}/reopen", {"reason": "It was another firm"}).json()
    assert (again["state"], again["answers"], again["promises"]) == ("held", [], [])
