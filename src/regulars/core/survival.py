"""How long something lasts, where much of it still goes on: survival curves, and whether two of them differ.

Each case has a duration, whether it ended then (`lost`) or was only seen that long, and, if it was first seen later
than it began, the time from which on it was seen (`entry`). With d_i of n_i at risk lost at the time t_i,

    S(t) = Π_{t_i ≤ t} (1 - d_i/n_i)                               Kaplan & Meier 1958,
    σ²(t) = Σ_{t_i ≤ t} d_i / (n_i (n_i - d_i)),   se = S σ        Greenwood 1926,
    band: S^exp(±z σ/ln S)                                          log-log; Kalbfleisch & Prentice 1980, section 1.3.

The median is the first time at which S is at most ½, and its interval the times at which the band crosses ½
(Brookmeyer & Crowley 1982). The mean up to τ is the area A under S up to τ, with the variance
Σ (A from t_i to τ)² d_i/(n_i (n_i - d_i)) (Klein & Moeschberger 2003, section 4.5). Curves are compared by the log-rank
test (Mantel 1966; more than two groups, strata and late entry: Klein & Moeschberger 2003, sections 7.3 and 7.5).

A case is at risk at t if entry < t ≤ duration. Durations may be 0: whoever is lost at once was at risk at 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, ndtri

from regulars.core.errors import Refusal

Vector = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
Marks = npt.NDArray[np.bool_]


class UnusableDurations(Refusal):
    """Durations that contradict themselves."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A figure and bounds that hold it with the chance asked for. Infinite: not reached in what was seen."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False, kw_only=True)
class SurvivalCurve:
    """A step function: `survival[i]` holds from `times[i]` (times at which somebody was lost) until the next."""

    times: Vector
    at_risk: Vector
    lost: Vector
    survival: Vector
    spread: Vector  # σ of the module's head; infinite where nobody is left
    cases: int
    longest: float  # how long anybody was seen: the curve says nothing of later

    def at(self, times: Any) -> Vector:
        """Give the share that lasts longer than these times."""
        return self._step(self.survival, times, before=1.0)

    def standard_error(self, times: Any) -> Vector:
        """Give Greenwood's standard error of `at`."""
        spread = np.where(self.survival > 0, self.spread, 0.0)
        return self._step(self.survival * spread, times, before=0.0)

    def band(self, times: Any, *, level: float = 0.95) -> tuple[Vector, Vector]:
        """Give the bounds of `at`. Before the first loss both are 1; where nobody is left the upper one stays."""
        low, high = self._bounds(level)
        return self._step(low, times, before=1.0), self._step(high, times, before=1.0)

    def median(self, *, level: float = 0.95) -> Estimate:
        """Give the time that half of the cases last, infinite if more than half last longer than was seen."""
        return self.quantile(0.5, level=level)

    def quantile(self, lost: float, *, level: float = 0.95) -> Estimate:
        """Give the time by which this share is lost."""
        low, high = self._bounds(level)
        first = [self._first_at_most(bound, 1 - lost) for bound in (self.survival, low, high)]
        return Estimate(value=first[0], low=first[1], high=first[2])

    def mean(self, until: float, *, level: float = 0.95) -> Estimate:
        """Give the mean duration, none counted for longer than `until`.

        `until` is at most `longest`, beyond which nothing is known.
        Bounds are normal, kept between 0 and `until`.
        """
        if not 0 < until <= self.longest:
            raise ValueError(f"until must lie between 0 and {self.longest}, the longest that was seen, not {until}")
        edges = np.concatenate([[0.0], self.times[self.times < until], [until]])
        pieces = np.diff(edges) * np.concatenate([[1.0], self.survival[self.times < until]])
        ahead = np.cumsum(pieces[::-1])[::-1][1:]  # the area from each loss on
        at_risk, lost = self.at_risk[self.times < until], self.lost[self.times < until]
        with np.errstate(divide="ignore", invalid="ignore"):
            variance = np.where(ahead > 0, ahead**2 * lost / (at_risk * (at_risk - lost)), 0.0).sum()
        reach = float(ndtri((1 + level) / 2) * np.sqrt(variance))
        value = float(pieces.sum())
        return Estimate(value=value, low=max(value - reach, 0.0), high=min(value + reach, until))

    def _bounds(self, level: float) -> tuple[Vector, Vector]:
        if not 0 < level < 1:
            raise ValueError(f"level must lie between 0 and 1, not {level}")
        inner = (self.survival > 0) & (self.survival < 1)
        logs = np.log(np.where(inner, self.survival, 0.5))
        reach = float(ndtri((1 + level) / 2)) * np.where(inner, self.spread, 0.0) / -logs
        low = np.where(inner, np.exp(logs * np.exp(reach)), self.survival)
        high = np.where(inner, np.exp(logs * np.exp(-reach)), 1.0)
        # Where nobody is left there is no bound above; that of the time before still holds, since S only falls.
        return low, np.where(self.survival > 0, high, np.concatenate([[1.0], high[:-1]])) if high.size else high

    def _step(self, values: Vector, times: Any, *, before: float) -> Vector:
        asked = np.asarray(times, dtype=np.float64)
        places = np.searchsorted(self.times, asked, side="right")
        return np.asarray(np.concatenate([[before], values])[places])

    def _first_at_most(self, values: Vector, share: float) -> float:
        below = np.flatnonzero(values <= share * (1 + 1e-12))
        return float(self.times[below[0]]) if below.size else float("inf")


def kaplan_meier(durations: Any, lost: Any, *, entry: Any = None) -> SurvivalCurve:
    """Give the survival curve of cases that lasted so long and were lost then, or not yet.

    `entry`: from when on each case was seen; a case seen from its beginning has entered below 0, which is the default.
    Cases that were seen late are few at first: a curve that falls to 0 there says more of that than of the cases.
    """
    cases = _Cases.of(durations, lost, entry)
    times = np.unique(cases.durations[cases.lost])
    at_risk, events = cases.at_risk(times), cases.events(times)
    with np.errstate(divide="ignore"):
        spread = np.sqrt(np.cumsum(events / (at_risk * (at_risk - events))))
    return SurvivalCurve(
        times=times,
        at_risk=at_risk,
        lost=events,
        survival=np.asarray(np.cumprod(1 - events / at_risk), np.float64),
        spread=spread,
        cases=cases.durations.size,
        longest=float(cases.durations.max(initial=0.0)),
    )


@dataclass(frozen=True, kw_only=True)
class LogRank:
    """Whether chance explains that groups differ. `ratio` of lost to expected for each group, in their sequence."""

    chi_squared: float
    degrees: int
    p_value: float
    lost: Vector
    expected: Vector  # if all groups were alike

    @property
    def ratio(self) -> Vector:
        """How many times as many were lost as if all groups were alike; NaN where none was expected to be."""
        return np.asarray(
            np.divide(self.lost, self.expected, out=np.full_like(self.lost, np.nan), where=self.expected > 0)
        )


def log_rank(durations: Any, lost: Any, groups: Any, *, entry: Any = None, strata: Any = None) -> LogRank:
    """Test whether two or more groups last equally long.

    `groups` and `strata` name that of each case; groups come in sorted sequence. With strata, cases are compared only
    with those of their own stratum. Raises `UnusableDurations` if there is but one group.
    """
    cases = _Cases.of(durations, lost, entry)
    names, group = np.unique(np.asarray(groups), return_inverse=True)
    if names.size < 2:
        raise UnusableDurations("There is only one group.", "Give at least two groups to compare.")
    stratum = np.zeros(group.size, np.intp) if strata is None else np.unique(np.asarray(strata), return_inverse=True)[1]
    if group.size != cases.durations.size or stratum.size != group.size:
        raise UnusableDurations("Groups or strata differ in number from durations.", "Give one for each case.")
    seen, expected, covariance = np.zeros(names.size), np.zeros(names.size), np.zeros((names.size, names.size))
    for one in range(int(stratum.max(initial=0)) + 1):
        for total, more in zip(
            (seen, expected, covariance), _compared(cases, group, stratum == one, names.size), strict=True
        ):
            total += more
    # The differences sum to nothing, so one group is left out; a group never at risk among others adds nothing.
    inner = np.flatnonzero(np.diag(covariance) > 0)[:-1]
    difference = (seen - expected)[inner]
    chi_squared = (
        float(difference @ np.linalg.solve(covariance[np.ix_(inner, inner)], difference)) if inner.size else 0.0
    )
    return LogRank(
        chi_squared=chi_squared,
        degrees=inner.size,
        p_value=float(chdtrc(inner.size, chi_squared)) if inner.size else 1.0,
        lost=seen,
        expected=expected,
    )


def _compared(cases: _Cases, group: Indices, chosen: Marks, groups: int) -> tuple[Vector, Vector, Vector]:
    """Give the losses of each group, those to expect and their covariance, among some of the cases."""
    together = cases.part(chosen)
    times = np.unique(together.durations[together.lost])
    apart = [cases.part(chosen & (group == one)) for one in range(groups)]
    at_risk = np.array([part.at_risk(times) for part in apart])
    lost = np.array([part.events(times) for part in apart])
    n, d = at_risk.sum(axis=0), lost.sum(axis=0)
    share = at_risk / n
    scale = d * (n - d) / np.maximum(n - 1, 1)
    covariance = np.diag((share * scale).sum(axis=1)) - (share * scale) @ share.T
    return lost.sum(axis=1), (share * d).sum(axis=1), covariance


@dataclass(frozen=True, eq=False)
class _Cases:
    """Checked cases."""

    durations: Vector
    lost: Marks
    entry: Vector

    @classmethod
    def of(cls, durations: Any, lost: Any, entry: Any) -> _Cases:
        lasted = np.asarray(durations, dtype=np.float64).ravel()
        ended = np.asarray(lost).ravel().astype(bool)
        seen_from = np.full(lasted.size, -np.inf) if entry is None else np.asarray(entry, dtype=np.float64).ravel()
        if not lasted.size == ended.size == seen_from.size:
            raise UnusableDurations(
                "Durations, losses and entries differ in number.", "Give one of each for each case."
            )
        if not np.all(np.isfinite(lasted) & (lasted >= 0)):
            raise UnusableDurations("A duration is negative, missing or infinite.", "Leave such cases out.")
        if not np.all(seen_from < lasted):
            raise UnusableDurations("A case entered when it had ended already.", "Leave such cases out.")
        return cls(lasted, ended, seen_from)

    def part(self, chosen: Marks) -> _Cases:
        return _Cases(self.durations[chosen], self.lost[chosen], self.entry[chosen])

    def at_risk(self, times: Vector) -> Vector:
        lasting = self.durations.size - np.searchsorted(np.sort(self.durations), times, side="left")
        not_yet = self.entry.size - np.searchsorted(np.sort(self.entry), times, side="left")
        return np.asarray(lasting - not_yet, dtype=np.float64)

    def events(self, times: Vector) -> Vector:
        ended = np.sort(self.durations[self.lost])
        up_to, before = np.searchsorted(ended, times, side="right"), np.searchsorted(ended, times, side="left")
        return np.asarray(up_to - before, dtype=np.float64)


def ratio_of_shares(some: int, of_some: int, others: int, of_others: int, *, level: float = 0.95) -> Estimate:
    """Give how many times as large the share some/of_some is as others/of_others, with bounds.

    By the normal distribution of the logarithm (Katz et al. 1978, "Obtaining confidence intervals for the risk ratio in
    cohort studies", equation 2); both counts must be at least 1.
    """
    if min(some, others) < 1 or some > of_some or others > of_others:
        raise ValueError(f"no ratio of {some}/{of_some} to {others}/{of_others}")
    ratio = some / of_some / (others / of_others)
    reach = float(ndtri((1 + level) / 2)) * np.sqrt(1 / some - 1 / of_some + 1 / others - 1 / of_others)
    return Estimate(value=ratio, low=float(ratio * np.exp(-reach)), high=float(ratio * np.exp(reach)))


def share_with_bounds(some: int, of: int, *, level: float = 0.95) -> Estimate:
    """Give some/of and the bounds of the share behind it (Wilson 1927); `of` must be at least 1."""
    if not 0 <= some <= of or of < 1:
        raise ValueError(f"{some} of {of} is no share")
    z, share = float(ndtri((1 + level) / 2)), some / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    reach = z / (1 + z * z / of) * float(np.sqrt(share * (1 - share) / of + z * z / (4 * of * of)))
    low, high = max(middle - reach, 0.0), min(middle + reach, 1.0)
    return Estimate(value=share, low=0.0 if some == 0 else low, high=1.0 if some == of else high)
