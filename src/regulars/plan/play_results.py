"""What came of playbooks: how often each was run, how it ended, and who ordered after, beside those where it was not.

The comparison is no proof: a play is started where somebody thinks that it is worth it, and where it is not is another
kind of customer. Only held-out groups tell what a playbook brings.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Final

from django.db.models import Q

from regulars.base.models import Member
from regulars.base.warehouse import shared_engine
from regulars.facts.accounts import visible_accounts
from regulars.facts.history import HISTORY
from regulars.facts.models import Account
from regulars.plan.actions import visible_actions
from regulars.plan.models import Play
from regulars.plan.play_making import home_of
from regulars.plan.play_turns import HOME, Event, events
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
        from scipy.stats import binomtest  # takes longer to load than all the rest of a page

        found = binomtest(self.ordered, self.accounts).proportion_ci(method="wilson")
        return float(found.low), float(found.high)


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
    plays: dict[str, list[Play]] = defaultdict(list)
    seen = visible_plays(member).filter(Q(started_on__gte=since) | Q(state=Play.State.RUNNING), started_on__lte=on)
    for play in seen.select_related("playbook", "account__merged_into"):
        plays[play.playbook.key].append(play)
    called = _called_for(known, member, since=since, until=on)
    # One that began earlier still counts as running, but the orders that came after it are not read.
    begun = {
        one.key: _first((home_of(play).pk, play.started_on) for play in plays[one.key] if play.started_on >= since)
        for one in known
    }
    left = {one.key: _without(called[one.key], plays[one.key]) for one in known}
    bought = _order_days({account for days in (*begun.values(), *left.values()) for account in days}, since, on)
    return [
        _result(one, plays[one.key], _share(begun[one.key], bought, on), _share(left[one.key], bought, on))
        for one in known
    ]


def _result(playbook: KnownPlaybook, plays: Sequence[Play], run: Share, not_run: Share) -> Result:
    states = Counter(play.state for play in plays)
    days = [(play.ended_on - play.started_on).days for play in plays if play.ended_on is not None]
    return Result(
        playbook=playbook,
        runs=len(plays),
        running=states[Play.State.RUNNING],
        finished=states[Play.State.FINISHED],
        reached=dict(Counter(play.end for play in plays if play.state == Play.State.REACHED)),
        stopped=states[Play.State.STOPPED],
        median_days=median(days) if days else None,
        run=run,
        not_run=not_run,
    )


def _called_for(
    known: Sequence[KnownPlaybook], member: Member | None, *, since: date, until: date
) -> dict[str, dict[int, date]]:
    """By playbook: the accounts where it was called for, and when first."""
    asked = list(events(known, since=since, until=until))
    proposed = visible_actions(member).filter(proposed_on__gte=since, proposed_on__lte=until).annotate(home=HOME)
    for home, cause, day in proposed.order_by().values_list("home", "cause", "proposed_on"):
        asked.append(Event(day, home, f"cause:{cause}"))
    visible = _visible({event.account_id for event in asked}, member)
    by_trigger: dict[str, list[tuple[int, date]]] = defaultdict(list)
    for event in asked:
        if event.account_id in visible:
            by_trigger[event.trigger].append((event.account_id, event.on))
    return {one.key: _first(pair for trigger in one.recipe.triggers for pair in by_trigger[trigger]) for one in known}


def _visible(accounts: set[int], member: Member | None) -> set[int]:
    if member is None:
        return accounts
    seen: set[int] = set()
    listed = sorted(accounts)
    for start in range(0, len(listed), 500):
        some = visible_accounts(member).filter(pk__in=listed[start : start + 500])
        seen |= set(some.values_list("pk", flat=True))
    return seen


def _first(pairs: Iterable[tuple[int, date]]) -> dict[int, date]:
    found: dict[int, date] = {}
    for account, day in pairs:
        found[account] = min(day, found.get(account, day))
    return found


def _without(called: dict[int, date], plays: Sequence[Play]) -> dict[int, date]:
    """Where it was called for and no run of it began within the days after."""
    began: dict[int, list[date]] = defaultdict(list)
    for play in plays:
        began[home_of(play).pk].append(play.started_on)
    return {
        account: day
        for account, day in called.items()
        if not any(day <= start <= day + AFTER for start in began[account])
    }


def _share(days: dict[int, date], bought: dict[int, list[date]], on: date) -> Share:
    known = {account: day for account, day in days.items() if day + AFTER <= on}
    ordered = sum(
        any(day < order <= day + AFTER for order in bought.get(account, [])) for account, day in known.items()
    )
    return Share(accounts=len(known), ordered=ordered)


def _order_days(accounts: set[int], since: date, until: date) -> dict[int, list[date]]:
    """The days with orders of these accounts and of those merged into them."""
    if not accounts:
        return {}
    home = {one: one for one in accounts}
    merged = Account.objects.filter(merged_into__isnull=False).values_list("pk", "merged_into_id")
    home |= {one: into for one, into in merged if into in accounts}
    listed = ", ".join(str(one) for one in sorted(home))
    with shared_engine() as engine:
        rows = engine.rows(
            f"SELECT DISTINCT account_id, business_date FROM {HISTORY.relation()} "
            f"WHERE account_id IN ({listed}) AND business_date > ? AND business_date <= ? AND net_base_minor > 0",
            [since, until],
        )
    found: dict[int, list[date]] = defaultdict(list)
    for account, day in rows:
        found[home[account]].append(day)
    return found
