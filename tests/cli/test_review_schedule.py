"""`regulars reviews` and its neighbours: a year proposed, a review moved and cancelled, a level set (B4, B6)."""

from __future__ import annotations

from datetime import date

import pytest

from command_line import Regulars
from regulars.base.models import Member
from regulars.facts.models import Account
from regulars.insight.models import Score, Snapshot


@pytest.fixture
def firm(regulars: Regulars) -> Regulars:
    regulars("init", "--name", "Muster Druck", "--currency", "EUR")
    keeper = Member.objects.create(email="k@x.example", name="Keeper", role="account_manager")
    account = Account.objects.create(name="Harbour Gifts", external_id="K1", owner=keeper)
    now = Snapshot.objects.create(
        as_of=date.today(), history_version=0, scores_version=0, currency="EUR", basis="", current=True
    )
    figures = {"sales_12m": 900.0, "sales_previous_12m": 0.0, "sales_total": 900.0, "orders_12m": 3, "order_days": 3}
    Score.objects.create(account=account, snapshot=now, products_12m=1, categories_12m=1, buyer="new", **figures)
    return regulars


def test_a_review_is_scheduled_moved_and_cancelled(firm: Regulars) -> None:
    made = firm("review-schedule", "K1", "2099-03-03T10:00", "--json").data
    assert (made["state"], made["owner"]) == ("scheduled", "k@x.example")
    assert "2099-03-03 10:00" in firm("reviews", "K1").out
    assert firm("review-move", str(made["number"]), "2099-03-04T11:30", "--json").data["state"] == "scheduled"
    assert "2099-03-04 11:30" in firm("reviews").out
    assert firm("review-cancel", made["uid"], "Ill", "--json").data["state"] == "cancelled"
    assert firm("reviews", "--json").data == []
    assert len(firm("reviews", "--all", "--json").data) == 1
    assert firm("review-move", "nothing", "2099-03-04T11:30").code == 2
    assert firm("review-schedule", "K1", "tomorrow").code == 2


def test_the_year_is_proposed_and_accepted(firm: Regulars) -> None:
    told = firm("reviews-plan", "--json").data
    assert (told["placed"], told["left_out"], told["fit_a_week"]) == (1, 0, 4)
    number = firm("reviews", "--json").data[0]["number"]
    assert firm("review-accept", str(number), "--json").data["state"] == "scheduled"
    assert "1 customers" not in firm("reviews-plan", "Keeper", "--accept").out


def test_a_level_is_shown_and_set_with_a_reason(firm: Regulars) -> None:
    assert "unknown" in firm("opportunity-level", "K1").out
    assert firm("opportunity-level", "K1", "--set", "high").code == 2
    told = firm("opportunity-level", "K1", "--set", "high", "--reason", "They build a hall", "--json").data
    assert (told["level"], told["reason"]) == (3, "They build a hall")
    assert firm("opportunity-level", "K1", "--set", "computed", "--json").data["level"] is None
