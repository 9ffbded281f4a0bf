"""Reviews are proposed, scheduled, moved, cancelled, each taken back; a level is corrected with a reason;
who was not reviewed in time is on the list (mission A4, B4, B6).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from regulars.base.access import Forbidden
from regulars.base.audit import history_of
from regulars.base.models import Member, Team
from regulars.facts.merges import merge_accounts, undo_merge
from regulars.facts.models import Account, Contact
from regulars.insight.models import OpportunityLevel, Protection, Snapshot
from regulars.plan.closing import closing_sentence
from regulars.plan.models import Action, Review
from regulars.plan.opportunity_levels import (
    WrongLevel,
    choose_level,
    drop_level_choice,
    level_in_force,
    restore_level_choice,
)
from regulars.plan.proposals import refresh_actions
from regulars.plan.review_forms import Typed, keep_typed
from regulars.plan.reviews import (
    NoSuchReview,
    WrongReview,
    accept_review,
    cancel_review,
    coming_review,
    interval_of,
    mark_invited,
    move_review,
    propose_next_review,
    propose_review,
    schedule_review,
    take_back_review_step,
    visible_reviews,
)
from regulars.plan.today import todays_list

pytestmark = pytest.mark.django_db
AS_OF = date(2024, 12, 9)
NOON = datetime(2024, 12, 20, 12, tzinfo=UTC)


@pytest.fixture
def account(scored: Callable[..., Account], owner: Member) -> Account:
    return scored("Harbour Gifts", owner=owner)


@pytest.fixture
def seller(organisation: Any) -> Member:
    team = Team.objects.create(name="Growth")
    return Member.objects.create(email="sam@example.com", name="Sam", role="account_manager", team=team)


def scheduled(account: Account, member: Member | None, at: datetime = NOON) -> Review:
    return schedule_review(account=account, at=at, on=AS_OF, member=member)


def levelled(account: Account, level: int) -> None:
    OpportunityLevel.objects.create(account=account, level=level, owned=1, as_of=AS_OF, computed_at=NOON)


def protected(account: Account, level: int) -> None:
    Protection.objects.create(account=account, level=level, band=2, worth=9_000, as_of=AS_OF, computed_at=NOON)


def test_a_review_is_scheduled_moved_and_cancelled_and_each_step_can_be_taken_back(
    account: Account, owner: Member
) -> None:
    made = scheduled(account, owner)
    assert (made.state, made.owner, made.duration_minutes) == ("scheduled", owner, 45)
    later = NOON + timedelta(days=3)
    moved = move_review(review=made, at=later, on=AS_OF, member=owner, how="video", duration_minutes=30)
    assert (moved.scheduled_at, moved.how, moved.duration_minutes, moved.ics_sequence) == (later, "video", 30, 1)
    back = take_back_review_step(review=made, on=AS_OF, member=owner)
    assert back.scheduled_at == NOON
    with pytest.raises(WrongReview, match="reason"):
        cancel_review(review=made, on=AS_OF, member=owner, reason=" ")
    cancel_review(review=made, on=AS_OF, member=owner, reason="On holiday")
    assert coming_review(account, member=owner) is None
    again = take_back_review_step(review=made, on=AS_OF, member=owner)
    assert (again.state, again.reason, again.scheduled_at) == ("scheduled", "", NOON)
    assert [one.verb for one in history_of(made)].count("take_back_review_step") == 2
    with pytest.raises(WrongReview, match="nothing to take back"):
        take_back_review_step(review=made, on=AS_OF, member=owner)


def test_one_review_of_an_account_is_coming_at_a_time(account: Account, owner: Member) -> None:
    made = scheduled(account, owner)
    with pytest.raises(WrongReview, match="scheduled already"):
        scheduled(account, owner)
    cancel_review(review=made, on=AS_OF, member=owner, reason="On holiday")
    other = scheduled(account, owner, NOON + timedelta(days=9))
    with pytest.raises(WrongReview, match="Another review"):
        take_back_review_step(review=made, on=AS_OF, member=owner)
    assert coming_review(account, member=owner) == other


def test_a_proposed_review_gets_the_time_that_somebody_gives_it(account: Account, owner: Member) -> None:
    proposed = propose_review(account=account, due_on=AS_OF + timedelta(days=30), on=AS_OF)
    assert proposed is not None
    with pytest.raises(WrongReview, match="no time"):
        accept_review(review=proposed, on=AS_OF, member=owner)
    made = scheduled(account, owner)
    assert (made.pk, made.state, made.set_by_hand) == (proposed.pk, "scheduled", True)


def test_no_review_is_given_a_day_that_has_passed_or_somebody_of_another_customer(
    account: Account, owner: Member, scored: Callable[..., Account]
) -> None:
    with pytest.raises(WrongReview, match="passed"):
        scheduled(account, owner, NOON - timedelta(days=30))
    made = scheduled(account, owner)
    foreign = Contact.objects.create(account=scored("Other"), name="Eva")
    with pytest.raises(WrongReview, match="another customer"):
        move_review(review=made, at=NOON, on=AS_OF, member=owner, contact=foreign)
    with pytest.raises(WrongReview, match="length"):
        move_review(review=made, at=NOON, on=AS_OF, member=owner, duration_minutes=5)


def test_a_review_that_is_moved_after_the_invitation_is_to_be_told_anew(account: Account, owner: Member) -> None:
    made = scheduled(account, owner)
    mark_invited(review=made, on=AS_OF, member=owner)
    kept = move_review(review=made, at=NOON, on=AS_OF, member=owner, place="Their shop")
    assert kept.state == "invited"
    assert move_review(review=made, at=NOON + timedelta(days=1), on=AS_OF, member=owner).state == "scheduled"


def test_a_review_is_seen_with_its_account_and_by_who_holds_it(account: Account, owner: Member, seller: Member) -> None:
    made = scheduled(account, owner)
    assert not visible_reviews(seller).exists()
    with pytest.raises(NoSuchReview):
        cancel_review(review=made, on=AS_OF, member=seller, reason="x")
    move_review(review=made, at=NOON, on=AS_OF, member=owner, owner=seller)
    assert visible_reviews(seller).get() == made
    marketer = Member.objects.create(email="m@example.com", name="Mia", role="marketer")
    with pytest.raises(Forbidden):
        cancel_review(review=made, on=AS_OF, member=marketer, reason="x")


def test_a_review_follows_its_account_through_a_merge(
    account: Account, owner: Member, scored: Callable[..., Account]
) -> None:
    made = scheduled(account, owner)
    kept = scored("Harbour Gifts Ltd", owner=owner)
    merge = merge_accounts(kept=kept, merged=account, member=owner)
    assert coming_review(kept, member=owner) == made
    with pytest.raises(WrongReview, match="scheduled already"):
        scheduled(kept, owner)
    undo_merge(merge=merge, member=owner)
    assert coming_review(kept, member=owner) is None


# How often


def test_the_interval_follows_level_and_protection_and_is_a_year_at_most(account: Account) -> None:
    assert interval_of(account) == 365  # nothing is known
    levelled(account, 1)
    assert interval_of(account) == 365
    protected(account, 3)
    assert interval_of(account) == 91
    OpportunityLevel.objects.update(level=2)
    Protection.objects.update(level=2)
    assert interval_of(account) == 182


def test_the_next_review_is_due_an_interval_after_the_last(account: Account) -> None:
    levelled(account, 3)
    following = propose_next_review(account=account, after=AS_OF, on=AS_OF)
    assert following is not None
    assert (following.due_on, following.level) == (AS_OF + timedelta(days=91), 3)
    assert propose_next_review(account=account, after=AS_OF, on=AS_OF) == following


def test_nobody_is_proposed_to_hold_the_review_of_an_account_without_a_keeper(scored: Callable[..., Account]) -> None:
    assert propose_review(account=scored("Nobody's"), due_on=AS_OF, on=AS_OF) is None


def test_a_level_is_corrected_with_a_reason_and_that_is_taken_back(account: Account, owner: Member) -> None:
    levelled(account, 1)
    with pytest.raises(WrongLevel, match="reason"):
        choose_level(account=account, level=3, reason="", on=AS_OF, member=owner)
    with pytest.raises(WrongLevel):
        choose_level(account=account, level=4, reason="x", on=AS_OF, member=owner)
    choose_level(account=account, level=2, reason="They build a hall", on=AS_OF, member=owner)
    made = choose_level(account=account, level=3, reason="They build two", on=AS_OF, member=owner)
    assert (level_in_force(account).level, interval_of(account), made.computed) == (3, 91, 1)
    drop_level_choice(account=account, member=owner)
    assert level_in_force(account).level == 1
    restore_level_choice(account=account, member=owner)
    assert level_in_force(account).level == 3
    assert {entry.verb for entry in history_of(made)} >= {"choose_level", "drop_level_choice", "restore_level_choice"}


# The list of the day


def listed(snapshot: Snapshot, member: Member, on: date = AS_OF) -> list[str]:
    refresh_actions(snapshot=snapshot, today=on)
    return [sentence for card in todays_list(member, on).items for sentence in card.reason.sentences]


def test_who_was_not_reviewed_in_time_is_on_the_list_until_the_review_is_moved(
    account: Account, owner: Member, snapshot: Snapshot
) -> None:
    made = scheduled(account, owner, datetime(2024, 12, 9, 10, tzinfo=UTC))
    assert any("was not invited yet" in one for one in listed(snapshot, owner))
    after = AS_OF + timedelta(days=1)
    assert any("was not held" in one for one in listed(snapshot, owner, after))
    move_review(review=made, at=NOON + timedelta(days=30), on=after, member=owner)
    refresh_actions(snapshot=snapshot, today=after)
    action = Action.objects.get(cause="review")
    assert action.state == Action.State.CLOSED
    assert "held, moved or cancelled" in closing_sentence(action.figures["closed"])


def begun(review: Review, member: Member, on: date = AS_OF) -> Review:
    keep_typed(review=review, typed=[Typed(name="said", value="A")], member=member, on=on)
    return Review.objects.get(pk=review.pk)


def test_a_review_that_was_begun_and_never_finished_is_on_the_list(
    account: Account, owner: Member, snapshot: Snapshot
) -> None:
    made = begun(scheduled(account, owner, datetime(2024, 12, 9, 10, tzinfo=UTC)), owner)
    assert made.state == "held"
    assert not any("review" in one for one in listed(snapshot, owner))
    after = AS_OF + timedelta(days=1)
    assert any("begun and never finished" in one for one in listed(snapshot, owner, after))


def test_a_stray_word_on_the_form_does_not_keep_a_review_from_being_moved_or_cancelled(
    account: Account, owner: Member
) -> None:
    made = begun(scheduled(account, owner), owner)
    assert move_review(review=made, at=NOON, on=AS_OF, member=owner).state == "scheduled"
    assert take_back_review_step(review=begun(made, owner), on=AS_OF, member=owner).state == "scheduled"
    assert (
        cancel_review(review=begun(made, owner), on=AS_OF, member=owner, reason="Typed by mistake").state == "cancelled"
    )
    assert coming_review(account, member=owner) is None


def test_a_proposed_time_is_to_be_accepted_shortly_before_it_is_due(
    account: Account, owner: Member, snapshot: Snapshot
) -> None:
    made = propose_review(account=account, due_on=AS_OF + timedelta(days=30), on=AS_OF)
    assert made is not None
    assert not any("review" in one for one in listed(snapshot, owner))
    Review.objects.update(due_on=AS_OF + timedelta(days=5))
    assert any("nobody has agreed" in one for one in listed(snapshot, owner))
