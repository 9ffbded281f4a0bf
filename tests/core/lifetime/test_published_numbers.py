"""What the authors of the models and their peers publish comes out here, to the digits they print. Mission row C1."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt
import pytest

from regulars.core.lifetime import BetaGeoCNBD, BetaGeoNBD, GammaGamma, ModifiedBetaGeoNBD

Summary = dict[str, npt.NDArray[np.float64]]
TIMES = ["frequency", "recency", "age"]


def test_bg_nbd_finds_the_published_parameters_of_the_cdnow_sample(cdnow_sample: Summary) -> None:
    """C1. Fader, Hardie & Lee 2005, table 2."""
    model = BetaGeoNBD().fit(cdnow_sample)
    assert [round(value, 3) for value in model.params_.values()] == [0.243, 4.414, 0.793, 2.426]
    assert model.log_likelihood_ == pytest.approx(-9582.429, abs=0.01)
    assert model.converged_
    assert model.notes_ == []


def test_mbg_nbd_finds_the_published_parameters_of_the_cdnow_sample(cdnow_sample: Summary) -> None:
    """C1. Batislam et al. 2007 and the packages that carry the model."""
    model = ModifiedBetaGeoNBD().fit(cdnow_sample)
    assert [round(value, 3) for value in model.params_.values()] == [0.525, 6.183, 0.891, 1.614]
    assert model.log_likelihood_ == pytest.approx(-9582.136, abs=0.01)
    assert model.notes_ == []


def test_orders_of_the_cdnow_sample_are_found_to_come_at_random(cdnow_sample: Summary, cdnow_full: Summary) -> None:
    """C1. Reutterer, Platzer & Schröder 2021: k = 1; with k = 2 the log-likelihood is −9855.3."""
    summary = {**cdnow_sample, "log_gap_sum": _gaps_in_weeks(cdnow_sample, cdnow_full)}
    model = BetaGeoCNBD().fit(summary)
    assert model.k_ == 1
    assert model.log_likelihood_ == pytest.approx(-9582.429, abs=0.01)
    assert BetaGeoCNBD(k=2).fit(summary).log_likelihood_ == pytest.approx(-9855.3, abs=0.05)


def _gaps_in_weeks(sample: Summary, full: Summary) -> npt.NDArray[np.float64]:
    """The sample is published without its gaps; all of CDNOW has them, of accounts with the same figures."""
    alike: dict[tuple[int, ...], list[tuple[float, float]]] = defaultdict(list)
    for *days, value, gaps in zip(*(full[name] for name in [*TIMES, "mean_value", "log_gap_sum"]), strict=True):
        alike[tuple(round(number) for number in days)].append((value, gaps))
    found = np.zeros(sample["age"].size)
    for row in np.flatnonzero(sample["frequency"]):
        x, t_x, age, value = (sample[name][row] for name in [*TIMES, "mean_value"])
        ((_, gaps), *_) = sorted(alike[round(x), round(7 * t_x), round(7 * age)], key=lambda its: abs(its[0] - value))
        found[row] = gaps - x * np.log(7)
    return found


def test_bg_nbd_finds_the_known_parameters_of_all_of_cdnow_in_days(cdnow_full: Summary) -> None:
    """C1."""
    model = BetaGeoNBD().fit(cdnow_full)
    assert model.params_ == {
        "r": pytest.approx(0.2516, abs=5e-5),
        "alpha": pytest.approx(33.52, abs=5e-3),
        "a": pytest.approx(0.7234, abs=5e-5),
        "b": pytest.approx(2.161, abs=5e-4),
    }
    assert model.log_likelihood_ == pytest.approx(-142726.06, abs=0.01)


def test_gamma_gamma_finds_the_published_parameters_of_the_cdnow_sample(cdnow_sample: Summary) -> None:
    """C1. Fader & Hardie 2013: 946 repeat buyers."""
    model = GammaGamma().fit(cdnow_sample)
    assert [round(value, 2) for value in model.params_.values()] == [6.25, 3.74, 15.45]
    assert model.log_likelihood_ == pytest.approx(-4055.923, abs=0.01)


def test_gamma_gamma_finds_the_known_parameters_of_all_of_cdnow(cdnow_full: Summary) -> None:
    """C1."""
    model = GammaGamma().fit(cdnow_full)
    assert model.params_ == {
        "p": pytest.approx(6.275, abs=5e-4),
        "q": pytest.approx(3.624, abs=5e-4),
        "gamma": pytest.approx(14.98, abs=5e-3),
    }
    assert model.log_likelihood_ == pytest.approx(-40763.48, abs=0.01)


def test_the_published_example_customer_is_expected_to_order_as_published(cdnow_sample: Summary) -> None:
    """C1. Fader, Hardie & Lee 2005, the note on BG/NBD in a spreadsheet: 1.226 orders in 39 weeks."""
    model = BetaGeoNBD().fit(cdnow_sample)
    customer = {"frequency": [2], "recency": [30.43], "age": [38.86]}
    assert model.expected_orders(customer, periods=39)[0] == pytest.approx(1.226, abs=5e-4)
