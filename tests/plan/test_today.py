"""The list of the day: ranked by expected money, capped, one card an account; the rest in the digest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils.translation import override

from regulars.base.models import Member, Organisation
from regulars.facts.merges import merge_accounts
from regulars.facts.models import Account, Contact
from regulars.insight.models import Snapshot
from regulars.plan.actions import mark_done, mark_not_useful, snooze
from regulars.plan.models import Action
from regulars.plan.proposals import refresh_actions
from regulars.plan.today import todays_list, weekly_digest

pytestmark = pytest.mark.django_db
Scored = Callable[..., Account]
AS_OF = date(2024, 12, 9)
SILENT: dict[str, Any] = {"silence_days": 60, "pauses_as_long": 0.0}


@pytest.fixture
def nine(scored: Scored, snapshot: Snapshot) -> list[Account]:
    """Nine silent accounts, the best last, owned by nobody."""
    accounts = [scored(f"{number}", **SILENT, sales_12m=1_000.0 * number) for number in range(1, 10)]
    refresh_actions(snapshot=snapshot, today=AS_OF)
    return accounts


def names(member: Member | None, **options: Any) -> list[str]:
    return [card.account.name for card in todays_list(member, AS_OF, **options).items]


def test_the_list_is_ranked_by_expected_money_and_capped(nine: list[Account]) -> None:
    """C1: the most valuable accounts at risk come first."""
    found = todays_list(None, AS_OF)
    assert [card.account.name for card in found.items] == list("9876543")
    assert found.more_in_digest == 2
    assert [card.account.name for card in weekly_digest(None, AS_OF).items] == ["2", "1"]
    assert names(None, cap=2) == ["9", "8"]


def test_the_cap_is_the_firm_s_own(nine: list[Account], organisation: Organisation) -> None:
    organisation.thresholds = {"actions_per_day": 3}
    organisation.save()
    assert names(None) == ["9", "8", "7"]


def test_each_member_has_a_list_and_who_may_assign_has_nobody_s_too(
    nine: list[Account], snapshot: Snapshot, owner: Member
) -> None:
    manager = Member.objects.create(email="m@example.com", name="Mia", role="account_manager")
    Account.objects.filter(name__in=["9", "5"]).update(owner=manager)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    assert names(manager) == ["9", "5"]
    assert names(owner) == list("8764321")
    assert names(None) == list("9876543")


def test_an_account_that_one_no_longer_sees_leaves_the_list_at_once(
    nine: list[Account], snapshot: Snapshot, owner: Member
) -> None:
    seller = Member.objects.create(email="s@example.com", name="Sam", role="new_business_seller")
    Account.objects.filter(name="9").update(owner=seller)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    assert names(seller) == ["9"]
    Account.objects.filter(name="9").update(owner=owner)
    assert names(seller) == []


def test_an_account_has_one_card_with_its_further_reasons(scored: Scored, snapshot: Snapshot) -> None:
    account = scored("Best", **SILENT, pareto="A", rank=1)
    Contact.objects.create(account=account, name="Ada")
    Contact.objects.create(account=account, name="Bob")
    refresh_actions(snapshot=snapshot, today=AS_OF)
    (card,) = todays_list(None, AS_OF).items
    assert (card.reason.cause, [reason.cause for reason in card.further]) == (
        "gone silent",
        ["best customer long without contact"],
    )
    assert card.contact is not None
    assert card.contact.name == "Ada"
    assert card.expected_money == card.reason.action.expected_money > 0
    assert card.reason.opening.startswith("We have not heard from you since 10 Oct 2024")
    assert card.reason.advice


def test_what_is_done_dismissed_or_put_off_leaves_the_list_and_comes_back_on_its_day(
    nine: list[Account], owner: Member
) -> None:
    done, dismissed, later = Action.objects.order_by("-expected_money")[:3]
    mark_done(action=done, on=AS_OF, outcome="reached", member=owner)
    mark_not_useful(action=dismissed, on=AS_OF, reason="no", member=owner)
    snooze(action=later, on=AS_OF, until=AS_OF + timedelta(days=2), reason="holiday", member=owner)
    assert names(None) == list("654321")
    assert [card.account.name for card in todays_list(None, AS_OF + timedelta(days=2)).items] == list("7654321")
    digest = weekly_digest(owner, AS_OF)
    assert (digest.done, digest.not_useful) == (1, 1)


def test_what_closed_by_itself_is_said_for_a_week(nine: list[Account], scored: Scored, snapshot: Snapshot) -> None:
    scored(account=nine[-1], silence_days=6)
    refresh_actions(snapshot=snapshot, today=AS_OF)
    (closed,) = todays_list(None, AS_OF + timedelta(days=6)).closed_by_itself_recently
    assert (closed.account, closed.cause, closed.sentence) == (nine[-1], "gone silent", "Ordered again on 3 Dec 2024.")
    assert weekly_digest(None, AS_OF).closed_by_itself == [closed]
    assert todays_list(None, AS_OF + timedelta(days=7)).closed_by_itself_recently == []


def test_a_merged_account_shows_as_the_one_it_is_part_of_before_the_next_refresh(
    nine: list[Account], owner: Member
) -> None:
    merge_accounts(kept=nine[0], merged=nine[8], member=owner)
    first = todays_list(owner, AS_OF).items[0]
    assert first.account == nine[0]
    assert len(first.further) == 1


def test_the_words_are_those_of_the_language_in_which_the_list_is_read(nine: list[Account]) -> None:
    with override("hi"):
        (card,) = todays_list(None, AS_OF, cap=1).items
        assert "अक्टू॰ 2024" in " ".join(card.reason.sentences)


def test_before_anything_was_imported_the_list_is_empty(organisation: Organisation) -> None:
    assert todays_list(None, AS_OF).items == []
