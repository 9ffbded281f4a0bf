"""The thresholds of the figures: documented defaults that the firm may change."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from regulars.base.models import Organisation
from regulars.base.thresholds import Unit, declare
from regulars.core.account_figures import DEFAULT_RULES, FigureRules
from regulars.core.dependence import Limits
from regulars.core.opportunity_levels import LevelRules
from regulars.core.protection import ProtectionRules

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

LIFETIME_SILENCE_DAYS = declare(
    "lifetime_silence_days",
    default=180,
    unit=Unit.DAYS,
    least=30,
    most=1095,
    meaning=_("how long customers stay: a customer counts as lost after so many days of silence at least"),
)
LIFETIME_SILENCE_PAUSES = declare(
    "lifetime_silence_pauses",
    default=3.0,
    unit=Unit.TIMES,
    least=1.0,
    most=20.0,
    meaning=_("how long customers stay: and not before so many times its own longest pause"),
)
EARLY_LOSSES_WANTED = declare(
    "early_losses_wanted",
    default=0.5,
    unit=Unit.SHARE,
    least=0.0,
    most=1.0,
    meaning=_("at most this share of new customers may be without a second order when they are no longer new"),
)

YEARLY_LOSS_RATE = declare(
    "yearly_loss_rate",
    default=ProtectionRules.yearly_loss,
    unit=Unit.SHARE,
    least=0.001,
    most=0.9,
    meaning=_("share of its regular customers that a firm loses in a year"),
)
VITAL_SHARE = declare(
    "vital_share",
    default=ProtectionRules.vital_share,
    unit=Unit.SHARE,
    least=0.01,
    most=1.0,
    meaning=_("a customer is vital from this share of all sales on: losing it would threaten the firm"),
)
RAISED_RISK = declare(
    "raised_risk",
    default=ProtectionRules.raised_risk,
    unit=Unit.SHARE,
    least=0.01,
    most=0.99,
    meaning=_("risk is raised from this chance on to lose the customer within a year"),
)
HIGH_RISK = declare(
    "high_risk",
    default=ProtectionRules.high_risk,
    unit=Unit.SHARE,
    least=0.01,
    most=0.99,
    meaning=_("risk is high from this chance on to lose the customer within a year"),
)

DISCOUNT_RATE = declare(
    "discount_rate",
    default=0.1,
    unit=Unit.SHARE,
    least=0.0,
    most=1.0,
    meaning=_("what a customer is worth: sales a year later count for so much less"),
)
VALUE_HORIZON = declare(
    "value_horizon_months",
    default=36,
    unit=Unit.MONTHS,
    least=3,
    most=120,
    meaning=_("what a customer is worth: sales of so many months ahead are counted"),
)

WIDEN_SHARE = declare(
    "widen_share",
    default=Limits.widen,
    unit=Unit.SHARE,
    least=0.01,
    most=1.0,
    meaning=_("widen the base from this share of one customer in all sales on"),
)
WIDEN_SOON_SHARE = declare(
    "widen_soon_share",
    default=Limits.widen_soon,
    unit=Unit.SHARE,
    least=0.01,
    most=1.0,
    meaning=_("widen the base soon from this share of one customer in all sales on"),
)
ALARM_SHARE = declare(
    "alarm_share",
    default=Limits.alarm,
    unit=Unit.SHARE,
    least=0.01,
    most=1.0,
    meaning=_("alarm above this share of one customer in all sales"),
)
CRITICAL_SHARE = declare(
    "critical_share",
    default=Limits.critical,
    unit=Unit.SHARE,
    least=0.01,
    most=1.0,
    meaning=_("critical above this share of one customer in all sales"),
)


LITTLE_MEANS = declare(
    "little_means",
    default=LevelRules.little_means,
    unit=Unit.SHARE,
    least=0.0,
    most=0.9,
    meaning=_("means are little in this part of all customers: those with the smallest sales"),
)
MUCH_MEANS = declare(
    "much_means",
    default=LevelRules.much_means,
    unit=Unit.SHARE,
    least=0.1,
    most=1.0,
    meaning=_("means are ample above this part of all customers by their sales"),
)
SOME_ROOM = declare(
    "some_room",
    default=LevelRules.some_room,
    unit=Unit.SHARE,
    least=0.01,
    most=0.99,
    meaning=_("there is some room from this share on of what customers of its size buy and it does not"),
)
WIDE_ROOM = declare(
    "wide_room",
    default=LevelRules.wide_room,
    unit=Unit.SHARE,
    least=0.01,
    most=1.0,
    meaning=_("there is much room from this share on of what customers of its size buy and it does not"),
)


def level_rules(organisation: Organisation | None) -> LevelRules:
    """The limits of the opportunity levels, as this organisation has them."""
    return LevelRules(
        little_means=float(LITTLE_MEANS.of(organisation)),
        much_means=float(MUCH_MEANS.of(organisation)),
        some_room=float(SOME_ROOM.of(organisation)),
        wide_room=float(WIDE_ROOM.of(organisation)),
    )


def dependence_limits(organisation: Organisation | None) -> Limits:
    """The shares at which the levels of dependence begin, as this organisation has them."""
    return Limits(
        widen=float(WIDEN_SHARE.of(organisation)),
        widen_soon=float(WIDEN_SOON_SHARE.of(organisation)),
        alarm=float(ALARM_SHARE.of(organisation)),
        critical=float(CRITICAL_SHARE.of(organisation)),
    )


def protection_rules(organisation: Organisation | None) -> ProtectionRules:
    """The limits of the protection levels, as this organisation has them."""
    return ProtectionRules(
        vital_share=float(VITAL_SHARE.of(organisation)),
        raised_risk=float(RAISED_RISK.of(organisation)),
        high_risk=float(HIGH_RISK.of(organisation)),
        yearly_loss=float(YEARLY_LOSS_RATE.of(organisation)),
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
