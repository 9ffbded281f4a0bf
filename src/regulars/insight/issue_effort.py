"""Does trouble cost customers? Effort of issues against buying again, in the firm's own orders (mission B1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Final

from django.db.models import Q, QuerySet

from regulars.base.organisation import organisation, today, zone
from regulars.base.warehouse import shared_engine
from regulars.facts.effort import HIGH, LOW, troubles
from regulars.facts.history import HISTORY
from regulars.facts.models import Account, EffortAnswer, Issue
from regulars.insight.issue_time import TimeSpent, where_time_goes

AGAIN_WITHIN: Final = timedelta(days=180)
MOST_KNOWN: Final = 4_000
"""Issues after which it is known whether the customer bought again, the newest: a share is right to two hundredths."""
LATEST: Final = 1_000
"""Issues that tell what is wrong nowadays, and where its time goes."""
SEEN: Final = (
    "account_id",
    "about",
    "opened_at",
    "due_at",
    "solved_at",
    "times_reopened",
    "times_asked",
    "times_transferred",
)
"""What is read of an issue."""


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
    latest: int
    """The newest solved ones, of which the rest tells."""
    about: list[Trouble]
    time_spent: list[TimeSpent]


def effort_figures(issues: QuerySet[Issue], *, as_of: date) -> EffortFigures:
    """The figures of these issues, as far as they are solved. What it takes does not grow with how many there are."""
    solved = issues.filter(state__in=(Issue.State.SOLVED, Issue.State.CLOSED))
    newest = solved.order_by("-solved_at", "-pk").only(*SEEN)
    long_ago = solved_long_enough(as_of)
    known, latest = list(newest.filter(long_ago)[:MOST_KNOWN]), list(newest[:LATEST])
    told = EffortAnswer.objects.filter(issue__in={one.pk for one in (*known, *latest)}).order_by("answered_at")
    answers = dict(told.values_list("issue_id", "score"))
    effort = {one.pk: _effort(one, answers.get(one.pk)) for one in (*known, *latest)}
    count = solved.count()
    return EffortFigures(
        low=_group([one for one in known if effort[one.pk] == "low"], as_of),
        high=_group([one for one in known if effort[one.pk] == "high"], as_of),
        answered=EffortAnswer.objects.filter(issue__in=solved.order_by().values("pk"))
        .values("issue")
        .distinct()
        .count(),
        solved=count,
        too_recent=count - solved.filter(long_ago).count(),
        latest=len(latest),
        about=_about(latest, effort),
        time_spent=where_time_goes(one.pk for one in latest),
    )


def solved_long_enough(as_of: date) -> Q:
    """Solved so long ago that the customer had its days to buy again."""
    firm = zone(organisation())
    after = datetime.combine(as_of - AGAIN_WITHIN + timedelta(days=1), time.min, tzinfo=firm)
    return Q(solved_at__lt=after)


def _effort(issue: Issue, score: int | None) -> str:
    """As the customer says; where they said nothing, as it was seen: no trouble is low, twice or more is high."""
    if score is not None:
        return "low" if score <= LOW else "high" if score >= HIGH else ""
    seen = troubles(issue)
    return "low" if seen == 0 else "high" if seen >= 2 else ""


def _group(issues: Iterable[Issue], as_of: date) -> Group:
    """One customer counts once, by the last issue."""
    last: dict[int, Issue] = {}
    for one in issues:  # newest first
        last.setdefault(one.account_id, one)
    firm = organisation()
    solved_on = {account: today(firm, one.solved_at) for account, one in last.items()}
    return Group(customers=len(last), again=_bought_again(solved_on, until=as_of))


def _bought_again(solved_on: dict[int, date], *, until: date) -> int:
    """How many of these accounts, or of those merged into them, ordered in time after their day."""
    if not solved_on:
        return 0
    home = {one: one for one in solved_on}
    home |= dict(Account.objects.filter(merged_into__in=solved_on).values_list("pk", "merged_into_id"))
    asked = ", ".join(f"({one}, {of}, DATE '{solved_on[of]}')" for one, of in sorted(home.items()))
    with shared_engine() as engine:
        found: int = engine.value(
            f"SELECT count(DISTINCT asked.home) FROM {HISTORY.relation()} AS lines "
            f"JOIN (VALUES {asked}) AS asked(account, home, solved_on) ON lines.account_id = asked.account "
            "WHERE lines.business_date > asked.solved_on AND lines.business_date <= asked.solved_on + ? "
            "AND lines.business_date > ? AND lines.business_date <= ? AND lines.net_base_minor > 0",
            [AGAIN_WITHIN.days, min(solved_on.values()), until],
        )
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
