"""Gradient boosting that starts from the forecast of a model and learns where that model errs.

The orders of an account in a time ahead are taken as Poisson with mean μ e^F, where μ is the forecast of a structural
model and F a sum of small trees over what the account's history shows (Friedman, *Annals of Statistics* 29, 2001). As
the Poisson loss with μ as exposure is

    Σ μe^F - yF  =  Σ μ [ e^F - (y/μ) F ],

F is learned by fitting the rates y/μ with weights μ. It is learned on earlier days of the same history: the model is
fitted to what was known then, and what it forecast is held against what came. F moves orders between accounts; their
total stays that of the model, which knows better than a few earlier days what a whole base will order.

What holds on some days need not hold on others. So F is learned once more without each of the earlier days in turn, and
only that multiple s of it, from 0 to 1, is used under which the orders after the days left out are most probable.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from regulars.core.lifetime.columns import Indices, Vector
from regulars.core.lifetime.history import History, as_history
from regulars.core.lifetime.lessons import LEAST_ORDERS, Lesson, days_to_learn, forecast, lessons
from regulars.core.lifetime.maximum_likelihood import Matrix
from regulars.core.lifetime.negative_binomial import Spread
from regulars.core.lifetime.wrapped import AroundModel
from regulars.core.notes import Note, gettext_noop

UNTESTED_STRENGTH = 0.5  # where there is one earlier day only
STRENGTHS = np.linspace(0, 1, 21)
SETTINGS = {
    "learning_rate": 0.05,
    "max_iter": 60,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 40,
    "l2_regularization": 30.0,  # orders that a leaf has to outweigh
    "early_stopping": False,
    "random_state": 0,
}
FARTHEST = 10.0
MOST_ROWS = 200_000
QUANTILES = np.linspace(0, 1, 101)
JUST_OVER_HALF = 0.5 + 1e-7  # quotients that lie just between two numbers all go the same way
A_YEAR, HALF_A_DAY = 365.0, 0.5
WINDOWS = (0.25, 0.5, 1.0, 2.0)  # of the time ahead that is trained on

TOO_LITTLE = gettext_noop(
    "Earlier days of this history hold too few orders to learn where the model errs; the forecast is the model's own."
)
SHORTER = gettext_noop(
    "The history is short: what is learned about %(trained)s days ahead is taken to hold for %(asked)s."
)


class AnchoredBoosting(AroundModel):
    """The forecast of `model`, corrected account by account by what earlier days of the same history teach.

    `periods` is the time ahead to train for, in units; `origins` on how many earlier days.
    """

    def __init__(self, model: Any, *, periods: float, origins: int = 3) -> None:
        self.model = model
        self.periods = periods
        self.origins = origins

    strength_: float  # how much of what the trees say is used, 0 to 1
    notes_: list[Note]

    def fit(self, summary: Any) -> Self:
        """Learn from a `History`."""
        history = as_history(summary)
        self.model_ = deepcopy(self.model).fit(history)
        self.notes_ = list(self.model_.notes_)
        self._days = days_to_learn(history, self.periods)
        self._trees: _Trees | None = None
        self._asked: tuple[History, Vector] | None = None
        self.strength_ = 0.0
        taught = history.sample(MOST_ROWS)
        learned = list(lessons(self.model, taught, days=self._days, origins=self.origins))
        if sum(float(lesson.came.sum()) for lesson in learned) < LEAST_ORDERS:
            self.notes_.append(Note(TOO_LITTLE))
            return self
        self._learn(learned)
        if self._days < round(self.periods * history.unit_days) - 1:
            self.notes_.append(Note(SHORTER, trained=self._days, asked=self.periods * history.unit_days))
        return self

    def expected_orders(self, summary: Any, *, periods: float) -> Vector:
        """Give the order days to expect of each account of a `History` in the next `periods` units of time."""
        history = as_history(summary)
        expected = forecast(self.model_, history, periods)
        if self._trees is None:
            return expected
        corrected = expected * self._factors(history)
        return np.asarray(corrected * (expected.sum() / corrected.sum()))

    def interval(self, summary: Any, *, periods: float, level: float = 0.9) -> tuple[Vector, Vector]:
        """Give the bounds between which the orders of each account lie with chance `level`.

        They are those of a negative binomial distribution around the forecast, as spread out as the orders that came
        after the earlier days were around theirs; where nothing was learned, the model's own.
        """
        if self._trees is None:
            low, high = self.model_.interval(summary, periods=periods, level=level)
            return low, high
        mean, learned_mean = self._means(as_history(summary), periods)
        return self._spread.bounds(mean, level=level, learned_mean=learned_mean)

    def probability_of_orders(self, summary: Any, *, periods: float, at_least: Any = 1) -> Vector:
        """Give the chance of at least so many order days in the next `periods` units of time, for each account."""
        if self._trees is None:
            chances: Vector = self.model_.probability_of_orders(summary, periods=periods, at_least=at_least)
            return chances
        mean, learned_mean = self._means(as_history(summary), periods)
        return self._spread.chances(mean, at_least, learned_mean=learned_mean)

    def _means(self, history: History, periods: float) -> tuple[Vector, Vector]:
        """Give what is expected in the time asked for, and in the one that was trained for."""
        trained = self._days / history.unit_days
        mean = self.expected_orders(history, periods=periods)
        return mean, mean if periods == trained else self.expected_orders(history, periods=trained)

    def _factors(self, history: History) -> Vector:
        """Give what the trees multiply the forecast of each account by; the answer for the last history is kept."""
        assert self._trees is not None
        if self._asked is None or self._asked[0] is not history:
            trained = forecast(self.model_, history, self._days / history.unit_days)
            features = self._cuts.steps(_features(history, trained, days=self._days))
            self._asked = history, np.exp(self.strength_ * self._trees.logs(features))
        return self._asked[1]

    def _learn(self, learned: Sequence[Lesson]) -> None:
        raw, expected, came, lesson = _rows(learned, days=self._days)
        self._cuts = _Cuts.of(raw)
        features = self._cuts.steps(raw)
        out_of_sample = np.zeros(came.size)
        numbers = np.unique(lesson)
        for number in numbers if numbers.size > 1 else []:
            others, left_out = lesson != number, lesson == number
            trees = _Trees.grown(features[others], expected[others], came[others])
            out_of_sample[left_out] = trees.logs(features[left_out])
        self.strength_ = _strength(out_of_sample, expected, came, lesson) if numbers.size > 1 else UNTESTED_STRENGTH
        self._trees = _Trees.grown(features, expected, came)
        corrected = expected * np.exp(self.strength_ * out_of_sample)
        self._spread = Spread.of(corrected * (came.sum() / corrected.sum()), came)


@dataclass(frozen=True)
class _Cuts:
    """Where each column is cut into steps of equally many accounts, between which the trees can tell.

    The trees would cut for themselves, but by weight, which takes longer than all the rest.
    """

    columns: list[tuple[int, Vector]]  # those that tell accounts apart

    @classmethod
    def of(cls, features: Matrix) -> _Cuts:
        known = {place: column[np.isfinite(column)] for place, column in enumerate(features.T)}
        cuts = {place: np.unique(np.quantile(column, QUANTILES)) for place, column in known.items() if column.size}
        return cls([(place, cut) for place, cut in cuts.items() if cut.size > 1])

    def steps(self, features: Matrix) -> Matrix:
        found = [
            np.where(np.isfinite(features[:, place]), np.searchsorted(cut, features[:, place]), np.nan)
            for place, cut in self.columns
        ]
        return np.column_stack(found)


@dataclass(frozen=True)
class _Trees:
    """F, the sum of trees, over the columns that told accounts apart where it was learned."""

    kept: Indices
    regressor: Any

    @classmethod
    def grown(cls, features: Matrix, forecast: Vector, came: Vector) -> _Trees:
        from sklearn.ensemble import HistGradientBoostingRegressor  # a second that only those who boost pay
        from threadpoolctl import threadpool_limits

        kept = np.flatnonzero([np.unique(column[np.isfinite(column)]).size > 1 for column in features.T])
        regressor = HistGradientBoostingRegressor(loss="poisson", **SETTINGS)
        with threadpool_limits(1):  # so little work is done before threads have waited for each other on a busy machine
            return cls(kept, regressor.fit(features[:, kept], came / forecast, sample_weight=forecast))

    def logs(self, features: Matrix) -> Vector:
        """Give F of each account; none is moved further than `FARTHEST`, whatever the trees make of it."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):
            factors = self.regressor.predict(features[:, self.kept])
        return np.asarray(np.log(np.clip(factors, 1 / FARTHEST, FARTHEST)))


def _strength(correction: Vector, forecast: Vector, came: Vector, lesson: Indices) -> float:
    """Give the multiple of the correction under which what came is most probable, the total of each lesson being known.

    Given its total, what came in a lesson is multinomial.
    """
    totals = np.bincount(lesson, came)

    def likelihood(strength: float) -> float:
        expected = np.bincount(lesson, forecast * np.exp(strength * correction))
        return float(strength * (came @ correction) - totals @ np.log(np.maximum(expected, 1e-300)))

    return float(max(STRENGTHS, key=likelihood))


def _rows(learned: Sequence[Lesson], *, days: int) -> tuple[Matrix, Vector, Vector, Indices]:
    """Give what the accounts looked like, what was forecast, what came, and the number of the lesson."""
    parts = [(_features(one.past, one.forecast, days=days), one.levelled, one.came) for one in learned]
    sizes = [one.came.size for one in learned]
    step = -(-sum(sizes) // MOST_ROWS)
    features, expected, came = (np.concatenate(part)[::step] for part in zip(*parts, strict=True))
    return features, expected, came, np.repeat(np.arange(len(sizes)), sizes)[::step]


def _features(history: History, forecast: Vector, *, days: int) -> Matrix:
    """Give what the trees see of each account, one row an account; NaN where something is not known."""
    frequency = history["frequency"]
    age, recency, gaps = (times * history.unit_days for times in (history["age"], history["recency"], history.gaps))
    silent = age - recency
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_gap = np.where(frequency > 0, recency / frequency, np.nan)
        variation = history.sums(gaps**2) / frequency / mean_gap**2 - 1
        spread = np.sqrt(np.where(variation > 1e-9, variation, 0.0))
        columns = [np.log(forecast), frequency, recency, age, silent, mean_gap, silent / mean_gap]
        columns += [
            np.where(frequency > 1, spread, np.nan),
            np.where(frequency > 0, gaps[history.starts[1:] - 1], np.nan),
        ]
        for share in WINDOWS:  # what it ordered lately, and how that compares with the forecast for as long a time
            ordered = _orders(history, round(share * days), 0.0)
            columns += [ordered, np.log((ordered + 1) / (share * forecast + 1))]
        columns.append(np.where(age > A_YEAR - days, _orders(history, A_YEAR, A_YEAR - days), np.nan))
        if history.amounts is not None:
            known = np.isfinite(history.amounts)
            days_known = history.sums(known.astype(float))
            mean_value = history.sums(np.where(known, history.amounts, 0.0)) / days_known
            columns += [mean_value, history.amounts[history.starts[1:] - 1] / mean_value]
    return np.column_stack([_rounded(column) for column in columns])


def _rounded(column: Vector) -> Vector:
    """Give three significant digits, NaN where there are none: the eighth does not decide between two leaves."""
    known = np.isfinite(column)
    value = np.where(known, column, 1.0)
    unit = 10.0 ** (np.floor(np.log10(np.maximum(np.abs(value), 1e-300))) - 2)
    return np.where(known, np.floor(value / unit + JUST_OVER_HALF) * unit, np.nan)


def _orders(history: History, since: float, until: float) -> Vector:
    """Give the order days of each account from so many days ago until so many days ago."""
    ago = (history.now - history.times) * history.unit_days
    return history.sums(((ago < since - HALF_A_DAY) & (ago >= until - HALF_A_DAY)).astype(float))
