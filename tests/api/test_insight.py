from __future__ import annotations

from datetime import date

from api_calls import CallAs, Firm
from regulars.insight.models import Snapshot
from regulars.insight.portfolio_figures import Portfolio
from regulars.insight.snapshots import take_snapshot


def test_a_score_comes_with_its_reasons_in_the_language_asked_for(silent: Firm, call_as: CallAs) -> None:
    """Mission C1, and no number without its sentence."""
    score = call_as(silent.people["account_manager"])("GET", f"/accounts/{silent.own.uid}/score").json()
    assert (score["as_of"], score["currency"]) == ("2024-12-09", "EUR")
    assert score["figures"]["silence_days"] == 60
    rhythm = score["sentences"][0]
    assert (rhythm["figure"], rhythm["effect"]) == ("rhythm", "lowers")
    assert "silent for 60 days" in rhythm["text"]


def test_scores_are_those_of_the_accounts_that_the_member_sees(silent: Firm, call_as: CallAs) -> None:
    def names(role: str, query: str = "") -> list[str]:
        found = call_as(silent.people[role])("GET", f"/scores{query}").json()
        return [score["account"]["name"] for score in found["items"]]

    assert names("account_manager") == ["Own", "Team’s"]
    assert len(names("analyst")) == 4
    assert names("analyst", "?pareto=A") == []
    assert len(names("analyst", "?at_risk=500")) == 4
    assert names("analyst", "?at_risk=501") == []


def test_margins_are_for_who_may_see_costs(silent: Firm, call_as: CallAs) -> None:
    def of(role: str) -> tuple[object, bool]:
        score = call_as(silent.people[role])("GET", f"/accounts/{silent.own.uid}/score").json()
        return score["figures"]["margin_12m"], "margin" in {one["figure"] for one in score["sentences"]}

    assert of("analyst") == (4000.0, True)
    assert of("service") == (None, False)


def test_an_account_without_a_score_says_so(firm: Firm, call_as: CallAs) -> None:
    answer = call_as(firm.people["owner"])("GET", f"/accounts/{firm.own.uid}/score")
    assert (answer.status_code, answer.json()["title"]) == (404, "This account has no score.")


def test_the_portfolio_is_the_current_one_or_one_that_was_kept(firm: Firm, call_as: CallAs) -> None:
    """Mission E1, D2."""
    call = call_as(firm.people["analyst"])
    assert call("GET", "/portfolio").status_code == 404
    take_snapshot(as_of=date(2024, 12, 9))
    whole = call("GET", "/portfolio")
    assert whole.status_code == 200
    assert Portfolio.from_json(whole.json()) == Portfolio.from_json(Snapshot.objects.get().portfolio)
    assert call("GET", "/portfolio?as_of=2024-12-09").json() == whole.json()
    assert call("GET", "/portfolio?as_of=2024-12-08").status_code == 404
    assert Snapshot.objects.count() == 1
