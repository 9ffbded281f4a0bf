"""Histories to learn from: published ones, and simulated ones whose truth is known."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from regulars.core.lifetime import summarise

Summary = dict[str, npt.NDArray[np.float64]]


@pytest.fixture(scope="session")
def cdnow_sample(shared_data: Path) -> Summary:
    """The 2,357 customers of the CDNOW sample, in weeks, as Fader and Hardie publish them."""
    with (shared_data / "cdnow_customers_summary_with_transactions.csv").open() as file:
        rows = list(csv.DictReader(file))
    names = {"frequency": "x", "recency": "t_x", "age": "T", "mean_value": "zbar"}
    return {name: np.array([float(row[theirs]) for row in rows]) for name, theirs in names.items()}


@pytest.fixture(scope="session")
def cdnow_full(shared_data: Path) -> Summary:
    """All 23,570 CDNOW customers as of the end of September 1997, in days."""
    import pyarrow.parquet as pq

    orders = pq.read_table(shared_data / "cdnow_full.parquet")
    orders = orders.rename_columns({"customer_id": "account", "amount": "value"})
    table = summarise(orders, as_of=date(1997, 9, 30), unit="day").to_pyarrow()
    return {name: table[name].to_numpy().astype(float) for name in table.column_names}


@pytest.fixture(scope="session")
def simulate() -> Callable[..., Summary]:
    """Make accounts that behave exactly as BG/NBD and Gamma-Gamma say."""
    return _simulate


def _simulate(
    seed: int,
    accounts: int = 4000,
    *,
    orders: tuple[float, float, float, float] = (0.8, 6.0, 0.9, 2.5),
    values: tuple[float, float, float] = (6.0, 4.0, 15.0),
    ages: tuple[float, float] = (20.0, 80.0),
) -> Summary:
    print(f"seed {seed}")
    r, alpha, a, b = orders
    random = np.random.default_rng(seed)
    age = random.uniform(*ages, accounts)
    rate, leaving = random.gamma(r, 1 / alpha, accounts), random.beta(a, b, accounts)
    frequency, recency, now, log_gap_sum = np.zeros((4, accounts))
    alive = np.ones(accounts, dtype=bool)
    while alive.any():
        gap = random.exponential(1 / np.maximum(rate, 1e-12))
        now = now + gap
        ordered = alive & (now <= age)
        log_gap_sum[ordered] += np.log(gap[ordered])
        frequency[ordered] += 1
        recency[ordered] = now[ordered]
        alive = ordered & (random.random(accounts) > leaving)
    p, q, gamma = values
    nu, count = random.gamma(q, 1 / gamma, accounts), np.maximum(frequency, 1)
    mean_value = random.gamma(p * count) / (nu * count)
    return {
        "frequency": frequency,
        "recency": recency,
        "age": age,
        "mean_value": np.where(frequency > 0, mean_value, np.nan),
        "log_gap_sum": log_gap_sum,
    }
