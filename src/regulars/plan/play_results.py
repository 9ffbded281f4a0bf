"""What came of playbooks: how often each was run, how it ended, and who ordered after, beside those where it was not.

The comparison is no proof: a play is started where somebody thinks that it is worth it, and where it is not is another
kind of customer. Only held-out groups tell what a playbook brings.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Final, NamedTuple

from django.db.models import Q

from regulars.base.access import Scope, account_scope
from regulars.base.models import Member
from regulars.base.warehouse import shared_engine
from regulars.core.proportions import wilson_interval
from regulars.facts.accounts import visible_accounts
from regulars.facts.history import HISTORY
from regulars.facts.models import Account
from regulars.plan.actions import visible_actions
from regulars.plan.models import Play
from regulars.plan.play_turns import HOME, first_signals, other_events
from regulars.plan.playbooks import KnownPlaybook, known_playbooks
from regulars.plan.plays import visible_plays

AFTER: Final = timedelta(days=90)
"""An order within so many days counts as one that came after."""
LOOKED_BACK: Final = timedelta(days=365)


@dataclass(frozen=True, kw_only=True)
class Share:
    """How many of some accounts ordered within the days after."""

    accounts: int
    ordered: int

    @property
    def share(self) -> float | None:
        return self.ordered / self.accounts if self.accounts else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """In which the share lies in 95 % of cases (Wilson 1927)."""
        if not self.accounts:
            return None
        return wilson_interval(self.ordered, self.accounts)


class _Run(NamedTuple):
    """What counts of a play. Thousands are read a page, so that none is made a record of its own."""

    home: int
    state: str
    end: str
    started_on: date
    ended_on: date | None


Days = Mapping[int, date]
"""By account, the day from which orders count."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of one playbook in the time looked back at."""

    playbook: KnownPlaybook
    runs: int
    running: int
    finished: int
    reached: dict[str, int]
    """Ended by themselves, by what ended them."""
    stopped: int
    median_days: float | None
    """From start to end; None while none has ended."""
    run: Share
    """Accounts whose run began long enough ago."""
    not_run: Share
    """Accounts where it was called for as long ago, and was not run."""


def play_results(*, member: Member | None, on: date) -> list[Result]:
    """Of every playbook, over a year, on the accounts that the member sees. The orders are read once."""
    known = known_playbooks()
    since = on - LOOKED_BACK
    runs: dict[str, list[_Run]] = defaultdict(list)
    seen = visible_plays(member).filter(Q(started_on__gte=since) | Q(state=Play.State.RUNNING), started_on__lte=on)
    columns = ("playbook__key", "account_id", "state", "end", "started_on", "ended_on")
    into = _merged()
    for key, account, *rest in seen.order_by().values_list(*columns):
        runs[key].append(_Run(into.get(account, account), *rest))
    # Days after which too little time has passed say nothing yet, and are not read.
    called = _called_for(known, member, since=since, until=on - AFTER)
    asked: list[Days] = []
    for one in known:
        # One that began earlier still counts as running, but the orders that came after it are not read.
        begun = ((run.home, run.started_on) for run in runs[one.key] if since <= run.started_on <= on - AFTER)
        asked += [_first(begun), _without(called[one.key], runs[one.key])]
    shares = _shares(asked, into, since, on)
    return [
        _result(one, runs[one.key], run, not_run)
        for one, run, not_run in zip(known, shares[::2], shares[1::2], strict=True)
    ]


def _result(playbook: KnownPlaybook, runs: Sequence[_Run], run: Share, not_run: Share) -> Result:
    states = Counter(one.state for one in runs)
    days = [(one.ended_on - one.started_on).days for one in runs if one.ended_on is not None]
    return Result(
        playbook=playbook,
        runs=len(runs),
        running=states[Play.State.RUNNING],
        finished=states[Play.State.FINISHED],
        reached=dict(Counter(one.end for one in runs if one.state == Play.State.REACHED)),
        stopped=states[Play.State.STOPPED],
        median_days=median(days) if days else None,
        run=run,
        not_run=not_run,
    )


def _called_for(
    known: Sequence[KnownPlaybook], member: Member | None, *, since: date, until: date
) -> dict[str, dict[int, date]]:
    """By playbook: the accounts where it was called for, and when first."""
    signals = first_signals(known, member=member, since=since, until=until)
    asked = [(account, f"signal:{kind}", day) for account, kind, day in signals]
    merged = _merged()
    seen = {account for account, _kind, _day in asked if account not in merged}
    asked += [(event.account_id, event.trigger, event.on) for event in other_events(known, since=since, until=until)]
    proposed = visible_actions(member).filter(proposed_on__gte=since, proposed_on__lte=until).annotate(home=HOME)
    for home, cause, day in proposed.order_by().values_list("home", "cause", "proposed_on"):
        asked.append((home, f"cause:{cause}", day))
    visible = seen | _visible({account for account, _trigger, _day in asked} - seen, member)
    by_trigger: dict[str, list[tuple[int, date]]] = defaultdict(list)
    for account, trigger, day in asked:
        if account in visible:
            by_trigger[trigger].append((account, day))
    return {one.key: _first(pair for trigger in one.recipe.triggers for pair in by_trigger[trigger]) for one in known}


def _visible(accounts: set[int], member: Member | None) -> set[int]:
    if account_scope(member) == Scope.ALL:  # all but those that were merged, which are few
        return accounts - _merged().keys()
    seen: set[int] = set()
    listed = sorted(accounts)
    for start in range(0, len(listed), 500):
        some = visible_accounts(member).filter(pk__in=listed[start : start + 500])
        seen |= set(some.values_list("pk", flat=True))
    return seen


def _first(pairs: Iterable[tuple[int, date]]) -> dict[int, date]:
    found: dict[int, date] = {}
    for account, day in pairs:
        before = found.get(account)
        if before is None or day < before:
            found[account] = day
    return found


def _without(called: Days, runs: Sequence[_Run]) -> Days:
    """Where it was called for and no run of it began within the days after."""
    began: dict[int, list[date]] = defaultdict(list)
    for run in runs:
        began[run.home].append(run.started_on)
    return {
        account: day
        for account, day in called.items()
        if not any(day <= start <= day + AFTER for start in began.get(account, ()))
    }


def _merged() -> dict[int, int]:
    """Into what each account was merged. They are few."""
    pairs = Account.objects.filter(merged_into__isnull=False).values_list("pk", "merged_into_id")
    return {part: whole for part, whole in pairs if whole is not None}


def _shares(asked: Sequence[Days], into: Mapping[int, int], since: date, until: date) -> list[Share]:
    """Of each of these, how many accounts ordered within the days after, themselves or what was merged into them.

    The engine of the history counts, in one query: an account has many orders, and none is needed here.
    """
    parts: dict[int, list[int]] = defaultdict(list)
    for part, whole in into.items():
        parts[whole].append(part)
    rows = [
        (place, account, part, day)
        for place, days in enumerate(asked)
        for account, day in days.items()
        for part in (account, *parts.get(account, ()))
    ]
    ordered = _ordered(rows, since, until) if rows else {}
    return [Share(accounts=len(days), ordered=ordered.get(place, 0)) for place, days in enumerate(asked)]


def _ordered(rows: Sequence[tuple[int, int, int, date]], since: date, until: date) -> dict[int, int]:
    """By place in what was asked: how many accounts have an order within the days after theirs."""
    import pyarrow as pa

    names = ("place", "account", "part")
    columns = list(zip(*rows, strict=True))
    numbers = {name: pa.array(column, pa.int64()) for name, column in zip(names, columns[:3], strict=True)}
    with shared_engine() as engine:
        engine.register("asked", pa.table(numbers | {"day": pa.array(columns[3], pa.date32())}))
        found = engine.rows(
            "SELECT asked.place, count(DISTINCT asked.account) FROM asked JOIN "
            f"(SELECT account_id, business_date FROM {HISTORY.relation()} "
            "WHERE business_date > ? AND business_date <= ? AND net_base_minor > 0) AS bought "
            "ON bought.account_id = asked.part AND bought.business_date > asked.day "
            "AND bought.business_date <= asked.day + ?::INTEGER GROUP BY asked.place",
            [since, until, AFTER.days],
        )
        engine.unregister("asked")
    return dict(found)
