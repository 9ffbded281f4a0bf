"""The portfolio: the whole firm by the current snapshot, or as of any date."""

from __future__ import annotations

from datetime import date

from regulars.insight.histories import basis_in_force
from regulars.insight.portfolio_figures import Portfolio
from regulars.insight.snapshots import compute, current_snapshot, kept_snapshot


def portfolio(as_of: date | None = None) -> Portfolio | None:
    """The firm by the current snapshot (None before there is one), or as of a date, by all that is known today."""
    if as_of is None:
        snapshot = current_snapshot()
        return Portfolio.from_json(snapshot.portfolio) if snapshot else None
    basis = basis_in_force()
    kept = kept_snapshot(as_of, basis)
    return Portfolio.from_json(kept.portfolio) if kept else compute(as_of=as_of, basis=basis).portfolio
