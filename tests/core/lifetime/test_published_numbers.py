"""What the authors of the models and their peers publish comes out here, to the digits they print. Mission row C1."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from regulars.core.lifetime import (
    NBD,
    BetaGeoBetaBernoulli,
    BetaGeoCNBD,
    BetaGeoNBD,
    GammaGamma,
    ModifiedBetaGeoNBD,
    ParetoNBD,
    ShiftedBetaGeometric,
    rows_of_survivors,
)

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


def test_pareto_nbd_finds_the_published_parameters_of_the_cdnow_sample(cdnow_sample: Summary) -> None:
    """C1. Fader, Hardie & Lee 2005; standard errors as the package CLVTools prints them."""
    model = ParetoNBD().fit(cdnow_sample)
    assert model.params_ == {
        "r": pytest.approx(0.5533, abs=5e-5),
        "alpha": pytest.approx(10.578, abs=5e-4),
        "s": pytest.approx(0.6062, abs=5e-5),
        "beta": pytest.approx(11.668, abs=5e-4),
    }
    assert model.standard_errors_ == {
        "r": pytest.approx(0.0476, abs=5e-5),
        "alpha": pytest.approx(0.843, abs=5e-4),
        "s": pytest.approx(0.187, abs=5e-4),
        "beta": pytest.approx(6.21, abs=5e-3),
    }
    assert model.log_likelihood_ == pytest.approx(-9594.974, abs=0.001)
    assert model.converged_
    assert model.notes_ == []


def test_pareto_nbd_finds_the_known_parameters_of_all_of_cdnow_in_days(cdnow_full: Summary) -> None:
    """C1."""
    model = ParetoNBD().fit(cdnow_full)
    assert model.params_ == {
        "r": pytest.approx(0.5974, abs=5e-5),
        "alpha": pytest.approx(81.10, abs=5e-3),
        "s": pytest.approx(0.5222, abs=5e-5),
        "beta": pytest.approx(61.79, abs=5e-3),
    }
    assert model.log_likelihood_ == pytest.approx(-142772.73, abs=0.01)


def test_the_published_customer_of_pareto_nbd_is_expected_to_order_as_published(cdnow_sample: Summary) -> None:
    """C1. Customer 1516 of the walk-through of the package BTYD, and a new customer's first year."""
    model = ParetoNBD().fit(cdnow_sample)
    customer = {"frequency": [26], "recency": [30.86], "age": [31]}
    assert model.probability_alive(customer)[0] == pytest.approx(0.9979, abs=5e-5)
    assert model.expected_orders(customer, periods=52)[0] == pytest.approx(25.45, abs=0.01)
    assert model.expected_orders_new(52) == pytest.approx(1.473, abs=5e-4)


def test_pareto_nbd_beats_the_model_without_leaving_on_the_cdnow_sample(cdnow_sample: Summary) -> None:
    """C1. The NBD of the sample as the package BTYDplus prints it: r .385, α 12.072."""
    model = NBD().fit(cdnow_sample)
    assert [round(value, 3) for value in model.params_.values()] == [0.385, 12.072]
    assert ParetoNBD().fit(cdnow_sample).log_likelihood_ > model.log_likelihood_ + 100


@pytest.fixture(scope="module")
def donations(shared_data: Path) -> Summary:
    """Who gave in which of six years, 11,104 donors won in 1995."""
    with (shared_data / "donations.csv").open() as file:
        rows = list(csv.DictReader(file))
    names = {"frequency": "frequency", "recency": "recency", "age": "periods", "weight": "weights"}
    return {name: np.array([float(row[theirs]) for row in rows]) for name, theirs in names.items()}


def test_bg_bb_finds_the_published_parameters_of_the_donations(donations: Summary) -> None:
    """C1. Fader, Hardie & Shang 2010: parameters, and what is expected of the five years after."""
    model = BetaGeoBetaBernoulli().fit(donations)
    assert [round(value, 4) for value in model.params_.values()] == [1.2035, 0.7497, 0.6567, 2.7834]
    assert model.log_likelihood_ == pytest.approx(-33225.58, abs=0.01)
    assert model.converged_
    assert model.notes_ == []
    expected = model.expected_orders(donations, periods=5)
    assert [round(expected[0], 2), round(expected[-1], 2)] == [0.07, 3.75]


@pytest.mark.parametrize(
    ("survivors", "params", "log_likelihood"),
    [
        ([1000, 631, 468, 382, 326, 289, 262, 241], [0.7041, 1.1820], -1680.265),
        ([1000, 869, 743, 653, 593, 551, 517, 491], [0.6681, 3.8061], -1611.158),
    ],
    ids=["regular", "high end"],
)
def test_shifted_beta_geometric_finds_the_published_parameters(
    survivors: list[float], params: list[float], log_likelihood: float
) -> None:
    """C1. Fader & Hardie 2007, years 0 to 7."""
    model = ShiftedBetaGeometric().fit(rows_of_survivors(survivors))
    assert [round(value, 4) for value in model.params_.values()] == params
    assert model.log_likelihood_ == pytest.approx(log_likelihood, abs=0.001)
    assert model.notes_ == []
