"""Fitted models as data, and back."""

from __future__ import annotations

import json

import numpy as np
import pytest

from regulars.core.lifetime import BetaGeoNBD
from regulars.core.lifetime.kept import KEPT, model_as_data, model_from_data


def summary_of(seed: int) -> dict[str, np.ndarray]:
    print(f"seed {seed}")
    random = np.random.default_rng(seed)
    age = random.uniform(20, 78, 500)
    frequency = random.negative_binomial(1, 0.3, 500).astype(float)
    recency = np.where(frequency > 0, age * random.beta(3, 1, 500), 0.0)
    return {"frequency": frequency, "recency": recency, "age": age}


@pytest.mark.parametrize("sorts_names", [False, True])  # PostgreSQL sorts them
@pytest.mark.parametrize("kind", KEPT.values())
def test_a_model_answers_the_same_after_it_was_kept_as_json(kind: type[BetaGeoNBD], *, sorts_names: bool) -> None:
    summary = summary_of(1)
    model = kind().fit(summary)
    data = json.loads(json.dumps(model_as_data(model, unit="week"), sort_keys=sorts_names))
    back = model_from_data(data)
    assert type(back) is kind
    assert data["unit"] == "week"
    np.testing.assert_allclose(back.expected_orders(summary, periods=13), model.expected_orders(summary, periods=13))
    np.testing.assert_array_equal(back.interval(summary, periods=13), model.interval(summary, periods=13))
    np.testing.assert_allclose(back.probability_alive(summary), model.probability_alive(summary))
    assert back.standard_errors_ == pytest.approx(model.standard_errors_)
    np.testing.assert_array_equal(back.simulate(seed=3, accounts=50)["age"], model.simulate(seed=3, accounts=50)["age"])


def test_the_covariance_of_logarithms_is_that_of_relative_changes() -> None:
    model = BetaGeoNBD().fit(summary_of(2))
    of_logs = np.array(model_as_data(model, unit="week")["covariance_of_logs"])
    errors = [(model.standard_errors_[name] or 0.0) / value for name, value in model.params_.items()]
    assert np.sqrt(np.diag(of_logs)) == pytest.approx(errors)
