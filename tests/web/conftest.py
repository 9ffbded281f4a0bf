"""Browsers without a browser: Django's client, signed in as members of each role."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from regulars.base.models import Member, Team
from regulars.facts.models import Account
from regulars.insight.models import Score, Snapshot
from regulars.plan.models import Action

AS_OF = date(2024, 12, 9)


@pytest.fixture(scope="session", autouse=True)
def static_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The static files, gathered as `regulars serve` gathers them."""
    from django.conf import settings

    call_command("collectstatic", interactive=False, verbosity=0)
    return Path(settings.STATIC_ROOT)


@pytest.fixture(autouse=True)
def language_of_tests(settings: Settings) -> None:
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def signed_in() -> Callable[[Member], Client]:
    """A browser in which the member has signed in."""

    def sign_in(member: Member, **options: Any) -> Client:
        client = Client(**options)
        client.force_login(member, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


@pytest.fixture
def members(organisation: Any) -> dict[str, Member]:
    """A member of every role, all in one team."""
    team = Team.objects.create(name="Growth")
    return {
        role.value: Member.objects.create(
            email=f"{role.value}@firm.example", name=str(role.label), role=role, team=team
        )
        for role in Member.Role
    }


@pytest.fixture
def browser(owner: Member, signed_in: Callable[[Member], Client]) -> Client:
    """The owner's browser."""
    return signed_in(owner)


@pytest.fixture
def snapshot(organisation: Any) -> Snapshot:
    return Snapshot.objects.create(
        as_of=AS_OF, history_version=0, scores_version=0, currency="EUR", basis="", current=True
    )


@pytest.fixture
def scored(snapshot: Snapshot) -> Callable[..., Account]:
    """Make an account with a score."""

    def make(name: str = "Firm", **fields: Any) -> Account:
        figures = {key: fields.pop(key) for key in list(fields) if key in _FIGURES}
        account = Account.objects.create(name=name, **fields)
        Score.objects.create(account=account, snapshot=snapshot, **{**_FIGURES, **figures})
        return account

    return make


@pytest.fixture
def proposed() -> Callable[..., Action]:
    """Make an open action about an account."""

    def make(account: Account, **fields: Any) -> Action:
        defaults: dict[str, Any] = {
            "cause": "declining",
            "stake": 1000.0,
            "expected_money": 100.0,
            "proposed_on": AS_OF,
            "seen_on": AS_OF,
            "member": account.owner,
            "figures": _DECLINE,
        }
        return Action.objects.create(account=account, **{**defaults, **fields})

    return make


_DECLINE = {
    "as_of": AS_OF.isoformat(),
    "currency": "EUR",
    "sales_12m": 6_000.0,
    "sales_previous_12m": 10_000.0,
    "trend": -0.4,
}
_FIGURES: dict[str, Any] = {
    "order_days": 30,
    "first_order": AS_OF - timedelta(days=400),
    "last_order": AS_OF - timedelta(days=10),
    "gap_typical_days": 20.0,
    "gap_mean_days": 20.0,
    "gap_longest_days": 50.0,
    "silence_days": 10,
    "pauses_as_long": 0.6,
    "sales_12m": 10_000.0,
    "sales_previous_12m": 10_000.0,
    "sales_total": 25_000.0,
    "orders_12m": 15,
    "trend": 0.0,
    "products_12m": 5,
    "categories_12m": 2,
    "mean_order_value": 800.0,
    "margin_12m": 3_000.0,
    "cost_known": 1.0,
    "rank": 50,
    "share_of_firm": 0.001,
    "pareto": "B",
    "buyer": "regular",
    "probability_alive": 0.95,
    "expected_orders_365": 12.0,
    "expected_value_365": 9_000.0,
    "value_at_risk": 500.0,
}
