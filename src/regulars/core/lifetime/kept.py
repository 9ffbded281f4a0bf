"""Fitted models as data that JSON can hold, and back: what was learned once is asked again later without fitting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from regulars.core.lifetime.bg_nbd import BetaGeoNBD
from regulars.core.lifetime.forecasts import OrderForecasts
from regulars.core.lifetime.mbg_nbd import ModifiedBetaGeoNBD
from regulars.core.lifetime.pareto_nbd import ParetoNBD
from regulars.core.notes import as_data, from_data

KEPT: dict[str, type[OrderForecasts]] = {model.__name__: model for model in (BetaGeoNBD, ModifiedBetaGeoNBD, ParetoNBD)}


def model_as_data(model: OrderForecasts, *, unit: str) -> dict[str, Any]:
    """Give all that a fitted model of `KEPT` learned; `unit` is its unit of time, which it does not know itself.

    `covariance_of_logs` is that of the logarithms of the parameters, in the sequence of `params`; None where the data
    do not pin them all down. `spread` has the directions in which the logarithms are open, each one standard deviation
    long, without those that the data say nothing about.
    """
    params = np.array(list(model.params_.values()))
    covariance = None if model.covariance_ is None else model.covariance_ / np.outer(params, params)
    return {
        "name": type(model).__name__,
        "unit": unit,
        "params": model.params_,
        "covariance_of_logs": None if covariance is None else covariance.tolist(),
        "spread": model._spread.tolist(),
        "ages": model._ages.tolist(),
        "log_likelihood": model.log_likelihood_,
        "converged": model.converged_,
        "notes": [as_data(note) for note in model.notes_],
    }


def model_from_data(data: Mapping[str, Any]) -> OrderForecasts:
    """Give the fitted model back. Raises KeyError for a model that is not in `KEPT`.

    The names may come in any sequence: PostgreSQL sorts those of a JSON object.
    """
    kind = KEPT[data["name"]]
    model = kind()
    model.params_ = {name: data["params"][name] for name in kind.names}
    params = np.array(list(model.params_.values()))
    of_logs = data["covariance_of_logs"]
    model.covariance_ = None if of_logs is None else np.array(of_logs) * np.outer(params, params)
    errors = [None] * params.size if model.covariance_ is None else np.sqrt(np.diag(model.covariance_)).tolist()
    model.standard_errors_ = dict(zip(model.params_, errors, strict=True))
    model._spread, model._ages = np.array(data["spread"]), np.array(data["ages"])
    model.log_likelihood_, model.converged_ = data["log_likelihood"], data["converged"]
    model.notes_ = [from_data(note) for note in data["notes"]]
    return model
