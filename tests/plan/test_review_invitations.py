"""Customers are invited in their language to a free check-up with a calendar file; members read a feed (mission B6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone
from icalendar import Calendar

from regulars.base.mail.models import OutgoingMail
from regulars.base.models import Member
from regulars.core.errors import Refusal
from regulars.facts.models import Account, Contact
from regulars.plan.models import CalendarFeed, Review
from regulars.plan.review_calendar import close_feed, feed_file, member_of_feed, open_feed
from regulars.plan.review_invitations import CannotInvite, invitation_of, send_invitation, take_back_invitation
from regulars.plan.reviews import cancel_review, move_review, schedule_review

pytestmark = pytest.mark.django_db
AS_OF = date(2024, 12, 9)
NOON = datetime(2024, 12, 20, 12, tzinfo=UTC)


@pytest.fixture
def review(scored: Callable[..., Account], owner: Member) -> Review:
    account = scored("Harbour Gifts", owner=owner)
    contact = Contact.objects.create(account=account, name="Eva Stone", email="eva@harbour.example")
    return schedule_review(
        account=account, at=NOON, on=AS_OF, member=owner, contact=contact, place="Harbour Street 1, Hull"
    )


def sent(review: Review, member: Member) -> OutgoingMail:
    draft = invitation_of(review)
    return send_invitation(review=review, subject=draft.subject, text=draft.text, on=AS_OF, member=member).mail


def entry_of(mail: OutgoingMail) -> tuple[str, dict[str, str]]:
    (file,) = mail.attachments.all()
    calendar = Calendar.from_ical(file.content)
    (entry,) = calendar.walk("VEVENT")
    return str(calendar["method"]), {name.lower(): str(entry[name]) for name in entry if name.isupper()}


def test_the_invitation_offers_a_free_check_up_with_the_appointment_attached(review: Review, owner: Member) -> None:
    mail = sent(review, owner)
    review.refresh_from_db()
    assert (review.state, review.invited_on) == ("invited", AS_OF)
    assert mail.to_address == "eva@harbour.example"
    assert "free check-up" in mail.subject
    assert "Dear Eva Stone," in mail.text
    assert "Harbour Street 1" in mail.text
    (file,) = mail.attachments.all()
    assert file.content_type == "text/calendar; method=REQUEST"
    method, entry = entry_of(mail)
    assert method == "REQUEST"
    assert entry["attendee"] == "MAILTO:eva@harbour.example"
    assert entry["organizer"] == f"MAILTO:{owner.email}"
    assert entry["sequence"] == "0"


def test_it_is_written_in_the_language_of_the_contact_and_has_a_line_for_the_reluctant(review: Review) -> None:
    assert review.contact is not None
    assert "costs you nothing" not in invitation_of(review).text
    assert "costs you nothing" in invitation_of(review, reluctant=True).text
    review.contact.language = "hi"
    draft = invitation_of(review)
    assert draft.language == "hi"
    assert "दिस" in draft.text or "शुक्र" in draft.text  # Friday in December, as Hindi says it


def test_asked_twice_the_invitation_goes_out_once(review: Review, owner: Member) -> None:
    first = sent(review, owner)
    assert sent(review, owner) == first
    review.refresh_from_db()
    assert (review.state, review.invited_on) == ("invited", AS_OF), "who was invited is told when it is called off"
    assert review.steps.filter(state="invited").count() == 1


def test_a_mail_that_still_waits_is_taken_back_and_one_that_went_out_is_not(review: Review, owner: Member) -> None:
    mail = sent(review, owner)
    taken = take_back_invitation(review=review, on=AS_OF, member=owner)
    mail.refresh_from_db()
    assert (mail.state, taken.state, taken.invited_on) == ("cancelled", "scheduled", None)
    again = sent(review, owner)
    assert again.pk != mail.pk
    OutgoingMail.objects.filter(pk=again.pk).update(state="sent", sent_at=timezone.now())
    with pytest.raises(Refusal):
        take_back_invitation(review=review, on=AS_OF, member=owner)


def test_after_a_move_the_new_appointment_takes_the_place_of_the_old_in_their_calendar(
    review: Review, owner: Member
) -> None:
    first = entry_of(sent(review, owner))[1]
    moved = move_review(review=review, at=NOON + timedelta(days=1), on=AS_OF, member=owner)
    second = entry_of(sent(moved, owner))[1]
    assert (second["uid"], second["sequence"]) == (first["uid"], "1")


def test_a_review_that_is_called_off_leaves_their_calendar(review: Review, owner: Member) -> None:
    sent(review, owner)
    called_off = cancel_review(review=review, on=AS_OF, member=owner, reason="Ill")
    mail = sent(called_off, owner)
    assert "does not take place" in mail.text
    method, entry = entry_of(mail)
    assert (method, entry["status"]) == ("CANCEL", "CANCELLED")
    called_off.refresh_from_db()
    assert (called_off.state, called_off.invited_on) == ("cancelled", None)


def test_nobody_is_invited_without_a_person_or_a_time(review: Review) -> None:
    review.contact = None
    with pytest.raises(CannotInvite, match="who is met"):
        invitation_of(review)
    review.scheduled_at = None
    with pytest.raises(CannotInvite, match="no time"):
        invitation_of(review)


def test_the_feed_holds_ones_own_reviews_and_not_those_that_were_cancelled(
    review: Review, owner: Member, scored: Callable[..., Account]
) -> None:
    other = schedule_review(account=scored("Gone", owner=owner), at=NOON, on=AS_OF, member=owner)
    cancel_review(review=other, on=AS_OF, member=owner, reason="x")
    calendar = Calendar.from_ical(feed_file(owner, on=AS_OF))
    (entry,) = calendar.walk("VEVENT")
    assert entry["summary"] == "Review: Harbour Gifts"
    assert entry.decoded("dtstart") == NOON
    assert str(review.uid) in str(entry["description"])


def test_the_key_of_a_feed_is_kept_as_a_fingerprint_and_opens_nothing_once_it_is_closed(owner: Member) -> None:
    key = open_feed(member=owner)
    assert key not in CalendarFeed.objects.get().fingerprint
    assert member_of_feed(key, at=timezone.now()) == owner
    assert CalendarFeed.objects.get().last_read_at is not None
    newer = open_feed(member=owner)
    assert member_of_feed(key, at=timezone.now()) is None
    Member.objects.update(is_active=False)
    assert member_of_feed(newer, at=timezone.now()) is None
    Member.objects.update(is_active=True)
    close_feed(member=owner)
    assert member_of_feed(newer, at=timezone.now()) is None
