"""Reviews as calendar files (RFC 5545): the feed of one member, and the appointment that goes with an invitation."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vCalAddress, vText

from regulars.base.access import Permission, require
from regulars.base.audit import record_change
from regulars.base.mail.composing import own_domain
from regulars.base.mail.links import link_to
from regulars.base.models import Member, Organisation
from regulars.base.organisation import organisation
from regulars.plan.models import CalendarFeed, Review

PRODUCT = "-//Regulars//Reviews//EN"
BACK = timedelta(days=92)
AHEAD = timedelta(days=400)
READ_NOTED_EVERY = timedelta(minutes=15)
"""The last reading is noted no more often: calendar programs ask every few minutes."""


# The feed and its key


def feed_of(member: Member) -> CalendarFeed | None:
    """The feed of a member that is open."""
    return CalendarFeed.objects.filter(member=member, revoked_at=None).first()


@transaction.atomic
def open_feed(*, member: Member) -> str:
    """Open a feed of the member's reviews. Returns its key, which cannot be shown again; an earlier one is closed."""
    require(member, Permission.READ)
    close_feed(member=member)
    key = secrets.token_urlsafe(32)
    made = CalendarFeed.objects.create(member=member, fingerprint=_fingerprint(key))
    record_change(member=member, verb="open_feed", record=made, before={}, after={"member": member.pk})
    return key


@transaction.atomic
def close_feed(*, member: Member) -> None:
    """Close the member's feed: from now on its address shows nothing."""
    for one in CalendarFeed.objects.select_for_update().filter(member=member, revoked_at=None):
        one.revoked_at = timezone.now()
        one.save(update_fields=["revoked_at", "updated_at"])
        after = {"revoked_at": one.revoked_at}
        record_change(member=member, verb="close_feed", record=one, before={"revoked_at": None}, after=after)


def member_of_feed(key: str, *, at: datetime) -> Member | None:
    """Whose feed the key opens; None for one that is unknown or closed. Notes that it was read."""
    found = CalendarFeed.objects.filter(fingerprint=_fingerprint(key), revoked_at=None, member__is_active=True)
    feed = found.select_related("member").first()
    if feed is None:
        return None
    if feed.last_read_at is None or feed.last_read_at <= at - READ_NOTED_EVERY:
        CalendarFeed.objects.filter(pk=feed.pk).update(last_read_at=at)
    return feed.member


def _fingerprint(key: str) -> str:
    """Enough for a key of 256 random bits."""
    return hashlib.sha256(key.encode()).hexdigest()


# The files


def feed_file(member: Member, *, on: date) -> bytes:
    """The reviews that the member holds, from three months ago to a year ahead, in the member's language."""
    held = Review.objects.filter(owner=member, scheduled_at__isnull=False)
    near = held.filter(scheduled_at__date__gte=on - BACK, scheduled_at__date__lte=on + AHEAD)
    reviews = near.select_related("account__merged_into", "contact", "owner").order_by("scheduled_at", "pk")
    with translation.override(member.language or organisation().language):
        calendar = _calendar()
        calendar.add("x-wr-calname", _("Reviews"))
        calendar.add("refresh-interval", timedelta(hours=1), parameters={"value": "DURATION"})
        for one in reviews:
            if one.state != Review.State.CANCELLED:
                calendar.add_component(_own_entry(one))
        return bytes(calendar.to_ical())


def invitation_file(review: Review, *, firm: Organisation, subject: str, text: str, cancelled: bool = False) -> bytes:
    """The appointment for the customer's calendar; sent again after a change, it takes the place of the former."""
    calendar = _calendar()
    calendar.add("method", "CANCEL" if cancelled else "REQUEST")
    entry = _entry(review, subject)
    entry.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    entry.add("description", text)
    entry["organizer"] = _address(review.owner.email, f"{review.owner.name}, {firm.name}")
    if review.contact is not None and review.contact.email:
        guest = _address(review.contact.email, review.contact.name)
        guest.params["role"], guest.params["partstat"] = vText("REQ-PARTICIPANT"), vText("NEEDS-ACTION")
        guest.params["rsvp"] = vText("TRUE")
        entry.add("attendee", guest, encode=False)
    calendar.add_component(entry)
    return bytes(calendar.to_ical())


def entry_uid(review: Review) -> str:
    """The same in every file, so that calendars know it again."""
    return f"review-{review.uid}@{own_domain()}"


def _calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    return calendar


def _own_entry(review: Review) -> Event:
    account = review.account.merged_into or review.account
    entry = _entry(review, _("Review: %(account)s") % {"account": account.name})
    entry.add("status", "TENTATIVE" if review.state == Review.State.PROPOSED else "CONFIRMED")
    link = link_to(reverse("review_appointment", args=[review.uid]))
    lines = [str(review.get_state_display()), *_who(review), link]
    entry.add("description", "\n".join(lines))
    entry.add("url", link)
    return entry


def _who(review: Review) -> Iterable[str]:
    if review.contact is not None:
        yield _("With %(name)s") % {"name": review.contact.name}


def _entry(review: Review, summary: str) -> Event:
    assert review.scheduled_at is not None, "what has no time is in no calendar"
    entry = Event()
    entry.add("uid", entry_uid(review))
    entry.add("sequence", review.ics_sequence)
    entry.add("dtstamp", review.updated_at)
    entry.add("dtstart", review.scheduled_at)
    entry.add("dtend", review.scheduled_at + timedelta(minutes=review.duration_minutes))
    entry.add("summary", summary)
    if review.place:
        entry.add("location", review.place)
    return entry


def _address(email: str, name: str) -> vCalAddress:
    made = vCalAddress(f"MAILTO:{email}")
    made.params["cn"] = vText(name)
    return made
