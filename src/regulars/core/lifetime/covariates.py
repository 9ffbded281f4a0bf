"""What is known of accounts besides their orders, and does not change: channel, region, trade.

Fader & Hardie, "Incorporating Time-Invariant Covariates into the Pareto/NBD and BG/NBD Models", 2007. Accounts with
other covariates z order at other rates and leave with other chances; around these they differ among themselves as
before:

    α(z) = α₀ exp(-γ_α·z₁),                               and in the family of BG/NBD
    a(z) = a₀ exp(γ_a·z₂),    b(z) = b₀ exp(γ_b·z₂),      in Pareto/NBD    β(z) = β₀ exp(-γ_β·z₂),

so that a rise of z₁ by 1 makes the expected rate r/α greater by the factor exp(γ_α), one of z₂ the odds a/b of leaving
by exp(γ_a - γ_b), or the rate s/β of leaving by exp(γ_β). Likelihood and forecasts are those of the model at α(z), ...

As ln α, ln a and ln b are linear in the parameters θ = (ln r, ln α₀, ln a₀, ln b₀, γ), the log-likelihood of the
accounts that share a pattern of covariates has the gradient D'g and the Hessian D'HD, where g and H are those of the
model without covariates by its logarithms, and D is the matrix that makes the logarithms of θ. Accounts are therefore
grouped by pattern, and the search runs over θ with covariates in standard units.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from regulars.core.lifetime import pareto_nbd_likelihood
from regulars.core.lifetime.beta_geometric import BetaGeometric
from regulars.core.lifetime.beta_geometric_likelihood import Statistics
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
from regulars.core.lifetime.pareto_nbd import ParetoNBD
from regulars.core.notes import Note, gettext_noop

MOST_PATTERNS = 2000
DECIDES = gettext_noop(
    "Accounts of one kind only order, or only leave: %(name)s has an effect beyond what can be measured."
)


@dataclass(frozen=True)
class _Family:
    """What differs between the models that can have covariates."""

    rate: tuple[tuple[int, float], ...]  # parameters that covariates of the rate act on, by their places, and the signs
    leaving: tuple[tuple[int, float], ...]
    together: bool  # whether one call answers for accounts with different parameters


BETA_GEOMETRIC = _Family(rate=((1, -1.0),), leaving=((2, 1.0), (3, 1.0)), together=True)
PARETO = _Family(rate=((1, -1.0),), leaving=((3, -1.0),), together=False)


class Covariates(OrderForecasts):
    """A model whose rates, and chances of leaving, depend on columns of the summary.

    `rate` and `leaving` name the columns, of numbers; yes and no are 1 and 0. `params_` has the model's parameters for
    accounts whose covariates are all 0, and the effects: "alpha[name]" and "a[name]", "b[name]" or "beta[name]".
    """

    def __init__(
        self, model: BetaGeometric | ParetoNBD, *, rate: Sequence[str] = (), leaving: Sequence[str] = ()
    ) -> None:
        """Set the model to extend, not yet fitted, and the covariates. A model for regular buyers needs its k given."""
        if getattr(model, "k", 1) is None:
            raise ValueError("a model with covariates needs k given, not chosen")
        self.model, self.rate, self.leaving = model, tuple(rate), tuple(leaving)

    @property
    def _family(self) -> _Family:
        return PARETO if isinstance(self.model, ParetoNBD) else BETA_GEOMETRIC

    @property
    def _columns(self) -> list[str]:
        return list(dict.fromkeys([*self.rate, *self.leaving]))

    @property
    def _effects(self) -> list[tuple[int, float, str]]:
        """The parameter each effect acts on, its sign there, and its covariate."""
        acting = [(self._family.rate, self.rate), (self._family.leaving, self.leaving)]
        return [(*where, name) for places, names in acting for where in places for name in names]

    def fit(self, summary: Any) -> Self:
        """Learn from the rows that the model learns from, with the covariates in columns of theirs.

        Raises `UnusableSummary` where a covariate is missing, is the same for all accounts or has too many values.
        """
        table = as_columns(summary)
        x, t_x, T, *covariates = self._read(table)
        weight = read_weight(table, x.size)
        whole = self.model._statistics(table)
        self._check_variety(covariates, weight)
        centre = np.array([np.average(column, weights=weight) for column in covariates])
        width = np.array([np.std(column[weight > 0]) for column in covariates])
        patterns, back = _patterns(covariates, x.size)
        parts = self._parts(whole, table, (x, t_x, T), weight, back)
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
        return self._asked(self._read(as_columns(summary)), lambda model, rows: model.probability_alive(_table(rows)))

    def expected_orders(self, summary: Any, *, periods: float) -> Vector:
        """Give the order days to expect of each account in the next `periods` units of time."""

        def expected(model: Any, rows: Columns) -> Vector:
            return np.asarray(model.expected_orders(_table(rows), periods=checked_periods(periods)))

        return self._asked(self._read(as_columns(summary)), expected, alone=True)

    def expected_orders_if_alive(self, summary: Any, *, periods: float) -> Vector:
        """Give the order days to expect in the next `periods` units of time if the account has not left yet."""

        def expected(model: Any, rows: Columns) -> Vector:
            return np.asarray(model.expected_orders_if_alive(_table(rows), periods=checked_periods(periods)))

        return self._asked(self._read(as_columns(summary)), expected, alone=True)

    def _read(self, table: Any) -> Columns:
        order_days = self.model._read(table)
        covariates = read_columns(table, self._columns) if self._columns else []
        for name, column in zip(self._columns, covariates, strict=True):
            if not np.all(np.isfinite(column)):
                raise UnusableSummary(f"A value of {name} is missing or infinite.", "Fill it in, or leave it out.")
        return (*order_days, *covariates)

    def _at_least(self, columns: Columns, orders: Vector, *, periods: float) -> Vector:
        def chance(model: Any, rows: Columns) -> Vector:
            *its, wanted = rows
            return np.asarray(model._at_least(tuple(its), wanted, periods=periods))

        return self._asked(columns, chance, besides=(orders,))

    def _ladder(self, columns: Columns, last: int, *, periods: float) -> Matrix:
        return self._asked(columns, lambda model, rows: model._ladder(rows, last, periods=periods), first=(last + 1,))

    def _histories(self, random: np.random.Generator, ages: Vector, *, periods: float) -> dict[str, Vector]:
        drawn = self._patterns[random.choice(len(self._patterns), ages.size, p=self._shares)]
        covariates = dict(zip(self._columns, drawn.T, strict=True))
        histories = self._with(list(drawn.T))._histories(random, ages, periods=periods)
        return {**histories, **covariates}

    def _asked(
        self,
        columns: Columns,
        ask: Callable[[Any, Columns], Vector],
        *,
        besides: Columns = (),
        alone: bool = False,
        first: tuple[int, ...] = (),
    ) -> Vector:
        """Ask the model at the parameters of each account, accounts of each pattern by themselves where it must be.

        `besides` are columns handed on with those of the order days; `first` is the shape of an answer before accounts.
        """
        rows = (*columns[:3], *besides)
        if self._family.together and not alone:
            return ask(self._with(columns[3:]), rows)
        patterns, back = _patterns(columns[3:], columns[0].size)
        answers = np.empty((*first, columns[0].size))
        for its in _alike(back):
            model = self._with(patterns[back[its[0]]].tolist())
            answers[..., its] = ask(model, tuple(column[its] for column in rows))
        return answers

    def _with(self, covariates: Sequence[Any]) -> BetaGeometric | ParetoNBD:
        """Give the model at these covariates, its parameters being arrays where they are."""
        logs: list[Any] = [np.log(self.params_[name]) for name in self.model.names]
        values = dict(zip(self._columns, covariates, strict=True))
        for place, sign, name in self._effects:
            logs[place] = logs[place] + sign * self.params_[f"{self.model.names[place]}[{name}]"] * values[name]
        model = copy.copy(self.model)
        model.params_ = {name: np.exp(log) for name, log in zip(self.model.names, logs, strict=True)}
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
        self,
        whole: Statistics | pareto_nbd_likelihood.Statistics,
        table: Any,
        columns: Columns,
        weight: Vector,
        back: Indices,
    ) -> list[Statistics | pareto_nbd_likelihood.Statistics]:
        """Give the statistics of the accounts of each pattern."""
        model, scale, (x, t_x, T) = self.model, whole.scale, columns
        if isinstance(model, ParetoNBD):
            return [
                pareto_nbd_likelihood.Statistics.scaled(scale, x[rows], t_x[rows], T[rows], weight[rows])
                for rows in _alike(back)
            ]
        gaps = model._gaps(table)
        return [
            Statistics.scaled(
                scale,
                x[rows],
                t_x[rows],
                T[rows],
                weight[rows],
                occasions=model._occasions,
                log_gap_sum=None if gaps is None else gaps[rows],
            ).with_events(model._events)
            for rows in _alike(back)
        ]

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

    def _settle(
        self, whole: Statistics | pareto_nbd_likelihood.Statistics, optimum: Optimum, unscaling: Matrix
    ) -> None:
        theta = unscaling @ optimum.logs
        units = [whole.scale if name in self.model.times else 1.0 for name in self.model.names]
        values = np.concatenate([np.exp(theta[:4]) * units, theta[4:]])
        names = [*self.model.names, *(f"{self.model.names[place]}[{name}]" for place, _, name in self._effects)]
        self.params_ = dict(zip(names, values.tolist(), strict=True))
        scaled = optimum.covariance_of_logs()
        slopes = np.concatenate([values[:4], np.ones(theta.size - 4)])
        self.covariance_ = None if scaled is None else np.outer(slopes, slopes) * (unscaling @ scaled @ unscaling.T)
        errors = [None] * theta.size if self.covariance_ is None else np.sqrt(np.diag(self.covariance_)).tolist()
        self.standard_errors_ = dict(zip(names, errors, strict=True))
        self.log_likelihood_ = optimum.log_likelihood - whole.orders * float(np.log(whole.scale))
        self.converged_ = optimum.converged
        self.notes_ = self._words(optimum, names, accounts=whole.accounts)

    def _words(self, optimum: Optimum, names: list[str], *, accounts: float) -> list[Note]:
        sides = optimum.run_off.tolist()
        ends = zip(names[:4], sides[:4], strict=True)
        notes = [Note(self.model.bound_notes[name, side]) for name, side in ends if side]
        notes += [
            Note(DECIDES, name=name) for name, log in zip(names[4:], optimum.logs[4:], strict=True) if abs(log) >= FAR
        ]
        direction = optimum.flattest(accounts)
        if direction is not None:
            moved = [name for name, share in zip(names, np.abs(direction), strict=True) if share > 0.1]
            notes.append(Note(FLAT, names=moved))
        return list(dict.fromkeys([*notes, *([] if optimum.converged else [Note(NOT_CONVERGED)])]))


def _patterns(covariates: Sequence[Vector], rows: int) -> tuple[Matrix, Indices]:
    """Give the different rows of covariates, and for each account the place of its own among them."""
    if not covariates:
        return np.empty((1, 0)), np.zeros(rows, dtype=np.intp)
    kept, back = distinct(covariates)
    return np.column_stack(kept), back


def _alike(back: Indices) -> list[Indices]:
    """Give, for each pattern, its accounts."""
    order = np.argsort(back, kind="stable")
    cuts = np.flatnonzero(np.diff(back[order])) + 1
    return np.split(order, cuts) if back.size else []


def _table(columns: Columns) -> dict[str, Vector]:
    return dict(zip(("frequency", "recency", "age"), columns, strict=True))
