"""The daily refresh: a snapshot of all accounts, and the actions that follow from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from regulars.base.access import require
from regulars.base.audit import record_change
from regulars.base.jobs import enqueue, job
from regulars.base.models import Member, Organisation
from regulars.base.organisation import organisation, today
from regulars.facts.history import HISTORY
from regulars.facts.live_orders import look_after_live_orders
from regulars.insight.days import day_for_new_figures, day_of_work
from regulars.insight.models import Snapshot
from regulars.insight.opportunity_levels import level_all
from regulars.insight.protection import changed_since_computed, protect, protect_all
from regulars.insight.signal_weights import learn_weights
from regulars.insight.snapshots import current_snapshot, take_snapshot
from regulars.plan.handovers import draft_for_first_orders
from regulars.plan.lost import refresh_lost
from regulars.plan.proposals import RefreshReport, refresh_actions

Progress = Callable[[str, float], None]


@dataclass(frozen=True, kw_only=True)
class Refreshed:
    """The snapshot in force, and what became of the actions."""

    snapshot: Snapshot
    report: RefreshReport | None
    """None for a look back: the list of today does not follow from figures of another day."""


def look_back(*, as_of: date, progress: Progress | None = None) -> Refreshed:
    """Keep a snapshot of an earlier day; the figures in force and the actions stay as they are."""
    return Refreshed(snapshot=take_snapshot(as_of=as_of, current=False, progress=progress), report=None)


def refresh(*, as_of: date | None = None, progress: Progress | None = None) -> Refreshed:
    """Take a snapshot, unless the current one says the same, and bring levels and actions in line with it.

    All are as of `as_of`; without it as of today, or of the newest order when that is more than a month ago.
    """
    on = as_of or day_for_new_figures(today(organisation()))
    snapshot = take_snapshot(as_of=on, progress=progress)
    look_after_live_orders(on=on)
    learn_weights(as_of=on)
    protect_all(on=on)
    level_all(on=on)
    refresh_lost(snapshot=snapshot, today=on)
    draft_for_first_orders(as_of=on, on=on)
    if progress is not None:
        progress(_("Proposing actions"), 1.0)
    return Refreshed(snapshot=snapshot, report=refresh_actions(snapshot=snapshot, today=on))


@job(retries=3, pause_seconds=300)
def nightly() -> None:
    """The refresh of the night; nothing to do before there is a firm with orders."""
    if Organisation.objects.exists() and HISTORY.version_in_force() >= 0:
        refresh()


@job(retries=3, pause_seconds=30)
def take_in_signals() -> None:
    """Bring the protection of accounts in line with signals that just came in, and the actions with that.

    What attacks a customer is on the list of the day within the minute, not after the night.
    """
    changed = changed_since_computed()
    if not changed:
        return
    on = day_of_work(today(organisation()))
    protect(changed, on=on)
    snapshot = current_snapshot()
    if snapshot is not None:
        refresh_actions(snapshot=snapshot, today=on)


@transaction.atomic
def ask_for_refresh(*, member: Member | None) -> UUID:
    """Put the refresh in the queue, not to wait for the night. Returns the id of the job."""
    require(member, "configure")
    asked = enqueue(nightly)
    after = {"job": str(asked)}
    record_change(member=member, verb="ask_for_refresh", record=organisation(), before={}, after=after)
    return asked
