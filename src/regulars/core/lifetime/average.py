"""The mean of what several models forecast.

Forecasts of different models err differently, so their mean errs less than most of them, and hardly ever much more than
the best (Bates & Granger, *Operational Research Quarterly* 20, 1969). It needs no past to be tested on, and so is
what is used where a history is too short to choose by. Bounds are averaged too (Ratcliff, *Psychological Bulletin* 86,
1979: quantiles of the same chance).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any, Self

import numpy as np

from regulars.core.errors import Refusal
from regulars.core.lifetime.columns import Vector, as_columns
from regulars.core.lifetime.maximum_likelihood import TooLittleHistory
from regulars.core.notes import Note, gettext_noop

LEFT_OUT = gettext_noop("%(name)s is left out of the average: %(sentence)s")
NONE_LEARNS = gettext_noop("None of the models can learn from this history.")


class Average:
    """The mean of models, all fitted to the same history; one that cannot learn from it is left out, and said so."""

    def __init__(self, models: Sequence[Any]) -> None:
        self.models = models

    models_: list[Any]
    params_: dict[str, float]  # those of all models, each after the name of its model
    standard_errors_: dict[str, float | None]
    converged_: bool  # whether all of them did
    notes_: list[Note]

    def fit(self, summary: Any) -> Self:
        """Fit every model. Raises `TooLittleHistory` if none of them can learn."""
        table = as_columns(summary)
        self.models_, self.notes_ = [], []
        for model in self.models:
            try:
                fitted = deepcopy(model).fit(table)
            except Refusal as refusal:
                self.notes_.append(Note(LEFT_OUT, name=type(model).__name__, sentence=refusal.sentence))
                continue
            self.models_.append(fitted)
            self.notes_.extend(
                Note("%(name)s: %(note)s", name=type(model).__name__, note=note) for note in fitted.notes_
            )
        if not self.models_:
            raise TooLittleHistory(Note.joined(NONE_LEARNS, *self.notes_))
        self.params_ = self._of_all("params_")
        self.standard_errors_ = self._of_all("standard_errors_")
        self.converged_ = all(model.converged_ for model in self.models_)
        return self

    def probability_alive(self, summary: Any) -> Vector:
        """Give the mean chance that each account still is a customer."""
        return self._mean(lambda model, table: model.probability_alive(table), summary)

    def expected_orders(self, summary: Any, *, periods: float) -> Vector:
        """Give the mean of the order days to expect of each account in the next `periods` units of time."""
        return self._mean(lambda model, table: model.expected_orders(table, periods=periods), summary)

    def interval(self, summary: Any, *, periods: float, level: float = 0.9) -> tuple[Vector, Vector]:
        """Give the means of the lower and of the upper bounds."""
        low, high = self._mean(lambda model, table: model.interval(table, periods=periods, level=level), summary)
        return low, high

    def probability_of_orders(self, summary: Any, *, periods: float, at_least: Any = 1) -> Vector:
        """Give the mean chance of at least so many order days in the next `periods` units of time."""
        return self._mean(
            lambda model, table: model.probability_of_orders(table, periods=periods, at_least=at_least), summary
        )

    def simulate(
        self, *, seed: int, accounts: int = 10_000, ages: Any = None, periods: float = 0.0
    ) -> dict[str, Vector]:
        """Draw accounts, each behaving as one of the models says; all models are as likely."""
        random = np.random.default_rng(seed)
        seeds = random.integers(2**31, size=len(self.models_))
        pairs = zip(self.models_, seeds.tolist(), strict=True)
        drawn = [model.simulate(seed=own, accounts=accounts, ages=ages, periods=periods) for model, own in pairs]
        which = random.integers(len(drawn), size=drawn[0]["account"].size)
        shared = [name for name in drawn[0] if all(name in one for one in drawn)]
        return {name: np.choose(which, [one[name] for one in drawn]) for name in shared}

    def _of_all(self, learned: str) -> dict[str, Any]:
        pairs = [(type(model).__name__, getattr(model, learned, {})) for model in self.models_]
        return {f"{model}.{name}": value for model, values in pairs for name, value in values.items()}

    def _mean(self, question: Callable[[Any, Any], Any], summary: Any) -> Vector:
        table = as_columns(summary)
        return np.asarray(np.mean([question(model, table) for model in self.models_], axis=0))
