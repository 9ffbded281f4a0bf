"""What goes with what: EASE against its definition, the Gram matrix both ways, and suggestions that are known."""

from __future__ import annotations

from datetime import timedelta

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bought_lines import AS_OF, START, Line, lines_of, read, sold
from regulars.core.adoption import choose_settings, learn_chance
from regulars.core.affinity import Affinity, AffinitySettings, NothingToSuggest, ease, hit_rate
from regulars.core.purchases import Purchases, bought_together, purchases


def two_trades(accounts: int = 60, seed: int = 5) -> list[Line]:
    """Half of the accounts buy bread things, half buy bolt things; each lacks some of its own kind."""
    chance = np.random.default_rng(seed)
    rows = []
    for account in range(accounts):
        kind = "bread" if account % 2 else "bolt"
        bought = np.flatnonzero(chance.random(8) < 0.7)
        rows += [sold(account, f"{kind} {number}", int(chance.integers(400, 720))) for number in bought]
    return rows


def pairs_of(found: Purchases) -> set[tuple[int, str]]:
    return {
        (int(found.accounts[account]), str(found.items[item]))
        for account, item in zip(found.account_at, found.item_at, strict=True)
    }


def test_purchases_are_sales_of_more_than_nothing_by_known_accounts_of_known_items() -> None:
    rows: list[Line] = [
        sold(1, "a", 0, 10.0),
        sold(1, "a", 0, 5.0),
        sold(1, "a", 10, 20.0),
        sold(1, "a", 400, 40.0),
        sold(1, "a", 900, 1000.0),  # after the day that is asked for
        (1, START, "a", -3.0, "return"),
        (1, START, "b", 0.0, "sale"),
        (1, START, "postage", 4.0, "fee"),
        (1, START, None, 4.0, "sale"),
        (None, START, "a", 4.0, "sale"),
    ]
    (row,) = purchases(lines_of(rows), as_of=AS_OF).to_pyarrow().to_pylist()
    assert (row["account"], row["item"], row["order_days"]) == (1, "a", 3)
    assert (row["first_day"], row["last_day"]) == (START, START + timedelta(days=400))
    assert (row["sales"], row["first_year_sales"]) == (75.0, 35.0)
    assert row["log_gap_sum"] == pytest.approx(np.log(10) + np.log(390))
    assert row["log_gap_squares"] == pytest.approx(np.log(10) ** 2 + np.log(390) ** 2)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_what_is_bought_together_is_counted_alike_by_a_join_and_by_a_matrix(seed: int) -> None:
    chance = np.random.default_rng(seed)
    rows = [
        sold(int(chance.integers(12)), f"p{chance.integers(6)}", int(chance.integers(700)), float(chance.random() + 1))
        for _ in range(60)
    ]
    found = read(rows)
    weights = found.weights(as_of=AS_OF, half_life_days=180)
    bought = found.matrix(weights)
    table = pa.table(
        {"account": found.accounts[found.account_at], "item": found.items[found.item_at].tolist(), "weight": weights}
    )
    joined = bought_together(ibis.memtable(table)).to_pyarrow().to_pylist()
    gram = np.zeros((found.items.size, found.items.size))
    for row in joined:
        at = np.searchsorted(found.items, [row["item"], row["other"]])
        gram[at[0], at[1]] = row["together"]
    np.testing.assert_allclose(gram, (bought.T @ bought).toarray(), rtol=1e-12)


def test_ease_is_the_least_squares_solution_with_a_zero_diagonal() -> None:
    """Each column solves the ridge regression of its item on the others: (XᵀX + λI) of the others, by hand."""
    chance = np.random.default_rng(11)
    bought = (chance.random((40, 7)) < 0.4).astype(float)
    gram, penalty = bought.T @ bought, 3.0
    found = ease(gram, regularisation=penalty)
    for item in range(7):
        others = [other for other in range(7) if other != item]
        damped = gram[np.ix_(others, others)] + penalty * np.eye(6)
        expected = np.linalg.solve(damped, gram[others, item])
        np.testing.assert_allclose(found[others, item], expected, atol=1e-4)
        assert found[item, item] == 0


def test_a_gram_that_the_engine_counted_gives_the_same_suggestions() -> None:
    past = read(two_trades())
    bought = past.matrix(past.weights(as_of=AS_OF, half_life_days=AffinitySettings().half_life_days))
    here = Affinity().fit(past, as_of=AS_OF).suggest(past)
    there = Affinity().fit(past, as_of=AS_OF, together=(bought.T @ bought).toarray()).suggest(past)
    assert np.array_equal(here.item_at, there.item_at)
    np.testing.assert_allclose(here.score, there.score, rtol=1e-5)


def test_accounts_are_offered_what_their_own_kind_buys_and_never_what_they_have() -> None:
    past = read(two_trades())
    found = Affinity().fit(past, as_of=AS_OF).suggest(past, most=2)
    has = set(zip(past.account_at.tolist(), past.item_at.tolist(), strict=True))
    assert not has & set(zip(found.account_at.tolist(), found.item_at.tolist(), strict=True))
    kind = np.array([str(item).split()[0] for item in past.items])
    lacking = 8 - np.bincount(past.account_at, minlength=past.accounts.size)
    for account in range(past.accounts.size):
        first = found.item_at[found.account_at == account][: lacking[account]]
        assert set(kind[first]) <= {"bread" if past.accounts[account] % 2 else "bolt"}


def test_the_reasons_count_accounts_alike_and_name_an_item_that_the_account_has() -> None:
    past = read(two_trades())
    found = Affinity().fit(past, as_of=AS_OF).suggest(past, most=1)
    assert np.all((found.alike_buying >= 0) & (found.alike_buying <= found.alike) & (found.alike <= 10))
    assert found.alike_buying.mean() > 5  # of ten accounts of its own trade, some seven buy any of its things
    has = set(zip(past.account_at.tolist(), past.item_at.tolist(), strict=True))
    pairs = set(zip(found.account_at.tolist(), found.because_at.tolist(), strict=True))
    assert {pair for pair in pairs if pair[1] >= 0} <= has


def test_what_buyers_spend_in_their_first_year_is_the_median_of_those_alike() -> None:
    rows = [sold(account, "common", 300, 10.0) for account in range(20)]
    rows += [sold(account, "rare", 300, 100.0 + account) for account in range(1, 6)]
    rows += [sold(account, "rare", 700, 9_999.0) for account in range(1, 6)]  # not in the first year
    rows += [sold(account, "common", 700, 10.0) for account in range(20)]
    past = read(rows)
    found = Affinity().fit(past, as_of=AS_OF).suggest(past, most=1)
    of_zero = found.first_year_sales[(found.account_at == 0) & (found.item_at == np.searchsorted(past.items, "rare"))]
    assert of_zero.tolist() == [103.0]


def test_a_part_of_the_accounts_is_suggested_the_same_as_all_at_once() -> None:
    past = read(two_trades(accounts=1100))  # more than a block
    model = Affinity().fit(past, as_of=AS_OF)
    chosen = np.zeros(past.accounts.size, bool)
    chosen[600:700] = True
    whole, part = model.suggest(past, most=5), model.suggest(past.of_accounts(chosen), most=5)
    among = (whole.account_at >= 600) & (whole.account_at < 700)
    assert np.array_equal(whole.item_at[among], part.item_at)
    np.testing.assert_allclose(whole.score[among], part.score, rtol=1e-5)


def test_what_nobody_bought_within_a_year_is_not_suggested() -> None:
    rows = [sold(account, "gone", 10) for account in range(9)] + two_trades()
    past = read(rows)
    found = Affinity().fit(past, as_of=AS_OF).suggest(past)
    assert "gone" not in past.items[found.item_at]


def test_with_one_item_there_is_nothing_to_suggest_and_it_is_said_why() -> None:
    past = read([sold(account, "only", 700) for account in range(9)])
    with pytest.raises(NothingToSuggest, match="too few different products"):
        Affinity().fit(past, as_of=AS_OF)


def test_the_hit_rate_counts_accounts_that_took_up_one_of_the_first() -> None:
    origin = START + timedelta(days=720)
    rows = two_trades()
    past = read(rows, as_of=origin)
    found = Affinity().fit(past, as_of=origin).suggest(past, most=1)
    first = {past.accounts[at]: past.items[item] for at, item in zip(found.account_at, found.item_at, strict=True)}
    taking, others = list(first)[:6], list(first)[6:9]
    later = [sold(int(account), first[account], 725) for account in taking]
    later += [sold(int(account), "quite new", 725) for account in others]
    came = read(rows + later)
    assert hit_rate(found, came, asked=past, after=origin, until=AS_OF) == pytest.approx(6 / 9)
    assert np.isnan(hit_rate(found, past, asked=past, after=origin, until=AS_OF))


def test_chances_add_up_to_what_came() -> None:
    """Learned on one period, the chances of that period add up exactly: the property of the logistic likelihood."""
    rows = two_trades(accounts=400)
    origin = START + timedelta(days=640)
    past, whole = read(rows, as_of=origin), read(rows)
    learned = learn_chance(past, whole, origin=origin, horizon_days=90, most=5)
    assert learned.coefficients is not None
    suggested = Affinity().fit(past, as_of=origin).suggest(past, most=5)
    chances = learned.of(suggested, past, as_of=origin)
    had, by_then = pairs_of(past), pairs_of(whole)
    taken = [
        (int(past.accounts[a]), str(past.items[i])) in by_then - had
        for a, i in zip(suggested.account_at, suggested.item_at, strict=True)
    ]
    assert chances.sum() == pytest.approx(sum(taken), rel=0.01)
    assert np.all((chances > 0) & (chances < 1))
    assert 0 <= learned.hit_rate_of_best_sellers <= learned.hit_rate <= 1


def test_with_hardly_anything_taken_up_the_chance_stays_unknown() -> None:
    rows = two_trades()
    origin = START + timedelta(days=719)
    past = read(rows, as_of=origin)
    learned = learn_chance(past, read(rows), origin=origin, horizon_days=90)
    assert learned.coefficients is None
    assert np.isnan(learned.of(Affinity().fit(past, as_of=origin).suggest(past), past, as_of=origin)).all()
    assert learned.as_json()["hit_rate"] is None


def test_settings_are_chosen_by_what_came_after_earlier_days() -> None:
    rows = two_trades(accounts=200)
    origin = START + timedelta(days=640)
    past, whole = read(rows, as_of=origin), read(rows)
    silly = AffinitySettings(regularisation=1e9, accounts_weight=0.0, neighbours=1)
    fair = AffinitySettings()
    for candidates in ([silly, fair], [fair, silly]):
        assert choose_settings([(past, origin)], whole, horizon_days=90, candidates=candidates) == fair
