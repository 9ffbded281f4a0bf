"""BG/CNBD-k: as BG/NBD, but for customers whose orders come more regularly than at random.

Platzer & Reutterer, "Ticking Away the Moments: Timing Regularity Helps to Better Predict Customer Activity",
*Marketing Science* 35(5), 2016, for the gaps; Reutterer, Platzer & Schröder, "Leveraging purchase regularity for
predicting customer behavior the easy way", *International Journal of Research in Marketing* 38(1), 2021, for this
model and MBG/CNBD-k. While it is alive, the gaps between an account's orders are Erlang-k (the sum of k exponential
times) of its own rate λ; after each repeat order it leaves for good with its own chance p; λ ~ Gamma(r, α),
p ~ Beta(a, b).

Symbols of the papers: `x` repeat orders, `t_x` recency, `T` age; `g_i` the gaps between orders, e(g) the density of an
Erlang-k time of rate λ and S(g) the chance that it is longer than g. The likelihood given λ and p is

    L = Π e(g_i) · [ (1-p)ˣ S(T-t_x) + δ(x>0) p (1-p)^(x-1) ].

What comes of it when λ and p are integrated out, and how the expectation is found without the approximation that the
authors use, is told in `beta_geometric`, of which this is the case c = 0. For k = 1 it is BG/NBD.

k is the same for all accounts. The time at which orders fall is only needed as the sum of the logarithms of the gaps.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np

from regulars.core.lifetime.beta_geometric import BetaGeometric
from regulars.core.lifetime.columns import UnusableSummary, Vector, as_columns, read_columns, read_weight
from regulars.core.lifetime.maximum_likelihood import Optimum
from regulars.core.notes import Note, gettext_noop

LARGEST_K = 8
MOST_REGULAR = gettext_noop("Orders come at least as regularly as the largest k tried, %(k)s, can express.")


class RegularBetaGeometric(BetaGeometric):
    """What the CNBD-k models share: k given, or that of 1 to 8 with the highest likelihood.

    After `fit`, besides what every model learns: `k_`, and `log_likelihoods_`, k → the log-likelihood at its optimum.
    """

    k_: int
    log_likelihoods_: dict[int, float]

    def __init__(self, k: int | None = None) -> None:
        """Set k, whole and from 1 to 8; None to choose it by likelihood. Raises ValueError for another."""
        if k is not None and k not in range(1, LARGEST_K + 1):
            raise ValueError(f"k must be a whole number from 1 to {LARGEST_K}, or None to choose it, not {k}")
        self.k = k

    @property
    def _events(self) -> int:
        return self.k_ if self.k is None else self.k

    def _gaps(self, table: Any) -> Vector | None:
        return None if self.k == 1 else _log_gap_sum(table)

    def fit(self, summary: Any) -> Self:
        """Learn from rows of (frequency, recency, age, log_gap_sum[, weight]); w counts as w accounts.

        `log_gap_sum` is not needed for k = 1. Where k is to be chosen, the search goes upwards, and ends when the
        likelihood has fallen twice. Raises `TooLittleHistory` if hardly anyone has ordered twice, `UnusableSummary` if
        rows contradict themselves.
        """
        statistics = self._statistics(as_columns(summary))
        found: dict[int, Optimum] = {}
        for k in range(1, LARGEST_K + 1) if self.k is None else [self.k]:
            nearby = found[k - 1].logs + np.log([1, (k - 1) / k, 1, 1]) if found else None
            found[k] = statistics.with_events(k).maximise(nearby=nearby)
            reached = [found[tried].log_likelihood for tried in sorted(found)[-3:]]
            if len(reached) == 3 and reached[0] > reached[1] > reached[2]:
                break
        self.k_ = max(found, key=lambda k: found[k].log_likelihood)
        self._settle(statistics, found[self.k_])
        shift = statistics.orders * float(np.log(statistics.scale))
        self.log_likelihoods_ = {k: optimum.log_likelihood - shift for k, optimum in found.items()}
        if self.k is None and self.k_ == LARGEST_K:
            self.notes_.append(Note(MOST_REGULAR, k=LARGEST_K))
        return self


class BetaGeoCNBD(RegularBetaGeometric):
    """BG/CNBD-k by maximum likelihood. Time is in any unit, the same for `fit` and for questions."""

    leaves_after_first: ClassVar[bool] = False


def _log_gap_sum(table: Any) -> Vector:
    x, log_gap_sum = read_columns(table, ["frequency", "log_gap_sum"])
    if not np.all(np.isfinite(log_gap_sum[(x > 0) & (read_weight(table, x.size) > 0)])):
        raise UnusableSummary(
            "A sum of logarithms of gaps (log_gap_sum) is missing or infinite.",
            "Count orders of one day as one, so that no gap is 0; leave accounts whose gaps are unknown out.",
        )
    return log_gap_sum
