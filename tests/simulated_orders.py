"""Orders of accounts whose behaviour is known, with dates, in and out of season."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

START = date(2020, 1, 1)
FLAT = (1.0,) * 12


def simulated_orders(
    seed: int,
    *,
    accounts: int = 800,
    days: int = 730,
    joining_days: int = 365,
    season: Sequence[float] = FLAT,
    rate: tuple[float, float] = (2.0, 60.0),
    leaving: tuple[float, float] | None = (0.5, 6.0),
) -> pa.Table:
    """Give (account, date): rates a day are Gamma(*rate), chances of leaving Beta(*leaving), months as in `season`."""
    print(f"seed {seed}")
    random = np.random.default_rng(seed)
    calendar = np.datetime64(START) + np.arange(days)
    pace = np.asarray(season)[calendar.astype("datetime64[M]").astype(int) % 12]
    running = np.cumsum(pace)
    rates = random.gamma(rate[0], 1 / rate[1], accounts)
    chance = random.beta(*leaving, accounts) if leaving else np.zeros(accounts)
    now = running[random.integers(0, joining_days, accounts)].astype(float)
    alive = np.ones(accounts, dtype=bool)
    rows: list[tuple[int, int]] = []
    while alive.any():
        places = np.searchsorted(running, now)
        alive &= places < days
        rows += [(int(account), int(places[account])) for account in np.flatnonzero(alive)]
        alive &= random.random(accounts) >= chance
        now = now + random.exponential(1 / rates)
    return pa.table(
        {"account": [account for account, _ in rows], "date": [START + timedelta(days=place) for _, place in rows]}
    )


def clockwork_orders(*, accounts: int = 400, days: int = 900) -> pa.Table:
    """Give (account, date) of accounts that order every 20, 30, ... days for years, and of as many who stop."""
    rows = []
    for account in range(accounts):
        gap = 20 + 10 * (account % 6)
        stops = days if account % 2 else 150 + (account * 37) % (days - 150)
        rows += [(account, day) for day in range(account % gap, stops, gap)]
    return pa.table(
        {"account": [account for account, _ in rows], "date": [START + timedelta(days=day) for _, day in rows]}
    )
