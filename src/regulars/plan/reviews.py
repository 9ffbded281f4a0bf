"""Reviews: proposed, scheduled, moved, cancelled. Holding and finishing: `review_forms.py`, `review_finish.py`.

A review that somebody gave a day keeps it; those that were only proposed are moved when the year is planned anew.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, TypedDict, Unpack
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.base.access import Permission, require
from regulars.base.audit import audited
from regulars.base.formats import moment
from regulars.base.models import Member
from regulars.base.organisation import organisation, today, zone
from regulars.core.errors import Refusal
from regulars.facts.accounts import lock_home, of_account, require_account
from regulars.facts.models import Account, Contact
from regulars.insight.models import Protection
from regulars.plan.models import Review, ReviewStep
from regulars.plan.opportunity_levels import level_in_force
from regulars.plan.review_rules import MINUTES, every_days
from regulars.plan.seen import seen_with_account

LONGEST_REASON = 500
LONGEST_PLACE = 300
SHORTEST_MINUTES, LONGEST_MINUTES = 10, 480
YEARS = range(1990, 2201)
"""The calendar shows these; further out is a slip of the finger, and at the end of time no zone can be computed."""


class WrongReview(Refusal):
    """A review cannot be scheduled or changed like this."""


class NoSuchReview(Refusal):
    """There is no such review that this member may see."""


class ReviewFields(TypedDict, total=False):
    """How a review is held."""

    how: str
    duration_minutes: int
    contact: Contact | None
    place: str


def visible_reviews(member: Member | None) -> QuerySet[Review]:
    """Reviews of the accounts that `member` may see, and those that the member is to hold; the next first."""
    seen = seen_with_account(member)
    if member is not None and member.is_active:
        seen |= Q(owner=member)
    return Review.objects.filter(seen).order_by("due_on", "pk")


def coming_review(account: Account, *, member: Member | None) -> Review | None:
    """The review of an account that is proposed, scheduled or being held."""
    found = visible_reviews(member).filter(of_account(account), state__in=Review.COMING)
    return found.select_related("owner", "contact").first()


def interval_of(account: Account) -> int:
    """After how many days the account is reviewed again."""
    account = account.merged_into or account
    protection = Protection.objects.filter(account=account).values_list("level", flat=True).first()
    return every_days(level_in_force(account).level, protection, organisation())


def day_of(review: Review) -> date:
    """The day on which it takes place, or on which it is due as long as it has no time."""
    return today(organisation(), review.scheduled_at) if review.scheduled_at else review.due_on


@transaction.atomic
def propose_review(*, account: Account, due_on: date, on: date, member: Member | None = None) -> Review | None:
    """Note that a review of the account is due on a day; without a time yet. One that is coming already stays.

    None where nobody looks after the account: there is nobody who would hold it.
    """
    account = lock_home(account)
    coming = Review.objects.filter(of_account(account), state__in=Review.COMING).first()
    owner = account.owner if account.owner is not None and account.owner.is_active else member
    if coming is not None or owner is None:
        return coming
    level = level_in_force(account).level
    made = Review(account=account, due_on=due_on, owner=owner, level=level, duration_minutes=int(MINUTES.value()))
    with audited(made, verb="propose_review", member=member):
        made.save()
    _step(made, on=on, member=member)
    return made


def propose_next_review(*, account: Account, after: date, on: date, member: Member | None = None) -> Review | None:
    """Propose the review that follows one that was held on a day, in the interval of the account."""
    return propose_review(account=account, due_on=after + timedelta(days=interval_of(account)), on=on, member=member)


@transaction.atomic
def schedule_review(
    *,
    account: Account,
    at: datetime,
    on: date,
    member: Member | None,
    owner: Member | None = None,
    **said: Unpack[ReviewFields],
) -> Review:
    """Give the account a review at a time. One that was proposed gets it; another one is refused."""
    require(member, Permission.WRITE)
    require_account(account, member=member)
    account = lock_home(account)
    coming = Review.objects.select_for_update().filter(of_account(account), state__in=Review.COMING).first()
    if coming is not None and coming.state != Review.State.PROPOSED:
        raise WrongReview(
            _("A review of %(account)s is scheduled already.") % {"account": account}, _("Move or cancel that one.")
        )
    _refuse_past(at, on)
    found = coming or Review(
        account=account,
        due_on=today(organisation(), at),
        level=level_in_force(account).level,
        duration_minutes=int(MINUTES.value()),
        owner=_holder(owner or account.owner or member),
    )
    with audited(found, verb="schedule_review", member=member, account_id=account.pk):
        if owner is not None:
            found.owner = _holder(owner)
        found.state, found.scheduled_at, found.set_by_hand = Review.State.SCHEDULED, at, True
        _apply(found, said)
        found.save()
    _step(found, on=on, member=member)
    return found


@transaction.atomic
def accept_review(*, review: Review, on: date, member: Member | None) -> Review:
    """Let a proposed time stand: it is scheduled, and planning leaves it where it is."""
    found = _locked(review, member, Review.State.PROPOSED)
    if found.scheduled_at is None:
        raise WrongReview(_("It has no time yet."), _("Choose a day and a time for it."))
    _refuse_past(found.scheduled_at, on)
    with audited(found, verb="accept_review", member=member, account_id=found.account_id):
        found.state = Review.State.SCHEDULED
        found.save()
    _step(found, on=on, member=member)
    return found


@transaction.atomic
def move_review(
    *,
    review: Review,
    at: datetime,
    on: date,
    member: Member | None,
    owner: Member | None = None,
    reason: str = "",
    **said: Unpack[ReviewFields],
) -> Review:
    """Give a review another time, or somebody else who holds it; one that was proposed is scheduled with that.

    Whoever was invited is to be told: it counts as not invited until that is done. One that was begun and not finished
    waits again; what was written down stays.
    """
    found = _locked(review, member, *Review.COMING)
    moved = at != found.scheduled_at
    if moved:
        _refuse_past(at, on)
    with audited(found, verb="move_review", member=member, account_id=found.account_id):
        if owner is not None:
            found.owner = _holder(owner)
        if moved or found.state in (Review.State.PROPOSED, Review.State.HELD):
            found.state = Review.State.SCHEDULED
        found.scheduled_at, found.set_by_hand = at, True
        found.ics_sequence += 1
        _apply(found, said)
        found.save()
    _step(found, on=on, member=member, said=reason)
    return found


@transaction.atomic
def cancel_review(*, review: Review, on: date, member: Member | None, reason: str) -> Review:
    """Say that it does not take place, or is not finished, and why. The account comes up again in its interval."""
    found = _locked(review, member, *Review.COMING)
    reason = reason.strip()[:LONGEST_REASON]
    if not reason:
        raise WrongReview(_("The reason is missing."), _("Say in a few words why: the next talk will need it."))
    with audited(found, verb="cancel_review", member=member, account_id=found.account_id):
        found.state, found.reason = Review.State.CANCELLED, reason
        found.ics_sequence += 1
        found.save()
    _step(found, on=on, member=member, said=reason)
    return found


@transaction.atomic
def take_back_review_step(*, review: Review, on: date, member: Member | None) -> Review:
    """Undo what was done with a review last: it has the time, the state and the person of before."""
    found = _locked(review, member, *Review.COMING, Review.State.CANCELLED)
    standing = list(found.steps.filter(taken_back_at=None).order_by("-pk")[:2])
    if len(standing) < 2:
        raise WrongReview(_("There is nothing to take back."), _("Cancel the review, if it is not to take place."))
    last, before = standing
    if found.state == Review.State.CANCELLED:
        _refuse_second(found)
    last.taken_back_at = timezone.now()
    last.save(update_fields=["taken_back_at", "updated_at"])
    with audited(found, verb="take_back_review_step", member=member, account_id=found.account_id):
        found.state, found.scheduled_at, found.owner, found.reason = before.state, before.scheduled_at, before.owner, ""
        found.set_by_hand = found.state != Review.State.PROPOSED
        found.ics_sequence += 1
        found.save()
    return found


@transaction.atomic
def mark_invited(*, review: Review, on: date, member: Member | None, said: str = "") -> Review:
    """Note that the customer was invited."""
    found = _locked(review, member, *Review.TO_BE_HELD)
    if found.scheduled_at is None:
        raise WrongReview(_("It has no time yet."), _("Choose a day and a time, then invite the customer."))
    with audited(found, verb="mark_invited", member=member, account_id=found.account_id):
        found.state, found.invited_on = Review.State.INVITED, on
        found.save()
    _step(found, on=on, member=member, said=said)
    return found


def find_review(uid: object, *, member: Member | None) -> Review:
    """The visible review with this uid or number. Raises `NoSuchReview`."""
    text = str(uid).removeprefix("#")
    seen = visible_reviews(member).select_related("account__merged_into", "owner", "contact")
    try:
        found = seen.filter(pk=int(text)).first() if text.isdecimal() else seen.filter(uid=UUID(text)).first()
    except ValueError:
        found = None
    if found is None:
        raise NoSuchReview(_("There is no such review."), _("It may belong to others."))
    return found


def _apply(review: Review, said: ReviewFields) -> None:
    minutes = said.get("duration_minutes", review.duration_minutes)
    if not SHORTEST_MINUTES <= minutes <= LONGEST_MINUTES:
        raise WrongReview(_("That is no sensible length of a review."), _("Give between 10 and 480 minutes."))
    contact = said.get("contact")
    if contact is not None and contact.account_id not in {review.account_id, review.account.merged_into_id}:
        raise WrongReview(_("This person belongs to another customer."), _("Choose somebody of this customer."))
    changes: dict[str, Any] = dict(said)
    if "place" in changes:
        changes["place"] = changes["place"].strip()[:LONGEST_PLACE]
    for name, value in changes.items():
        setattr(review, name, value)


def _refuse_second(review: Review) -> None:
    home = review.account.merged_into or review.account
    if Review.objects.filter(of_account(home), state__in=Review.COMING).exists():
        raise WrongReview(
            _("Another review of %(account)s is coming already.") % {"account": home}, _("Go on with that one.")
        )


def _holder(owner: Member | None) -> Member:
    if owner is None:
        raise WrongReview(_("Nobody would hold this review."), _("Say who does, or give the account to somebody."))
    if not owner.is_active:
        raise WrongReview(_("%(member)s is no longer active.") % {"member": owner}, _("Choose somebody else."))
    return owner


def _refuse_past(at: datetime, on: date) -> None:
    firm = organisation()
    if at.year not in YEARS:
        raise WrongReview(_("No review takes place in the year %(year)s.") % {"year": at.year}, _("Look at its day."))
    if today(firm, at) < on:
        raise WrongReview(
            _("%(time)s has passed.") % {"time": moment(at, zone(firm))}, _("Choose today or a later day.")
        )


def _step(review: Review, *, on: date, member: Member | None, said: str = "") -> None:
    ReviewStep.objects.create(
        review=review,
        state=review.state,
        on=on,
        scheduled_at=review.scheduled_at,
        owner=review.owner,
        said=said.strip()[:LONGEST_REASON],
        member=member,
    )


def _locked(review: Review, member: Member | None, *states: str) -> Review:
    require(member, Permission.WRITE)
    if not visible_reviews(member).filter(pk=review.pk).exists():
        raise NoSuchReview(_("There is no such review."), _("It may belong to others."))
    locked = Review.objects.select_for_update(of=("self",))
    found = locked.select_related("account__merged_into", "account__owner", "owner", "contact").get(pk=review.pk)
    if found.state not in states:
        raise WrongReview(
            _("This cannot be done with a review that is %(state)s.") % {"state": found.get_state_display()},
            _("Look at it again: somebody else may have gone on with it."),
        )
    return found
