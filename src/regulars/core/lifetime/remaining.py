"""How long accounts will stay, from a fitted model: one by one, of a whole base, and of a new customer.

Of an account that is alive, the chance S(t) that it still is after t more is

    Pareto/NBD:  S(t) = ((β+T)/(β+T+t))^s,  as its own rate of leaving is Gamma(s, β+T) then;
    BG models:   S(t) = 1 - E[ p · (orders in t) ],

since each order in t is the last with chance p, and there is at most one last. With p ~ Beta(a, b+x+c), weighting by p
turns that into Beta(a+1, b+x+c) (symbols as in `beta_geometric`), so

    S(t) = 1 - a/(a+b+x+c) · E[orders in t | a+1 in place of a],

for every k. In these models an account leaves with an order: it stays until its last one, not until its silence is
noticed. For BG/NBD alone S(t) is the hypergeometric ₂F₁(r+x, a; a+b+x; -t/(α+T)).

The mean of what remains is ∫₀^∞ S(t) dt, which is infinite whenever s ≤ 1, or a ≤ 1, or r+x ≤ 1: a part of the accounts
hardly ever leaves, and no data of a few years say how long that is. So everything here is up to a stated horizon: an
account that stays longer counts as staying for the horizon (the restricted mean of survival analysis).

Bounds are of the figure of the whole base and come from what the data leave open about the parameters, by the cubature
described at `forecasts`: the figure is computed at ±√d standard deviations along each of the d principal directions,
and taken as normal in its logarithm, a share in its logit, with the mean and the spread that it has among them. That
chance decides what single accounts do is no part of them: it cancels out where there are many.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, exprel, logit, ndtri

from regulars.core.errors import Refusal
from regulars.core.lifetime.beta_geometric import BetaGeometric
from regulars.core.lifetime.columns import Vector, as_columns, collapse, read_weight
from regulars.core.lifetime.forecasts import OrderForecasts, checked_periods
from regulars.core.lifetime.order_days import read_order_days
from regulars.core.lifetime.pareto_nbd import ParetoNBD
from regulars.core.survival import Estimate

NODES = 16
LEAST_SHARE = 1e-9  # keeps logits finite

NEW_CUSTOMER: dict[str, Vector] = {name: np.zeros(1) for name in ("frequency", "recency", "age", "log_gap_sum")}
"""The summary of an account on the day of its first order."""


class NoLifetimes(Refusal):
    """The model does not say when an account leaves."""


@dataclass(frozen=True, eq=False, kw_only=True)
class LifetimeCurve:
    """The share of a base that still are customers after these periods, with its bounds."""

    periods: Vector
    alive: Vector
    low: Vector
    high: Vector


def probability_alive_after(model: OrderForecasts, summary: Any, *, periods: float) -> Vector:
    """Give the chance that each account still is a customer when `periods` more units of time have gone."""
    table = as_columns(summary)
    asked = _checked(model)
    return np.asarray(asked.probability_alive(table) * _stays(asked, table, checked_periods(periods)))


def remaining_lifetime(model: OrderForecasts, summary: Any, *, horizon: float) -> Vector:
    """Give the time that each account is expected to remain a customer, none counted for longer than `horizon`.

    An account that may have left already counts with the chance that it has not.
    """
    table = as_columns(summary)
    asked = _checked(model)
    return np.asarray(asked.probability_alive(table) * _remains(asked, table, _checked_horizon(horizon)))


def mean_remaining_lifetime(
    model: OrderForecasts, summary: Any, *, horizon: float, level: float = 0.9, of_alive: bool = False
) -> Estimate:
    """Give the mean of `remaining_lifetime` over all accounts (column `weight`: so many each), with bounds.

    `of_alive`: the mean over those that are customers still, instead of over all.
    """
    table, weight = _collapsed(summary)
    _checked_horizon(horizon)

    def mean(one: Any) -> float:
        alive = one.probability_alive(table) * weight
        return float(alive @ _remains(one, table, horizon) / (alive if of_alive else weight).sum())

    logs = np.log([max(mean(one), 1e-300) for one in _around(_checked(model))])
    value, low, high = np.exp(_bounds(logs, level))
    return Estimate(value=float(value), low=float(low), high=float(min(high, horizon)))


def lifetime_curve(model: OrderForecasts, summary: Any, *, periods: Any, level: float = 0.9) -> LifetimeCurve:
    """Give the share of all accounts that still are customers after each of `periods`, with bounds."""
    times = np.asarray(periods, dtype=np.float64)
    table, weight = _collapsed(summary)

    def shares(one: Any) -> Vector:
        alive = one.probability_alive(table) * weight
        return np.asarray([alive @ _stays(one, table, checked_periods(time)) for time in times] / weight.sum())

    found = np.array([shares(one) for one in _around(_checked(model))])
    alive, low, high = expit(_bounds(logit(np.clip(found, LEAST_SHARE, 1 - LEAST_SHARE)), level))
    certain = np.all(found == 1, axis=0)
    alive, low, high = (np.where(certain, 1.0, share) for share in (alive, low, high))
    return LifetimeCurve(periods=times, alive=alive, low=low, high=high)


def _checked(model: OrderForecasts) -> BetaGeometric | ParetoNBD:
    if isinstance(model, BetaGeometric | ParetoNBD):
        return model
    raise NoLifetimes(
        f"{type(model).__name__} does not say when an account leaves.", "Ask BG/NBD, MBG/NBD or Pareto/NBD instead."
    )


def _around(model: OrderForecasts) -> list[OrderForecasts]:
    """The models that the data leave possible. Narrow directions, too: their share in a sum does not cancel out."""
    directions = model._spread.T
    reach = float(np.sqrt(len(directions)))
    return [model._at(side * reach * one) for one in directions for side in (-1.0, 1.0)] or [model]


def _checked_horizon(horizon: float) -> float:
    if not 0 < horizon < np.inf:
        raise ValueError(f"horizon must be a number above 0, not {horizon}")
    return horizon


def _stays(model: Any, table: Any, periods: float) -> Vector:
    """S(t) of each account."""
    x, _, T = read_order_days(table)
    if isinstance(model, ParetoNBD):
        return np.asarray(np.exp(-model.params_["s"] * np.log1p(periods / (model.params_["beta"] + T))))
    a, b = model.params_["a"], model.params_["b"]
    weighted = copy.copy(model)
    weighted.params_ = model.params_ | {"a": a + 1}
    last_orders = weighted.expected_orders_if_alive(table, periods=periods) * (a / (a + b + x + model._occasions))
    return np.asarray(np.clip(1 - last_orders, 0.0, 1.0))


def _remains(model: Any, table: Any, horizon: float) -> Vector:
    """∫ S(t) dt from 0 to the horizon for each account."""
    if isinstance(model, ParetoNBD):
        _, _, T = read_order_days(table)
        s, since = model.params_["s"], model.params_["beta"] + T
        growth = np.log1p(horizon / since)
        return np.asarray(since * growth * exprel((1 - s) * growth))
    # S falls fast at first and ever more slowly: Gauss-Legendre in ln(1 + t/α), where it is smooth.
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    scale = float(min(model.params_["alpha"], horizon))
    length = np.log1p(horizon / scale)
    logs = length * (nodes + 1) / 2
    steps = weights * length / 2 * scale * np.exp(logs)
    times = scale * np.expm1(logs)
    return np.asarray(sum(step * _stays(model, table, time) for step, time in zip(steps, times.tolist(), strict=True)))


def _collapsed(summary: Any) -> tuple[dict[str, Vector], Vector]:
    """The different rows of a summary, and how many accounts each stands for."""
    table = as_columns(summary)
    x, t_x, T = read_order_days(table)
    (x, t_x, T), weight = collapse([x, t_x, T], read_weight(table, x.size))
    return {"frequency": x, "recency": t_x, "age": T}, weight


def _bounds(values: Any, level: float) -> tuple[Any, Any, Any]:
    """Give the mean over models (first axis) and bounds by their spread."""
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
    middle = np.mean(values, axis=0)
    reach = ndtri((1 + level) / 2) * np.sqrt(np.mean((values - middle) ** 2, axis=0))
    return middle, middle - reach, middle + reach
