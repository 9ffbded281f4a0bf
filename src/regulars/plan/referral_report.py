"""What recommendations brought: how many were asked, named somebody, and what the new customers have bought since."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from regulars.base.models import Member
from regulars.facts.models import Lead
from regulars.insight.lead_flow import MOST_LEADS, revenue_together
from regulars.plan.models import ReferralAsk
from regulars.plan.referrals import visible_asks, visible_referrals


@dataclass(frozen=True, kw_only=True)
class ReferralReport:
    """Counts, and sales since in the base currency."""

    asked: int
    named: int
    declined: int
    came: int
    open: int
    won: int
    unthanked: int
    revenue: float


def referral_report(member: Member | None) -> ReferralReport:
    """The figures of the accounts that `member` may see."""
    state = ReferralAsk.State
    asks = (
        visible_asks(member)
        .exclude(state=state.WITHDRAWN)
        .order_by()
        .aggregate(
            asked=Count("pk"),
            named=Count("pk", filter=Q(state=state.NAMED)),
            declined=Count("pk", filter=Q(state=state.DECLINED)),
        )
    )
    brought = list(visible_referrals(member).select_related("lead")[:MOST_LEADS])
    leads = [one.lead for one in brought]
    return ReferralReport(
        asked=asks["asked"],
        named=asks["named"],
        declined=asks["declined"],
        came=len(brought),
        open=sum(one.state in Lead.OPEN for one in leads),
        won=sum(one.state == Lead.State.WON for one in leads),
        unthanked=sum(one.thanked_on is None for one in brought),
        revenue=revenue_together(leads),
    )
