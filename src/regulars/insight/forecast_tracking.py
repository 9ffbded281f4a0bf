"""Forecasts against what came of them, snapshot after snapshot, so that it is seen when they get worse.

Each snapshot in force writes down what it expects of all accounts together in the next `TRACKED_DAYS`. The first
snapshot whose history reaches the end of that time settles it: it counts what came from the accounts that were known
when the forecast was made. In words: docs/methods/backtest.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.formats import day, number, percent
from regulars.base.jobs import job
from regulars.core.backtest import MOST_BIAS
from regulars.insight.backtests import ask_for_backtest, outcome_of, was_asked_since
from regulars.insight.forecast_choice import ForecastChoice
from regulars.insight.histories import OpenHistory
from regulars.insight.lifetime import NORMAL_90, Ahead
from regulars.insight.models import ForecastTrack, Snapshot

TRACKED_DAYS = (30, 90)
"""The shorter so that something can be said early."""
REPLACED = [
    field.name
    for field in ForecastTrack._meta.concrete_fields
    if field.name not in {"id", "uid", "created_at", "as_of", "horizon_days"}
]
"""What a later forecast of the same day says anew."""


@dataclass(frozen=True, kw_only=True)
class Came:
    """What came of a forecast: order days and sales, in units, of the accounts that were known when it was made."""

    track_id: int
    orders: int
    sales: float


@dataclass(frozen=True, kw_only=True)
class Decay:
    """The last settled forecast was further off than its own record allows (shares of what was expected)."""

    track: ForecastTrack
    off: float
    allowed: float
    sentence: str


# Writing them down


def note_forecasts(
    *, as_of: date, ahead: Mapping[int, Ahead], choice: ForecastChoice, in_hindsight: bool = False
) -> None:
    """Write down what is expected of all accounts together; what was written down on the same day is replaced."""
    error = error_on_the_past(choice)
    tracks = [
        ForecastTrack(
            as_of=as_of,
            until=as_of + timedelta(days=days),
            horizon_days=days,
            forecast=choice.name,
            in_hindsight=in_hindsight,
            accounts=all_.accounts,
            expected_orders=all_.orders,
            expected_orders_low=max(all_.orders - NORMAL_90 * _deviation(all_, error), 0.0),
            expected_orders_high=all_.orders + NORMAL_90 * _deviation(all_, error),
            expected_sales=all_.sales,
        )
        for days, all_ in ahead.items()
    ]
    ForecastTrack.objects.bulk_create(
        tracks, update_conflicts=True, unique_fields=["as_of", "horizon_days"], update_fields=REPLACED
    )


def _deviation(all_: Ahead, error: float) -> float:
    return max(all_.spread, error * all_.orders)


def error_on_the_past(choice: ForecastChoice) -> float:
    """How far the forecast was off as a whole on the firm's own past: root of the mean square, as a share.

    What chance alone moves is in it. Without a record it is taken to be as far off as an admitted
    forecast may be.
    """
    records = outcome_of(choice.backtest).records if choice.backtest is not None else []
    origins = next((record.origins for record in records if record.name == choice.name), [])
    off = [one.figures.came / one.figures.expected - 1 for one in origins if one.figures.expected > 0]
    return float(np.sqrt(np.mean(np.square(off)))) if off else MOST_BIAS


# What came of them


def came_of_forecasts(history: OpenHistory) -> list[Came]:
    """What came of the forecasts that are not settled yet and whose time is over by the newest line of the history."""
    return [_came(history, track) for track in _due(history)]


def _due(history: OpenHistory) -> Sequence[ForecastTrack]:
    open_ = ForecastTrack.objects.filter(settled_at=None, until__lte=history.as_of)
    if not open_.exists():
        return []
    newest = history.rows(history.days.aggregate(newest=history.days.business_date.max()))[0]["newest"]
    return [] if newest is None else list(open_.filter(until__lte=newest))


def _came(history: OpenHistory, track: ForecastTrack) -> Came:
    days = history.days
    known = days.filter(days.is_order, days.business_date <= track.as_of)
    since = days.filter(days.business_date > track.as_of, days.business_date <= track.until)
    of_known = since.semi_join(known, "account")
    found = history.rows(of_known.aggregate(orders=of_known.count(where=of_known.is_order), net=of_known.net.sum()))[0]
    return Came(
        track_id=track.pk, orders=int(found["orders"]), sales=float(found["net"] or 0.0) / history.minor_per_unit
    )


def settle_tracks(came: Sequence[Came]) -> None:
    """Write down what came."""
    now = timezone.now()
    for one in came:
        ForecastTrack.objects.filter(pk=one.track_id, settled_at=None).update(
            came_orders=one.orders, came_sales=one.sales, settled_at=now, updated_at=now
        )


def newest_tracks(most: int) -> list[ForecastTrack]:
    """The forecasts settled last, newest first."""
    return list(ForecastTrack.objects.filter(settled_at__isnull=False).order_by("-until", "-horizon_days")[:most])


# Getting worse


def decay() -> Decay | None:
    """Whether the forecast settled last, of the longest time that was ever settled, was too far off.

    Too far is both outside of what was to be expected nine times of ten, and further off than a forecast may be that is
    admitted. Forecasts made in hindsight are left out: their record is the backtest.
    """
    settled = ForecastTrack.objects.filter(settled_at__isnull=False, in_hindsight=False, expected_orders__gt=0)
    track = settled.order_by("-horizon_days", "-until").first()
    if track is None or track.came_orders is None:
        return None
    off = track.came_orders / track.expected_orders - 1
    bound = track.expected_orders_high if off > 0 else track.expected_orders_low
    allowed = max(MOST_BIAS, abs(bound / track.expected_orders - 1))
    return (
        Decay(track=track, off=off, allowed=allowed, sentence=_told(track, off, allowed))
        if abs(off) > allowed
        else None
    )


def _told(track: ForecastTrack, off: float, allowed: float) -> str:
    words = {
        "days": number(track.horizon_days),
        "until": day(track.until),
        "expected": number(round(track.expected_orders)),
        "came": number(track.came_orders or 0),
        "off": percent(abs(off)),
        "allowed": percent(allowed),
    }
    if off < 0:
        return (
            _(
                "In the %(days)s days up to %(until)s we expected %(expected)s orders, and %(came)s came: "
                "%(off)s fewer, where %(allowed)s is what the record of this forecast allows."
            )
            % words
        )
    return (
        _(
            "In the %(days)s days up to %(until)s we expected %(expected)s orders, and %(came)s came: "
            "%(off)s more, where %(allowed)s is what the record of this forecast allows."
        )
        % words
    )


def backtest_is_needed() -> bool:
    """Whether a backtest should be made before the next is due: there are figures, and none was ever made or asked for;
    or forecasts got worse, and none was since that was seen.
    """
    if not Snapshot.objects.filter(current=True).exists():
        return False
    if not was_asked_since(None):
        return True
    found = decay()
    return found is not None and not was_asked_since(found.track.settled_at)


@job(retries=0)
def try_forecasts() -> None:
    """Ask for a backtest if one is needed; the worker looks every few seconds whether it is."""
    if backtest_is_needed():
        ask_for_backtest(member=None)
