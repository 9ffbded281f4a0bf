"""How probable it is that an account takes up what is suggested: learned from the firm's own last period.

What would have been suggested before that period is held against what was taken up in it. The chance is a logistic
regression on the score of the suggestion, how long the account has been silent and how many items it took up before
it; so that a list of chances adds up to what came, and money computed from it is honest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from regulars.core.affinity import CANDIDATES, Affinity, AffinitySettings, Suggested, hit_rate, marked_taken_up
from regulars.core.logistic import fitted_logistic, logistic
from regulars.core.purchases import Purchases, day_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

MOST_ACCOUNTS = 20_000
"""Accounts that the chance is learned from."""
LEAST_TAKEN_UP = 30
"""With fewer suggestions taken up the chance stays unknown."""
CHOSEN_ON_ACCOUNTS, CHOSEN_ON_ITEMS, CHOSEN_ON_REFERENCES = 1_500, 1_000, 5_000
"""Settings are chosen on a part: which is best shows there, at a small part of the time."""
LATELY_DAYS = 182
SHOWN = 10


@dataclass(frozen=True, kw_only=True)
class AdoptionChance:
    """What was learned from the period after `origin`, and how right the suggestions would have been in it."""

    origin: date
    horizon_days: int
    coefficients: tuple[float, ...] | None  # None: too few were taken up to tell
    hit_rate: float  # share of accounts that took up one of ten, among those that took up anything; NaN: none did
    hit_rate_of_best_sellers: float  # the same for the ten items with most buyers

    def of(self, suggested: Suggested, asked: Purchases, *, as_of: date) -> Vector:
        """The chance of each suggestion to be taken up within `horizon_days`; NaN when it is unknown."""
        if self.coefficients is None:
            return np.full(suggested.score.size, np.nan)
        chance: Vector = logistic(_features(suggested, asked, as_of) @ np.array(self.coefficients))
        return chance

    def as_json(self) -> dict[str, Any]:
        """What is shown of it, as data."""
        return {
            "origin": self.origin.isoformat(),
            "horizon_days": self.horizon_days,
            "hit_rate": _or_none(self.hit_rate),
            "hit_rate_of_best_sellers": _or_none(self.hit_rate_of_best_sellers),
        }


def choose_settings(
    pasts: Sequence[tuple[Purchases, date]],
    whole: Purchases,
    *,
    horizon_days: int,
    candidates: Sequence[AffinitySettings] = CANDIDATES,
) -> AffinitySettings:
    """The candidate with the highest mean hit rate over earlier days, the first of equals.

    `pasts`: purchases up to a day, and that day; `whole`: purchases up to the end of the last period or later.
    """

    def mean_hit_rate(settings: AffinitySettings) -> float:
        return float(np.mean([_hit_rate(settings, past, whole, origin, horizon_days) for past, origin in pasts]))

    rates = [
        mean_hit_rate(replace(one, most_items=CHOSEN_ON_ITEMS, most_references=CHOSEN_ON_REFERENCES))
        for one in candidates
    ]
    return candidates[int(np.argmax(np.nan_to_num(rates)))]


def _hit_rate(settings: AffinitySettings, past: Purchases, whole: Purchases, origin: date, horizon_days: int) -> float:
    model = Affinity(settings).fit(past, as_of=origin)
    asked = past.of_accounts(_some(past.accounts.size, CHOSEN_ON_ACCOUNTS))
    until = origin + timedelta(days=horizon_days)
    return hit_rate(model.suggest(asked, most=SHOWN), whole, asked=asked, after=origin, until=until)


def learn_chance(
    past: Purchases,
    whole: Purchases,
    *,
    origin: date,
    horizon_days: int,
    settings: AffinitySettings | None = None,
    most: int = 20,
) -> AdoptionChance:
    """Learn from `past` (purchases up to `origin`) and `whole` (those up to the end of the period or later).

    Raises `NothingToSuggest` when there was too little to learn from before the period.
    """
    model = Affinity(settings).fit(past, as_of=origin)
    asked = past.of_accounts(_some(past.accounts.size, MOST_ACCOUNTS))
    until = origin + timedelta(days=horizon_days)
    suggested = model.suggest(asked, most=most)
    taken = marked_taken_up(suggested, whole, asked=asked, after=origin, until=until)
    enough = taken.sum() >= LEAST_TAKEN_UP and not taken.all()
    learned = fitted_logistic(_features(suggested, asked, origin), taken) if enough else None

    def met(offered: Suggested) -> float:
        return hit_rate(offered, whole, asked=asked, after=origin, until=until, most=SHOWN)

    return AdoptionChance(
        origin=origin,
        horizon_days=horizon_days,
        coefficients=None if learned is None else tuple(learned.tolist()),
        hit_rate=met(suggested),
        hit_rate_of_best_sellers=met(model.best_sellers(asked, most=SHOWN)),
    )


def _some(accounts: int, most: int) -> NDArray[np.bool_]:
    chosen = np.ones(accounts, bool)
    if accounts > most:
        chosen[np.random.default_rng(accounts).choice(accounts, accounts - most, replace=False)] = False
    return chosen


def _features(suggested: Suggested, asked: Purchases, as_of: date) -> Vector:
    today = day_number(as_of)
    silence_days = np.maximum(today - asked.last_days(), 0)
    lately = asked.first_day > today - LATELY_DAYS
    taken_up_lately = np.bincount(asked.account_at[lately], minlength=asked.accounts.size)
    of_account = np.column_stack([np.log(silence_days + 14.0), np.log1p(taken_up_lately)])
    at = suggested.account_at
    return np.column_stack([np.ones(at.size), suggested.score, of_account[at]])


def _or_none(share: float) -> float | None:
    return float(share) if np.isfinite(share) else None
