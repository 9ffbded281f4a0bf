"""A model whose time runs faster in the season.

Accounts do not order more in autumn because each of them has changed, but because the firm's year has seasons. So the
season is put into time itself: with a multiplier m for each month (or week) of the year, the time between two days is

    τ(d₂) - τ(d₁) = Σ_{d₁ < d ≤ d₂} m(month of d),       m averaging 1 over the year,

the model learns gaps and ages in τ, and a forecast of the next 13 weeks asks it for as much τ as these weeks hold
(operational time: Feller, *An Introduction to Probability Theory* II, 1971, X.7). An account that ordered often in
autumn is thus not taken for a better one than it is.

The multipliers are learned from the past: at the beginning of each month the model is asked what the accounts that had
ordered by then will order in it, and that is held against what came. Let l be ln(came / expected) + ln m, less a
straight line in time: a model whose error drifts has no season. The season is the mean of l over the years, pulled
towards none by the ratio of variances (James & Stein 1961; Efron & Morris 1975),

    ln m = Σ_j l_j/σ_j² / (Σ_j 1/σ_j² + 1/τ²),     σ_j² = 1/expected_j + 0.1²,   τ² = max(0, mean(l² - σ²))

As orders of one month raise what the model expects of the next, this is repeated with the new clock until it settles.

Feasts that move through the year (Easter, Eid, Diwali) no month can tell. Where their days are given, the two weeks
before and the week from each have a multiplier of their own beside the month's, learned from what is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal, Self

import numpy as np

from regulars.core.lifetime.columns import Indices, Vector
from regulars.core.lifetime.history import CALENDAR, EPOCH, History, as_history, day_number
from regulars.core.lifetime.wrapped import AroundModel
from regulars.core.notes import Note, gettext_noop

BINS = {"month": 12, "week": 52}
LEAST_DAYS = 395  # a year to see all seasons, and a month to see that it comes back
SETTLING_DAYS = 90  # at first all orders are of new accounts
MOST_ACCOUNTS = 4_000  # of which the season is learned
ROUNDS = 6
SETTLED = 0.005
OTHER_CAUSES = 0.1  # standard deviation of ln(came / expected) of a month for reasons other than chance and season
FIRST_DAY = day_number(date(1900, 1, 1))
PLAIN, RUN_UP, FEAST = range(3)
RUN_UP_DAYS, FEAST_DAYS = 14, 7  # before a feast; from its day on

TOO_SHORT = gettext_noop(
    "No season is learned from %(days)s days of history: less than %(least)s do not tell a season from a trend. "
    "The forecast is that of the model without seasons."
)
NONE_FOUND = gettext_noop("No season is seen in this history beyond what chance explains.")


@dataclass(frozen=True)
class SeasonalClock:
    """Time that runs `multipliers[bin]` times as fast as the calendar in each month or week of the year."""

    multipliers: tuple[float, ...]
    feasts: tuple[int, ...] = ()  # days since 1970-01-01
    feast_multipliers: tuple[float, float] = (1.0, 1.0)  # of the days before a feast, and of those from it on

    def time(self, days: Any) -> Vector:
        """Give the time at the end of these days (numbers since 1970-01-01)."""
        asked = np.asarray(days, dtype=np.int64)
        last = int(asked.max(initial=FIRST_DAY))
        every_day = np.arange(FIRST_DAY, last + 1)
        pace = np.asarray(self.multipliers)[year_bins(every_day, len(self.multipliers))]
        if self.feasts:
            pace = pace * np.array([1.0, *self.feast_multipliers])[near_feasts(every_day, self.feasts)]
        running = np.cumsum(pace) - pace[: 1 - FIRST_DAY].sum()
        return np.asarray(running[asked - FIRST_DAY])


def year_bins(days: Any, bins: int) -> Indices:
    """Give the month (of 12) or week (of 52, the last with the days that are left) of the year, from 0."""
    dates = np.asarray(days, dtype=np.int64).astype("datetime64[D]")
    if bins == 12:
        return np.asarray(dates.astype("datetime64[M]").astype(np.int64) % 12)
    of_year = (dates - dates.astype("datetime64[Y]")).astype(np.int64)
    return np.asarray(np.minimum(of_year // 7, bins - 1))


def near_feasts(days: Any, feasts: Sequence[int]) -> Indices:
    """Tell of each day whether it lies shortly before a feast, in the week from it on, or neither."""
    found = np.full(np.size(days), PLAIN, dtype=np.intp)
    known = np.sort(np.asarray(feasts, dtype=np.int64))
    after = np.searchsorted(known, days, side="right")  # feasts up to and including the day
    ahead = np.append(known, np.iinfo(np.int64).max)[after] - days
    since = days - np.append(np.iinfo(np.int64).min // 2, known)[after]
    found[ahead <= RUN_UP_DAYS] = RUN_UP
    found[since < FEAST_DAYS] = FEAST
    return found


class Seasonal(AroundModel):
    """`model` with a multiplier for each month or week of the year; without one where too little is known.

    `feasts`: the days of feasts that move through the year, past and to come (`moving_feasts` knows many).
    """

    def __init__(self, model: Any, *, every: Literal["month", "week"] = "month", feasts: Sequence[date] = ()) -> None:
        self.model = model
        self.every = every
        self.feasts = feasts

    multipliers_: Vector  # of each month or week of the year, 1 on average
    feast_multipliers_: Vector  # of the two weeks before a feast and of the week from it on; 1 and 1 without feasts
    notes_: list[Note]

    def fit(self, summary: Any) -> Self:
        """Learn season and model from a `History`."""
        history = as_history(summary)
        self.multipliers_, self.feast_multipliers_ = np.ones(BINS[self.every]), np.ones(2)
        notes: list[Note] = []
        if history.days_long < LEAST_DAYS:
            notes.append(Note(TOO_SHORT, days=history.days_long, least=LEAST_DAYS))
        else:
            self._learn_season(history.sample(MOST_ACCOUNTS))
            if np.ptp(self.multipliers_) < 1e-3 and np.ptp([1.0, *self.feast_multipliers_]) < 1e-3:
                notes.append(Note(NONE_FOUND))
        self.model_ = deepcopy(self.model).fit(history.on(self._clock()))
        self._as_of, self._unit_days = history.as_of, history.unit_days
        self.notes_ = [*notes, *self.model_.notes_]
        return self

    def probability_alive(self, summary: Any) -> Vector:
        """Give the chance that each account still is a customer; silence out of season counts for less."""
        answers: Vector = self.model_.probability_alive(as_history(summary).on(self._clock()))
        return answers

    def expected_orders(self, summary: Any, *, periods: float) -> Vector:
        """Give the order days to expect of each account in the `periods` units of the calendar after `as_of`."""
        history = as_history(summary).on(self._clock())
        answers: Vector = self.model_.expected_orders(history, periods=_ahead(history, periods))
        return answers

    def interval(self, summary: Any, *, periods: float, level: float = 0.9) -> tuple[Vector, Vector]:
        """Give the bounds between which the orders of each account lie with chance `level`."""
        history = as_history(summary).on(self._clock())
        low, high = self.model_.interval(history, periods=_ahead(history, periods), level=level)
        return low, high

    def probability_of_orders(self, summary: Any, *, periods: float, at_least: Any = 1) -> Vector:
        """Give the chance of at least so many order days in the next `periods` units of the calendar."""
        history = as_history(summary).on(self._clock())
        ahead = _ahead(history, periods)
        chances: Vector = self.model_.probability_of_orders(history, periods=ahead, at_least=at_least)
        return chances

    def simulate(
        self, *, seed: int, accounts: int = 10_000, ages: Any = None, periods: float = 0.0
    ) -> dict[str, Vector]:
        """Draw accounts that order more in the season: summaries as of the day that the model was fitted on.

        All times are the calendar's. A sum of logarithms of gaps is not given: the gaps are not known by the calendar.
        """
        today, unit = day_number(self._as_of), self._unit_days
        days = np.arange(FIRST_DAY, today + 2 + int(np.ceil(periods * unit)))
        times = self._clock().time(days) / unit

        def by_season(day: Any) -> Vector:
            return np.asarray(np.interp(day, days, times))

        def by_calendar(time: Vector) -> Vector:
            return np.asarray(np.interp(time, times, days))

        now = by_season(today)
        ages_by_season = None if ages is None else now - by_season(today - np.asarray(ages, dtype=float) * unit)
        ahead = float(by_season(today + periods * unit) - now)
        drawn = self.model_.simulate(seed=seed, accounts=accounts, ages=ages_by_season, periods=ahead)
        first = by_calendar(now - drawn["age"])
        last = by_calendar(now - drawn["age"] + drawn["recency"])
        kept = {name: drawn[name] for name in ("account", "frequency", "orders_ahead")}
        return {**kept, "recency": (last - first) / unit, "age": (today - first) / unit}

    def _clock(self) -> Any:
        flat = bool(np.all(self.multipliers_ == 1) and np.all(self.feast_multipliers_ == 1))
        before, from_it_on = self.feast_multipliers_.tolist()
        return CALENDAR if flat else SeasonalClock(tuple(self.multipliers_.tolist()), self._days, (before, from_it_on))

    @property
    def _days(self) -> tuple[int, ...]:
        return tuple(day_number(feast) for feast in self.feasts)

    def _learn_season(self, history: History) -> None:
        bins = BINS[self.every]
        starts, ends = _stretches(history, bins, self._days)
        pasts = [history.at(start) for start in starts]
        came = [
            float(history.between(past.as_of, end)[past.positions].sum()) for past, end in zip(pasts, ends, strict=True)
        ]
        days = np.array([day_number(end) for end in ends])
        place, near = year_bins(days, bins), near_feasts(days, self._days)
        for _ in range(ROUNDS):
            clock = self._clock()
            model = deepcopy(self.model).fit(history.on(clock))
            expected = [_expected(model, past.on(clock), end) for past, end in zip(pasts, ends, strict=True)]
            before = (self.multipliers_, np.array([1.0, *self.feast_multipliers_]))
            found, feasts = _multipliers(np.array(came), np.array(expected), place, near, *before)
            moved = float(np.abs(np.log(found / self.multipliers_)).max())
            moved = max(moved, float(np.abs(np.log(feasts[RUN_UP:] / self.feast_multipliers_)).max()))
            self.multipliers_, self.feast_multipliers_ = found, feasts[RUN_UP:]
            if moved < SETTLED:
                break


def _stretches(history: History, bins: int, feasts: tuple[int, ...]) -> tuple[list[date], list[date]]:
    """Give the whole months or weeks of the year after the settling, cut where a feast draws near or has gone by: the
    day before each, and the last day of each.
    """
    days = np.arange(history.today - history.days_long + SETTLING_DAYS, history.today + 2)
    alike = year_bins(days, bins) * 3 + near_feasts(days, feasts)
    changes = days[np.flatnonzero(np.diff(alike))]
    last_days = [EPOCH + timedelta(days=int(day)) for day in changes]
    return last_days[:-1], last_days[1:]


def _ahead(history: History, periods: float) -> float:
    """Give how much of its clock's time the next `periods` units of the calendar hold."""
    whole = float(np.floor(periods * history.unit_days))
    part = periods * history.unit_days - whole
    until = history.clock.time([history.today, history.today + whole, history.today + whole + 1])
    return float(until[1] - until[0] + part * (until[2] - until[1])) / history.unit_days


def _expected(model: Any, past: History, end: date) -> float:
    periods = _ahead(past, (end - past.as_of).days / past.unit_days)
    return float(np.sum(model.expected_orders(past, periods=periods)))


def _multipliers(
    came: Vector, expected: Vector, place: Indices, near: Indices, before: Vector, feasts_before: Vector
) -> tuple[Vector, Vector]:
    """Give the new multipliers, of the year and of feasts, from what came and was expected with those of before."""
    of_feasts = np.log(feasts_before)
    levels = np.log((came + 0.5) / (expected + 0.5)) + np.log(before)[place] + of_feasts[near]
    noise = 1 / (expected + 0.5) + OTHER_CAUSES**2
    line = np.polyfit(np.arange(levels.size), levels, 1, w=1 / np.sqrt(noise))
    rest = levels - np.polyval(line, np.arange(levels.size))
    season = _pulled(rest - of_feasts[near], noise, place, before.size)
    left = np.where(near == PLAIN, 0.0, rest - season[place])
    feasts = _pulled(left, noise, near, feasts_before.size) if np.any(near) else np.zeros(feasts_before.size)
    found = np.exp(season)
    return np.asarray(found / found.mean()), np.exp(feasts - feasts[PLAIN])


def _pulled(rest: Vector, noise: Vector, place: Indices, places: int) -> Vector:
    """Give the mean of each place, pulled towards none as far as chance explains what differs."""
    spread = max(0.0, float(np.mean(rest**2 - noise)))
    if spread == 0:
        return np.zeros(places)
    told, pull = np.bincount(place, rest / noise, places), np.bincount(place, 1 / noise, places)
    return np.asarray(told / (pull + 1 / spread))
