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
"""

from __future__ import annotations

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

TOO_SHORT = gettext_noop(
    "No season is learned from %(days)s days of history: less than %(least)s do not tell a season from a trend. "
    "The forecast is that of the model without seasons."
)
NONE_FOUND = gettext_noop("No season is seen in this history beyond what chance explains.")


@dataclass(frozen=True)
class SeasonalClock:
    """Time that runs `multipliers[bin]` times as fast as the calendar in each month or week of the year."""

    multipliers: tuple[float, ...]

    def time(self, days: Any) -> Vector:
        """Give the time at the end of these days (numbers since 1970-01-01)."""
        asked = np.asarray(days, dtype=np.int64)
        last = int(asked.max(initial=FIRST_DAY))
        pace = np.asarray(self.multipliers)[year_bins(np.arange(FIRST_DAY, last + 1), len(self.multipliers))]
        running = np.cumsum(pace) - pace[: 1 - FIRST_DAY].sum()
        return np.asarray(running[asked - FIRST_DAY])


def year_bins(days: Any, bins: int) -> Indices:
    """Give the month (of 12) or week (of 52, the last with the days that are left) of the year, from 0."""
    dates = np.asarray(days, dtype=np.int64).astype("datetime64[D]")
    if bins == 12:
        return np.asarray(dates.astype("datetime64[M]").astype(np.int64) % 12)
    of_year = (dates - dates.astype("datetime64[Y]")).astype(np.int64)
    return np.asarray(np.minimum(of_year // 7, bins - 1))


class Seasonal(AroundModel):
    """`model` with a multiplier for each month or week of the year; without one where too little is known."""

    def __init__(self, model: Any, *, every: Literal["month", "week"] = "month") -> None:
        self.model = model
        self.every = every

    multipliers_: Vector  # of each month or week of the year, 1 on average
    notes_: list[Note]

    def fit(self, summary: Any) -> Self:
        """Learn season and model from a `History`."""
        history = as_history(summary)
        self.multipliers_ = np.ones(BINS[self.every])
        notes: list[Note] = []
        if history.days_long < LEAST_DAYS:
            notes.append(Note(TOO_SHORT, days=history.days_long, least=LEAST_DAYS))
        else:
            self._learn_season(history.sample(MOST_ACCOUNTS))
            if np.ptp(self.multipliers_) < 1e-3:
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
        flat = bool(np.all(self.multipliers_ == 1))
        return CALENDAR if flat else SeasonalClock(tuple(self.multipliers_.tolist()))

    def _learn_season(self, history: History) -> None:
        bins = BINS[self.every]
        starts, ends = _stretches(history, bins)
        pasts = [history.at(start) for start in starts]
        came = [
            float(history.between(past.as_of, end)[past.positions].sum()) for past, end in zip(pasts, ends, strict=True)
        ]
        place = year_bins([day_number(end) for end in ends], bins)
        for _ in range(ROUNDS):
            clock = self._clock()
            model = deepcopy(self.model).fit(history.on(clock))
            expected = [_expected(model, past.on(clock), end) for past, end in zip(pasts, ends, strict=True)]
            found = _multipliers(np.array(came), np.array(expected), place, self.multipliers_)
            moved = float(np.abs(np.log(found / self.multipliers_)).max())
            self.multipliers_ = found
            if moved < SETTLED:
                break


def _stretches(history: History, bins: int) -> tuple[list[date], list[date]]:
    """Give the whole months or weeks of the year after the settling: the day before each, and the last day of each."""
    days = np.arange(history.today - history.days_long + SETTLING_DAYS, history.today + 2)
    changes = days[np.flatnonzero(np.diff(year_bins(days, bins)))]
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


def _multipliers(came: Vector, expected: Vector, place: Indices, before: Vector) -> Vector:
    """Give the new multipliers from orders that came and were expected with those of before."""
    levels = np.log((came + 0.5) / (expected + 0.5)) + np.log(before)[place]
    noise = 1 / (expected + 0.5) + OTHER_CAUSES**2
    line = np.polyfit(np.arange(levels.size), levels, 1, w=1 / np.sqrt(noise))
    rest = levels - np.polyval(line, np.arange(levels.size))
    spread = max(0.0, float(np.mean(rest**2 - noise)))
    told = np.bincount(place, rest / noise, before.size)
    pull = np.bincount(place, 1 / noise, before.size)
    season = told / (pull + 1 / spread) if spread > 0 else np.zeros(before.size)
    found = np.exp(season)
    return np.asarray(found / found.mean())
