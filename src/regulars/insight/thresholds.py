"""The thresholds of the figures: documented defaults that the firm may change."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from regulars.base.models import Organisation
from regulars.base.thresholds import Unit, declare
from regulars.core.account_figures import DEFAULT_RULES, FigureRules

PARETO_A = declare(
    "pareto_a",
    default=DEFAULT_RULES.pareto[0],
    unit=Unit.SHARE,
    least=0.1,
    most=0.99,
    meaning=_("class A: the fewest accounts that bring this share of sales"),
)
PARETO_B = declare(
    "pareto_b",
    default=DEFAULT_RULES.pareto[1],
    unit=Unit.SHARE,
    least=0.1,
    most=1.0,
    meaning=_("class B: the next accounts, up to this share of sales"),
)
NEW_DAYS = declare(
    "new_customer_days",
    default=DEFAULT_RULES.new_days,
    unit=Unit.DAYS,
    least=1,
    most=730,
    meaning=_("a customer is new for so many days after its first order"),
)
REGULAR_ORDER_DAYS = declare(
    "regular_order_days",
    default=DEFAULT_RULES.regular_order_days,
    unit=Unit.DAYS,
    least=2,
    most=100,
    meaning=_("a regular has ordered on at least so many days"),
)
REGULAR_MONTHS = declare(
    "regular_months",
    default=DEFAULT_RULES.regular_months,
    unit=Unit.MONTHS,
    least=1,
    most=60,
    meaning=_("a regular has ordered in at least so many different months"),
)
RHYTHM_GAPS = declare(
    "rhythm_gaps",
    default=DEFAULT_RULES.rhythm_gaps,
    least=1,
    most=50,
    meaning=_("a silence is compared with an account's own pauses once there were so many"),
)


def figure_rules(organisation: Organisation | None) -> FigureRules:
    """The rules of the figures, as this organisation has them."""
    values: dict[str, Any] = {
        "new_days": NEW_DAYS.of(organisation),
        "regular_order_days": REGULAR_ORDER_DAYS.of(organisation),
        "regular_months": REGULAR_MONTHS.of(organisation),
        "rhythm_gaps": RHYTHM_GAPS.of(organisation),
    }
    return FigureRules(pareto=(float(PARETO_A.of(organisation)), float(PARETO_B.of(organisation))), **values)
