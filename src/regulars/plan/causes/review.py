"""The cause "review": a review was not held in time or not finished, waits for its time, or for its invitation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.base.models import Organisation
from regulars.base.organisation import zone
from regulars.plan.causes.cause import Cause, Figures, Firing, Ground
from regulars.plan.causes.figures import figures_of, iso_day
from regulars.plan.models import Review, ReviewStep
from regulars.plan.standing import Standing, worth_a_year

NOT_HELD, SCHEDULE, INVITE, UNFINISHED = "not_held", "schedule", "invite", "unfinished"
_HOME: Final = Coalesce(F("account__merged_into_id"), F("account_id"))


@dataclass(frozen=True, kw_only=True)
class Awaited:
    """A review that waits for somebody: why, since or until which day, and for whom."""

    stage: str
    day: date
    holder_id: int | None
    """None: who was to hold it is no longer with us."""


def awaited_reviews(ground: Ground) -> dict[int, Awaited]:
    """By account, in one query. At most one review of an account is coming; after a merge there may be two."""
    where = zone(Organisation.objects.first())
    found: dict[int, Awaited] = {}
    columns = ("home", "state", "due_on", "scheduled_at", "owner_id", "owner__is_active")
    for home, state, due_on, at, owner, active in _awaited(ground).annotate(home=_HOME).values_list(*columns):
        day = at.astimezone(where).date() if at is not None else due_on
        stage = NOT_HELD if day < ground.on else SCHEDULE if state == Review.State.PROPOSED else INVITE
        stage = UNFINISHED if state == Review.State.HELD else stage
        if home not in found or day < found[home].day:
            found[home] = Awaited(stage=stage, day=day, holder_id=owner if active else None)
    return found


def _awaited(ground: Ground) -> QuerySet[Review]:
    """Reviews whose day has passed, or is near while nobody accepted a time or invited the customer.

    One that was begun on an earlier day is among the first until it is finished: nothing came of it yet.
    """
    where = zone(Organisation.objects.first())
    now = datetime.combine(ground.on, time(), tzinfo=where)
    near = now + timedelta(days=ground.thresholds.review_notice_days + 1)
    passed = Q(scheduled_at__lt=now) | Q(scheduled_at=None, due_on__lt=ground.on)
    soon = Q(scheduled_at__lt=near) | Q(scheduled_at=None, due_on__lt=near.date())
    waits = Q(state__in=[Review.State.PROPOSED, Review.State.SCHEDULED])
    begun = ReviewStep.objects.filter(review=OuterRef("pk"), state=Review.State.HELD, taken_back_at=None)
    left = passed & Q(state=Review.State.HELD) & ~Exists(begun.filter(on__gte=ground.on))
    coming = (passed | (soon & waits)) & Q(state__in=Review.TO_BE_HELD)
    return Review.objects.filter(coming | left).order_by("pk")


def _review_candidates(ground: Ground) -> Q:
    return Q(pk__in=_awaited(ground).order_by().annotate(home=_HOME).values("home"))


def _review(standing: Standing, ground: Ground) -> Firing | None:
    awaited: Awaited | None = standing.found.get("review")
    if awaited is None:
        return None
    return Firing(
        stake=max(worth_a_year(standing), standing.expected_value_365 or 0.0),
        uplift=ground.thresholds.review_uplift,
        figures=figures_of(standing, ground) | {"stage": awaited.stage, "day": awaited.day.isoformat()},
        member_id=awaited.holder_id,
    )


def is_another_stage(before: Figures, firing: Firing) -> bool:
    """Does the review wait for something else than when the action was done or dismissed?"""
    return (firing.figures["stage"], firing.figures["day"]) != (before.get("stage"), before.get("day"))


def _review_sentences(figures: Figures) -> list[str]:
    said = {"day": iso_day(figures["day"])}
    return [
        {
            NOT_HELD: _("Its review was due on %(day)s and was not held."),
            UNFINISHED: _("Its review of %(day)s was begun and never finished: nothing came of it yet."),
            SCHEDULE: _("Its review is due on %(day)s, and nobody has agreed on its time yet."),
            INVITE: _("Its review takes place on %(day)s, and the customer was not invited yet."),
        }[figures["stage"]]
        % said
    ]


def _review_advice(figures: Figures) -> str:
    return {
        NOT_HELD: _("Hold it now, or agree on another day. If it is not wanted, cancel it and say why."),
        UNFINISHED: _("Finish it while you remember it, and send the letter; or give it another day, or cancel it."),
        SCHEDULE: _("Accept the proposed time or choose another, and invite the customer to a free check-up."),
        INVITE: _("Send the invitation: it offers a free check-up, and brings the appointment into their calendar."),
    }[figures["stage"]]


def _review_opening(figures: Figures) -> str:
    if figures["stage"] == UNFINISHED:
        return _("I have gone through what we talked about, and would like to send you what I noted.")
    if figures["stage"] == NOT_HELD:
        return _("We wanted to look together at how it goes for you. When does it suit you?")
    return _("As a valued customer you have a free check-up with us. I would like to show you what we look at.")


CAUSE = Cause(
    key="review",
    name=gettext_lazy("a review is due"),
    when=gettext_lazy(
        "A review was not held in time or not finished, has no agreed time shortly before it is due, or lacks its "
        "invitation."
    ),
    candidates=_review_candidates,
    fires=_review,
    sentences=_review_sentences,
    advice=_review_advice,
    opening=_review_opening,
    quiet_days=14,
    renewed=is_another_stage,
    settled=gettext_lazy("The review was held, moved or cancelled, or the customer was invited."),
    look_up=awaited_reviews,
)
