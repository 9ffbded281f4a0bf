"""What a model that is put around another tells of the one inside."""

from __future__ import annotations

from typing import Any

from regulars.core.lifetime.columns import Vector
from regulars.core.lifetime.maximum_likelihood import Matrix


class AroundModel:
    """The learned names of the model inside, `model_`: what it does not have, its wrapper does not have either."""

    model_: Any

    @property
    def params_(self) -> dict[str, float]:
        """The parameters of the model inside, name → value."""
        params: dict[str, float] = self.model_.params_
        return params

    @property
    def standard_errors_(self) -> dict[str, float | None]:
        """Their standard errors, name → value; None where the data pin nothing down."""
        errors: dict[str, float | None] = self.model_.standard_errors_
        return errors

    @property
    def covariance_(self) -> Matrix | None:
        """Their covariance in the sequence of `params_`, or None."""
        covariance: Matrix | None = self.model_.covariance_
        return covariance

    @property
    def log_likelihood_(self) -> float:
        """The log-likelihood of the model inside."""
        log_likelihood: float = self.model_.log_likelihood_
        return log_likelihood

    @property
    def converged_(self) -> bool:
        """Whether the search for the parameters ended at an optimum."""
        converged: bool = self.model_.converged_
        return converged

    def probability_alive(self, summary: Any) -> Vector:
        """Give the chance by the model inside that each account still is a customer."""
        answers: Vector = self.model_.probability_alive(summary)
        return answers

    def simulate(
        self, *, seed: int, accounts: int = 10_000, ages: Any = None, periods: float = 0.0
    ) -> dict[str, Vector]:
        """Draw accounts that behave as the model inside says."""
        drawn: dict[str, Vector] = self.model_.simulate(seed=seed, accounts=accounts, ages=ages, periods=periods)
        return drawn
