"""What is due again: rhythms that are known come back, and beat simpler rules on data that was held out."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from bought_lines import START, Line, read, sold
from regulars.core.purchases import Purchases, day_number
from regulars.core.replenishment import NoRhythm, Replenishment, first_due

AS_OF = START + timedelta(days=700)


def rhythms(accounts: int = 80, items: int = 6, seed: int = 2) -> tuple[list[Line], dict[tuple[int, str], float]]:
    """Each account buys each item in its own log-normal rhythm around the item's; what it is, is told, too."""
    chance = np.random.default_rng(seed)
    rows, usual = [], {}
    for item in range(items):
        for account in range(accounts):
            centre = np.log(15 * (item + 1)) + 0.4 * chance.standard_normal()
            usual[account, f"i{item}"] = float(np.exp(centre))
            day = float(chance.uniform(0, 60))
            while day < 1000:
                rows.append(sold(account, f"i{item}", int(day)))
                day += max(1.0, float(np.exp(centre + 0.3 * chance.standard_normal())))
    return rows, usual


def due_rows(past: Purchases, as_of: date = AS_OF) -> dict[tuple[int, str], dict[str, float]]:
    due = Replenishment().fit(past).due(past, as_of=as_of)
    names = ("gap_days", "due_day", "from_day", "until_day", "overdue", "chance", "last_day")
    return {
        (int(past.accounts[account]), str(past.items[item])): {name: float(getattr(due, name)[at]) for name in names}
        for at, (account, item) in enumerate(zip(due.account_at, due.item_at, strict=True))
    }


def test_the_variances_that_made_the_rhythms_come_back() -> None:
    rows, _usual = rhythms()
    model = Replenishment().fit(read(rows, as_of=START + timedelta(days=1000)))
    assert model.gap_variance_ == pytest.approx(0.09, rel=0.15)
    assert model.account_variance_ == pytest.approx(0.16, rel=0.3)


def test_the_usual_gap_of_an_account_is_found() -> None:
    rows, usual = rhythms()
    found = due_rows(read(rows, as_of=AS_OF))
    errors = [np.log(row["gap_days"] / usual[pair]) for pair, row in found.items()]
    assert np.sqrt(np.mean(np.square(errors))) < 0.2
    assert abs(np.mean(errors)) < 0.05


def test_four_of_five_next_purchases_come_within_the_band() -> None:
    rows, _usual = rhythms(seed=8)
    past, whole = read(rows, as_of=AS_OF), rows
    found = due_rows(past)
    days: dict[tuple[int, str], list[int]] = {}
    for account, day, item, _net, _kind in whole:
        days.setdefault((int(account or 0), str(item)), []).append(day_number(day))
    inside = []
    for pair, row in found.items():
        later = [day for day in days[pair] if day > row["last_day"]]
        if later:
            inside.append(row["from_day"] <= min(later) <= row["until_day"])
    assert np.mean(inside) == pytest.approx(0.8, abs=0.06)


def test_with_one_gap_the_rhythm_leans_on_the_item_and_with_many_on_the_account() -> None:
    rows = [sold(account, "ink", day) for account in range(30) for day in range(0, 700, 30)]
    rows += [sold(account, "ink", day) for account in range(30, 60) for day in range(0, 700, 60)]
    rows += [sold(98, "ink", 0), sold(98, "ink", 690)]
    rows += [sold(97, "ink", 650), sold(97, "ink", 690)]
    rows += [sold(99, "ink", day) for day in range(0, 700, 69)]
    found = due_rows(read(rows, as_of=AS_OF))
    one, many = found[97, "ink"], found[99, "ink"]
    assert abs(one["gap_days"] - 40) < 15
    assert abs(many["gap_days"] - 69) < 5
    assert abs(np.log(many["gap_days"] / 69)) < abs(np.log(found[98, "ink"]["gap_days"] / 690))


def test_the_chance_falls_when_what_was_due_stays_away_for_long_and_is_a_chance() -> None:
    rows, _usual = rhythms()
    past = read(rows, as_of=AS_OF)
    model = Replenishment().fit(past)
    soon, late = (model.due(past, as_of=AS_OF + timedelta(days=days), horizon_days=7) for days in (0, 2))
    for due in (soon, late):
        assert np.all((due.chance > 0) & (due.chance <= 1))
        assert np.all((due.from_day <= due.due_day) & (due.due_day <= due.until_day))


def test_an_item_that_is_seldom_bought_again_and_what_is_lost_are_left_out() -> None:
    rows, _usual = rhythms()
    rows += [sold(account, "kitchen", account) for account in range(80)] + [sold(1, "kitchen", 500)]
    rows += [sold(300, "i0", 10), sold(300, "i0", 25), sold(300, "i0", 40)]
    found = due_rows(read(rows, as_of=AS_OF))
    assert "kitchen" not in {item for _account, item in found}
    assert (300, "i0") not in found


def test_without_repeated_purchases_there_is_no_rhythm_and_it_is_said_why() -> None:
    past = read([sold(account, "once", 10 * account) for account in range(40)])
    with pytest.raises(NoRhythm, match="no rhythm"):
        Replenishment().fit(past)


def test_the_first_of_each_account_are_the_most_probable_ones() -> None:
    rows, _usual = rhythms()
    past = read(rows, as_of=AS_OF)
    due = Replenishment().fit(past).due(past, as_of=AS_OF, horizon_days=14)
    first = first_due(due, most=2)
    assert np.bincount(first.account_at).max() == 2
    for account in np.unique(due.account_at):
        best = np.sort(due.chance[due.account_at == account])[::-1][:2]
        np.testing.assert_allclose(first.chance[first.account_at == account], best)


def test_what_is_due_is_met_more_often_than_by_simpler_rules() -> None:
    rows, _usual = rhythms(seed=4)
    past, whole = read(rows, as_of=AS_OF), rows
    until = AS_OF + timedelta(days=14)
    came = {(int(a or 0), str(i)) for a, day, i, _net, _kind in whole if AS_OF < day <= until}
    due = Replenishment().fit(past).due(past, as_of=AS_OF, horizon_days=14)
    first = first_due(due, most=2)

    def met(account_at: np.ndarray, item_at: np.ndarray) -> float:
        pairs = zip(past.accounts[account_at].tolist(), past.items[item_at].tolist(), strict=True)
        return float(np.mean([pair in came for pair in pairs]))

    def top_two(key: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        order = np.lexsort((-key, past.account_at))
        rank = np.arange(order.size) - np.searchsorted(past.account_at[order], past.account_at[order])
        chosen = order[rank < 2]
        return past.account_at[chosen], past.item_at[chosen]

    ours = met(first.account_at, first.item_at)
    assert ours > met(*top_two(past.order_days)) - 1e-9
    assert ours > met(*top_two(-past.last_day)) + 0.1
