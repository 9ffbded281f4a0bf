"""What is known of accounts besides their orders, and does not change: channel, region, trade.

Fader & Hardie, "Incorporating Time-Invariant Covariates into the Pareto/NBD and BG/NBD Models", 2007. Accounts with
other covariates z order at other rates and leave with other chances; around these they differ among themselves as
before:

    α(z) = α₀ exp(-γ_α·z₁),    a(z) = a₀ exp(γ_a·z₂),    b(z) = b₀ exp(γ_b·z₂),

so that a rise of z₁ by 1 makes the expected rate r/α greater by the factor exp(γ_α), and the odds a/b of leaving are
greater by exp(γ_a - γ_b) for one of z₂. Likelihood and forecasts are those of the model at (r, α(z), a(z), b(z)).

As ln α, ln a and ln b are linear in the parameters θ = (ln r, ln α₀, ln a₀, ln b₀, γ), the log-likelihood of the
accounts that share a pattern of covariates has the gradient D'g and the Hessian D'HD, where g and H are those of the
model without covariates by its logarithms, and D is the matrix that makes the logarithms of θ. Accounts are therefore
grouped by pattern, and the search runs over θ with covariates in standard units.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np

from regulars.core.lifetime.beta_geometric import BetaGeometric, Statistics
from regulars.core.lifetime.columns import (
    Indices,
    UnusableSummary,
    Vector,
    as_columns,
    distinct,
    read_columns,
    read_weight,
)
from regulars.core.lifetime.forecasts import Columns, OrderForecasts, checked_periods
from regulars.core.lifetime.maximum_likelihood import (
    FAR,
    FLAT,
    NOT_CONVERGED,
    Derivatives,
    Matrix,
    Optimum,
    maximise,
)

MOST_PATTERNS = 2000
DECIDES = "Accounts of one kind only order, or only leave: {name} has an effect beyond what can be measured."


class Covariates(OrderForecasts):
    """A model of the BG/NBD family whose rates, and chances of leaving, depend on columns of the summary.

    `rate` and `leaving` name the columns, of numbers; yes and no are 1 and 0. `params_` has the model's parameters for
    accounts whose covariates are all 0, and the effects: "alpha[name]", "a[name]", "b[name]".
    """

    names: ClassVar[tuple[str, ...]] = BetaGeometric.names

    def __init__(self, model: BetaGeometric, *, rate: Sequence[str] = (), leaving: Sequence[str] = ()) -> None:
        """Set the model to extend, not yet fitted, and the covariates. A model for regular buyers needs its k given."""
        if getattr(model, "k", 1) is None:
            raise ValueError("a model with covariates needs k given, not chosen")
        self.model, self.rate, self.leaving = model, tuple(rate), tuple(leaving)

    @property
    def _columns(self) -> list[str]:
        return list(dict.fromkeys([*self.rate, *self.leaving]))

    @property
    def _effects(self) -> list[tuple[int, float, str]]:
        """The parameter each effect acts on, its sign there, and its covariate."""
        acting = [(1, -1.0, self.rate), (2, 1.0, self.leaving), (3, 1.0, self.leaving)]
        return [(place, sign, name) for place, sign, names in acting for name in names]

    def fit(self, summary: Any) -> Self:
        """Learn from the rows that the model learns from, with the covariates in columns of theirs.

        Raises `UnusableSummary` where a covariate is missing, is the same for all accounts or has too many values.
        """
        table = as_columns(summary)
        whole = self.model._statistics(table)
        x, t_x, T, *covariates = self._read(table)
        weight = read_weight(table, x.size)
        self._check_variety(covariates, weight)
        centre = np.array([np.average(column, weights=weight) for column in covariates])
        width = np.array([np.std(column[weight > 0]) for column in covariates])
        patterns, back = _patterns(covariates, x.size)
        parts = self._parts(whole, (x, t_x, T), weight, self.model._gaps(table), back)
        designs = [self._design((pattern - centre) / width) for pattern in patterns]

        def objective(theta: Vector) -> Derivatives:
            value, gradient, hessian = 0.0, np.zeros(theta.size), np.zeros((theta.size, theta.size))
            for part, design in zip(parts, designs, strict=True):
                its_value, its_gradient, its_hessian = part.derivatives(design @ theta)
                value += its_value
                gradient += design.T @ its_gradient
                hessian += design.T @ its_hessian @ design
            return value, gradient, hessian

        start = np.concatenate([whole.maximise().logs, np.zeros(len(self._effects))])
        optimum = maximise(objective, [start], accounts=whole.accounts)
        self._settle(whole, optimum, self._unscaling(centre, width))
        shares = np.bincount(back, weights=weight)
        self._patterns, self._shares = patterns, shares / shares.sum()
        self._learn_forecasts(optimum, T, weight)
        self._spread = self._unscaling(centre, width) @ optimum.spread()
        return self

    def probability_alive(self, summary: Any) -> Vector:
        """Give the chance that each account still is a customer at its age."""
        columns = self._read(as_columns(summary))
        return self._of_each(columns)._probability_alive(*columns[:3])

    def expected_orders(self, summary: Any, *, periods: float) -> Vector:
        """Give the order days to expect of each account in the next `periods` units of time."""
        columns = self._read(as_columns(summary))
        return self._of_each(columns)._probability_alive(*columns[:3]) * self._expected_if_alive(columns, periods)

    def expected_orders_if_alive(self, summary: Any, *, periods: float) -> Vector:
        """Give the order days to expect in the next `periods` units of time if the account has not left yet."""
        return self._expected_if_alive(self._read(as_columns(summary)), periods)

    def _expected_if_alive(self, columns: Columns, periods: float) -> Vector:
        checked_periods(periods)
        patterns, back = _patterns(columns[3:], columns[0].size)
        answers = np.empty(columns[0].size)
        for place, pattern in enumerate(patterns):
            rows = np.flatnonzero(back == place)
            model = self._with(pattern.tolist())
            answers[rows] = model._expected_if_alive(*(column[rows] for column in columns[:3]), periods=periods)
        return answers

    def _read(self, table: Any) -> Columns:
        order_days = self.model._read(table)
        covariates = read_columns(table, self._columns) if self._columns else []
        for name, column in zip(self._columns, covariates, strict=True):
            if not np.all(np.isfinite(column)):
                raise UnusableSummary(f"A value of {name} is missing or infinite.", "Fill it in, or leave it out.")
        return (*order_days, *covariates)

    def _at_least(self, columns: Columns, orders: Vector, *, periods: float) -> Vector:
        return self._of_each(columns)._at_least(columns[:3], orders, periods=periods)

    def _ladder(self, columns: Columns, last: int, *, periods: float) -> Matrix:
        return self._of_each(columns)._ladder(columns[:3], last, periods=periods)

    def _histories(self, random: np.random.Generator, ages: Vector, *, periods: float) -> dict[str, Vector]:
        drawn = self._patterns[random.choice(len(self._patterns), ages.size, p=self._shares)]
        covariates = dict(zip(self._columns, drawn.T, strict=True))
        return {**self._with(list(drawn.T))._histories(random, ages, periods=periods), **covariates}

    def _of_each(self, columns: Columns) -> BetaGeometric:
        return self._with(columns[3:])

    def _with(self, covariates: Sequence[Any]) -> BetaGeometric:
        """Give the model at these covariates, its parameters being arrays where they are."""
        logs: list[Any] = [np.log(self.params_[name]) for name in self.names]
        values = dict(zip(self._columns, covariates, strict=True))
        for place, sign, name in self._effects:
            logs[place] = logs[place] + sign * self.params_[f"{self.names[place]}[{name}]"] * values[name]
        model = copy.copy(self.model)
        model.params_ = {name: np.exp(log) for name, log in zip(self.names, logs, strict=True)}
        return model

    def _at(self, step: Vector) -> Self:
        other = copy.copy(self)
        values = np.array(list(self.params_.values()))
        moved = np.concatenate([values[:4] * np.exp(step[:4]), values[4:] + step[4:]])
        other.params_ = dict(zip(self.params_, moved.tolist(), strict=True))
        return other

    def _check_variety(self, covariates: Sequence[Vector], weight: Vector) -> None:
        for name, column in zip(self._columns, covariates, strict=True):
            if np.ptp(column[weight > 0]) == 0:
                raise UnusableSummary(f"{name} is the same for all accounts.", "Leave it out: it explains nothing.")
        if covariates and (found := distinct(covariates)[0][0].size) > MOST_PATTERNS:
            raise UnusableSummary(
                f"The covariates differ between accounts in {found} ways; at most {MOST_PATTERNS} are possible.",
                "Put numbers into a few classes.",
            )

    def _parts(
        self, whole: Statistics, columns: Columns, weight: Vector, gaps: Vector | None, back: Indices
    ) -> list[Statistics]:
        """Give the statistics of the accounts of each pattern."""
        order = np.argsort(back, kind="stable")
        cuts = np.flatnonzero(np.diff(back[order])) + 1
        parts = []
        for rows in np.split(order, cuts):
            x, t_x, T = (column[rows] for column in columns)
            its_gaps, occasions = None if gaps is None else gaps[rows], self.model._occasions
            part = Statistics.scaled(whole.scale, x, t_x, T, weight[rows], occasions=occasions, log_gap_sum=its_gaps)
            parts.append(part.with_events(self.model._events))
        return parts

    def _design(self, covariates: Vector) -> Matrix:
        """Give D: how θ makes the logarithms of the model's parameters of accounts with these covariates."""
        design = np.eye(4, 4 + len(self._effects))
        for column, (place, sign, name) in enumerate(self._effects, start=4):
            design[place, column] = sign * covariates[self._columns.index(name)]
        return design

    def _unscaling(self, centre: Vector, width: Vector) -> Matrix:
        """Give what turns θ for covariates in standard units into θ for covariates as they are."""
        matrix = np.eye(4 + len(self._effects))
        for column, (place, sign, name) in enumerate(self._effects, start=4):
            its = self._columns.index(name)
            matrix[column, column] = 1 / width[its]
            matrix[place, column] = -sign * centre[its] / width[its]
        return matrix

    def _settle(self, whole: Statistics, optimum: Optimum, unscaling: Matrix) -> None:
        theta = unscaling @ optimum.logs
        values = np.concatenate([np.exp(theta[:4]) * [1, whole.scale, 1, 1], theta[4:]])
        names = [*self.names, *(f"{self.names[place]}[{name}]" for place, _, name in self._effects)]
        self.params_ = dict(zip(names, values.tolist(), strict=True))
        scaled = optimum.covariance_of_logs()
        slopes = np.concatenate([values[:4], np.ones(theta.size - 4)])
        self.covariance_ = None if scaled is None else np.outer(slopes, slopes) * (unscaling @ scaled @ unscaling.T)
        errors = [None] * theta.size if self.covariance_ is None else np.sqrt(np.diag(self.covariance_)).tolist()
        self.standard_errors_ = dict(zip(names, errors, strict=True))
        self.log_likelihood_ = optimum.log_likelihood - whole.orders * float(np.log(whole.scale))
        self.converged_ = optimum.converged
        self.notes_ = self._words(optimum, names, accounts=whole.accounts)

    def _words(self, optimum: Optimum, names: list[str], *, accounts: float) -> list[str]:
        sides = optimum.run_off.tolist()
        notes = [self.model.bound_notes[name, side] for name, side in zip(names[:4], sides[:4], strict=True) if side]
        notes += [
            DECIDES.format(name=name) for name, log in zip(names[4:], optimum.logs[4:], strict=True) if abs(log) >= FAR
        ]
        direction = optimum.flattest(accounts)
        if direction is not None:
            moved = [name for name, share in zip(names, np.abs(direction), strict=True) if share > 0.1]
            notes.append(FLAT.format(names=" and ".join(moved)))
        return list(dict.fromkeys([*notes, *([] if optimum.converged else [NOT_CONVERGED])]))


def _patterns(covariates: Sequence[Vector], rows: int) -> tuple[Matrix, Indices]:
    """Give the different rows of covariates, and for each account the place of its own among them."""
    if not covariates:
        return np.empty((1, 0)), np.zeros(rows, dtype=np.intp)
    kept, back = distinct(covariates)
    return np.column_stack(kept), back
