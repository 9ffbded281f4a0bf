"""Would the losses of the past have been seen coming?"""

from __future__ import annotations

import json
from datetime import date, timedelta

import pyarrow as pa
import pytest

from regulars.core.early_warning import EarlyWarning, TooShortToWarn, WarningRule, early_warning
from regulars.core.lifetime import BetaGeoNBD, History
from regulars.core.silence import SilenceRule
from simulated_orders import START, simulated_orders

END = START + timedelta(days=900)


def history(orders: dict[str, list[int]], *, until: date = END) -> History:
    """Accounts and the days since START on which they order."""
    rows = [(name, START + timedelta(days=day)) for name, days in orders.items() for day in days]
    table = pa.table({"account": [name for name, _ in rows], "date": [day for _, day in rows]})
    return History.of(table, as_of=until, unit="day")


def steady(count: int = 60) -> dict[str, list[int]]:
    """Accounts that order every 20 or 40 days from beginning to end, and some who ordered once."""
    regulars = {f"steady {one}": list(range(one % 20, 900, 20 + 20 * (one % 2))) for one in range(count)}
    return regulars | {f"once {one}": [one * 20] for one in range(40)}


def test_a_loss_is_seen_long_before_silence_alone_would_tell() -> None:
    """An account that ordered every 20 days and stopped on day 500 counts as lost from day 680 on."""
    found = early_warning(history(steady() | {"leaver": list(range(0, 501, 20))}))
    assert (found.lost, found.accounts, found.accounts_in_all) == (1, 101, 101)
    for record in (found.of("rhythm"), found.of("either")):
        assert record.flagged == 1
        assert record.false_alarms == record.undecided == 0
        assert record.weeks_early is not None
        assert 15 <= record.weeks_early <= 180 / 7
    assert found.of("chance").flagged == 0, "where one of a hundred leaves, the model expects nobody to"
    assert sum(month.lost for month in found.record.months) == 1


def test_a_long_holiday_is_a_false_alarm_and_told_so() -> None:
    holiday = [*range(0, 401, 20), *range(560, 900, 20)]
    found = early_warning(history(steady() | {"holiday": holiday}))
    assert found.lost == 0
    assert found.of("rhythm").false_alarms == 1, "one silence is one alarm, in however many months it is seen"
    assert found.of("rhythm").flagged == 0
    assert found.of("rhythm").weeks_early is None


def test_who_often_paused_for_half_a_year_is_not_lost_after_half_a_year() -> None:
    """The silence allowed is three times the longest own pause, and at least 180 days."""
    seldom = {f"seldom {one}": [one, one + 200, one + 400, one + 600] for one in range(5)}
    assert early_warning(history(steady() | seldom)).lost == 0
    strict = early_warning(history(steady() | seldom), silence=SilenceRule(pauses=1.0))
    assert strict.lost == 5


def test_who_ordered_too_seldom_to_be_a_regular_is_neither_warned_of_nor_lost() -> None:
    few = {"thrice": [300, 320, 340]}
    found = early_warning(history(steady() | few))
    assert found.lost == 0
    found = early_warning(history(steady() | few), rule=WarningRule(order_days=3))
    assert found.lost == 1


def test_a_warning_of_a_day_rests_on_what_was_known_then() -> None:
    """Orders after a day change no warning of that day, only what became of it."""
    orders = simulated_orders(4, accounts=400)
    ends = [START + timedelta(days=days) for days in (700, 730)]
    long, short = (early_warning(History.of(orders, as_of=end), months=20) for end in reversed(ends))
    by_day = {month.day: month.flagged for month in short.of("chance").months}
    shared = [month for month in long.of("chance").months if month.day in by_day]
    same_days = early_warning(History.of(orders, as_of=ends[1]), as_of=ends[0], months=20)
    assert same_days == short
    assert all(month.flagged == by_day[month.day] for month in shared)


def test_every_warning_comes_to_one_end() -> None:
    found = early_warning(History.of(simulated_orders(7), as_of=START + timedelta(days=729)))
    assert found.lost > 20
    for record in found.records:
        for month in record.months:
            assert month.flagged == month.lost + month.came_back + month.undecided
        assert record.flagged <= found.lost
        assert record.warnings == sum(month.flagged for month in record.months)
    either = found.of("either")
    assert either.flagged >= max(found.of("chance").flagged, found.of("rhythm").flagged)


def test_a_stricter_chance_warns_of_fewer() -> None:
    known = History.of(simulated_orders(7), as_of=START + timedelta(days=729))
    warnings = [
        early_warning(known, rule=WarningRule(least_chance=chance)).of("chance").warnings for chance in (0.2, 0.5, 0.8)
    ]
    assert warnings == sorted(warnings)
    assert warnings[0] < warnings[-1]


def test_of_too_many_accounts_a_part_is_looked_at_and_counted() -> None:
    known = History.of(simulated_orders(7), as_of=START + timedelta(days=729))
    part = early_warning(known, most_accounts=300)
    assert part.accounts <= 300 < part.accounts_in_all == len(known.accounts)


def test_without_a_model_the_rhythm_still_warns() -> None:
    """Nine accounts are too few to learn from."""
    found = early_warning(
        history({f"steady {one}": list(range(one, 900, 20)) for one in range(8)} | {"leaver": list(range(0, 501, 20))})
    )
    assert found.of("chance").warnings == 0
    assert found.of("rhythm").flagged == 1
    assert found.best in {"rhythm", "either"}


@pytest.mark.parametrize("days", [0, 100, 300])
def test_a_history_that_is_too_short_says_what_is_missing(days: int) -> None:
    known = history(steady(), until=START + timedelta(days=days))
    with pytest.raises(TooShortToWarn, match="too short"):
        early_warning(known)


def test_it_is_kept_as_json_and_read_back() -> None:
    found = early_warning(history(steady() | {"leaver": list(range(0, 501, 20))}), model=BetaGeoNBD())
    assert EarlyWarning.from_data(json.loads(json.dumps(found.as_data()))) == found
