"""Scores made by hand, so that each cause is met at its edge."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from regulars.facts.models import Account
from regulars.insight.models import Score, Snapshot

AS_OF = date(2024, 12, 9)
SILENT: dict[str, Any] = {"silence_days": 60, "gap_typical_days": 20.0, "pauses_as_long": 0.0, "order_days": 30}
UNREMARKABLE: dict[str, Any] = {
    "order_days": 30,
    "first_order": AS_OF - timedelta(days=400),  # so that nobody asks the history for the same weeks a year ago
    "gap_typical_days": 20.0,
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
    "rank": 50,
    "share_of_firm": 0.001,
    "pareto": "B",
    "buyer": "regular",
    "probability_alive": 0.95,
    "expected_value_365": 9_000.0,
    "value_at_risk": 500.0,
}


@pytest.fixture
def snapshot(db: None) -> Snapshot:
    return Snapshot.objects.create(
        as_of=AS_OF, history_version=0, scores_version=0, currency="EUR", basis="", current=True
    )


@pytest.fixture
def scored(snapshot: Snapshot) -> Callable[..., Account]:
    """Make an account whose score calls for nothing but what is said; with `account` change its score."""

    def make(name: str = "Firm", account: Account | None = None, **figures: Any) -> Account:
        fields = {key: figures.pop(key) for key in ("owner", "parent", "team") if key in figures}
        account = account or Account.objects.create(name=name, **fields)
        said = UNREMARKABLE | figures
        said.setdefault("last_order", snapshot.as_of - timedelta(days=said["silence_days"]))
        Score.objects.update_or_create(account=account, defaults={**said, "snapshot": snapshot})
        return account

    return make


@pytest.fixture(autouse=True)
def old_firm(scored: Callable[..., Account], db: None) -> Account:
    """The firm's history starts long before anything that a test looks at; this account itself calls for nothing."""
    return scored("Oldest", first_order=AS_OF - timedelta(days=1500))
