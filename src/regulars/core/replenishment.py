"""Which item is due again for an account, by its own rhythm. Method, sources and limits: docs/methods/replenishment.md.

The days between one purchase of an item by an account and the next are taken as log-normal. How long they usually are
differs from account to account, and one account has few of them; so the mean of its own logarithms is pulled towards
that of the item, the more the fewer there are (the normal-normal empirical Bayes estimate: B. Efron, C. Morris, JASA
70 (1975), section 2; C. N. Morris, JASA 78 (1983)):

    m = (n x̄ / σ² + μ / τ²) / (n / σ² + 1 / τ²),    predictive variance v = σ² + 1 / (n / σ² + 1 / τ²)

with n gaps of mean x̄ of the account, μ the item's mean, itself pulled towards that of all items in the same manner,
σ² the variance within a pair of account and item, and τ² that between accounts. The next purchase is expected
exp(m) days after the last (the median), and within exp(m ± 1.2816 √v) in four cases of five.

An account may also be through with an item, which a rhythm alone does not know. The chance that it buys the item within
a horizon is therefore learned from the firm's own last period (`learn_due_chance`): a logistic regression on the chance
by the rhythm, how often it was bought, how far it is overdue, how long the account has bought neither it nor anything
at all, and whether the item still sells.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from regulars.core.errors import Refusal
from regulars.core.logistic import fitted_logistic, logistic
from regulars.core.purchases import Purchases, day_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]
    Places = NDArray[np.int64]

FOUR_OF_FIVE = 1.2816
"""The 90th percentile of the standard normal distribution: 10 % on either side."""
LEAST_GAPS = 30
"""With fewer repeated purchases in the whole history no rhythm is learned."""
LEAST_REPEATED = 0.1
"""An item is left out when fewer of its buyers ever bought it again."""
LONGEST_OVERDUE = 6.0
"""After so many usual gaps without a purchase it is lost rather than due."""
LIVELY_DAYS = 91
SMALLEST_VARIANCE = 1e-4


@dataclass(frozen=True)
class DueChance:
    """Coefficients that turn what the rhythm says into the chance that was met in the firm's last period."""

    horizon_days: int
    coefficients: Vector

    def of(self, due: Due, asked: Purchases, *, as_of: date) -> Due:
        """The same, with chances as they were met."""
        return replace(due, chance=logistic(_features(due, asked, as_of) @ self.coefficients))


class NoRhythm(Refusal):
    """Hardly anything was bought again."""


@dataclass(frozen=True)
class Due:
    """Pairs of account and item that were bought at least twice; arrays of one length. Days count from 1970-01-01."""

    account_at: Places
    item_at: Places
    order_days: Places
    last_day: Places
    gap_days: Vector  # the usual gap
    due_day: Places  # one usual gap after the last purchase
    from_day: Places  # in four cases of five it comes between these two
    until_day: Places
    overdue: Vector  # days since the last purchase as a multiple of the usual gap; more than 1: overdue
    chance: Vector  # that it is bought within the horizon, given that it was not bought until now
    lively: Vector  # the share of the item's buyers who bought it within the last quarter: does it still sell?

    def weighed(self) -> Due:
        """The same for ranking where no chance was learned: by the rhythm, times the share of buyers still buying."""
        return replace(self, chance=self.chance * self.lively)

    def part(self, chosen: NDArray[np.bool_] | Places) -> Due:
        """Some of them, by a mask or by their places."""
        return Due(*(getattr(self, name)[chosen] for name in Due.__dataclass_fields__))


class Replenishment:
    """Learns how long accounts take until they buy an item again, and tells what is due."""

    def fit(self, past: Purchases) -> Replenishment:
        """Learn from all purchases. Raises `NoRhythm` when hardly anything was bought again."""
        gaps = past.order_days - 1
        if gaps.sum() < LEAST_GAPS:
            raise NoRhythm(
                "Hardly any product was bought again: no rhythm can be told.",
                "Import a longer history, or order lines with their product code.",
            )
        repeated = gaps > 0
        self.gap_variance_ = _variance_within(past, gaps)
        mean = np.divide(past.log_gap_sum, gaps, out=np.zeros(gaps.size), where=repeated)
        overall = float(past.log_gap_sum.sum() / gaps.sum())
        items = past.items.size
        count = np.bincount(past.item_at, weights=gaps, minlength=items)
        total = np.bincount(past.item_at, weights=past.log_gap_sum, minlength=items)
        of_item = np.divide(total, count, out=np.full(items, overall), where=count > 0)
        self.item_variance_ = _variance_between(of_item[count > 0], count[count > 0], overall, self.gap_variance_)
        self.item_means_ = _pulled(count, of_item, overall, self.gap_variance_, self.item_variance_)
        away = mean[repeated] - self.item_means_[past.item_at[repeated]]
        self.account_variance_ = _variance_between(away, gaps[repeated], 0.0, self.gap_variance_)
        buyers = np.bincount(past.item_at, minlength=items)
        again = np.bincount(past.item_at[repeated], minlength=items)
        self.repeated_ = again / np.maximum(buyers, 1)
        self._buyers, self._past = buyers, past
        return self

    def _lively(self, today: int) -> Vector:
        lately = self._past.item_at[self._past.last_day > today - LIVELY_DAYS]
        share: Vector = (np.bincount(lately, minlength=self._buyers.size) + 0.5) / (self._buyers + 1)
        return share

    def due(self, asked: Purchases, *, as_of: date, horizon_days: int = 91) -> Due:
        """What the accounts bought at least twice, when it is due again, and the chance that it is bought by then.

        Left out: items that few of their buyers bought again, and what was not bought for six usual gaps.
        """
        gaps, today = asked.order_days - 1, day_number(as_of)
        rows = (gaps > 0) & (self.repeated_[asked.item_at] >= LEAST_REPEATED)
        prior = self.item_means_[asked.item_at[rows]]
        own = asked.log_gap_sum[rows] / gaps[rows]
        centre = _pulled(gaps[rows], own, prior, self.gap_variance_, self.account_variance_)
        certainty = gaps[rows] / self.gap_variance_ + 1 / self.account_variance_
        spread = np.sqrt(self.gap_variance_ + 1 / certainty)
        last, gap = asked.last_day[rows], np.exp(centre)
        low, high = np.exp(centre - FOUR_OF_FIVE * spread), np.exp(centre + FOUR_OF_FIVE * spread)
        found = Due(
            account_at=asked.account_at[rows],
            item_at=asked.item_at[rows],
            order_days=asked.order_days[rows],
            last_day=last,
            gap_days=gap,
            due_day=_after(last, gap),
            from_day=_after(last, low),
            until_day=_after(last, high),
            overdue=(today - last) / gap,
            chance=_chance(today - last, horizon_days, centre, spread),
            lively=self._lively(today)[asked.item_at[rows]],
        )
        return found.part(found.overdue <= LONGEST_OVERDUE)


def learn_due_chance(past: Purchases, whole: Purchases, *, origin: date, horizon_days: int) -> DueChance | None:
    """Learn from `past` (purchases up to `origin`) and `whole` (those of the same items up to the end of the period).

    `whole` must end with the period: of a pair only its last purchase is known. None with too little to learn from.
    """
    try:
        due = Replenishment().fit(past).due(past, as_of=origin, horizon_days=horizon_days)
    except NoRhythm:
        return None
    bought = bought_again(due, past, whole, after=origin)
    if bought.sum() < LEAST_GAPS or bought.all():
        return None
    return DueChance(horizon_days, fitted_logistic(_features(due, past, origin), bought))


def bought_again(due: Due, past: Purchases, whole: Purchases, *, after: date) -> NDArray[np.bool_]:
    """Which of what was due was bought later than `after`. Both purchases are of the same items."""
    assert np.array_equal(past.items, whole.items)
    later = whole.last_day > day_number(after)
    keys = whole.accounts[whole.account_at[later]] * whole.items.size + whole.item_at[later]
    return np.isin(past.accounts[due.account_at] * past.items.size + due.item_at, keys)


def _features(due: Due, asked: Purchases, as_of: date) -> Vector:
    today = day_number(as_of)
    rhythm = np.clip(due.chance, 1e-6, 1 - 1e-6)
    silence_days = np.maximum(today - asked.last_days(), 0)[due.account_at]
    return np.column_stack(
        [
            np.ones(rhythm.size),
            np.log(rhythm / (1 - rhythm)),
            np.log(due.order_days),
            np.log(due.overdue + 0.1),
            np.log(np.maximum(today - due.last_day, 0) + 7.0),
            np.log(silence_days + 7.0),
            np.log(due.lively),
        ]
    )


def first_due(due: Due, *, most: int = 20) -> Due:
    """The most probable of each account, at most so many, accounts in their sequence."""
    order = np.lexsort((due.item_at, -due.chance, due.account_at))
    account_at = due.account_at[order]
    starts = np.flatnonzero(np.append(True, account_at[1:] != account_at[:-1])) if account_at.size else account_at
    rank = np.arange(account_at.size) - np.repeat(starts, np.diff(np.append(starts, account_at.size)))
    return due.part(order[rank < most])


def _variance_within(past: Purchases, gaps: Places) -> float:
    """σ²: of the logarithms of the gaps of one account and item around their mean, over pairs with two gaps or more."""
    several = gaps > 1
    squares = past.log_gap_squares[several] - past.log_gap_sum[several] ** 2 / gaps[several]
    freedom = (gaps[several] - 1).sum()
    return max(float(squares.sum() / freedom), SMALLEST_VARIANCE) if freedom > 0 else 1.0


def _variance_between(means: Vector, counts: NDArray[np.number], centre: float, within: float) -> float:
    """τ² by moments: what the means scatter beyond what few observations of variance σ² explain; weighted by counts."""
    if means.size < 2:
        return within
    scatter = float((counts * (means - centre) ** 2).sum() - means.size * within)
    return max(scatter / float(counts.sum()), SMALLEST_VARIANCE)


def _pulled(
    counts: NDArray[np.number], means: Vector, towards: Vector | float, within: float, between: float
) -> Vector:
    weight = counts / (counts + within / between)
    return np.asarray(weight * means + (1 - weight) * towards, np.float64)


def _after(day: Places, days: Vector) -> Places:
    later: Places = day + np.minimum(np.rint(days), 36_500).astype(np.int64)
    return later


def _chance(silence_days: Places, horizon_days: int, centre: Vector, spread: Vector) -> Vector:
    """(F(s + h) − F(s)) / (1 − F(s)) of the log-normal gap: nothing was bought for s days already."""
    from scipy.special import log_ndtr

    def log_survival(days: Vector) -> Vector:
        survival: Vector = log_ndtr(-(np.log(np.maximum(days, 0.5)) - centre) / spread)
        return survival

    silence = silence_days.astype(np.float64)
    chance: Vector = -np.expm1(log_survival(silence + horizon_days) - log_survival(silence))
    return chance
