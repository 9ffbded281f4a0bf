"""Which day it is for a firm whose orders end long ago: an old export, or the demo."""

from __future__ import annotations

from datetime import date, timedelta

from regulars.base.warehouse import shared_engine
from regulars.facts.history import HISTORY
from regulars.insight.models import Snapshot

OLD = timedelta(days=31)
"""Orders or figures that end longer ago are not of today: as of today all accounts would be silent."""


def newest_order_day(until: date) -> date | None:
    """The business date of the newest order line up to a day."""
    with shared_engine() as engine:
        newest: date | None = engine.value(
            f"SELECT max(business_date) FROM {HISTORY.relation()} WHERE business_date <= ?", [until]
        )
    return newest


def day_for_new_figures(now: date) -> date:
    """The day as of which figures are computed: `now`, or the newest order's where that is long ago."""
    newest = newest_order_day(now)
    return newest if newest is not None and now - newest > OLD else now


def day_of_work(now: date) -> date:
    """The day that lists and pages are about: `now`, or that of the figures in force where those are old."""
    figures_of: date | None = Snapshot.objects.filter(current=True).values_list("as_of", flat=True).first()
    return figures_of if figures_of is not None and now - figures_of > OLD else now
