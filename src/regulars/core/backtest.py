"""How right would each forecast have been on the firm's own past, and which one to trust.

*Rolling origins* (Tashman, *International Journal of Forecasting* 16, 2000): the history is cut on several earlier
days; what every contender forecasts from what was known then is held against what came in the time that followed, which
is as long as the time that is forecast in earnest.

*Measures* are those of `accuracy`. Chosen is by the Poisson deviance.

*The choice.* Whose bias is beyond 10 %, or whose groups are beyond 15 % wrong after what chance explains, is out,
unless all are. Of the others the one of least deviance is best, and the simplest that is within one standard error of
it wins (Breiman, Friedman, Olshen & Stone, *Classification and Regression Trees*, 1984, 3.4.3). The error of a
difference is by bootstrap over customers (Efron 1979), whose orders after several origins stay together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from regulars.core.accuracy import (
    LEAST_FORECAST,
    Figures,
    Tenth,
    calibration_by_chance,
    covered_by_lot,
    figures_of,
    poisson_deviance,
    tenths,
)
from regulars.core.errors import Refusal
from regulars.core.lifetime.anchored_boosting import AnchoredBoosting
from regulars.core.lifetime.average import Average
from regulars.core.lifetime.bg_nbd import BetaGeoNBD
from regulars.core.lifetime.columns import Vector
from regulars.core.lifetime.history import History
from regulars.core.lifetime.last_window import LastWindow
from regulars.core.lifetime.mbg_nbd import ModifiedBetaGeoNBD
from regulars.core.lifetime.negative_binomial import Spread
from regulars.core.lifetime.pareto_nbd import ParetoNBD
from regulars.core.lifetime.seasonal import Seasonal
from regulars.core.notes import Figure, Note, Share, gettext_noop

__all__ = ["Backtest", "Figures", "Origin", "Record", "Tenth", "backtest", "default_contenders", "fallback"]

Matrix = npt.NDArray[np.float64]

MOST_BIAS = 0.10
MOST_CALIBRATION_ERROR = 0.15
LEAST_ORIGINS = 3
LEAST_ORDERS = 30  # that came after all origins together; with fewer nothing is compared
DRAWS = 400
MOST_GROUPS = 5_000  # of customers that are drawn together, where there are more
SEED = 20_261_122

TOO_MANY = gettext_noop(
    "It expected %(expected)s orders and %(came)s came: %(off)s more, where %(allowed)s is allowed."
)
TOO_FEW = gettext_noop(
    "It expected %(expected)s orders and %(came)s came: %(off)s fewer, where %(allowed)s is allowed."
)
OFF_IN_GROUPS = gettext_noop(
    "In ten groups of accounts its forecasts are %(off)s off, "
    "%(beyond)s more than chance explains, where %(allowed)s is allowed."
)
NONE_TRIED = gettext_noop("None of the forecasts could be tried.")
TRIED = gettext_noop("Forecasts tried: %(forecasts)s, on %(days)s, each for %(length)s days ahead.")
LAST_TIME = gettext_noop("In the last of these times %(name)s expected %(expected)s orders; %(came)s came.")
OVERLAPPING = gettext_noop("The history is short, so the times that were held out overlap.")
LEAST = gettext_noop("%(name)s has the least deviance: %(deviance)s.")
SIMPLER = gettext_noop(
    "%(best)s has the least deviance, but %(name)s is simpler and less than one standard error behind "
    "(%(behind)s, standard error %(error)s)."
)
NONE_WITHOUT_FAULT = gettext_noop("None of the forecasts is without fault; of %(name)s: %(failings)s")
NOT_ADMITTED = gettext_noop("Not admitted, being too far off as a whole or in groups: %(names)s.")
TOO_SHORT = gettext_noop(
    "The history of %(days)s days is too short, or holds too few orders, to try forecasts of %(length)s days on "
    "%(times)s earlier days; so the %(name)s is used, untried."
)


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What was forecast on a day for the time until another, and how right that was."""

    as_of: date
    until: date
    figures: Figures


@dataclass(frozen=True, kw_only=True)
class Record:
    """The record of one contender over all origins; `figures` None if it could not be tried, `failings` say why not.

    `behind` is by how much its deviance exceeds the least, with the standard error of that difference. `spread` is how
    far orders lay from what it expected, where bounds made of that come nearer the level than its own: learned on two
    origins and tried on the third. None where its own are better.
    """

    name: str
    figures: Figures | None
    origins: list[Origin]
    tenths: list[Tenth]
    behind: float | None
    behind_error: float | None
    bias_error: float | None
    failings: list[Note]
    spread: Spread | None = None


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """All records, the name of the winner, why it won, and the winner itself, not yet fitted to the whole history."""

    as_of: date
    horizon_days: int
    level: float
    records: list[Record]
    winner: str
    model: Any
    reasons: list[Note]
    too_short: bool

    @property
    def record(self) -> Record | None:
        """The record of the winner; None where the history was too short to have one."""
        return next((record for record in self.records if record.name == self.winner), None)


def default_contenders(periods: float) -> dict[str, Any]:
    """Give all that is tried if nothing else is asked for, from simple to complicated, for so long a time ahead."""
    return {
        gettext_noop("last window"): LastWindow(window=periods),
        "BG/NBD": BetaGeoNBD(),
        "MBG/NBD": ModifiedBetaGeoNBD(),
        "Pareto/NBD": ParetoNBD(),
        gettext_noop("average"): fallback(),
        gettext_noop("seasonal BG/NBD"): Seasonal(BetaGeoNBD()),
        gettext_noop("boosted BG/NBD"): AnchoredBoosting(BetaGeoNBD(), periods=periods),
        gettext_noop("boosted seasonal BG/NBD"): AnchoredBoosting(Seasonal(BetaGeoNBD()), periods=periods),
    }


def fallback() -> Average:
    """Give what is used where a history is too short to choose: the average of three structural models."""
    return Average([BetaGeoNBD(), ModifiedBetaGeoNBD(), ParetoNBD()])


FALLBACK = gettext_noop("average of BG/NBD, MBG/NBD and Pareto/NBD")


def backtest(
    orders: Any,
    *,
    as_of: date,
    periods: float,
    unit: str = "week",
    contenders: Mapping[str, Any] | None = None,
    origins: int = LEAST_ORIGINS,
    level: float = 0.9,
    tell: Callable[[str, float], None] | None = None,
) -> Backtest:
    """Try contenders on earlier days of a history and choose one for forecasts `periods` units ahead.

    `orders` is a `History` that ends on `as_of` or a table that one can be made of; `contenders` are unfitted models by
    name, from simple to complicated. A history too short for `origins` of them gives the fallback and no records.
    `tell` is called with the name of the contender that is tried next and the share of all that is done.
    """
    history = orders if isinstance(orders, History) else History.of(orders, as_of=as_of, unit=unit)
    history = history if history.as_of == as_of else history.at(as_of)
    horizon_days = round(periods * history.unit_days)
    if horizon_days < 1 or origins < 1:
        raise ValueError("periods must be a day at least, and origins one at least")
    tried = dict(contenders) if contenders is not None else default_contenders(periods)
    days = origin_days(history, horizon_days=horizon_days, origins=origins)
    outcome = Backtest(
        as_of=as_of, horizon_days=horizon_days, level=level, records=[], winner=FALLBACK, model=fallback(),
        reasons=[_too_short(history, horizon_days, origins)], too_short=True,
    )  # fmt: skip
    if not days:
        return outcome
    held_out = [_HeldOut.of(history, day, horizon_days) for day in days]
    if sum(float(part.came.sum()) for part in held_out) < LEAST_ORDERS:
        return outcome
    trials = []
    for number, (name, model) in enumerate(tried.items()):
        if tell is not None:
            tell(name, number / len(tried))
        trials.append(_Trial.of(name, model, held_out, level=level))
    return _chosen(outcome, trials, tried, held_out, accounts=len(history.accounts))


def origin_days(history: History, *, horizon_days: int, origins: int) -> list[date]:
    """Give the days to look back to, from early to late; none if the history is too short.

    The last lies the time to be forecast back, and so far the others lie apart, or down to a third of it where the
    history is short: then the times held out overlap. The first has at least the time to be forecast behind it.
    """
    room = history.days_long - 2 * horizon_days
    apart = min(horizon_days, room // max(origins - 1, 1))
    if room < 0 or (origins > 1 and apart < horizon_days / 3):
        return []
    return [history.as_of - timedelta(days=horizon_days + back * apart) for back in reversed(range(origins))]


@dataclass(frozen=True)
class _HeldOut:
    """What was known on a day, and what came afterwards from each account known then."""

    past: History
    until: date
    came: Vector

    @classmethod
    def of(cls, history: History, day: date, horizon_days: int) -> _HeldOut:
        past = history.at(day)
        until = day + timedelta(days=horizon_days)
        return cls(past, until, history.between(day, until)[past.positions])

    @property
    def periods(self) -> float:
        return (self.until - self.past.as_of).days / self.past.unit_days


@dataclass(frozen=True)
class _Forecast:
    """The orders expected of each account; which lay within their bounds, if there are any, and would by lot."""

    expected: Vector
    within: npt.NDArray[np.bool_] | None = None
    by_lot: Vector | None = None


@dataclass(frozen=True)
class _Trial:
    """What one contender forecast after each origin, or why it did not."""

    name: str
    forecasts: list[_Forecast]
    refused: Note | None = None

    @classmethod
    def of(cls, name: str, model: Any, held_out: Sequence[_HeldOut], *, level: float) -> _Trial:
        try:
            return cls(name, [_forecast(model, part, level) for part in held_out])
        except Refusal as refusal:
            return cls(name, [], refusal.note)


def _forecast(model: Any, part: _HeldOut, level: float) -> _Forecast:
    fitted = deepcopy(model).fit(part.past)
    expected = np.maximum(fitted.expected_orders(part.past, periods=part.periods), LEAST_FORECAST)
    if not hasattr(fitted, "interval"):
        return _Forecast(expected)
    low, high = fitted.interval(part.past, periods=part.periods, level=level)
    within = (part.came >= low) & (part.came <= high)
    if not hasattr(fitted, "probability_of_orders"):
        return _Forecast(expected, within)
    at_least, more_than = (
        fitted.probability_of_orders(part.past, periods=part.periods, at_least=orders)
        for orders in (part.came, part.came + 1)
    )
    return _Forecast(expected, within, covered_by_lot(at_least, more_than, level=level))


# The choice


@dataclass(frozen=True)
class _Pooled:
    """A contender over all origins together."""

    name: str
    figures: Figures
    origins: list[Origin]
    tenths: list[Tenth]
    failings: list[Note]
    by_group: Matrix  # of each group of customers: deviance, expected
    spread: Spread | None

    @classmethod
    def of(cls, trial: _Trial, held_out: Sequence[_HeldOut], groups: _Groups, *, level: float) -> _Pooled:
        came = np.concatenate([part.came for part in held_out])
        expected = np.concatenate([forecast.expected for forecast in trial.forecasts])
        within = _together([forecast.within for forecast in trial.forecasts])
        figures = figures_of(came, expected, within, _together([forecast.by_lot for forecast in trial.forecasts]))
        each = [
            Origin(
                as_of=part.past.as_of,
                until=part.until,
                figures=figures_of(part.came, forecast.expected, forecast.within, forecast.by_lot),
            )
            for part, forecast in zip(held_out, trial.forecasts, strict=True)
        ]
        beyond_chance = figures.calibration_error - calibration_by_chance(came, expected)
        failings = _failings(figures, beyond_chance)
        sums = np.stack([groups.sums(poisson_deviance(came, expected)), groups.sums(expected)])
        spread = _better_spread(trial.forecasts, held_out, figures.randomised_coverage, level=level)
        return cls(trial.name, figures, each, tenths(came, expected), failings, sums, spread)


def _together(parts: Sequence[Any]) -> Any:
    return np.concatenate(parts) if parts and all(part is not None for part in parts) else None


def _better_spread(
    forecasts: Sequence[_Forecast], held_out: Sequence[_HeldOut], coverage: float | None, *, level: float
) -> Spread | None:
    """Give the spread that the origins teach, if bounds from the other origins cover nearer the level than its own."""
    expected = [forecast.expected for forecast in forecasts]
    came = [part.came for part in held_out]
    levelled = [one * (orders.sum() / one.sum()) + LEAST_FORECAST for one, orders in zip(expected, came, strict=True)]
    if len(forecasts) < 2 or min(float(orders.sum()) for orders in came) <= 0:
        return None
    by_lot = []
    for left_out, (mean, orders) in enumerate(zip(expected, came, strict=True)):
        others = [place for place in range(len(came)) if place != left_out]
        taught = Spread.of(*(np.concatenate([all_[place] for place in others]) for all_ in (levelled, came)))
        at_least, more_than = taught.chances(mean, orders), taught.chances(mean, orders + 1)
        by_lot.append(covered_by_lot(at_least, more_than, level=level))
    taught_coverage = float(np.concatenate(by_lot).mean())
    if coverage is not None and abs(coverage - level) <= abs(taught_coverage - level):
        return None
    return Spread.of(np.concatenate(levelled), np.concatenate(came))


def _failings(figures: Figures, calibration_beyond_chance: float) -> list[Note]:
    failings = []
    if abs(figures.bias) > MOST_BIAS:
        sentence, off = TOO_MANY if figures.bias > 0 else TOO_FEW, Share(abs(figures.bias))
        allowed = Share(MOST_BIAS)
        failings.append(Note(sentence, expected=figures.expected, came=figures.came, off=off, allowed=allowed))
    if calibration_beyond_chance > MOST_CALIBRATION_ERROR:
        off, beyond = Share(figures.calibration_error), Share(calibration_beyond_chance)
        failings.append(Note(OFF_IN_GROUPS, off=off, beyond=beyond, allowed=Share(MOST_CALIBRATION_ERROR)))
    return failings


class _Groups:
    """Customers put together into groups that the bootstrap draws; each alone where they are few enough."""

    def __init__(self, held_out: Sequence[_HeldOut], *, accounts: int) -> None:
        count = min(accounts, MOST_GROUPS)
        random = np.random.default_rng(SEED)
        group = random.permutation(accounts) % count
        self._rows = np.concatenate([group[part.past.positions] for part in held_out])
        self.accounts = np.bincount(self._rows, minlength=count).astype(float)
        self.came = np.bincount(self._rows, np.concatenate([part.came for part in held_out]), count)
        self.draws = random.multinomial(count, np.full(count, 1 / count), size=DRAWS).astype(float)

    def sums(self, per_row: Vector) -> Vector:
        return np.asarray(np.bincount(self._rows, per_row, self.accounts.size), dtype=np.float64)

    def error_of_mean(self, sums: Vector) -> float:
        """Give the standard error of a mean over accounts."""
        return float(np.std(self.draws @ sums / np.maximum(self.draws @ self.accounts, 1.0), ddof=1))

    def error_of_bias(self, expected: Vector) -> float:
        return float(np.std(self.draws @ expected / np.maximum(self.draws @ self.came, LEAST_FORECAST), ddof=1))


def _chosen(
    outcome: Backtest, trials: Sequence[_Trial], tried: Mapping[str, Any], held_out: Sequence[_HeldOut], accounts: int
) -> Backtest:
    groups = _Groups(held_out, accounts=accounts)
    pooled = [_Pooled.of(trial, held_out, groups, level=outcome.level) for trial in trials if trial.forecasts]
    if not pooled:
        refusals = [Note("%(name)s: %(why)s", name=Note(trial.name), why=trial.refused) for trial in trials]
        return replace(outcome, reasons=[Note(NONE_TRIED), *refusals, *outcome.reasons])
    admitted = [one for one in pooled if not one.failings] or pooled
    best = min(admitted, key=lambda one: one.figures.deviance)
    behind = {one.name: one.figures.deviance - best.figures.deviance for one in pooled}
    error = {one.name: groups.error_of_mean(one.by_group[0] - best.by_group[0]) for one in pooled}
    winner = next(one for one in admitted if behind[one.name] <= error[one.name])  # simple ones come first
    records = [
        Record(
            name=one.name, figures=one.figures, origins=one.origins, tenths=one.tenths, behind=behind[one.name],
            behind_error=error[one.name], bias_error=groups.error_of_bias(one.by_group[1]), failings=one.failings,
            spread=one.spread,
        )
        for one in pooled
    ]  # fmt: skip
    records += [
        Record(
            name=trial.name, figures=None, origins=[], tenths=[], behind=None, behind_error=None, bias_error=None,
            failings=[trial.refused] if trial.refused else [],
        )
        for trial in trials
        if not trial.forecasts
    ]  # fmt: skip
    reasons = _reasons(winner, best, pooled, held_out, behind=behind[winner.name], error=error[winner.name])
    return replace(
        outcome, records=records, winner=winner.name, model=deepcopy(tried[winner.name]), reasons=reasons,
        too_short=False,
    )  # fmt: skip


def _reasons(
    winner: _Pooled,
    best: _Pooled,
    pooled: Sequence[_Pooled],
    held_out: Sequence[_HeldOut],
    *,
    behind: float,
    error: float,
) -> list[Note]:
    figures, last, name = winner.figures, winner.origins[-1].figures, Note(winner.name)
    days = [part.past.as_of for part in held_out]
    length_days = (held_out[-1].until - held_out[-1].past.as_of).days
    reasons = [
        Note(TRIED, forecasts=len(pooled), days=days, length=length_days),
        Note(LAST_TIME, name=name, expected=last.expected, came=last.came),
    ]
    if any(part.until > later.past.as_of for part, later in pairwise(held_out)):
        reasons.append(Note(OVERLAPPING))
    if winner is best:
        reasons.append(Note(LEAST, name=name, deviance=Figure.of(figures.deviance, significant=4)))
    else:
        by, chance = Figure.of(behind, significant=2), Figure.of(error, significant=2)
        reasons.append(Note(SIMPLER, best=Note(best.name), name=name, behind=by, error=chance))
    if winner.failings:
        reasons.append(Note(NONE_WITHOUT_FAULT, name=name, failings=Note.joined(*winner.failings)))
    elif out := [Note(one.name) for one in pooled if one.failings]:
        reasons.append(Note(NOT_ADMITTED, names=out))
    return reasons


def _too_short(history: History, horizon_days: int, origins: int) -> Note:
    return Note(TOO_SHORT, days=history.days_long, length=horizon_days, times=origins, name=Note(FALLBACK))
