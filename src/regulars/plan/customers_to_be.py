"""Accounts that have not ordered yet: what is known of them on the list of the day, and what it is worth.

A lead that was won yesterday has no figures of orders, but promises, a hand-over, steps of a playbook. Causes that go
by such records are asked about it as about any other account; those that go by orders are not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from django.db.models import Q
from django.utils.translation import gettext as _

from regulars.base.formats import money
from regulars.facts.models import Account
from regulars.insight.models import Score
from regulars.plan.causes.cause import Figures
from regulars.plan.standing import Standing

CAUSES_WITHOUT_ORDERS: Final = frozenset(
    {
        *("promise", "handover", "issue", "play", "opportunity", "review", "key_plan", "relations", "dossier"),
        *("birthday", "thanks", "unpaid", "abandoned_order", "late_order"),
    }
)
"""Causes that go by records of their own, and say something of an account before its first order, too."""

NEVER: Final = date.min
BATCH: Final = 500


def usual_worth() -> float | None:
    """What a customer of ours usually buys for in a year: the median of those that bought. None: nobody did."""
    bought = Score.objects.filter(sales_12m__gt=0).order_by("sales_12m")
    count = bought.count()
    if not count:
        return None
    worth: float = bought.values_list("sales_12m", flat=True)[count // 2]
    return worth


def standings_without_orders(accounts: Iterable[int]) -> Iterator[tuple[Standing, int | None]]:
    """Those of the accounts that have not ordered yet, each with its owner if active.

    What they will be worth nobody knows: it is taken for what is usual.
    """
    listed = sorted(accounts)
    worth = usual_worth() if listed else None
    unknown = Q(score=None) | Q(score__first_order=None) | Q(score__last_order=None)
    for start in range(0, len(listed), BATCH):
        some = Account.objects.filter(unknown, pk__in=listed[start : start + BATCH], merged_into=None).order_by("pk")
        for account, owner, active in some.values_list("pk", "owner_id", "owner__is_active"):
            yield _standing(account, worth), owner if active else None


def _standing(account: int, worth: float | None) -> Standing:
    return Standing(
        account_id=account,
        order_days=0,
        first_order=NEVER,
        last_order=NEVER,
        silence_days=0,
        gap_typical_days=None,
        gap_longest_days=None,
        pauses_as_long=None,
        sales_12m=0.0,
        sales_previous_12m=0.0,
        orders_12m=0,
        trend=None,
        mean_order_value=None,
        rank=None,
        share_of_firm=None,
        pareto="",
        buyer="",
        probability_alive=None,
        expected_value_365=worth,
    )


def sentences_without_orders(figures: Figures) -> list[str]:
    """What is said of an account that has not ordered yet, beside the sentences of the cause."""
    if "usual_worth" not in figures:
        return []
    if figures["usual_worth"] is None:
        return [_("It has not ordered anything yet.")]
    usual = money(figures["usual_worth"], figures["currency"])
    return [
        _("It has not ordered anything yet; a usual customer of ours buys for %(money)s a year.") % {"money": usual}
    ]
