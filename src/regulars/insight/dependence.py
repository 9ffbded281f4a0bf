"""How much the firm depends on few customers, and what if one of them leaves (mission E14).

Figures are those of the current snapshot, groups of firms counted as one. In words: `dependence_sentences.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np
from django.core.cache import cache
from django.utils.translation import gettext as _

from regulars.base.access import Forbidden, Permission, Scope, account_scope, require
from regulars.base.models import Member
from regulars.base.organisation import organisation
from regulars.core.dependence import (
    Customers,
    Departure,
    Goal,
    Level,
    Limits,
    Supplier,
    departure,
    heads_of,
    herfindahl,
    largest_shares,
    level_of,
    rolled_up,
)
from regulars.core.errors import Refusal
from regulars.core.money import exponent
from regulars.facts.models import Account
from regulars.insight.dependence_terms import USUAL_ELASTICITY, assumptions
from regulars.insight.histories import basis_in_force
from regulars.insight.models import AccountElasticity, Score, Snapshot, SupplierTerms
from regulars.insight.snapshots import current_snapshot
from regulars.insight.thresholds import dependence_limits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

KEPT_SECONDS: Final = 600
LEAST_KNOWN: Final = 0.05
"""Below this share of sales whose cost is known, nothing is taken from it about the rest."""
MOST_SHOWN: Final = 20

Heads = Mapping[int, int]
"""Merged accounts, and those of a group: whom they count with."""


class NotKnown(Refusal):
    """What if it leaves cannot be said: something is missing that only the firm knows."""


@dataclass(frozen=True, kw_only=True)
class Books:
    """Sales and margins of the last 12 months by customer, groups as one; NaN: no cost is known."""

    as_of: date
    currency: str
    heads: NDArray[np.int64]
    sales: Vector
    sales_costed: Vector
    """The part of sales whose cost is known."""
    margin: Vector
    """Of that part."""

    @property
    def margin_share(self) -> float | None:
        """The firm's margin as a share of sales, where costs are known; None: too little is known."""
        known = float(self.sales_costed.sum())
        if known <= LEAST_KNOWN * float(self.sales.sum()):
            return None
        return float(self.margin.sum()) / known


@dataclass(frozen=True, kw_only=True)
class Share:
    """A customer with its share of all sales."""

    account: int
    sales: float
    share: float
    level: Level


@dataclass(frozen=True, kw_only=True)
class Dependence:
    """On whom the firm depends."""

    as_of: date
    currency: str
    sales: float
    customers: int
    largest: list[Share]
    largest_three: float
    largest_five: float
    herfindahl: float
    limits: Limits

    @property
    def level(self) -> Level:
        """That of the largest customer."""
        return self.largest[0].level if self.largest else Level.NONE


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """What follows if an account leaves, with all that belongs to it, and what that rests on."""

    account: int
    """The head of its group."""
    as_of: date
    currency: str
    share: float
    departure: Departure
    margin_share: float
    """Of sales without known cost."""
    margin_is_entered: bool
    cost_known: float
    """Share of all sales whose cost is known."""
    elasticity: float
    elasticity_is_entered: bool
    elasticities: int
    """Customers of whom it was entered."""
    suppliers: int


def require_whole_firm(member: Member | None) -> None:
    """Go on only for a member who sees all accounts: shares of a part would say nothing of the firm."""
    require(member, Permission.READ)
    if account_scope(member) != Scope.ALL:
        raise Forbidden(
            _("This is about the whole firm, and you see a part of it."), _("Ask someone who sees all accounts.")
        )


def dependence(*, member: Member | None) -> Dependence | None:
    """On whom the firm depends, by the current snapshot; None before there is one."""
    require_whole_firm(member)
    snapshot = current_snapshot()
    if snapshot is None:
        return None
    found = _books(snapshot, _counted_with())
    limits = dependence_limits(organisation())
    whole, customers = float(found.sales.sum()), int((found.sales > 0).sum())
    shares = largest_shares(found.sales)
    first = [one for one in np.argsort(-found.sales, kind="stable")[:MOST_SHOWN] if found.sales[one] > 0]
    return Dependence(
        as_of=found.as_of,
        currency=found.currency,
        sales=whole,
        customers=customers,
        largest=[
            Share(
                account=int(found.heads[one]),
                sales=float(found.sales[one]),
                share=float(found.sales[one]) / whole,
                level=level_of(float(found.sales[one]) / whole, limits, customers=customers),
            )
            for one in first
        ],
        largest_three=shares[1],
        largest_five=shares[2],
        herfindahl=herfindahl(found.sales),
        limits=limits,
    )


def what_if(account: Account, *, member: Member | None, goal: Goal | None = None) -> WhatIf:
    """What follows if the account leaves. Without `goal`: costs are to be covered, if fixed costs are known.

    Raises `NotKnown` before there are figures, for who buys nothing, and where no margin is known.
    """
    require_whole_firm(member)
    require(member, Permission.SEE_COST)
    snapshot = current_snapshot()
    if snapshot is None:
        raise NotKnown(_("There are no figures yet."), _("They are computed from an order file, and every night."))
    counted_with = _counted_with()
    head = counted_with.get(account.pk, account.pk)
    found = _books(snapshot, counted_with)
    if head not in found.heads[found.sales > 0]:
        raise NotKnown(_("It has bought nothing in the last 12 months."), _("Choose another customer."))
    said = assumptions()
    margin_share = said.margin_share if said.margin_share is not None else found.margin_share
    if margin_share is None:
        raise NotKnown(
            _("What you earn on your sales is not known: the order history has no costs."),
            _("Enter your usual margin under Settings, Costs and suppliers."),
        )
    fixed_costs = None
    if said.fixed_costs_minor is not None:
        fixed_costs = said.fixed_costs_minor / 10 ** exponent(found.currency)
    usual = USUAL_ELASTICITY if said.elasticity is None else said.elasticity
    entered = _elasticities(counted_with)
    if goal is None or fixed_costs is None:
        goal = Goal.COVER_COSTS if fixed_costs is not None else Goal.KEEP_PROFIT
    suppliers = _suppliers(found.currency)
    customers = _customers(found, margin_share, usual, entered)
    whole = float(customers.sales.sum())
    return WhatIf(
        account=head,
        as_of=found.as_of,
        currency=found.currency,
        share=float(customers.sales[customers.keys == head][0]) / whole,
        departure=departure(customers, head, fixed_costs=fixed_costs, suppliers=suppliers, goal=goal),
        margin_share=margin_share,
        margin_is_entered=said.margin_share is not None,
        cost_known=float(found.sales_costed.sum()) / whole,
        elasticity=usual,
        elasticity_is_entered=said.elasticity is not None,
        elasticities=len(entered),
        suppliers=len(suppliers),
    )


# Steps


def _counted_with() -> Heads:
    basis = basis_in_force()
    kept = {merged: basis.roots.get(into, into) for merged, into in basis.redirects.items()}
    return {**basis.roots, **kept}


def _books(snapshot: Snapshot, counted_with: Heads) -> Books:
    key = f"dependence:{snapshot.uid}:{hash(frozenset(counted_with.items()))}"
    kept: Books | None = cache.get(key)
    if kept is not None:
        return kept
    columns = ("account_id", "sales_12m", "cost_known", "margin_12m")
    rows = list(Score.objects.exclude(sales_12m=0).values_list(*columns).order_by().iterator(chunk_size=10_000))
    table = np.array([[np.nan if cell is None else cell for cell in row] for row in rows], float).reshape(-1, 4)
    sales, known, margin = table[:, 1], np.nan_to_num(table[:, 2]), np.nan_to_num(table[:, 3])
    costed = np.clip(known, 0.0, 1.0) * np.clip(sales, 0.0, None)
    heads, (summed, summed_costed, summed_margin) = rolled_up(
        heads_of(table[:, 0].astype(np.int64), counted_with), sales, costed, np.where(costed > 0, margin, 0.0)
    )
    found = Books(
        as_of=snapshot.as_of,
        currency=snapshot.currency,
        heads=heads,
        sales=np.clip(summed, 0.0, None),
        sales_costed=summed_costed,
        margin=summed_margin,
    )
    cache.set(key, found, KEPT_SECONDS)
    return found


def _customers(found: Books, margin_share: float, usual: float, entered: Mapping[int, float]) -> Customers:
    bought = found.sales > 0
    sales, heads = found.sales[bought], found.heads[bought]
    costed = np.minimum(found.sales_costed[bought], sales)
    goods = costed - np.minimum(found.margin[bought], costed) + (sales - costed) * (1.0 - margin_share)
    return Customers(
        keys=heads,
        sales=sales,
        goods=goods,
        elasticity=np.array([entered.get(int(head), usual) for head in heads]),
        entered=np.array([int(head) in entered for head in heads], bool),
    )


def _elasticities(counted_with: Heads) -> dict[int, float]:
    """Entered elasticities by head; its own counts before that of what belongs to it or was merged into it."""
    said = dict(AccountElasticity.objects.order_by("pk").values_list("account_id", "elasticity"))
    passed_on = {counted_with.get(account, account): one for account, one in said.items()}
    return passed_on | {account: one for account, one in said.items() if account not in counted_with}


def _suppliers(currency: str) -> list[Supplier]:
    minor_per_unit = 10 ** exponent(currency)
    return [
        Supplier(
            name=one.name,
            share=one.share,
            tiers=tuple((tier["from_minor"] / minor_per_unit, tier["discount_bps"] / 10_000) for tier in one.tiers),
        )
        for one in SupplierTerms.objects.order_by("pk")
    ]
