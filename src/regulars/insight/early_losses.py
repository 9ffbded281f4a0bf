"""Whether more new customers are lost than before, and than wanted (mission A7).

Lost in the first days: no second order within so many days of the first. Only customers who were seen for so long are
counted, and only the same part of both years is compared, since customers won before Christmas are not those of spring.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import numpy as np

from regulars.core.calendar import months_before
from regulars.core.lifetime.history import EPOCH, day_number
from regulars.core.silence import Lifespans
from regulars.core.survival import ratio_of_shares, share_with_bounds

LEAST_CUSTOMERS = 30
"""Fewer customers of a year say nothing: one loss more or less would move the share by several per cent."""
LEAST_DAYS = 28
"""A shorter part of a year is chance."""


class Against(StrEnum):
    """A share against another one, or against what is wanted."""

    MORE = "more"
    FEWER = "fewer"
    CHANCE = "chance"  # no difference that chance does not explain


@dataclass(frozen=True, kw_only=True)
class EarlyCohort:
    """The customers won in a part of a year, and how many of them were lost in their first days."""

    won_from: date
    won_until: date
    customers: int
    lost: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class EarlyLosses:
    """The newest year against what is wanted and, where it is known, against the year before.

    `ratio`, with its bounds, is how many times as large the share lost is as in the year before; None: not to be said.
    """

    now: EarlyCohort
    before: EarlyCohort | None
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    against_before: Against | None
    wanted: float
    against_wanted: Against


def early_losses(spans: Lifespans, *, new_days: int, wanted: float, level: float) -> EarlyLosses | None:
    """The newest year of which enough customers were seen for `new_days`; None without one."""
    latest = day_of(spans.end - new_days)
    for year in (latest.year, latest.year - 1):
        window = max(date(year, 1, 1), day_of(spans.won_from)), min(date(year, 12, 31), latest)
        now = _cohort(spans, *window, new_days=new_days, level=level)
        if now is not None:
            return _against(spans, now, new_days=new_days, wanted=wanted, level=level)
    return None


def day_of(number: int) -> date:
    """The day so many days after 1970-01-01."""
    return EPOCH + timedelta(days=number)


def _against(spans: Lifespans, now: EarlyCohort, *, new_days: int, wanted: float, level: float) -> EarlyLosses:
    known_from = max(months_before(now.won_from, 12), day_of(spans.won_from))
    same_from, until = months_before(known_from, -12), months_before(now.won_until, 12)
    same = _cohort(spans, same_from, now.won_until, new_days=new_days, level=level)
    before = _cohort(spans, known_from, until, new_days=new_days, level=level) if same else None
    now = same if same and before else now
    against_wanted = Against.MORE if now.low > wanted else Against.FEWER if now.high < wanted else Against.CHANCE
    ratio = None
    if before and now.lost and before.lost:
        ratio = ratio_of_shares(now.lost, now.customers, before.lost, before.customers, level=level)
    against = None
    if ratio:
        against = Against.MORE if ratio.low > 1 else Against.FEWER if ratio.high < 1 else Against.CHANCE
    return EarlyLosses(
        now=now,
        before=before,
        ratio=ratio.value if ratio else None,
        ratio_low=ratio.low if ratio else None,
        ratio_high=ratio.high if ratio else None,
        against_before=against,
        wanted=wanted,
        against_wanted=against_wanted,
    )


def _cohort(spans: Lifespans, won_from: date, won_until: date, *, new_days: int, level: float) -> EarlyCohort | None:
    """The customers won within these days; None if they are too few, or the time is too short."""
    if (won_until - won_from).days < LEAST_DAYS:
        return None
    among = (spans.first >= day_number(won_from)) & (spans.first <= day_number(won_until))
    customers = int(among.sum())
    if customers < LEAST_CUSTOMERS:
        return None
    lost = int(np.sum(spans.second_after_days[among] > new_days))
    share = share_with_bounds(lost, customers, level=level)
    return EarlyCohort(
        won_from=won_from,
        won_until=won_until,
        customers=customers,
        lost=lost,
        share=share.value,
        low=share.low,
        high=share.high,
    )
