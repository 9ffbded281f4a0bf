"""How often accounts are reviewed, and how many reviews fit into a week: thresholds that the firm may change."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from regulars.base.models import Organisation
from regulars.base.thresholds import Unit, declare
from regulars.insight.models import OpportunityLevel, Protection

Level = OpportunityLevel.Level

EVERY_DAYS: Final = {
    Level.LOW: declare(
        "review_low_days",
        default=365,
        unit=Unit.DAYS,
        least=30,
        most=365,
        meaning=_("accounts of low opportunity are reviewed again after so many days: yearly at least"),
    ),
    Level.MEDIUM: declare(
        "review_medium_days",
        default=182,
        unit=Unit.DAYS,
        least=14,
        most=365,
        meaning=_("accounts of medium opportunity are reviewed again after so many days"),
    ),
    Level.HIGH: declare(
        "review_high_days",
        default=91,
        unit=Unit.DAYS,
        least=7,
        most=365,
        meaning=_("accounts of high opportunity are reviewed again after so many days"),
    ),
}
PROTECTED_DAYS: Final = declare(
    "review_protected_days",
    default=91,
    unit=Unit.DAYS,
    least=7,
    most=365,
    meaning=_("accounts of high or highest protection are reviewed again after so many days at the latest"),
)
A_WEEK: Final = declare(
    "reviews_a_week", default=4, least=0, most=40, meaning=_("reviews that one person holds in a week")
)
MINUTES: Final = declare(
    "review_minutes",
    default=45,
    least=10,
    most=480,
    meaning=_("minutes that a review takes, where nothing else is said"),
)
AHEAD_DAYS: Final = declare(
    "review_ahead_days",
    default=14,
    unit=Unit.DAYS,
    least=1,
    most=90,
    meaning=_("days ahead of which no review is proposed: the customer is to be invited in time"),
)
GROUP: Final = (
    *(one.name for one in EVERY_DAYS.values()),
    PROTECTED_DAYS.name,
    A_WEEK.name,
    MINUTES.name,
    AHEAD_DAYS.name,
)
"""The thresholds of reviews, as they are set together."""

YEARLY: Final = 365


def every_days(level: int | None, protection: int | None, firm: Organisation | None) -> int:
    """After how many days an account is reviewed again, by its opportunity and its protection level."""
    days = int(EVERY_DAYS[Level(level)].of(firm)) if level else YEARLY
    if protection is not None and protection >= Protection.Level.HIGH:
        days = min(days, int(PROTECTED_DAYS.of(firm)))
    return days
