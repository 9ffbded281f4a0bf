"""On whom the firm depends, and what if an account leaves, over the API."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema

from regulars.api.bearer import acting, scoped
from regulars.api.facts.accounts import visible_account
from regulars.api.fields import AccountRef, account_ref
from regulars.api.problems import NotFound
from regulars.base.tokens import ApiScope
from regulars.core.dependence import Goal, Lever, Round
from regulars.insight.dependence import WhatIf, dependence, what_if
from regulars.insight.dependence_sentences import (
    bounds_told,
    departure_told,
    level_told,
    outcome_told,
    rests_on,
    softener_told,
)
from regulars.insight.standings import accounts_named

router = Router(tags=["insight"])


class ShareOut(Schema):
    """A customer, groups of firms as one, with its share of the sales of the last 12 months."""

    account: UUID
    name: str
    sales: float
    share: float
    level: str = Field(description="none, widen, widen_soon, alarm, critical or sole.")


class DependenceOut(Schema):
    """On whom the firm depends. Money in units of `currency`."""

    as_of: dt.date
    currency: str
    level: str
    sentence: str
    customers: int
    largest_three: float
    largest_five: float
    herfindahl: float
    largest: list[ShareOut]


class WhatIfIn(Schema):
    """What prices are raised for."""

    goal: Goal | None = Field(None, description="Without it: to cover fixed costs where they were entered.")


class SoftenerOut(Schema):
    """What would make a rise of prices needless: money a year, or a share of what goods cost."""

    lever: Lever
    amount: float
    price_with_half: float | None
    sentence: str


class NextOut(Schema):
    """A customer who may leave because of the rise."""

    account: UUID
    name: str
    chance: float
    expected_loss: float


class WhatIfOut(Schema):
    """What follows if the account leaves, with all that belongs to it. Money a year, in units of `currency`."""

    account: AccountRef
    as_of: dt.date
    currency: str
    goal: Goal
    sales_lost: float
    margin_lost: float
    discounts_lost: float
    uncovered: float | None
    settles: bool
    price: float
    chance_to_fail: float
    left: float
    left_low: float
    left_high: float
    rounds: list[Round]
    next_to_leave: list[NextOut]
    softeners: list[SoftenerOut]
    sentences: list[str]
    rests_on: list[str]


@router.get("/dependence", response=DependenceOut, summary="On whom the firm depends")
@scoped(ApiScope.INSIGHT_READ)
def get_dependence(request: HttpRequest) -> DependenceOut:
    found = dependence(member=acting(request))
    if found is None:
        raise NotFound(_("There are no figures yet."), _("They are computed every night."))
    names = accounts_named(one.account for one in found.largest)
    return DependenceOut(
        as_of=found.as_of,
        currency=found.currency,
        level=found.level.name.lower(),
        sentence=level_told(found),
        customers=found.customers,
        largest_three=found.largest_three,
        largest_five=found.largest_five,
        herfindahl=found.herfindahl,
        largest=[
            ShareOut(
                account=names[one.account].uid,
                name=names[one.account].name,
                sales=one.sales,
                share=one.share,
                level=one.level.name.lower(),
            )
            for one in found.largest
        ],
    )


@router.get("/accounts/{uid}/what-if", response=WhatIfOut, summary="What follows if the account leaves")
@scoped(ApiScope.INSIGHT_READ)
def get_what_if(request: HttpRequest, uid: UUID, wanted: Query[WhatIfIn]) -> WhatIfOut:
    member = acting(request)
    account = visible_account(uid, member)
    found = what_if(account, member=member, goal=wanted.goal)
    departure = found.departure
    names = accounts_named(one for one, _chance, _loss in departure.next_to_leave)
    return WhatIfOut(
        account=account_ref(account),
        as_of=found.as_of,
        currency=found.currency,
        goal=departure.goal,
        sales_lost=departure.sales_lost,
        margin_lost=departure.margin_lost,
        discounts_lost=departure.discounts_lost,
        uncovered=departure.uncovered,
        settles=departure.settles,
        price=departure.price,
        chance_to_fail=departure.chance_to_fail,
        left=departure.left,
        left_low=departure.left_low,
        left_high=departure.left_high,
        rounds=departure.rounds,
        next_to_leave=[
            NextOut(account=names[one].uid, name=names[one].name, chance=chance, expected_loss=loss)
            for one, chance, loss in departure.next_to_leave
        ],
        softeners=[_softener(found, place) for place in range(len(departure.softeners))],
        sentences=[one for one in (outcome_told(found), bounds_told(found), *departure_told(found)) if one],
        rests_on=rests_on(found),
    )


def _softener(found: WhatIf, place: int) -> SoftenerOut:
    one = found.departure.softeners[place]
    return SoftenerOut(
        lever=one.lever,
        amount=one.amount,
        price_with_half=one.price_with_half,
        sentence=softener_told(one, found),
    )
