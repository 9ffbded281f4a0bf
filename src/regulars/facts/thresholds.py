"""What this stage goes by: documented defaults, each of which the firm can change."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from regulars.base.thresholds import Unit, declare

LEAD_POINTS: Final = declare(
    "lead_points",
    default=50,
    meaning=_("points from which on a lead fits, with all must-haves"),
    least=-1000,
    most=1000,
)
LEAD_ANSWER_HOURS: Final = declare(
    "lead_answer_hours", default=24, meaning=_("hours within which a lead is to be answered"), least=1, most=720
)
UNPAID_DAYS: Final = declare(
    "unpaid_days",
    default=7,
    meaning=_("days after the day of payment from which an unpaid order is followed up"),
    least=0,
    most=180,
    unit=Unit.DAYS,
)
ABANDONED_BASKET_DAYS: Final = declare(
    "abandoned_basket_days",
    default=3,
    meaning=_("days after which a basket that became no order counts as abandoned"),
    least=1,
    most=90,
    unit=Unit.DAYS,
)
ABANDONED_QUOTE_DAYS: Final = declare(
    "abandoned_quote_days",
    default=14,
    meaning=_("days after which a quote that became no order counts as abandoned"),
    least=1,
    most=365,
    unit=Unit.DAYS,
)
ABANDONED_MOST_DAYS: Final = declare(
    "abandoned_most_days",
    default=120,
    meaning=_("days after which nobody is asked about an old quote or basket any more"),
    least=7,
    most=1095,
    unit=Unit.DAYS,
)
LATE_AHEAD_DAYS: Final = declare(
    "late_ahead_days",
    default=1,
    meaning=_("days before the promised day by which an order is to be on its way"),
    least=0,
    most=60,
    unit=Unit.DAYS,
)
FOLLOW_UP_DAYS: Final = declare(
    "follow_up_days",
    default=7,
    meaning=_("days until one looks again at an order after a follow-up, unless another day is set"),
    least=1,
    most=90,
    unit=Unit.DAYS,
)
