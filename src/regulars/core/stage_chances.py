"""The chance that an opportunity is won, by the stage it has reached. In words: docs/methods/opportunity-chance.md.

Won or lost is a coin of unknown bias p for each stage. Before anything is known, p is Beta(n0·m, n0·(1 − m)) with the
stage's usual chance m and the weight n0 of so many opportunities; after w won of n closed ones that reached the stage,
Beta(n0·m + w, n0·(1 − m) + n − w) (Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.4).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

PRIOR_WEIGHT: Final = 8.0
"""The usual chance weighs as much as so many closed opportunities of the firm."""
BAND: Final = 0.9


@dataclass(frozen=True, kw_only=True)
class StageChance:
    """The chance at one stage, with the band in which it lies nine times of ten, and what it was learned from."""

    chance: float
    low: float
    high: float
    won: int
    closed: int
    usual: float


def learned_chance(*, won: int, closed: int, usual: float, weight: float = PRIOR_WEIGHT) -> StageChance:
    """The chance after `won` of `closed` opportunities that reached the stage; `usual` before any was."""
    assert 0 <= won <= closed, (won, closed)
    assert 0 < usual < 1, usual
    from scipy.special import betaincinv  # takes longer to load than all the rest of a page

    after_won, after_lost = weight * usual + won, weight * (1 - usual) + closed - won
    low, high = (betaincinv(after_won, after_lost, part) for part in ((1 - BAND) / 2, (1 + BAND) / 2))
    return StageChance(
        chance=after_won / (after_won + after_lost),
        low=float(low),
        high=float(high),
        won=won,
        closed=closed,
        usual=usual,
    )


def stage_chances(
    usual: Sequence[float], closed: Iterable[tuple[int, bool]], *, weight: float = PRIOR_WEIGHT
) -> list[StageChance]:
    """The chance at each stage, in their sequence; `usual` are their chances before anything is known.

    `closed`: of each closed opportunity the farthest stage that it reached (from 0) and whether it was won. What is
    won has passed every stage. So, where the usual chances rise from stage to stage, the learned ones do.
    """
    reached, won = [0] * len(usual), 0
    for farthest, is_won in closed:
        won += is_won
        last = len(usual) - 1 if is_won else min(farthest, len(usual) - 1)
        for place in range(last + 1):
            reached[place] += 1
    return [
        learned_chance(won=won, closed=count, usual=chance, weight=weight)
        for count, chance in zip(reached, usual, strict=True)
    ]
