"""Was an account as silent in the same weeks a year before? Then its silence now is a matter of the season."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pyarrow as pa

from regulars.base.warehouse import open_engine
from regulars.facts.history import HISTORY
from regulars.facts.models import Account

YEAR = timedelta(days=365)
EDGE = timedelta(days=7)
"""Left out at both ends of the silence a year before: no season starts and ends on the same day every year."""


def paused_last_year(silent: Mapping[int, tuple[date, date]], *, as_of: date) -> dict[int, bool]:
    """For accounts, given as id -> (first order, last order): no order in the weeks of their silence, a year before?

    Left out: accounts that were no customers yet at the start of those weeks, and silences too short to compare.
    """
    weeks = {
        account_id: (last_order + EDGE - YEAR, as_of - EDGE - YEAR)
        for account_id, (first_order, last_order) in silent.items()
        if first_order <= last_order + EDGE - YEAR and last_order + EDGE < as_of - EDGE
    }
    if not weeks:
        return {}
    known_as = {**{account_id: account_id for account_id in weeks}, **_merged_into(set(weeks))}
    asked = pa.table(
        {
            "known_as": pa.array(known_as.keys(), pa.int64()),
            "account": pa.array(known_as.values(), pa.int64()),
            "since": pa.array([weeks[account][0] for account in known_as.values()], pa.date32()),
            "until": pa.array([weeks[account][1] for account in known_as.values()], pa.date32()),
        }
    )
    with open_engine() as engine:
        engine.register("asked", asked)
        rows = engine.rows(
            "SELECT asked.account, count(lines.account_id) "
            f"FROM asked LEFT JOIN {HISTORY.relation()} AS lines ON lines.account_id = asked.known_as "
            "AND lines.business_date BETWEEN asked.since AND asked.until "
            "AND lines.kind = 'sale' AND lines.net_base_minor > 0 GROUP BY 1"
        )
    return {account: lines == 0 for account, lines in rows}


def _merged_into(accounts: set[int]) -> dict[int, int]:
    merged = Account.objects.filter(merged_into__isnull=False).values_list("pk", "merged_into_id")
    return {pk: into for pk, into in merged.iterator() if into in accounts}
