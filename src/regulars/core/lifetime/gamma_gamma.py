"""Gamma-Gamma: the mean value of an account's orders, pulled towards the others' where its own history is short.

Fader & Hardie, "The Gamma-Gamma Model of Monetary Value", 2013 (the model of Fader, Hardie & Lee, "RFM and CLV",
*Journal of Marketing Research* 42, 2005). The values of an account's orders vary around its own mean as Gamma(p, ν),
and ν ~ Gamma(q, γ) differs between accounts; values do not depend on how often an account orders.

Symbols of the paper: `x` orders observed, `z` their mean value; `S = xz` is the sum. Density of z (equation 1a)

    f(z) = 1/z · 1/B(px, q) · (γ/(γ+S))^q · (S/(γ+S))^(px)

and the expected mean value (equation 5), a weighted mean of the account's own and the population's

    E[Z | z, x] = p (γ + S) / (px + q - 1),    of an account without orders  pγ / (q - 1)  if q > 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from scipy.special import betaln, polygamma, psi

from regulars.core.lifetime.columns import Vector, as_columns, blocks, collapse, read_columns, read_weight
from regulars.core.lifetime.maximum_likelihood import (
    LONGER_HISTORY,
    SAMPLE_ROWS,
    Derivatives,
    MaximumLikelihoodModel,
    Optimum,
    TooLittleHistory,
    in_logs,
    maximise,
)
from regulars.core.notes import Note, gettext_noop

LEAST_REPEATERS = 10
STARTS = [(1.0, 2.0, 1.0), (6.0, 4.0, 0.5), (0.3, 1.5, 2.0), (50.0, 20.0, 0.4)]
MOST_DIFFERENT = 0.9  # share of rows; where more differ, collapsing them costs more than it saves

LEFT_OUT = gettext_noop("Accounts whose repeat orders add up to nothing or less were left out of the fit: %(count)s.")
TOO_FEW = gettext_noop(
    "Accounts with repeat orders of a positive value: %(accounts)s. "
    "At least %(least)s are needed to learn what orders are worth."
)
NO_MEAN = gettext_noop(
    "A few very large values leave the model without a mean of its own; "
    "accounts are pulled towards the observed mean instead."
)


class GammaGamma(MaximumLikelihoodModel):
    """Gamma-Gamma by maximum likelihood, in whatever currency unit the values are.

    After `fit`, besides what every model learns: `population_value_`, the mean value to expect of an account without
    repeat orders.
    """

    names = ("p", "q", "gamma")
    bound_notes: ClassVar[dict[tuple[str, int], str]] = {
        ("p", 1): gettext_noop("The values of an account's orders hardly vary."),
        ("p", -1): gettext_noop("The values of an account's orders vary beyond what the model can express."),
        ("q", 1): gettext_noop("All accounts place orders of practically the same mean value."),
        ("q", -1): gettext_noop("Mean values differ between accounts beyond what the model can express."),
        ("gamma", 1): gettext_noop("All accounts place orders of practically the same mean value."),
        ("gamma", -1): gettext_noop("An account's own history hardly tells the value of its next order."),
    }

    population_value_: float

    def fit(self, summary: Any) -> Self:
        """Learn from rows of (frequency, mean_value[, weight]).

        Accounts without repeat orders of positive value do not count. Raises `TooLittleHistory` if there are
        too few others.
        """
        table = as_columns(summary)
        x, z = read_columns(table, ["frequency", "mean_value"])
        weight = read_weight(table, x.size)
        repeated = (x > 0) & (weight > 0)
        usable = repeated & (z > 0) & np.isfinite(z)
        values = _Values.of(x[usable], z[usable], weight[usable])
        optimum = values.maximise()
        self._learn(
            optimum,
            units=np.array([1.0, 1.0, values.scale]),
            log_likelihood=optimum.log_likelihood - values.accounts * float(np.log(values.scale)),
            accounts=values.accounts,
        )
        self._settle_population(values)
        left_out = float(weight[repeated & ~usable].sum())
        if left_out:
            self.notes_.append(Note(LEFT_OUT, count=left_out))
        return self

    def expected_value(self, summary: Any) -> Vector:
        """Give the mean value to expect of each account's next orders (equation 5).

        An account without repeat orders, or whose repeat orders add up to nothing or less, gets `population_value_`.
        """
        x, z = read_columns(as_columns(summary), ["frequency", "mean_value"])
        known = (x > 0) & (z > 0) & np.isfinite(z)
        own = self._share_of_own(np.where(known, x, 0.0))
        return own * np.where(known, z, 0.0) + (1 - own) * self.population_value_

    def _share_of_own(self, x: Vector) -> Vector:
        """Give how far an account's own mean counts. Without a mean of the model's own, q stands for q - 1."""
        p, q, _ = self.params_.values()
        return p * x / (p * x + (q - 1 if self._has_mean else q))

    def _settle_population(self, values: _Values) -> None:
        """Take the model's mean where it exists and is no larger than anything ever seen, else the observed one."""
        p, q, gamma = self.params_.values()
        largest = float(values.z.max()) * values.scale
        self._has_mean = q > 1 and p * gamma <= 1.001 * largest * (q - 1)
        observed = float(np.average(values.z, weights=values.weight)) * values.scale
        self.population_value_ = p * gamma / (q - 1) if self._has_mean else observed
        if not self._has_mean:
            self.notes_.append(Note(NO_MEAN))


@dataclass(frozen=True)
class _Values:
    """All that the likelihood needs, in units of value in which means are near 1."""

    scale: float
    accounts: float
    x: Vector
    z: Vector
    weight: Vector
    frequencies: Vector  # the different x ...
    frequency_weight: Vector  # ... and how many accounts have them

    @classmethod
    def of(cls, x: Vector, z: Vector, weight: Vector) -> _Values:
        accounts = float(weight.sum())
        if accounts < LEAST_REPEATERS:
            raise TooLittleHistory(Note(TOO_FEW, accounts=accounts, least=LEAST_REPEATERS), Note(LONGER_HISTORY))
        scale = float(np.exp(np.average(np.log(z), weights=weight)))
        z = z / scale
        some = slice(None, None, max(1, x.size // SAMPLE_ROWS))
        kept, _ = collapse([x[some], z[some]], weight[some])
        if kept[0].size < MOST_DIFFERENT * x[some].size:
            (x, z), weight = collapse([x, z], weight)
        return cls._grouped(scale, x, z, weight)

    @classmethod
    def _grouped(cls, scale: float, x: Vector, z: Vector, weight: Vector) -> _Values:
        (frequencies,), frequency_weight = collapse([x], weight)
        return cls(scale, float(weight.sum()), x, z, weight, frequencies, frequency_weight)

    def maximise(self) -> Optimum:
        starts = [np.log(start) for start in STARTS]
        if self.x.size > 3 * SAMPLE_ROWS:
            step = self.x.size // SAMPLE_ROWS
            sample = self._grouped(self.scale, self.x[::step], self.z[::step], self.weight[::step])
            starts.insert(0, maximise(sample.derivatives, starts, accounts=sample.accounts).logs)
        return maximise(self.derivatives, starts, accounts=self.accounts)

    def derivatives(self, logs: Vector) -> Derivatives:
        """Give the log-likelihood with its derivatives by the logarithms of (p, q, γ)."""
        params = np.exp(logs)
        p, q, gamma = params.tolist()
        n, w = self.frequencies, self.frequency_weight
        sums = np.sum([self._sums(gamma, rows) for rows in blocks(self.x.size)], axis=0)
        rest, own, share, whole, squared, bent, log_z = sums.tolist()
        slope, bend = psi(p * n + q), polygamma(1, p * n + q)
        value = -float(w @ betaln(p * n, q)) - q * rest - p * own - log_z
        gradient = np.array(
            [(w * n) @ (slope - psi(p * n)) - own, w @ (slope - psi(q)) - rest, q / gamma * share - p * whole]
        )
        pp = (w * n * n) @ (bend - polygamma(1, p * n))
        pq, qq = (w * n) @ bend, w @ (bend - polygamma(1, q))
        gamma_gamma = p * squared - q / gamma * bent
        hessian = np.array([[pp, pq, -whole], [pq, qq, share / gamma], [-whole, share / gamma, gamma_gamma]])
        return in_logs(params, value, gradient, hessian)

    def _sums(self, gamma: float, rows: slice) -> Vector:
        """Sum over some rows what depends on their values: ln(1+S/γ), x ln(1+γ/S), S/(γ+S), x/(γ+S), ..., ln z."""
        x, z, weight = self.x[rows], self.z[rows], self.weight[rows]
        total = x * z
        whole = 1 / (gamma + total)
        share, per_order = total * whole, weight * x
        return np.array(
            [
                weight @ np.log1p(total / gamma),
                per_order @ np.log1p(gamma / total),
                weight @ share,
                per_order @ whole,
                per_order @ whole**2,
                weight @ (share * (whole + 1 / gamma)),
                weight @ np.log(z),
            ]
        )
