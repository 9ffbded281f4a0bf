"""A firm with people of every role, and programs that call the API in their names."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from pytest_django import Settings

from api_calls import CallAs, Caller, Firm
from regulars.base.models import Member, Team
from regulars.base.tokens import ApiScope, create_token
from regulars.core.portfolio import Retention, concentration, sales_curve
from regulars.facts.models import Account
from regulars.insight.models import Score, Snapshot
from regulars.insight.portfolio_figures import Portfolio
from regulars.plan.proposals import refresh_actions


@pytest.fixture(autouse=True)
def no_requests_yet(settings: Settings) -> None:
    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)  # where `regulars serve` gathers the static files
    settings.API_REQUESTS_A_MINUTE = 100_000  # the matrix asks every route four times with one token


@pytest.fixture
def firm(owner: Member) -> Firm:
    growth, other = Team.objects.create(name="Growth"), Team.objects.create(name="Other")
    people = {"owner": owner}
    for role in Member.Role.values[1:]:
        people[role] = Member.objects.create(email=f"{role}@example.com", name=role, role=role, team=growth)
    mate = Member.objects.create(email="mate@example.com", name="Mate", team=growth)
    stranger = Member.objects.create(email="stranger@example.com", name="Stranger", team=other)
    people |= {"mate": mate, "stranger": stranger}
    return Firm(
        people,
        own=Account.objects.create(name="Own", owner=people["account_manager"]),
        team=Account.objects.create(name="Team’s", owner=mate),
        foreign=Account.objects.create(name="Foreign", owner=stranger),
    )


@pytest.fixture
def call_as() -> CallAs:
    """`call_as(member)("GET", "/accounts")`; with `scopes` only those."""

    def caller(member: Member, scopes: tuple[str, ...] = tuple(ApiScope)) -> Caller:
        _token, key = create_token(person=member, name="test", scopes=scopes, member=None)
        return Caller(key)

    return caller


EMPTY = Portfolio(
    as_of=date(2024, 12, 9),
    currency="EUR",
    history_from=None,
    two_years_known=False,
    accounts=0,
    accounts_12m=0,
    sales_12m=0.0,
    sales_previous_12m=None,
    sales_without_customer_12m=0.0,
    margin_12m=None,
    cost_known=None,
    expected_sales_365=None,
    value_at_risk=None,
    buyers={},
    buyers_of_class_a={},
    curve=sales_curve(np.array([])),
    concentration=concentration(np.array([])),
    retention=Retention(None, None, None, None),
    departments=[],
    sellers=[],
    categories=[],
    customers=[],
    cohorts=[],
    months=[],
)


@pytest.fixture
def silent(firm: Firm) -> Firm:
    """All three accounts went quiet, and each has an open action about it."""
    as_of = date(2024, 12, 9)
    snapshot = Snapshot.objects.create(
        as_of=as_of,
        history_version=0,
        scores_version=0,
        currency="EUR",
        basis="",
        current=True,
        portfolio=EMPTY.as_json(),
    )
    oldest = Account.objects.create(name="Oldest", owner=firm.people["stranger"])
    begun = {oldest: 1500, firm.own: 400, firm.team: 400, firm.foreign: 400}
    for account, days in begun.items():
        _score(account, snapshot, first_order=as_of - timedelta(days=days), silent=account != oldest)
    refresh_actions(snapshot=snapshot, today=as_of)
    return firm


def _score(account: Account, snapshot: Snapshot, *, first_order: date, silent: bool) -> None:
    silence_days = 60 if silent else 10
    Score.objects.create(
        account=account,
        snapshot=snapshot,
        order_days=30,
        first_order=first_order,
        last_order=snapshot.as_of - timedelta(days=silence_days),
        silence_days=silence_days,
        gap_typical_days=20.0,
        gap_mean_days=20.0,
        pauses_as_long=0.0 if silent else 0.6,
        sales_12m=10_000.0,
        sales_previous_12m=10_000.0,
        sales_total=25_000.0,
        margin_12m=4_000.0,
        cost_known=1.0,
        orders_12m=15,
        trend=0.0,
        products_12m=5,
        categories_12m=2,
        mean_order_value=800.0,
        rank=50,
        share_of_firm=0.001,
        pareto="B",
        buyer="regular",
        probability_alive=0.95,
        expected_value_365=9_000.0,
        value_at_risk=500.0,
    )
