"""What a person earns for sales won, kept and grown. Money in integer minor units; rates in basis points.

    variable = Σ over kinds of round(rate_kind × result_kind),   nothing below the threshold,   at most the cap
    earned   = base × months + variable

A year is counted as a whole: threshold and cap are those of a year, and what a month pays is what the year has earned
up to its end less what it had by the end of the month before. A kind whose result is negative pays nothing rather than
taking away what another one earned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

WHOLE_BPS = 10_000


class Kind(StrEnum):
    """Of which sales something is earned: of new customers, of what was kept, of what was grown."""

    NEW = "new"
    KEPT = "kept"
    GROWN = "grown"


@dataclass(frozen=True, kw_only=True)
class IncentiveTerms:
    """How is paid. `threshold_bps`: from which share of the target on; `cap_minor`: no more than this a year."""

    rates_bps: Mapping[Kind, int]
    base_minor: int = 0
    """A month, whatever is sold."""
    threshold_bps: int = 0
    cap_minor: int | None = None

    def __post_init__(self) -> None:
        assert self.base_minor >= 0
        assert all(0 <= rate <= WHOLE_BPS for rate in self.rates_bps.values()), "a rate is a share of the sales"
        assert self.cap_minor is None or self.cap_minor >= 0


@dataclass(frozen=True, kw_only=True)
class Earned:
    """What was earned since the year began."""

    base_minor: int
    by_kind: Mapping[Kind, int] = field(default_factory=dict)
    """Before the cap."""
    cut_minor: int = 0
    """What the cap took."""
    below_threshold: bool = False

    @property
    def variable_minor(self) -> int:
        return sum(self.by_kind.values()) - self.cut_minor

    @property
    def total_minor(self) -> int:
        return self.base_minor + self.variable_minor


def earned(
    results: Mapping[Kind, int],
    terms: IncentiveTerms,
    *,
    months: int,
    target_minor: int | None,
    sold_minor: int | None = None,
) -> Earned:
    """What the results since the year began have earned; `target_minor`: that of the same months, None without one.

    Without a target there is no threshold: nobody can miss what was not agreed. A target is one of sales: where the
    results are margins, `sold_minor` says what was sold.
    """
    base = terms.base_minor * months
    sold = sum(results.values()) if sold_minor is None else sold_minor
    if target_minor and terms.threshold_bps and sold * WHOLE_BPS < target_minor * terms.threshold_bps:
        return Earned(base_minor=base, by_kind=dict.fromkeys(Kind, 0), below_threshold=True)
    parts = {kind: part_of(max(results.get(kind, 0), 0), terms.rates_bps.get(kind, 0)) for kind in Kind}
    cut = 0 if terms.cap_minor is None else max(sum(parts.values()) - terms.cap_minor, 0)
    return Earned(base_minor=base, by_kind=parts, cut_minor=cut)


def paid_by_month(
    results: Sequence[Mapping[Kind, int]],
    terms: IncentiveTerms,
    *,
    targets_minor: Sequence[int] | None,
    sold_minor: Sequence[int] | None = None,
) -> list[int]:
    """What each month pays, from the results and targets of each month of a year; together what the year has earned.

    `sold_minor`: the sales of each month, where the results are margins.

    A month may take back what an earlier one paid, as when growth turns out to have been an early order.
    """
    paid: list[int] = []
    for month in range(1, len(results) + 1):
        so_far = {kind: sum(one.get(kind, 0) for one in results[:month]) for kind in Kind}
        target = None if targets_minor is None else sum(targets_minor[:month])
        sold = None if sold_minor is None else sum(sold_minor[:month])
        year = earned(so_far, terms, months=month, target_minor=target, sold_minor=sold)
        paid.append(year.total_minor - sum(paid))
    return paid


def part_of(amount_minor: int, rate_bps: int) -> int:
    """A share of an amount in minor units, half a unit rounded away from zero."""
    exact = Fraction(abs(amount_minor) * rate_bps, WHOLE_BPS)
    rounded = int(exact + Fraction(1, 2))
    return rounded if amount_minor >= 0 else -rounded
