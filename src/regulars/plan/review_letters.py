"""The letter after a review: what was said, what we do about it, what we recommend; in the language of who gets it.

It is a draft: who held the review changes it before it goes. What our problems with the customer are is not in it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from regulars.base.audit import audited
from regulars.base.formats import day, month
from regulars.base.mail.links import link_to
from regulars.base.mail.models import OutgoingMail
from regulars.base.models import Member
from regulars.base.organisation import organisation
from regulars.facts.accounts import of_account
from regulars.facts.letters import write_to_contact
from regulars.facts.models import Contact, Letter
from regulars.facts.ratings import Rateable, rating_key
from regulars.facts.signals import SignalSource
from regulars.plan.models import Review, ReviewMinutes, ReviewProblem, ReviewRecommendation
from regulars.plan.review_finish import promises_of_review
from regulars.plan.review_forms import locked_review
from regulars.plan.review_questions import spoken_in
from regulars.plan.reviews import WrongReview


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A letter, in `language`."""

    subject: str
    text: str
    language: str


def summary_of(review: Review, *, member: Member | None) -> Draft:
    """The letter as it may be sent, from what was written down."""
    language = spoken_in(review)
    with translation.override(language):
        return Draft(
            subject=_("Our talk on %(day)s") % {"day": day(review.held_on or review.due_on)},
            text="\n".join(_lines(review, member)),
            language=language,
        )


@transaction.atomic
def send_summary(*, review: Review, contact: Contact, subject: str, text: str, member: Member | None) -> Letter:
    """Send the letter to somebody at the account; it stands among the talks once it went out.

    The same letter asked for twice goes out once, unless the first one never went. Raises `WrongReview` for a review
    that is not finished and for somebody elsewhere, `CannotWrite` for somebody without an address.
    """
    found = locked_review(review, member)
    home = found.account.merged_into or found.account
    if contact.account_id != home.pk:
        raise WrongReview(_("This person belongs to another customer."), _("Choose somebody of this customer."))
    if found.state != Review.State.FINISHED:
        raise WrongReview(_("This review is not finished."), _("Finish it first: then there is something to write."))
    minutes, _made = ReviewMinutes.objects.select_for_update().get_or_create(review=found)
    once = _once(found, f"{contact.pk} {subject} {text}")
    known = Letter.objects.filter(mail__once=once).first()
    if known is not None:
        return known
    letter = write_to_contact(contact=contact, subject=subject, text=text, member=member, related=found, once=once)
    with audited(minutes, verb="send_review_summary", member=member, account_id=home.pk):
        minutes.letter, minutes.letters = letter, minutes.letters + 1
        minutes.save()
    return letter


def _once(review: Review, letter: str) -> str:
    """What asks for a letter: its words, anew after each of the review that did not go out."""
    gone = (OutgoingMail.State.FAILED, OutgoingMail.State.CANCELLED)
    about = OutgoingMail.objects.filter(related_kind=Review._meta.label_lower, related_uid=review.uid)
    words = hashlib.sha256(letter.encode()).hexdigest()[:16]
    return f"review {review.uid} {words} {about.filter(state__in=gone).count()}"


def _lines(review: Review, member: Member | None) -> list[str]:
    name = review.contact.name if review.contact else ""
    parts = [
        [_("Dear %(name)s,") % {"name": name} if name else _("Good day,")],
        [_("thank you for your time and your open words. This is what we have noted.")],
        _problems(review),
        _promises(review),
        _recommendations(review),
        _next(review),
        [_("Is something missing, or did we get it wrong? A short answer is enough.")],
        _rating(review),
        [_("Kind regards"), *([member.name] if member else []), organisation().name],
    ]
    return [line for part in parts if part for line in (*part, "")][:-1]


def _rating(review: Review) -> list[str]:
    """Who held it may be rated, as who solves a problem is: they read it first."""
    rateable = Rateable(member=review.owner, source=SignalSource.of(review))
    if rateable.is_rated:
        return []
    link = link_to(f"/rate/{rating_key(rateable)}/?lang={spoken_in(review)}")
    return [_("How was %(name)s? Two clicks tell us: %(link)s") % {"name": review.owner.name, "link": link}]


def _problems(review: Review) -> list[str]:
    theirs = review.problems.filter(side=ReviewProblem.Side.THEIRS).select_related("issue").order_by("place")
    found = list(theirs)
    if not found:
        return []
    return [
        _("What is not right yet, and what we look after:"),
        *(f"- {one.text}" + (f" ({_('we are on to it')})" if one.issue else "") for one in found),
    ]


def _promises(review: Review) -> list[str]:
    found = promises_of_review(review)
    said = [_("%(what)s – by %(day)s") % {"what": one.text.rstrip("."), "day": day(one.due_on)} for one in found]
    return [_("What we promised you:"), *(f"- {line}" for line in said)] if said else []


def _recommendations(review: Review) -> list[str]:
    found = review.recommendations.exclude(answer=ReviewRecommendation.Answer.NO).order_by("place")
    texts = [f"- {one.text}" for one in found]
    return [_("What we recommend:"), *texts] if texts else []


def _next(review: Review) -> list[str]:
    home = review.account.merged_into or review.account
    coming = Review.objects.filter(of_account(home), state__in=Review.COMING).exclude(pk=review.pk).first()
    if coming is None:
        return []
    return [_("We would like to look at it together with you again in %(month)s.") % {"month": month(coming.due_on)}]
