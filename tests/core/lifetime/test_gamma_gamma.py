"""Gamma-Gamma: what the next orders are worth, finite whatever the data. Mission row C1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaln

from regulars.core.lifetime import GammaGamma, TooLittleHistory
from regulars.core.lifetime.gamma_gamma import _Values

Vector = npt.NDArray[np.float64]
Summary = dict[str, Vector]
Simulate = Callable[..., Summary]


def with_params(p: float, q: float, gamma: float) -> Any:
    model = GammaGamma()
    model.params_ = {"p": p, "q": q, "gamma": gamma}
    model.population_value_, model._has_mean = p * gamma / (q - 1), True
    return model


def by_the_paper(x: Vector, z: Vector, p: float, q: float, gamma: float) -> float:
    """Equation 1a."""
    return float(
        np.sum(
            gammaln(p * x + q) - gammaln(p * x) - gammaln(q)
            + q * np.log(gamma) + (p * x - 1) * np.log(z) + p * x * np.log(x) - (p * x + q) * np.log(gamma + x * z)
        )
    )  # fmt: skip


def repeaters(summary: Summary) -> tuple[Vector, Vector]:
    kept = summary["frequency"] > 0
    return summary["frequency"][kept], summary["mean_value"][kept]


def test_the_likelihood_is_the_papers(simulate: Simulate) -> None:
    x, z = repeaters(simulate(seed=1, accounts=400))
    values = _Values.of(x, z, np.ones(x.size))
    found = values.derivatives(np.log([6.25, 3.74, 15.45 / values.scale]))[0] - x.size * np.log(values.scale)
    assert found == pytest.approx(by_the_paper(x, z, 6.25, 3.74, 15.45), rel=1e-12)


@settings(deadline=None, max_examples=60)
@given(logs=st.lists(st.floats(-3, 4), min_size=3, max_size=3).map(np.array))
def test_gradient_and_hessian_are_those_of_the_likelihood(simulate: Simulate, logs: Vector) -> None:
    x, z = repeaters(simulate(seed=2, accounts=300))
    values = _Values.of(x, z, np.ones(x.size))
    _, gradient, hessian = values.derivatives(logs)
    size = 1 + float(np.abs(hessian).max())
    for place, step in enumerate(1e-5 * np.eye(3)):
        above, below = values.derivatives(logs + step), values.derivatives(logs - step)
        assert gradient[place] == pytest.approx((above[0] - below[0]) / 2e-5, abs=1e-6 * size)
        assert hessian[place] == pytest.approx((above[1] - below[1]) / 2e-5, abs=1e-6 * size)


@pytest.mark.parametrize("truth", [(6.0, 4.0, 15.0), (0.7, 2.5, 900.0), (40.0, 12.0, 3.0)])
def test_simulated_parameters_are_found_again_within_their_errors(
    simulate: Simulate, truth: tuple[float, float, float]
) -> None:
    model = GammaGamma().fit(simulate(seed=20_26, accounts=20_000, values=truth))
    assert model.converged_
    for (name, found), true in zip(model.params_.items(), truth, strict=True):
        assert abs(found - true) < 4 * (model.standard_errors_[name] or 0), name


def test_the_expected_value_is_equation_5() -> None:
    p, q, gamma = 6.25, 3.74, 15.45
    expected = with_params(p, q, gamma).expected_value({"frequency": [0, 1, 5], "mean_value": [None, 20.0, 80.0]})
    assert expected[0] == pytest.approx(p * gamma / (q - 1))
    assert expected[1] == pytest.approx(p * (gamma + 1 * 20) / (p * 1 + q - 1))
    assert expected[2] == pytest.approx(p * (gamma + 5 * 80) / (p * 5 + q - 1))


def test_an_account_lies_between_its_own_mean_and_the_populations(cdnow_sample: Summary) -> None:
    """C1."""
    model = GammaGamma().fit(cdnow_sample)
    expected = model.expected_value(cdnow_sample)
    own = np.where(cdnow_sample["frequency"] > 0, cdnow_sample["mean_value"], model.population_value_)
    low, high = np.minimum(own, model.population_value_), np.maximum(own, model.population_value_)
    assert np.all((expected >= low * (1 - 1e-12)) & (expected <= high * (1 + 1e-12)))


@pytest.mark.parametrize("unit", [100, 1 / 1000])
def test_the_unit_of_money_scales_the_answers_and_nothing_else(cdnow_sample: Summary, unit: float) -> None:
    other_money = {**cdnow_sample, "mean_value": cdnow_sample["mean_value"] * unit}
    model, other = GammaGamma().fit(cdnow_sample), GammaGamma().fit(other_money)
    assert other.params_["p"] == pytest.approx(model.params_["p"], rel=1e-6)
    assert other.expected_value(other_money) == pytest.approx(model.expected_value(cdnow_sample) * unit, rel=1e-6)


def test_a_tail_too_heavy_for_a_mean_falls_back_to_what_was_observed(simulate: Simulate) -> None:
    """q ≤ 1: equation 5 has no population mean; the answer stays finite, and the note says so."""
    summary = simulate(seed=4, values=(3.0, 0.6, 10.0))
    model = GammaGamma().fit(summary)
    assert model.params_["q"] < 1
    assert any("observed mean" in note for note in model.notes_)
    expected = model.expected_value(summary)
    assert np.all(np.isfinite(expected) & (expected > 0))
    assert expected[summary["frequency"] == 0] == pytest.approx(np.nanmean(summary["mean_value"]))


def test_values_of_nothing_or_less_are_left_out_and_said(simulate: Simulate) -> None:
    summary = simulate(seed=5)
    clean = GammaGamma().fit(summary)
    spoiled = {name: np.append(values, [3.0] * 3) for name, values in summary.items()}
    spoiled["mean_value"][-3:] = [0.0, -40.0, np.nan]
    model = GammaGamma().fit(spoiled)
    assert model.params_ == pytest.approx(clean.params_, rel=1e-6)
    assert any(note.endswith("left out of the fit: 3.") for note in model.notes_)
    assert model.expected_value(spoiled)[-3:] == pytest.approx([model.population_value_] * 3)


def test_values_that_are_all_alike_give_that_value_and_a_note() -> None:
    table = {"frequency": [1, 2, 3, 4] * 20, "mean_value": [25.0] * 80}
    model = GammaGamma().fit(table)
    assert model.notes_
    assert model.expected_value(table) == pytest.approx([25.0] * 80, rel=1e-3)


def test_too_few_values_are_refused_in_words() -> None:
    with pytest.raises(TooLittleHistory, match="positive value: 3"):
        GammaGamma().fit({"frequency": [2, 2, 2, 0], "mean_value": [5.0, 6.0, 7.0, None]})
