"""Suggestions and what is due again: computed from a history, read for one account, and told in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from regulars.facts.models import Account, Product
from regulars.insight import affinity_learning
from regulars.insight.affinity import CATEGORY, accounts_for, due_again, latest_run, offered_items, suggestions_of
from regulars.insight.affinity_learning import (
    compute_suggestions,
    suggest_again,
    suggestions_are_needed,
)
from regulars.insight.affinity_sentences import reason, record_told, rhythm, worth
from regulars.insight.snapshots import take_snapshot

WriteHistory = Callable[..., int]
END, START = date(2024, 12, 9), date(2022, 12, 10)

pytestmark = pytest.mark.django_db


def firm(accounts: int = 120, seed: int = 3) -> list[dict[str, Any]]:
    """Bakers buy flour every 30 days and some of eight baking things, smiths iron and forging things.

    Account 1, a baker, lacks the first baking thing, which most bakers have; account 2 bought nothing for two years.
    """
    chance = np.random.default_rng(seed)
    lines: list[dict[str, Any]] = []

    def buy(account: int, product: str, day: date, *, category: str) -> None:
        order = f"{account}-{day}"
        lines.append(
            {"account_id": account, "business_date": day, "net_base_minor": 10_000, "cost_base_minor": 6_000}
            | {"product": product, "category": category, "order_id": order, "line_no": product}
        )

    for account in range(1, accounts + 1):
        trade, staple = ("baking", "flour") if account % 2 else ("forging", "iron")
        if account == 2:
            buy(account, "iron", START - timedelta(days=100), category="iron")
            continue
        for step in range(24):
            buy(account, staple, END - timedelta(days=5 + 30 * step + account % 5), category=staple)
        for number in range(8):
            if chance.random() < (0.9 if number == 0 else 0.5) and (account, number) != (1, 0):
                first = END - timedelta(days=int(chance.integers(5, 700)))
                buy(account, f"{trade} {number}", first, category=f"{trade} things")
    return lines


@pytest.fixture
def computed(write_history: WriteHistory) -> Account:
    write_history(firm())
    Product.objects.create(external_id="baking 0", source="test", name="Whisk")
    compute_suggestions(as_of=END)
    return Account.objects.get(pk=1)


def test_an_account_is_offered_what_its_own_kind_has_with_the_reason(computed: Account) -> None:
    found = suggestions_of(computed, most=3)
    assert all(one.item.startswith("baking") for one in found)
    whisk = next(one for one in found if one.item == "baking 0")
    assert (whisk.name, whisk.kind) == ("Whisk", "product")
    assert whisk.alike == 10
    assert whisk.first_year_sales == 100.0
    assert whisk.margin_share == pytest.approx(0.4)
    if whisk.alike_buying >= 2:
        assert reason(whisk) == f"{whisk.alike_buying} of the 10 customers most like this one buy it."


def test_nobody_is_offered_what_it_has_bought(computed: Account) -> None:
    has = {(line["account_id"], line["product"]) for line in firm()}
    for account in Account.objects.filter(pk__in=range(1, 30)):
        assert not {(account.pk, one.item) for one in suggestions_of(account, most=20)} & has


def test_an_account_that_bought_nothing_for_two_years_is_offered_nothing(computed: Account) -> None:
    silent = Account.objects.get(pk=2)
    assert not [*suggestions_of(silent), *due_again(silent)]


def test_what_is_bought_in_a_rhythm_is_due_when_the_rhythm_says(computed: Account) -> None:
    (flour,) = [one for one in due_again(computed) if one.item == "flour"]
    assert flour.order_days == 24
    assert flour.last_bought == END - timedelta(days=6)
    assert flour.gap_days == pytest.approx(30, abs=1)
    assert flour.due_from <= flour.due_on <= flour.due_until
    assert "usually every 30 days" in rhythm(flour, END)
    assert "times the usual pause has gone by" in rhythm(flour, flour.due_on + timedelta(days=30))


def test_categories_are_suggested_too(computed: Account) -> None:
    lacking = {one.item for one in suggestions_of(computed, kind=CATEGORY)}
    assert "flour" not in lacking
    assert lacking <= {"iron", "forging things", "baking things"}


def test_the_record_of_the_run_is_told_in_a_sentence(computed: Account) -> None:
    run = latest_run()
    assert run is not None
    assert (run.as_of, run.horizon_days, run.accounts) == (END, 91, 119)
    told = run.record["product"]
    assert 0 <= told["hit_rate_of_best_sellers"] <= told["hit_rate"] <= 1
    assert "of 100 customers who bought something new to them" in record_told(run)


def test_what_it_would_bring_needs_the_right_to_see_costs_for_its_margin(computed: Account) -> None:
    (one,) = [one for one in suggestions_of(computed, most=20) if one.item == "baking 0"]
    assert one.chance is not None
    assert one.expected_sales == pytest.approx(one.chance * 100.0)
    assert one.expected_margin == pytest.approx(one.chance * 40.0)
    assert "margin" in worth(one, "EUR", sees_cost=True)
    assert "margin" not in worth(one, "EUR", sees_cost=False)


def test_a_campaign_finds_the_accounts_to_offer_a_product_to(computed: Account) -> None:
    offered = {one.item: one for one in offered_items()}
    found = accounts_for("baking 0", most=500)
    assert len(found) == offered["baking 0"].accounts
    assert offered["baking 0"].expected_sales == pytest.approx(sum(one.expected_sales or 0 for _pk, one in found))
    chances = [one.chance or 0 for _pk, one in found]
    assert chances == sorted(chances, reverse=True)
    assert [pk for pk, _one in accounts_for("baking 0", among=[1])] == [1]
    assert all(one.accounts == 1 for one in offered_items(among=[1]))


def test_a_merged_account_is_read_with_the_one_that_was_kept(computed: Account) -> None:
    other = Account.objects.get(pk=3)
    Account.objects.filter(pk=3).update(merged_into=computed)
    items = [one.item for one in suggestions_of(computed, most=40)]
    assert len(items) == len(set(items))
    assert {one.item for one in suggestions_of(other, most=40)} <= set(items)


def test_a_firm_larger_than_what_is_learned_from_gets_suggestions_of_its_own_kind_too(
    write_history: WriteHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What goes with what is then counted in the engine, and accounts are read some at a time."""
    monkeypatch.setattr(affinity_learning, "MOST_LEARNED", 50)
    monkeypatch.setattr(affinity_learning, "ACCOUNTS_AT_ONCE", 30)
    write_history(firm())
    run = compute_suggestions(as_of=END)
    assert run.accounts == 119
    for pk in (1, 5, 119):
        first = suggestions_of(Account.objects.get(pk=pk), most=1)
        assert [one.item.split()[0] for one in first] == ["baking"]


def test_a_history_without_products_has_no_suggestions_and_says_so(write_history: WriteHistory, orders: Any) -> None:
    write_history(orders(1, "2024-01-01", "2024-06-01", product=None, category=None))
    run = compute_suggestions(as_of=END)
    assert run.record["product"] == {"problem": "no_items"}
    one = Account.objects.get(pk=1)
    assert not [*suggestions_of(one), *due_again(one)]
    assert record_told(run) == ""


def test_the_next_run_replaces_the_one_before(computed: Account) -> None:
    compute_suggestions(as_of=END - timedelta(days=200))
    found = suggestions_of(computed, most=40)
    assert len({one.item for one in found}) == len(found)
    run = latest_run()
    assert run is not None
    assert run.as_of == END - timedelta(days=200)


def test_the_nightly_job_computes_again_only_when_something_changed(write_history: WriteHistory) -> None:
    write_history(firm(accounts=30))
    suggest_again.func()
    first = latest_run()
    suggest_again.func()
    assert first is not None
    assert latest_run() == first
    write_history([{"account_id": 1, "business_date": END, "net_base_minor": 5, "order_id": "new"}])
    suggest_again.func()
    assert latest_run() != first


def test_the_first_suggestions_do_not_wait_for_the_night(write_history: WriteHistory) -> None:
    write_history(firm(accounts=30))
    assert not suggestions_are_needed(), "there are no figures yet"
    take_snapshot(as_of=END)
    assert suggestions_are_needed()
    suggest_again.func()
    assert not suggestions_are_needed()
