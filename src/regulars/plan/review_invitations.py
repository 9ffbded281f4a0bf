"""Inviting customers to a review: a free check-up for a valued customer, written in the contact's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from regulars.base.audit import audited
from regulars.base.formats import clock, weekday
from regulars.base.formats import day as day_text
from regulars.base.mail.composing import Attachment
from regulars.base.mail.models import OutgoingMail
from regulars.base.mail.outbox import cancel_mail
from regulars.base.models import Member
from regulars.base.organisation import organisation, today, zone
from regulars.core.errors import Refusal
from regulars.facts.letters import language_of, write_to_contact
from regulars.facts.models import Letter
from regulars.plan.models import Review
from regulars.plan.review_calendar import invitation_file
from regulars.plan.reviews import WrongReview, mark_invited, take_back_review_step, visible_reviews


class CannotInvite(Refusal):
    """Nobody can be invited to this review yet."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A mail as it is proposed; it is changed before it goes."""

    subject: str
    text: str
    language: str


def invitation_of(review: Review, *, reluctant: bool = False) -> Draft:
    """What to write: the invitation, or for a review that was cancelled after it, that it does not take place.

    `reluctant`: with the line for customers who hesitate, that it costs and commits to nothing.
    """
    _refuse_unready(review)
    assert review.contact is not None
    language = language_of(review.contact)
    firm = organisation()
    with translation.override(language):
        greeting = _("Dear %(name)s,") % {"name": review.contact.name}
        if review.state == Review.State.CANCELLED:
            subject = _("Our appointment does not take place: %(firm)s") % {"firm": firm.name}
            body = [_called_off(review)]
        else:
            subject = _("A free check-up for you as a valued customer: %(firm)s") % {"firm": firm.name}
            body = _invited(review, reluctant=reluctant)
        regards = _("Kind regards")
        text = "\n\n".join([greeting, *body, f"{regards}\n{review.owner.name}\n{firm.name}"])
    return Draft(subject=subject, text=text, language=language)


@transaction.atomic
def send_invitation(*, review: Review, subject: str, text: str, on: date, member: Member | None) -> Letter:
    """Send the invitation, or the word that it was called off, with the appointment for the customer's calendar.

    Asked twice for the same time it goes out once.
    """
    found = _visible(review, member)
    _refuse_unready(found)
    assert found.contact is not None
    cancelled = found.state == Review.State.CANCELLED
    content = invitation_file(found, firm=organisation(), subject=subject, text=text, cancelled=cancelled)
    kind = "CANCEL" if cancelled else "REQUEST"
    letter = write_to_contact(
        contact=found.contact,
        subject=subject,
        text=text,
        member=member,
        related=found,
        attachments=[Attachment(name="appointment.ics", content_type=f"text/calendar; method={kind}", content=content)],
        once=f"review:{found.uid}:{found.ics_sequence}:{kind}:{_times_taken_back(found)}",
    )
    if not cancelled and found.state != Review.State.INVITED:
        mark_invited(review=found, on=on, member=member)
    elif cancelled and found.invited_on is not None:
        with audited(found, verb="call_off", member=member, account_id=found.account_id):
            found.invited_on = None
            found.save(update_fields=["invited_on", "updated_at"])
    return letter


@transaction.atomic
def take_back_invitation(*, review: Review, on: date, member: Member | None) -> Review:
    """Do not send an invitation that still waits. Raises a refusal where it went out already."""
    found = _visible(review, member)
    mail = (
        OutgoingMail.objects.filter(related_kind=Review._meta.label_lower, related_uid=found.uid)
        .order_by("-pk")
        .first()
    )
    if mail is None or found.state != Review.State.INVITED:
        raise WrongReview(_("There is nothing to take back."), _("Move or cancel the review instead."))
    cancel_mail(mail=mail, member=member)
    taken = take_back_review_step(review=found, on=on, member=member)
    taken.invited_on = None
    taken.save(update_fields=["invited_on", "updated_at"])
    return taken


def _invited(review: Review, *, reluctant: bool) -> list[str]:
    paragraphs = [
        _(
            "As a valued customer you have a free check-up with us. Together we look at what works well for you, at "
            "what we should do better, and at what you will need next."
        ),
        _when(review),
    ]
    if review.place:
        paragraphs.append(_("Place: %(place)s") % {"place": review.place})
    if reluctant:
        paragraphs.append(
            _(
                "It costs you nothing and commits you to nothing. You tell us what is not right, and we see to it; "
                "nobody will try to sell you anything that day."
            )
        )
    paragraphs.append(
        _(
            "The appointment is attached for your calendar. If the time does not suit you, simply answer this mail and "
            "name another."
        )
    )
    return paragraphs


def _when(review: Review) -> str:
    sentence = {
        Review.How.VISIT: _("I would visit you on %(weekday)s, %(day)s, at %(time)s, for about %(minutes)s minutes."),
        Review.How.CALL: _("I would call you on %(weekday)s, %(day)s, at %(time)s, for about %(minutes)s minutes."),
        Review.How.VIDEO: _(
            "We would meet by video on %(weekday)s, %(day)s, at %(time)s, for about %(minutes)s minutes."
        ),
    }[Review.How(review.how)]
    return sentence % _said(review)


def _called_off(review: Review) -> str:
    return _(
        "Our appointment on %(weekday)s, %(day)s, at %(time)s does not take place. I will get in touch with you."
    ) % (_said(review))


def _said(review: Review) -> dict[str, object]:
    firm = organisation()
    assert review.scheduled_at is not None
    on = today(firm, review.scheduled_at)
    return {
        "weekday": weekday(on),
        "day": day_text(on),
        "time": clock(review.scheduled_at, zone(firm)),
        "minutes": review.duration_minutes,
    }


def _times_taken_back(review: Review) -> int:
    """So that an invitation that was stopped can be sent after all."""
    return review.steps.filter(state=Review.State.INVITED, taken_back_at__isnull=False).count()


def _refuse_unready(review: Review) -> None:
    if review.state not in (*Review.TO_BE_HELD, Review.State.CANCELLED):
        raise CannotInvite(
            _("This review is %(state)s.") % {"state": review.get_state_display()}, _("Nobody is invited any more.")
        )
    if review.scheduled_at is None:
        raise CannotInvite(_("It has no time yet."), _("Choose a day and a time, then invite the customer."))
    if review.contact is None:
        raise CannotInvite(_("It does not say who is met."), _("Choose who is met there, then invite them."))


def _visible(review: Review, member: Member | None) -> Review:
    seen = visible_reviews(member).select_related("account__merged_into", "owner", "contact__account")
    found = seen.filter(pk=review.pk).first()
    if found is None:
        raise WrongReview(_("There is no such review."), _("It may belong to others."))
    return found
