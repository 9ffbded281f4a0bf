"""The year of reviews is proposed within what people can hold, accepted, taken back; what is set stays (A6, B6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache

from regulars.base.access import Forbidden
from regulars.base.models import Member, Organisation, Team
from regulars.facts.models import Account
from regulars.insight.models import OpportunityLevel, Protection
from regulars.plan import review_schedule
from regulars.plan.models import Review, ReviewCapacity
from regulars.plan.opportunity_levels import choose_level
from regulars.plan.review_schedule import (
    accept_proposals,
    capacities,
    count_waiting,
    discard_proposals,
    holders,
    load_of,
    plan_reviews,
    set_capacity,
    waiting_accounts,
    waiting_ids,
)
from regulars.plan.reviews import schedule_review

pytestmark = pytest.mark.django_db
AS_OF = date(2024, 12, 9)
NOON = datetime(2024, 12, 9, 12, tzinfo=UTC)


@pytest.fixture
def accounts(scored: Callable[..., Account], owner: Member) -> list[Account]:
    """Twelve customers of one person; the first is worth most and of high opportunity, the others of low."""
    made = [scored(f"Firm {number:02}", owner=owner) for number in range(12)]
    for place, one in enumerate(made):
        Protection.objects.create(
            account=one, level=1, band=1, worth=12_000 - 1_000 * place, as_of=AS_OF, computed_at=NOON
        )
        OpportunityLevel.objects.create(account=one, level=1 if place else 3, owned=1, as_of=AS_OF, computed_at=NOON)
    return made


def weeks_of(reviews: list[Review]) -> Counter[tuple[int, int]]:
    return Counter(at.isocalendar()[:2] for one in reviews if (at := one.scheduled_at))


def test_the_year_is_filled_within_what_a_person_holds_and_nobody_is_asked_at_once(
    accounts: list[Account], owner: Member
) -> None:
    planned = plan_reviews(on=AS_OF, member=owner)
    assert (planned.placed, planned.left_out) == (12, 0)
    reviews = list(Review.objects.order_by("scheduled_at"))
    assert {one.state for one in reviews} == {"proposed"}
    assert max(weeks_of(reviews).values()) <= 4
    assert len(weeks_of(reviews)) >= 10  # spread over the year, not one week after the other
    first = reviews[0].scheduled_at
    assert first is not None
    assert first.date() >= AS_OF + timedelta(days=14)  # there is time to invite
    assert all(at.isoweekday() <= 5 for one in reviews if (at := one.scheduled_at))


def test_where_not_all_fit_the_most_valuable_come_first_and_it_says_so(accounts: list[Account], owner: Member) -> None:
    set_capacity(holder=owner, a_week=1, member=owner)
    planned = plan_reviews(on=AS_OF, member=owner, weeks=4)
    due_soon = {one.account_id for one in Review.objects.filter(scheduled_at__isnull=False)}
    assert accounts[0].pk in due_soon
    assert planned.left_out == 0  # the others are due later in the year
    load = load_of(owner)
    assert load.a_week == 1
    assert load.due_a_week == pytest.approx(7 / 91 + 11 * 7 / 365)
    assert load.fits
    set_capacity(holder=owner, a_week=0, member=owner)
    assert not load_of(owner).fits
    assert "the others wait" in load_of(owner).sentence()
    nothing = plan_reviews(on=AS_OF, member=owner)
    assert nothing.placed == 0
    assert nothing.left_out == 12
    assert "do not fit" in nothing.sentence()


def test_the_load_counts_the_level_that_was_chosen_and_keeps_what_it_counted_only_of_very_many(
    accounts: list[Account], owner: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = load_of(owner).due_a_week
    choose_level(account=accounts[1], level=3, reason="They build a hall", on=AS_OF, member=owner)
    assert load_of(owner).due_a_week == pytest.approx(before - 7 / 365 + 7 / 91)
    monkeypatch.setattr(review_schedule, "VERY_MANY", 12)
    assert load_of(owner).accounts == 12
    Account.objects.filter(pk=accounts[2].pk).update(owner=None)
    assert load_of(owner).accounts == 12
    cache.clear()
    assert load_of(owner).accounts == 11


def test_planning_anew_moves_proposals_and_leaves_what_somebody_set(accounts: list[Account], owner: Member) -> None:
    fixed = schedule_review(account=accounts[3], at=NOON + timedelta(days=21), on=AS_OF, member=owner)
    plan_reviews(on=AS_OF, member=owner)
    before = dict(Review.objects.values_list("account_id", "due_on"))
    plan_reviews(on=AS_OF, member=owner)
    fixed.refresh_from_db()
    assert (fixed.state, fixed.scheduled_at) == ("scheduled", NOON + timedelta(days=21))
    assert dict(Review.objects.values_list("account_id", "due_on")) == before
    assert Review.objects.count() == 12
    others = Review.objects.exclude(pk=fixed.pk).values_list("scheduled_at", flat=True)
    assert all(abs(at - (NOON + timedelta(days=21))) >= timedelta(minutes=90) for at in others if at)


def test_a_proposal_passes_on_with_its_account(
    accounts: list[Account], owner: Member, scored: Callable[..., Account]
) -> None:
    ann = Member.objects.create(email="ann@example.com", name="Ann", role="account_manager")
    plan_reviews(on=AS_OF, member=owner)
    due_on = Review.objects.get(account=accounts[0]).due_on
    Account.objects.filter(pk=accounts[0].pk).update(owner=ann)
    planned = plan_reviews(on=AS_OF, member=owner, of=[ann])
    found = Review.objects.get(account=accounts[0])
    assert (planned.placed, found.owner, found.due_on) == (1, ann, due_on)
    Account.objects.filter(pk=accounts[0].pk).update(owner=owner)
    Member.objects.filter(pk=ann.pk).update(is_active=False)
    assert plan_reviews(on=AS_OF, member=owner).placed == 12
    assert Review.objects.get(account=accounts[0]).owner == owner


def test_proposals_are_accepted_together_and_taken_back_together(accounts: list[Account], owner: Member) -> None:
    plan_reviews(on=AS_OF, member=owner)
    some = Review.objects.filter(account__in=accounts[:3])
    assert accept_proposals(reviews=some, on=AS_OF, member=owner) == 3
    assert {one.steps.count() for one in some} == {2}
    assert discard_proposals(reviews=Review.objects.all(), member=owner) == 9
    assert set(Review.objects.values_list("state", flat=True)) == {"scheduled"}
    waiting = list(waiting_accounts(owner, of=[owner]))
    assert waiting[0] == accounts[3]  # the one that is worth most
    assert accounts[0] not in waiting
    assert count_waiting(owner, of=[owner]) == len(waiting)


def test_very_many_who_wait_are_met_by_worth_and_the_sequence_is_the_same(
    accounts: list[Account], owner: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    Protection.objects.filter(account__in=accounts[5:8]).delete()
    waiting = waiting_accounts(owner, of=[owner])
    everyone = [one.pk for one in waiting]
    assert len(everyone) == len(accounts)
    parts = [(0, 4), (4, 7), (0, len(accounts)), (len(accounts) - 2, len(accounts)), (0, 0)]
    sorted_whole = [waiting_ids(waiting, *part, count=len(everyone)) for part in parts]
    monkeypatch.setattr("regulars.plan.review_schedule.VERY_MANY", 1)
    assert [waiting_ids(waiting, *part, count=len(everyone)) for part in parts] == sorted_whole
    assert sorted_whole == [everyone[begin:end] for begin, end in parts]


def test_a_review_that_was_held_comes_again_after_its_interval(accounts: list[Account], owner: Member) -> None:
    held = AS_OF - timedelta(days=60)
    Review.objects.create(account=accounts[1], owner=owner, due_on=held, held_on=held, state="finished")
    plan_reviews(on=AS_OF, member=owner)
    following = Review.objects.get(account=accounts[1], state="proposed")
    assert following.due_on == held + timedelta(days=365)


def test_holidays_and_free_days_stay_free(accounts: list[Account], owner: Member) -> None:
    Organisation.objects.update(holidays_of="GB")
    plan_reviews(on=AS_OF, member=owner)
    days = {one.scheduled_at.date() for one in Review.objects.all() if one.scheduled_at}
    assert not days & {date(2024, 12, 25), date(2024, 12, 26), date(2025, 1, 1)}


def test_only_who_may_assign_plans_for_others(
    accounts: list[Account], owner: Member, scored: Callable[..., Account]
) -> None:
    team = Team.objects.create(name="Growth")
    sam, ann = (
        Member.objects.create(email=f"{name}@example.com", name=name, role="account_manager", team=team)
        for name in ("Sam", "Ann")
    )
    scored("Sam's", owner=sam)
    scored("Ann's", owner=ann)
    assert {one.name for one in holders(sam)} == {"Sam", "Ann"}
    with pytest.raises(Forbidden):
        plan_reviews(on=AS_OF, member=sam)
    with pytest.raises(Forbidden):
        set_capacity(holder=ann, a_week=1, member=sam)
    assert plan_reviews(on=AS_OF, member=sam, of=[sam]).placed == 1
    assert Review.objects.get().owner == sam


def test_a_capacity_of_ones_own_goes_back_to_the_usual_one(owner: Member, organisation: Any) -> None:
    set_capacity(holder=owner, a_week=9, member=owner)
    assert capacities([owner], organisation) == {owner.pk: 9}
    set_capacity(holder=owner, a_week=None, member=owner)
    assert capacities([owner], organisation) == {owner.pk: 4}
    assert not ReviewCapacity.objects.exists()
