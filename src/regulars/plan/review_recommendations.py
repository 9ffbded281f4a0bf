"""What was recommended in reviews, followed up as opportunities: a recommendation that nobody follows up is a word."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from regulars.base.formats import day
from regulars.base.models import Member
from regulars.facts.signals import SignalSource
from regulars.plan.models import Opportunity, Review, ReviewRecommendation
from regulars.plan.opportunities import open_opportunity, visible_opportunities
from regulars.plan.review_forms import locked_review
from regulars.plan.reviews import WrongReview

LONGEST_TITLE = 200


@transaction.atomic
def follow_up(*, recommendation: ReviewRecommendation, on: date, member: Member | None) -> Opportunity:
    """Open an opportunity for what was recommended; one that was opened before is given back.

    Raises `WrongReview` where the customer said no.
    """
    review = locked_review(recommendation.review, member)
    if review.state != Review.State.FINISHED or recommendation.answer == ReviewRecommendation.Answer.NO:
        raise WrongReview(_("There is nothing to follow up: they said no."), _("Recommend something else next time."))
    source = SignalSource.of(recommendation)
    opened = Opportunity.objects.filter(source_kind=source.kind, source_uid=source.uid).first()
    return opened or open_opportunity(
        account=review.account.merged_into or review.account,
        title=recommendation.text[:LONGEST_TITLE],
        on=on,
        member=member,
        source=Opportunity.Source.REVIEW,
        source_said=_("review of %(day)s") % {"day": day(review.held_on or on)},
        record=source,
    )


def followed_up(recommendations: Iterable[ReviewRecommendation], *, member: Member | None) -> dict[UUID, Opportunity]:
    """By recommendation, the opportunity that was opened for it."""
    wanted = [one.uid for one in recommendations]
    kind = ReviewRecommendation._meta.label_lower
    found = visible_opportunities(member).filter(source_kind=kind, source_uid__in=wanted)
    return {one.source_uid: one for one in found if one.source_uid is not None}
