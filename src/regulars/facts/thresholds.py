"""What this stage goes by: documented defaults, each of which the firm can change."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from regulars.base.thresholds import declare

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
