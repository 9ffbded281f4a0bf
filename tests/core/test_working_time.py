"""Working time passes in working hours alone (mission B1)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.core.working_time import WorkingTime, after_working_hours, working_hours_between

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = WorkingTime(weekdays=frozenset(range(1, 6)), begins=time(9), ends=time(17), zone=BERLIN)
moments = st.floats(0, 730).map(lambda days: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=days))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2024, 3, day, hour, minute, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        (at(4, 10), 4, at(4, 14)),  # a Monday
        (at(4, 15), 4, at(5, 11)),
        (at(8, 16), 2, at(11, 10)),  # over the weekend
        (at(9, 12), 1, at(11, 10)),  # asked on a Saturday
        (at(4, 3), 8, at(4, 17)),  # before the day begins
    ],
)
def test_hours_pass_at_work_alone(start: datetime, hours: float, due: datetime) -> None:
    assert after_working_hours(start, hours, OFFICE) == due
    assert working_hours_between(start, due, OFFICE) == hours


def test_days_off_do_not_count() -> None:
    with_holiday = WorkingTime(
        weekdays=OFFICE.weekdays,
        begins=OFFICE.begins,
        ends=OFFICE.ends,
        zone=BERLIN,
        days_off=frozenset({date(2024, 3, 5)}),
    )
    assert after_working_hours(at(4, 16), 2, with_holiday) == at(6, 10)


def test_a_week_from_sunday_to_friday_works_on_sunday() -> None:
    nepal = WorkingTime(
        weekdays=frozenset({7, 1, 2, 3, 4, 5}), begins=time(10), ends=time(17), zone=ZoneInfo("Asia/Kathmandu")
    )
    saturday = datetime(2024, 3, 9, 12, tzinfo=nepal.zone)
    assert after_working_hours(saturday, 1, nepal) == datetime(2024, 3, 10, 11, tzinfo=nepal.zone)


@given(start=moments, hours=st.floats(0.01, 200))
def test_there_and_back_again(start: datetime, hours: float) -> None:
    due = after_working_hours(start, hours, OFFICE)
    assert due > start
    assert working_hours_between(start, due, OFFICE) == pytest.approx(hours, abs=1e-6)
    assert working_hours_between(due, start, OFFICE) == 0


@given(start=moments, first=st.floats(0.01, 50), second=st.floats(0.01, 50))
def test_waiting_twice_is_waiting_once_for_as_long(start: datetime, first: float, second: float) -> None:
    twice = after_working_hours(after_working_hours(start, first, OFFICE), second, OFFICE)
    once = after_working_hours(start, first + second, OFFICE)
    assert abs(working_hours_between(start, twice, OFFICE) - working_hours_between(start, once, OFFICE)) < 1e-6
    assert abs(twice - once) < timedelta(milliseconds=1) or abs(twice - once) > timedelta(hours=15)
