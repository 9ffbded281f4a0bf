"""What of the sales of a year was won, kept and grown: the three things that a sales plan and an incentive speak of.

An account counts as *new* for the 365 days after its first order. Of the others, what they bought up to a month is
*kept* as far as they had bought as much by the same month of the year before, and *grown* beyond it. Both are counted
from the beginning of the year, so that an order that comes a month late or early changes nothing in the end; growth of
a month may thus be negative, where it takes back what an earlier month had ahead. The three add up to the sales, to
the unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Amounts = NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class SalesKinds:
    """Amounts in minor units, one row an account, one column a month."""

    new: Amounts
    kept: Amounts
    grown: Amounts

    def of(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> SalesKinds:
        """Those of some accounts."""
        return SalesKinds(new=self.new[rows], kept=self.kept[rows], grown=self.grown[rows])

    @property
    def total(self) -> Amounts:
        return np.asarray(self.new + self.kept + self.grown)


def sales_by_kind(*, now: Amounts, before: Amounts, is_new: NDArray[np.bool_]) -> SalesKinds:
    """Divide the sales of each account and month.

    `now` and `before`: sales in minor units of the months of this year and of the same months of the year before;
    `is_new`: whether the account is new in a month. All have the shape (accounts, months).
    """
    assert now.shape == before.shape == is_new.shape, "the same accounts and months"
    reached = np.cumsum(np.where(is_new, 0, now), axis=1)
    had = np.cumsum(np.where(is_new, 0, before), axis=1)
    kept = _by_month(np.minimum(reached, np.maximum(had, 0)))
    old = np.where(is_new, 0, now)
    return SalesKinds(new=np.where(is_new, now, 0), kept=kept, grown=old - kept)


def _by_month(reached: Amounts) -> Amounts:
    return np.diff(reached, axis=1, prepend=0)
