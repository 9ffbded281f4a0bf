"""The refresh: actions proposed from a snapshot, the open ones brought up to date, those whose cause is gone closed."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import reduce
from itertools import chain
from operator import or_
from typing import NamedTuple

from django.db import transaction
from django.db.models import Min, Q

from regulars.base.locks import exclusive
from regulars.facts.interactions import last_contacts
from regulars.insight.live_signals import by_account, live_signals
from regulars.insight.models import Score, Snapshot
from regulars.plan.causes import CAUSES
from regulars.plan.causes.cause import Cause, Figures, Firing, Ground
from regulars.plan.closing import is_clearly_worse, why_gone
from regulars.plan.customers_to_be import CAUSES_WITHOUT_ORDERS, standings_without_orders
from regulars.plan.models import Action
from regulars.plan.play_turns import begin_turn, finish_turn
from regulars.plan.seasons import paused_last_year
from regulars.plan.standing import SCORE_COLUMNS, YEAR, Standing
from regulars.plan.thresholds import plan_thresholds

ACTIONS_LOCK = "actions"
BATCH = 500
HABIT_ACCOUNTS = 10
"""Contacts count as recorded once so many accounts (or all the best ones) were spoken to within a year."""

Key = tuple[int, str]
"""Account and cause."""


@dataclass(kw_only=True)
class RefreshReport:
    """What a refresh did. `beyond` counts causes that apply but rank too low to be kept as actions."""

    as_of: date
    today: date
    open: int = 0
    proposed: Counter[str] = field(default_factory=Counter)
    updated: int = 0
    woken: int = 0
    closed: Counter[str] = field(default_factory=Counter)
    """By the key of the reason, see `closing_sentence`."""
    beyond: int = 0


class _Applies(NamedTuple):
    """A cause that applies to an account, and the member whose list it belongs to (None: nobody's)."""

    expected_money: float
    key: Key
    firing: Firing
    member_id: int | None


def refresh_actions(*, snapshot: Snapshot, today: date) -> RefreshReport:
    """Bring the actions in line with the current scores. A second time on the same day nothing changes.

    Raises `Busy` when another refresh is running.
    """
    with exclusive(ACTIONS_LOCK), transaction.atomic():
        report = RefreshReport(as_of=snapshot.as_of, today=today)
        begin_turn(max(snapshot.as_of, today))
        report.woken = _wake(today)
        report.closed["merged"] += _follow_merges(today)
        ground = _ground(snapshot, today)
        pending = {(one.account_id, one.cause): one for one in Action.objects.filter(state__in=Action.PENDING)}
        found = _what_applies(ground, pending, _resting(today))
        proposed, outranked = _ranked(pending, found, ground)
        report.beyond = found.beyond
        gone = found.gone | {key: {"key": "outranked"} for key in outranked}
        report.closed.update(_close(pending, gone, today))
        report.updated = _update(pending, {key: one for key, one in found.still.items() if key not in gone}, today)
        report.proposed.update(_propose(proposed, today))
        new = {one.key[0] for one in proposed if one.key[1] == "play"}
        report.proposed["play"] -= finish_turn(ground.on, new=new)
        report.open = Action.objects.filter(state=Action.State.OPEN).count()
        report.closed, report.proposed = +report.closed, +report.proposed
        return report


def _wake(today: date) -> int:
    due = Action.objects.filter(state=Action.State.SNOOZED, snoozed_until__lte=today)
    return due.update(state=Action.State.OPEN, snoozed_until=None)


def _follow_merges(today: date) -> int:
    """Point actions of merged accounts to the account they are part of now; close what that one has already."""
    moved = Action.objects.filter(account__merged_into__isnull=False, state__in=Action.PENDING)
    closed = 0
    for action in moved.select_related("account"):
        target = action.account.merged_into_id
        assert target is not None
        if Action.objects.filter(account_id=target, cause=action.cause, state__in=Action.PENDING).exists():
            _set_closed(action, {"key": "merged"}, today)
            closed += 1
        else:
            action.account_id = target
        action.save()
    return closed


def _ground(snapshot: Snapshot, today: date) -> Ground:
    start = Score.objects.aggregate(start=Min("first_order"))["start"]
    since = snapshot.as_of - YEAR
    spoken_to = sum(on >= since for on in last_contacts(until=snapshot.as_of).values())
    return Ground(
        as_of=snapshot.as_of,
        on=max(snapshot.as_of, today),
        currency=snapshot.currency,
        history_start=start or snapshot.as_of,
        contacts_recorded=spoken_to >= min(HABIT_ACCOUNTS, max(Score.objects.filter(pareto="A").count(), 1)),
        thresholds=plan_thresholds(),
    )


# What applies now


@dataclass(kw_only=True)
class _Found:
    """`still`: pending actions whose cause applies; `gone`: those whose does not, why; `fresh`: the best new ones."""

    still: dict[Key, _Applies] = field(default_factory=dict)
    gone: dict[Key, Figures] = field(default_factory=dict)
    fresh: list[_Applies] = field(default_factory=list)
    beyond: int = 0


def _what_applies(ground: Ground, pending: dict[Key, Action], resting: dict[Key, Action]) -> _Found:
    causes = [cause for cause in CAUSES.values() if cause.switched_on(ground.thresholds)]
    found = _Found(gone={key: why_gone(cause=key[1], before={}, standing=None, ground=ground) for key in pending})
    best: dict[int | None, list[tuple[float, int, str, _Applies]]] = defaultdict(list)
    for standing, owner in _standings(ground, causes, {account for account, _cause in pending}):
        for cause in causes:
            key = (standing.account_id, cause.key)
            action = pending.get(key)
            asked = standing.has_ordered or cause.key in CAUSES_WITHOUT_ORDERS
            firing = cause.fires(standing, ground) if asked else None
            if firing is not None and action is not None:
                member = action.member_id if action.reassigned else firing.member_id or owner
                found.still[key] = _Applies(firing.expected_money, key, firing, member)
                del found.gone[key]
            elif firing is not None and not _rests(resting.get(key), firing):
                member = firing.member_id or owner
                found.beyond += _keep_best(best[member], _Applies(firing.expected_money, key, firing, member), ground)
            elif action is not None:
                known = standing if asked else None
                found.gone[key] = why_gone(cause=cause.key, before=action.figures, standing=known, ground=ground)
    found.fresh = [entry[-1] for entries in best.values() for entry in entries]
    return found


def _keep_best(best: list[tuple[float, int, str, _Applies]], one: _Applies, ground: Ground) -> int:
    """Keep as many as there is room for, so that memory does not grow with the accounts. Returns how many fell."""
    account_id, cause = one.key
    heapq.heappush(best, (one.expected_money, -account_id, cause, one))
    if len(best) <= ground.thresholds.digest_size:
        return 0
    heapq.heappop(best)
    return 1


def _resting(today: date) -> dict[Key, Action]:
    """The latest done or dismissed action of each account and cause that may still keep a new one back."""
    longest = max(cause.quiet_days for cause in CAUSES.values())
    finished = Action.objects.filter(
        state__in=[Action.State.DONE, Action.State.NOT_USEFUL], closed_on__gt=today - timedelta(days=longest)
    ).order_by("closed_on", "pk")
    return {
        (one.account_id, one.cause): one
        for one in finished
        if one.closed_on and one.closed_on > today - timedelta(days=CAUSES[one.cause].quiet_days)
    }


def _rests(finished: Action | None, firing: Firing) -> bool:
    return finished is not None and not is_clearly_worse(
        cause=finished.cause, before=finished.figures, stake_before=finished.stake, firing=firing
    )


def _standings(ground: Ground, causes: list[Cause], pending: set[int]) -> Iterator[tuple[Standing, int | None]]:
    """Every account for which a cause may apply, or that has a pending action, once, with its owner if active."""
    contacts = last_contacts(until=ground.as_of)
    seasons = _seasons(ground)
    signals = by_account(live_signals(on=ground.on))
    looked_up = {cause.key: cause.look_up(ground) for cause in causes if cause.look_up is not None}
    candidates = reduce(or_, (cause.candidates(ground) for cause in causes), Q(pk__in=[]))
    scored = (_scored(one) for one in (candidates, *(Q(pk__in=some) & ~candidates for some in _batches(pending))))
    found_of = {account for key in CAUSES_WITHOUT_ORDERS & looked_up.keys() for account in looked_up[key]}
    seen: set[int] = set()
    for standing, owner in chain(*scored, _unscored(found_of | pending, seen)):
        account_id = standing.account_id
        seen.add(account_id)
        known = replace(
            standing,
            last_contact=contacts.get(account_id),
            paused_last_year=seasons.get(account_id),
            signals=tuple(signals.get(account_id, ())),
            found={key: of[account_id] for key, of in looked_up.items() if account_id in of},
        )
        yield known, owner


def _unscored(accounts: set[int], seen: set[int]) -> Iterator[tuple[Standing, int | None]]:
    """Those that have not ordered yet; asked when all that have orders were `seen`."""
    yield from standings_without_orders(accounts - seen)


def _scored(condition: Q) -> Iterator[tuple[Standing, int | None]]:
    scores = Score.objects.filter(
        condition, account__merged_into=None, first_order__isnull=False, last_order__isnull=False
    )
    columns = (*SCORE_COLUMNS, "account__protection__risk", "account__owner_id", "account__owner__is_active")
    for *values, risk, owner, active in scores.values_list(*columns).iterator(chunk_size=5000):
        yield Standing(**dict(zip(SCORE_COLUMNS, values, strict=True)), risk=risk), owner if active else None


def _seasons(ground: Ground) -> dict[int, bool]:
    """Whether those who would be called silent paused in the same weeks a year before."""
    cause = CAUSES["gone_silent"]
    if not cause.switched_on(ground.thresholds):
        return {}
    silent = {
        standing.account_id: (standing.first_order, standing.last_order)
        for standing, _owner in _scored(cause.candidates(ground))
        if cause.fires(standing, ground)
    }
    return paused_last_year(silent, as_of=ground.as_of)


def _batches(ids: Iterable[int]) -> Iterator[list[int]]:
    listed = sorted(ids)
    for start in range(0, len(listed), BATCH):
        yield listed[start : start + BATCH]


# What becomes of it


def _ranked(pending: dict[Key, Action], found: _Found, ground: Ground) -> tuple[list[_Applies], list[Key]]:
    """The new actions that rank high enough on their member's list, and the open ones that rank too low by now.

    An open one stays up to twice the size, so that it does not come and go with small changes; one that a member
    snoozed or gave to somebody stays in any case.
    """
    size = ground.thresholds.digest_size
    lists: dict[int | None, list[_Applies]] = defaultdict(list)
    for one in (*found.still.values(), *found.fresh):
        lists[one.member_id].append(one)
    proposed, outranked = [], []
    for entries in lists.values():
        entries.sort(key=lambda one: (-one.expected_money, one.key))
        for place, one in enumerate(entries):
            action = pending.get(one.key)
            if action is None and place < size:
                proposed.append(one)
            elif action is None:
                found.beyond += 1
            elif place >= 2 * size and action.state == Action.State.OPEN and not action.reassigned:
                outranked.append(one.key)
    return proposed, outranked


def _close(pending: dict[Key, Action], gone: dict[Key, Figures], today: date) -> Counter[str]:
    closed = [pending[key] for key in gone]
    for action in closed:
        _set_closed(action, gone[action.account_id, action.cause], today)
    Action.objects.bulk_update(closed, ["state", "figures", "closed_on", "snoozed_until"], batch_size=BATCH)
    return Counter(why["key"] for why in gone.values())


def _set_closed(action: Action, why: Figures, today: date) -> None:
    action.state = Action.State.CLOSED
    action.figures = action.figures | {"closed": why}
    action.closed_on = today
    action.snoozed_until = None


def _update(pending: dict[Key, Action], still: dict[Key, _Applies], today: date) -> int:
    changed = []
    for key, one in still.items():
        action = pending[key]
        now = (one.firing.stake, one.expected_money, one.firing.figures, one.member_id, today)
        if now == (action.stake, action.expected_money, action.figures, action.member_id, action.seen_on):
            continue
        action.stake, action.expected_money, action.figures, action.member_id, action.seen_on = now
        changed.append(action)
    Action.objects.bulk_update(changed, ["stake", "expected_money", "figures", "member", "seen_on"], batch_size=BATCH)
    return len(changed)


def _propose(proposed: list[_Applies], today: date) -> Counter[str]:
    Action.objects.bulk_create(
        [
            Action(
                account_id=one.key[0],
                cause=one.key[1],
                member_id=one.member_id,
                stake=one.firing.stake,
                expected_money=one.expected_money,
                figures=one.firing.figures,
                proposed_on=today,
                seen_on=today,
            )
            for one in proposed
        ],
        batch_size=BATCH,
    )
    return Counter(one.key[1] for one in proposed)
