"""Which forecast scores: the one that a member pinned, else the winner of the latest backtest, else an untried average.

A snapshot keeps the forecast it was made with; a change is seen in the next one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import audited
from regulars.base.models import Member
from regulars.base.notes import rendered
from regulars.core.backtest import FALLBACK, default_contenders, fallback
from regulars.core.errors import Refusal
from regulars.core.lifetime.negative_binomial import Spread
from regulars.insight.models import Backtest, PinnedForecast

HORIZON_DAYS = 90
"""How far ahead forecasts are tried, if nothing else is asked for."""
DAYS_A_WEEK = 7.0
"""The models count in weeks; their answers do not depend on it."""


class NoSuchForecast(Refusal):
    """No forecast has this name."""


class NothingPinned(Refusal):
    """No forecast is pinned."""


class ReasonMissing(Refusal):
    """A forecast is pinned only with a reason."""


class Why(StrEnum):
    """Why a forecast scores."""

    PINNED = "pinned"
    WON = "won"
    TOO_SHORT = "too_short"  # the history was too short for a backtest, so the average of three models is used, untried
    UNTRIED = "untried"  # no backtest has been made yet, so the same average is used


@dataclass(frozen=True, kw_only=True)
class ForecastChoice:
    """The forecast that scores, and why; `backtest` is the latest one, `pin` the one in force, if there are any."""

    name: str
    horizon_days: int
    why: Why
    backtest: Backtest | None = None
    pin: PinnedForecast | None = None

    @property
    def spread(self) -> Spread | None:
        """How far orders lay from this forecast on the firm's own past, where that gives better bounds than its own."""
        records = self.backtest.outcome["records"] if self.backtest else []
        kept = next((record.get("spread") for record in records if record["name"] == self.name), None)
        return Spread(**kept) if kept else None

    def model(self) -> Any:
        """The model itself, not fitted to anything yet."""
        return contenders(self.horizon_days)[self.name]


def contenders(horizon_days: int) -> dict[str, Any]:
    """All forecasts by name, for so many days ahead: what a backtest tries, and what is used without one."""
    return {**default_contenders(horizon_days / DAYS_A_WEEK), FALLBACK: fallback()}


def forecast_names() -> list[str]:
    """What may be pinned: the names of all that a backtest tries, from simple to complicated."""
    return list(default_contenders(HORIZON_DAYS / DAYS_A_WEEK))


def latest_backtest() -> Backtest | None:
    """The backtest that decides: of the latest day; of several of one day the newest."""
    return Backtest.objects.order_by("-as_of", "-pk").first()


def pinned_forecast() -> PinnedForecast | None:
    """The pin in force."""
    return PinnedForecast.objects.select_related("member").filter(in_force=True).first()


def chosen_forecast() -> ForecastChoice:
    """The forecast that scores from the next snapshot on."""
    backtest = latest_backtest()
    pin = pinned_forecast()
    name, why = _choice(backtest, pin)
    horizon_days = backtest.horizon_days if backtest else HORIZON_DAYS
    return ForecastChoice(name=name, horizon_days=horizon_days, why=why, backtest=backtest, pin=pin)


def _choice(backtest: Backtest | None, pin: PinnedForecast | None) -> tuple[str, Why]:
    known = [*forecast_names(), FALLBACK]  # another version of Regulars may have had others
    if pin is not None and pin.name in known:
        return pin.name, Why.PINNED
    if backtest is None or backtest.winner not in known:
        return FALLBACK, Why.UNTRIED
    return backtest.winner, Why.TOO_SHORT if backtest.too_short else Why.WON


@transaction.atomic
def pin_forecast(*, member: Member | None, name: str, reason: str) -> PinnedForecast:
    """Score with this forecast from the next snapshot on, whatever the backtests say, until it is unpinned.

    Raises `NoSuchForecast`, `ReasonMissing`.
    """
    require(member, Permission.CONFIGURE)
    if name not in forecast_names():
        raise NoSuchForecast(
            _("There is no forecast “%(name)s”.") % {"name": name},
            _("There are: %(names)s.") % {"names": ", ".join(forecast_names())},
        )
    if not reason.strip():
        raise ReasonMissing(
            _("A forecast is pinned only with a reason."), _("Write in a few words why it is better than the winner.")
        )
    _end_pin(member)
    pin = PinnedForecast(name=name, reason=reason.strip(), member=member, since=timezone.now())
    with audited(pin, verb="pin_forecast", member=member):
        pin.save()
    return pin


@transaction.atomic
def unpin_forecast(*, member: Member | None) -> PinnedForecast:
    """Let the backtests decide again, from the next snapshot on. Returns the pin that ended; raises `NothingPinned`."""
    require(member, Permission.CONFIGURE)
    ended = _end_pin(member)
    if ended is None:
        raise NothingPinned(_("No forecast is pinned."), _("The winner of the latest backtest scores already."))
    return ended


def _end_pin(member: Member | None) -> PinnedForecast | None:
    pin = PinnedForecast.objects.select_for_update().filter(in_force=True).first()
    if pin is not None:
        with audited(pin, verb="unpin_forecast", member=member):
            pin.in_force, pin.until = False, timezone.now()
            pin.save()
    return pin


def told_choice(choice: ForecastChoice) -> str:
    """One plain sentence: which forecast scores, and why."""
    name = rendered(choice.name)
    match choice.why:
        case Why.PINNED:
            assert choice.pin is not None
            return _("“%(name)s” scores because it was pinned: %(reason)s") % {
                "name": name,
                "reason": choice.pin.reason,
            }
        case Why.WON:
            return _("“%(name)s” scores because it was the best on your own past.") % {"name": name}
        case Why.TOO_SHORT:
            return _(
                "The order history is too short to try forecasts on it: the average of three models is used, untried."
            )
        case Why.UNTRIED:
            return _(
                "No forecast was tried on your own past yet: the average of three models is used until that is done."
            )
