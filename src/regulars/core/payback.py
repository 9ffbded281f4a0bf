"""What an investment of a customer costs, brings, and when it has paid for itself: simple sums that a reader can check.

Undiscounted on purpose: the reader is the customer, and must be able to follow with a pocket calculator. All money is
in minor units of one currency.
"""

from __future__ import annotations

from dataclasses import dataclass

MONTHS_A_YEAR = 12


@dataclass(frozen=True, kw_only=True)
class Way:
    """One of the ways to go: what it costs once and a year, what it brings a year; None: nobody can say."""

    cost_once_minor: int
    cost_yearly_minor: int
    benefit_yearly_minor: int | None

    def cost_minor(self, years: int) -> int:
        """All that it costs within the years."""
        return self.cost_once_minor + years * self.cost_yearly_minor

    def benefit_minor(self, years: int) -> int | None:
        """All that it brings within the years."""
        return None if self.benefit_yearly_minor is None else years * self.benefit_yearly_minor

    def gain_minor(self, years: int) -> int | None:
        """What remains after all costs; negative: it does not pay within the years."""
        benefit = self.benefit_minor(years)
        return None if benefit is None else benefit - self.cost_minor(years)

    @property
    def payback_months(self) -> int | None:
        """Whole months after which it has brought what it cost, 0 without a cost at the start.

        None: never, or nobody can say.
        """
        if self.benefit_yearly_minor is None:
            return None
        a_year = self.benefit_yearly_minor - self.cost_yearly_minor
        if a_year <= 0:
            return None
        return -(-self.cost_once_minor * MONTHS_A_YEAR // a_year)


def extra_payback_months(basic: Way, better: Way) -> int | None:
    """Whole months after which the better way has brought what it costs more than the basic one.

    None: never, or nobody can say.
    """
    if basic.benefit_yearly_minor is None or better.benefit_yearly_minor is None:
        return None
    more_once = better.cost_once_minor - basic.cost_once_minor
    more_a_year = (better.benefit_yearly_minor - better.cost_yearly_minor) - (
        basic.benefit_yearly_minor - basic.cost_yearly_minor
    )
    if more_once <= 0 and more_a_year >= 0:
        return 0
    if more_a_year <= 0:
        return None
    return -(-more_once * MONTHS_A_YEAR // more_a_year)
