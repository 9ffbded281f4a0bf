"""The mean of few ratings on a scale with ends, and how far it may be from what all would say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class RatedMean:
    """The mean of `count` ratings; `low` and `high` hold what all customers would say in 95 % of cases."""

    count: int
    mean: float
    low: float
    high: float


def rated_mean(ratings: Sequence[int], *, least: int, most: int, level: float = 0.95) -> RatedMean | None:
    """The mean with its interval; None without ratings.

    Each rating is taken as that share of a success, with Jeffreys' beta distribution for the mean (Brown, Cai and
    DasGupta 2001). No ratings within the ends spread more than successes and failures, so that the interval is rather
    too wide than too narrow; and five times the best answer does not make it vanish, as the usual formula would.
    """
    assert least < most, "a scale has two ends"
    assert all(least <= one <= most for one in ratings), "ratings lie on the scale"
    if not ratings:
        return None
    from scipy.special import betaincinv  # takes longer to load than all the rest of a page

    reach, count = most - least, len(ratings)
    successes = sum((one - least) / reach for one in ratings)
    tail = (1 - level) / 2
    low, high = (
        least + reach * float(betaincinv(successes + 0.5, count - successes + 0.5, share)) for share in (tail, 1 - tail)
    )
    mean = sum(ratings) / count
    return RatedMean(count=count, mean=mean, low=min(low, mean), high=max(high, mean))
