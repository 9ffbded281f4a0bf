"""What all accounts together will order or buy, and how sure that is.

The mean of the sum is the sum of the means. How far the sum may be off has three causes, each a relative standard
deviation:

- *Chance*: single accounts do this or that. The orders N of each have the variance that its model says (below), their
  value is p/ν on average with ν ~ Gamma(k, s), k = q+px, and varies as Gamma(p, ν) (Gamma-Gamma), so with v = s·p/(k-1)
  the mean of an order's value

      E[S²] = v² (1 + 1/(k-2)) (E[N]/p + E[N²]),     E[S] = v E[N].

  Accounts do not depend on each other here, so that variances add up, and chance matters less the larger the base.
- *Parameters*: they are known only as far as the data tell. The sum is computed at ±√d standard deviations along each
  of the d principal directions of what is open (the cubature described at `forecasts`).
- *Error of the model*: the world does not keep to a model; it errs for all accounts in the same direction, which no
  number of accounts averages out. It is learned from how far the forecast was off at several earlier days (`biases`, as
  a backtest tells them), as the root mean square of ln(1 + bias); with so few of them, by the quantiles of Student's t.

The sum is taken as log-normal with that mean and spread. A base in which a few accounts buy nearly everything is not,
and is told too narrowly above.

*Variance of orders*, of an account that is alive. BG/NBD and MBG/NBD (symbols as in `beta_geometric`), with
p ~ Beta(a, b+x+c), q = 1-p and y = r+x:

    Σ n P(N ≥ n) = E_p[ (1 - (1+pτ)^-y - p q y τ (1+pτ)^-(y+1)) / p² ],    E[N²] = 2 Σ n P(N ≥ n) - E[N].

Pareto/NBD: given the time m that is left of the `periods` until it leaves N is Poisson(λm), λ ~ Gamma(r+x, α+T), and
m has the survival function (1 + u/B)^-s up to t, B = β+T, so

    E[N²] = E[λ] E[m] + E[λ²] E[m²],    E[m] = ∫₀ᵗ (1+u/B)^-s du,    E[m²] = 2 ∫₀ᵗ u (1+u/B)^-s du.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, exprel, ndtri, stdtrit

from regulars.core.errors import Refusal
from regulars.core.lifetime.beta_geometric import BetaGeometric
from regulars.core.lifetime.beta_geometric_expectation import beta_nodes, interpolated
from regulars.core.lifetime.columns import Vector, as_columns, read_weight
from regulars.core.lifetime.customer_value import mean_expected_orders
from regulars.core.lifetime.maximum_likelihood import Matrix
from regulars.core.lifetime.order_days import read_order_days
from regulars.core.lifetime.pareto_nbd import ParetoNBD

LEAST_SHAPE = 2.5  # of the values: with 2 or less their variance would be infinite, which no sum of a firm is
SMALL = 1e-4


class SpreadUnknown(Refusal):
    """The model does not say how far the orders of an account vary."""


@dataclass(frozen=True, kw_only=True)
class Total:
    """What is expected of all accounts together, with bounds, and what makes them wide, as relative deviations.

    `model_error` is None where no earlier forecasts tell it: then the bounds hold only if the model is right.
    """

    expected: float
    low: float
    high: float
    chance: float
    parameters: float
    model_error: float | None


def base_total(
    models: Sequence[Any],
    summary: Any,
    *,
    periods: float,
    order_value: Any = None,
    values: Mapping[str, float] | None = None,
    expected: Any = None,
    variance: Any = None,
    biases: Sequence[float] = (),
    level: float = 0.9,
) -> Total:
    """Give the orders of all accounts of a summary in the next `periods`, with bounds that hold with chance `level`.

    With `order_value` (what an order of each is worth on average) and `values` (the parameters of Gamma-Gamma) it is
    their sales. `models` are the fitted ones whose mean is forecast; where another forecast expects `expected` order
    days of each account, its numbers count, and the models tell only how they vary, unless the `variance` of the orders
    of each is known better. A column `weight` says how many accounts a row stands for.
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
    table = as_columns(summary)
    own = mean_expected_orders(models, table, periods=periods)
    weight = read_weight(table, own.size)
    wanted = own if expected is None else np.asarray(expected, float)
    worth = np.ones(own.size) if order_value is None else np.asarray(order_value, float)
    total = float(weight @ (wanted * worth))
    if total <= 0:
        return Total(expected=0.0, low=0.0, high=0.0, chance=0.0, parameters=0.0, model_error=_error(biases))
    raised = np.where(own > 0, wanted / np.where(own > 0, own, 1.0), 1.0)
    varies = _variance_of_orders(models, table, own, raised, periods) if variance is None else np.asarray(variance)
    if order_value is not None and values is not None:
        varies = _variance_of_sales(wanted, varies, worth, table["frequency"], values)
    elif order_value is not None:
        varies = varies * worth**2
    chance = float(np.sqrt(weight @ np.maximum(varies, 0.0))) / total
    parameters = _of_parameters(models, table, weight * raised * worth, periods)
    low, high = _bounds(total, chance, parameters, biases, level)
    return Total(expected=total, low=low, high=high, chance=chance, parameters=parameters, model_error=_error(biases))


def mean_square_orders(model: Any, summary: Any, *, periods: float) -> Vector:
    """Give E[N²] of the order days N of each account in the next `periods`, by the parameters as they are."""
    table = as_columns(summary)
    x, _, T = read_order_days(table)
    if isinstance(model, ParetoNBD):
        if_alive = _squared_of_pareto(model, x, T, periods)
    elif isinstance(model, BetaGeometric) and model._events == 1:
        if_alive = _squared_of_beta_geometric(model, x, T, periods)
    else:
        raise SpreadUnknown(
            f"{type(model).__name__} does not say how far the orders of an account vary.",
            "Ask BG/NBD, MBG/NBD or Pareto/NBD instead.",
        )
    return np.asarray(model.probability_alive(table) * if_alive)


# Chance


def _variance_of_orders(models: Sequence[Any], table: Any, own: Vector, raised: Vector, periods: float) -> Vector:
    """Of orders whose mean is raised by a factor: what goes beyond Poisson grows with its square."""
    squared = np.mean([mean_square_orders(model, table, periods=periods) for model in models], axis=0)
    return np.asarray(raised**2 * (squared - own**2 - own) + raised * own)


def _variance_of_sales(
    orders: Vector, variance: Vector, worth: Vector, frequency: Any, values: Mapping[str, float]
) -> Vector:
    p, q = values["p"], values["q"]
    shape = np.maximum(q + p * np.asarray(frequency, float), LEAST_SHAPE)
    squared = (1 + 1 / (shape - 2)) * (orders / p + variance + orders**2)
    return np.asarray(worth**2 * (squared - orders**2))


def _squared_of_beta_geometric(model: Any, x: Vector, T: Vector, periods: float) -> Vector:
    answers = np.zeros(x.size)
    if periods == 0:
        return answers
    r, alpha, a, b = model.params_.values()
    first = model.expected_orders_if_alive({"frequency": x, "recency": np.zeros(x.size), "age": T}, periods=periods)
    for frequency in np.unique(x):
        rows = np.flatnonzero(x == frequency)
        ages, back = np.unique(T[rows], return_inverse=True)

        def exactly(scale: Vector, frequency: float = float(frequency)) -> Matrix:
            return _counted(r + frequency, a, b + frequency + model._occasions, periods / scale)[np.newaxis]

        answers[rows] = interpolated(exactly, alpha + ages)[0][back]
    return np.asarray(2 * answers - first)


def _counted(y: float, a: float, b: float, tau: Vector) -> Vector:
    """Give Σ n P(N ≥ n) for each τ."""
    logit, weight = beta_nodes(a, b, feature=1 / (1 + y * float(tau.max()) + b), edge=1 / (1 + y))
    p, q = expit(logit), expit(-logit)
    passed = np.log1p(np.outer(tau, p))
    ever = -np.expm1(-y * passed)
    again = y * np.outer(tau, p * q) * np.exp(-(y + 1) * passed)
    few = np.outer(tau, p) * (y + 1) < SMALL  # where the difference would be lost in rounding
    at_once = y * tau + y * (y + 1) * tau**2 / 2
    return np.asarray(np.where(few, at_once[:, np.newaxis], (ever - again) / p**2) @ weight)


def _squared_of_pareto(model: ParetoNBD, x: Vector, T: Vector, periods: float) -> Vector:
    r, alpha, s, beta = model.params_.values()
    life, rate = beta + T, (r + x) / (alpha + T)
    growth = np.log1p(periods / life)
    stays = growth * exprel((1 - s) * growth)
    squared = 2 * life**2 * (growth * exprel((2 - s) * growth) - stays)
    return np.asarray(rate * life * stays + rate * (r + x + 1) / (alpha + T) * squared)


# What all accounts share


def _of_parameters(models: Sequence[Any], table: Any, weight: Vector, periods: float) -> float:
    """Give the relative deviation of the sum by what is open about the parameters; several models go together."""
    deviations = []
    for model in models:
        total = float(weight @ model.expected_orders(table, periods=periods))
        moved = [float(weight @ one.expected_orders(table, periods=periods)) for one in _around(model)]
        deviations.append(float(np.sqrt(np.mean((np.array(moved) / max(total, 1e-300) - 1) ** 2))) if moved else 0.0)
    return float(np.mean(deviations))


def _around(model: Any) -> list[Any]:
    """The models that the data leave possible. Narrow directions, too: their share in a sum does not cancel out."""
    directions = model._spread.T
    reach = float(np.sqrt(len(directions)))
    return [model._at(side * reach * one) for one in directions for side in (-1.0, 1.0)]


def _error(biases: Sequence[float]) -> float | None:
    logs = _logs(biases)
    return float(np.sqrt(np.mean(logs**2))) if logs.size else None


def _logs(biases: Sequence[float]) -> Vector:
    known = np.asarray(biases, float)
    return np.asarray(np.log1p(np.maximum(known[np.isfinite(known)], -0.99)))


def _bounds(
    total: float, chance: float, parameters: float, biases: Sequence[float], level: float
) -> tuple[float, float]:
    outside = (1 - level) / 2
    normal = float(ndtri(1 - outside))
    error, times = _error(biases), _logs(biases).size
    # So many errors are known, and their mean to be 0: their square root of squares has that many degrees of freedom.
    widened = float(stdtrit(times, 1 - outside)) / normal * error if error is not None else 0.0
    spread = float(np.sqrt(np.log1p(chance**2 + parameters**2 + widened**2)))
    middle = np.log(total) - spread**2 / 2
    return float(np.exp(middle - normal * spread)), float(np.exp(middle + normal * spread))
