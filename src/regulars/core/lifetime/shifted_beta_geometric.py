"""Shifted beta-geometric: contracts that are renewed or not, and how long they last.

Fader & Hardie, "How to Project Customer Retention", *Journal of Interactive Marketing* 21(1), 2007; remaining lifetimes
as in Fader & Hardie, "Customer-Base Valuation in a Contractual Setting: The Perils of Ignoring Heterogeneity",
*Marketing Science* 29(1), 2010. Here a loss is seen: the contract ends. At each renewal an account leaves with its own
chance θ; θ ~ Beta(α, β). Retention rises with age, although no account changes: those likely to leave have left.

Symbols of the papers: `n` renewals that were due, `S(n)` the chance to be still there after them, `r_n` retention:

    S(n) = B(α, β+n)/B(α, β) = Π_{i<n} (β+i)/(α+β+i),    r_n = S(n)/S(n-1) = (β+n-1)/(α+β+n-1),
    P(lost at renewal n) = S(n-1) - S(n) = α/(α+β+n-1) · S(n-1).

Summed over accounts only two tables are needed: how many faced the renewal i+1 (`due`), how many stayed (`stayed`):

    ln L = Σ_i stayed_i ln(β+i) - due_i ln(α+β+i) + lost · ln α.

Of an account that is there after n renewals, with discount factor v = 1/(1+d) a period, the renewals to come are

    Σ_{j≥1} S(n+j)/S(n) vʲ = v (β+n)/(α+β+n) · ₂F₁(1, β+n+1; α+β+n+1; v),

without discount (β+n)/(α-1) if α > 1, and else without bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from scipy.special import betaln, hyp2f1

from regulars.core.lifetime.columns import UnusableSummary, Vector, as_columns, read_columns, read_weight
from regulars.core.lifetime.forecasts import Columns, OrderForecasts, checked_periods
from regulars.core.lifetime.maximum_likelihood import (
    LONGER_HISTORY,
    Derivatives,
    Optimum,
    TooLittleHistory,
    in_logs,
    maximise,
)
from regulars.core.notes import Note, gettext_noop

LEAST_RENEWALS = 10
TOO_FEW = gettext_noop(
    "Renewals that were due: %(renewals)s. At least %(least)s are needed to learn how many accounts stay."
)
STARTS = [(1.0, 2.0), (0.3, 1.0), (5.0, 30.0), (30.0, 30.0)]


class ShiftedBetaGeometric(OrderForecasts):
    """Shifted beta-geometric by maximum likelihood. Time is counted in contract periods: whole numbers everywhere.

    Columns: `age`, the renewals that were due so far; `lost`, whether the account left at the last of them (1 or 0).
    In what the models of orders share, an order is a renewal.
    """

    names = ("alpha", "beta")
    bound_notes: ClassVar[dict[tuple[str, int], str]] = {
        ("alpha", 1): gettext_noop("All accounts leave at a renewal with practically the same chance."),
        ("alpha", -1): gettext_noop("Practically no account leaves, or those that leave do so at the first renewal."),
        ("beta", 1): gettext_noop("All accounts leave at a renewal with practically the same chance, or none leaves."),
        ("beta", -1): gettext_noop("Practically every account leaves at the first renewal, or never."),
    }

    def fit(self, summary: Any) -> Self:
        """Learn from rows of (age, lost[, weight]); a row of weight w counts as w accounts.

        Raises `TooLittleHistory` if hardly any renewal was due, `UnusableSummary` if rows contradict themselves.
        """
        table = as_columns(summary)
        n, lost = _read(table)
        weight = read_weight(table, n.size)
        statistics = Statistics.of(n, lost, weight)
        optimum = statistics.maximise()
        self._learn(optimum, units=np.ones(2), log_likelihood=optimum.log_likelihood, accounts=statistics.accounts)
        self._learn_forecasts(optimum, n[weight > 0], weight[weight > 0])
        return self

    def probability_alive(self, summary: Any) -> Vector:
        """Give 1 for an account that is a customer and 0 for a lost one: with a contract, that is known."""
        _, lost = _read(as_columns(summary))
        return 1 - lost

    def retention(self, renewals: Any) -> Vector:
        """Give the part of the accounts there that stay at the first, second, ... renewal (1, 2, ...)."""
        alpha, beta = self.params_.values()
        n = np.asarray(renewals, dtype=np.float64)
        return np.asarray((beta + n - 1) / (alpha + beta + n - 1))

    def survival(self, renewals: Any) -> Vector:
        """Give the part of all accounts won that are still there after so many renewals (0, 1, ...)."""
        return self._stays(np.zeros(1), np.asarray(renewals, dtype=np.float64))

    def survival_ahead(self, summary: Any, *, periods: float) -> Vector:
        """Give the chance that each account is still there after the next `periods` renewals; 0 for a lost one."""
        n, lost = _read(as_columns(summary))
        return (1 - lost) * self._stays(n, np.float64(_whole(periods)))

    def expected_orders(self, summary: Any, *, periods: float) -> Vector:
        """Give how many of the next `periods` renewals to expect of each account; 0 for a lost one."""
        return self.expected_remaining_lifetime(summary, horizon=periods)

    def expected_orders_if_alive(self, summary: Any, *, periods: float) -> Vector:
        """Give how many of the next `periods` renewals to expect of an account of this age that is not lost."""
        n, _ = _read(as_columns(summary))
        return self._renewals(n, _whole(periods), 0.0)

    def expected_orders_new(self, periods: float) -> float:
        """Give how many of its first `periods` renewals to expect of a new account."""
        return float(self._renewals(np.zeros(1), _whole(periods), 0.0)[0])

    def expected_remaining_lifetime(
        self, summary: Any, *, discount: float = 0.0, horizon: float | None = None
    ) -> Vector:
        """Give the renewals to expect of each account from now on; 0 for a lost one.

        `discount` is the rate a period at which those further away count less, `horizon` the number of renewals looked
        ahead (None: all). Raises ValueError if the sum has no bound: α ≤ 1, no discount, no horizon.
        """
        if not discount >= 0 or not np.isfinite(discount):
            raise ValueError(f"discount must be a rate of at least 0, not {discount}")
        n, lost = _read(as_columns(summary))
        ahead = self._all_renewals(n, discount) if horizon is None else self._renewals(n, _whole(horizon), discount)
        return (1 - lost) * ahead

    def _all_renewals(self, n: Vector, discount: float) -> Vector:
        alpha, beta = self.params_.values()
        if discount > 0:
            factor = 1 / (1 + discount)
            return np.asarray(
                factor * (beta + n) / (alpha + beta + n) * hyp2f1(1, beta + n + 1, alpha + beta + n + 1, factor)
            )
        if alpha <= 1:
            raise ValueError(
                "Some accounts stay for ever by this model (alpha is at most 1), so the expected remaining lifetime "
                "has no bound; give a horizon or a discount."
            )
        return np.asarray((beta + n) / (alpha - 1))

    def _renewals(self, n: Vector, horizon: int, discount: float) -> Vector:
        alpha, beta = self.params_.values()
        ages, back = np.unique(n, return_inverse=True)
        stays, stay = np.zeros(ages.size), np.ones(ages.size)
        for j in range(horizon):
            stay = stay * ((beta + ages + j) / (alpha + beta + ages + j) / (1 + discount))
            stays += stay
        return np.asarray(stays[back])

    def _stays(self, n: Vector, renewals: Any) -> Vector:
        """Give S(n + renewals)/S(n)."""
        alpha, beta = self.params_.values()
        return np.asarray(np.exp(betaln(alpha, beta + n + renewals) - betaln(alpha, beta + n)))

    def _read(self, table: Any) -> Columns:
        return _read(table)

    def _at_least(self, columns: Columns, orders: Vector, *, periods: float) -> Vector:
        n, lost = columns
        return np.where(orders <= _whole(periods), (1 - lost) * self._stays(n, orders), 0.0)

    def _histories(self, random: np.random.Generator, ages: Vector, *, periods: float) -> dict[str, Vector]:
        alpha, beta = self.params_.values()
        due, ahead = np.rint(ages), _whole(periods)
        leaves = np.clip(random.beta(alpha, beta, ages.size), 1e-15, 1 - 1e-15)
        end = random.geometric(leaves).astype(np.float64)
        return {
            "age": np.minimum(end, due),
            "lost": (end <= due).astype(np.float64),
            "orders_ahead": np.clip(end - 1 - due, 0.0, ahead),
        }


def rows_of_survivors(survivors: Sequence[float]) -> dict[str, Vector]:
    """Give the rows to learn from in a table of how many accounts were there after 0, 1, 2, ... renewals.

    Raises `UnusableSummary` if the numbers rise.
    """
    there = np.asarray(survivors, dtype=np.float64)
    left = -np.diff(there)
    if there.size < 2 or not np.all(np.isfinite(there)) or np.any(left < 0) or there[-1] < 0:
        raise UnusableSummary(
            "This is no table of survivors: there must be two numbers or more, none larger than the one before.",
            "Give how many of the accounts won at one time were there after 0, 1, 2, ... renewals.",
        )
    renewals = np.arange(1.0, there.size)
    return {
        "age": np.append(renewals, there.size - 1.0),
        "lost": np.append(np.ones(left.size), 0.0),
        "weight": np.append(left, there[-1]),
    }


def _whole(periods: float) -> int:
    if checked_periods(periods) != round(periods):
        raise ValueError(f"periods must be a whole number of renewals, not {periods}")
    return round(periods)


def _read(table: Any) -> tuple[Vector, Vector]:
    n, lost = read_columns(table, ["age", "lost"])
    if not np.all(np.isfinite(n)) or np.any(n < 0) or np.any(n != np.rint(n)):
        raise UnusableSummary("An age is no whole number of renewals.", "Count the renewals that were due so far.")
    if not np.all((lost == 0) | (lost == 1)) or np.any((lost == 1) & (n == 0)):
        raise UnusableSummary(
            "An account is neither lost (1) nor not (0), or was lost before its first renewal.",
            "Give lost = 1 for the accounts that left at the last renewal counted in age, and 0 for all others.",
        )
    return n, lost


@dataclass(frozen=True)
class Statistics:
    """How many accounts faced each renewal, and how many of them stayed."""

    accounts: float
    due: Vector
    stayed: Vector

    @classmethod
    def of(cls, n: Vector, lost: Vector, weight: Vector) -> Statistics:
        """From the rows of a summary."""
        renewals = float(n @ weight)
        if renewals < LEAST_RENEWALS:
            raise TooLittleHistory(Note(TOO_FEW, renewals=renewals, least=LEAST_RENEWALS), Note(LONGER_HISTORY))
        last = int(n.max())
        due = _reached(n, weight, last)
        stayed = _reached(n - lost, weight, last)
        return cls(float(weight.sum()), due, stayed)

    def maximise(self) -> Optimum:
        """Give the optimum."""
        return maximise(self.derivatives, [np.log(start) for start in STARTS], accounts=self.accounts)

    def derivatives(self, logs: Vector) -> Derivatives:
        """Give the log-likelihood with its derivatives by the logarithms of (α, β)."""
        params = np.exp(logs)
        alpha, beta = params.tolist()
        i = np.arange(self.due.size)
        gone = self.due - self.stayed
        stay, whole = 1 / (beta + i), 1 / (alpha + beta + i)
        lost = float(gone.sum())
        value = -float(self.stayed @ np.log1p(alpha * stay)) + float(gone @ np.log(alpha * whole))
        gradient = np.array([lost / alpha - self.due @ whole, self.stayed @ (alpha * stay * whole) - gone @ whole])
        both = float(self.due @ whole**2)
        hessian = np.array([[both - lost / alpha**2, both], [both, both - float(self.stayed @ stay**2)]])
        return in_logs(params, value, gradient, hessian)


def _reached(n: Vector, weight: Vector, last: int) -> Vector:
    """Give how many accounts have more than i = 0, 1, ..., last-1 renewals."""
    counts = np.bincount(n.astype(np.int64), weights=weight, minlength=last + 1)
    return np.asarray(np.cumsum(counts[::-1])[::-1][1:])
