"""The flow of leads: how many came, fitted, were won, by when they came and from where; and what they are worth since.

Every figure is of the leads that came in a period or from a source, whatever happened later (cohorts): so a period that
just began is not compared with what older leads brought. The share that is won counts only leads that are decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Final, NamedTuple, TypeVar

from django.db.models import Q, QuerySet

from regulars.base.organisation import organisation, today, zone
from regulars.core.proportions import wilson_interval
from regulars.facts.leads import answer_due
from regulars.facts.models import Lead, LeadForm
from regulars.insight.models import Score

MOST_LEADS: Final = 20_000
"""The newest are looked at."""
WEEKS, MONTHS = "weeks", "months"
PERIODS_SHOWN: Final = 12
AN_HOUR: Final = 3600
Key = TypeVar("Key", str, date)


class SeenLead(NamedTuple):
    """What is read of a lead, of which ten thousand are read at once."""

    pk: int
    account_id: int | None
    answered_at: datetime | None
    came_at: datetime
    channel: str
    form_id: int | None
    state: str
    fits: bool
    """Found to fit, whatever became of it."""


@dataclass(frozen=True, kw_only=True)
class Flow:
    """Leads that belong together: those of a period, of a source, or all."""

    key: str
    since: date | None
    came: int
    fitting: int
    """Found to fit, whatever became of them."""
    won: int
    decided: int
    """Won, lost or put aside."""
    answered: int
    median_hours: float | None
    """Until the first answer, of those that were answered."""
    in_time: int
    """Answered within the hours that the firm sets."""
    due: int
    """Answered, or should have been by now."""
    accounts: int
    revenue: float
    """Sales since then of the customers that they became, base currency."""

    @property
    def share_won(self) -> float | None:
        return self.won / self.decided if self.decided else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """In which the share lies in 95 % of cases (Wilson 1927)."""
        return wilson_interval(self.won, self.decided) if self.decided else None


@dataclass(frozen=True, kw_only=True)
class LeadFlow:
    """All that the page says."""

    total: Flow
    periods: list[Flow]
    """The newest first."""
    channels: list[Flow]
    forms: list[Flow]
    waiting: int
    """Open and not answered."""


def lead_flow(leads: QuerySet[Lead], *, at: datetime, by: str = MONTHS) -> LeadFlow:
    """The figures of these leads; `by` weeks or months. The number of queries does not depend on how many there are."""
    firm = organisation()
    found = _seen(leads)
    forms = dict(LeadForm.objects.values_list("pk", "name"))
    revenue, homes = revenue_of(found), _homes(found)
    start = week_start(firm.week_start) if by == WEEKS else month_start
    here = zone(firm)
    by_day = _grouped(found, lambda one: one.came_at.astimezone(here).date())
    by_period: dict[date, list[SeenLead]] = {}
    for its_day, some in by_day:
        by_period.setdefault(start(its_day), []).extend(some)
    day, late_before = today(firm, at), answer_due(at)

    def flow(key: str, some: Sequence[SeenLead], since: date | None = None) -> Flow:
        return _flow(key, some, revenue, homes, at=at, late_before=late_before, since=since)

    beginnings = _beginnings(day, start)
    return LeadFlow(
        total=flow("", found),
        periods=[flow(since.isoformat(), by_period.get(since, []), since) for since in beginnings],
        channels=[flow(key, some) for key, some in _grouped(found, lambda one: one.channel)],
        forms=[flow(key, some) for key, some in _grouped(found, lambda one: forms.get(one.form_id or 0, "")) if key],
        waiting=sum(one.state in Lead.OPEN and one.answered_at is None for one in found),
    )


def _seen(leads: QuerySet[Lead]) -> list[SeenLead]:
    newest = leads.annotate(fits=Q(qualified_at__isnull=False)).order_by("-came_at")
    return [SeenLead(*row) for row in newest.values_list(*SeenLead._fields)[:MOST_LEADS]]


def month_start(day: date) -> date:
    """The first day of the month."""
    return day.replace(day=1)


def week_start(weekday: int) -> Callable[[date], date]:
    """What gives the first day of a day's week, which starts on `weekday` (1 Monday … 7 Sunday)."""
    return lambda day: day - timedelta(days=(day.isoweekday() - weekday) % 7)


def revenue_together(leads: Sequence[Lead]) -> float:
    """What the customers that they became have bought since; one that several led to is counted once."""
    return _counted_once(revenue_of(leads), _homes(leads))


def _counted_once(revenue: Mapping[int, float], homes: Mapping[int, int]) -> float:
    by_account: dict[int, float] = {}
    for lead, amount in revenue.items():
        by_account[homes[lead]] = max(amount, by_account.get(homes[lead], 0.0))
    return sum(by_account.values())


def _homes(leads: Iterable[Lead | SeenLead]) -> dict[int, int]:
    """By lead that was won: the customer that it is now."""
    became = {one.pk: one.account_id for one in leads if one.account_id is not None}
    merged = Lead.objects.filter(pk__in=list(became), account__merged_into__isnull=False)
    return became | {pk: home for pk, home in merged.values_list("pk", "account__merged_into_id") if home is not None}


def revenue_of(leads: Iterable[Lead | SeenLead]) -> dict[int, float]:
    """By lead: what the customer that it became has bought since; nothing for one who was a customer before."""
    won = [one for one in leads if one.account_id is not None]
    accounts = _homes(won)
    scores = {
        pk: (first, total)
        for pk, first, total in Score.objects.filter(account__in=set(accounts.values())).values_list(
            "account_id", "first_order", "sales_total"
        )
    }
    found: dict[int, float] = {}
    for one in won:
        first, total = scores.get(accounts[one.pk], (None, 0.0))
        new = first is not None and first >= one.came_at.date() - timedelta(days=1)  # the firm's day may be a day later
        found[one.pk] = total if new else 0.0
    return found


def _beginnings(day: date, start: Callable[[date], date]) -> list[date]:
    found = [start(day)]
    while len(found) < PERIODS_SHOWN:
        found.append(start(found[-1] - timedelta(days=1)))
    return found


def _grouped(leads: Iterable[SeenLead], key: Callable[[SeenLead], Key]) -> list[tuple[Key, list[SeenLead]]]:
    groups: dict[Key, list[SeenLead]] = {}
    for one in leads:
        groups.setdefault(key(one), []).append(one)
    return sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))


def _flow(
    key: str,
    leads: Sequence[SeenLead],
    revenue: Mapping[int, float],
    homes: Mapping[int, int],
    *,
    at: datetime,
    late_before: datetime,
    since: date | None,
) -> Flow:
    waits = [(one.answered_at - one.came_at).total_seconds() / AN_HOUR for one in leads if one.answered_at is not None]
    within = (at - late_before).total_seconds() / AN_HOUR
    overdue = [one for one in leads if not one.answered_at and one.state in Lead.OPEN and one.came_at < late_before]
    won = [one for one in leads if one.state == Lead.State.WON]
    return Flow(
        key=key,
        since=since,
        came=len(leads),
        fitting=sum(one.fits for one in leads),
        won=len(won),
        decided=sum(one.state not in Lead.OPEN for one in leads),
        answered=len(waits),
        median_hours=median(waits) if waits else None,
        in_time=sum(wait <= within for wait in waits),
        due=len(waits) + len(overdue),
        accounts=len({homes[one.pk] for one in won if one.pk in homes}),
        revenue=_counted_once({one.pk: revenue[one.pk] for one in leads if one.pk in revenue}, homes),
    )
