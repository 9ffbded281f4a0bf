"""The chance that a lost customer orders again, learned from all silences of a history that were long enough.

In words: docs/methods/win-back.md. Every silence that reached the length at which `SilenceRule` calls a customer lost
is one case, which begins on that day. It ends with the next order, or goes on at the end of the history. With S
the Kaplan-Meier curve of these cases, one who has been lost for u days orders again within the next h days with

    c(u) = 1 - S(u + h) / S(u).

Customers who had ordered once, a few times, and often are told apart. Where n cases were still silent after u days and
the prior is p(u), what is taken is (n c(u) + k p(u)) / (n + k), with k = `PRIOR_CASES`; n is 0 where no case was seen
for as long as u + h days.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from regulars.core.lifetime.columns import Vector
from regulars.core.lifetime.history import History
from regulars.core.silence import SilenceRule, gap_days, longest_pause_before, longest_pause_days
from regulars.core.survival import SurvivalCurve, kaplan_meier

WITHIN_DAYS: Final = 365
PRIOR_CASES: Final = 20
PRIOR_CHANCE: Final = 0.2
"""On the day of the loss, halved with every year since: the lower end of the 20 to 40 % that Griffin and Lowenstein
(Customer Winback, 2001) name for lost customers who are asked to come back."""
OFTEN: Final = (2, 4)
"""Order days from which on a customer is of the next kind: ordered once, a few times, often."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Returns:
    """How lost customers of each kind came back, and how long each case was seen after it was lost, ascending."""

    curves: tuple[SurvivalCurve, ...]
    seen: tuple[Vector, ...]

    def chance(self, order_days: Any, lost_days: Any) -> tuple[Vector, Vector]:
        """Give the chances to order again within a year, and how many earlier cases each was learned from.

        `order_days`: the days with an order until the loss; `lost_days`: the days since silence made it a loss.
        """
        lost = np.maximum(np.asarray(lost_days, float), 0.0)
        chance, cases = prior_chance(lost), np.zeros(lost.shape)
        kinds = kind_of(order_days)
        for kind, (curve, seen) in enumerate(zip(self.curves, self.seen, strict=True)):
            mine = (kinds == kind) & (lost + WITHIN_DAYS <= curve.longest)
            since = lost[mine]
            still, left = curve.at(since), curve.at(since + WITHIN_DAYS)
            came = 1 - np.divide(left, still, out=np.ones(still.shape), where=still > 0)
            silent = (seen.size - np.searchsorted(seen, since, side="right")).astype(float)
            chance[mine] = (silent * came + PRIOR_CASES * chance[mine]) / (silent + PRIOR_CASES)
            cases[mine] = silent
        return chance, cases


def prior_chance(lost_days: Vector) -> Vector:
    """Give what is taken before anything was seen."""
    return np.asarray(PRIOR_CHANCE * 0.5 ** (lost_days / 365))


def kind_of(order_days: Any) -> npt.NDArray[np.intp]:
    """Give 0 for who ordered once, 1 for a few times, 2 for often."""
    return np.searchsorted(np.asarray(OFTEN), np.asarray(order_days), side="right")


def learn_returns(history: History, rule: SilenceRule) -> Returns:
    """Give how those came back who were silent for so long that the rule calls them lost."""
    place = np.arange(history.days.size) - np.repeat(history.starts[:-1], np.diff(history.starts))
    gaps, allowed = gap_days(history), rule.allowed_days(longest_pause_before(history))
    came = history.repeats & (gaps >= allowed)
    last = history.starts[1:] - 1
    silence = (history.today - history.days[last]).astype(float)
    allowed_now = rule.allowed_days(longest_pause_days(history))
    out = silence >= allowed_now
    lasted = np.concatenate([(gaps - allowed)[came], (silence - allowed_now)[out]])
    returned = np.repeat([True, False], [int(came.sum()), int(out.sum())])
    kinds = kind_of(np.concatenate([place[came], place[last][out] + 1]))
    chosen = [kinds == kind for kind in range(len(OFTEN) + 1)]
    return Returns(
        curves=tuple(kaplan_meier(lasted[one], returned[one]) for one in chosen),
        seen=tuple(np.sort(lasted[one]) for one in chosen),
    )
