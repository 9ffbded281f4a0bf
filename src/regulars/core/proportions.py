"""How sure a share is that was counted."""

from __future__ import annotations

from math import sqrt
from typing import Final

Z_95: Final = 1.959963984540054
"""Of the standard normal distribution, 95 % lie between -z and z."""


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """In which the share lies in 95 % of cases.

    The score interval of Wilson (1927), "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22, without continuity correction. In closed form, since a page
    shows dozens, and loading statistics for it takes longer than all the rest of the page.
    """
    assert 0 <= successes <= trials > 0, f"{successes} of {trials}"
    share = successes / trials
    spread = Z_95 * sqrt(share * (1 - share) / trials + Z_95**2 / (4 * trials**2))
    middle, whole = share + Z_95**2 / (2 * trials), 1 + Z_95**2 / trials
    low = (middle - spread) / whole if successes else 0.0
    high = (middle + spread) / whole if successes < trials else 1.0
    return low, high
