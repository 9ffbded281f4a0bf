"""Does trouble cost customers? Effort of issues against buying again, in the firm's own orders (mission B1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from operator import itemgetter
from statistics import median
from typing import Final, NamedTuple

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from regulars.base.organisation import organisation, zone
from regulars.base.warehouse import shared_engine
from regulars.core.proportions import wilson_interval
from regulars.facts.effort import HIGH, LOW, TROUBLES
from regulars.facts.history import HISTORY
from regulars.facts.models import Account, EffortAnswer, Issue
from regulars.insight.issue_time import TimeSpent, where_time_goes

AGAIN_WITHIN: Final = timedelta(days=180)
MOST_KNOWN: Final = 4_000
"""Issues after which it is known whether the customer bought again, the newest: a share is right to two hundredths."""
SOLVED: Final = (Issue.State.SOLVED, Issue.State.CLOSED)
LATEST: Final = 1_000
"""Issues that tell what is wrong nowadays, and where its time goes."""


class SolvedIssue(NamedTuple):
    """What is read of thousands of issues."""

    solved_at: datetime
    pk: int
    account_id: int
    troubles: int
    score: int | None
    """What the customer said last of the trouble it was."""
    about: str = ""
    opened_at: datetime | None = None
    """Read of the latest alone, with what they are about."""


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
        return wilson_interval(self.again, self.customers) if self.customers else None


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
    latest: int
    """The newest solved ones, of which the rest tells."""
    about: list[Trouble]
    time_spent: list[TimeSpent]


def effort_figures(issues: QuerySet[Issue], *, as_of: date) -> EffortFigures:
    """The figures of these issues, as far as they are solved. What it takes does not grow with how many there are."""
    solved = issues.filter(state__in=SOLVED)
    long_ago = solved_long_enough(as_of)
    known = _newest(issues.filter(long_ago), most=MOST_KNOWN)
    latest = _newest(issues, "about", "opened_at", most=LATEST)
    counted = solved.order_by().aggregate(
        solved=Count("pk"),
        long_ago=Count("pk", filter=long_ago),
        answered=Count("pk", filter=Exists(EffortAnswer.objects.filter(issue=OuterRef("pk")))),
    )
    groups = _groups(known, as_of)
    return EffortFigures(
        low=groups["low"],
        high=groups["high"],
        answered=counted["answered"],
        solved=counted["solved"],
        too_recent=counted["solved"] - counted["long_ago"],
        latest=len(latest),
        about=_about(latest),
        time_spent=where_time_goes(one.pk for one in latest),
    )


def _newest(issues: QuerySet[Issue], *more: str, most: int) -> list[SolvedIssue]:
    """Those of these that were solved last, the newest first. Each state is asked apart, along its index: together, a
    database reads and sorts all that ever were solved.
    """
    said = EffortAnswer.objects.filter(issue=OuterRef("pk")).order_by("-answered_at", "-pk").values("score")[:1]
    read = ("solved_at", "pk", "account_id", "troubles", "score", *more)
    found: list[SolvedIssue] = []
    for state in SOLVED:
        its = issues.filter(state=state, solved_at__isnull=False).annotate(troubles=TROUBLES, score=Subquery(said))
        rows = its.order_by("-solved_at", "-pk").values_list(*read)[:most]
        found += [SolvedIssue(*row) for row in rows]
    return sorted(found, key=itemgetter(0, 1), reverse=True)[:most]


def solved_long_enough(as_of: date) -> Q:
    """Solved so long ago that the customer had its days to buy again."""
    firm = zone(organisation())
    after = datetime.combine(as_of - AGAIN_WITHIN + timedelta(days=1), time.min, tzinfo=firm)
    return Q(solved_at__lt=after)


def _effort(issue: SolvedIssue) -> str:
    """As the customer says; where they said nothing, as it was seen: no trouble is low, twice or more is high."""
    if issue.score is not None:
        return "low" if issue.score <= LOW else "high" if issue.score >= HIGH else ""
    return "low" if issue.troubles == 0 else "high" if issue.troubles >= 2 else ""


def _groups(issues: Iterable[SolvedIssue], as_of: date) -> dict[str, Group]:
    """Of low and of high effort. One customer counts once in each, by the last issue."""
    here = zone(organisation())
    solved_on: dict[str, dict[int, date]] = {"low": {}, "high": {}}
    for one in issues:  # newest first
        group = solved_on.get(_effort(one))
        if group is not None and one.account_id not in group:
            group[one.account_id] = one.solved_at.astimezone(here).date()
    again = _bought_again(solved_on, until=as_of)
    return {group: Group(customers=len(its), again=again.get(group, 0)) for group, its in solved_on.items()}


def _bought_again(solved_on: Mapping[str, Mapping[int, date]], *, until: date) -> dict[str, int]:
    """By group, how many of its accounts, or of those merged into them, ordered in time after their day.

    All groups at once: reading the orders is what takes long.
    """
    import pyarrow as pa

    accounts = {account for its in solved_on.values() for account in its}
    if not accounts:
        return {}
    home = [(one, one) for one in accounts]
    home += Account.objects.filter(merged_into__in=accounts).values_list("pk", "merged_into_id")
    asked = [(group, one, of, its[of]) for group, its in solved_on.items() for one, of in sorted(home) if of in its]
    first = min(day for _group, _one, _of, day in asked)
    # As a table: thousands of rows in the words of the query take longer to understand than the orders to read.
    table = pa.table([pa.array(column) for column in zip(*asked, strict=True)], ["part", "account", "home", "day"])
    with shared_engine() as engine:
        engine.register("asked", table)
        found = engine.rows(
            f"SELECT asked.part, count(DISTINCT asked.home) FROM {HISTORY.relation()} AS lines JOIN asked "
            "ON lines.account_id = asked.account WHERE lines.business_date > asked.day "
            "AND lines.business_date <= asked.day + ?::INTEGER "
            "AND lines.business_date > ? AND lines.business_date <= ? AND lines.net_base_minor > 0 GROUP BY 1",
            [AGAIN_WITHIN.days, first, until],
        )
        engine.unregister("asked")
    return dict(found)


def _about(solved: list[SolvedIssue]) -> list[Trouble]:
    counted = Counter(one.about for one in solved)
    hours: dict[str, list[float]] = {}
    for one in solved:
        if one.opened_at is not None:
            hours.setdefault(one.about, []).append((one.solved_at - one.opened_at) / timedelta(hours=1))
    high = Counter(one.about for one in solved if _effort(one) == "high")
    return [
        Trouble(about=str(Issue.About(about).label), count=count, median_hours=median(hours[about]), high=high[about])
        for about, count in counted.most_common()
    ]
