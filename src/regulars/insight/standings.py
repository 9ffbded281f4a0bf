"""Every account of a snapshot side by side, as far as a member sees them: value against risk, and what changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from django.core.cache import cache

from regulars.base.access import Scope, account_scope
from regulars.base.models import Member
from regulars.facts.accounts import visible_accounts
from regulars.facts.models import Account
from regulars.insight.models import Snapshot
from regulars.insight.portfolio import KEPT_SECONDS, fingerprint
from regulars.insight.snapshots import kept_scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

FIGURES = (
    "sales_12m",
    "sales_previous_12m",
    "orders_12m",
    "probability_alive",
    "expected_value_365",
    "value_at_risk",
    "trend",
)


@dataclass(frozen=True, kw_only=True)
class Standings:
    """One entry an account in each array; NaN is unknown. Money in units of `currency`."""

    key: str  # the same for the same accounts of the same snapshot
    currency: str
    accounts: NDArray[np.int64]
    sales_12m: Vector
    sales_previous_12m: Vector
    orders_12m: Vector
    probability_alive: Vector
    expected_value_365: Vector
    value_at_risk: Vector
    trend: Vector

    @property
    def worth(self) -> Vector:
        """What an account is worth in a year if it stays: what is expected of it, and what may be lost."""
        return np.nan_to_num(self.expected_value_365) + np.nan_to_num(self.value_at_risk)

    def part(self, chosen: NDArray[Any]) -> Standings:
        """Some of the accounts: by a mask, or by their places."""
        figures = {name: getattr(self, name)[chosen] for name in FIGURES}
        return Standings(key=self.key, currency=self.currency, accounts=self.accounts[chosen], **figures)


def standings(snapshot: Snapshot, *, member: Member | None) -> Standings:
    """The accounts of a snapshot that the member sees today. One that was merged since is left out."""
    sees_all = account_scope(member) == Scope.ALL
    # Few accounts were merged, so that nobody who sees all waits for a list of all.
    told_apart = Account.objects.filter(merged_into__isnull=False) if sees_all else visible_accounts(member)
    listed = list(told_apart.order_by("pk").values_list("pk", flat=True))
    key = f"standings:{snapshot.uid}:{'without' if sees_all else 'with'}:{fingerprint(listed)}"
    found: Standings | None = cache.get(key)
    if found is None:
        everyone = _of_snapshot(snapshot, key)
        among = np.isin(everyone.accounts, np.array(listed, np.int64))
        found = everyone.part(~among if sees_all else among)
        cache.set(key, found, KEPT_SECONDS)
    return found


def _of_snapshot(snapshot: Snapshot, key: str) -> Standings:
    scores = kept_scores(snapshot)
    figures = {name: scores[name].to_numpy().astype("float64") for name in FIGURES}
    return Standings(key=key, currency=snapshot.currency, accounts=scores["account_id"].to_numpy(), **figures)


def accounts_named(ids: Iterable[int]) -> Mapping[int, Account]:
    """The accounts with these ids, with what a chart or a list says of them."""
    wanted = Account.objects.only("uid", "name", "generated")
    return wanted.in_bulk([int(one) for one in ids])


# Value and risk


@dataclass(frozen=True, kw_only=True)
class ValueAndRisk:
    """The accounts worth a place on the map, those worth most first, and the others in sum."""

    shown: Standings
    others: int
    others_worth: float
    others_at_risk: float
    unknown: int  # accounts of which the model cannot say whether they stay
    at_risk: float  # of all
    hold_half_of_risk: int  # fewest accounts that hold half of it; 0: nothing is at risk


LEAST_WORTH = 1.0
"""Whoever is worth less than a unit of the currency a year is lost, and has no place on the map."""


def value_and_risk(found: Standings, *, most: int = 400) -> ValueAndRisk:
    """As many as a map can hold: those with most at risk, and those worth most."""
    known = np.isfinite(found.probability_alive)
    placed = found.part(known & (found.worth >= LEAST_WORTH))
    chosen = np.zeros(placed.accounts.size, bool)
    chosen[np.argsort(-np.nan_to_num(placed.value_at_risk), kind="stable")[: most // 2]] = True
    room = most - int(chosen.sum())
    largest = np.argsort(-placed.worth, kind="stable")
    chosen[largest[~chosen[largest]][:room]] = True
    rest = placed.part(~chosen)
    return ValueAndRisk(
        shown=placed.part(largest[chosen[largest]]),
        others=rest.accounts.size,
        others_worth=float(rest.worth.sum()),
        others_at_risk=float(np.nansum(rest.value_at_risk)),
        unknown=int((~known & (found.orders_12m > 0)).sum()),
        at_risk=float(np.nansum(found.value_at_risk)),
        hold_half_of_risk=_hold_half(np.nan_to_num(found.value_at_risk)),
    )


def _hold_half(amounts: Vector) -> int:
    """The fewest that hold half of the sum."""
    largest_first = np.cumsum(np.sort(amounts[amounts > 0])[::-1])
    return int(np.searchsorted(largest_first, largest_first[-1] / 2) + 1) if largest_first.size else 0


# Between two dates


@dataclass(frozen=True, kw_only=True)
class Move:
    """One account on both dates: its sales in the 12 months up to each."""

    account: int
    before: float
    after: float

    @property
    def change(self) -> float:
        return self.after - self.before


@dataclass(frozen=True, kw_only=True)
class Moves:
    """How many came and went between two dates, and the largest of them. Came and went by orders in the 12 months."""

    came: int
    came_sales: float
    largest_came: list[Move]
    went: int
    went_sales: float
    largest_went: list[Move]
    grew: int
    largest_grew: list[Move]
    shrank: int
    largest_shrank: list[Move]


def moves(before: Standings, after: Standings, *, most: int = 20) -> Moves:
    """Who came, went, grew and shrank from one date to the other."""
    ids = np.union1d(before.accounts, after.accounts)
    old, new = (_spread(ids, one, "sales_12m") for one in (before, after))
    was, is_there = (_spread(ids, one, "orders_12m") > 0 for one in (before, after))
    came, went, stayed = is_there & ~was, was & ~is_there, was & is_there
    grew, shrank = stayed & (new > old), stayed & (new < old)

    def largest(chosen: NDArray[np.bool_], by: Vector) -> list[Move]:
        places = np.flatnonzero(chosen)
        places = places[np.argsort(-by[places], kind="stable")][:most]
        return [Move(account=int(ids[at]), before=float(old[at]), after=float(new[at])) for at in places]

    return Moves(
        came=int(came.sum()),
        came_sales=float(new[came].sum()),
        largest_came=largest(came, new),
        went=int(went.sum()),
        went_sales=float(old[went].sum()),
        largest_went=largest(went, old),
        grew=int(grew.sum()),
        largest_grew=largest(grew, new - old),
        shrank=int(shrank.sum()),
        largest_shrank=largest(shrank, old - new),
    )


def _spread(ids: NDArray[np.int64], one: Standings, name: str) -> Vector:
    """A figure for each of the ids; 0 for those that are not among the accounts."""
    spread = np.zeros(ids.size)
    spread[np.searchsorted(ids, one.accounts)] = np.nan_to_num(getattr(one, name))
    return spread
