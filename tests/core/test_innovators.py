"""The first to buy what is new, whatever else they buy (mission E10)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from regulars.core.innovators import earliness, innovators


def first_purchases(days: dict[int, list[int]]) -> tuple[Any, Any, Any]:
    """The day on which each account bought each of the products 0, 1, 2, ..."""
    rows = [(account, place, day) for account, some in days.items() for place, day in enumerate(some)]
    account, product, day = np.array(rows, np.int64).T
    return account, product, day


def test_who_is_always_first_is_the_innovator_and_who_buys_everything_late_is_not() -> None:
    days = {1: [0, 0, 0, 0], 2: [90, 90, 90, 90, 90, 90]} | {number: [30 + number] * 4 for number in range(3, 15)}
    found = earliness(*first_purchases(days))
    chosen = found.accounts[innovators(found, of_customers=40)]
    assert chosen.tolist() == [1]
    place = found.accounts.tolist().index(1)
    assert (found.products[place], found.early[place]) == (4, 4)
    assert found.score[place] == pytest.approx((4 + 1.5) / 7)


def test_one_lucky_purchase_makes_no_innovator() -> None:
    days = {1: [0]} | {number: [number] * 3 for number in range(2, 15)}
    found = earliness(*first_purchases(days))
    assert 1 not in found.accounts[innovators(found, of_customers=400)]


def test_products_that_few_bought_say_nothing() -> None:
    found = earliness(*first_purchases({number: [number] * 3 for number in range(9)}))
    assert found.accounts.size == 0
    assert not innovators(found, of_customers=9).any()
    empty = np.array([], np.int64)
    assert earliness(empty, empty, empty).accounts.size == 0


def test_at_most_the_first_two_and_a_half_per_cent_and_equals_at_the_end_are_left_out() -> None:
    days = {number: [0, 0, 0] for number in range(1, 4)} | {number: [50 + number] * 3 for number in range(4, 40)}
    found = earliness(*first_purchases(days))
    assert innovators(found, of_customers=120).sum() == 3
    assert innovators(found, of_customers=80).sum() == 0


def test_only_those_among_whom_it_is_asked_are_found() -> None:
    found = earliness(*first_purchases({number: [number] * 3 for number in range(40)}))
    among = found.accounts >= 10
    assert found.accounts[innovators(found, of_customers=30, among=among)].tolist() == [10]
