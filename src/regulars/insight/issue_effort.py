"""Does trouble cost customers? Effort of issues against buying again, in the firm's own orders (mission B1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Final

from django.db.models import QuerySet

from regulars.base.organisation import organisation, today
from regulars.base.warehouse import shared_engine
from regulars.facts.effort import HIGH, LOW, troubles
from regulars.facts.history import HISTORY
from regulars.facts.models import Account, EffortAnswer, Issue
from regulars.insight.issue_time import TimeSpent, where_time_goes

AGAIN_WITHIN: Final = timedelta(days=180)
MOST_ISSUES: Final = 20_000
"""The newest are looked at."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Customers whose solved issues were of one kind of effort, and how many of them bought again in time."""

    customers: int
    again: int

    @property
    def share(self) -> float | None:
        return self.again / self.customers if self.customers else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """In which the share lies in 95 % of cases (Wilson 1927)."""
        if not self.customers:
            return None
        from scipy.stats import binomtest  # takes longer to load than all the rest of a page

        found = binomtest(self.again, self.customers).proportion_ci(method="wilson")
        return float(found.low), float(found.high)


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What issues were about: how many, in how many hours half were solved, how many were of high effort."""

    about: str
    count: int
    median_hours: float
    high: int


@dataclass(frozen=True, kw_only=True)
class EffortFigures:
    """All that the page says."""

    low: Group
    high: Group
    answered: int
    solved: int
    too_recent: int
    """Solved too lately to know whether the customer buys again in time."""
    about: list[Trouble]
    time_spent: list[TimeSpent]


def effort_figures(issues: QuerySet[Issue], *, as_of: date) -> EffortFigures:
    """The figures of these issues, as far as they are solved; the orders are read once."""
    firm = organisation()
    solved = list(
        issues.filter(state__in=(Issue.State.SOLVED, Issue.State.CLOSED)).order_by("-solved_at")[:MOST_ISSUES]
    )
    told = EffortAnswer.objects.filter(issue__in=[one.pk for one in solved]).order_by("answered_at")
    answers = dict(told.values_list("issue_id", "score"))
    effort = {one.pk: _effort(one, answers.get(one.pk)) for one in solved}
    days = {one.pk: today(firm, one.solved_at) for one in solved}
    known = [one for one in solved if days[one.pk] + AGAIN_WITHIN <= as_of]
    bought = _order_days({one.account_id for one in known}, since=min(days.values(), default=as_of), until=as_of)
    return EffortFigures(
        low=_group([one for one in known if effort[one.pk] == "low"], days, bought),
        high=_group([one for one in known if effort[one.pk] == "high"], days, bought),
        answered=len(answers),
        solved=len(solved),
        too_recent=len(solved) - len(known),
        about=_about(solved, effort),
        time_spent=where_time_goes(one.pk for one in solved),
    )


def _effort(issue: Issue, score: int | None) -> str:
    """As the customer says; where they said nothing, as it was seen: no trouble is low, twice or more is high."""
    if score is not None:
        return "low" if score <= LOW else "high" if score >= HIGH else ""
    seen = troubles(issue)
    return "low" if seen == 0 else "high" if seen >= 2 else ""


def _group(issues: Iterable[Issue], days: dict[int, date], bought: dict[int, list[date]]) -> Group:
    """One customer counts once, by the last issue."""
    last: dict[int, Issue] = {}
    for one in issues:  # newest first
        last.setdefault(one.account_id, one)
    again = sum(
        any(days[one.pk] < day <= days[one.pk] + AGAIN_WITHIN for day in bought.get(account, []))
        for account, one in last.items()
    )
    return Group(customers=len(last), again=again)


def _order_days(accounts: set[int], *, since: date, until: date) -> dict[int, list[date]]:
    """The days with orders of these accounts and of those merged into them."""
    if not accounts:
        return {}
    home = {one: one for one in accounts}
    home |= dict(Account.objects.filter(merged_into__in=accounts).values_list("pk", "merged_into_id"))
    listed = ", ".join(str(one) for one in sorted(home))
    with shared_engine() as engine:
        rows = engine.rows(
            f"SELECT DISTINCT account_id, business_date FROM {HISTORY.relation()} "
            f"WHERE account_id IN ({listed}) AND business_date > ? AND business_date <= ? AND net_base_minor > 0",
            [since, until],
        )
    found: dict[int, list[date]] = {}
    for account, day in rows:
        found.setdefault(home[account], []).append(day)
    return found


def _about(solved: list[Issue], effort: dict[int, str]) -> list[Trouble]:
    counted = Counter(one.about for one in solved)
    hours: dict[str, list[float]] = {}
    for one in solved:
        if one.solved_at is not None:
            hours.setdefault(one.about, []).append((one.solved_at - one.opened_at) / timedelta(hours=1))
    high = Counter(one.about for one in solved if effort[one.pk] == "high")
    return [
        Trouble(about=str(Issue.About(about).label), count=count, median_hours=median(hours[about]), high=high[about])
        for about, count in counted.most_common()
    ]
