"""Chance that each account is still a customer, and what it will buy: the lifetime models on the firm's own history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from regulars.core.errors import Refusal
from regulars.core.lifetime import BetaGeoNBD, GammaGamma

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

DAYS_A_WEEK = 7.0  # the models count in weeks; their answers do not depend on it
HORIZONS_DAYS = (90, 365)
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


@dataclass(frozen=True)
class LifetimeScores:
    """A column of `COLUMNS` for each account, NaN where it is unknown, and the models they came from."""

    columns: dict[str, Vector]
    model: dict[str, Any]


def lifetime_scores(figures: pa.Table, *, as_of: date) -> LifetimeScores:
    """Fit the models to the figures of all accounts and ask them about each.

    With too little history for a model, what it would say is NaN, and the notes of the model say why.
    """
    ordered = _vector(figures, "order_days") > 0
    summary = _summary(figures.filter(ordered), as_of)
    notes: list[str] = []
    orders = _fitted(BetaGeoNBD(), summary, notes)
    values = _fitted(GammaGamma(), summary, notes)
    unknown = np.full(int(ordered.sum()), np.nan)
    answers = dict.fromkeys(COLUMNS, unknown)
    if orders is not None:
        each = values.expected_value(summary) if values is not None else unknown
        bought = np.clip(_vector(figures, "sales_12m")[ordered], 0.0, None)
        answers = _answers(orders, summary, each, bought)
    columns = {name: _spread(answer, ordered) for name, answer in answers.items()}
    return LifetimeScores(columns, {"orders": _told(orders), "values": _told(values), "notes": notes})


def _summary(figures: pa.Table, as_of: date) -> dict[str, Vector]:
    first, last = _days(figures, "first_order"), _days(figures, "last_order")
    today = float(np.datetime64(as_of, "D").astype("int64"))
    return {
        "frequency": _vector(figures, "order_days") - 1,
        "recency": (last - first) / DAYS_A_WEEK,
        "age": (today - first) / DAYS_A_WEEK,
        "mean_value": _vector(figures, "repeat_order_value"),
    }


def _answers(orders: BetaGeoNBD, summary: dict[str, Vector], each: Vector, bought: Vector) -> dict[str, Vector]:
    alive = orders.probability_alive(summary)
    if_alive = {days: orders.expected_orders_if_alive(summary, periods=days / DAYS_A_WEEK) for days in HORIZONS_DAYS}
    answers = {"probability_alive": alive}
    for days in HORIZONS_DAYS:
        answers[f"expected_orders_{days}"] = alive * if_alive[days]
        answers[f"expected_value_{days}"] = alive * if_alive[days] * each
        bounds = orders.interval(summary, periods=days / DAYS_A_WEEK)
        answers[f"orders_{days}_low"], answers[f"orders_{days}_high"] = bounds
    # What a customer long gone would buy is lost already: no more is at risk than what it bought in the last 12 months.
    answers["value_at_risk"] = np.minimum((1 - alive) * if_alive[365] * each, bought)
    # The model lets nobody leave before a second order; that is an assumption, not knowledge of those who ordered once.
    once = summary["frequency"] == 0
    for name in ("probability_alive", "value_at_risk"):
        answers[name] = np.where(once, np.nan, answers[name])
    return answers


def _fitted(model: Any, summary: dict[str, Vector], notes: list[str]) -> Any:
    try:
        model.fit(summary)
    except Refusal as refusal:
        notes.append(str(refusal))
        return None
    notes.extend(model.notes_)
    return model


def _told(model: Any) -> dict[str, Any] | None:
    if model is None:
        return None
    return {
        "name": type(model).__name__,
        "params": model.params_,
        "log_likelihood": model.log_likelihood_,
        "unit": "week",
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
