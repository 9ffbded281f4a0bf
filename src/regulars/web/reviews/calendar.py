"""The calendar of reviews: for who looks after accounts, every Monday and before each visit; for leaders, once a month.

It decides whom to invite next, what is overdue, and what to move. On phones the month is a list of its days.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from regulars.base.access import Permission, require
from regulars.base.formats import clock, number, weekday
from regulars.base.formats import month as month_text
from regulars.base.models import Member, Team
from regulars.base.organisation import today, zone
from regulars.plan.models import Review
from regulars.plan.reviews import visible_reviews
from regulars.web.desk import Desk, desk_of

MINE, EVERYONE = "mine", "everyone"
MOST_OVERDUE = 25
MOST_A_DAY = 5
"""More of them are behind *more*."""
MAY_BE_LATE = (Review.State.PROPOSED, Review.State.SCHEDULED, Review.State.INVITED)
SOON = timedelta(days=30)
"""What is due within these days and has no time yet is to be scheduled."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What the calendar shows of a review: a month of a large firm has many hundred."""

    on: date
    time: str
    name: str
    owner: str
    state: str
    state_name: str
    late: bool
    address: str


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day of the month, with the reviews on it."""

    on: date
    weekday: str
    reviews: Sequence[Entry]
    outside: bool
    today: bool

    @property
    def shown(self) -> Sequence[Entry]:
        return self.reviews[:MOST_A_DAY]

    @property
    def further(self) -> Sequence[Entry]:
        return self.reviews[MOST_A_DAY:]


def choices_of(desk: Desk) -> list[tuple[str, str]]:
    """Whose reviews can be looked at: who sees all accounts sees every team's, others that of their own team."""
    teams = Team.objects.order_by("name", "pk")
    if not desk.sees_everyone:
        teams = teams.filter(pk=desk.member.team_id or 0)
    choices = [(MINE, _("Mine")), *((str(team.uid), team.name) for team in teams)]
    return [*choices, (EVERYONE, _("Everyone's"))] if desk.sees_everyone else choices


def whose_of(request: HttpRequest, desk: Desk, choices: Sequence[tuple[str, str]]) -> str:
    """Whose were asked for; one's own where one has some to hold, else everyone's."""
    wanted = request.GET.get("whose", "")
    if wanted in {key for key, _label in choices}:
        return wanted
    if choices[-1][0] == EVERYONE and not Review.objects.filter(owner=desk.member).exists():
        return EVERYONE
    return MINE


def held_by(whose: str, desk: Desk) -> Q:
    """The condition that a review is held by one's own, by somebody of a team, or by anybody."""
    if whose == EVERYONE:
        return Q()
    return Q(owner=desk.member) if whose == MINE else Q(owner__team__uid=whose)


def people_of(whose: str, desk: Desk, people: Sequence[Member]) -> list[Member]:
    """Those of the people whose reviews are looked at."""
    if whose == EVERYONE:
        return list(people)
    if whose == MINE:
        return [one for one in people if one.pk == desk.member.pk]
    team = Team.objects.filter(uid=whose).values_list("pk", flat=True).first()
    return [one for one in people if one.team_id == team]


@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """A month of reviews, what is overdue before it, what is to be scheduled after it."""
    desk = desk_of(request)
    require(desk.member, Permission.READ)
    choices = choices_of(desk)
    whose = whose_of(request, desk, choices)
    month = _month(request, desk)
    seen = visible_reviews(desk.member).filter(held_by(whose, desk))
    of_month = _of_month(seen, month, desk)
    seen = seen.select_related("account__merged_into", "owner")
    context = {
        "desk": desk,
        "zone": zone(desk.organisation),
        "choices": choices,
        "whose": whose,
        "month": month,
        "heading": month_text(month),
        "before": (month - timedelta(days=1)).replace(day=1),
        "after": (month + timedelta(days=31)).replace(day=1),
        "days": _days(of_month, month, desk),
        "weekdays": [weekday(one.on, short=True) for one in _days([], month, desk)[:7]],
        "sums": _sums([one for one in of_month if one.on.month == month.month]),
        "overdue": list(_overdue(seen, desk)[:MOST_OVERDUE]),
        "unscheduled": list(_unscheduled(seen, desk)[:MOST_OVERDUE]),
        "planned": bool(of_month) or Review.objects.exists(),
        "shows_owner": whose != MINE,
    }
    return render(request, "web/reviews/calendar.html", context)


def _month(request: HttpRequest, desk: Desk) -> date:
    """The first day of the month that was asked for, else of this one."""
    try:
        asked = date.fromisoformat(f"{request.GET.get('month', '')}-01")
    except ValueError:
        asked = desk.day
    return asked.replace(day=1) if 1990 <= asked.year <= 2200 else desk.day.replace(day=1)


def _edges(month: date, desk: Desk) -> tuple[date, date]:
    """The first day shown and the one after the last: whole weeks."""
    first = month - timedelta(days=(month.isoweekday() - desk.organisation.week_start) % 7)
    after = (month + timedelta(days=31)).replace(day=1)
    last = after + timedelta(days=-(after - first).days % 7)
    return first, last


def _of_month(seen: QuerySet[Review], month: date, desk: Desk) -> list[Entry]:
    first, last = _edges(month, desk)
    where = zone(desk.organisation)
    begins, ends = (datetime.combine(day, time(), tzinfo=where) for day in (first, last))
    found = seen.filter(scheduled_at__gte=begins, scheduled_at__lt=ends).exclude(state=Review.State.CANCELLED)
    columns = ("uid", "state", "scheduled_at", "account__name", "account__merged_into__name", "owner__name")
    names = {state: str(label) for state, label in Review.State.choices}
    entries = []
    for uid, state, at, name, merged_into, owner in found.order_by("scheduled_at", "pk").values_list(*columns):
        on = today(desk.organisation, at)
        entries.append(
            Entry(
                on=on,
                time=clock(at, where),
                name=merged_into or name,
                owner=owner,
                state=state,
                state_name=names[state],
                late=on < desk.day and state in MAY_BE_LATE,
                address=reverse("review_appointment", args=[uid]),
            )
        )
    return entries


def _days(entries: Sequence[Entry], month: date, desk: Desk) -> list[Day]:
    first, last = _edges(month, desk)
    on: dict[date, list[Entry]] = defaultdict(list)
    for one in entries:
        on[one.on].append(one)
    days = (first + timedelta(days=ahead) for ahead in range((last - first).days))
    return [
        Day(on=day, weekday=weekday(day), reviews=on[day], outside=day.month != month.month, today=day == desk.day)
        for day in days
    ]


def _overdue(seen: QuerySet[Review], desk: Desk) -> QuerySet[Review]:
    """Reviews whose day has passed without having been held and finished; the longest overdue first."""
    start = datetime.combine(desk.day, time(), tzinfo=zone(desk.organisation))
    passed = Q(scheduled_at__lt=start) | Q(scheduled_at=None, due_on__lt=desk.day)
    return seen.filter(passed, state__in=Review.COMING).order_by("due_on", "pk")


def _unscheduled(seen: QuerySet[Review], desk: Desk) -> QuerySet[Review]:
    """Reviews that are due soon and have no time."""
    due = seen.filter(state=Review.State.PROPOSED, scheduled_at=None)
    return due.filter(due_on__gte=desk.day, due_on__lte=desk.day + SOON)


def _sums(entries: Sequence[Entry]) -> str:
    """How many there are in the month, and how many of them wait for what."""
    if not entries:
        return _("No review in this month.")
    count = ngettext("%(count)s review", "%(count)s reviews", len(entries)) % {"count": number(len(entries))}
    states = Counter(one.state_name for one in entries)
    told = ", ".join(f"{name}: {number(sum_)}" for name, sum_ in states.items())
    return f"{count} ({told})"
