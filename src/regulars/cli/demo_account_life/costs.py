"""Costs of the demo: what the firm says of itself, so that one sees what it means when a large customer leaves."""

from __future__ import annotations

from regulars.cli.language import _

MARGIN_SHARE = 0.32
FIXED_COSTS_SHARE = 0.315
"""Of a year's sales: little is left, so that one sees what the loss of a large customer means."""
SUPPLIER_SHARE = 0.4
TIERS = ((0.5, 300), (0.98, 600))
"""From how much of what is bought there in a year on, and the discount in basis points."""
ROUND_TO = 10_000


def say_what_it_costs() -> None:
    """Enter a usual margin, fixed costs and one large supplier whose discounts depend on the volume."""
    from django.db.models import Sum

    from regulars.base.organisation import organisation
    from regulars.core.money import to_minor
    from regulars.insight.dependence_terms import Tier, record_supplier, set_assumptions
    from regulars.insight.models import Score

    sales = Score.objects.aggregate(sales=Sum("sales_12m"))["sales"] or 0
    if sales <= 0:
        return
    currency = organisation().base_currency
    bought = sales * (1 - MARGIN_SHARE) * SUPPLIER_SHARE
    set_assumptions(
        fixed_costs_minor=to_minor(_rounded(sales * FIXED_COSTS_SHARE), currency),
        margin_share=MARGIN_SHARE,
        elasticity=None,
        member=None,
    )
    record_supplier(
        name=_("Northern Giftware (made up)"),
        share=SUPPLIER_SHARE,
        tiers=[Tier(from_minor=to_minor(_rounded(bought * share), currency), discount_bps=bps) for share, bps in TIERS],
        member=None,
    )


def _rounded(amount: float) -> int:
    return max(1, round(amount / ROUND_TO)) * ROUND_TO
