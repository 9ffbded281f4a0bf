"""Accounts with their figures, as they are shown: a table for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from regulars.cli.language import _, ngettext
from regulars.cli.output import Column, money, show_table
from regulars.cli.session import Session

if TYPE_CHECKING:
    from regulars.facts.models import Account

MONEY_FIGURES = (
    "sales_12m", "sales_previous_12m", "sales_total", "margin_12m", "mean_order_value", "expected_value_90",
    "expected_value_365", "value_at_risk",
)  # fmt: skip
COST_FIGURES = ("margin_12m", "cost_known")
UNKNOWN = "?"


def show_accounts(rows: Sequence[tuple[Account, Any]]) -> None:
    show_table(
        [
            Column(heading="#", justify="right"),
            Column(heading=_("Account"), flexible=True),
            Column(heading=_("Sales 12 m"), justify="right"),
            Column(heading=_("Share"), justify="right", rank=1),
            Column(heading=_("Trend"), justify="right", rank=3),
            Column(heading="ABC", rank=4),
            Column(heading=_("Buyer"), rank=5),
            Column(heading=_("Silent"), justify="right", rank=1),
            Column(heading=_("Usual"), justify="right", rank=2),
            Column(heading=_("Alive"), justify="right", rank=2),
            Column(heading=_("At risk"), justify="right"),
            Column(heading=_("Owner"), rank=6),
        ],
        [
            [
                str(one.pk),
                one.name,
                *_cells(score),
                one.owner.name if one.owner else "",
            ]
            for one, score in rows
        ],
    )


def _cells(score: Any) -> list[str]:
    if score is None:
        return [_("no figures"), *[""] * 8]
    return [
        _whole(score.sales_12m),
        _percent(score.share_of_firm, 1),
        _percent(score.trend, 0, signed=True),
        score.pareto,
        score.buyer,
        _days(score.silence_days),
        _days(score.gap_typical_days),
        _percent(score.probability_alive, 0),
        _whole(score.value_at_risk),
    ]


def _whole(amount: float | None) -> str:
    from regulars.base.formats import number

    return UNKNOWN if amount is None else number(amount)


def _percent(share: float | None, digits: int, *, signed: bool = False) -> str:
    from regulars.base.formats import percent

    return UNKNOWN if share is None else percent(share, digits=digits, signed=signed)


def _days(days: float | None) -> str:
    return UNKNOWN if days is None else ngettext("{days} day", "{days} days", round(days)).format(days=round(days))


def account_json(one: Account, score: Any, session: Session) -> dict[str, Any]:
    return {
        "uid": one.uid,
        "number": one.pk,
        "customer_number": one.external_id,
        "name": one.name,
        "made_up": one.generated,
        "kind": one.kind,
        "owner": one.owner.email if one.owner else None,
        "city": one.city or None,
        "country": one.country or None,
        "figures": figures_json(score, session) if score is not None else None,
    }


def figures_json(score: Any, session: Session) -> dict[str, Any]:
    """The figures by name; money with its currency; unknown, and cost to who may not see it, as null."""
    from regulars.insight.models import Score

    names = [field.name for field in Score._meta.fields if field.name not in {"account", "snapshot"}]
    figures = {name: getattr(score, name) for name in names}
    if not session.sees_cost:
        figures |= dict.fromkeys(COST_FIGURES)
    return figures | {name: money(figures[name], session.currency) for name in MONEY_FIGURES}
