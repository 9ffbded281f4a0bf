"""Bonuses of key accounts and VIPs: so many a year, one more only with a reason, and what they cost (mission E21)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given as examples
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from regulars.base.access import Forbidden
from regulars.base.models import AuditEntry, Member, Team
from regulars.core.errors import Refusal
from regulars.facts.merges import merge_accounts
from regulars.facts.models import Account, Tag
from regulars.plan.bonuses import (
    NotEntitled,
    TooManyBonuses,
    WrongBonus,
    costs_of_year,
    entitlements,
    give_bonus,
    given_to,
    live_bonuses,
    record_bonus,
    retire_bonus,
    take_back_bonus,
    visible_given,
)
from regulars.plan.key_accounts import appoint_key_account, end_key_account
from regulars.plan.models import Bonus, GivenBonus

pytestmark = pytest.mark.django_db
ON = date(2024, 12, 9)
Scored = Callable[..., Account]


@pytest.fixture
def key(scored: Scored, owner: Member) -> Account:
    account = scored("Harbour Gifts", owner=owner)
    appoint_key_account(account=account, manager=owner, on=ON, member=owner)
    return account


@pytest.fixture
def vip(scored: Scored, owner: Member) -> Account:
    account = scored("Lighthouse", owner=owner)
    account.tags.add(Tag.objects.create(name="VIP"))
    return account


def dinner(owner: Member, **said: Any) -> Bonus:
    given: dict[str, Any] = {"name": "Dinner", "cost_minor": 12_050, "times_a_year": 2, "for_key_accounts": True}
    return record_bonus(member=owner, **given | said)


def given(bonus: Bonus, account: Account, owner: Member, **said: Any) -> GivenBonus:
    return give_bonus(bonus=bonus, account=account, member=owner, **{"on": ON, "today": ON} | said)


def test_a_key_account_gets_it_as_often_as_it_says_and_once_more_with_a_reason_only(
    key: Account, owner: Member
) -> None:
    """E21."""
    bonus = dinner(owner)
    for _ in range(2):
        given(bonus, key, owner, reason="not needed")
    assert {one.reason for one in GivenBonus.objects.all()} == {""}
    with pytest.raises(TooManyBonuses) as refused:
        given(bonus, key, owner)
    assert str(refused.value) == (
        "Harbour Gifts had “Dinner” 2 times in 2024: that is its number. Say why it gets one more, or choose another."
    )
    given(bonus, key, owner, reason="They opened a second plant")
    assert [(one.given, one.left) for one in entitlements(key, on=ON)] == [(3, 0)]
    given(bonus, key, owner, on=date(2023, 12, 31))  # another year


def test_it_is_for_key_accounts_or_for_a_tag_or_for_both(key: Account, vip: Account, owner: Member) -> None:
    """E21."""
    tag = Tag.objects.get()
    for_key = dinner(owner)
    for_vip = dinner(owner, name="Card", for_key_accounts=False, tag=tag)
    for_both = dinner(owner, name="Express", tag=tag)
    assert [one.bonus for one in entitlements(key, on=ON)] == [for_key, for_both]
    assert [one.bonus for one in entitlements(vip, on=ON)] == [for_vip, for_both]
    with pytest.raises(NotEntitled, match="key accounts"):
        given(for_key, vip, owner)
    key.tags.add(tag)
    assert len(entitlements(key, on=ON)) == 3
    with pytest.raises(WrongBonus):
        dinner(owner, name="Nobody", for_key_accounts=False)


def test_who_is_a_key_account_no_longer_gets_none_and_keeps_what_it_had(key: Account, owner: Member) -> None:
    made = given(dinner(owner), key, owner)
    end_key_account(key_account=key.key_accounts.get(), on=ON, reason="Smaller now", member=owner)
    assert entitlements(key, on=ON) == []
    assert list(given_to(key)) == [made]


def test_what_it_cost_then_stays_whatever_it_costs_later(key: Account, owner: Member) -> None:
    bonus = dinner(owner)
    given(bonus, key, owner)
    dinner(owner, bonus=bonus, cost_minor=99_999)
    given(bonus, key, owner, cost_minor=0)
    assert costs_of_year([key.pk], on=ON) == {key.pk: 12_050}
    given(bonus, key, owner, reason="again")
    assert costs_of_year([key.pk], on=ON) == {key.pk: 112_049}
    assert costs_of_year([key.pk], on=ON + timedelta(days=365)) == {}


def test_what_was_taken_back_counts_no_more_and_leaves_its_trail(key: Account, owner: Member) -> None:
    bonus = dinner(owner, times_a_year=1)
    made = given(bonus, key, owner)
    take_back_bonus(given=made, member=owner)
    assert costs_of_year([key.pk], on=ON) == {}
    assert given(bonus, key, owner)
    with pytest.raises(WrongBonus):
        take_back_bonus(given=made, member=owner)
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {"record_bonus", "give_bonus", "take_back_bonus"} <= verbs


def test_what_two_accounts_had_counts_together_once_they_are_one(key: Account, scored: Scored, owner: Member) -> None:
    other = scored("Harbour Gifts Ltd", owner=owner)
    appoint_key_account(account=other, manager=owner, on=ON, member=owner)
    bonus = dinner(owner, times_a_year=1)
    given(bonus, other, owner)
    merge_accounts(kept=key, merged=other, member=owner)
    with pytest.raises(TooManyBonuses):
        given(bonus, key, owner)
    assert costs_of_year([key.pk], on=ON) == {key.pk: 12_050}


def test_nothing_is_given_on_a_day_to_come_or_of_what_is_given_no_longer(key: Account, owner: Member) -> None:
    bonus = dinner(owner)
    with pytest.raises(WrongBonus):
        given(bonus, key, owner, on=ON + timedelta(days=1))
    retired = retire_bonus(bonus=bonus, on=ON, member=owner)
    with pytest.raises(WrongBonus):
        given(retired, key, owner)
    assert not live_bonuses().exists()
    dinner(owner)
    with pytest.raises(WrongBonus):  # there is one of this name by now
        retire_bonus(bonus=retired, on=None, member=owner)


def test_others_neither_say_what_there_is_nor_give_to_what_they_do_not_see(key: Account, owner: Member) -> None:
    seller = Member.objects.create(
        email="far@firm.example", name="Far", role="account_manager", team=Team.objects.create(name="Far")
    )
    with pytest.raises(Forbidden):
        dinner(seller)
    bonus = dinner(owner)
    with pytest.raises(Refusal):
        given(bonus, key, seller)
    made = given(bonus, key, owner)
    assert not visible_given(seller).exists()
    with pytest.raises(WrongBonus):
        take_back_bonus(given=made, member=seller)


@pytest.mark.parametrize(
    "said", [{"name": " "}, {"name": "x" * 101}, {"cost_minor": -1}, {"times_a_year": 0}, {"times_a_year": 367}]
)
def test_an_unlikely_bonus_is_refused(said: dict[str, Any], owner: Member) -> None:
    with pytest.raises(WrongBonus):
        dinner(owner, **said)


@hypothesis_settings(max_examples=20, deadline=None)
@examples(costs=st.lists(st.integers(0, 10**9), max_size=6))
def test_the_cost_of_a_year_is_the_sum_to_the_unit(costs: list[int]) -> None:
    account = Account.objects.create(name="Any")
    bonus = Bonus.objects.create(name="Any", cost_minor=1, times_a_year=9)
    for cost in costs:
        GivenBonus.objects.create(bonus=bonus, account=account, on=ON, cost_minor=cost)
    assert costs_of_year([account.pk], on=ON).get(account.pk, 0) == sum(costs)
