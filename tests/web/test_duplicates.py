"""Duplicates: looked for by a job, decided side by side, taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from regulars.base.models import Member
from regulars.base.worker import run_worker
from regulars.facts.duplicates import find_duplicates
from regulars.facts.models import Account, AccountMerge, FoundPair, NotDuplicates

Maker = Callable[..., Any]
Signer = Callable[[Member], Client]


@pytest.fixture
def twins(scored: Maker, owner: Member) -> tuple[Account, Account]:
    said = {"phone": "+44 1632 960312", "country": "United Kingdom", "owner": owner}
    return (
        scored("Holly Gift Company", city="Bath", sales_total=100.0, **said),
        scored("Holly Gifts Company", city="Bristol", sales_total=900.0, **said),
    )


def page_of(browser: Client) -> str:
    return browser.get("/duplicates/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_search_is_asked_for_and_done_by_a_worker(browser: Client, twins: tuple[Account, Account]) -> None:
    assert "Nobody has looked yet" in page_of(browser)
    browser.post("/duplicates/look/")
    browser.post("/duplicates/look/")
    waiting = page_of(browser)
    assert "All accounts are being compared" in waiting
    assert 'hx-get="/duplicates/"' in waiting
    assert run_worker(once=True)
    page = page_of(browser)
    assert "1 pair to decide" in page
    assert "Look again" in page
    assert "Holly Gift Company" in page
    assert "Holly Gifts Company" in page


def test_a_pair_says_why_it_is_alike_and_marks_what_differs(browser: Client, twins: tuple[Account, Account]) -> None:
    find_duplicates.func()
    page = page_of(browser)
    assert "similar names" in page
    assert "the same phone number" in page
    rows = page.split("<tr")
    assert "(differs)" in next(row for row in rows if "Bath" in row)
    assert "differs" not in next(row for row in rows if "United Kingdom" in row)
    assert f'value="{twins[1].uid}" checked' in page  # the larger is proposed to stay


def test_two_are_made_one_and_two_again(browser: Client, twins: tuple[Account, Account]) -> None:
    find_duplicates.func()
    small, large = twins
    said = {"first": str(small.uid), "second": str(large.uid), "keep": str(small.uid)}
    assert browser.post("/duplicates/merge/", said).headers["Location"] == "/duplicates/"
    large.refresh_from_db()
    assert large.merged_into == small
    page = page_of(browser)
    merge = AccountMerge.objects.get()
    assert f'action="/duplicates/{merge.uid}/undo/"' in page
    assert "No account looks like another" in page or "Nobody has looked yet" in page
    assert "Holly Gifts Company" in browser.get("/duplicates/merged/").content.decode()
    undone = browser.post(f"/duplicates/{merge.uid}/undo/", {"from": "merged"})
    assert undone.headers["Location"] == "/duplicates/merged/"
    assert not Account.objects.filter(merged_into=small).exists()
    assert "taken back" in browser.get("/duplicates/merged/").content.decode()
    again = browser.post(f"/duplicates/{merge.uid}/undo/")
    assert again.status_code == 422
    assert "Holly" in page_of(browser)


def test_two_customers_are_not_asked_about_again_unless_that_is_taken_back(
    browser: Client, twins: tuple[Account, Account]
) -> None:
    find_duplicates.func()
    said = {"first": str(twins[0].uid), "second": str(twins[1].uid)}
    browser.post("/duplicates/different/", said)
    assert NotDuplicates.objects.exists()
    page = page_of(browser)
    assert "Make them one" not in page
    undo = f"/duplicates/different/?back=yes&first={twins[0].uid}&second={twins[1].uid}"
    assert undo.replace("&", "&amp;") in page
    browser.post(undo)
    assert not NotDuplicates.objects.exists()
    assert "Make them one" in page_of(browser)


@pytest.mark.parametrize("said", [{}, {"first": "x", "second": "y"}])
def test_without_two_accounts_nothing_is_merged(browser: Client, said: dict[str, str]) -> None:
    answer = browser.post("/duplicates/merge/", said)
    assert answer.status_code == 422
    assert "Two accounts are needed." in answer.content.decode()


def test_an_account_is_not_merged_with_itself(browser: Client, twins: tuple[Account, Account]) -> None:
    same = str(twins[0].uid)
    assert browser.post("/duplicates/merge/", {"first": same, "second": same}).status_code == 422


def test_a_pair_is_shown_only_to_who_sees_both(
    members: dict[str, Member], signed_in: Signer, twins: tuple[Account, Account]
) -> None:
    find_duplicates.func()
    manager = members["account_manager"]
    twins[0].owner = manager
    twins[0].save()
    client = signed_in(manager)
    assert "Holly" not in page_of(client)
    twins[1].owner = manager
    twins[1].save()
    assert "Holly" in page_of(client)


def test_many_pairs_cost_as_many_queries_as_one(
    browser: Client,
    scored: Maker,
    twins: tuple[Account, Account],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    find_duplicates.func()
    page_of(browser)
    with django_assert_max_num_queries(20) as one:
        page_of(browser)
    for number in range(12):
        first, second = scored(f"One {number}"), scored(f"Other {number}", parent=twins[0])
        FoundPair.objects.create(first=first, second=second, score=0.7, evidence=[["similar names", {}]])
    with django_assert_max_num_queries(len(one)):
        page = page_of(browser)
    assert page.count("Make them one") == 8
    assert "Page 1 of 2" in page
