"""Chance that each account is still a customer, and what it will buy: the forecast that scores, on all the history.

Where the forecast itself does not say something, a companion does:

- The chance that an account is still a customer comes from the structural model inside the forecast. Beside the rule
  of thumb "last window", which has none and lets nobody leave, BG/NBD says it.
- Of accounts that ordered once the chance is unknown where the model lets nobody leave before a second order: that is
  an assumption, not knowledge. In an average only the models that know are asked about them.
- A forecast that cannot learn from this history is replaced by the average of three models, and the notes say so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from regulars.core.backtest import fallback
from regulars.core.errors import Refusal
from regulars.core.lifetime import Average, BetaGeoNBD, GammaGamma, History, Seasonal
from regulars.core.lifetime.forecasts import OrderForecasts
from regulars.core.lifetime.kept import KEPT, model_as_data
from regulars.core.lifetime.negative_binomial import Spread
from regulars.core.notes import Note, as_data, gettext_noop
from regulars.insight.forecast_choice import DAYS_A_WEEK, ForecastChoice

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

UNIT = "week"
LEAST_EXPECTED = 1e-9  # orders, of which bounds can be given
LEVEL = 0.9  # of the bounds between which the orders of an account lie
HORIZONS_DAYS = (90, 365)
LEAST_ORDERS = 1e-9  # expected of all together; below it there is nothing to compare with
MOST_EXACT = 100_000  # accounts whose bounds are found to the day
COLUMNS = (
    "probability_alive",
    "expected_orders_90",
    "expected_orders_365",
    "orders_90_low",
    "orders_90_high",
    "orders_365_low",
    "orders_365_high",
    "expected_value_90",
    "expected_value_365",
    "value_at_risk",
)
REPLACED = gettext_noop("“%(name)s” could not learn from this history, so the average of three models is used.")


@dataclass(frozen=True)
class LifetimeScores:
    """A column of `COLUMNS` for each account, NaN where it is unknown, and the models they came from.

    `model` becomes `Snapshot.lifetime_model`: `forecast` (name, why, horizon_days), `structural` (the models inside it
    as `core.lifetime.kept` keeps them; several for an average), `season` (every, multipliers; None without one),
    `orders` (BG/NBD by the calendar, whatever scores), `values` (Gamma-Gamma), `notes`. `ahead` has what is expected of
    all accounts together, for each number of days that was asked for.
    """

    columns: dict[str, Vector]
    model: dict[str, Any]
    ahead: dict[int, Ahead]


@dataclass(frozen=True, kw_only=True)
class Ahead:
    """What is expected of all accounts together; chance moves the orders by a standard deviation of `spread`."""

    accounts: int
    orders: float
    spread: float
    sales: float | None


def lifetime_scores(
    figures: pa.Table,
    *,
    as_of: date,
    choice: ForecastChoice,
    history: Callable[[], History],
    ahead: tuple[int, ...] = (),
) -> LifetimeScores:
    """Fit the forecast that scores to all accounts and ask it about each.

    `history` reads the order days of the accounts in `figures` that have ordered, in the same sequence: only some
    forecasts look at them. With too little history for a model, what it would say is NaN, and the notes say why.
    """
    ordered = _vector(figures, "order_days") > 0
    summary = _summary(figures.filter(ordered), as_of)
    notes: list[str] = []
    values = _fitted(GammaGamma(), summary, notes)
    companion = _fitted(BetaGeoNBD(), summary, notes)
    unknown = np.full(int(ordered.sum()), np.nan)
    each = values.expected_value(summary) if values is not None else unknown
    scorer = _scorer(choice, companion, summary, history, notes) if companion is not None else None
    answers = dict.fromkeys(COLUMNS, unknown)
    told: dict[str, Any] = {"forecast": _told_forecast(choice), "structural": [], "season": None}
    sums = {}
    if scorer is not None:
        bought = np.clip(_vector(figures, "sales_12m")[ordered], 0.0, None)
        answers = _answers(scorer, each, bought)
        told |= scorer.told()
        sums = {days: _ahead(scorer, answers, each, days) for days in ahead}
    told |= {"orders": companion and model_as_data(companion, unit=UNIT), "values": _told_values(values)}
    told["notes"] = [as_data(note) for note in dict.fromkeys(notes)]
    return LifetimeScores({name: _spread(answer, ordered) for name, answer in answers.items()}, told, sums)


# The forecast


@dataclass(frozen=True)
class _Scorer:
    """A fitted forecast, and the table of accounts that it is asked about."""

    model: Any
    companion: BetaGeoNBD
    table: Any
    once: NDArray[np.bool_]  # the accounts that ordered on one day only
    spread: Spread | None = None  # where the past gives better bounds than the forecast has ...
    learned_days: int = 0  # ... of so many days ahead

    def expected(self, days: int) -> Vector:
        """The orders to expect of each account in the days ahead."""
        orders: Vector = self.model.expected_orders(self.table, periods=days / DAYS_A_WEEK)
        return orders

    def bounds(self, days: int) -> tuple[Vector, Vector]:
        """The bounds between which they lie."""
        if self.spread is not None:
            mean, learned = (np.maximum(self.expected(one), LEAST_EXPECTED) for one in (days, self.learned_days))
            return self.spread.bounds(mean, level=LEVEL, learned_mean=learned)
        low, high = self.model.interval(_coarse(self.table), periods=days / DAYS_A_WEEK, level=LEVEL)
        return low, high

    @property
    def lets_leave(self) -> bool:
        """Whether the forecast itself knows that accounts leave."""
        return hasattr(self.model, "probability_alive")

    def chances(self) -> Vector:
        """The chance that each account is still a customer, NaN where that would be an assumption."""
        model = self.model if self.lets_leave else self.companion
        parts = model.models_ if isinstance(model, Average) else [model]
        each = [part.probability_alive(self.table) for part in parts]
        knowing = [chances for chances in each if np.any(chances[self.once] < 1)]
        of_once = np.mean(knowing, axis=0) if knowing else np.nan
        return np.where(self.once, of_once, np.mean(each, axis=0))

    def told(self) -> dict[str, Any]:
        """What of it is kept with the snapshot, besides its name."""
        season = _season(self.model)
        return {
            "structural": [model_as_data(one, unit=UNIT) for one in self._structural()],
            "season": season and {"every": season.every, "multipliers": season.multipliers_.tolist()},
        }

    def _structural(self) -> list[Any]:
        """The models inside the forecast that say who is still a customer; by the clock of its season, if any."""
        model = self.model if self.lets_leave else self.companion
        while hasattr(model, "model_"):
            model = model.model_
        parts = model.models_ if isinstance(model, Average) else [model]
        return [part for part in parts if type(part).__name__ in KEPT]


def _scorer(
    choice: ForecastChoice,
    companion: BetaGeoNBD,
    summary: dict[str, Vector],
    history: Callable[[], History],
    notes: list[str],
) -> _Scorer | None:
    once = summary["frequency"] == 0
    model = choice.model()
    table = summary if isinstance(model, OrderForecasts | Average) else history()
    refusals: list[str] = []
    fitted = companion if type(model) is BetaGeoNBD else _fitted(model, table, refusals)
    if fitted is not None:
        notes.extend(refusals)
        return _Scorer(fitted, companion, table, once, choice.spread, choice.horizon_days)
    notes.extend([Note(REPLACED, name=Note(choice.name)), *refusals])
    average = _fitted(fallback(), summary, notes)
    return None if average is None else _Scorer(average, companion, summary, once)


def _coarse(table: Any) -> Any:
    """The same summary with times in whole weeks where there are very many accounts, so that many of them are alike:
    bounds are whole numbers of orders, which hardly ever hang on a few days. A history stays as it is.
    """
    if isinstance(table, History) or table["age"].size <= MOST_EXACT:
        return table
    return table | {"recency": np.floor(table["recency"]), "age": np.ceil(table["age"])}


def _season(model: Any) -> Seasonal | None:
    while not isinstance(model, Seasonal) and hasattr(model, "model_"):
        model = model.model_
    return model if isinstance(model, Seasonal) else None


def _fitted(model: Any, table: Any, notes: list[str]) -> Any:
    try:
        model.fit(table)
    except Refusal as refusal:
        notes.append(refusal.note)
        return None
    notes.extend(model.notes_)
    return model


# What it says


def _answers(scorer: _Scorer, each: Vector, bought: Vector) -> dict[str, Vector]:
    alive = scorer.chances()
    answers = {"probability_alive": alive}
    for days in HORIZONS_DAYS:
        answers[f"expected_orders_{days}"] = orders = scorer.expected(days)
        answers[f"orders_{days}_low"], answers[f"orders_{days}_high"] = scorer.bounds(days)
        answers[f"expected_value_{days}"] = orders * each
    if_stays = answers["expected_value_365"]
    if scorer.lets_leave:  # else the forecast already is that of an account that stays
        with np.errstate(divide="ignore", invalid="ignore"):
            if_stays = np.where(alive == 0, np.inf, if_stays / alive)
    # What a customer long gone would buy is lost already: no more is at risk than what it bought in the last 12 months.
    answers["value_at_risk"] = np.where(np.isnan(each), np.nan, np.minimum((1 - alive) * if_stays, bought))
    return answers


def _ahead(scorer: _Scorer, answers: dict[str, Vector], each: Vector, days: int) -> Ahead:
    known = answers["expected_orders_90"]
    orders = known if days == 90 else scorer.expected(days)
    spread = spread_of_sum(known, answers["orders_90_low"], answers["orders_90_high"])
    # The variance of orders at random grows as their number does.
    spread *= float(np.sqrt(orders.sum() / max(known.sum(), LEAST_ORDERS)))
    return Ahead(
        accounts=orders.size,
        orders=float(orders.sum()),
        spread=spread,
        sales=None if np.isnan(each).any() else float(orders @ each),
    )


def spread_of_sum(expected: Vector, low: Vector, high: Vector) -> float:
    """The standard deviation of the orders of all accounts together, each by itself, from their bounds of nine in ten.

    Bounds of whole numbers may be 0 and 0 where an order now and then is to be expected; so no account varies by less
    than the square root of what is expected of it.
    """
    half = (high - low) / 2 / NORMAL_90
    return float(np.sqrt(np.sum(np.maximum(half**2, expected))))


NORMAL_90 = 1.6448536269514722  # nine tenths of a normal distribution lie within so many standard deviations


def _told_forecast(choice: ForecastChoice) -> dict[str, Any]:
    return {
        "name": choice.name,
        "why": choice.why,
        "horizon_days": choice.horizon_days,
        "backtest": None if choice.backtest is None else str(choice.backtest.uid),
    }


def _told_values(values: GammaGamma | None) -> dict[str, Any] | None:
    if values is None:
        return None
    return {"name": type(values).__name__, "params": values.params_, "log_likelihood": values.log_likelihood_}


# Columns


def _summary(figures: pa.Table, as_of: date) -> dict[str, Vector]:
    first, last = _days(figures, "first_order"), _days(figures, "last_order")
    today = float(np.datetime64(as_of, "D").astype("int64"))
    return {
        "frequency": _vector(figures, "order_days") - 1,
        "recency": (last - first) / DAYS_A_WEEK,
        "age": (today - first) / DAYS_A_WEEK,
        "mean_value": _vector(figures, "repeat_order_value"),
    }


def _spread(answers: Vector, known: NDArray[np.bool_]) -> Vector:
    spread = np.full(known.size, np.nan)
    spread[known] = answers
    return spread


def _vector(figures: pa.Table, name: str) -> Vector:
    values: Vector = figures[name].to_numpy().astype("float64")
    return values


def _days(figures: pa.Table, name: str) -> Vector:
    values: Vector = figures[name].to_numpy().astype("datetime64[D]").astype("int64").astype("float64")
    return values
