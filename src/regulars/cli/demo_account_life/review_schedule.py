"""The reviews of the demo's year: some accepted and invited, some overdue, one called off, the others proposed."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from regulars.cli.language import _

OVERDUE = 3
INVITED = 3
ACCEPTED_DAYS = 42
WHY_HIGH = _("They open a second shop in spring and will need the whole assortment.")
WHY_CANCELLED = _("They are in the middle of stocktaking and asked us to come in the new year.")


def plan_the_reviews(day: date) -> None:
    """Propose the reviews of a year as of a day, and do with the first ones what people would have done."""
    from regulars.base.organisation import organisation, zone
    from regulars.facts.models import Account
    from regulars.plan import reviews
    from regulars.plan.models import Review
    from regulars.plan.opportunity_levels import choose_level
    from regulars.plan.review_schedule import accept_proposals, holders, plan_reviews

    people = holders(None)
    free = Account.objects.filter(owner__in=people, merged_into=None, score__isnull=False, reviews=None)
    largest = list(free.select_related("owner").order_by("-score__sales_12m", "pk")[: OVERDUE + 1])
    if len(largest) <= OVERDUE:
        return
    where = zone(organisation())
    for place, account in enumerate(largest[:OVERDUE]):
        at = datetime.combine(day - timedelta(days=4 + 5 * place), time(10), tzinfo=where)
        before = day - timedelta(days=40)
        contact = account.contacts.order_by("pk").first()
        reviews.schedule_review(account=account, at=at, on=before, member=account.owner, contact=contact)
    choose_level(account=largest[OVERDUE], level=3, reason=WHY_HIGH, on=day, member=largest[OVERDUE].owner)
    plan_reviews(on=day, member=None, of=people)
    soon = datetime.combine(day + timedelta(days=ACCEPTED_DAYS), time(), tzinfo=where)
    accept_proposals(reviews=Review.objects.filter(scheduled_at__lt=soon), on=day, member=None)
    accepted = Review.objects.filter(state=Review.State.SCHEDULED, scheduled_at__date__gt=day)
    first = list(accepted.select_related("account", "owner").order_by("scheduled_at", "pk")[: INVITED + 1])
    for one in first[:INVITED]:
        contact = one.account.contacts.order_by("pk").first()
        assert one.scheduled_at is not None
        reviews.move_review(review=one, at=one.scheduled_at, on=day, member=one.owner, contact=contact)
        reviews.mark_invited(review=one, on=day, member=one.owner)
    for one in first[INVITED:]:
        reviews.cancel_review(review=one, on=day, member=one.owner, reason=WHY_CANCELLED)
