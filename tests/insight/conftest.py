"""Histories written straight into the warehouse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import pytest

import written_history

WriteHistory = Callable[[Sequence[dict[str, Any]]], int]


@pytest.fixture
def write_history(organisation: Any) -> WriteHistory:
    """Put lines in force: see `written_history`."""
    return written_history.write_history


@pytest.fixture
def orders() -> Callable[..., list[dict[str, Any]]]:
    """`orders(account, "2024-01-01", "2024-02-01", net=10_000)`: one line each."""

    def make(account: int | None, *dates: str, net: int = 10_000, **more: Any) -> list[dict[str, Any]]:
        return [
            {"account_id": account, "business_date": dt.date.fromisoformat(date), "net_base_minor": net, **more}
            for date in dates
        ]

    return make
