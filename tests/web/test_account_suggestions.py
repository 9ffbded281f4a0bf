"""What else would help an account: the part of its page, before and after suggestions were computed, and for whom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from regulars.base.models import Member, Team
from regulars.base.warehouse import Table, open_engine
from regulars.facts.models import Account
from regulars.insight.affinity import DUE, SUGGESTIONS
from regulars.insight.models import SuggestionRun
from regulars.plan.models import Opportunity

Signer = Callable[[Member], Client]
AS_OF = date(2024, 12, 9)


def put_in_force(table: Table, said: dict[str, str]) -> None:
    columns = ", ".join(f"{said.get(name, 'NULL')}::{kind} AS {name}" for name, kind in table.columns.items())
    table.writable()
    with open_engine() as engine:
        version = table.replace(engine, f"SELECT {columns}")
    with transaction.atomic():
        table.put_in_force(version)


@pytest.fixture
def suggested(scored: Any) -> Account:
    account: Account = scored("Bakery", order_days=9)
    said = {"account_id": str(account.pk), "kind": "'product'", "place": "1", "item": "'Whisk <b>'"}
    said |= {"alike_buying": "7", "alike": "10", "chance": "0.25", "first_year_sales": "400", "margin_share": "0.5"}
    put_in_force(SUGGESTIONS, said)
    due = {"account_id": str(account.pk), "place": "1", "item": "'Flour'", "order_days": "12", "gap_days": "30"}
    due |= {name: f"DATE '{AS_OF + timedelta(days=days)}'" for name, days in
            {"last_bought": -10, "due_from": 10, "due_on": 20, "due_until": 40}.items()}  # fmt: skip
    put_in_force(DUE, due)
    SuggestionRun.objects.create(
        as_of=AS_OF,
        history_version=1,
        basis="x",
        horizon_days=91,
        accounts=1,
        record={"product": {"hit_rate": 0.52, "hit_rate_of_best_sellers": 0.29}},
    )
    return account


def test_the_page_asks_for_its_suggestions_once_it_is_there(browser: Client, suggested: Account) -> None:
    page = browser.get(f"/accounts/{suggested.uid}/").content.decode()
    assert f'hx-get="/accounts/{suggested.uid}/suggestions/"' in page


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_it_says_what_to_offer_why_and_what_is_due(browser: Client, suggested: Account, headers: Any) -> None:
    answer = browser.get(f"/accounts/{suggested.uid}/suggestions/", headers=headers)
    page = answer.content.decode()
    assert "Whisk &lt;b&gt;" in page
    assert "7 of the 10 customers most like this one buy it." in page
    assert "25%" in page
    assert "Due again" in page
    assert "usually every 30 days" in page
    assert "52 bought one of the ten suggested products" in page
    assert ("<html" in page) == (not headers)


def test_the_margin_is_for_who_may_see_costs(members: dict[str, Member], signed_in: Signer, suggested: Account) -> None:
    where = f"/accounts/{suggested.uid}/suggestions/"
    assert "margin" in signed_in(members["owner"]).get(where).content.decode()
    assert "margin" not in signed_in(members["service"]).get(where).content.decode()


def test_before_the_first_night_it_says_when_they_come(browser: Client, scored: Any) -> None:
    page = browser.get(f"/accounts/{scored('New', order_days=3).uid}/suggestions/").content.decode()
    assert "come back in a few minutes" in page


def test_those_of_a_foreign_account_are_absent(
    members: dict[str, Member], signed_in: Signer, suggested: Account
) -> None:
    stranger = Member.objects.create(
        email="f@example.com", name="F", role="account_manager", team=Team.objects.create(name="Elsewhere")
    )
    Account.objects.filter(pk=suggested.pk).update(owner=members["account_manager"])
    where = f"/accounts/{suggested.uid}/suggestions/"
    assert signed_in(members["account_manager"]).get(where).status_code == 200
    assert signed_in(stranger).get(where).status_code == 404


def test_a_suggestion_becomes_an_opportunity_in_one_tap(browser: Client, suggested: Account) -> None:
    """Missions A2, A3."""
    where = f"/accounts/{suggested.uid}/opportunities/suggested/"
    page = browser.get(f"/accounts/{suggested.uid}/suggestions/").content.decode()
    assert f'action="{where}"' in page
    assert browser.post(where, {"kind": "product", "item": "nothing"}).status_code == 404
    answer = browser.post(where, {"kind": "product", "item": "Whisk <b>"})
    made = Opportunity.objects.get()
    assert answer.headers["Location"] == f"/opportunities/{made.uid}/"
    assert (made.title, made.amount_minor, made.source) == ("Whisk <b>", 40_000, "suggestion")
    again = browser.post(where, {"kind": "product", "item": "Whisk <b>"})
    assert again.status_code == 422
    assert "already" in again.content.decode()
