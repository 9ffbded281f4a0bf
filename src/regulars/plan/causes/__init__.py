"""The causes for which an action is proposed: when each fires, what is at stake, what to say and do.

Each cause is a pure function of what is known of one account (`Standing`) and of the firm (`Ground`). The formulas and
the reasons for their defaults are in `docs/methods/actions.md`.
"""

from __future__ import annotations

from typing import Final

from regulars.plan.causes import (
    after_sale,
    best_without_contact,
    birthday,
    competitor,
    declining,
    dependence,
    dossier,
    first_weeks,
    gone_silent,
    handover,
    issue,
    key_plan,
    live_orders,
    lost,
    opportunity,
    play,
    promise,
    referral,
    relations,
    review,
    sharp_growth,
    thanks,
    unprotected,
)
from regulars.plan.causes.cause import Cause

CAUSES: Final[dict[str, Cause]] = {
    cause.key: cause
    for cause in (
        competitor.CAUSE,
        promise.CAUSE,
        review.CAUSE,
        play.CAUSE,
        issue.CAUSE,
        live_orders.LATE,
        live_orders.UNPAID,
        handover.CAUSE,
        dependence.CAUSE,
        unprotected.CAUSE,
        lost.CAUSE,
        gone_silent.CAUSE,
        declining.CAUSE,
        opportunity.CAUSE,
        live_orders.ABANDONED,
        first_weeks.CAUSE,
        after_sale.CAUSE,
        best_without_contact.CAUSE,
        sharp_growth.CAUSE,
        relations.CAUSE,
        key_plan.CAUSE,
        dossier.CAUSE,
        birthday.CAUSE,
        thanks.CAUSE,
        referral.CAUSE,
    )
}
"""Every cause by its key."""
