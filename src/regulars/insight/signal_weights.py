"""What weight signals deserve: learned from what became of the accounts that showed them, else the documented default.

For each kind, accounts with such a signal in a month are compared with accounts of the same month, the same size and
equally recent orders that had none: how many lost half of their sales within six months (risks), or bought clearly more
(potentials). The odds ratio is shrunk to the default by its uncertainty. Method: `docs/methods/signals.md`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
from django.db import transaction

from regulars.core.signals import Compared, LogOdds, common_log_odds, shrunk, usual_weight
from regulars.facts.models import Signal
from regulars.facts.signal_kinds import KINDS, Direction
from regulars.insight.histories import Basis, OpenHistory, basis_in_force, open_history
from regulars.insight.models import SignalWeight

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

BEFORE, AFTER, RECENT = 12, 6, 3
"""Months that tell what an account was worth, what became of it, and whether its last order was recent."""
LOST: Final = 0.5
"""Half of what it bought before, or less, is a loss."""
GREW: Final = 1.25
"""A quarter more than before is clearly more."""
SIZES: Final = 5
LEAST_SIGNALS: Final = 10
"""Below so many signals of a kind that were followed up, nothing is learned of it."""
MOST_OTHERS: Final = 50_000
"""Accounts without signals that are looked at; of more, every so-manieth."""
LONGEST_MONTHS: Final = 48
LEARNED_AGAIN: Final = timedelta(days=7)
GREATEST: Final = 3.0
"""No kind of signal multiplies the odds by more than e^3 = 20, and none lowers what it announces."""
NINE_OF_TEN: Final = 1.645


@dataclass(frozen=True)
class Months:
    """Net sales of accounts by month: `net[place, month]`; months are counted from `first`."""

    accounts: NDArray[np.int64]
    first: int
    net: Vector


def month_of(day: date) -> int:
    """Months since the year 0."""
    return day.year * 12 + day.month - 1


def learn_weights(*, as_of: date, again: bool = False) -> int:
    """Learn the weights of all kinds with enough signals whose outcome is known by `as_of`. Returns of how many kinds.

    Within a week of the last time nothing is done, unless `again`.
    """
    newest = SignalWeight.objects.order_by("-as_of").values_list("as_of", flat=True).first()
    if not again and newest is not None and timedelta(0) <= as_of - newest < LEARNED_AGAIN:
        return 0
    signals = _followed_up(as_of)
    enough = {kind for kind, shown in signals.items() if len(shown) >= LEAST_SIGNALS}
    learned = []
    if enough:
        months = _months(basis_in_force(), as_of, {account for shown in signals.values() for account, _month in shown})
        followed = Followed(signals, months)
        learned = [_learned(kind, followed, as_of) for kind in sorted(enough)]
    with transaction.atomic():
        SignalWeight.objects.all().delete()
        SignalWeight.objects.bulk_create(learned)
    return len(learned)


def _followed_up(as_of: date) -> dict[str, set[tuple[int, int]]]:
    """By kind, the (account, month) of the signals that were not withdrawn and whose outcome is known; each once."""
    last = month_of(as_of) - AFTER - 1  # the month of `as_of` is not over
    shown: dict[str, set[tuple[int, int]]] = defaultdict(set)
    standing = Signal.objects.filter(withdrawn_at=None, account__merged_into=None, observed_on__lte=as_of)
    for account, kind, on in standing.order_by().values_list("account_id", "kind", "observed_on"):
        if kind in KINDS and last - LONGEST_MONTHS + BEFORE + AFTER < month_of(on) <= last:
            shown[kind].add((account, month_of(on)))
    return shown


def _months(basis: Basis, as_of: date, wanted: set[int]) -> Months:
    """The last `LONGEST_MONTHS` months of those with signals, and of so many others as are enough to compare with."""
    last = month_of(as_of) - 1
    first = last - LONGEST_MONTHS + 1
    with open_history(basis, as_of=as_of) as history:
        rows = history.arrow(_by_month(history, first, wanted))
    ids, months, net = (rows[name].to_numpy() for name in ("account", "month", "net"))
    accounts, places = np.unique(ids, return_inverse=True)
    table = np.zeros((accounts.size, LONGEST_MONTHS))
    inside = months <= last
    table[places[inside], months[inside] - first] = net[inside]
    return Months(accounts=accounts, first=first, net=table)


def _by_month(history: OpenHistory, first: int, wanted: set[int]) -> ir.Table:
    days = history.days
    month = (days.business_date.year() * 12 + days.business_date.month() - 1).cast("int64")
    apart = -(-int(history.rows(days.aggregate(accounts=days.account.nunique()))[0]["accounts"]) // MOST_OTHERS)
    chosen = (days.account % max(apart, 1) == 0) | days.account.isin(sorted(wanted))
    recent = days.mutate(month=month).filter(chosen & (month >= first) & days.account.notnull())
    return recent.group_by("account", "month").aggregate(net=recent.net.sum())


def _learned(kind: str, followed: Followed, as_of: date) -> SignalWeight:
    tables = compared(kind, followed)
    usual = usual_weight(KINDS[kind].strength)
    believed: LogOdds = shrunk(common_log_odds(tables), default=usual)
    spread = NINE_OF_TEN * math.sqrt(believed.variance)
    return SignalWeight(
        kind=kind,
        as_of=as_of,
        usual=usual,
        weight=_within(believed.value),
        low=_within(believed.value - spread),
        high=_within(believed.value + spread),
        signals=int((tables.events + tables.others).sum()),
        events=int(tables.events.sum()),
        others=int((tables.events_without + tables.others_without).sum()),
        events_without=int(tables.events_without.sum()),
    )


def _within(weight: float) -> float:
    return min(max(weight, 0.0), GREATEST)


class Followed:
    """What became of the accounts after each month: looked at once, however many kinds of signals ask for it."""

    def __init__(self, signals: dict[str, set[tuple[int, int]]], months: Months) -> None:
        self.signals, self.months = signals, months
        self._seen: dict[tuple[int, Direction], _Month] = {}
        self._alike: dict[Direction, dict[int, set[int]]] = {one: defaultdict(set) for one in Direction}
        for kind, shown in signals.items():
            for account, month in shown:
                self._alike[KINDS[kind].direction][month].add(account)

    def after(self, month: int, direction: Direction) -> _Month:
        if (month, direction) not in self._seen:
            alike = self._alike[direction]
            near = [account for at in range(month - AFTER, month + AFTER + 1) for account in alike.get(at, ())]
            self._seen[month, direction] = _looked_at(month, self.months, self.places(near), direction)
        return self._seen[month, direction]

    def places(self, accounts: Iterable[int]) -> NDArray[np.int64]:
        """Where these accounts stand among those of the months, each once; those who are not there are left out."""
        asked = np.unique(np.array(list(accounts), np.int64))
        found = np.searchsorted(self.months.accounts, asked)
        known = found < self.months.accounts.size
        known[known] = self.months.accounts[found[known]] == asked[known]
        return found[known]


@dataclass(frozen=True)
class _Month:
    """Who bought before a month, in which stratum of size and recency, to whom it came; how it went without a sign."""

    bought: NDArray[np.bool_]
    came: NDArray[np.bool_]
    stratum: NDArray[np.int64]
    came_without: Vector
    came_not_without: Vector


def compared(kind: str, followed: Followed) -> Compared:
    """What became of accounts with a signal of the kind, and of comparable ones without any of its direction.

    One table for each size and recency of each month: with the signal came and came not, without it likewise.
    """
    by_month: dict[int, list[int]] = defaultdict(list)
    for account, month in followed.signals[kind]:
        by_month[month].append(account)
    tables = [np.empty((4, 0))]
    for month, accounts in sorted(by_month.items()):
        seen = followed.after(month, KINDS[kind].direction)
        shown = followed.places(accounts)
        shown = shown[seen.bought[shown]]
        came = seen.came[shown]
        counts = (_by_stratum(seen.stratum[shown[came]]), _by_stratum(seen.stratum[shown[~came]]))
        table = np.array([*counts, seen.came_without, seen.came_not_without])
        tables.append(table[:, (counts[0] + counts[1]) > 0])
    counted = np.concatenate(tables, axis=1)
    return Compared(events=counted[0], others=counted[1], events_without=counted[2], others_without=counted[3])


def _looked_at(month: int, months: Months, near: NDArray[np.int64], direction: Direction) -> _Month:
    at = month - months.first + 1  # the month of the signal belongs to what was before
    before, after = months.net[:, at - BEFORE : at].sum(1), months.net[:, at : at + AFTER].sum(1)
    usual = before * AFTER / BEFORE
    came = after <= LOST * usual if direction == Direction.RISK else after >= GREW * usual
    bought = before > 0
    limits = np.quantile(before[bought], np.arange(1, SIZES) / SIZES) if bought.any() else np.zeros(SIZES - 1)
    stratum = np.searchsorted(limits, before) * 2 + (months.net[:, at - RECENT : at] > 0).any(1)
    without = bought.copy()
    without[near] = False
    return _Month(
        bought=bought,
        came=came,
        stratum=stratum,
        came_without=_by_stratum(stratum[without & came]),
        came_not_without=_by_stratum(stratum[without & ~came]),
    )


def _by_stratum(strata: NDArray[np.int64]) -> Vector:
    return np.bincount(strata, minlength=SIZES * 2).astype(float)
