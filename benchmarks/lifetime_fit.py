"""How fast the lifetime models learn and answer, against the textbook way (Nelder-Mead over NumPy, hyp2f1), in one run.

python benchmarks/lifetime_fit.py [accounts]
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

from regulars.core.lifetime import (
    BetaGeoCNBD,
    BetaGeoNBD,
    GammaGamma,
    ModifiedBetaGeoCNBD,
    ModifiedBetaGeoNBD,
    ParetoNBD,
)

Result = TypeVar("Result")
Vector = npt.NDArray[np.float64]
Summary = dict[str, Vector]
SEED = 3
PERIODS = 90.0


def simulated(accounts: int, *, whole_days: bool) -> Summary:
    """Accounts that behave as the models say, with ages in days: whole ones, where many rows are alike, or not."""
    random = np.random.default_rng(SEED)
    age = random.uniform(100, 700, accounts)
    rate, leaving = random.gamma(0.25, 1 / 33, accounts), random.beta(0.8, 2.4, accounts)
    rounded: Callable[[Vector], Vector] = np.ceil if whole_days else np.positive
    age = rounded(age)
    frequency, recency, now, log_gap_sum = np.zeros((4, accounts))
    alive = np.ones(accounts, dtype=bool)
    while alive.any():
        before, now = now, rounded(now + random.exponential(1 / np.maximum(rate, 1e-12)))
        ordered = alive & (now <= age)
        log_gap_sum[ordered] += np.log(now[ordered] - before[ordered])
        frequency[ordered] += 1
        recency[ordered] = now[ordered]
        alive = ordered & (random.random(accounts) > leaving)
    count = np.maximum(frequency, 1)
    mean_value = random.gamma(6 * count) / (random.gamma(3.7, 1 / 15, accounts) * count)
    columns = {"frequency": frequency, "recency": recency, "age": age}
    return {**columns, "mean_value": mean_value, "log_gap_sum": log_gap_sum}


def textbook_fit(summary: Summary) -> Vector:
    """Equation 6, row by row, and a search without derivatives."""
    x, t_x, age = summary["frequency"], summary["recency"], summary["age"]

    def loss(logs: Vector) -> float:
        r, alpha, a, b = np.exp(logs)
        counts = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + betaln(a, b + x) - betaln(a, b)
        stayed = -(r + x) * np.log(alpha + age)
        left = np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + t_x)
        return -float(np.mean(counts + np.where(x > 0, np.logaddexp(stayed, left), stayed)))

    options = {"maxiter": 2000, "fatol": 1e-9, "xatol": 1e-6}
    return np.asarray(np.exp(minimize(loss, np.log([1.0, 30.0, 1.0, 1.0]), method="Nelder-Mead", options=options).x))


def textbook_score(summary: Summary, params: Vector) -> Vector:
    """Equation 10 with the hypergeometric function, row by row."""
    x, t_x, age = summary["frequency"], summary["recency"], summary["age"]
    r, alpha, a, b = params
    hyper = hyp2f1(r + x, b + x, a + b + x - 1, PERIODS / (alpha + age + PERIODS))
    above = (a + b + x - 1) / (a - 1) * (1 - ((alpha + age) / (alpha + age + PERIODS)) ** (r + x) * hyper)
    odds = np.where(x > 0, a / (b + np.maximum(x, 1) - 1) * ((alpha + age) / (alpha + t_x)) ** (r + x), 0)
    return np.asarray(above / (1 + odds))


def seconds(work: Callable[[], Result], repeats: int = 1) -> tuple[float, Result]:
    """The shortest of some runs, and what the work gave."""
    best = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - start)
    return best, result


def measure(summary: Summary, *, title: str) -> None:
    fit, model = seconds(lambda: BetaGeoNBD().fit(summary), repeats=3)
    found = np.array(list(model.params_.values()))
    score, expected = seconds(lambda: model.expected_orders(summary, periods=PERIODS), repeats=3)
    value, _ = seconds(lambda: GammaGamma().fit(summary), repeats=3)
    slow_fit, params = seconds(lambda: textbook_fit(summary))
    slow_score, textbook = seconds(lambda: textbook_score(summary, found))
    print(title)
    print(f"  BG/NBD fit    {fit:7.3f} s   textbook {slow_fit:7.2f} s   ratio {slow_fit / fit:6.1f}")
    print(f"  BG/NBD score  {score:7.3f} s   textbook {slow_score:7.2f} s   ratio {slow_score / score:6.1f}")
    print(f"  Gamma-Gamma   {value:7.3f} s")
    measure_family(summary)
    differ = np.max(np.abs(params / found - 1)), np.max(np.abs(expected / textbook - 1))
    print(f"  parameters differ by {differ[0]:.1e}, expectations by {differ[1]:.1e}")


def measure_family(summary: Summary) -> None:
    """The relatives of BG/NBD: fit, chance of being alive and expected orders, bounds."""
    models = BetaGeoNBD(), ModifiedBetaGeoNBD(), BetaGeoCNBD(k=2), ModifiedBetaGeoCNBD(k=None), ParetoNBD()
    for model in models:
        fit, fitted = seconds(lambda model=model: model.fit(summary))  # type: ignore[misc]

        def score(fitted: BetaGeoNBD | BetaGeoCNBD = fitted) -> None:
            fitted.probability_alive(summary)
            fitted.expected_orders(summary, periods=PERIODS)

        scored, _ = seconds(score)
        bounds, _ = seconds(lambda fitted=fitted: fitted.interval(summary, periods=PERIODS))  # type: ignore[misc]
        name = f"{type(model).__name__}{'' if not hasattr(model, 'k') else f' (k={model.k})'}"
        print(f"  {name:30s} fit {fit:6.3f} s   alive and expected {scored:6.3f} s   90 % bounds {bounds:6.3f} s")


def main() -> None:
    accounts = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    print(f"{accounts:,} accounts, seed {SEED}")
    measure(simulated(accounts, whole_days=True), title="whole days, many rows alike")
    measure(simulated(accounts, whole_days=False), title="no two rows alike")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
