"""How long customers stay: cohorts and groups, the verdicts, and who gets whose."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from django.core.cache import cache

from regulars.base.models import Member, Organisation
from regulars.core.silence import SilenceRule
from regulars.facts.models import Account
from regulars.insight.early_losses import Against
from regulars.insight.lifetimes import BY, Lifetimes, lifetimes, silence_rule
from regulars.insight.lifetimes_sentences import Tone, comparison_told, group_name, lasting, left_out_told, verdicts
from regulars.insight.models import Snapshot
from regulars.insight.snapshots import take_snapshot

END = date(2024, 12, 9)
START = date(2021, 1, 4)
WriteHistory = Callable[..., int]


def customers(
    first_pk: int, count: int, *, won: tuple[date, date], lost_early: float, net: int = 10_000, seed: int = 1
) -> list[dict[str, Any]]:
    """Lines of customers won within these days: some never order again, the others every 30 days to the end."""
    random = np.random.default_rng(seed)
    days = (won[1] - won[0]).days
    lines = []
    for number in range(count):
        first = won[0] + timedelta(days=int(random.integers(0, days)))
        ends = first if number < lost_early * count else END
        step = 0
        while first + timedelta(days=30 * step) <= ends:
            day = first + timedelta(days=30 * step)
            pk = first_pk + number
            lines.append({"account_id": pk, "business_date": day, "net_base_minor": net, "order_id": f"{pk}-{step}"})
            step += 1
    return lines


def firm(lost_2023: float, lost_2024: float, *, count: int = 200) -> list[dict[str, Any]]:
    """A history from 2021 on, with customers won in 2023 and in 2024."""
    return [
        *customers(1, 20, won=(START, START + timedelta(days=20)), lost_early=0.0),
        *customers(1000, count, won=(date(2023, 1, 1), date(2023, 12, 31)), lost_early=lost_2023, seed=2),
        *customers(2000, count, won=(date(2024, 1, 1), date(2024, 12, 1)), lost_early=lost_2024, seed=3, net=90_000),
    ]


def found(lines: list[dict[str, Any]], write_history: WriteHistory, *, by: str = "year") -> Lifetimes:
    write_history(lines)
    return lifetimes(take_snapshot(as_of=END), member=None, by=by)


def text_of(some: Lifetimes, key: str) -> str:
    return next(verdict.text for verdict in verdicts(some) if verdict.key == key)


def test_lost_more_new_customers_than_the_year_before_is_told_with_how_sure_that_is(
    write_history: WriteHistory,
) -> None:
    """A7, in the words of the mission."""
    told = found(firm(0.2, 0.5), write_history)
    early = told.early
    assert early is not None
    assert early.before is not None
    assert early.against_before == Against.MORE
    assert (early.now.won_from, early.now.won_until) == (date(2024, 1, 1), END - timedelta(days=90))
    assert (early.before.won_from, early.before.won_until) == (date(2023, 1, 1), date(2023, 9, 10)), "the same part"
    assert early.ratio == pytest.approx(early.now.share / early.before.share)
    assert "Of the customers won in 2024 you lose" in text_of(told, "early")
    assert "more in their first 90 days than of those won in 2023" in text_of(told, "early")
    assert next(one for one in verdicts(told) if one.key == "early").tone == Tone.BAD


def test_fewer_lost_is_good_news(write_history: WriteHistory) -> None:
    told = found(firm(0.5, 0.2), write_history)
    assert "fewer in their first 90 days" in text_of(told, "early")
    assert next(one for one in verdicts(told) if one.key == "early").tone == Tone.GOOD


def test_of_too_few_new_customers_nothing_is_said_of_the_year_before(write_history: WriteHistory) -> None:
    told = found(firm(0.3, 0.3, count=36), write_history)
    assert told.early is not None
    assert told.early.before is None
    assert "cannot be said yet" in text_of(told, "early")


def test_chance_is_told_as_chance(write_history: WriteHistory) -> None:
    told = found(firm(0.3, 0.34, count=120), write_history)
    assert told.early is not None
    assert told.early.against_before == Against.CHANCE
    assert "no difference that chance does not explain" in text_of(told, "early")


def test_what_is_wanted_is_what_the_firm_set(write_history: WriteHistory) -> None:
    lines = firm(0.3, 0.3)
    told = found(lines, write_history)
    assert told.early is not None
    assert told.early.against_wanted == Against.FEWER, "half of them at most, unless the firm says otherwise"
    Organisation.objects.update(thresholds={"early_losses_wanted": 0.1})
    stricter = lifetimes(Snapshot.objects.get(), member=None)
    assert stricter.early is not None
    assert stricter.early.against_wanted == Against.MORE
    assert "more new customers than wanted" in text_of(stricter, "wanted")


def test_silence_is_as_long_as_the_firm_set_and_shorter_than_a_history(write_history: WriteHistory) -> None:
    told = found(firm(0.3, 0.3), write_history)
    assert told.everyone is not None
    assert silence_rule(None) == SilenceRule(), "one rule, here and in early warnings"
    assert told.history_from is not None
    assert told.won_from == told.history_from + timedelta(days=180)
    Organisation.objects.update(thresholds={"lifetime_silence_days": 1095})
    too_long = lifetimes(Snapshot.objects.get(), member=None)
    assert too_long.everyone is None
    assert too_long.groups == []


def test_cohorts_are_told_apart_and_compared(write_history: WriteHistory) -> None:
    told = found(firm(0.2, 0.6), write_history)
    assert [group.key for group in told.groups] == ["2024", "2023"], "newest first"
    young, old = told.groups
    assert young.stay is None, "nobody of 2024 was seen for a year"
    assert old.stay is not None
    assert old.stay.value == pytest.approx(0.8, abs=0.02)
    assert old.median_days.value is None
    assert young.median_days.value == 0
    assert told.everyone is not None
    assert told.everyone.won == young.won + old.won
    assert told.comparison is not None
    assert told.comparison.differs
    assert "hardly explains" in comparison_told(told)
    for group in told.groups:
        shares = [point.stay for point in group.curve]
        assert shares == sorted(shares, reverse=True)
        assert all(point.low <= point.stay <= point.high for point in group.curve)


def test_groups_may_be_of_anything_that_is_known_of_an_account(write_history: WriteHistory) -> None:
    lines = firm(0.2, 0.6)
    write_history(lines)
    Account.objects.filter(pk__gte=2000).update(country="France")
    snapshot = take_snapshot(as_of=END)
    by_country = lifetimes(snapshot, member=None, by="country")
    assert {group.name for group in by_country.groups} == {"", "France"}
    assert group_name("country", next(one for one in by_country.groups if not one.name)) == "Not known"
    by_value = lifetimes(snapshot, member=None, by="first_value")
    assert {group.key for group in by_value.groups} <= {"largest", "middle", "smallest"}
    for by in BY:
        every = lifetimes(snapshot, member=None, by=by)
        assert every.everyone is not None
        assert sum(group.won for group in every.groups) + every.left_out == every.everyone.won
        assert all(group_name(by, group) for group in every.groups)


def test_a_small_group_is_left_out_and_counted(write_history: WriteHistory) -> None:
    write_history(firm(0.2, 0.2))
    Account.objects.filter(pk__gte=1000, pk__lt=1010).update(country="Nepal")
    told = lifetimes(take_snapshot(as_of=END), member=None, by="country")
    assert [group.key for group in told.groups] == [""]
    assert told.left_out == 10
    assert told.comparison is None


def test_a_member_gets_the_lifetimes_of_the_accounts_it_sees(write_history: WriteHistory, owner: Member) -> None:
    write_history(firm(0.2, 0.2))
    manager = Member.objects.create(email="m@example.com", name="M", role="account_manager")
    Account.objects.filter(pk__gte=1000, pk__lt=1100).update(owner=manager)
    snapshot = take_snapshot(as_of=END)
    theirs, all_of_them = lifetimes(snapshot, member=manager), lifetimes(snapshot, member=owner)
    assert theirs.everyone is not None
    assert all_of_them.everyone is not None
    assert theirs.everyone.won <= 100 < all_of_them.everyone.won
    nobody = Member.objects.create(email="n@example.com", name="N", role="new_business_seller")
    empty = lifetimes(snapshot, member=nobody)
    assert (empty.everyone, empty.early, empty.remaining, empty.groups) == (None, None, None, [])
    assert verdicts(empty) == []


def test_what_is_left_is_told_by_the_model_of_the_snapshot_up_to_a_horizon(write_history: WriteHistory) -> None:
    told = found(firm(0.3, 0.3), write_history)
    left = told.remaining
    assert left is not None
    assert left.present.value is not None
    assert left.present.low is not None
    assert left.present.high is not None
    assert 0 < left.present.low <= left.present.value <= left.present.high <= 5 * 365.25 + 1e-6
    assert "of the next 5 years" in text_of(told, "remaining")
    bare = Snapshot.objects.get()
    bare.lifetime_model = {}
    cache.clear()
    assert lifetimes(bare, member=None).remaining is None


def test_a_rule_that_calls_losses_too_early_is_told(write_history: WriteHistory) -> None:
    lines = firm(0.1, 0.1)
    late = [
        {"account_id": pk, "business_date": day, "net_base_minor": 100, "order_id": f"late {pk} {day}"}
        for pk in range(6000, 6060)
        for day in (date(2022, 3, 1), date(2023, 3, 1), date(2024, 3, 1))
    ]
    told = found(lines + late, write_history)
    assert "may be too short to call a customer lost" in text_of(told, "silence")


def test_of_a_large_firm_a_part_is_looked_at_and_told(write_history: WriteHistory, monkeypatch: Any) -> None:
    monkeypatch.setattr("regulars.insight.lifetimes.MOST_ACCOUNTS", 100)
    told = found(firm(0.3, 0.3), write_history)
    assert told.looked_at <= 100 < told.accounts == 420
    assert "Of 420 customers" in left_out_told(told)


def test_without_orders_nothing_is_said(organisation: Organisation) -> None:
    told = lifetimes(take_snapshot(as_of=END), member=None)
    assert (told.everyone, told.early, told.history_from, told.remaining) == (None, None, None, None)
    assert verdicts(told) == []


@pytest.mark.parametrize(
    ("days", "said"),
    [(0, "0 days"), (1, "1 day"), (45.4, "45 days"), (91, "3 months"), (400, "13 months"), (1278, "3.5 years")],
)
def test_times_are_told_in_what_people_count_in(days: float, said: str) -> None:
    assert lasting(days) == said
