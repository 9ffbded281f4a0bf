"""Time as it passes at work: in the working hours of working days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

LONGEST_WAIT_DAYS = 3660
"""Looked ahead no further: who works on no day at all is a mistake of who calls."""


@dataclass(frozen=True, kw_only=True)
class WorkingTime:
    """When is worked. `weekdays` are ISO numbers, 1 for Monday; both ends of a day are in `zone`."""

    weekdays: frozenset[int]
    begins: time
    ends: time
    zone: tzinfo
    days_off: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        assert self.weekdays, "somebody works on some day"
        assert self.begins < self.ends, "a day begins before it ends"


def after_working_hours(start: datetime, hours: float, working: WorkingTime) -> datetime:
    """The moment at which so many working hours have passed since `start`, in the zone of `start`."""
    left = timedelta(hours=hours)
    for begins, ends in _spans(start, working):
        if left <= ends - begins:
            return (begins + left).astimezone(start.tzinfo)
        left -= ends - begins
    raise AssertionError("no working time within ten years")


def working_hours_between(start: datetime, end: datetime, working: WorkingTime) -> float:
    """How many working hours lie between two moments; 0 where the second is not later."""
    passed = timedelta()
    for begins, ends in _spans(start, working):
        if begins >= end:
            break
        passed += min(ends, end) - begins
    return passed / timedelta(hours=1)


def _spans(start: datetime, working: WorkingTime) -> Iterator[tuple[datetime, datetime]]:
    """The spans of working time from `start` on, in UTC terms, so that a change of clocks counts as it is."""
    first = start.astimezone(working.zone).date()
    for ahead in range(LONGEST_WAIT_DAYS):
        day = first + timedelta(days=ahead)
        if day.isoweekday() not in working.weekdays or day in working.days_off:
            continue
        begins, ends = (
            datetime.combine(day, at, tzinfo=working.zone).astimezone(UTC) for at in (working.begins, working.ends)
        )
        if ends > start:
            yield max(begins, start.astimezone(UTC)), ends
