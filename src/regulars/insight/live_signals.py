"""Live signals: those that still count, with how much is left of each and the weight that it has now."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import numpy as np
from django.db.models import QuerySet

from regulars.core.signals import LIVE_HALF_LIVES, share_left, together, usual_weight
from regulars.facts.models import Signal
from regulars.facts.signal_kinds import KINDS, Direction
from regulars.insight.models import SignalWeight

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST_LIFE = timedelta(days=LIVE_HALF_LIVES * max(kind.half_life_days for kind in KINDS.values()))
AT_ONCE = 500


@dataclass(frozen=True, kw_only=True)
class LiveSignal:
    """One signal as of a day."""

    uid: UUID
    account_id: int
    kind: str
    observed_on: date
    strength: int
    said: str
    share_left: float
    """What is left of its weight: 1 when it is new."""
    weight: float
    """Logarithm of the factor by which it multiplies the odds now, were it the only one of its kind."""

    @property
    def odds(self) -> float:
        """The factor by which it multiplies the odds now."""
        return math.exp(self.weight)

    @property
    def direction(self) -> Direction:
        return KINDS[self.kind].direction


def weights_in_force() -> dict[str, float]:
    """The weight of a fresh signal of each kind and its usual strength: learned, else as documented."""
    learned = dict(SignalWeight.objects.values_list("kind", "weight"))
    return {kind.key: learned.get(kind.key, usual_weight(kind.strength)) for kind in KINDS.values()}


def live_signals(
    *, on: date, accounts: Iterable[int] | None = None, weights: Mapping[str, float] | None = None
) -> list[LiveSignal]:
    """The live signals of all accounts, or of these, as of a day; newest first.

    Withdrawn ones and those of later days are not among them.
    """
    weights = weights_in_force() if weights is None else weights
    since = on - LONGEST_LIFE
    signals = Signal.objects.filter(withdrawn_at=None, observed_on__lte=on, observed_on__gte=since)
    found = [one for some in _parts(accounts) for one in _read(signals.filter(**some).order_by(), on, weights)]
    return sorted(found, key=lambda one: (one.observed_on, one.uid), reverse=True)


def _parts(accounts: Iterable[int] | None) -> Iterator[dict[str, list[int]]]:
    """The conditions that together ask for these accounts: a database takes only so many values in one."""
    if accounts is None:
        yield {}
        return
    listed = sorted(accounts)
    for start in range(0, len(listed), AT_ONCE):
        yield {"account__in": listed[start : start + AT_ONCE]}


def _read(signals: QuerySet[Signal], on: date, weights: Mapping[str, float]) -> Iterator[LiveSignal]:
    columns = ("uid", "account_id", "kind", "observed_on", "strength", "said")
    # A kind of a later version may stand in a database that an earlier one goes on with.
    rows = [row for row in signals.values_list(*columns) if row[2] in KINDS]
    ages = np.array([(on - observed_on).days for _uid, _account, _kind, observed_on, *_rest in rows], float)
    half_lives = np.array([KINDS[kind].half_life_days for _uid, _account, kind, *_rest in rows], float)
    for row, left in zip(rows, share_left(ages, half_lives).tolist(), strict=True):
        if left == 0:
            continue
        uid, account_id, kind, observed_on, strength, said = row
        yield LiveSignal(
            uid=uid,
            account_id=account_id,
            kind=kind,
            observed_on=observed_on,
            strength=strength,
            said=said,
            share_left=left,
            weight=weights[kind] * strength / KINDS[kind].strength * left,
        )


def by_account(signals: Iterable[LiveSignal]) -> dict[int, list[LiveSignal]]:
    """The signals of each account."""
    found: dict[int, list[LiveSignal]] = defaultdict(list)
    for one in signals:
        found[one.account_id].append(one)
    return found


def summed(
    signals: Iterable[LiveSignal], direction: Direction, accounts: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """What the signals of one direction weigh together at each of `accounts` (ids, ascending), and who has any."""
    kinds = {key: place for place, key in enumerate(KINDS)}
    chosen = [one for one in signals if one.direction == direction]
    ids = np.array([one.account_id for one in chosen], np.int64)
    places = np.searchsorted(accounts, ids)
    there = np.zeros(ids.size, bool)
    within = places < accounts.size
    there[within] = accounts[places[within]] == ids[within]
    weights = np.array([one.weight for one in chosen], float)
    of_kind = np.array([kinds[one.kind] for one in chosen], np.int64)
    total = together(places[there], of_kind[there], weights[there], size=accounts.size)
    return total, np.bincount(places[there], minlength=accounts.size).astype(bool)
