"""Where the time of solved issues goes: taken down, waiting, handed on, at work (mission B1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from statistics import median
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from regulars.facts.models import Issue, IssueStep

Kind = IssueStep.Kind


class Stretch(StrEnum):
    """What an issue went through between two of its steps."""

    UNANSWERED = "unanswered"
    WAITING = "waiting"
    HANDED_ON = "handed_on"
    HELP_CALLED = "help_called"
    CAME_BACK = "came_back"
    AT_WORK = "at_work"


STRETCHES: Final[dict[Stretch, str | Promise]] = {
    Stretch.UNANSWERED: _("taken down, until something was done"),
    Stretch.WAITING: _("waiting for somebody or something"),
    Stretch.HANDED_ON: _("changed hands, until something was done"),
    Stretch.HELP_CALLED: _("help was called, until something was done"),
    Stretch.CAME_BACK: _("came back, until something was done"),
    Stretch.AT_WORK: _("being worked on"),
}

_BEGUN_BY: Final = {
    Kind.OPENED: Stretch.UNANSWERED,
    Kind.PAUSED: Stretch.WAITING,
    Kind.TRANSFERRED: Stretch.HANDED_ON,
    Kind.ESCALATED: Stretch.HELP_CALLED,
    Kind.REOPENED: Stretch.CAME_BACK,
}
"""Every other step of ours means that it is being worked on."""
_OF_NO_CONCERN: Final = {Kind.ASKED_AGAIN, Kind.CLOSED}
"""The customer asks again while nothing goes on; a closed issue was solved before."""
_STILL_WAITING: Final = {Kind.NOTED, Kind.TOLD, Kind.PROMISED}
"""What is written down while an issue waits does not end the wait."""


@dataclass(frozen=True, kw_only=True)
class TimeSpent:
    """What one kind of stretch took, of all solved issues together; hours by the clock, as the customer waits."""

    stretch: Stretch
    issues: int
    hours: float
    median_hours: float
    """Of the issues that went through it, each with all such stretches of its own."""
    longest_hours: float
    share: float
    """Of the hours of all issues."""

    @property
    def label(self) -> str:
        return str(STRETCHES[self.stretch])


@dataclass(kw_only=True)
class _Taken:
    by_issue: list[float] = field(default_factory=list)

    def told(self, stretch: Stretch, of_all: float) -> TimeSpent:
        hours = sum(self.by_issue)
        return TimeSpent(
            stretch=stretch,
            issues=len(self.by_issue),
            hours=hours,
            median_hours=median(self.by_issue),
            longest_hours=max(self.by_issue),
            share=hours / of_all if of_all else 0.0,
        )


def where_time_goes(issues: Iterable[int]) -> list[TimeSpent]:
    """What the solved ones of these issues spent their time on, the largest share first; empty where none is solved.

    Steps that were taken back count for nothing. One query.
    """
    # Asked for apart: joined, a database begins with all that ever were solved.
    solved = Issue.objects.filter(pk__in=list(issues), state__in=(Issue.State.SOLVED, Issue.State.CLOSED))
    steps = (
        IssueStep.objects.filter(issue__in=solved.values("pk"), taken_back_at=None)
        .order_by("issue_id", "at", "pk")
        .values_list("issue_id", "kind", "at")
    )
    taken: dict[Stretch, _Taken] = {}
    for _issue, its in groupby(steps, key=lambda step: step[0]):
        spent: dict[Stretch, timedelta] = {}
        for stretch, passed in _stretches((kind, at) for _pk, kind, at in its):
            spent[stretch] = spent.get(stretch, timedelta()) + passed
        for stretch, passed in spent.items():
            taken.setdefault(stretch, _Taken()).by_issue.append(passed / timedelta(hours=1))
    of_all = sum(sum(one.by_issue) for one in taken.values())
    found = [one.told(stretch, of_all) for stretch, one in taken.items()]
    return sorted(found, key=lambda one: (-one.hours, one.stretch))


def _stretches(steps: Iterable[tuple[str, datetime]]) -> Iterator[tuple[Stretch, timedelta]]:
    """The stretches of one issue between its steps, in their sequence; between solved and come back there is none."""
    now: Stretch | None = None
    since: datetime | None = None
    for kind, at in steps:
        then = _after(now, kind)
        if then is now:
            continue
        if now is not None and since is not None:
            yield now, at - since
        now, since = then, at


def _after(now: Stretch | None, kind: str) -> Stretch | None:
    if kind in _OF_NO_CONCERN or (now is Stretch.WAITING and kind in _STILL_WAITING):
        return now
    if kind == Kind.SOLVED:
        return None
    return _BEGUN_BY.get(Kind(kind), Stretch.AT_WORK)
