"""Accounts of other kinds order at other rates and leave with other chances. Mission row C1."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import betaln, gammaln

from regulars.core.lifetime import (
    BetaGeoCNBD,
    BetaGeoNBD,
    Covariates,
    ModifiedBetaGeoCNBD,
    ModifiedBetaGeoNBD,
    ParetoNBD,
    UnusableSummary,
)

Vector = npt.NDArray[np.float64]
Summary = dict[str, Vector]
Simulate = Callable[..., Summary]
TRUTH = {
    "r": 0.9,
    "alpha": 6.0,
    "a": 0.7,
    "b": 3.0,
    "alpha[web]": 0.6,
    "alpha[size]": 0.3,
    "a[web]": 0.5,
    "b[web]": -0.2,
}
OF_PARETO = {"r": 0.9, "alpha": 6.0, "s": 0.8, "beta": 20.0, "alpha[web]": 0.6, "alpha[size]": 0.3, "beta[web]": 0.7}
MODELS = [ParetoNBD(), BetaGeoNBD(), ModifiedBetaGeoNBD(), BetaGeoCNBD(k=2), ModifiedBetaGeoCNBD(k=3)]
NAMES = ["Pareto/NBD", "BG/NBD", "MBG/NBD", "BG/CNBD-2", "MBG/CNBD-3"]


def truly(model: Any) -> Any:
    """A model that knows the truth, of accounts by web or not and of sizes 1 to 4."""
    fitted = Covariates(model, rate=["web", "size"], leaving=["web"])
    fitted.params_ = dict(OF_PARETO if isinstance(model, ParetoNBD) else TRUTH)
    fitted._patterns = np.array([(web, size) for web in (0.0, 1.0) for size in (1.0, 2.0, 3.0, 4.0)])
    fitted._shares = np.full(8, 1 / 8)
    fitted._spread = np.zeros((len(fitted.params_), 0))
    fitted._ages = np.linspace(20, 80, 257)
    return fitted


@pytest.mark.parametrize("model", MODELS, ids=NAMES)
def test_what_is_simulated_is_learned_again(model: Any) -> None:
    drawn, truth = truly(model).simulate(seed=51, accounts=12_000), truly(model).params_
    found = Covariates(model, rate=["web", "size"], leaving=["web"]).fit(drawn)
    assert found.converged_
    assert found.notes_ == []
    assert list(found.params_) == list(truth)
    for name, true in truth.items():
        assert abs(found.params_[name] - true) < 4 * (found.standard_errors_[name] or 0), name
    assert found.params_["alpha[web]"] > 4 * (found.standard_errors_["alpha[web]"] or math.inf)


@pytest.mark.parametrize("model", MODELS, ids=NAMES)
def test_forecasts_are_those_of_the_model_at_the_parameters_of_each_account(model: Any) -> None:
    fitted = truly(model)
    drawn = fitted.simulate(seed=52, accounts=400, periods=26)
    web, size = drawn["web"], drawn["size"]
    for pattern in ((0.0, 2.0), (1.0, 4.0)):
        rows = (web == pattern[0]) & (size == pattern[1])
        some = {name: values[rows] for name, values in drawn.items()}
        alone = type(model)() if not hasattr(model, "k") else type(model)(k=model.k)
        alone.params_ = {
            "r": 0.9,
            "alpha": 6.0 * math.exp(-0.6 * pattern[0] - 0.3 * pattern[1]),
            **(
                {"s": 0.8, "beta": 20.0 * math.exp(-0.7 * pattern[0])}
                if isinstance(model, ParetoNBD)
                else {"a": 0.7 * math.exp(0.5 * pattern[0]), "b": 3.0 * math.exp(-0.2 * pattern[0])}
            ),
        }
        alone._spread = np.zeros((4, 0))
        assert fitted.probability_alive(drawn)[rows] == pytest.approx(alone.probability_alive(some))
        for ask in ("expected_orders", "expected_orders_if_alive", "probability_of_orders", "interval"):
            theirs, own = getattr(fitted, ask)(drawn, periods=26), getattr(alone, ask)(some, periods=26)
            assert np.asarray(theirs)[..., rows] == pytest.approx(np.asarray(own))


@pytest.mark.parametrize(("kind", "accounts"), [(BetaGeoNBD, 20_000), (ParetoNBD, 2000)])
def test_expected_orders_come_true_and_bounds_hold(kind: Any, accounts: int) -> None:
    model = Covariates(kind(), rate=["web", "size"], leaving=["web"])
    fitted = model.fit(truly(kind()).simulate(seed=53, accounts=3000))
    drawn = fitted.simulate(seed=54, accounts=accounts, periods=26)
    came, expected = drawn["orders_ahead"], fitted.expected_orders(drawn, periods=26)
    assert abs(came.mean() - expected.mean()) < 4 * np.std(came - expected) / math.sqrt(came.size)
    lower, upper = fitted.interval(drawn, periods=26)
    assert 0.87 <= ((lower <= came) & (came <= upper))[expected > 5].mean() <= 0.93


def test_the_likelihood_is_the_papers_and_at_its_highest() -> None:
    drawn = truly(BetaGeoNBD()).simulate(seed=55, accounts=1500)
    fitted = Covariates(BetaGeoNBD(), rate=["web", "size"], leaving=["web"]).fit(drawn)

    def by_the_paper(params: dict[str, float]) -> float:
        x, t_x, age, web, size = (drawn[name] for name in ("frequency", "recency", "age", "web", "size"))
        r = params["r"]
        alpha = params["alpha"] * np.exp(-params["alpha[web]"] * web - params["alpha[size]"] * size)
        a, b = params["a"] * np.exp(params["a[web]"] * web), params["b"] * np.exp(params["b[web]"] * web)
        counts = betaln(a, b + x) - betaln(a, b) + gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        stayed = -(r + x) * np.log(alpha + age)
        left = np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + t_x)
        return float(np.sum(counts + np.where(x > 0, np.logaddexp(stayed, left), stayed)))

    best = by_the_paper(fitted.params_)
    assert fitted.log_likelihood_ == pytest.approx(best, rel=1e-11)
    for name, value in fitted.params_.items():
        step = 1e-4 * max(abs(value), 0.1)
        above, below = (by_the_paper({**fitted.params_, name: value + side * step}) for side in (1, -1))
        assert abs(above - below) / (2 * step) < 1e-3 * drawn["age"].size
        curvature = (above - 2 * best + below) / step**2
        assert curvature < 0
        assert -curvature >= 0.99 / (fitted.standard_errors_[name] or 0) ** 2


@pytest.mark.parametrize("kind", [BetaGeoNBD, ParetoNBD])
def test_without_covariates_it_is_the_model_itself(kind: Any, cdnow_sample: Summary) -> None:
    plain, extended = kind().fit(cdnow_sample), Covariates(kind()).fit(cdnow_sample)
    assert extended.params_ == pytest.approx(plain.params_, rel=1e-6)
    assert extended.log_likelihood_ == pytest.approx(plain.log_likelihood_, rel=1e-12)
    assert extended.covariance_ == pytest.approx(plain.covariance_, rel=1e-4)
    asked = [model.expected_orders(cdnow_sample, periods=26) for model in (plain, extended)]
    assert asked[1] == pytest.approx(asked[0], rel=1e-5)


def test_a_covariate_may_be_counted_in_any_unit_from_any_point(simulate: Simulate) -> None:
    drawn = truly(BetaGeoNBD()).simulate(seed=56, accounts=2000)
    first = Covariates(BetaGeoNBD(), rate=["size"], leaving=["size"]).fit(drawn)
    moved = {**drawn, "size": 1000 * drawn["size"] + 50_000}
    second = Covariates(BetaGeoNBD(), rate=["size"], leaving=["size"]).fit(moved)
    assert second.log_likelihood_ == pytest.approx(first.log_likelihood_, rel=1e-11)
    assert second.params_["alpha[size]"] == pytest.approx(first.params_["alpha[size]"] / 1000, rel=1e-4)
    assert second.expected_orders(moved, periods=26) == pytest.approx(
        first.expected_orders(drawn, periods=26), rel=1e-5
    )


def test_weights_count_as_so_many_rows() -> None:
    drawn = truly(BetaGeoNBD()).simulate(seed=57, accounts=1500)
    weight = np.random.default_rng(5).integers(0, 4, 1500)
    repeated = {name: np.repeat(values, weight) for name, values in drawn.items()}
    once = Covariates(BetaGeoNBD(), rate=["web"]).fit({**drawn, "weight": weight})
    many = Covariates(BetaGeoNBD(), rate=["web"]).fit(repeated)
    assert once.params_ == pytest.approx(many.params_, rel=1e-6)


def test_covariates_that_explain_nothing_or_are_unknown_are_refused() -> None:
    drawn = truly(BetaGeoNBD()).simulate(seed=58, accounts=3000)
    model = Covariates(BetaGeoNBD(), rate=["web"])
    with pytest.raises(UnusableSummary, match="same for all"):
        model.fit({**drawn, "web": np.ones(3000)})
    with pytest.raises(UnusableSummary, match="missing"):
        model.fit({**drawn, "web": np.full(3000, np.nan)})
    with pytest.raises(UnusableSummary, match="no column web"):
        model.fit({name: values for name, values in drawn.items() if name != "web"})
    with pytest.raises(UnusableSummary, match="3000 ways"):
        model.fit({**drawn, "web": np.arange(3000.0)})
    with pytest.raises(ValueError, match="k given"):
        Covariates(BetaGeoCNBD(), rate=["web"])


def test_a_kind_that_never_comes_back_gives_a_note_and_no_nonsense() -> None:
    drawn = truly(BetaGeoNBD()).simulate(seed=59, accounts=1000)
    gone = drawn["web"] == 1
    drawn["frequency"][gone], drawn["recency"][gone] = 0, 0
    model = Covariates(BetaGeoNBD(), rate=["web"], leaving=["web"]).fit(drawn)
    assert model.converged_ or model.notes_
    assert model.notes_
    expected = model.expected_orders(drawn, periods=26)
    assert np.all(np.isfinite(expected))
    assert expected[gone].max() < 0.1
    assert np.all(np.isfinite(model.interval(drawn, periods=26)[1]))
